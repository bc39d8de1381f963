"""What every page has to stand, in every state a walk comes to: that it is the page it should be, that everybody can
use it, that it fits a narrow screen, and that its sentences stand apart.

axe finds what breaks WCAG 2.2 at level AA. A window 320 CSS pixels wide is what 400 % zoom makes of one that is 1,280.
axe is a script itself: a page without scripts is laid, as it stands, before a second window that runs axe and nothing
of the page's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.pictures import take_looks
from tests.browser.states import STATES
from tests.contract.repository import ROOT

__all__ = ["SEEN", "look_at", "refuse_barriers", "refuse_scrolling_sideways", "refuse_stuck_sentences"]

SEEN: Final[set[tuple[str, bool]]] = set()
"""Each state that was looked at, with scripts (true) and without."""

_AXE: Final = ROOT / "requirements" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
_RUN: Final = """
async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, preload: false});
  return found.violations.map(
    (each) => ({rule: each.id, help: each.help, where: each.nodes.map((node) => [node.html, node.failureSummary])})
  );
}
"""
_STUCK_TOGETHER: Final = re.compile(r"[a-z]\.[A-Z]\w*")
"""Two sentences without a space between: a template's own line breaks are none."""
NARROW: Final = {"width": 320, "height": 256}
"""400 % of 1,280 by 1,024 (WCAG 2.2, 1.4.10)."""


def look_at(page: Page, name: str, *, second: Page | None, dress: Callable[[Page], None] | None = None) -> None:
    """Check that the page is in the state of that name, and that it can be used so. `second`: another window, where the
    page's own runs no scripts; `dress`: what gives it the same sheets, where they are not the usual ones.
    """
    state = STATES[name]
    assert state.title.fullmatch(page.title()), f"{name}: the title is {page.title()!r}"
    assert page.locator(".govuk-error-summary").count() == (1 if state.errors else 0), name
    refuse_stuck_sentences(page, name)
    examined = page
    if second is not None:
        _lay_before(second, page)
        if dress is not None:
            dress(second)
        second.goto(page.url)
        examined = second
    refuse_barriers(examined, name)
    refuse_scrolling_sideways(examined, name)
    SEEN.add((name, second is None))
    if second is None and dress is None:
        take_looks(page, name)


def _lay_before(second: Page, page: Page) -> None:
    second.unroute_all()
    second.unroute_all()
    second.route("**/*.js", lambda route: route.abort())
    second.route(page.url, lambda route: route.fulfill(body=page.content(), content_type="text/html"))


def refuse_barriers(page: Page, name: str) -> None:
    """Fail where axe finds what keeps somebody out."""
    page.evaluate(_source())
    found: list[Any] = page.evaluate(_RUN, list(_RULES))
    assert found == [], f"{name}: {json.dumps(found, indent=1)}"


def refuse_stuck_sentences(page: Page, name: str) -> None:
    """Fail where a sentence begins without a space after the one before it."""
    stuck = _STUCK_TOGETHER.findall(page.inner_text("main"))
    assert stuck == [], f"{name}: {stuck} stands without a space"


def refuse_scrolling_sideways(page: Page, name: str) -> None:
    """Fail where the page is wider than a narrow window."""
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(usual)
    assert width <= NARROW["width"], f"{name}: {width} pixels wide at 400 %"


@cache
def _source() -> str:
    assert _AXE.exists(), "axe-core was not fetched: run `make assets` where npm is"
    return _AXE.read_text(encoding="utf-8")
