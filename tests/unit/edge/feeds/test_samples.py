"""The published samples, fake by their authors and dirty on purpose: refused by name, never by accident.

They are not part of the project; where they are not beside it, there is nothing to test.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from signpost.edge.dates import parse_date
from signpost.edge.feeds.csv_feed import csv_children
from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.identifiers import UPN, IdentifierError
from tests.unit.edge.feeds.support import TODAY, open_csv

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
