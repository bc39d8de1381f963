"""My involvements: somebody ends a piece of their organisation's work, and hands another over."""

from __future__ import annotations

import time

from signpost_cli.demo.families import HANDLES, Work
from tests.browser.conftest import Opens
from tests.browser.desk import Desk
from tests.browser.place import PIN, Place
from tests.browser.test_contact import SETTLED_SECONDS, leave_call_back

_BEGAN = "Or the day it began"
_TEAM = "And its desk or team, if your records name work by that too"


def name(desk: Desk, work: Work, *, case: bool = True) -> None:
    """Type how the council's file names it."""
    if case:
        desk.fill(**{"The child's number in your records": work.local_id})
    desk.date(work.started_on, of=_BEGAN)
    desk.fill(**{_TEAM: HANDLES[work.team]})
    desk.press("Find it")


def test_work_that_has_ended_is_ended_and_colleagues_elsewhere_find_it_so(desk_of: Opens, place: Place) -> None:
    duty, asking = desk_of("social-worker-2"), desk_of("social-worker-1")
    child = place.current.pop()

    duty.open("/involvements")
    duty.look("involvements")
    duty.press("Find it")
    duty.look("involvements-with-errors")
    name(duty, place.work_of(child))
    duty.look("work")
    assert "Not ended" in duty.text
    duty.press("End it")
    duty.look("end-work")
    duty.press("End it")
    duty.look("end-work-with-errors")
    duty.date(place.today, of="The day it ended")
    duty.fill(Your_PIN=PIN)
    duty.press("End it")
    duty.look("work-ended")
    time.sleep(SETTLED_SECONDS)

    duty.follow("Look for other work")
    name(duty, place.work_of(child))
    duty.look("work-that-ended")
    assert duty.page.get_by_role("button", name="End it").count() == 0
    asking.check(child)
    assert "PREVIOUS" in asking.text


def test_from_a_request_its_work_is_handed_over_to_another_desk(desk_of: Opens, place: Place) -> None:
    """What waits already stays where it is."""
    duty, asking = desk_of("social-worker-2"), desk_of("social-worker-1")
    child = place.current.pop()
    work = place.work_of(child)
    leave_call_back(asking, child)

    duty.open("/inbox")
    duty.press(f"End or hand over this work with case {work.local_id}")
    assert duty.page.get_by_label("The child's number in your records").input_value() == work.local_id
    name(duty, work, case=False)
    duty.press("Hand it over to another desk")
    duty.look("hand-over-work")
    duty.press("Hand it over")
    duty.look("hand-over-work-with-errors")
    duty.page.get_by_label("The desk").select_option(index=1)
    duty.fill(Your_PIN=PIN)
    duty.press("Hand it over")
    duty.look("work-handed-over")

    duty.follow("Look for other work")
    name(duty, work)
    assert "Emergency duty team" in duty.text
    duty.open_request(child)
    assert "Duty social worker" in duty.text
