"""Checking a child: from the form to the answer."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opens
from tests.browser.place import Place


def test_a_social_worker_is_told_what_is_missing_and_then_is_answered(desk_of: Opens, place: Place) -> None:
    desk = desk_of("worker-1")

    desk.open("/check")
    desk.look("check")
    desk.press("Check")
    desk.look("check-with-errors")
    desk.check(place.caseload.current[0])
    desk.look("answer-current")
    assert "CURRENT" in desk.text
    desk.check(place.caseload.previous[0])
    desk.look("answer-previous")
    assert "PREVIOUS" in desk.text


def test_none_is_neither_green_nor_reassuring(desk_of: Opens, place: Place) -> None:
    desk = desk_of("worker-1")

    desk.check(place.unknown_child())
    desk.look("answer-none")

    assert "This is not proof of safety." in desk.text
    assert desk.page.locator(".govuk-panel").count() == 0


@pytest.mark.parametrize("where", ["localStorage", "sessionStorage"])
def test_nothing_of_a_child_stays_in_the_browser(desk_of: Opens, place: Place, where: str) -> None:
    """Neither in an address nor in a title nor in storage; the form that is gone back to is empty."""
    desk, child = desk_of("worker-1"), place.unknown_child()

    desk.check(child)
    last = child.nhs_number[-4:]

    assert last not in desk.page.url
    assert last not in desk.page.title()
    assert desk.page.evaluate(f"{where}.length") == 0
    assert len(desk.page.context.cookies()) == 1
