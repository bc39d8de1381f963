"""The walks of docs/tutorial/offices-in-a-browser.md, and their pictures: a child is hidden, a family asks, an
emergency is looked at afterwards, accounts are looked through, an extract is uploaded.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from signpost.edge.identifiers import IdentifierCode
from signpost_cli.demo.dirty import dirty_rows
from signpost_cli.demo.families import generate_csv
from tests.browser.conftest import Window
from tests.browser.pictures import ELSEWHERE, take
from tests.browser.place import PIN, Place
from tests.browser.test_contact import SETTLED_SECONDS
from tests.browser.test_offices_of_the_organisation import CHILDREN, SEED, upload, wait_until_it_ends


def test_the_tutorials_child_is_hidden_and_only_the_desk_sees_who_asks(seated: Window, place: Place) -> None:
    hiding, approving = seated("shielding-1"), seated("shielding-2")
    asking, deciding = seated("social-worker-1"), seated("desk-2")
    child = place.current.pop()

    hiding.open("/shields/hide")
    hiding.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    hiding.born(child, of="Date of birth")
    hiding.choose("Fleeing abuse")
    take(hiding.page, "hide-a-child")
    hiding.press("Hide this child")
    take(hiding.page, "a-child-is-hidden")
    shield = hiding.receipt
    asking.check(child)
    assert "NONE" in asking.text
    asking.choose("Now: within 15 minutes")
    asking.press("Leave a call-back")
    time.sleep(SETTLED_SECONDS)

    approving.open("/shields/approve")
    approving.fill(**{"The shield’s reference": shield, "Your PIN": PIN})
    approving.choose("That it hides")
    take(approving.page, "approve-a-shield")
    approving.press("Approve")
    hiding.open("/shields")
    assert "An officer elsewhere has approved it." in hiding.text
    deciding.open("/desk")
    assert shield in deciding.text
    take(deciding.page, "what-waits-at-the-desk")


def test_the_tutorials_family_asks_and_a_colleague_decides_what_it_may_be_told(seated: Window, place: Place) -> None:
    asking, deciding = seated("rights-officer-1"), seated("rights-officer-2")
    child = place.current[5]

    asking.open("/rights")
    take(asking.page, "a-familys-rights")
    asking.open("/rights/ask")
    asking.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    asking.born(child)
    asking.press("Ask for the report")
    take(asking.page, "a-report-is-asked-for")
    deciding.open("/rights")
    deciding.press(f"Decide {asking.receipt}")
    take(deciding.page, "what-a-family-may-be-told")


def test_the_tutorials_emergency_is_reviewed(seated: Window, place: Place) -> None:
    night, reviewing = seated("night-duty-1"), seated("rights-officer-1")
    night.check(place.current.pop())
    receipt = night.receipt
    night.press("Show the duty line")
    night.fill(Type_the_receipt_to_go_on=receipt, Your_PIN=PIN)
    night.press("Show the duty line")

    reviewing.open("/reviews")
    assert "night-duty-1" in reviewing.text
    take(reviewing.page, "emergencies-to-review")


def test_the_tutorials_administrator_looks_through_accounts_and_desks(seated: Window) -> None:
    desk = seated("administrator-1")

    desk.open("/")
    take(desk.page, "overview")
    desk.open("/accounts")
    take(desk.page, "accounts")
    desk.press("Suspend leaver-1")
    take(desk.page, "suspend-an-account")
    desk.open("/handles")
    take(desk.page, "desks")
    desk.open("/coverage")
    take(desk.page, "coverage")


def test_the_tutorials_extract_is_looked_at_and_then_registered(seated: Window, place: Place, tmp_path: Path) -> None:
    """One of its NHS numbers is none."""
    desk, extract = seated("data-1"), tmp_path / "extract.csv"
    wrong = dirty_rows(IdentifierCode.NHS_CHECK_DIGIT, seed=SEED, today=place.today, council="NORTH")
    generate_csv(extract, SEED, 2 * CHILDREN + 5, today=place.today, council="NORTH", extra=wrong)

    desk.open("/feeds")
    take(desk.page, "upload-an-extract")
    upload(desk, place, extract, dry_run=True)
    wait_until_it_ends(desk)
    assert desk.heading == "Dry run: nothing was sent"
    take(desk.page, "a-dry-run")
    upload(desk, place, extract)
    wait_until_it_ends(desk)
    assert desk.heading == "Registered"
    desk.follow("All feeds")
    take(desk.page, "feeds")


@pytest.mark.parametrize(
    ("account", "path", "button", "name", "where"),
    [
        ("shielding-1", "/shields/hide", "Hide this child", "hide-a-child", "in-forced-colours"),
        ("rights-officer-1", "/rights/ask", "Ask for the report", "ask-for-a-report", "on-a-telephone"),
        ("administrator-1", "/accounts", None, "accounts", "on-a-telephone"),
        ("data-1", "/feeds", "Upload", "feeds", "at-400-percent"),
    ],
    ids=["hiding", "rights", "accounts", "feeds"],
)
def test_an_offices_page_looks_right_elsewhere(
    seated: Window, account: str, path: str, button: str | None, name: str, where: str
) -> None:
    """With mistakes in it, where there is a form. Nothing is cut off to the side. People look at the pictures."""
    desk = seated(account, **ELSEWHERE[where])

    desk.open(path)
    if button is not None:
        desk.press(button)
    take(desk.page, f"{name}-{where}")

    width, fits = desk.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= fits
