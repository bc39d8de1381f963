"""The page that says what is held says all of it, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from signpost.edge.gateway.events import GatewayEvent
from signpost.index.events import IndexEvent
from signpost.index.keyfile import IndexKeys
from signpost.index.lifetimes import LIFETIMES
from signpost.index.storage.schema import MIGRATIONS as INDEX_MIGRATIONS
from signpost.service.database import Connection, open_database
from signpost.service.events import ServiceEvent
from signpost.service.log import Event
from signpost_keys.events import HolderEvent
from signpost_keys.storage import MIGRATIONS as HOLDER_MIGRATIONS
from tests.contract.repository import ROOT

PAGE = (ROOT / "docs" / "data-held.md").read_text(encoding="utf-8")

# What SQLite and sqlite-utils keep about the tables; it holds no data of ours.
_HOUSEKEEPING = ("sqlite_", "_sqlite_")

Schema = dict[str, list[str]]


@pytest.mark.parametrize(
    ("heading", "migrations"),
    [
        ("The index's database", (INDEX_MIGRATIONS,)),
        ("A key holder's database", HOLDER_MIGRATIONS),
    ],
)
def test_every_table_and_column_of_a_database_is_on_the_page_and_no_other(
    heading: str, migrations: Sequence[Migrations], tmp_path: Path
) -> None:
    """A column that is added without a word on why, how long and for whom fails here."""
    assert on_the_page(heading) == in_the_database(tmp_path / "migrated.db", migrations)


@pytest.mark.parametrize("heading", ["The index's database", "A key holder's database"])
def test_every_table_says_why_how_long_and_who_reads(heading: str) -> None:
    """Three questions, answered for each table."""
    for table, text in sections(heading):
        said = " ".join(text.split())
        assert all(question in said for question in ("*Why*:", "*How long*:", "*Who reads*:")), table


def test_how_long_each_table_is_kept_is_what_the_one_table_of_lifetimes_says() -> None:
    """And no table is without one."""
    said = {}
    for table, text in sections("The index's database"):
        found = re.search(r"\*How long\*:\s+(.*?)\.(?:\s+\*|\s+The|\s+In|$)", " ".join(text.split()))
        assert found is not None, table
        said[table] = found[1]

    assert said == dict(LIFETIMES)


def test_every_key_of_the_indexs_key_file_is_on_the_page() -> None:
    """The keys are listed in the order of the file."""
    listed = re.findall(r"(?m)^\| `(\w+)` \|", part("The index's key file"))

    assert listed == [field.name for field in fields(IndexKeys)]


def test_every_log_event_is_on_the_page_with_its_fields_and_no_other() -> None:
    """What a service may log is a closed list, and the whole of it can be read."""
    listed = {
        code: (level, re.findall(r"`(\w+)`", named))
        for code, level, named in re.findall(r"(?m)^\| `([a-z-]+)` \| (\w+) \| (.*?) \|", part("Logs"))
    }

    assert listed == {event.code: (event.level.value, list(event.fields)) for event in catalogue()}


def part(heading: str) -> str:
    """The page's text under a second-level heading."""
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    assert rest, f"the page has no part called {heading}"
    return rest.partition("\n## ")[0]


def sections(heading: str) -> Iterator[tuple[str, str]]:
    """Each table that a part describes, with what is said of it."""
    for section in part(heading).split("\n### ")[1:]:
        title, _, text = section.partition("\n")
        yield title.strip("`"), text


def on_the_page(heading: str) -> Schema:
    """Tables and columns as the page lists them."""
    return {table: sorted(re.findall(r"(?m)^\| `(\w+)` \|", text)) for table, text in sections(heading)}


def in_the_database(path: Path, migrations: Sequence[Migrations]) -> Schema:
    """Tables and columns of a database that was made by the service's own migrations."""
    path.parent.chmod(0o700)
    connection = open_database(path, migrations)
    try:
        return {table: sorted(columns(connection, table)) for table in tables(connection)}
    finally:
        connection.close()


def tables(connection: Connection) -> Iterator[str]:
    """The names of our tables."""
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        if not name.startswith(_HOUSEKEEPING):
            yield name


def columns(connection: Connection, table: str) -> list[str]:
    """The names of a table's columns."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]


def catalogue() -> Iterator[Event]:
    """Every event that a service may log."""
    for events in (ServiceEvent, IndexEvent, HolderEvent, GatewayEvent):
        yield from events
