"""Call-backs, the inbox and the broken glass by pages: between Northtown's people and a colleague in Southtown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.words import CONFIRM
from signpost.protocol.messages import ContactRequest, Inbox, ReplyRequest
from signpost.protocol.purposes import Purpose, Role, Urgency
from tests.support.browsing import PIN, Browser, forms_of, text_of, title_of
from tests.support.elsewhere import client_of, register
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

NUMBER = "9990000018"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def asking(gateway: WholeGateway, name: str = "worker-1", role: Role = Role.PRACTITIONER) -> Browser:
    """Somebody of Northtown's with an answer about the child before them."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol(name, role))
    browser.send("/check", {"nhs_number": NUMBER, **BORN})
    return browser


def inbox_of_southtown(gateway: WholeGateway) -> Inbox:
    """What waits there."""
    return gateway.index.run(client_of(gateway, "southtown", Role.PRACTITIONER).index.inbox())


def receipt_on(browser: Browser) -> str:
    """The receipt on the screen."""
    found = re.search(r"Receipt ([0-9A-Z]{4}-[0-9A-Z]{4})", text_of(browser.page))
    assert found is not None
    return found[1]


def southtown_asks(gateway: WholeGateway) -> None:
    """A colleague there leaves a call-back about a child that Northtown works with."""
    register(gateway, "northtown", CHILD)
    client = client_of(gateway, "southtown", Role.PRACTITIONER)

    async def ask() -> None:
        found = await client.lookup(CHILD, purpose=Purpose.SECTION_47, urgency=Urgency.TODAY)
        await client.index.ask_for_call_back(
            ContactRequest(receipt=found.receipt, purpose=Purpose.SECTION_47, urgency=Urgency.TODAY)
        )

    gateway.index.run(ask())
    gateway.index.settle()


def test_a_call_back_is_left_answered_and_its_outcome_noted(gateway: WholeGateway) -> None:
    register(gateway, "southtown", CHILD)
    browser = asking(gateway)

    page = browser.send("/call-back/leave", {"urgency": "now"})
    assert title_of(page) == "Your call-back is left - Signpost"
    gateway.index.settle()
    (notice,) = inbox_of_southtown(gateway).notices
    assert notice.urgency is Urgency.NOW
    assert "PENDING Nobody has answered yet." in text_of(browser.send("/call-back"))
    share = ReplyRequest(notice=notice.notice, reply="share", hand_over_to=None, reason=None)
    gateway.index.run(client_of(gateway, "southtown", Role.PRACTITIONER).index.reply(share))

    receipt = receipt_on(browser)
    browser.open("/call-back")
    page = browser.send("/call-back", {"receipt": receipt.replace("-", " ").lower()})
    assert "ANSWERED You may ring:" in text_of(page)
    assert CONFIRM in text_of(page)
    assert browser.send("/call-back/outcome").status_code == 422
    assert text_of(browser.send("/call-back/outcome", {"outcome": "new"})).find("Thank you. It is noted.") > 0


def test_a_call_back_that_is_sent_twice_tells_once(gateway: WholeGateway) -> None:
    register(gateway, "southtown", CHILD)
    browser = asking(gateway)
    answer = browser.page

    browser.send("/call-back/leave", {"urgency": "now"})
    browser.page = answer
    browser.send("/call-back/leave", {"urgency": "now"})
    gateway.index.settle()

    assert len(inbox_of_southtown(gateway).notices) == 1


@pytest.mark.parametrize("typed", ["", "L7Q2", "L7Q2-94KU"])
def test_a_receipt_that_is_none_is_named_and_one_that_is_nobodys_is_said_to_be_unknown(
    gateway: WholeGateway, typed: str
) -> None:
    browser = asking(gateway)
    browser.open("/call-back")

    assert browser.send("/call-back", {"receipt": typed}).status_code == 422
    assert title_of(browser.send("/call-back", {"receipt": "L7Q2-94KD"})) == "That call-back is not known - Signpost"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"reply": "share"}, "The asker sees your desk, and rings."),
        ({"reply": "end"}, "Your work with this child has ended."),
        ({"reply": "decline", "reason": "more-detrimental"}, "The asker is not told."),
    ],
)
def test_a_request_is_answered_from_the_inbox(gateway: WholeGateway, chosen: dict[str, str], said: str) -> None:
    southtown_asks(gateway)
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))

    page = browser.open("/inbox")
    assert "A practitioner of a council." in text_of(page)
    assert "Your case: case 17" in text_of(page)
    assert "southtown" not in page.text
    browser.send("/inbox/request")
    page = browser.send("/inbox/reply", chosen)

    assert said in text_of(page)
    assert "Nobody waits for an answer." in text_of(browser.open("/inbox"))


def test_a_request_is_handed_to_another_desk_of_the_organisations_own(gateway: WholeGateway) -> None:
    other = gateway.index.handle("northtown")
    southtown_asks(gateway)
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))
    browser.open("/inbox")
    page = browser.send("/inbox/request")
    assert f'value="{other}"' in page.text
    assert browser.send("/inbox/reply", {"reply": "hand-over"}).status_code == 422

    page = browser.send("/inbox/reply", {"reply": "hand-over", "hand_over_to": other})

    assert "The other desk has it now." in text_of(page)
    waiting = [form.action for form in forms_of(browser.open("/inbox"))]
    assert waiting == ["/inbox/request", "/involvements", "/sign-out"]  # it waits there still


@pytest.mark.parametrize(("chosen", "anchor"), [({}, "reply"), ({"reply": "decline"}, "reason")])
def test_a_reply_without_what_it_needs_is_asked_for_again(
    gateway: WholeGateway, chosen: dict[str, str], anchor: str
) -> None:
    southtown_asks(gateway)
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))
    browser.open("/inbox")
    browser.send("/inbox/request")

    page = browser.send("/inbox/reply", chosen)

    assert page.status_code == 422
    assert f'<a href="#{anchor}">' in page.text


def test_in_an_emergency_the_duty_line_is_shown_by_the_receipt_typed_and_the_pin(gateway: WholeGateway) -> None:
    register(gateway, "southtown", CHILD)
    browser = asking(gateway, "night-1", Role.URGENT)
    receipt = receipt_on(browser)

    browser.send("/break-glass/confirm")
    wrong = browser.send("/break-glass", {"typed": receipt, "pin": "000001"})
    assert wrong.status_code == 422
    assert '<a href="#pin">' in wrong.text
    other = browser.send("/break-glass", {"typed": "L7Q2-94KD", "pin": PIN})
    assert '<a href="#typed">' in other.text
    assert gateway.index.tables()["glasses"] == []
    page = browser.send("/break-glass", {"typed": receipt.lower(), "pin": PIN})

    assert title_of(page) == "Duty line - Signpost"
    assert CONFIRM in text_of(page)
    assert len(gateway.index.tables()["glasses"]) == 1


def test_a_practitioner_is_offered_no_glass_and_nobody_is_on_a_none(gateway: WholeGateway) -> None:
    night = asking(gateway, "night-1", Role.URGENT)
    assert "Show the duty line" not in night.page.text

    register(gateway, "southtown", CHILD)
    worker = asking(gateway)
    assert "CURRENT" in text_of(worker.page)
    assert "Show the duty line" not in worker.page.text
