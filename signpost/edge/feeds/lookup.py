"""Rows of a table found by the council's own id, without holding them in memory: an HMAC of the id leads to a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import final

from signpost.edge.feeds.cells import Cells, canonical_id
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.feeds.table import Record, Table
from signpost.protocol.secret import Secret

__all__ = ["RowsById", "Several"]


class Several:
    """What is found where more than one row has the id. `row`: the first one's number."""

    def __init__(self, row: int) -> None:
        self.row = row


@final
class RowsById:
    """The rows of one table, by the id in one of its columns. The table is closed with it."""

    def __init__(self, table: Table, column: str, cells: Callable[[Record], Cells], *, join_key: Secret) -> None:
        """Note where every row stands. `cells`: how a row of the table is read.

        Raises:
            FeedError: the file cannot be read to its end.
        """
        self.table = table
        self._column = column
        self._cells = cells
        self._join_key = join_key
        # row: HMAC of the id -> where its row starts, the row's number, whether another row has the same id
        # fault: rows that cannot be told apart into cells, or have no id
        tables = (
            "CREATE TABLE row (key BLOB PRIMARY KEY, place INTEGER, row INTEGER, twice INTEGER) WITHOUT ROWID",
            "CREATE TABLE fault (row INTEGER, field TEXT, code TEXT)",
        )
        with ExitStack() as opened:
            opened.enter_context(closing(table))
            self._places = opened.enter_context(closing(private_database(*tables)))
            for record in table.records():
                self._note(record)
            self._opened = opened.pop_all()

    def find(self, local_id: str) -> Record | Several | None:
        """The row of an id."""
        found = self._places.execute(
            "SELECT place, row, twice FROM row WHERE key = ?", (self._key(local_id),)
        ).fetchone()
        if found is None:
            return None
        place, row, twice = found
        return Several(row) if twice else self.table.record_at(place, row=row)

    def unreadable(self) -> Iterator[RowError]:
        """The rows that belong to nobody."""
        for row, field, code in self._places.execute("SELECT row, field, code FROM fault ORDER BY rowid"):
            yield RowError(row, field, RowCode(code))

    def close(self) -> None:
        """Let go of the file, and forget."""
        self._opened.close()

    def _note(self, record: Record) -> None:
        cells = self._cells(record)
        if record.fault is not None:
            cells.refuse("row", record.fault)
        else:
            local_id = cells.text(self._column)
            if local_id:
                insert = "INSERT INTO row VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE SET twice = 1"
                self._places.execute(insert, (self._key(local_id), record.place, record.row))
                return
            cells.refuse(self._column, RowCode.LOCAL_ID_MISSING)
        (error,) = cells.errors
        self._places.execute("INSERT INTO fault VALUES (?, ?, ?)", (error.row, error.field, error.code.value))

    def _key(self, local_id: str) -> bytes:
        return row_key(self._join_key, "row", canonical_id(local_id))
