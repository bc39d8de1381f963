"""What is told, and kept, of a run of a feed: numbers, words of ours, and who brought it. Never a value of a row, and
no name of a file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field

from signpost.edge.feeds.extract import FeedFormat, Missing
from signpost.edge.feeds.reconcile import Counts
from signpost.protocol.messages import AccountName, Moment, Wire

__all__ = ["UNDER_WAY", "CountsShown", "FeedName", "FeedShown", "FeedState", "FeedsShown"]

FeedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{12}$")]
"""Of a run: random, and about nobody."""
_Count = Annotated[int, Field(ge=0)]


class FeedState(StrEnum):
    """How far a run is, or how it ended."""

    RECEIVING = "receiving"
    READING = "reading"
    COMPARING = "comparing"
    REGISTERING = "registering"
    ENDING = "ending"
    LOOKED_AT = "looked-at"
    """It was a dry run: it is known what would be done."""
    REGISTERED = "registered"
    STOPPED = "stopped"
    """Its limits stopped it: nothing was sent."""
    UNREADABLE = "unreadable"
    """A file cannot be read as a feed, or the handle of a return will not do: nothing was sent."""
    FAILED = "failed"
    """A service did not answer or refused."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The gateway ended meanwhile."""


UNDER_WAY: Final = frozenset(
    {FeedState.RECEIVING, FeedState.READING, FeedState.COMPARING, FeedState.REGISTERING, FeedState.ENDING}
)


class CountsShown(Wire):
    """What the feed comes to, as the command counts it."""

    add: _Count
    change: _Count
    end: _Count
    withdraw: _Count
    unchanged: _Count
    held: _Count
    passed_over: _Count
    rejected: _Count
    rows: _Count

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """The counts of a comparison."""
        return cls(**{name: getattr(counts, name) for name in cls.model_fields})


class FeedShown(Wire):
    """One run of one feed."""

    feed: FeedName
    account: AccountName
    """Whose upload it was."""
    format: Annotated[FeedFormat, Field(strict=False)] | None = None
    dry_run: bool = True
    missing: Annotated[Missing, Field(strict=False)] = Missing.WITHDRAW
    began_at: Moment
    ended_at: Moment | None = None
    state: Annotated[FeedState, Field(strict=False)] = FeedState.RECEIVING
    done: _Count = 0
    """Of `total`, in what is being done: bytes while it reads, involvements afterwards."""
    total: _Count = 0
    counts: CountsShown | None = None
    summary: str = ""
    """The counts, as the command's last line."""
    changed_here: str = ""
    """What was ended or handed over at the gateway and stays so, in words; nothing where there is none."""
    broken: tuple[str, ...] = ()
    """Each limit that the feed is above, in words."""
    ends: _Count | None = None
    """So many ends and withdrawals are more than the limit: `accept_ends` with this number lets them."""
    errors: _Count = 0
    """What is wrong with rows, or was left out of them."""
    errors_listed: _Count = 0
    """Of these so many are in the list."""
    unknown_handles: _Count = 0
    """Rows of the handles file that name a handle which is not the organisation's."""
    quality: tuple[str, ...] = ()
    """How well the extract's children can be found, in words and numbers."""
    why: str = ""
    hint: str = ""
    sent: bool = False
    """Whether anything may have been registered, ended or withdrawn by it. What was acknowledged stands."""


class FeedsShown(Wire):
    """The runs of the last 35 days, the newest first; with the one that is under way."""

    feeds: list[FeedShown]
