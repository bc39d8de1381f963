"""Ending and withdrawing involvements: by the organisation that registered them, with no tags and no receipts.

All of a request is done or none of it. An end says on what day, and gives the row's new digest; a withdrawal says
nothing more. What they change in the owner's table is there at once; for lookups they settle like every other write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from signpost.index.audit import AuditAction
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Involvements
from signpost.index.register import last_possible_day, refuse_repeated
from signpost.index.requests import Signed
from signpost.index.speakable import speakable
from signpost.protocol.messages import Change, ChangeRequest, WriteReceipt
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Randomness

__all__ = ["ChangeInvolvements"]


@final
class ChangeInvolvements:
    """Takes ends and withdrawals in."""

    def __init__(self, *, involvements: Involvements, randomness: Randomness) -> None:
        self._involvements = involvements
        self._randomness = randomness

    async def accept(self, asked: ChangeRequest, signed: Signed) -> WriteReceipt:
        """A receipt, when all of it is durable.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, REFERENCE_REPEATED, PERIOD_INVALID, REFERENCE_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.CHANGE))
        changes = asked.changes
        if misshapen := tuple(f"/changes/{at}" for at, change in enumerate(changes) if not _well_formed(change)):
            raise Problem(ProblemCode.MALFORMED, pointers=misshapen)
        refuse_repeated([change.reference for change in changes], "changes")
        _refuse_future(changes, signed.at)
        await self._involvements.change(
            changes, signed=signed, audit=signed.audit(AuditAction.CHANGED, self._randomness)
        )
        return WriteReceipt(receipt=speakable(self._randomness), accepted=len(changes), at=signed.at)


def _well_formed(change: Change) -> bool:
    given = (change.ended_on is not None, change.row_digest is not None)
    return given == ((True, True) if change.action == "end" else (False, False))


def _refuse_future(changes: Sequence[Change], now: int) -> None:
    last = last_possible_day(now)
    ahead = tuple(
        f"/changes/{at}/ended_on"
        for at, change in enumerate(changes)
        if change.ended_on is not None and change.ended_on > last
    )
    if ahead:
        raise Problem(ProblemCode.PERIOD_INVALID, pointers=ahead)
