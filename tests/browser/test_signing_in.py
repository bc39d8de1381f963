"""Signing in and out at a page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.place import PIN, Place


def test_somebody_signs_in_by_password_code_and_pin_and_out_again(desk: Desk, place: Place) -> None:
    """What is wrong on the way is said beside the field and in a summary, which has the focus."""
    person = place.people["leaver-1" if desk.scripts else "leaver-2"]

    desk.open("/")
    desk.look("sign-in")
    desk.press("Sign in")
    desk.look("sign-in-with-nothing-typed")
    expect(desk.page.locator(".govuk-error-summary")).to_be_focused()
    desk.page.get_by_role("link", name="Enter your password").click()
    expect(desk.page.get_by_label("Password", exact=True)).to_be_focused()

    desk.give(person, "000000")
    desk.look("sign-in-refused")
    assert "do not belong together" in desk.text
    desk.give(person, person.next_code())
    desk.look("pin")
    desk.fill(PIN="11")
    desk.press("Continue")
    desk.look("pin-with-errors")
    desk.fill(PIN=PIN, The_same_PIN_again=PIN)
    desk.press("Continue")
    desk.look("check")

    desk.press("Sign out")
    desk.look("signed-out")
    desk.open("/check")
    desk.look("sign-in")


def test_a_page_that_is_not_there_and_a_form_of_another_session_are_refused_in_plain_words(desk: Desk) -> None:
    desk.open("/nowhere")
    desk.look("not-there")
    desk.open("/sign-in")
    desk.page.context.clear_cookies()
    desk.press("Sign in")
    desk.look("form-out-of-date")
