"""An administrator's pages: what waits for them, accounts, stopping one, desks, and the nation's coverage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import httpx2
import pytest

from signpost.edge.transport import NoReply, NoReplyReason, Transport
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.purposes import Role
from tests.integration.index.test_record import leaves
from tests.support.browsing import PIN, Browser, forms_of, text_of, title_of
from tests.support.people import state
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

DAY = 86_400


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def worker(gateway: WholeGateway) -> User:
    """A social worker of theirs."""
    return gateway.enrol("worker-1")


@pytest.fixture
def browser(gateway: WholeGateway, worker: User) -> Browser:
    """An administrator's."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("admin-1", Role.ADMINISTRATOR))
    return browser


def stopped(gateway: WholeGateway) -> list[tuple[str, str]]:
    """Who stopped whom, by the record."""
    found = [leaf for leaf in leaves(gateway.index) if leaf["action"] == "suspended-account"]
    return [(leaf["account"], leaf["subject"]) for leaf in found]


def test_they_begin_with_what_waits_for_them(gateway: WholeGateway, browser: Browser) -> None:
    gateway.open_account("worker-2", Role.PRACTITIONER)
    gateway.index.handle("northtown")

    page = browser.open("/")

    assert title_of(page) == "Overview - Signpost"
    said = text_of(page)
    assert "In all 3 Active 2 Waits for its token 1" in said
    assert "In all 1 To be confirmed 0 With anything to do 1" in said
    assert "0 of 2 authorities are up to date" in said


def test_accounts_are_a_table_with_what_lets_each_go_on(gateway: WholeGateway, browser: Browser) -> None:
    """What takes the organisation's key is typed where that is: the very command stands there."""
    state(gateway.index, AccountAct.SUSPEND, "northtown", account=AccountId("worker-1"))
    url = gateway.index.world.url

    page = browser.open("/accounts")

    assert title_of(page) == "Accounts - Signpost"
    said = text_of(page)
    assert "worker-1 practitioner Suspended" in said
    assert "admin-1 administrator Active" in said
    assert f"signpost admin account reinstate worker-1 --org-keys keys --index {url}" in said
    assert 'value="admin-1"' in page.text
    assert 'value="worker-1"' not in page.text, "whoever is stopped cannot be stopped again"


def test_stopping_one_asks_whether_it_is_meant_and_for_the_pin(
    gateway: WholeGateway, browser: Browser, worker: User
) -> None:
    """Nothing is done before; then the account is signed out here at once, and the record names who did it."""
    theirs = Browser(gateway)
    theirs.sign_in(worker)
    browser.open("/accounts")

    asked = browser.send("/accounts/suspend", {"account": "worker-1"})
    assert title_of(asked) == "Suspend an account - Signpost"
    assert "This stops the account worker-1" in text_of(asked)
    assert stopped(gateway) == []

    wrong = browser.send("/accounts/suspend", {"pin": "271828"})
    assert wrong.status_code == 422
    assert title_of(wrong) == "Error: Suspend an account - Signpost"
    assert "That is not your PIN" in text_of(wrong)
    assert stopped(gateway) == []

    done = browser.send("/accounts/suspend", {"pin": PIN})
    assert title_of(done) == "Accounts - Signpost"
    assert "worker-1 practitioner Suspended" in text_of(done)
    assert stopped(gateway) == [("admin-1", "worker-1")]
    assert title_of(theirs.open("/check")) == "Sign in - Signpost"


def test_the_same_form_sent_again_stops_once(gateway: WholeGateway, browser: Browser) -> None:
    browser.open("/accounts")
    asked = browser.send("/accounts/suspend", {"account": "worker-1"})
    browser.send("/accounts/suspend", {"pin": PIN})
    browser.page = asked

    again = browser.send("/accounts/suspend", {"pin": PIN})

    assert title_of(again) == "Accounts - Signpost"
    assert stopped(gateway) == [("admin-1", "worker-1")]


def test_whom_it_cannot_stop_is_said_in_plain_words(gateway: WholeGateway, browser: Browser) -> None:
    """A colleague stopped them meanwhile; or somebody wrote the form themselves. What was sent is not repeated."""
    browser.open("/accounts")
    browser.send("/accounts/suspend", {"account": "worker-1"})
    state(gateway.index, AccountAct.SUSPEND, "northtown", account=AccountId("worker-1"))
    late = browser.send("/accounts/suspend", {"pin": PIN})
    assert late.status_code == 404
    assert title_of(late) == "That account cannot be suspended - Signpost"

    browser.open("/accounts")
    odd = browser.send("/accounts/suspend", {"account": "<b>Zebedee</b>"})
    assert odd.status_code == 404
    assert "Zebedee" not in odd.text


async def _silence(*_: object, **__: object) -> NoReturn:
    raise NoReply(NoReplyReason.BROKEN_OFF)


def test_where_no_answer_comes_it_may_have_been_stopped_and_nothing_is_said_of_a_child(
    gateway: WholeGateway, browser: Browser, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page leads to where it is seen. Where that is not answered either, it is no word about a child."""
    browser.open("/accounts")
    browser.send("/accounts/suspend", {"account": worker.account})
    monkeypatch.setattr(Transport, "post", _silence)

    page = browser.send("/accounts/suspend", {"pin": PIN})
    list_of_them = browser.open("/accounts")

    assert title_of(page) == "We could not tell - Signpost"
    assert "The account may be suspended." in text_of(page)
    assert title_of(list_of_them) == "No answer came - Signpost"
    for answer in (page, list_of_them):
        assert answer.status_code == 503
        assert "the child" not in text_of(answer)
        assert "not a no" not in text_of(answer)


def test_whoever_stops_themselves_is_warned_and_signed_out(gateway: WholeGateway, browser: Browser) -> None:
    browser.open("/accounts")
    asked = browser.send("/accounts/suspend", {"account": "admin-1"})
    assert "You are signed out by it" in text_of(asked)

    page = browser.send("/accounts/suspend", {"pin": PIN})

    assert title_of(page) == "Sign in - Signpost"
    assert stopped(gateway) == [("admin-1", "admin-1")]


def test_desks_say_how_they_are_reached_and_how_to_have_them_mended(gateway: WholeGateway, browser: Browser) -> None:
    """By the operator, in the very words that they type; of one that is right nothing is to be done."""
    handle = gateway.index.handle("northtown")

    page = browser.open("/handles")

    assert title_of(page) == "Desks - Signpost"
    said = text_of(page)
    assert f"Duty desk Handle {handle} Telephone 01632 960001 Mailbox none" in said
    assert "Has no handle for out of hours" in said
    assert f"signpost admin handle change northtown {handle}" in said
    assert "handle confirm" not in said


def test_a_stale_desk_is_marked(gateway: WholeGateway) -> None:
    """Nobody has confirmed it for ninety days: and the command that does stands there."""
    handle = gateway.index.handle("northtown")
    gateway.index.world.clock.advance(-91 * DAY)
    stale = gateway.index.handle("northtown")
    gateway.index.world.clock.advance(91 * DAY)
    gateway.keep_time()
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("admin-1", Role.ADMINISTRATOR))

    said = text_of(browser.open("/handles"))

    assert "To be confirmed: nobody has for 90 days" in said
    assert f"signpost admin handle confirm northtown {stale}" in said
    assert f"signpost admin handle confirm northtown {handle}" not in said


def test_coverage_is_everybodys(gateway: WholeGateway, browser: Browser, worker: User) -> None:
    theirs = Browser(gateway)
    theirs.sign_in(worker)

    for each in (browser, theirs):
        page = each.open("/coverage")
        assert title_of(page) == "Coverage - Signpost"
        assert "0 of 2 authorities" in text_of(page)
        assert "None does not mean safe" in text_of(page)


@pytest.mark.parametrize("path", ["/administration", "/accounts", "/handles"])
def test_nobody_else_finds_them(gateway: WholeGateway, worker: User, path: str) -> None:
    theirs = Browser(gateway)
    theirs.sign_in(worker)

    page = theirs.open(path)

    assert page.status_code == 404
    assert title_of(page) == "Page not found - Signpost"
    assert Browser(gateway).open(path).status_code == 200, "whoever is not signed in signs in first"


def test_no_account_is_named_in_an_address_or_a_title(browser: Browser) -> None:
    """Only in bodies, both ways."""
    browser.open("/accounts")
    browser.send("/accounts/suspend", {"account": "worker-1"})
    browser.send("/accounts/suspend", {"pin": PIN})

    asked: list[httpx2.Response] = browser.seen
    assert not any("worker-1" in str(answer.headers) for answer in asked)
    assert not any("worker-1" in title_of(answer) for answer in asked)
    assert all(form.action in ("/accounts/suspend", "/sign-out") for form in forms_of(browser.page))
