"""Shielding a child who must not be found, as a council's officer does it (protocol.md C4).

It hides at once. An officer of another council approves it within a working day, and its end likewise, or the
independent desk decides; until then it hides. What an officer is told is their own request: not whom it hides, nor
whether there is anybody; the same bytes for a child nobody knows.

Leaves of shields are in the desk's record: when which council shields a child is not for every auditor.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

from signpost.index.audit import AuditAction
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Record, Seals
from signpost.index.records import Seal, SealKind, StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.speakable import speakable
from signpost.index.working_time import Patience, due_at
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import TaggedPoint
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Urgency
from signpost.protocol.shielding import (
    ShieldAddRequest,
    ShieldAnswer,
    ShieldEndRequest,
    ShieldIdentityRequest,
    ShieldList,
    ShieldRequest,
    ShieldState,
    ShieldStatusRequest,
)
from signpost.service.clock import Randomness

__all__ = ["Shield"]

_ONE_WORKING_DAY: Final = Patience(week_days=1)
_LONGEST: Final = dt.timedelta(days=731)


@final
class Shield:
    """Takes an officer's requests."""

    def __init__(
        self, *, seals: Seals, record: Record, wrappers: Wrappers, manifest: Manifest, randomness: Randomness
    ) -> None:
        self._seals = seals
        self._record = record
        self._wrappers = wrappers
        self._manifest = manifest
        self._randomness = randomness

    async def add(self, asked: ShieldAddRequest, signed: Signed) -> ShieldAnswer:
        """Hide a child, from now on.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, REVIEW_DATE, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH,
                RECEIPT_INVALID, RECEIPT_EXPIRED, RECEIPT_SPENT, SHIELD_UNKNOWN, SHIELD_DECIDED, BUDGET_USED,
                NONCE_USED.
        """
        require(may(signed.asker, Act.SHIELD))
        check_epoch(self._manifest, asked.epoch)
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
        if not today < asked.review_on <= today + _LONGEST:
            raise Problem(ProblemCode.REVIEW_DATE, pointers=("/review_on",))
        tags = self._tags(asked.tags)
        reference = asked.shield or self._unused()
        seal = Seal(
            reference=reference,
            kind=SealKind.SHIELD,
            organisation=signed.asker.organisation,
            account=signed.asker.account,
            asked_at=signed.at,
            state=ShieldState.WAITING,
            reason=asked.reason,
            approve_by=_approve_by(signed),
            review_on=asked.review_on,
        )
        kept = await self._seals.add(
            seal,
            tags,
            to_another=asked.shield is not None,
            spending=self._spending(asked.receipts, reference, signed),
            audit=signed.audit(AuditAction.SHIELDED, self._randomness),
        )
        return _answer(kept)

    async def approve(self, asked: ShieldRequest, signed: Signed) -> ShieldAnswer:
        """Approve another organisation's shield, or its end: whichever the request names, and not the other.

        Raises:
            Problem: ROLE_REFUSED, SHIELD_UNKNOWN, SHIELD_DECIDED, NONCE_USED.
        """
        require(may(signed.asker, Act.SHIELD))

        def approved(seal: Seal) -> Seal | None:
            if seal.kind is not SealKind.SHIELD or seal.organisation == signed.asker.organisation:
                raise Problem(ProblemCode.SHIELD_UNKNOWN)
            # Which of the two is approved is said, so that nobody approves an end unknowingly.
            if seal.state is not (ShieldState.ENDING if asked.ends else ShieldState.WAITING):
                raise Problem(ProblemCode.SHIELD_DECIDED)
            return None if asked.ends else replace(seal, state=ShieldState.APPROVED, number_waits=False)

        audit = signed.audit(AuditAction.APPROVED_SHIELD, self._randomness)
        return _answer(await self._seals.change(asked.shield, approved, signed=signed, audit=audit))

    async def status(self, asked: ShieldStatusRequest, signed: Signed) -> ShieldList:
        """How one's own organisation's shields stand.

        Raises:
            Problem: ROLE_REFUSED, SHIELD_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.SHIELD))
        own = [seal for seal in self._seals.own(signed.asker.organisation) if seal.kind is SealKind.SHIELD]
        shown = [seal for seal in own if asked.shield in (None, seal.reference)]
        await self._record.note(signed.audit(AuditAction.READ_SHIELDS, self._randomness), signed=signed)
        if asked.shield is not None and not shown:
            raise Problem(ProblemCode.SHIELD_UNKNOWN)
        return ShieldList(shields=[_answer(seal) for seal in shown])

    async def end(self, asked: ShieldEndRequest, signed: Signed) -> ShieldAnswer:
        """Have an own shield end, once that is approved.

        Raises:
            Problem: ROLE_REFUSED, SHIELD_UNKNOWN, SHIELD_DECIDED, NONCE_USED.
        """
        require(may(signed.asker, Act.SHIELD))

        def ending(seal: Seal) -> Seal:
            if seal.kind is not SealKind.SHIELD or seal.organisation != signed.asker.organisation:
                raise Problem(ProblemCode.SHIELD_UNKNOWN)
            if seal.state is ShieldState.ENDING:
                raise Problem(ProblemCode.SHIELD_DECIDED)
            return replace(seal, state=ShieldState.ENDING, approve_by=_approve_by(signed), end_why=asked.why)

        audit = signed.audit(AuditAction.ASKED_TO_END_SHIELD, self._randomness)
        return _answer(await self._seals.change(asked.shield, ending, signed=signed, audit=audit))

    async def end_identity(self, asked: ShieldIdentityRequest, signed: Signed) -> ShieldAnswer:
        """The child has a new identity: delete the own organisation's involvements of the old one, and have nothing
        lead from one to the other.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH, RECEIPT_INVALID,
                RECEIPT_EXPIRED, RECEIPT_SPENT, SHIELD_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.SHIELD))
        check_epoch(self._manifest, asked.epoch)
        tags = self._tags(asked.tags)
        spending = self._spending(asked.receipts, asked.shield, signed)
        kept = await self._seals.end_identity(
            signed.asker.organisation,
            asked.shield,
            tags,
            spending=spending,
            audit=signed.audit(AuditAction.ENDED_IDENTITY, self._randomness),
        )
        return _answer(kept)

    def _tags(self, tagged: Sequence[TaggedPoint]) -> list[StoredTag]:
        tags = read_tags(tagged, Use.OFFICER, place="/tags")
        return [StoredTag(of, self._wrappers.involvements.wrap(tag)) for of, tag in tags]

    def _spending(self, receipts: Sequence[str], reference: str, signed: Signed) -> Spending:
        points = POINTS[Use.OFFICER]
        read = read_receipts(receipts, self._manifest, signed, use=Use.OFFICER, points=points)
        return Spending(signed, read, Acknowledgement(reference, signed.at))

    def _unused(self) -> str:
        while self._seals.seal(reference := speakable(self._randomness)) is not None:
            pass
        return reference


def _approve_by(signed: Signed) -> int:
    return due_at(signed.at, Urgency.WEEK, None, _ONE_WORKING_DAY)


def _answer(seal: Seal) -> ShieldAnswer:
    assert seal.reason is not None
    assert seal.review_on is not None
    return ShieldAnswer(
        shield=seal.reference,
        state=seal.state,
        reason=seal.reason,
        asked_at=seal.asked_at,
        approve_by=seal.approve_by,
        review_on=seal.review_on,
        end_why=seal.end_why,
    )
