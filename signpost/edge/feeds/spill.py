"""What a pass over a large file has to remember, in memory that does not grow: a private temporary database.

SQLite keeps its pages in a cache of fixed size and spills the rest to a file whose name is taken away as soon as it is
open, so that the file ends with the process whatever happens. (Opened on the empty name SQLite would do this by itself,
but the build this project runs on is told to hold such databases in memory.) Only HMACs and byte places are ever put in
it: the key is drawn for one pass and kept nowhere, so what a thief of the disk's blocks would find names nobody.

Where not even that is to be on a disk (a gateway), a run is made within `in_memory()`: its databases are then in memory
alone, each up to `MOST_BYTES`, and any one thread at a time may use them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlite_utils.utils import sqlite3

from signpost.protocol.keys import keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = ["MOST_BYTES", "DatabaseFull", "in_memory", "private_database", "row_key"]

_CACHE_KIB: Final = 4096
KEY_BYTES: Final = 16
MOST_BYTES: Final = 256 << 20
"""Of one database in memory: some two million rows, which is more than any council has."""
_PAGE_BYTES: Final = 4096

_IN_MEMORY: ContextVar[bool] = ContextVar("in_memory", default=False)


class DatabaseFull(Exception):
    """A database in memory has come to its bound."""


class _Bounded(sqlite3.Connection):
    """Says of its bound that it is that: to SQLite it is an operation that failed, like any other."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        with _bound_told():
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        with _bound_told():
            return super().executemany(*arguments)


@contextmanager
def _bound_told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise DatabaseFull("more than is held in memory") from None


@contextmanager
def in_memory() -> Iterator[None]:
    """Private databases that are made within are in memory alone."""
    before = _IN_MEMORY.set(True)
    try:
        yield
    finally:
        _IN_MEMORY.reset(before)


def private_database(*tables: str) -> sqlite3.Connection:
    """A database that spills to an unnamed file, with the tables given. Not committed: it ends with its connection."""
    if _IN_MEMORY.get():
        # A run reads in a thread of its own and sends on the event loop, one after the other.
        bounded = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, factory=_Bounded)
        for pragma in (
            "journal_mode = OFF",
            f"page_size = {_PAGE_BYTES}",
            f"max_page_count = {MOST_BYTES // _PAGE_BYTES}",
        ):
            bounded.execute(f"PRAGMA {pragma}")
        return _begun(bounded, tables)
    with tempfile.TemporaryDirectory(prefix="signpost-") as folder:
        database = sqlite3.connect(f"{folder}/spill", isolation_level=None)
        # No journal: it would be a second file, and there is nothing to go back to.
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "locking_mode = EXCLUSIVE",
            f"cache_size = -{_CACHE_KIB}",
        ):
            database.execute(f"PRAGMA {pragma}")
        return _begun(database, tables)


def _begun(database: sqlite3.Connection, tables: Iterable[str]) -> sqlite3.Connection:
    for table in tables:
        database.execute(table)
    database.execute("BEGIN")
    return database


def row_key(join_key: Secret, *ids: str) -> bytes:
    """What stands for ids in a private database: 16 bytes of an HMAC under the key of one pass."""
    return keyed_digest(join_key, Label.FEED_JOIN, *ids)[:KEY_BYTES]
