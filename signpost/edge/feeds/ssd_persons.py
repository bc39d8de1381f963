"""ssd_person and ssd_linked_identifiers, joined to involvements without holding them in memory.

One pass over each file notes, under an HMAC of the person's id, the byte at which its rows start; a person is then read
again from its place when an involvement names it. So nothing but HMACs and places is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from signpost.edge.dates import DateError, parse_date
from signpost.edge.feeds.cells import Cells, canonical_id
from signpost.edge.feeds.errors import FeedError, RowCode, RowError
from signpost.edge.feeds.rules import ask_for_identity
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.identifiers import UPN
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.silence import Silent
from signpost.protocol.secret import Secret

__all__ = ["LINKED", "PERSONS", "PERSON_COLUMNS", "PERSON_OPTIONAL", "Person", "Persons", "read_person", "ssd_cells"]

PERSONS: Final = "ssd_person"
LINKED: Final = "ssd_linked_identifiers"
PERSON_COLUMNS: Final = ("pers_person_id", "pers_common_child_id", "pers_dob")
PERSON_OPTIONAL: Final = ("pers_upn",)
_LINKED_COLUMNS: Final = ("link_person_id", "link_identifier_type", "link_identifier_value")
_LINKED_OPTIONAL: Final = ("link_valid_from_date", "link_valid_to_date")

_UPN_TYPES: Final = {
    "upn": False, "uniquepupilnumber": False, "formerupn": True, "formeruniquepupilnumber": True,
}  # fmt: skip
"""The words of link_identifier_type that mean a UPN, without case and spacing; whether each means a former one."""

_BLANK_WORDS: Final = frozenset({"NULL", "SSD_PH", "PLACEHOLDER_DATA", *(f"UN{n}" for n in range(1, 11))})
"""What the published extracts write where there is nothing; UN1 to UN10 are DfE's reasons for having no UPN."""


def ssd_cells(table: Table, record: Record, file: str) -> Cells:
    """A row's cells, whose errors carry the file's name."""
    return Cells(record.row, lambda column: table.cell(record, column), prefix=f"{file}.", blank_words=_BLANK_WORDS)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Person(Silent):
    """One row of ssd_person with its linked UPNs. With errors of its own it is used for nothing."""

    row: int
    local_id: str | None
    child: ChildDetails
    errors: tuple[RowError, ...]
    linked_errors: tuple[RowError, ...] = ()


def read_person(table: Table, record: Record, *, today: date, linked: tuple[UPN, ...] = ()) -> Person:
    """The person in a row of ssd_person, or of a joined file."""
    cells = ssd_cells(table, record, PERSONS)
    if record.fault is not None:
        cells.refuse("row", record.fault)
        return Person(row=record.row, local_id=None, child=ChildDetails(), errors=tuple(cells.errors))
    local_id = cells.local_id("pers_person_id")
    own = cells.upn("pers_upn")
    upns = dict.fromkeys((*(() if own is None else (own,)), *linked))  # each once, in this order
    child = ChildDetails(
        date_of_birth=cells.birth_date("pers_dob", today=today),
        nhs_number=cells.nhs_number("pers_common_child_id"),
        upns=tuple(upns),
    )
    ask_for_identity(cells, child, date_column="pers_dob", number_columns=("pers_common_child_id", "pers_upn"))
    return Person(row=record.row, local_id=local_id, child=child, errors=tuple(cells.errors))


class Persons:
    """Finds a person by the council's id."""

    def __init__(self, persons: Path, linked: Path | None, *, today: date, join_key: Secret) -> None:
        """Note where every person stands.

        Raises:
            FeedError: a file is not of the format.
        """
        self._today = today
        self._join_key = join_key
        # person: HMAC of the id -> where its row starts, the row's number, whether another row has the same id
        # linked: the same HMAC -> where each of its linked UPNs starts
        # fault: rows of either file that cannot be told apart into cells
        self._places = private_database(
            "CREATE TABLE person (key BLOB PRIMARY KEY, place INTEGER, row INTEGER, twice INTEGER) WITHOUT ROWID",
            "CREATE TABLE linked (key BLOB, place INTEGER, row INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID",
            "CREATE TABLE fault (file TEXT, row INTEGER, code TEXT)",
        )
        self._linked: Table | None = None
        self.table = Table(persons, Columns(PERSON_COLUMNS, PERSON_OPTIONAL), name=PERSONS)
        try:
            if linked is not None:
                self._linked = Table(linked, Columns(_LINKED_COLUMNS, _LINKED_OPTIONAL), name=LINKED)
            self._note_persons()
            self._note_linked()
        except FeedError:
            self.close()
            raise

    def person(self, local_id: str) -> Person | RowCode:
        """The person of an id, or why there is none: PERSON_MISSING or PERSON_TWICE."""
        key = self._key(local_id)
        found = self._places.execute("SELECT place, row, twice FROM person WHERE key = ?", (key,)).fetchone()
        if found is None:
            return RowCode.PERSON_MISSING
        place, row, twice = found
        if twice:
            return RowCode.PERSON_TWICE
        return self.person_in(self.table.record_at(place, row=row))

    def person_in(self, record: Record) -> Person:
        """The person in a row of ssd_person, with its linked UPNs."""
        local_id = ssd_cells(self.table, record, PERSONS).text("pers_person_id")
        upns, linked_errors = self._linked_upns(self._key(local_id)) if local_id else ((), ())
        person = read_person(self.table, record, today=self._today, linked=upns)
        return Person(
            row=person.row, local_id=person.local_id, child=person.child, errors=person.errors,
            linked_errors=linked_errors,
        )  # fmt: skip

    def unreadable(self) -> Iterator[RowError]:
        """The rows of either file that belong to nobody, because they cannot be told apart into cells."""
        for file, row, code in self._places.execute("SELECT file, row, code FROM fault ORDER BY rowid"):
            yield RowError(row, f"{file}.row", RowCode(code))

    def close(self) -> None:
        """Let go of the files, and forget."""
        self._places.close()
        self.table.close()
        if self._linked is not None:
            self._linked.close()

    def _key(self, local_id: str) -> bytes:
        return row_key(self._join_key, "person", canonical_id(local_id))

    def _note_persons(self) -> None:
        insert = "INSERT INTO person VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE SET twice = 1"
        for record in self.table.records():
            local_id = ssd_cells(self.table, record, PERSONS).text("pers_person_id")
            if local_id:
                self._places.execute(insert, (self._key(local_id), record.place, record.row))
            elif record.fault is not None:
                self._note_fault(PERSONS, record.row, record.fault)

    def _note_linked(self) -> None:
        if self._linked is None:
            return
        for record in self._linked.records():
            cells = ssd_cells(self._linked, record, LINKED)
            if record.fault is not None:
                self._note_fault(LINKED, record.row, record.fault)
            elif _upn_type(cells) is not None and cells.text("link_identifier_value"):
                key = self._key(cells.text("link_person_id"))
                self._places.execute("INSERT INTO linked VALUES (?, ?, ?)", (key, record.place, record.row))

    def _note_fault(self, file: str, row: int, fault: RowCode) -> None:
        self._places.execute("INSERT INTO fault VALUES (?, ?, ?)", (file, row, fault.value))

    def _linked_upns(self, key: bytes) -> tuple[tuple[UPN, ...], tuple[RowError, ...]]:
        """A person's linked UPNs, the one in use first and then the latest first, and what is wrong with the others."""
        if self._linked is None:
            return (), ()
        ranked: list[tuple[bool, int, UPN]] = []
        errors: list[RowError] = []
        rows = self._places.execute("SELECT place, row FROM linked WHERE key = ? ORDER BY place", (key,)).fetchall()
        for place, row in rows:
            cells = ssd_cells(self._linked, self._linked.record_at(place, row=row), LINKED)
            upn = cells.upn("link_identifier_value")
            errors += cells.errors
            if upn is not None:
                former = bool(_upn_type(cells)) or bool(cells.text("link_valid_to_date"))
                ranked.append((former, -_ordinal(cells.text("link_valid_from_date")), upn))
        ranked.sort(key=lambda entry: entry[:2])
        return tuple(upn for _, _, upn in ranked), tuple(errors)


def _upn_type(cells: Cells) -> bool | None:
    """Whether the identifier is a former UPN; None where it is no UPN."""
    words = "".join(c for c in cells.text("link_identifier_type").casefold() if c.isalnum())
    return _UPN_TYPES.get(words)


def _ordinal(text: str) -> int:
    """A date as a number, only to put UPNs in order: one that cannot be read counts as the oldest."""
    try:
        return parse_date(text[:10]).toordinal()
    except DateError:
        return 0
