"""When a feed stops before anything is sent: too many bad rows, or too much of the caseload ending at once.

Either is more likely a broken extract than the truth. Every limit that is broken is told; being at one is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from signpost.edge.feeds.reconcile import Counts

__all__ = ["Broken", "Limits", "TooManyEnds", "TooManyRejected", "broken_limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a feed stops. `accept_ends`: so many ends and withdrawals were looked at and are right."""

    rejected_share: float = 0.02
    ended_share: float = 0.20
    accept_ends: int | None = None


@dataclass(frozen=True, slots=True)
class TooManyRejected:
    """More rows are bad than the limit allows: the extract is likely broken."""

    rejected: int
    rows: int
    limit: float


@dataclass(frozen=True, slots=True)
class TooManyEnds:
    """More of the caseload would end than the limit allows; `--accept-ends` with this number lets it."""

    ends: int
    caseload: int
    limit: float


Broken = TooManyRejected | TooManyEnds


def broken_limits(counts: Counts, limits: Limits) -> tuple[Broken, ...]:
    """Each limit that the feed is above; it may be sent where there is none."""
    broken: list[Broken] = []
    if counts.rejected_share > limits.rejected_share:
        broken.append(TooManyRejected(counts.rejected, counts.rows, limits.rejected_share))
    ends = counts.end + counts.withdraw
    accepted = limits.accept_ends is not None and ends <= limits.accept_ends
    if counts.ended_share > limits.ended_share and not accepted:
        broken.append(TooManyEnds(ends, counts.caseload, limits.ended_share))
    return tuple(broken)
