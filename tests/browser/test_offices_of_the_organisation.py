"""The pages of an organisation's administrator and of its data officer."""

from __future__ import annotations

from pathlib import Path

from signpost_cli.demo.families import generate_csv
from tests.browser.conftest import Opens
from tests.browser.place import PIN, Place


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
    desk.page.get_by_label("The extract").set_input_files(extract)
    desk.press("Upload")
    desk.page.get_by_role("link", name="All feeds").wait_for()
    desk.look("feed")
