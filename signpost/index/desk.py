"""The independent desk: it alone sees who asks about a shielded child, and decides what a machine must not.

It is an organisation of its own kind, and does nothing else. Whatever shields touch comes to its queue: lookups,
call-backs, registrations that are hidden, and those that resemble a shielded child too little to be hidden; and
shields that nobody approved in time, or that are due for their review. It rings who asks to be rung, if that is right;
what they are told is said on the telephone, and nowhere here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.permissions import Act, may, require
from signpost.index.ports import DeskQueues, Record
from signpost.index.records import Seal
from signpost.index.requests import Signed
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.shielding import (
    MOST_ITEMS,
    DeskCallBackRequest,
    DeskDecision,
    DeskQueue,
    DeskResolveRequest,
    DeskWork,
    ShieldState,
)
from signpost.service.clock import Clock, Randomness

__all__ = ["DECISIONS", "GATHER_SECONDS", "Desk", "Gathering", "gathered"]

GATHER_SECONDS: Final = 10
DECISIONS: Final = {
    DeskWork.LOOKED_UP: frozenset({DeskDecision.SEEN}),
    DeskWork.CALL_BACK: frozenset({DeskDecision.SEEN}),
    DeskWork.REGISTERED: frozenset({DeskDecision.SEEN, DeskDecision.HIDE}),
    DeskWork.UNSURE: frozenset({DeskDecision.HIDE, DeskDecision.LEAVE}),
    DeskWork.APPROVAL: frozenset({DeskDecision.APPROVE, DeskDecision.REFUSE}),
    DeskWork.END: frozenset({DeskDecision.END, DeskDecision.STAND}),
    DeskWork.REVIEW: frozenset({DeskDecision.KEEP}),
}
"""How each kind of item can be decided."""


@dataclass(frozen=True, slots=True)
class _Decision:
    """As the port's `Deciding`."""

    decision: DeskDecision
    with_number: bool
    today: dt.date

    def allowed(self, work: DeskWork) -> Collection[DeskDecision]:
        """Which decisions such an item takes. Whether somebody was rung is said as such, never in passing."""
        return frozenset() if work is DeskWork.CALL_BACK else DECISIONS[work]

    def change(self, seal: Seal) -> Seal | None:
        """What becomes of a shield that is decided; null: it ends."""
        if self.decision is DeskDecision.KEEP:
            return replace(seal, review_on=self.today + _ONE_YEAR)
        if self.decision is DeskDecision.APPROVE:
            return replace(seal, state=ShieldState.APPROVED, number_waits=False)
        if self.decision is DeskDecision.STAND:
            # Its end is refused; what nobody has approved of it is approved no more by that.
            return replace(seal, state=ShieldState.WAITING if seal.number_waits else ShieldState.APPROVED, end_why=None)
        return None


_ONE_YEAR: Final = dt.timedelta(days=365)


@final
class Desk:
    """Shows the queue, and takes the desk's decisions."""

    def __init__(self, *, queues: DeskQueues, record: Record, randomness: Randomness) -> None:
        self._queues = queues
        self._record = record
        self._randomness = randomness

    async def queue(self, signed: Signed) -> DeskQueue:
        """What waits, as of now.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.DECIDE_SHIELDED))
        await self._record.note(signed.audit(AuditAction.READ_DESK_QUEUE, self._randomness), signed=signed)
        await self._queues.gather(now=signed.at, audit=lambda: gathered(signed.at, self._randomness))
        items = self._queues.queue(MOST_ITEMS + 1, now=signed.at)
        return DeskQueue(items=items[:MOST_ITEMS], more=len(items) > MOST_ITEMS)

    async def resolve(self, asked: DeskResolveRequest, signed: Signed) -> Nothing:
        """Decide an item.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, ITEM_UNKNOWN, DECISION_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.DECIDE_SHIELDED))
        if asked.with_number and asked.decision is not DeskDecision.HIDE:
            raise Problem(ProblemCode.MALFORMED, pointers=("/with_number",))
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
        await self._queues.decide(
            asked.item,
            _Decision(asked.decision, asked.with_number, today),
            signed=signed,
            audit=signed.audit(AuditAction.RESOLVED_ITEM, self._randomness),
        )
        return Nothing()

    async def called_back(self, asked: DeskCallBackRequest, signed: Signed) -> Nothing:
        """Say whether who asks to be rung was rung.

        Raises:
            Problem: ROLE_REFUSED, ITEM_UNKNOWN, DECISION_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.DECIDE_SHIELDED))
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
        action = AuditAction.DESK_RANG if asked.rang else AuditAction.RESOLVED_ITEM
        await self._queues.decide(
            asked.item,
            _CallBack(DeskDecision.SEEN, with_number=False, today=today),
            signed=signed,
            audit=signed.audit(action, self._randomness),
        )
        return Nothing()


class _CallBack(_Decision):
    """A decision on call-backs alone."""

    __slots__ = ()

    def allowed(self, work: DeskWork) -> Collection[DeskDecision]:
        """None of any other item."""
        return DECISIONS[work] if work is DeskWork.CALL_BACK else frozenset()


def gathered(at: int, randomness: Randomness) -> AuditEvent:
    """The desk's leaf of what the index itself found for it."""
    return AuditEvent(action=AuditAction.GATHERED, at=at, access=randomness(ACCESS_BYTES))


@final
class Gathering:
    """One round of gathering what shields touched, off every response path."""

    def __init__(self, *, queues: DeskQueues, clock: Clock, randomness: Randomness) -> None:
        self._queues = queues
        self._clock = clock
        self._randomness = randomness

    async def tick(self) -> None:
        """Gather all that has settled."""
        now = self._clock.now()
        await self._queues.gather(now=now, audit=lambda: gathered(now, self._randomness))
