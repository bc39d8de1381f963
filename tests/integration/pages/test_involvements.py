"""My involvements, by pages: one piece of the organisation's own work is named, looked at, ended and handed over."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.edge.gateway.own_work import see_work
from signpost.edge.gateway.wire import WorkNamed
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.messages import ContactRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Purpose, Role, Urgency
from tests.support.browsing import PIN, Browser, text_of, title_of
from tests.support.elsewhere import client_of
from tests.support.hidden_elsewhere import hide_elsewhere
from tests.support.uploads import Officer, csv_of, number
from tests.support.whole_gateway import WholeGateway, open_whole_gateway
from tests.support.world import TODAY

YESTERDAY = TODAY - dt.timedelta(days=1)
BEGAN = {"start-day": "6", "start-month": "1", "start-year": "2025"}
CHILD = ChildDetails(nhs_number=NHSNumber.parse(number(0)), date_of_birth=dt.date(2018, 3, 4))


class Scene:
    """Northtown's practitioner in a browser, whose organisation has registered one child."""

    def __init__(self, gateway: WholeGateway) -> None:
        gateway.with_program()
        self.gateway = gateway
        self.officer = Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))
        self.handle, self.other = self.officer.handle, gateway.index.handle("northtown")
        self.officer.run(csv_of([self.officer.row()]), dry_run="no")
        self.browser = Browser(gateway)
        self.browser.sign_in(gateway.enrol("worker-1"))

    def find(self, **changed: str) -> httpx2.Response:
        """Look for the officer's row."""
        self.browser.open("/involvements")
        return self.browser.send("/involvements", {"local_id": "case-0", **BEGAN, "handle": self.handle, **changed})

    def send(self, path: str, fields: dict[str, str] | None = None) -> httpx2.Response:
        """The form on the screen that goes there, and let it settle."""
        page = self.browser.send(path, fields)
        self.gateway.index.settle()
        return page

    def seen(self) -> str:
        """What a colleague elsewhere is answered."""
        client = client_of(self.gateway, "southtown", Role.PRACTITIONER)
        return self.gateway.index.run(client.lookup(CHILD, urgency=Urgency.TODAY)).word


def on(day: dt.date) -> dict[str, str]:
    """A day, as it is typed."""
    return {"ended_on-day": str(day.day), "ended_on-month": str(day.month), "ended_on-year": str(day.year)}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A gateway with a feed's desk."""
    with open_whole_gateway(tmp_path) as whole:
        yield Scene(whole)


def test_work_is_named_looked_at_and_ended(scene: Scene) -> None:
    page = scene.find()
    assert title_of(page) == "A piece of work - Signpost"
    assert "Your case case-0" in text_of(page)
    assert f"Desk Duty desk ({scene.handle}) Began in January 2025 Ended Not ended" in text_of(page)

    assert title_of(scene.send("/involvements/end")) == "End a piece of work - Signpost"
    page = scene.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})

    assert "It has ended" in text_of(page)
    assert scene.seen() == "previous"
    page = scene.find()
    assert "Ended 12 October 2025" in text_of(page)
    assert 'action="/involvements/end"' not in page.text
    assert 'action="/involvements/hand-over"' not in page.text


def test_work_is_handed_over_to_another_desk(scene: Scene) -> None:
    scene.find()
    page = scene.send("/involvements/hand-over")
    assert f'<option value="{scene.other}">Duty desk ({scene.other})</option>' in page.text
    assert f'<option value="{scene.handle}"' not in page.text

    page = scene.send("/involvements/hand-over", {"hand_over_to": scene.other, "pin": PIN})

    assert "Handed over" in text_of(page)
    assert f"Desk Duty desk ({scene.other})" in text_of(scene.find())
    assert scene.seen() == "current"


@pytest.mark.parametrize(
    ("typed", "anchor"),
    [
        ({"local_id": ""}, "local_id"),
        ({"local_id": "case-77"}, "local_id"),
        ({"start-day": "", "start-month": "", "start-year": ""}, "start-day"),
        ({"start-month": "13"}, "start-day"),
        ({"number": "9"}, "number"),
        ({"handle": "x" * 201}, "handle"),
    ],
)
def test_what_names_no_work_is_asked_for_again(scene: Scene, typed: dict[str, str], anchor: str) -> None:
    """With the field to mend, and what was typed still there."""
    page = scene.find(**typed)

    assert (page.status_code, title_of(page)) == (422, "Error: My involvements - Signpost")
    assert f'<a href="#{anchor}">' in page.text
    assert f'value="{typed.get("local_id", "case-0")}"' in page.text or not typed.get("local_id", "x")


@pytest.mark.parametrize(
    ("fields", "anchors"),
    [
        ({"pin": PIN}, ["ended_on-day"]),
        ({**on(YESTERDAY)}, ["pin"]),
        ({**on(YESTERDAY), "pin": "000001"}, ["pin"]),
        ({}, ["ended_on-day", "pin"]),
        ({**on(TODAY - dt.timedelta(days=32)), "pin": PIN}, ["ended_on-day"]),
        ({**on(TODAY + dt.timedelta(days=1)), "pin": PIN}, ["ended_on-day"]),
    ],
)
def test_nothing_is_ended_without_a_day_of_the_last_month_and_the_pin(
    scene: Scene, fields: dict[str, str], anchors: list[str]
) -> None:
    scene.find()
    scene.send("/involvements/end")

    page = scene.send("/involvements/end", fields)

    assert page.status_code == 422
    assert [anchor for anchor in ("ended_on-day", "pin") if f'<a href="#{anchor}">' in page.text] == anchors
    assert "Not ended" in text_of(scene.find())


def test_nothing_is_handed_over_without_a_desk_and_the_pin(scene: Scene) -> None:
    scene.find()
    scene.send("/involvements/hand-over")

    page = scene.send("/involvements/hand-over")

    assert page.status_code == 422
    assert '<a href="#hand_over_to">' in page.text
    assert '<a href="#pin">' in page.text
    page = scene.send("/involvements/hand-over", {"hand_over_to": scene.other, "pin": "000001"})
    assert f'value="{scene.other}" selected' in page.text
    assert f"({scene.handle})" in text_of(scene.find())


def test_the_same_form_sent_twice_is_done_once(scene: Scene) -> None:
    scene.find()
    form = scene.send("/involvements/end")
    scene.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})
    leaves = len(scene.gateway.index.tables()["audit_leaves"])

    scene.browser.page = form
    page = scene.browser.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})

    assert "It has ended" in text_of(page)
    assert len(scene.gateway.index.tables()["audit_leaves"]) == leaves


def test_what_a_colleague_has_ended_meanwhile_is_said_to_have_ended(scene: Scene) -> None:
    scene.find()
    scene.send("/involvements/end")
    other = Browser(scene.gateway)
    other.sign_in(scene.gateway.enrol("worker-2"))
    other.open("/involvements")
    other.send("/involvements", {"local_id": "case-0", **BEGAN, "handle": scene.handle})
    other.send("/involvements/end")
    other.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})

    page = scene.send("/involvements/end", {**on(TODAY), "pin": PIN})

    assert (page.status_code, title_of(page)) == (409, "It has ended already - Signpost")


@pytest.mark.parametrize(("what", "method"), [("end", "end_own_work"), ("hand-over", "hand_over_own_work")])
def test_where_no_answer_came_it_is_said_that_it_may_have_been_done(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, what: str, method: str
) -> None:
    """And where to see that."""
    scene.find()
    scene.send(f"/involvements/{what}")

    async def silent(*_: object) -> None:
        raise Problem(ProblemCode.COULD_NOT_CHECK)

    monkeypatch.setattr(f"signpost.edge.index_client.Index.{method}", silent)
    fields = on(YESTERDAY) if what == "end" else {"hand_over_to": scene.other}

    page = scene.send(f"/involvements/{what}", {**fields, "pin": PIN})

    assert (page.status_code, title_of(page)) == (503, "We could not tell - Signpost")
    assert "It may have been done." in text_of(page)
    assert 'href="/involvements"' in page.text


def test_who_has_done_it_often_enough_is_told_to_wait(scene: Scene) -> None:
    """Both where one looks and where one ends; the duty line is none of it."""
    for _ in range(60):
        scene.gateway.index.run(_no_such_work(scene))

    page = scene.find()

    assert page.status_code == 429
    assert title_of(page) == "You have done this as often as you may for now - Signpost"
    assert "0113 496 0000" not in text_of(page).partition("Signed in as")[0]


async def _no_such_work(scene: Scene) -> None:
    token = scene.browser.cookies["__Host-signpost"]
    session = scene.gateway.gateway.sessions.known(token)
    with pytest.raises(Problem):
        await see_work(scene.gateway.gateway, session, WorkNamed(local_id="case-77", start="2025-01-06"))


def test_from_the_inbox_one_goes_on_with_the_case_filled_in(scene: Scene) -> None:
    """By a form, whose number is in its body; the rest of its name is still to be typed."""
    client = client_of(scene.gateway, "southtown", Role.PRACTITIONER)

    async def ask() -> None:
        found = await client.lookup(CHILD, purpose=Purpose.SECTION_47, urgency=Urgency.TODAY)
        await client.index.ask_for_call_back(
            ContactRequest(receipt=found.receipt, purpose=Purpose.SECTION_47, urgency=Urgency.TODAY)
        )

    scene.gateway.index.run(ask())
    scene.gateway.index.settle()
    scene.browser.open("/inbox")

    page = scene.browser.send("/involvements")

    assert (page.status_code, title_of(page)) == (200, "My involvements - Signpost")
    assert 'name="local_id" type="text" spellcheck="false" value="case-0"' in page.text
    assert "A piece of work" in title_of(scene.browser.send("/involvements", {**BEGAN, "handle": scene.handle}))


def test_no_address_title_or_redirect_holds_the_number(scene: Scene) -> None:
    scene.find()
    scene.send("/involvements/hand-over")
    scene.send("/involvements/hand-over", {"hand_over_to": scene.other, "pin": PIN})
    scene.find()
    scene.send("/involvements/end")
    scene.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})

    for answer in scene.browser.seen:
        assert "case-0" not in f"{answer.url} {answer.headers} {title_of(answer)}"
    assert "case-0" not in scene.gateway.log_lines.getvalue()
    assert any(answer.headers.get("location") == "/involvements/ended" for answer in scene.browser.seen)


def test_a_forged_form_ends_nothing(scene: Scene) -> None:
    """Neither one from another site nor one without its session's token."""
    fields = [("local_id", "case-0"), *BEGAN.items(), ("handle", scene.handle), *on(YESTERDAY).items(), ("pin", PIN)]

    for headers in ({"sec-fetch-site": "cross-site"}, None):
        answer = scene.browser.ask("POST", "/involvements/end", fields, headers)
        assert answer.status_code == 403
    assert "Not ended" in text_of(scene.find())


def test_of_a_child_who_is_hidden_the_pages_are_those_of_one_who_is_not(scene: Scene) -> None:
    """Byte for byte, in every state, but for the random name of a form: and the same lines in the log."""
    scene.officer.run(csv_of([scene.officer.row(0), scene.officer.row(1)]), dry_run="no")
    hide_elsewhere(scene.gateway, CHILD)
    assert scene.seen() == "none"
    told: dict[str, list[object]] = {}
    for case in ("case-0", "case-1"):
        scene.gateway.log_lines.seek(0)
        scene.gateway.log_lines.truncate()
        scene.browser.seen.clear()
        scene.find(local_id=case)
        scene.send("/involvements/hand-over")
        scene.send("/involvements/hand-over", {"hand_over_to": scene.other, "pin": PIN})
        scene.find(local_id=case)
        scene.send("/involvements/end")
        scene.send("/involvements/end", {**on(YESTERDAY), "pin": PIN})
        scene.find(local_id=case)
        pages = [
            re.sub(r'(name="once" value=")[A-Za-z0-9_-]{22}', r"\1ONCE", answer.text).replace(case, "CASE")
            for answer in scene.browser.seen
        ]
        told[case] = [*pages, *(str(answer.headers) for answer in scene.browser.seen)]
        told[case].append(scene.gateway.log_lines.getvalue())

    assert told["case-0"] == told["case-1"]
    assert any("Ended" in page and "12 October 2025" in page for page in map(str, told["case-0"]))


def test_a_gateway_without_the_desk_of_a_feed_says_so(tmp_path: Path) -> None:
    with open_whole_gateway(tmp_path) as gateway:
        browser = Browser(gateway)
        browser.sign_in(gateway.enrol("worker-1"))
        browser.open("/involvements")

        page = browser.send("/involvements", {"local_id": "case-0", **BEGAN})

        assert (page.status_code, title_of(page)) == (409, "Work cannot be named here - Signpost")
