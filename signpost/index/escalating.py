"""The escalation worker: notices that fall due go to the desk out of hours, then say that nobody answered.

The steps of a round are taken once, with one leaf, in one transaction: killed at any moment, it goes on where it was.
The leaf names nobody, and not how many: a desk's time runs out so long after somebody asked, to the minute, that one
which named its organisation would tell whoever reads the record whom they had asked.
"""

from __future__ import annotations

from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import CallBacks
from signpost.service.clock import Clock, Randomness

__all__ = ["Escalating"]

_BATCH: Final = 50


@final
class Escalating:
    """One round of the worker."""

    def __init__(self, *, call_backs: CallBacks, clock: Clock, ahead_seconds: int, randomness: Randomness) -> None:
        self._call_backs = call_backs
        self._clock = clock
        self._ahead_seconds = ahead_seconds
        self._randomness = randomness

    async def tick(self) -> int:
        """Have what is due go a step further; how many notices did."""
        now = self._clock.now() + self._ahead_seconds
        audit = AuditEvent(action=AuditAction.ESCALATED, at=now, access=self._randomness(ACCESS_BYTES))
        return await self._call_backs.escalate(_BATCH, now=now, audit=audit)
