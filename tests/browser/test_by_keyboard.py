"""With a keyboard and nothing else, from signing in to a call-back that is left."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.keyboard import Keyboard
from tests.browser.place import PIN, Place


def test_somebody_without_a_mouse_signs_in_asks_and_leaves_a_call_back(desk: Desk, place: Place) -> None:
    """Every stop of the focus is seen; the first on each page leads past the navigation."""
    person = place.people["keys-1" if desk.scripts else "keys-2"]
    child = place.current.pop()
    born = child.date_of_birth
    keys = Keyboard(desk.page)

    desk.open("/sign-in")
    keys.type("Account", person.account)
    keys.type("Password", person.password)
    keys.type("One-time code", "000000")
    keys.enter()
    expect(desk.page.locator(".govuk-error-summary")).to_be_focused()
    keys.type("Password", person.password)
    keys.type("One-time code", person.next_code())
    keys.press("Sign in")
    keys.type("PIN", PIN)
    keys.type("The same PIN again", PIN)
    keys.press("Continue")

    keys.go_to("Skip to main content")
    desk.page.keyboard.press("Enter")
    keys.type("NHS number", child.nhs_number)
    keys.type("Day", str(born.day))
    keys.type("Month", str(born.month))
    keys.type("Year", str(born.year))
    keys.press("Check")
    assert "CURRENT" in desk.text
    keys.go_to("Today: within 4 working hours")
    desk.page.keyboard.press("ArrowUp")
    expect(desk.page.get_by_label("Now: within 15 minutes")).to_be_checked()
    keys.press("Leave a call-back")
    assert desk.heading == "Your call-back is left"
    keys.press("Sign out")
    assert desk.heading == "You are signed out"
