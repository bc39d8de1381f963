"""The Standard Safeguarding Dataset: a folder of CSV files, or one file with persons and involvements joined.

Read of it: ssd_person (id, NHS number, names, date of birth or the expected one, UPN where present), ssd_involvements
(ids, team, start, end) and, where they are there, ssd_linked_identifiers (UPNs, former ones too) and ssd_address (the
postcodes of homes, never of a placement). Nothing else is opened or read: no professional, no plan. The team leads to a
handle through the council's handles file; the basis is statutory.

An error's field carries the file it stands in (`ssd_person.pers_dob`), and its row is of that file. A person with
errors is reported once, with the first of its involvements; a bad linked identifier or home is reported by itself, and
the involvement goes in with what else is known of the child. Most columns of the dataset are none of ours, so unread
ones are not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from signpost.edge.feeds.earlier import Seen, against_earlier
from signpost.edge.feeds.errors import FeedError, FileCode, RowCode, RowError
from signpost.edge.feeds.folder import Folder, folder_of
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import BadRow, ChildRow, Feed, GoodRow, Involvement, PassedRow, Row, RowIds
from signpost.edge.feeds.rules import Draft, left_out_of, read_period, settle
from signpost.edge.feeds.ssd_persons import (
    ADDRESSES,
    LINKED,
    PERSON_COLUMNS,
    PERSON_NEVER_READ,
    PERSON_OPTIONAL,
    PERSONS,
    Person,
    Persons,
    read_person,
    ssd_cells,
)
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

__all__ = ["is_of_ssd", "open_ssd", "ssd_children"]

INVOLVEMENTS: Final = "ssd_involvements"
_INVOLVEMENT_COLUMNS: Final = (
    "invo_involvements_id", "invo_professional_team", "invo_involvement_start_date", "invo_involvement_end_date",
)  # fmt: skip
_PROFESSIONAL: Final = ("invo_professional_id", "invo_professional_role_id")
_ID: Final = f"{INVOLVEMENTS}.invo_involvements_id"


def is_of_ssd(called: str) -> bool:
    """Whether a file of that name is one of those that are read of a folder."""
    return called.casefold() in {f"{name}.csv" for name in (INVOLVEMENTS, PERSONS, LINKED, ADDRESSES)}


def open_ssd(source: Path | Folder, *, today: date, handles: Handles, join_key: Secret) -> Feed:
    """A `Feed` over a folder or a joined file. `join_key`: 32 random bytes for this pass, kept nowhere.

    Raises:
        FeedError: a file is missing or not of the format, or no handles file was named.
    """
    handles.must_be_named("invo_professional_team")
    folder = folder_of(source)
    if folder is not None:
        return _Folder(folder, today=today, handles=handles, join_key=join_key)
    assert isinstance(source, Path)
    return _Joined(source, today=today, handles=handles, join_key=join_key)


def ssd_children(path: Path, *, today: date, join_key: Secret) -> Iterator[ChildRow]:
    """Each person, or each row of a joined file, for `explain`; no involvement is asked for.

    Raises:
        FeedError: a file is missing or not of the format.
    """
    if not path.is_dir():
        columns = Columns(("pers_person_id",), (*PERSON_COLUMNS, *PERSON_OPTIONAL), never_read=PERSON_NEVER_READ)
        table = Table(path, columns, name="ssd")
        try:
            for record in table.records():
                yield _child_row(record, read_person(table, record, today=today))
        finally:
            table.close()
        return
    persons = _persons(Folder.at(path), today=today, join_key=join_key)
    try:
        for record in persons.table.records():
            yield _child_row(record, persons.person_in(record))
    finally:
        persons.close()


def _child_row(record: Record, person: Person) -> ChildRow:
    errors = (*person.errors, *person.left_out)
    child = ChildDetails() if person.errors else person.child
    return ChildRow(row=record.row, local_id=person.local_id or "", child=child, errors=errors)


class _Joined:
    """One file with persons' and involvements' columns in each row."""

    def __init__(self, path: Path, *, today: date, handles: Handles, join_key: Secret) -> None:
        self._table = Table(
            path,
            Columns(
                (*PERSON_COLUMNS, *_INVOLVEMENT_COLUMNS),
                PERSON_OPTIONAL,
                never_read=(*_PROFESSIONAL, *PERSON_NEVER_READ),
            ),
            name="ssd",
        )
        self.size = self._table.size
        self.unread_columns: tuple[int, ...] = ()
        self._today = today
        self._handles = handles
        self._join_key = join_key

    def rows(self) -> Iterator[Row]:
        seen = Seen(self._join_key)
        try:
            for record in self._table.records():
                yield against_earlier(self._row(record), seen, column=_ID)
        finally:
            seen.close()

    def involvement(self, place: int) -> Involvement:
        return _still_good(self._row(self._table.record_at(place)))

    def close(self) -> None:
        self._table.close()

    def _row(self, record: Record) -> Row:
        person = read_person(self._table, record, today=self._today)
        return _involvement_row(
            self._table,
            record,
            person,
            person.errors,
            handles=self._handles,
            today=self._today,
            local_id=person.local_id,
        )


class _Folder:
    """ssd_involvements row by row, each with its person looked up by place in ssd_person."""

    def __init__(self, folder: Folder, *, today: date, handles: Handles, join_key: Secret) -> None:
        self._table = Table(
            _file(folder, INVOLVEMENTS),
            Columns((*_INVOLVEMENT_COLUMNS, "invo_person_id"), never_read=_PROFESSIONAL),
            name=INVOLVEMENTS,
        )
        try:
            self._persons = _persons(folder, today=today, join_key=join_key)
        except BaseException:
            self._table.close()
            raise
        self.size = self._table.size
        self.unread_columns: tuple[int, ...] = ()
        self._today = today
        self._handles = handles
        self._join_key = join_key

    def rows(self) -> Iterator[Row]:
        seen = Seen(self._join_key)
        try:
            for error in self._persons.unreadable():
                # No involvement is lost by a linked identifier or an address.
                yield BadRow(error.row, 0, (error,), left_out=not error.field.startswith(PERSONS))
            for record in self._table.records():
                row, person = self._row(record)
                left_out: Sequence[RowError] = ()
                if person is not None and not isinstance(row, PassedRow):
                    if seen.first("person", str(person.row)):
                        left_out = person.left_out
                    elif isinstance(row, BadRow) and person.errors:
                        row = _reported_before(row, person)
                yield from left_out_of(against_earlier(row, seen, column=_ID), left_out)
        finally:
            seen.close()

    def involvement(self, place: int) -> Involvement:
        row, _ = self._row(self._table.record_at(place))
        return _still_good(row)

    def close(self) -> None:
        self._table.close()
        self._persons.close()

    def _row(self, record: Record) -> tuple[Row, Person | None]:
        cells = ssd_cells(self._table, record, INVOLVEMENTS)
        local_id = cells.local_id("invo_person_id") if record.fault is None else None
        found = None if local_id is None else self._persons.person(local_id)
        if isinstance(found, RowCode):
            cells.refuse("invo_person_id", found)
        person = found if isinstance(found, Person) else None
        errors = [*cells.errors, *(person.errors if person is not None else ())]
        row = _involvement_row(
            self._table, record, person, errors, handles=self._handles, today=self._today, local_id=local_id
        )
        return row, person


def _involvement_row(
    table: Table,
    record: Record,
    person: Person | None,
    earlier_errors: Sequence[RowError],
    *,
    handles: Handles,
    today: date,
    local_id: str | None,
) -> Row:
    if record.fault is not None:
        return BadRow(record.row, record.place, (RowError(record.row, f"{INVOLVEMENTS}.row", record.fault),))
    cells = ssd_cells(table, record, INVOLVEMENTS)
    involvement_id = cells.local_id("invo_involvements_id")
    born = person.child.date_of_birth or person.child.expected_on if person is not None else None
    started, ended = read_period(
        cells, "invo_involvement_start_date", "invo_involvement_end_date", born=born, today=today
    )
    team = cells.text("invo_professional_team")
    handle = handles.of_team(team) if team else None
    if handle is None:
        cells.refuse("invo_professional_team", handles.why_not(team) if team else RowCode.HANDLE_MISSING)
    if handles.refuses(handle, Basis.STATUTORY):
        cells.refuse("invo_professional_team", RowCode.BASIS_REFUSED)
    draft = Draft(
        ids=RowIds(local_id=local_id, involvement_id=involvement_id) if local_id and involvement_id else None,
        child=person.child if person is not None else None,
        started_on=started,
        ended_on=ended,
        handle=handle,
        basis=Basis.STATUTORY,
    )
    return settle(draft, [*earlier_errors, *cells.errors], row=record.row, place=record.place, today=today)


def _reported_before(row: BadRow, person: Person) -> BadRow:
    own = tuple(error for error in row.errors if error not in person.errors)
    refused = RowError(row.row, f"{INVOLVEMENTS}.invo_person_id", RowCode.PERSON_REFUSED)
    return BadRow(row.row, row.place, (refused, *own), row.ids)


def _still_good(row: Row) -> Involvement:
    if not isinstance(row, GoodRow):
        raise FeedError(FileCode.FILE_CHANGED, "ssd")
    return row.involvement


def _persons(folder: Folder, *, today: date, join_key: Secret) -> Persons:
    return Persons(
        _file(folder, PERSONS), _find(folder, LINKED), _find(folder, ADDRESSES), today=today, join_key=join_key
    )


def _find(folder: Folder, name: str) -> Path | None:
    """A file of the dataset in its folder, whatever the case of its name."""
    return next((path for called, path in folder.files if called.casefold() == f"{name}.csv"), None)


def _file(folder: Folder, name: str) -> Path:
    path = _find(folder, name)
    if path is None:
        raise FeedError(FileCode.FILE_MISSING, f"{name}.csv")
    return path
