"""The published samples, fake by their authors and dirty on purpose: refused by name, never by accident.

They are not part of the project; where they are not beside it, there is nothing to test.
"""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.dates import parse_date
from signpost.edge.feeds.cin_feed import CINFeed
from signpost.edge.feeds.csv_feed import csv_children
from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.model import Row
from signpost.edge.feeds.s903_feed import S903Feed
from signpost.edge.identifiers import UPN, IdentifierError
from tests.unit.edge.feeds.support import JOIN_KEY, TODAY, errors_of, good, open_csv, read, write

SAMPLES = Path(__file__).parents[5] / "shared" / "samples"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not beside the project")


def _column(name: str, column: str) -> list[str]:
    with (SAMPLES / name).open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_made_up_upns_mostly_fail_the_check_letter() -> None:
    """As their authors meant them to: a made-up number is not somebody's."""
    refused = 0
    upns = [upn for upn in _column("ssda903_header_60.csv", "UPN") if upn]

    for upn in upns:
        try:
            UPN.parse(upn)
        except IdentifierError:
            refused += 1

    assert refused > 0.8 * len(upns) > 0


@pytest.mark.parametrize(
    ("name", "column"),
    [("ssda903_header_60.csv", "DOB"), ("ssda903_episodes_60.csv", "DECOM"), ("sui_batch_40.csv", "DOB")],
)
def test_their_dates_are_all_read(name: str, column: str) -> None:
    """Day first."""
    assert all(parse_date(text).year > 1990 for text in _column(name, column) if text)


def test_the_census_is_read_in_spite_of_its_stray_text() -> None:
    """Its UPN is refused by name; of the other child nothing but a date is known."""
    rows = rows_of_census()

    assert errors_of(rows) == [
        (1, "FormerUPN", "UPN_CHECK_LETTER"),
        (1, "UPN", "UPN_CHECK_LETTER"),
        (2, "UPN", "NOTHING_TO_MATCH"),
    ]


def test_with_an_identity_file_the_second_child_of_the_census_goes_in(tmp_path: Path) -> None:
    """The file has what the census has not, on a day not a year after the work ended."""
    ids = write(tmp_path / "ids.csv", {"local_id": "child_fails_assessments", "nhs_number": "9990000042"})

    (row,) = good(rows_of_census(ids, today=date(2025, 10, 1)))

    assert (row.involvement.started_on, row.involvement.ended_on) == (date(2024, 10, 24), date(2024, 10, 29))


def test_the_return_is_read_and_its_made_up_upns_are_refused(tmp_path: Path) -> None:
    """With no error but theirs, and of dates that contradict each other; whoever has a good one goes in."""
    for name in ("header", "episodes"):
        shutil.copy(SAMPLES / f"ssda903_{name}_60.csv", tmp_path)
    shutil.copy(SAMPLES / "ssda903_sw_episodes.csv", tmp_path)

    rows = read(S903Feed(tmp_path, today=TODAY, handle="x", identity=None, join_key=JOIN_KEY))

    # What the authors mean by a check: nothing here fails for want of being read.
    assert {code for _, _, code in errors_of(rows)} <= {
        "UPN_CHECK_LETTER", "UPN_SHAPE", "UPN_LENGTH", "NOTHING_TO_MATCH", "PERSON_REFUSED", "START_BEFORE_BIRTH",
        "EPISODE_REFUSED", "END_BEFORE_START", "ADOPTION_UNDATED",
    }  # fmt: skip
    assert len(errors_of(rows)) > 10


def test_the_second_child_of_the_census_is_passed_over_once_the_work_ended_a_year_ago(tmp_path: Path) -> None:
    """Neither sent nor an error: nothing would be kept of it."""
    ids = write(tmp_path / "ids.csv", {"local_id": "child_fails_assessments", "nhs_number": "9990000042"})

    rows = rows_of_census(ids)

    assert (good(rows), [row for row, *_ in errors_of(rows)]) == ([], [1, 1])


def rows_of_census(identity: Path | None = None, *, today: date = TODAY) -> list[Row]:
    """The sample census, as read on a day."""
    path = SAMPLES / "cin_census_2026_2children.xml"
    return read(CINFeed(path, today=today, handle="x", identity=identity, join_key=JOIN_KEY))


@pytest.mark.parametrize(
    ("name", "code", "where"),
    [
        ("sui_batch_40.csv", FileCode.COLUMN_MISSING, "local_id"),
        ("ssda903_sw_episodes.csv", FileCode.COLUMN_MISSING, "local_id"),
        ("annex_a_sample.xlsx", FileCode.FILE_WORKBOOK, "csv"),
        ("cin_census_2026_2children.xml", FileCode.COLUMN_MISSING, "local_id"),
    ],
)
def test_a_file_of_another_format_is_refused_by_name(name: str, code: FileCode, where: str) -> None:
    """Whether it is to be registered or only looked at."""
    for reading in (lambda: open_csv(SAMPLES / name), lambda: list(csv_children(SAMPLES / name, today=TODAY))):
        with pytest.raises(FeedError) as refused:
            reading()
        assert (refused.value.code, refused.value.where.split(", ")[0]) == (code, where)
