"""A page that nobody comes back to is taken from the screen when the session has ended, what was typed included; unless
somebody goes on in another tab meanwhile. Without scripts it stays (docs/known-limits.md). No gateway is needed here:
pages of the layout's own markup, under our script.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

import signpost.edge.gateway.pages

SCRIPT = Path(signpost.edge.gateway.pages.__file__).parent / "own" / "signpost.js"
URL = "https://gateway.example"
_NEARLY, _REST = 800_000, 200_000
"""Milliseconds: together more than the quarter of an hour after which a session ends."""
_PAGE = """<!DOCTYPE html><title>{title}</title><script type="module" src="/own/signpost.js"></script>
<label>Typed <input name="{field}"></label>
<div id="timeout-warning" data-lock-seconds="300" data-idle-seconds="900">
<p hidden data-for="lock">It asks for your PIN</p><p hidden data-for="idle">You are signed out soon</p></div>"""


def answer(route: Route) -> None:
    """A form, the page that asks for the PIN, or where a session that has ended is led."""
    path = route.request.url.removeprefix(URL)
    if path.endswith(".js"):
        route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
    elif path == "/":
        route.fulfill(body="<title>Sign in</title>", content_type="text/html")
    else:
        field = "unlock" if path == "/unlock" else "typed"
        route.fulfill(body=_PAGE.format(title=path, field=field), content_type="text/html")


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has those pages."""
    with chromium.new_context() as context:
        context.route("**/*", answer)
        context.clock.install()
        yield context


@pytest.mark.parametrize(("beside", "title"), [("/coverage", "/check"), ("/unlock", "Sign in"), (None, "Sign in")])
def test_what_was_typed_stays_while_somebody_is_there_and_no_longer(
    context: BrowserContext, beside: str | None, title: str
) -> None:
    """To be asked for the PIN in another tab is not to be there."""
    page = context.new_page()
    page.goto(f"{URL}/check")
    page.get_by_label("Typed").fill("999 000 0018")

    context.clock.fast_forward(_NEARLY)
    expect(page.get_by_text("You are signed out soon")).to_be_visible()
    if beside is not None:
        context.new_page().goto(f"{URL}{beside}")
        expect(page.get_by_text("You are signed out soon")).to_be_visible(visible=title != "/check")
    context.clock.fast_forward(_REST)

    expect(page).to_have_title(title)
    context.clock.fast_forward(_NEARLY)
    expect(page).to_have_title("Sign in")
