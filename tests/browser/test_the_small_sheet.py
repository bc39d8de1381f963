"""Where the Design System was not fetched, the pages stand under a small sheet of their own, and lose nothing by it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import Opens
from tests.browser.place import Place
from tests.contract.repository import ROOT

OWN = ROOT / "signpost" / "edge" / "gateway" / "pages" / "own" / "signpost.css"


def without_the_design_system(page: Page) -> None:
    """Give the small sheet for the Design System's, and none of its scripts."""
    page.route("**/assets/*.css", lambda route: route.fulfill(path=OWN))
    page.route("**/over.css", lambda route: route.fulfill(body="", content_type="text/css"))
    page.route("**/components.js", lambda route: route.fulfill(body="", content_type="text/javascript"))


def test_a_child_is_checked_under_the_small_sheet(desk_of: Opens, place: Place) -> None:
    """axe, and a window of 320 pixels, are the same as for the other."""
    desk = desk_of("social-worker-1")
    desk.dress = without_the_design_system
    without_the_design_system(desk.page)

    desk.open("/check/name")
    desk.press("Check")
    desk.look("check-by-name-with-errors")
    assert desk.page.evaluate("getComputedStyle(document.querySelector('.govuk-button')).backgroundColor") == (
        "rgb(29, 60, 90)"
    )
    desk.check(place.previous[2])
    desk.look("answer-previous")
