"""Checking a child: from each of the forms to the answer."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.browser.conftest import Opens
from tests.browser.place import RARE, Place


def test_a_social_worker_is_told_what_is_missing_and_then_is_answered(desk_of: Opens, place: Place) -> None:
    """By the NHS number: current work elsewhere, and work that has ended."""
    desk = desk_of("social-worker-1")

    desk.open("/check")
    desk.look("check")
    desk.press("Check")
    desk.look("check-with-errors")
    desk.check(place.current[0])
    desk.look("answer-current")
    assert "CURRENT" in desk.text
    desk.check(place.previous[0])
    desk.look("answer-previous")
    assert "PREVIOUS" in desk.text


def test_none_is_neither_green_nor_reassuring(desk_of: Opens, place: Place) -> None:
    desk = desk_of("social-worker-1")

    desk.check(place.unknown_child())
    desk.look("answer-none")
    assert "This is not proof of safety." in desk.text
    assert desk.page.locator(".govuk-panel").count() == 0


def test_a_child_is_found_by_the_upn_of_a_school(desk_of: Opens, place: Place) -> None:
    desk, child = desk_of("social-worker-1"), place.current[1]

    desk.open("/check")
    desk.follow("Check by UPN")
    desk.look("check-by-upn")
    desk.fill(Permanent_UPN="X123")
    desk.born(child)
    desk.press("Check")
    desk.look("check-by-upn-with-errors")
    desk.fill(Permanent_UPN=child.upn)
    desk.press("Check")

    assert "CURRENT" in desk.text


def test_a_child_is_found_by_name(desk_of: Opens, place: Place) -> None:
    desk, child = desk_of("social-worker-1"), place.current[2]

    desk.open("/check")
    desk.follow("Check by name")
    desk.look("check-by-name")
    desk.press("Check")
    desk.look("check-by-name-with-errors")
    desk.fill(Forename=child.forename, Surname=child.surname)
    desk.fill(**{"Postcode, if known": child.postcode})
    desk.born(child)
    desk.press("Check")

    assert "CURRENT" in desk.text


def test_somebody_of_the_same_name_and_birth_who_lives_elsewhere_is_possible(desk_of: Opens) -> None:
    """Another detail may settle it; until then nobody says anything about the child."""
    desk = desk_of("social-worker-1")

    desk.open("/check/name")
    desk.fill(Forename=RARE.forename, Surname=RARE.surname)
    desk.fill(**{"Postcode, if known": "NE1 4LP"})
    desk.born(RARE)
    desk.press("Check")
    desk.look("answer-possible")
    assert "POSSIBLE" in desk.text


def test_a_name_that_gives_none_may_be_asked_about_more_tolerantly(desk_of: Opens, place: Place) -> None:
    """With a reason that somebody chooses."""
    desk, child = desk_of("social-worker-1"), place.unknown_child()
    desk.open("/check/name")
    desk.fill(Forename=child.forename, Surname=child.surname)
    desk.fill(**{"Postcode, if known": child.postcode})
    desk.born(child)
    desk.press("Check")
    assert "NONE" in desk.text

    desk.press("Ask more tolerantly")
    desk.look("deep-with-errors")
    desk.choose("There is a serious concern")
    desk.press("Ask more tolerantly")
    desk.look("answer-deep")
    assert "NONE" in desk.text


def test_on_urgent_duty_a_child_is_asked_about_by_its_mothers_number(desk_of: Opens, place: Place) -> None:
    """Unborn, or born not long ago."""
    desk = desk_of("night-duty-1")

    desk.open("/check")
    desk.follow("Check by the mother's NHS number")
    desk.look("check-by-mother")
    desk.press("Check")
    desk.look("check-by-mother-with-errors")
    desk.fill(**{"The mother's NHS number": place.unknown_child().nhs_number})
    desk.date(place.today + dt.timedelta(days=60), of="If not yet born: expected date of birth")
    desk.press("Check")

    assert "NONE" in desk.text


def test_an_answer_is_seen_again_by_its_receipt(desk_of: Opens, place: Place) -> None:
    """One's own; another is refused in the same words as one that never was."""
    desk = desk_of("social-worker-1")

    desk.check(place.unknown_child())
    receipt = desk.receipt
    desk.follow("Check another child")
    desk.follow("See an answer again by its receipt")
    desk.look("again")
    desk.press("See the answer")
    desk.look("again-with-errors")
    desk.fill(Receipt=receipt.lower())
    desk.press("See the answer")
    assert receipt in desk.text

    desk.open("/check/again")
    desk.fill(Receipt="0000-0000")
    desk.press("See the answer")
    desk.look("receipt-unknown")


@pytest.mark.parametrize("where", ["localStorage", "sessionStorage"])
def test_nothing_of_a_child_stays_in_the_browser(desk_of: Opens, place: Place, where: str) -> None:
    """Neither in an address nor in a title nor in storage; there is one cookie."""
    desk, child = desk_of("social-worker-1"), place.unknown_child()

    desk.check(child)
    last = child.nhs_number[-4:]

    assert last not in desk.page.url
    assert last not in desk.page.title()
    assert desk.page.evaluate(f"{where}.length") == 0
    assert [cookie["name"] for cookie in desk.page.context.cookies()] == ["__Host-signpost"]


def test_the_coverage_of_the_nation_is_a_page_of_its_own(desk_of: Opens) -> None:
    desk = desk_of("social-worker-1")

    desk.open("/check")
    desk.follow("Coverage")
    desk.look("coverage")
    assert "authorities are up to date" in desk.text
