"""The pages of an organisation's administrator and of its data officer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signpost.edge.identifiers import IdentifierCode
from signpost_cli.demo.dirty import dirty_rows
from signpost_cli.demo.families import generate_csv
from tests.browser.conftest import Opens
from tests.browser.desk import Desk
from tests.browser.place import PIN, Place

SEED = 11
CHILDREN = 60
PATIENCE_SECONDS = 60


def test_an_administrator_sees_how_things_stand_and_stops_an_account(desk_of: Opens) -> None:
    desk = desk_of("administrator-1")
    stopped = "renewer-1" if desk.scripts else "renewer-2"

    desk.open("/")
    desk.look("overview")
    desk.follow("See the desks")
    desk.look("desks")
    desk.open("/accounts")
    desk.look("accounts")
    desk.press(f"Suspend {stopped}")
    desk.look("suspend")
    desk.press("Suspend")
    desk.look("suspend-with-errors")
    desk.fill(Your_PIN=PIN)
    desk.press("Suspend")
    assert desk.heading == "Accounts"
    assert desk.page.get_by_role("button", name=f"Suspend {stopped}").count() == 0


def test_a_data_officer_uploads_an_extract_and_is_told_what_is_wrong_with_it(
    desk_of: Opens, place: Place, tmp_path: Path
) -> None:
    """A dry run, of rows for desks that the council does not have: each row is named, and none of what stood in it."""
    desk, extract = desk_of("data-1"), tmp_path / "extract.csv"
    generate_csv(extract, 3, 12, today=place.today)

    desk.open("/feeds")
    desk.look("feeds")
    desk.press("Upload")
    desk.look("feeds-with-errors")
    desk.choose("Signpost's own CSV")
    desk.page.get_by_label("The extract", exact=True).set_input_files(extract)
    desk.press("Upload")
    wait_until_it_ends(desk)
    desk.look("feed")
    assert desk.heading == "Dry run: nothing was sent"


@pytest.fixture
def pause(place: Place) -> Iterator[Callable[[int], None]]:
    """Has two key holders of three stand still, and go on: what is registered waits for them."""
    holders = [place.world.process_id(name) for name in ("holder-2", "holder-3")]

    def send(number: int) -> None:
        for holder in holders:
            os.kill(holder, number)

    yield send
    send(signal.SIGCONT)


def upload(desk: Desk, place: Place, extract: Path, *, dry_run: bool = False) -> None:
    """Have an extract registered; or looked at."""
    desk.open("/feeds")
    desk.choose("Signpost's own CSV")
    desk.choose("Dry run" if dry_run else "Register it")
    desk.page.get_by_label("The extract", exact=True).set_input_files(extract)
    desk.page.get_by_label("The handles file").set_input_files(place.north_handles)
    if not dry_run:
        desk.fill(Your_PIN=PIN)
    desk.press("Upload")


def wait_until_it_ends(desk: Desk) -> None:
    """Look how far it is until it has ended."""
    wait_while(desk, lambda: desk.page.get_by_role("link", name="See how far it is now").count() > 0)


def wait_while(desk: Desk, goes_on: Callable[[], bool]) -> None:
    """Look how far it is for as long as that is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while goes_on():
        assert time.monotonic() < deadline, f"still: {desk.heading}"
        desk.follow("See how far it is now")


def test_an_extract_is_registered_seen_on_its_way_and_its_errors_are_downloaded(
    desk_of: Opens, place: Place, tmp_path: Path, pause: Callable[[int], None]
) -> None:
    """Cancelled on its way, uploaded again, and registered; one row of it is wrong."""
    desk, extract = desk_of("data-1"), tmp_path / "extract.csv"
    generate_csv(
        extract, SEED, CHILDREN if desk.scripts else 2 * CHILDREN, today=place.today, council="NORTH",
        extra=dirty_rows(IdentifierCode.NHS_CHECK_DIGIT, seed=SEED, today=place.today, council="NORTH"),
    )  # fmt: skip

    pause(signal.SIGSTOP)
    upload(desk, place, extract)
    wait_while(desk, lambda: desk.heading != "Registering")
    desk.look("feed-under-way")
    assert "It goes on when you close this page" in desk.text
    desk.press("Cancel it")
    pause(signal.SIGCONT)
    wait_until_it_ends(desk)
    desk.look("feed-cancelled")
    assert desk.heading == "Cancelled"

    upload(desk, place, extract)
    wait_until_it_ends(desk)
    desk.look("feed-registered")
    assert desk.heading == "Registered"
    with desk.page.expect_download() as begun:
        desk.page.get_by_role("button", name="Download the errors file").click()
    errors = Path(begun.value.path()).read_text()
    assert IdentifierCode.NHS_CHECK_DIGIT.value in errors
    assert "999" not in errors
    desk.follow("All feeds")
    desk.look("feeds-with-history")
