"""The settling worker: makes acknowledged writes visible, off every response path (protocol.md C3).

On a fixed tick it takes a fixed number of rows of the inbox, oldest first, in one transaction: what they say is in the
hot table, each has left exactly one outcome row, and they are gone from the inbox, or nothing of that is so. It can be
killed at any moment and goes on where it was. It runs inside the index's process and in the same order whatever the
rows say.
"""

from __future__ import annotations

from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.lifetimes import OUTCOME_ROW_SECONDS, whole_hour
from signpost.index.ports import Upkeep
from signpost.service.clock import Clock, Randomness

__all__ = ["BATCH", "Settling"]

BATCH: Final = 64
"""Arrivals that settle in one tick: fifteen milliseconds of the writer's time where all are lookups, thirty where all
are registrations; at five ticks a second, 320 a second.
A feed that is faster waits in the inbox, where it is durable, and is visible a little later."""


@final
class Settling:
    """One tick of the worker."""

    def __init__(self, *, upkeep: Upkeep, clock: Clock, randomness: Randomness) -> None:
        self._upkeep = upkeep
        self._clock = clock
        self._randomness = randomness

    async def tick(self) -> int:
        """Settle one batch; how many arrivals were in it."""
        if not self._upkeep.waiting():
            return 0
        now = self._clock.now()
        audit = AuditEvent(action=AuditAction.SETTLED, at=now, access=self._randomness(ACCESS_BYTES))
        return await self._upkeep.settle(BATCH, now=now, keep_until=whole_hour(now + OUTCOME_ROW_SECONDS), audit=audit)
