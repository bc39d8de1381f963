"""SQLite is opened durable, private and of a known schema, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations
from sqlite_utils.utils import sqlite3

from signpost.service import database
from signpost.service.database import Connection, open_database, open_reader, refuse_old_sqlite
from signpost.service.refusals import RefusalCode, StartRefused


def migrations(*names: str, set_name: str = "words") -> Migrations:
    """A set in which each migration makes a table of its own name."""
    made = Migrations(set_name)
    for name in names:

        def make(db: Database, table: str = name) -> None:
            db.execute(f"CREATE TABLE {table} (word TEXT NOT NULL) STRICT")

        made(name=name)(make)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "words.sqlite"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_commit_is_on_the_disk_before_it_returns(path: Path) -> None:
    """The write-ahead log is on and synchronous is FULL, as SQLite itself says."""
    connection = open_database(path, [migrations("word")])

    settings = {
        pragma: connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        for pragma in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store", "trusted_schema")
    }

    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "temp_store": 2,
        "trusted_schema": 0,
    }
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    connection.close()


def test_a_place_that_cannot_be_made_durable_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that will not take a write-ahead log is refused: here one in memory, elsewhere a network share."""
    monkeypatch.setattr(database, "_connected", lambda *_, **__: sqlite3.connect(":memory:"))

    with pytest.raises(StartRefused) as refused:
        open_database(path, [])

    assert refused.value.code is RefusalCode.DATABASE_NOT_DURABLE
    assert refused.value.details == ("journal_mode",)


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_an_old_sqlite_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(StartRefused) as refused:
        refuse_old_sqlite(version)

    assert refused.value.code is RefusalCode.SQLITE_TOO_OLD


def test_the_sqlite_in_use_is_new_enough() -> None:
    refuse_old_sqlite()


def test_the_database_and_what_lies_beside_it_are_private(path: Path) -> None:
    """Folder 0700; database, write-ahead log and shared memory 0600."""
    connection = open_database(path, [migrations("word")])
    connection.execute("INSERT INTO word VALUES ('lamp')")

    modes = {each.name: mode(each) for each in path.parent.iterdir()}

    assert mode(path.parent) == 0o700
    assert modes == {"words.sqlite": 0o600, "words.sqlite-wal": 0o600, "words.sqlite-shm": 0o600}
    connection.close()


@pytest.mark.parametrize("open_bits", [0o640, 0o604, 0o660])
def test_a_database_others_can_read_is_refused(path: Path, open_bits: int) -> None:
    open_database(path, [migrations("word")]).close()
    path.chmod(open_bits)

    with pytest.raises(StartRefused) as writing:
        open_database(path, [migrations("word")])
    with pytest.raises(StartRefused) as reading:
        open_reader(path)

    assert writing.value.code is reading.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


def test_a_folder_others_can_enter_is_refused(path: Path) -> None:
    path.parent.mkdir(mode=0o755)

    with pytest.raises(StartRefused) as refused:
        open_database(path, [])

    assert refused.value.code is RefusalCode.FOLDER_OPEN_TO_OTHERS
    assert not path.exists()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(b"not a database" * 100)

    with pytest.raises(StartRefused) as refused:
        open_database(path, [])

    assert refused.value.code is RefusalCode.DATABASE_UNREADABLE


def test_a_missing_database_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(StartRefused) as refused:
        open_reader(path)

    assert refused.value.code is RefusalCode.FILE_UNREADABLE
    assert not path.exists()


def test_migrations_apply_once_and_in_order(path: Path) -> None:
    """A newer version adds what is missing to what an older one left."""
    older = open_database(path, [migrations("word")])
    older.execute("INSERT INTO word VALUES ('lamp')")
    older.close()

    newer = open_database(path, [migrations("word", "phrase"), migrations("meter", set_name="other")])

    assert newer.execute("SELECT word FROM word").fetchall() == [("lamp",)]
    assert newer.execute("SELECT count(*) FROM phrase").fetchone() == (0,)
    assert newer.execute("SELECT count(*) FROM meter").fetchone() == (0,)
    newer.close()


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param([migrations("word", "phrase")], id="a later migration of the set"),
        pytest.param([migrations("word"), migrations("meter", set_name="other")], id="another set"),
    ],
)
def test_a_database_of_a_newer_version_is_refused_unchanged(path: Path, newer: list[Migrations]) -> None:
    """A migration this code does not know means that it must not write."""
    open_database(path, newer).close()
    before = path.read_bytes()

    with pytest.raises(StartRefused) as refused:
        open_database(path, [migrations("word")])

    assert refused.value.code is RefusalCode.SCHEMA_UNKNOWN
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused(path: Path) -> None:
    """Tables that no migration of ours made are not ours to add to."""
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE word (word TEXT)")
    theirs.close()

    with pytest.raises(StartRefused) as refused:
        open_database(path, [migrations("word")])

    assert refused.value.code is RefusalCode.SCHEMA_UNKNOWN


def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(path: Path) -> None:
    """What a broken migration began is undone, and the one that mends it runs."""
    broken = Migrations("words")

    @broken(name="word")
    def half(db: Database) -> None:
        db.execute("CREATE TABLE word (word TEXT NOT NULL) STRICT")
        db.execute("CREATE TABLE word (word TEXT NOT NULL) STRICT")

    with pytest.raises(StartRefused):
        open_database(path, [broken])
    mended = open_database(path, [migrations("word")])

    assert mended.execute("SELECT count(*) FROM word").fetchone() == (0,)
    mended.close()


def test_a_reader_sees_each_commit_and_can_write_nothing(path: Path) -> None:
    writing = open_database(path, [migrations("word")])
    reading = open_reader(path)

    writing.execute("INSERT INTO word VALUES ('lamp')")

    assert reading.execute("SELECT word FROM word").fetchall() == [("lamp",)]
    with pytest.raises(sqlite3.OperationalError):
        reading.execute("DELETE FROM word")
    reading.close()
    writing.close()


def test_what_is_deleted_is_not_left_in_the_file(path: Path) -> None:
    """After a clean end no page of the database holds a deleted value, and no log lies beside it."""
    connection = open_database(path, [migrations("word")])
    connection.executemany("INSERT INTO word VALUES (?)", [(f"heirloom {number}",) for number in range(2000)])
    connection.execute("DELETE FROM word")
    connection.close()

    assert b"heirloom" not in path.read_bytes()
    assert [each.name for each in path.parent.iterdir()] == ["words.sqlite"]


def test_no_transaction_opens_by_itself(path: Path) -> None:
    connection: Connection = open_database(path, [migrations("word")])

    connection.execute("INSERT INTO word VALUES ('lamp')")

    assert not connection.in_transaction
    connection.close()


def test_a_database_from_before_gives_its_pages_back_too(path: Path) -> None:
    """It is written anew at its first start, and loses nothing by it."""
    path.parent.mkdir(mode=0o700)
    first = open_database(path, [migrations("word")])
    first.execute("PRAGMA auto_vacuum = NONE")
    first.execute("VACUUM")
    first.execute("INSERT INTO word VALUES ('heron')")
    assert first.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    first.close()

    again = open_database(path, [migrations("word")])

    assert again.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert again.execute("SELECT word FROM word").fetchall() == [("heron",)]
    again.close()
