"""What a feed is read into. A feed's rows are involvements; a child appears as often as there are involvements.

A row has one of three fates: good (it becomes an involvement), bad (it is reported by row, field and code), or passed
over (the child is past the month in which an involvement would be removed, so there is nothing to hold). What a good
row goes in without is reported before it. What was read does not print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from signpost.edge.feeds.errors import RowError
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.silence import Silent
from signpost.protocol.purposes import Basis

__all__ = ["BadRow", "ChildRow", "Feed", "GoodRow", "Involvement", "PassedRow", "Row", "RowIds"]


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RowIds(Silent):
    """The council's own ids of one involvement. They leave only as HMACs under the council's reference key."""

    local_id: str
    involvement_id: str


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Involvement(Silent):
    """One team's work with one child. Never a category, plan, status, need or worker: there is no place for it."""

    ids: RowIds
    child: ChildDetails
    started_on: date
    ended_on: date | None
    handle: str
    basis: Basis
    remove_after: str
    """`YYYY-MM`, always a September (docs/explanation/feeds.md)."""


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that becomes an involvement. `place` finds it again (`Feed.involvement`) in the same file."""

    row: int
    place: int
    involvement: Involvement


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is refused. Its `ids`, where they could be read, keep what was registered of it before."""

    row: int
    place: int
    errors: tuple[RowError, ...]
    ids: RowIds | None = None
    left_out: bool = False
    """Set where no row is refused: something that is not needed could not be read, and its row goes in without it. It
    is reported like the others, and counts neither as a row nor as a rejected one."""


@dataclass(frozen=True, slots=True)
class PassedRow:
    """A row of which nothing is held: the month of removal is past, or the work ended more than twelve months ago."""

    row: int
    place: int


Row = GoodRow | BadRow | PassedRow


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ChildRow(Silent):
    """One row read for the child's details alone (`explain`). With errors that refuse it there are no details."""

    row: int
    local_id: str
    child: ChildDetails
    errors: tuple[RowError, ...] = ()


class Feed(Protocol):
    """A file or folder of a council's, read in one pass with flat memory; a row can be read again by its place.

    Raises `FeedError` from any method when the file as a whole cannot be read.
    """

    @property
    def size(self) -> int:
        """Bytes of the file that holds the involvements: a row's `place` against it is the progress."""

    @property
    def unread_columns(self) -> tuple[int, ...]:
        """Positions (from 1) of columns whose names are not our own format's: nothing in them is read."""

    def rows(self) -> Iterator[Row]:
        """Every row, in the file's order."""

    def involvement(self, place: int) -> Involvement:
        """The good row at a place, read again."""

    def close(self) -> None:
        """Let go of the files."""
