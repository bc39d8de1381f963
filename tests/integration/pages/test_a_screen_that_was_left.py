"""Against whoever finds a screen, or reads the cookie of one: what the PIN is asked for cannot be had around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.gateway.sessions import LOCK_SECONDS
from signpost.edge.pins import MOST_WRONG
from signpost.protocol.purposes import Role
from tests.support.browsing import PIN, Browser, forms_of, text_of, title_of
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

UNSEEN = {
    "pin": PIN, "password": "old and secret", "again": "new and secret", "new_password": "new and secret",
    "code": "135790", "token": "signpost-1.what.ever",
}  # fmt: skip
"""What is typed into fields that do not show it, and a code."""
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def user(gateway: WholeGateway) -> User:
    """Somebody on urgent duty there."""
    return gateway.enrol("night-1", Role.URGENT)


@pytest.fixture
def browser(gateway: WholeGateway, user: User) -> Browser:
    """Theirs, signed in."""
    browser = Browser(gateway)
    browser.sign_in(user)
    return browser


def away(browser: Browser) -> None:
    """They leave the screen."""
    browser.gateway.index.world.clock.advance(LOCK_SECONDS)


def test_a_pages_cookie_is_no_token_of_the_web_api_which_asks_for_no_pin(
    gateway: WholeGateway, browser: Browser
) -> None:
    """Whoever sits before the screen reads it in the browser's own tools."""
    token = browser.cookies["__Host-signpost"]

    for method, path in (("GET", "inbox"), ("POST", "lookups"), ("POST", "break-glass"), ("DELETE", "sessions")):
        answer = gateway.request(method, f"/api/v1/{path}", {} if method == "POST" else None, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_nothing_that_is_asked_of_the_web_api_unlocks_the_pages(gateway: WholeGateway, browser: Browser) -> None:
    away(browser)

    gateway.request("GET", "/api/v1/coverage", token=browser.cookies["__Host-signpost"])

    assert title_of(browser.open("/check")) == "Enter your PIN - Signpost"


def test_a_token_of_the_web_api_opens_no_page(gateway: WholeGateway, user: User) -> None:
    """It was never asked for a PIN, and whoever has it would choose one."""
    browser, token = Browser(gateway), gateway.token(user)
    browser.cookies["__Host-signpost"] = token

    assert title_of(browser.open("/pin")) == "Sign in - Signpost"
    assert gateway.request("GET", "/api/v1/inbox", token=token).status_code == 200


def test_what_was_typed_unseen_stands_on_no_page_that_asks_for_the_pin(browser: Browser) -> None:
    """A form that was filled in before its writer left, and is sent by whoever comes by."""
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.page.text)[0]
    away(browser)

    for path in ("/password", "/check", "/enrol"):
        page = browser.ask("POST", path, [("csrf", token), ("account", "night-1"), *UNSEEN.items()])

        assert title_of(page) == "Enter your PIN - Signpost"
        assert dict(forms_of(page)[0].fields)["account"] == "night-1"
        assert not [text for text in UNSEEN.values() if text in page.text]


def test_a_pin_that_was_not_typed_is_no_try(gateway: WholeGateway, browser: Browser) -> None:
    """As that of a form which was carried on without it."""
    browser.open("/check")
    receipt = re.findall(r"Receipt (\S{9})", text_of(browser.send("/check", {"nhs_number": "9990000018", **BORN})))[0]
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.page.text)[0]
    asked = [("csrf", token), ("receipt", receipt), ("typed", receipt)]

    for _ in range(MOST_WRONG):
        page = browser.ask("POST", "/break-glass", [*asked, ("pin", "")])
        assert (page.status_code, "Enter your PIN" in text_of(page)) == (422, True)

    assert len(gateway.gateway.sessions) == 1


def test_ten_wrong_pins_end_the_session_wherever_they_are_typed(gateway: WholeGateway, browser: Browser) -> None:
    browser.open("/check")
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.page.text)[0]
    asked = [("csrf", token), ("receipt", "AAAA-AAAA"), ("typed", "AAAA-AAAA")]
    for tried in range(MOST_WRONG // 2):
        browser.ask("POST", "/break-glass", [*asked, ("pin", f"00000{tried}")])
    away(browser)

    pages = [browser.ask("POST", "/check", [("csrf", token), ("unlock", f"11111{n}")]) for n in range(MOST_WRONG // 2)]

    assert title_of(pages[-1]) == "You are signed out - Signpost"
    assert len(gateway.gateway.sessions) == 0


def test_no_password_manager_is_asked_to_keep_the_pin(browser: Browser, user: User) -> None:
    """It would fill it in for whoever comes by: browsers offer that of a password's field that says "off"."""
    pages = [page.text for page in browser.seen]
    away(browser)
    pages.append(browser.open("/check").text)

    fields = [each for page in pages for each in re.findall(r'<input[^>]*type="password"[^>]*>', page)]
    pins = [each for each in fields if 'name="password"' not in each]
    assert len(pins) == 3
    assert all('autocomplete="one-time-code"' in each for each in pins)
