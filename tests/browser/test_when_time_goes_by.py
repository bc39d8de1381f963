"""What is only seen when time has gone by: what is late, what nobody answered, and a report after its 28 days. These
walks put every service's clock forward. They come after all that type at a terminal, which keeps this machine's time.
"""

from __future__ import annotations

import datetime as dt
import time

from playwright.sync_api import StorageState

from signpost_cli.demo.families import Person as Child
from tests.browser.conftest import Opens
from tests.browser.desk import Desk
from tests.browser.pictures import take
from tests.browser.place import PIN, Place
from tests.browser.test_contact import leave_call_back

DUE = dt.timedelta(minutes=16)
"""After a call-back for now has fallen due, at each of two desks."""
RELEASED = dt.timedelta(days=28, minutes=1)
ALL = "Who works with the child, and who looked: nobody could be found or harmed by seeing it"
NOT_WHO_LOOKED = "Who works with the child, and not who looked"
_PATIENCE_SECONDS = 20


def wait_until_said(desk: Desk, words: str, *, said: bool = True) -> None:
    """Load the inbox until it says so, or does not say so any more."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (words in desk.text) is not said:
        assert time.monotonic() < deadline, f"the inbox goes on as it was about {words!r}"
        time.sleep(0.5)
        desk.open("/inbox")


def test_what_nobody_answers_is_late_at_the_desk_and_without_a_reply_for_whoever_asked(
    desk_of: Opens, place: Place
) -> None:
    """It can be answered all the same. The asker sees a clock, and whom to ring."""
    asking, duty = desk_of("social-worker-1"), desk_of("social-worker-2")
    child = place.current.pop()
    receipt = leave_call_back(asking, child)

    place.world.put_forward(DUE)
    duty.open("/inbox")
    duty.look("inbox-overdue")
    assert "OVERDUE" in duty.text
    with place.world.worker(minutes_ahead=0):
        wait_until_said(duty, "OVERDUE", said=False)
        place.world.put_forward(DUE)
        wait_until_said(duty, "NOT ANSWERED")
    duty.look("inbox-not-answered")

    asking.open("/call-back")
    asking.fill(Receipt=receipt)
    asking.press("See what became of it")
    asking.look("call-back-without-reply")
    assert "NO REPLY" in asking.text
    assert "0113 496 0000" in asking.text

    duty.open_request(child)
    duty.choose("Share our desk")
    duty.press("Send the answer")
    assert duty.heading == "Shared"


def ask_for_report(desk: Desk, child: Child) -> str:
    """A report of what is held of a child; its reference."""
    desk.open("/rights/ask")
    desk.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    desk.born(child)
    desk.press("Ask for the report")
    return desk.receipt


def fill_decision(desk: Desk, report: str, *, told: str, why: str) -> None:
    """What the family may be told of it, up to where it is sent."""
    desk.open("/rights")
    desk.press(f"Decide {report}")
    desk.page.get_by_role("radio", name=told, exact=True).check()
    desk.choose(why)
    desk.fill(Your_PIN=PIN)


def test_a_familys_report_is_read_when_its_28_days_are_over(
    desk_of: Opens, place: Place, signed_in: dict[str, StorageState]
) -> None:
    """Whole, or without who looked. It is given to the family as a page, and to the council's file as data."""
    asking, deciding = desk_of("rights-officer-1"), desk_of("rights-officer-2")
    child = place.current[4]
    desk_of("social-worker-1").check(child)
    whole, partly = ask_for_report(asking, child), ask_for_report(asking, child)
    for report, told, why in (
        (whole, ALL, "Nothing is kept back"),
        (partly, NOT_WHO_LOOKED, "Telling would prejudice social work"),
    ):
        fill_decision(deciding, report, told=told, why=why)
        deciding.press("Decide")
    asking.open("/rights")
    assert asking.page.get_by_role("button", name=f"Read {whole}").count() == 0

    place.world.put_forward(RELEASED)
    signed_in.clear()  # every shift is over
    officer = desk_of("rights-officer-1")
    officer.open("/rights")
    officer.press(f"Read {whole}")
    officer.look("report")
    assert "Nobody has asked about a child" not in officer.text
    take(officer.page, "a-familys-report")
    assert "0113" not in officer.text
    for button, name in (("Download a page for the family", "report.html"),
                         ("Download the data for the council’s file", "report.json")):  # fmt: skip
        with officer.page.expect_download() as begun:
            officer.page.get_by_role("button", name=button).click()
        assert begun.value.suggested_filename == name
    officer.open("/rights")
    officer.press(f"Read {partly}")
    officer.look("report-partly-kept-back")
