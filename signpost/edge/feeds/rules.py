"""What every feed asks of a row, whatever its columns are called.

* A child needs a date of birth and either an NHS number or a permanent UPN: without them there is nothing to match.
* An involvement has begun, not more than a year before the birth, and has not ended before it began or in the future.
* Whoever is past the month of removal is passed over, whatever else is wrong with the row: nothing would be held.
* A bad row keeps its ids where they can be read, so that what was registered of it before stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from signpost.edge.dates import remove_after
from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.model import BadRow, GoodRow, Involvement, PassedRow, Row, RowIds
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Basis

__all__ = ["Draft", "ask_for_identity", "read_period", "settle"]

_BEFORE_BIRTH: Final = timedelta(days=366)
"""Work with an unborn child starts before its birth; more than a year before, a date is wrong."""

_NO_END_YEAR: Final = 9999
"""Some systems write the end of time where there is no end."""


def ask_for_identity(cells: Cells, child: ChildDetails, *, date_column: str, number_columns: tuple[str, ...]) -> None:
    """Refuse a child of whom nothing can be matched; an identifier that was refused already is not missed as well."""
    if child.date_of_birth is None and not cells.refused(date_column):
        cells.refuse(date_column, RowCode.DOB_MISSING)
    nothing = child.nhs_number is None and all(upn.temporary for upn in child.upns)
    if nothing and not any(cells.refused(column) for column in number_columns):
        cells.refuse(number_columns[0], RowCode.NOTHING_TO_MATCH)


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
    born = draft.child.date_of_birth if draft.child is not None else None
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
