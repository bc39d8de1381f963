"""What a CIN census and an SSDA903 return have in common.

* A child stands in them once, with one or several stretches of work, each an involvement.
* They name no team: the council says whose work it is with one handle for the whole file. The basis is statutory.
* They hold no name and no NHS number: an identity file may add them (`identity_file`).
* What is wrong with a child is reported once, with the first of its involvements; every one of them is refused, and
  keeps what was registered of it before.
* An involvement is known by the child's id and the day on which it started: a corrected start is a new involvement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from signpost.edge.feeds.errors import FeedError, FileCode, RowCode, RowError
from signpost.edge.feeds.model import GoodRow, Involvement, Row, RowIds
from signpost.edge.feeds.rules import Draft, left_out_of, settle
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.silence import Silent
from signpost.protocol.purposes import Basis

__all__ = ["ReturnedChild", "Stretch", "involvement_at", "rows_of"]


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ReturnedChild(Silent):
    """A child of a return, with what its identity file adds. `id_field`: what the return calls the id."""

    local_id: str | None
    id_field: str
    child: ChildDetails | None
    errors: tuple[RowError, ...]
    left_out: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Stretch(Silent):
    """One stretch of work with a child: where it stands, what could be read of it, and what is wrong with it."""

    row: int
    place: int
    started_on: date | None
    ended_on: date | None
    errors: tuple[RowError, ...] = ()


def rows_of(child: ReturnedChild, stretches: Sequence[Stretch], *, handle: str, today: date) -> Iterator[Row]:
    """A child's rows, what they go in without before the first."""
    for nth, stretch in enumerate(stretches):
        errors = child.errors
        if nth and errors:
            errors = (RowError(stretch.row, child.id_field, RowCode.PERSON_REFUSED),)
        row = _row(child, stretch, (*errors, *stretch.errors), handle=handle, today=today)
        yield from left_out_of(row, () if nth else child.left_out)


def involvement_at(
    place: int, child: ReturnedChild, stretches: Sequence[Stretch], *, handle: str, today: date, name: str
) -> Involvement:
    """The good row at a place, of the child that stands there.

    Raises:
        FeedError: it is no longer there.
    """
    for stretch in stretches:
        if stretch.place == place:
            row = _row(child, stretch, (*child.errors, *stretch.errors), handle=handle, today=today)
            if isinstance(row, GoodRow):
                return row.involvement
    raise FeedError(FileCode.FILE_CHANGED, name)


def _row(child: ReturnedChild, stretch: Stretch, errors: Sequence[RowError], *, handle: str, today: date) -> Row:
    ids = None
    if child.local_id is not None and stretch.started_on is not None:
        ids = RowIds(local_id=child.local_id, involvement_id=stretch.started_on.isoformat())
    draft = Draft(
        ids=ids,
        child=child.child,
        started_on=stretch.started_on,
        ended_on=stretch.ended_on,
        handle=handle,
        basis=Basis.STATUTORY,
    )
    return settle(draft, errors, row=stretch.row, place=stretch.place, today=today)
