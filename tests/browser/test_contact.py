"""From an answer to a colleague's telephone: a call-back at one council's gateway, and its answer at another's."""

from __future__ import annotations

import time

import pytest

from signpost_cli.demo.families import Person as Child
from tests.browser.conftest import Opens
from tests.browser.desk import Desk
from tests.browser.place import PIN, Place

SETTLED_SECONDS = 2.0
"""Ten ticks of the settling worker, which takes a call-back to the desk."""


def leave_call_back(desk: Desk, child: Child) -> str:
    """A call-back for now about a child; its receipt."""
    desk.check(child)
    desk.choose("Now: within 15 minutes")
    desk.press("Leave a call-back")
    time.sleep(SETTLED_SECONDS)
    return desk.receipt


def test_a_social_worker_is_rung_by_a_colleague_whom_she_did_not_know_of(desk_of: Opens, place: Place) -> None:
    """Asked, answered, rung, and what came of it noted."""
    asking, duty = desk_of("social-worker-1"), desk_of("social-worker-2")
    asking.open("/inbox")
    asking.look("inbox-empty")
    assert "Nobody waits for an answer." in asking.text

    child = place.current.pop()
    receipt = leave_call_back(asking, child)
    asking.look("call-back-left")
    asking.press("See what became of it")
    asking.look("call-back-pending")
    duty.open("/inbox")
    duty.look("inbox")
    duty.open_request(child)
    duty.look("request")
    duty.choose("Share our desk")
    duty.press("Send the answer")
    duty.look("shared")

    asking.open("/call-back")
    asking.look("call-back")
    asking.press("See what became of it")
    asking.look("call-back-with-errors")
    asking.fill(Receipt=receipt)
    asking.press("See what became of it")
    asking.look("call-back-answered")
    assert "0113 496 0001" in asking.text
    asking.press("Note it")
    asking.look("outcome-with-errors")
    asking.choose("I reached somebody who was new to me")
    asking.press("Note it")
    asking.look("outcome-noted")


@pytest.mark.parametrize(
    ("reply", "further", "state"),
    [
        ("Let another desk of ours answer", None, "handed-over"),
        ("We do not work with this child any more", None, "ended"),
        ("Decline", "It is another child", "declined"),
    ],
    ids=["hand-over", "end", "decline"],
)
def test_whatever_is_not_shared_the_asker_is_not_told(
    desk_of: Opens, place: Place, reply: str, further: str | None, state: str
) -> None:
    asking, duty = desk_of("social-worker-1"), desk_of("social-worker-2")
    child = place.current.pop()
    receipt = leave_call_back(asking, child)

    duty.open_request(child)
    duty.press("Send the answer")
    duty.look("request-with-errors")
    duty.page.get_by_role("radio", name=reply).check()
    if state == "handed-over":
        duty.page.get_by_label("If another desk answers: which?").select_option(index=1)
    if further is not None:
        duty.choose(further)
    duty.press("Send the answer")
    duty.look(state)

    asking.open("/call-back")
    asking.fill(Receipt=receipt)
    asking.press("See what became of it")
    assert "PENDING" in asking.text


def test_in_an_emergency_a_duty_line_is_shown_at_once_and_somebody_else_reviews_it(
    desk_of: Opens, place: Place
) -> None:
    """After the receipt and the PIN; the desk is told that its line was shown, not to whom."""
    night, duty, reviewing = desk_of("night-duty-1"), desk_of("social-worker-2"), desk_of("rights-officer-1")

    night.check(place.current.pop())
    night.look("answer-urgent")
    receipt = night.receipt
    night.press("Show the duty line")
    night.look("glass")
    night.press("Show the duty line")
    night.look("glass-with-errors")
    night.fill(Type_the_receipt_to_go_on=receipt, Your_PIN=PIN)
    night.press("Show the duty line")
    night.look("duty-line")
    assert "0113 496 0001" in night.text

    duty.open("/inbox")
    duty.look("inbox-after-a-glass")
    assert "Your duty line was shown in an emergency" in duty.text
    assert "night-duty-1" not in duty.text

    reviewing.open("/reviews")
    reviewing.look("reviews")
    reviewing.page.get_by_role("button", name="Review ").last.click()
    reviewing.page.wait_for_load_state()
    reviewing.look("review")
    reviewing.press("Close the review")
    reviewing.look("review-with-errors")
    reviewing.choose_first("Was the duty line rightly shown? It is said once")
    reviewing.fill(Your_PIN=PIN)
    reviewing.press("Close the review")
    assert reviewing.heading == "Emergencies to review"
