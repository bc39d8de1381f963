"""A screen that was left: the PIN is asked for before anything is shown or done."""

from __future__ import annotations

import time

from tests.browser.conftest import Opens
from tests.browser.place import PIN, Place

LOCKED_SECONDS = 6
"""At this council's gateway, and one more."""


def test_whoever_comes_back_types_their_pin_and_goes_on_where_they_were(desk_of: Opens, place: Place) -> None:
    """A form that was filled in before is not lost, and was not sent."""
    desk, child = desk_of("away-1"), place.unknown_child()
    desk.open("/check")
    if desk.heading == "Enter your PIN":
        desk.fill(PIN=PIN)
        desk.press("Continue")
    desk.fill(NHS_number=child.nhs_number)
    desk.born(child)

    time.sleep(LOCKED_SECONDS)
    desk.press("Check")
    desk.look("unlock")
    desk.fill(PIN="000000")
    desk.press("Continue")
    desk.look("unlock-with-errors")
    desk.fill(PIN=PIN)
    desk.press("Continue")

    assert "NONE" in desk.text
