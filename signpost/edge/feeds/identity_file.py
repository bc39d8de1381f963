"""The identity file: who the children of a statutory return are, by the council's own id for each.

    local_id, and any of nhs_number, upn, forename, middle_name, surname, date_of_birth, expected_date_of_birth,
    postcode, previous_postcode, mother_nhs_number, multiple_birth

A CIN census and an SSDA903 return hold no name and no NHS number. One row for each child, in any order, children who
are in no return included. The return's own details come first; where both give a date of birth they must agree, for
else the two rows are hardly the same child's. An error's field is `identity.column`, its row is of this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, final

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.lookup import RowsById, Several
from signpost.edge.feeds.own_columns import CHILD_COLUMNS, NOT_READ, NUMBERS, read_child
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.silence import Silent
from signpost.protocol.secret import Secret

__all__ = ["Identified", "IdentityFile"]

_PREFIX: Final = "identity."


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Identified(Silent):
    """A child with what the identity file adds to it, what is wrong with that, and what it is registered without."""

    child: ChildDetails
    errors: tuple[RowError, ...] = ()
    left_out: tuple[RowError, ...] = ()


@final
class IdentityFile:
    """Adds to the details of a return's child. Where no file was named, it adds nothing."""

    def __init__(self, path: Path | None, *, today: date, join_key: Secret) -> None:
        """Note where every child stands.

        Raises:
            FeedError: the file is not of the format.
        """
        self._today = today
        self._rows: RowsById | None = None
        if path is not None:
            optional = (*CHILD_COLUMNS, *NOT_READ)
            columns = Columns(("local_id",), optional, either=((*NUMBERS, "forename"),))
            table = Table(path, columns, name="identity")
            self._rows = RowsById(table, "local_id", lambda record: _cells(table, record), join_key=join_key)

    def identify(self, local_id: str, child: ChildDetails) -> Identified:
        """The child of the return with that id, and what the identity file has of it."""
        found = self._rows.find(local_id) if self._rows is not None else None
        if self._rows is None or found is None:
            return Identified(child=child)
        if isinstance(found, Several):
            twice = RowError(found.row, f"{_PREFIX}local_id", RowCode.IDENTITY_TWICE)
            return Identified(child=child, left_out=(twice,))
        cells = _cells(self._rows.table, found)
        known = read_child(cells, today=self._today)
        if child.date_of_birth and known.date_of_birth and child.date_of_birth != known.date_of_birth:
            cells.refuse("date_of_birth", RowCode.IDENTITY_DISAGREES)
        return Identified(child=_together(child, known), errors=tuple(cells.errors), left_out=tuple(cells.left_out))

    def unreadable(self) -> Iterator[RowError]:
        """The rows of the file that belong to nobody."""
        return iter(()) if self._rows is None else self._rows.unreadable()

    def close(self) -> None:
        """Let go of the file."""
        if self._rows is not None:
            self._rows.close()


def _cells(table: Table, record: Record) -> Cells:
    return Cells(record.row, lambda column: table.cell(record, column), prefix=_PREFIX)


def _together(child: ChildDetails, known: ChildDetails) -> ChildDetails:
    born = child.date_of_birth or known.date_of_birth
    return replace(
        known,
        date_of_birth=born,
        # the return's own UPN, the file's, then former ones
        upns=tuple(dict.fromkeys((*child.upns[:1], *known.upns, *child.upns[1:]))),
        expected_on=None if born else child.expected_on or known.expected_on,
    )
