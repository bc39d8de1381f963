"""Signpost's own CSV format: one row for each involvement, the child's details repeated in each.

    local_id, nhs_number, upn, forename, middle_name, surname, date_of_birth, sex, postcode, previous_postcode,
    mother_nhs_number, multiple_birth, start, end, handle, basis

* Must be in the header: local_id, date_of_birth, start, end, handle (or team), and one of nhs_number, upn, forename
  and mother_nhs_number. `expected_date_of_birth` may be there, for unborn children. `sex` belongs to the format and
  is not read. Columns of other names are never read.
* A postcode, a mother's number or a multiple_birth that cannot be read is reported, and the row goes in without it.
* `end` is empty while the work goes on; an empty `basis` is statutory; `team` is looked up in the handles file.
* The format has no id of an involvement: it is the child's id, the start date and the handle (or team) as written.
  So a child has one involvement for each start and handle, and a corrected start is a new involvement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.earlier import Seen, against_earlier
from signpost.edge.feeds.errors import FeedError, FileCode, RowCode, RowError
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import BadRow, ChildRow, GoodRow, Involvement, Row, RowIds
from signpost.edge.feeds.own_columns import CHILD_COLUMNS, NOT_READ, NUMBERS, read_child
from signpost.edge.feeds.rules import Draft, ask_for_identity, left_out_of, read_period, settle
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.secret import Secret

__all__ = ["CSVFeed", "csv_children", "read_ids", "read_row"]

_INVOLVEMENT: Final = ("start", "end", "handle", "team", "basis")


class CSVFeed:
    """A `Feed` over one file of the format above."""

    def __init__(self, path: Path, *, today: date, handles: Handles, join_key: Secret) -> None:
        """Open the file. `join_key`: 32 random bytes for this pass, kept nowhere.

        Raises:
            FeedError: the file is not of the format, or has teams only and no handles file was named.
        """
        columns = Columns(
            ("local_id", "date_of_birth", "start", "end"),
            (*CHILD_COLUMNS, "handle", "team", "basis", *NOT_READ),
            either=((*NUMBERS, "forename", "mother_nhs_number"), ("handle", "team")),
        )
        self._table = Table(path, columns, name="csv")
        if not self._table.has("handle"):
            try:
                handles.must_be_named("team")
            except BaseException:
                self._table.close()
                raise
        self._today = today
        self._handles = handles
        self._join_key = join_key

    @property
    def size(self) -> int:
        """Bytes."""
        return self._table.size

    @property
    def unread_columns(self) -> tuple[int, ...]:
        """Positions (from 1) of columns of other names."""
        return self._table.unread_columns

    def rows(self) -> Iterator[Row]:
        """Every row, in the file's order.

        Raises:
            FeedError: a quotation mark is never closed.
        """
        seen = Seen(self._join_key)
        try:
            for record in self._table.records():
                row, left_out = self._row(record)
                yield from left_out_of(against_earlier(row, seen, column="local_id"), left_out)
        finally:
            seen.close()

    def involvement(self, place: int) -> Involvement:
        """The good row at a place, read again.

        Raises:
            FeedError: it is no longer there.
        """
        row, _ = self._row(self._table.record_at(place))
        if not isinstance(row, GoodRow):
            raise FeedError(FileCode.FILE_CHANGED, "csv")
        return row.involvement

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()

    def _row(self, record: Record) -> tuple[Row, list[RowError]]:
        """The row, and what it goes in without."""
        if record.fault is not None:
            return BadRow(record.row, record.place, (RowError(record.row, "row", record.fault),)), []
        return read_row(
            _cells(self._table, record),
            place=record.place,
            today=self._today,
            handles=self._handles,
            by_team=self._table.has("team"),
        )


def read_row(cells: Cells, *, place: int, today: date, handles: Handles, by_team: bool) -> tuple[Row, list[RowError]]:
    """One row of the format, whatever it comes in, and what it goes in without. `by_team`: whether a team may stand in
    the place of a handle.
    """
    local_id = cells.local_id("local_id")
    child = read_child(cells, today=today)
    ask_for_identity(
        cells, child, date_column="date_of_birth", number_columns=NUMBERS, expected_column="expected_date_of_birth"
    )
    born = child.date_of_birth or child.expected_on
    started, ended = read_period(cells, "start", "end", born=born, today=today)
    written, handle = _handle(cells, handles, by_team=by_team)
    basis = cells.basis("basis")
    if handles.refuses(handle, basis):
        cells.refuse("basis", RowCode.BASIS_REFUSED)
    draft = Draft(
        ids=_ids(local_id, started, written),
        child=child,
        started_on=started,
        ended_on=ended,
        handle=handle,
        basis=basis,
    )
    return settle(draft, cells.errors, row=cells.row, place=place, today=today), cells.left_out


def read_ids(cells: Cells, *, today: date) -> RowIds | None:
    """The ids alone of a row of the format; none where they cannot be read, and then the cells say why."""
    local_id = cells.local_id("local_id")
    started, _ = read_period(cells, "start", "end", born=None, today=today)
    written = cells.text("handle")
    if not written:
        cells.refuse("handle", RowCode.HANDLE_MISSING)
    return None if cells.errors else _ids(local_id, started, written)


def _handle(cells: Cells, handles: Handles, *, by_team: bool) -> tuple[str, str | None]:
    """What is written, and the handle it stands for."""
    column = "handle" if cells.text("handle") or not by_team else "team"
    written = cells.text(column)
    if not written:
        cells.refuse(column, RowCode.HANDLE_MISSING)
        return "", None
    handle = handles.of_handle(written) if column == "handle" else handles.of_team(written)
    if handle is None:
        cells.refuse(column, handles.why_not(written))
    return written, handle


def csv_children(path: Path, *, today: date) -> Iterator[ChildRow]:
    """Each row's child, for `explain`: only local_id must be in the header, and no involvement is asked for.

    Raises:
        FeedError: the file is not of the format.
    """
    table = Table(path, Columns(("local_id",), (*CHILD_COLUMNS, *_INVOLVEMENT, *NOT_READ)), name="csv")
    try:
        for record in table.records():
            cells = _cells(table, record)
            if record.fault is not None:
                cells.refuse("row", record.fault)
            local_id = cells.local_id("local_id") or ""
            child = ChildDetails() if record.fault is not None else read_child(cells, today=today)
            yield ChildRow(
                row=record.row,
                local_id=local_id,
                child=ChildDetails() if cells.errors else child,
                errors=(*cells.errors, *cells.left_out),
            )
    finally:
        table.close()


def _cells(table: Table, record: Record) -> Cells:
    return Cells(record.row, lambda column: table.cell(record, column))


def _ids(local_id: str | None, started: date | None, written: str) -> RowIds | None:
    if local_id is None or started is None or not written:
        return None
    team = " ".join(written.casefold().split())
    return RowIds(local_id=local_id, involvement_id=f"{started.isoformat()}/{team}")
