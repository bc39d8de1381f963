"""The escalation worker: notices that fall due go to the desk out of hours, then say that nobody answered.

Each step is taken once, with its leaf, in one transaction with it: killed at any moment, it goes on where it was.
"""

from __future__ import annotations

from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import CallBacks
from signpost.protocol.credentials import OrganisationId
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
        return await self._call_backs.escalate(_BATCH, now=now, audit=lambda of: self._audit(of, now))

    def _audit(self, organisation: OrganisationId, now: int) -> AuditEvent:
        return AuditEvent(
            action=AuditAction.ESCALATED, at=now, access=self._randomness(ACCESS_BYTES), organisation=organisation
        )
