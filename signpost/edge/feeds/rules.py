"""What every feed asks of a row, whatever its columns are called.

* A child needs something to match by: a date of birth with an NHS number, a permanent UPN or names, or (unborn) an
  expected date with the mother's NHS number.
* An involvement has begun, not more than a year before the birth, and has not ended before it began or in the future.
* Whoever is past the month of removal is passed over, whatever else is wrong with the row: nothing would be held.
* Of a good row whose work ended more than twelve months ago nothing is held either.
* A bad row keeps its ids where they can be read, so that what was registered of it before stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from signpost.edge.dates import remove_after
from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.model import BadRow, GoodRow, Involvement, PassedRow, Row, RowIds
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.protocol.calendar import KEPT_MONTHS, months_before
from signpost.protocol.classes import Use
from signpost.protocol.purposes import Basis

__all__ = ["Draft", "ask_for_identity", "left_out_of", "read_period", "settle"]

_BEFORE_BIRTH: Final = timedelta(days=366)
"""Work with an unborn child starts before its birth; more than a year before, a date is wrong."""

_NO_END_YEAR: Final = 9999
"""Some systems write the end of time where there is no end."""


def ask_for_identity(
    cells: Cells,
    child: ChildDetails,
    *,
    date_column: str,
    number_columns: tuple[str, ...],
    expected_column: str | None = None,
) -> None:
    """Refuse a child of whom nothing can be matched; an identifier that was refused already is not missed as well."""
    if child.date_of_birth is None and child.expected_on is None:
        if not cells.refused(date_column) and not (expected_column and cells.refused(expected_column)):
            cells.refuse(date_column, RowCode.DOB_MISSING)
    elif not any(cells.refused(column) for column in number_columns) and not _can_be_matched(child):
        cells.refuse(number_columns[0], RowCode.NOTHING_TO_MATCH)


def _can_be_matched(child: ChildDetails) -> bool:
    if child.date_of_birth and (child.nhs_number or not all(upn.temporary for upn in child.upns)):
        return True  # most children: their names need not be looked at for it
    return bool(match_inputs(child, Use.REGISTER))


def read_period(
    cells: Cells, start_column: str, end_column: str, *, born: date | None, today: date
) -> tuple[date | None, date | None]:
    """When the involvement started and ended; what is missing or cannot be is refused."""
    started, ended = cells.day(start_column), cells.day(end_column)
    if started is None and not cells.refused(start_column):
        cells.refuse(start_column, RowCode.START_MISSING)
    if started is not None:
        if started > today:
            cells.refuse(start_column, RowCode.START_FUTURE)
        elif born is not None and started < born - _BEFORE_BIRTH:
            cells.refuse(start_column, RowCode.START_BEFORE_BIRTH)
    if ended is not None:
        if ended.year == _NO_END_YEAR:
            ended = None
        elif ended > today:
            cells.refuse(end_column, RowCode.END_FUTURE)
        elif started is not None and ended < started:
            cells.refuse(end_column, RowCode.END_BEFORE_START)
    return started, ended


def left_out_of(row: Row, left_out: Sequence[RowError]) -> Iterator[Row]:
    """The row, after a report for each thing it goes in without: of a row that is passed over there is none."""
    if not isinstance(row, PassedRow):
        yield from (BadRow(error.row, row.place, (error,), left_out=True) for error in left_out)
    yield row


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Draft:
    """What could be read of one row."""

    ids: RowIds | None
    child: ChildDetails | None
    started_on: date | None
    ended_on: date | None
    handle: str | None
    basis: Basis


def settle(draft: Draft, errors: Sequence[RowError], *, row: int, place: int, today: date) -> Row:
    """The row's fate."""
    born = draft.child.date_of_birth or draft.child.expected_on if draft.child is not None else None
    month = remove_after(born, by_consent=draft.basis is Basis.CONSENT) if born is not None else None
    if month is not None and month <= f"{today:%Y-%m}":
        return PassedRow(row, place)
    if (
        errors
        or draft.ids is None
        or draft.child is None
        or month is None
        or draft.started_on is None
        or draft.handle is None
    ):
        return BadRow(row, place, tuple(errors), draft.ids)
    if draft.ended_on is not None and draft.ended_on < months_before(today, KEPT_MONTHS):
        return PassedRow(row, place)
    return GoodRow(
        row,
        place,
        Involvement(
            ids=draft.ids,
            child=draft.child,
            started_on=draft.started_on,
            ended_on=draft.ended_on,
            handle=draft.handle,
            basis=draft.basis,
            remove_after=month,
        ),
    )
