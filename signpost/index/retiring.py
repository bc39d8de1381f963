"""Retiring: what is past its time leaves, by a walk through the owner's table that never ends (docs/data-held.md).

An involvement is past its time when it ended twelve months ago, or when the month is past after which its organisation
said that it must be gone. Both rest sealed, so no statement can find them: each round opens some rows, in the table's
order, and goes on where it stopped, restarts included. What is past its time leaves as a withdrawal does, through the
inbox, with its notices; accesses of more than twelve months ago leave with it. The leaf says how many.

Deleted rows are overwritten where they lay; after each round the log is written back and cut, and free pages are given
back, so that no byte of what was deleted, here or by a withdrawal, stays in a file.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import Retirement
from signpost.index.records import OwnedInvolvement
from signpost.protocol.calendar import KEPT_MONTHS, months_before
from signpost.service.clock import Clock, Randomness

__all__ = ["OVERDUE_SECONDS", "RETIRING_SECONDS", "Retiring", "past_its_time"]

RETIRING_SECONDS: Final = 30
_ROWS: Final = 2_000
"""Opened in one round: some thirty milliseconds. Ten million are walked through in two days."""
OVERDUE_SECONDS: Final = 7 * 24 * 60 * 60
"""A walk that has not come to its end for so long is one that somebody should look at."""


def past_its_time(owned: OwnedInvolvement, today: dt.date) -> bool:
    """Whether an involvement is to be gone by this day."""
    ended = owned.ended_on is not None and owned.ended_on < months_before(today, KEPT_MONTHS)
    return ended or owned.remove_after < f"{today:%Y-%m}"


@final
class Retiring:
    """One round of the walk."""

    def __init__(self, *, retirement: Retirement, clock: Clock, randomness: Randomness) -> None:
        self._retirement = retirement
        self._clock = clock
        self._randomness = randomness

    async def tick(self) -> int:
        """Look at some involvements and delete what is past its time; how many rows of either kind that was."""
        now = self._clock.now()
        today = dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
        first = months_before(today, KEPT_MONTHS)
        gone = await self._retirement.retire(
            _ROWS,
            now=now,
            past=lambda owned: past_its_time(owned, today),
            accesses_before=first.year * 100 + first.month,
            audit=lambda rows: AuditEvent(
                action=AuditAction.RETIRED, at=now, access=self._randomness(ACCESS_BYTES), rows=rows
            ),
        )
        await self._retirement.tidy()
        return gone

    def overdue(self, now: int) -> bool:
        """Whether the walk has not come to its end for a week."""
        return now - self._retirement.walked_at(now) > OVERDUE_SECONDS
