"""The walk of docs/tutorial/in-a-browser.md, and its pictures; and how pages look elsewhere than on a wide screen: on a
telephone, at 400 % zoom, in colours that somebody's system forces.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Window
from tests.browser.pictures import ELSEWHERE, take
from tests.browser.place import PIN, Place

SETTLED_SECONDS = 2.0


def test_the_tutorials_walk_comes_to_its_end(
    window: Window, seated: Window, place: Place, signed_in: dict[str, StorageState]
) -> None:
    """A social worker asks, leaves a call-back, and is answered from the other council."""
    asking, answering = window("social-worker-1"), seated("social-worker-2")
    child, person = place.current.pop(), place.people["social-worker-1"]

    asking.open("/")
    asking.fill(Account=person.account, Password=person.password, **{"One-time code": person.next_code()})
    take(asking.page, "sign-in")
    asking.press("Sign in")
    asking.fill(PIN=PIN, The_same_PIN_again=PIN)
    take(asking.page, "choose-a-pin")
    asking.press("Continue")
    # Signing in has ended the session that walks before this one had of her.
    signed_in["social-worker-1"] = asking.page.context.storage_state()

    asking.fill(NHS_number=f"{child.nhs_number[:-1]}{(int(child.nhs_number[-1]) + 1) % 10}")
    asking.born(child)
    asking.press("Check")
    expect(asking.page.locator(".govuk-error-summary")).to_be_focused()
    take(asking.page, "a-digit-is-wrong")
    asking.fill(NHS_number=child.nhs_number)
    asking.press("Check")
    assert "CURRENT" in asking.text
    take(asking.page, "current")
    asking.choose("Now: within 15 minutes")
    asking.press("Leave a call-back")
    take(asking.page, "a-call-back-is-left")
    receipt = asking.receipt
    time.sleep(SETTLED_SECONDS)

    answering.open("/inbox")
    take(answering.page, "inbox")
    answering.open_request(child)
    answering.choose("Share our desk")
    take(answering.page, "a-request")
    answering.press("Send the answer")

    asking.follow("Call-backs")
    asking.fill(Receipt=receipt)
    asking.press("See what became of it")
    assert "ANSWERED" in asking.text
    take(asking.page, "answered")
    asking.open("/check")
    asking.check(place.unknown_child())
    assert "NONE" in asking.text
    take(asking.page, "none")


def test_in_an_emergency_the_tutorial_shows_a_duty_line(seated: Window, place: Place) -> None:
    desk = seated("night-duty-1")

    desk.check(place.current.pop())
    receipt = desk.receipt
    desk.press("Show the duty line")
    desk.fill(Type_the_receipt_to_go_on=receipt, Your_PIN=PIN)
    take(desk.page, "before-the-glass")
    desk.press("Show the duty line")
    assert desk.heading == "Duty line"
    take(desk.page, "duty-line")


@pytest.mark.parametrize(
    ("looks", "name"),
    [(looks, name) for name, looks in ELSEWHERE.items()],
    ids=list(ELSEWHERE),
)
def test_an_answer_and_an_error_look_right_elsewhere(
    seated: Window, place: Place, looks: Mapping[str, object], name: str
) -> None:
    """Nothing is cut off to the side. The pictures are looked at by people."""
    desk = seated("social-worker-1", **looks)

    desk.open("/check")
    desk.press("Check")
    take(desk.page, f"errors-{name}")
    width, fits = desk.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= fits
    desk.check(place.previous[1])
    take(desk.page, f"previous-{name}")
    width, fits = desk.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= fits
