"""ssd_person, ssd_linked_identifiers and ssd_address, joined to involvements without holding them in memory.

One pass over each file notes, under an HMAC of the person's id, the byte at which its rows start; a person is then read
again from its place when an involvement names it. So nothing but HMACs and places is remembered.

Of ssd_address only homes are read: rows whose type says so in so many words. A placement is secret; a "primary" or
"main" address may be one, so no other word is taken for a home, and of other rows nothing but the type is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from signpost.edge.dates import DateError, parse_date
from signpost.edge.feeds.cells import Cells, canonical_id
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.rules import ask_for_identity
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.identifiers import UPN
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.postcodes import Postcode
from signpost.edge.silence import Silent
from signpost.protocol.secret import Secret

__all__ = [
    "ADDRESSES", "BLANK_WORDS", "LINKED", "PERSONS", "PERSON_COLUMNS", "PERSON_NEVER_READ", "PERSON_OPTIONAL", "Person",
    "Persons", "read_person", "ssd_cells",
]  # fmt: skip

PERSONS: Final = "ssd_person"
LINKED: Final = "ssd_linked_identifiers"
ADDRESSES: Final = "ssd_address"
PERSON_COLUMNS: Final = ("pers_person_id", "pers_common_child_id", "pers_dob")
PERSON_OPTIONAL: Final = (
    "pers_upn", "pers_forename", "pers_middle", "pers_middle_name", "pers_surname", "pers_expected_dob",
)  # fmt: skip
PERSON_NEVER_READ: Final = (
    "pers_legacy_id", "pers_sex", "pers_gender", "pers_ethnicity", "pers_upn_unknown", "pers_send_flag",
    "pers_death_date", "pers_is_mother", "pers_nationality",
)  # fmt: skip
_ADDRESS_COLUMNS: Final = ("addr_person_id", "addr_address_type", "addr_address_postcode")
_ADDRESS_OPTIONAL: Final = ("addr_address_start_date", "addr_address_end_date")
_ADDRESS_NEVER_READ: Final = ("addr_table_id", "addr_address_id", "addr_address_json")
_HOMES: Final = frozenset({"home", "homeaddress", "familyhome", "parentalhome"})
"""The words of addr_address_type that mean a home, without case and spacing. The dataset's own are Home, Placement,
Primary and Secondary."""
_LINKED_COLUMNS: Final = ("link_person_id", "link_identifier_type", "link_identifier_value")
_LINKED_OPTIONAL: Final = ("link_valid_from_date", "link_valid_to_date")

_UPN_TYPES: Final = {
    "upn": False, "uniquepupilnumber": False, "formerupn": True, "formeruniquepupilnumber": True,
}  # fmt: skip
"""The words of link_identifier_type that mean a UPN, without case and spacing; whether each means a former one."""

_HOMES_USED: Final = 2
"""The home now and the one before: no match input uses more."""

BLANK_WORDS: Final = frozenset({"NULL", "SSD_PH", "PLACEHOLDER_DATA", *(f"UN{n}" for n in range(1, 11))})
"""What the published extracts write where there is nothing; UN1 to UN10 are DfE's reasons for having no UPN."""


def ssd_cells(table: Table, record: Record, file: str) -> Cells:
    """A row's cells, whose errors carry the file's name."""
    return Cells(record.row, lambda column: table.cell(record, column), prefix=f"{file}.", blank_words=BLANK_WORDS)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Person(Silent):
    """One row of ssd_person with its linked UPNs and homes. With errors of its own it is used for nothing."""

    row: int
    local_id: str | None
    child: ChildDetails
    errors: tuple[RowError, ...]
    left_out: tuple[RowError, ...] = ()
    """What the person is registered without."""


def read_person(
    table: Table, record: Record, *, today: date, linked: tuple[UPN, ...] = (), homes: tuple[Postcode, ...] = ()
) -> Person:
    """The person in a row of ssd_person, or of a joined file."""
    cells = ssd_cells(table, record, PERSONS)
    if record.fault is not None:
        cells.refuse("row", record.fault)
        return Person(row=record.row, local_id=None, child=ChildDetails(), errors=tuple(cells.errors))
    local_id = cells.local_id("pers_person_id")
    own = cells.upn("pers_upn")
    upns = dict.fromkeys((*(() if own is None else (own,)), *linked))  # each once, in this order
    unborn = not cells.text("pers_dob")
    child = ChildDetails(
        date_of_birth=cells.birth_date("pers_dob", today=today),
        nhs_number=cells.nhs_number("pers_common_child_id"),
        upns=tuple(upns),
        forename=cells.name("pers_forename"),
        middle_name=cells.name("pers_middle") or cells.name("pers_middle_name"),
        surname=cells.name("pers_surname"),
        postcodes=homes,
        expected_on=cells.expected_date("pers_expected_dob", today=today) if unborn else None,
    )
    ask_for_identity(
        cells,
        child,
        date_column="pers_dob",
        number_columns=("pers_common_child_id", "pers_upn"),
        expected_column="pers_expected_dob",
    )
    return Person(row=record.row, local_id=local_id, child=child, errors=tuple(cells.errors))


class Persons:
    """Finds a person by the council's id."""

    def __init__(
        self, persons: Path, linked: Path | None, addresses: Path | None, *, today: date, join_key: Secret
    ) -> None:
        """Note where every person stands.

        Raises:
            FeedError: a file is not of the format.
        """
        self._today = today
        self._join_key = join_key
        # person: HMAC of the id -> where its row starts, the row's number, whether another row has the same id
        # linked: the same HMAC -> where each of its linked UPNs starts
        # address: the same HMAC -> where each of its homes starts
        # fault: rows of any file that cannot be told apart into cells
        tables = (
            "CREATE TABLE person (key BLOB PRIMARY KEY, place INTEGER, row INTEGER, twice INTEGER) WITHOUT ROWID",
            "CREATE TABLE linked (key BLOB, place INTEGER, row INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID",
            "CREATE TABLE address (key BLOB, place INTEGER, row INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID",
            "CREATE TABLE fault (file TEXT, row INTEGER, code TEXT)",
        )
        self._linked: Table | None = None
        self._addresses: Table | None = None
        columns = Columns(PERSON_COLUMNS, PERSON_OPTIONAL, never_read=PERSON_NEVER_READ)
        with ExitStack() as opened:
            self.table = opened.enter_context(closing(Table(persons, columns, name=PERSONS)))
            self._places = opened.enter_context(closing(private_database(*tables)))
            if linked is not None:
                columns = Columns(_LINKED_COLUMNS, _LINKED_OPTIONAL)
                self._linked = opened.enter_context(closing(Table(linked, columns, name=LINKED)))
            if addresses is not None:
                columns = Columns(_ADDRESS_COLUMNS, _ADDRESS_OPTIONAL, never_read=_ADDRESS_NEVER_READ)
                self._addresses = opened.enter_context(closing(Table(addresses, columns, name=ADDRESSES)))
            self._note_persons()
            self._note_linked()
            self._note_addresses()
            self._opened = opened.pop_all()

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
        """The person in a row of ssd_person, with its linked UPNs and homes."""
        local_id = ssd_cells(self.table, record, PERSONS).text("pers_person_id")
        key = self._key(local_id)
        upns, bad_upns = self._linked_upns(key) if local_id else ((), ())
        homes, bad_homes = self._homes(key) if local_id else ((), ())
        person = read_person(self.table, record, today=self._today, linked=upns, homes=homes)
        return replace(person, left_out=(*bad_upns, *bad_homes))

    def unreadable(self) -> Iterator[RowError]:
        """The rows of any file that belong to nobody, because they cannot be told apart into cells."""
        for file, row, code in self._places.execute("SELECT file, row, code FROM fault ORDER BY rowid"):
            yield RowError(row, f"{file}.row", RowCode(code))

    def close(self) -> None:
        """Let go of the files, and forget."""
        self._opened.close()

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

    def _note_addresses(self) -> None:
        if self._addresses is None:
            return
        for record in self._addresses.records():
            cells = ssd_cells(self._addresses, record, ADDRESSES)
            if record.fault is not None:
                self._note_fault(ADDRESSES, record.row, record.fault)
            elif _plain(cells.text("addr_address_type")) in _HOMES and cells.text("addr_address_postcode"):
                key = self._key(cells.text("addr_person_id"))
                self._places.execute("INSERT INTO address VALUES (?, ?, ?)", (key, record.place, record.row))

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
            upn = cells.upn("link_identifier_value", needed=False)
            errors += cells.left_out
            if upn is not None:
                former = bool(_upn_type(cells)) or bool(cells.text("link_valid_to_date"))
                ranked.append((former, -_ordinal(cells.text("link_valid_from_date")), upn))
        ranked.sort(key=lambda entry: entry[:2])
        return tuple(upn for _, _, upn in ranked), tuple(errors)

    def _homes(self, key: bytes) -> tuple[tuple[Postcode, ...], tuple[RowError, ...]]:
        """The postcode of the home now, then of the one before, and what is wrong with any."""
        if self._addresses is None:
            return (), ()
        ranked: list[tuple[bool, int, int, Postcode]] = []
        errors: list[RowError] = []
        rows = self._places.execute("SELECT place, row FROM address WHERE key = ? ORDER BY place", (key,)).fetchall()
        for place, row in rows:
            cells = ssd_cells(self._addresses, self._addresses.record_at(place, row=row), ADDRESSES)
            postcode = cells.postcode("addr_address_postcode")
            errors += cells.left_out
            if postcode is not None:
                ended = _ordinal(cells.text("addr_address_end_date"))
                former = 0 < ended <= self._today.toordinal()
                started = _ordinal(cells.text("addr_address_start_date"))
                ranked.append((former, -ended if former else 0, -started, postcode))
        ranked.sort(key=lambda entry: entry[:3])
        return tuple(dict.fromkeys(entry[3] for entry in ranked))[:_HOMES_USED], tuple(errors)


def _plain(words: str) -> str:
    """Without case, spacing and punctuation."""
    return "".join(character for character in words.casefold() if character.isalnum())


def _upn_type(cells: Cells) -> bool | None:
    """Whether the identifier is a former UPN; None where it is no UPN."""
    return _UPN_TYPES.get(_plain(cells.text("link_identifier_type")))


def _ordinal(text: str) -> int:
    """A date as a number, only to put UPNs or homes in order: one that cannot be read counts as the oldest."""
    try:
        return parse_date(text[:10]).toordinal()
    except DateError:
        return 0
