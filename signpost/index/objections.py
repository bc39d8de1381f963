"""Objections (UK GDPR Art. 21): recorded with how each was balanced, and, where one is upheld, given effect.

A person weighs an objection, with the family there; the index records the ground and draws the one conclusion. Upheld,
it hides what rests on consent alone, of every organisation, now and whenever it is registered; what the law asks for,
or what protects a child from significant harm, stands. It hides as a shield does, and leaves as little to see: whoever
registers sees no difference, and the answer is the same whatever is there (protocol.md C4). It holds the tags that are
surely the child's alone, so that nobody who is merely like them is hidden with them.

The council that recorded one takes it back. So it does with a consent that was withdrawn, by that receipt.
"""

from __future__ import annotations

from typing import final

from signpost.index.audit import AuditAction
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.permissions import Act, may, require
from signpost.index.ports import OwnRights, Seals
from signpost.index.records import Seal, SealKind, StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.rights_records import is_of_the_child
from signpost.index.speakable import speakable
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.rights import ObjectionAnswer, ObjectionEndRequest, ObjectionGround, ObjectionRequest
from signpost.service.clock import Randomness

__all__ = ["Objections", "unused_reference"]


@final
class Objections:
    """Records objections, and gives effect to those that are upheld."""

    def __init__(
        self, *, seals: Seals, rights: OwnRights, wrappers: Wrappers, manifest: Manifest, randomness: Randomness
    ) -> None:
        self._seals = seals
        self._rights = rights
        self._wrappers = wrappers
        self._manifest = manifest
        self._randomness = randomness

    async def record(self, asked: ObjectionRequest, signed: Signed) -> ObjectionAnswer:
        """Record one. The same request sent again is the same objection.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH, RECEIPT_INVALID,
                RECEIPT_EXPIRED, RECEIPT_SPENT, BUDGET_USED, NONCE_USED.
        """
        asker = signed.asker
        require(may(asker, Act.UPHOLD_RIGHTS))
        check_epoch(self._manifest, asked.epoch)
        tags = read_tags(asked.tags, Use.OFFICER, place="/tags")
        receipts = read_receipts(asked.receipts, self._manifest, signed, use=Use.OFFICER, points=POINTS[Use.OFFICER])
        reference = unused_reference(self._seals, self._randomness)
        spending = Spending(signed, receipts, Acknowledgement(reference, signed.at))
        audit = signed.audit(AuditAction.RECORDED_OBJECTION, self._randomness, ground=asked.balanced)
        if asked.balanced is not ObjectionGround.NO_OVERRIDING_GROUND:
            noted = await self._rights.note(spending=spending, audit=audit)
            return ObjectionAnswer(objection=noted.receipt, upheld=False, at=noted.at)
        kept = await self._seals.add(
            Seal(
                reference=reference,
                kind=SealKind.OBJECTION,
                organisation=asker.organisation,
                account=asker.account,
                asked_at=signed.at,
            ),
            [StoredTag(place, self._wrappers.involvements.wrap(tag)) for place, tag in tags if is_of_the_child(place)],
            to_another=False,
            spending=spending,
            audit=audit,
        )
        return ObjectionAnswer(objection=kept.reference, upheld=True, at=kept.asked_at)

    async def end(self, asked: ObjectionEndRequest, signed: Signed) -> Nothing:
        """Take an upheld objection of the own organisation's back, or a withdrawn consent by its receipt.

        Raises:
            Problem: ROLE_REFUSED, OBJECTION_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))

        def ended(seal: Seal) -> None:
            if seal.kind is SealKind.SHIELD or seal.organisation != signed.asker.organisation:
                raise Problem(ProblemCode.SHIELD_UNKNOWN)

        audit = signed.audit(AuditAction.ENDED_OBJECTION, self._randomness)
        try:
            await self._seals.change(asked.objection, ended, signed=signed, audit=audit)
        except Problem as problem:
            if problem.code is not ProblemCode.SHIELD_UNKNOWN:
                raise
            # Whether there is a shield of that reference is not for this officer.
            raise Problem(ProblemCode.OBJECTION_UNKNOWN) from None
        return Nothing()


def unused_reference(seals: Seals, randomness: Randomness) -> str:
    """A fresh reference that nothing that hides has: else one would be written over another."""
    while seals.seal(reference := speakable(randomness)) is not None:
        pass
    return reference
