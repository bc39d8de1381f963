"""Sweeping: what has run out is deleted, and overwritten where it lay (`secure_delete`).

Nonces, spent receipts, lookup rows and outcome rows each carry the moment they are forgotten. A sweep takes a bounded
number of each, so that it never holds the writer for long; what is left goes with the next one. The counts of answers
of a day that is over are judged first, all of them, since one is unusual only beside the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import Upkeep
from signpost.index.unusual import Unusual, UnusualShare
from signpost.service.clock import Clock, Randomness

__all__ = ["SWEEP_SECONDS", "Sweeping"]

SWEEP_SECONDS: Final = 30


@final
class Sweeping:
    """One sweep."""

    def __init__(self, *, upkeep: Upkeep, changed: Callable[[], None], clock: Clock, randomness: Randomness) -> None:
        """`changed` is called when the revocation list may have been."""
        self._upkeep = upkeep
        self._changed = changed
        self._clock = clock
        self._randomness = randomness

    async def tick(self) -> int:
        """Delete what has run out; how many rows that was."""
        now = self._clock.now()
        audit = AuditEvent(action=AuditAction.SWEPT, at=now, access=self._randomness(ACCESS_BYTES))
        gone = await self._upkeep.sweep(now, unusual=lambda share: self._unusual(share, now), audit=audit)
        if gone:
            self._changed()
        return gone

    def _unusual(self, share: UnusualShare, now: int) -> AuditEvent:
        """For auditors: whose answers of a day that is over were unusual, and which. No count, and no answer."""
        return AuditEvent(
            action=_UNUSUAL[share.of],
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=share.organisation,
            subject=share.account,
        )


_UNUSUAL: Final = {Unusual.NONE: AuditAction.UNUSUAL_NONE, Unusual.POSSIBLE: AuditAction.UNUSUAL_POSSIBLE}
