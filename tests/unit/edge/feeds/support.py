"""What the tests of feeds share: a day, a key, and small files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import BadRow, Feed, GoodRow, Row
from signpost.protocol.secret import Secret
from signpost_cli.demo.families import HANDLES

TODAY = date(2026, 5, 1)
JOIN_KEY = Secret(b"one pass over a feed, 32 bytes..")
KNOWN = Handles(HANDLES, own=HANDLES.values())

GOOD = {
    "local_id": "L1",
    "nhs_number": "9990000042",
    "upn": "A950000178301",
    "date_of_birth": "2015-04-03",
    "start": "2025-01-02",
    "end": "",
    "handle": "front-door",
}
"""A row of our own format in which nothing is wrong."""


def write(path: Path, *rows: Mapping[str, str], encoding: str = "utf-8", newline: str = "\n") -> Path:
    """A CSV file whose header is the first row's keys; cells are written as they are."""
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_bytes((newline.join(lines) + newline).encode(encoding))
    return path


def open_csv(path: Path, handles: Handles = KNOWN) -> CSVFeed:
    """The feed over a file."""
    return CSVFeed(path, today=TODAY, handles=handles, join_key=JOIN_KEY)


def read(feed: Feed) -> list[Row]:
    """Every row; the feed is closed."""
    try:
        return list(feed.rows())
    finally:
        feed.close()


def rows_of(path: Path, *rows: Mapping[str, str]) -> list[Row]:
    """What a file of our own format with these rows is read as."""
    return read(open_csv(write(path, *rows)))


def errors_of(rows: Iterable[Row]) -> list[tuple[int, str, str]]:
    """Row, field and code of every error."""
    return [(e.row, e.field, e.code.value) for row in rows if isinstance(row, BadRow) for e in row.errors]


def good(rows: Iterable[Row]) -> list[GoodRow]:
    """The good rows alone."""
    return [row for row in rows if isinstance(row, GoodRow)]
