"""Against a website that is open in the same browser, and what else is on the gateway's host or domain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsing import FROM_HERE, Browser
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

CROSS_SITE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
OTHERS = (
    'policy={"essential":true,"usage":false}', "spaces=a b c", 'half="of a text', "a name with spaces=x", "nothing",
    "=", "expires=never", "__Host-Signpost=x; __host-signpost=x",
)  # fmt: skip
ORIGINS = (
    "https://[", "http://[::1", "//gateway.example", "https://gateway.example:444", "https://gateway.example@evil.example",
)  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def browser(gateway: WholeGateway) -> Browser:
    """Somebody's, signed in."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))
    return browser


def test_another_site_signs_nobody_out(gateway: WholeGateway) -> None:
    """A form of theirs brings no cookie, and the answer takes none away: a browser would believe it."""
    for path in ("/check", "/sign-out", "/pin", "/unlock", "/inbox/reply"):
        answer = Browser(gateway).ask("POST", path, [("csrf", "x")], headers=CROSS_SITE)

        assert answer.status_code == 403
        assert not [line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-signpost=")]


def test_a_session_that_is_over_is_taken_from_its_own_browser(gateway: WholeGateway, browser: Browser) -> None:
    gateway.start()

    browser.send("/check")

    assert "__Host-signpost" not in browser.cookies


def test_another_applications_cookie_keeps_nobody_out(browser: Browser) -> None:
    """Any application of the council's domain may set one, of whatever form."""
    own = f"__Host-signpost={browser.cookies['__Host-signpost']}"
    browser.cookies.clear()

    for others in OTHERS:
        for line in (f"{others}; {own}", f"{own}; {others}"):
            assert browser.ask("GET", "/check", headers={"cookie": line}).status_code == 200


def test_two_cookies_of_the_sessions_name_are_none(browser: Browser) -> None:
    """No browser that knows the prefix sends two; which of them is somebody else's cannot be told."""
    own, other = f"__Host-signpost={browser.cookies['__Host-signpost']}", f"__Host-signpost={'A' * 43}"
    browser.cookies.clear()

    for line in (f"{own}; {other}", f"{other}; {own}", f"{own}; {own}"):
        assert browser.ask("GET", "/check", headers={"cookie": line}).headers["location"] == "/sign-in"


def test_an_origin_that_is_none_is_another(gateway: WholeGateway, browser: Browser) -> None:
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.page.text)[0]

    for origin in ORIGINS:
        for said in ({"origin": origin}, {**FROM_HERE, "origin": origin}):
            assert browser.ask("POST", "/check", [("csrf", token)], headers=said).status_code == 403

    assert "unexpected" not in gateway.log_lines.getvalue()
