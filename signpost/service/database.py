"""Opening SQLite so that what was acknowledged is there after a crash, and nobody else reads it.

Rules:
- Write-ahead log with `synchronous=FULL`: a commit returns when it is on the disk. Both are set and then *read back*;
  a disk that does not take them (a network share) is refused.
- SQLite is at least 3.51.3: older ones can corrupt a write-ahead log that two connections use. Every module takes
  `sqlite3` from sqlite-utils, which finds the newer copy in pysqlite3; nobody imports `sqlite3` itself.
- Deleted content is overwritten (`secure_delete`), sorting never spills to a file, the schema is not trusted with code.
- The file is 0600 in a folder that is 0700, as are the log and index SQLite lays beside it.
- A database that holds a migration this code does not know is refused: an older version must not write to it.

One connection writes (`open_database`, handed to `Writer`); reads in the event loop have their own (`open_reader`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlite_utils import Database, Migrations
from sqlite_utils.utils import sqlite3

from signpost.service.files import make_private_file, private_folder, refuse_unless_private
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["Connection", "open_database", "open_reader", "refuse_old_sqlite"]

Connection = sqlite3.Connection

_OLDEST: Final = (3, 51, 3)
"""The first version in which two connections cannot corrupt a write-ahead log."""

_BUSY_SECONDS: Final = 5.0
"""How long to wait for another process, such as a backup, that holds the database."""

_GIVES_PAGES_BACK: Final = "PRAGMA auto_vacuum = INCREMENTAL"
_INCREMENTAL: Final = 2
_SETTINGS: Final = (
    # (pragma, value to set, value read back)
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("temp_store", "MEMORY", 2),
    ("trusted_schema", "OFF", 0),
    ("journal_size_limit", str(64 << 20), 64 << 20),  # after a bulk load the log shrinks back to 64 MiB
)


def refuse_old_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Refuses a SQLite older than 3.51.3.

    Raises:
        StartRefused: SQLITE_TOO_OLD.
    """
    if version < _OLDEST:
        raise StartRefused(RefusalCode.SQLITE_TOO_OLD)


def open_database(path: Path, migrations: Sequence[Migrations]) -> Connection:
    """The writing connection: private, durable, migrated. In autocommit mode: transactions are begun by name.

    It may be handed to one other thread (`Writer`); it is never used by two at a time.

    Raises:
        StartRefused: the file, the SQLite or the schema is not as the module's rules say.
    """
    refuse_old_sqlite()
    private_folder(path.parent)
    make_private_file(path)
    connection = _connected(str(path))
    try:
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute(_GIVES_PAGES_BACK)  # before the first table
        _set_durable(connection, path)
        _migrate(connection, migrations, path)
        if connection.execute("PRAGMA auto_vacuum").fetchone() != (_INCREMENTAL,):
            # One from before: written anew, once, by which it takes that on.
            connection.execute(_GIVES_PAGES_BACK)
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        connection.close()
        raise StartRefused(RefusalCode.DATABASE_UNREADABLE, path=path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> Connection:
    """A connection that can only read: the event loop's. One thread at a time uses it.

    It sees each commit as soon as it is acknowledged. Fetch all rows of a statement at once: one left half read keeps
    its snapshot, and the write-ahead log then grows without end.

    Raises:
        StartRefused: the database is missing, open to others or unreadable.
    """
    refuse_old_sqlite()
    refuse_unless_private(path)
    connection = _connected(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for setting in ("query_only = ON", "trusted_schema = OFF", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise StartRefused(RefusalCode.DATABASE_UNREADABLE, path=path) from error
    return connection


def _connected(name: str, *, uri: bool = False) -> Connection:
    return sqlite3.connect(
        name,
        timeout=_BUSY_SECONDS,
        isolation_level=None,  # no transaction opens by itself
        check_same_thread=False,  # opened in one thread, used in another; SQLite itself is built for any
        uri=uri,
    )


def _set_durable(connection: Connection, path: Path) -> None:
    for pragma, value, expected in _SETTINGS:
        connection.execute(f"PRAGMA {pragma} = {value}")
        (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        if found != expected:
            raise StartRefused(RefusalCode.DATABASE_NOT_DURABLE, path=path, details=(pragma,))


def _migrate(connection: Connection, migrations: Sequence[Migrations], path: Path) -> None:
    # No plugins: sqlite-utils would let any installed package act on the connection.
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    with Database(memory=True, execute_plugins=False) as empty:  # there, every migration of a set is still to come
        known = {(each.name, migration.name) for each in migrations for migration in each.pending(empty)}
    record = Migrations.migrations_table
    applied = {(row["migration_set"], row["name"]) for row in database[record].rows}
    somebody_elses = not applied and set(database.table_names()) - {record}
    if somebody_elses or not applied <= known:
        raise StartRefused(RefusalCode.SCHEMA_UNKNOWN, path=path)
    for each in migrations:
        each.apply(database)
