"""Correcting and withdrawing for a family (UK GDPR Art. 7(3), 16): one command, complete, with a receipt.

A rights officer of a council, with the family there, acts on what the own organisation registered, wherever it stands,
and on nothing else: an involvement that matches at T1 and has no other NHS number. What is corrected holds the right
tags from now on, as if its feed had sent them; its row digest stays, so that the feed sends it again only once it has
changed at its source. What rests on consent is withdrawn; what the law asks for, or significant harm, stands and is
counted. What its feed sends of them again is hidden, as by an objection that is that organisation's alone, until it is
taken back by the receipt. The counts are of the organisation's own and the same whether a child is shielded or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from signpost.index.audit import AuditAction
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.objections import unused_reference
from signpost.index.permissions import Act, may, require
from signpost.index.ports import OwnRights, Seals
from signpost.index.records import StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.rights_records import RightsDone
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import TaggedPoint
from signpost.protocol.receipts import EvaluationReceipt
from signpost.protocol.rights import CorrectRequest, RightsReceipt, WithdrawRequest
from signpost.service.clock import Randomness

__all__ = ["FamilyRights"]


@final
class FamilyRights:
    """Corrects and withdraws what an organisation registered of one child."""

    def __init__(
        self, *, rights: OwnRights, seals: Seals, wrappers: Wrappers, manifest: Manifest, randomness: Randomness
    ) -> None:
        self._rights = rights
        self._seals = seals
        self._wrappers = wrappers
        self._manifest = manifest
        self._randomness = randomness

    async def correct(self, asked: CorrectRequest, signed: Signed) -> RightsReceipt:
        """Have the own involvements hold the right tags. The same request sent again is told the same.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH, RECEIPT_INVALID,
                RECEIPT_EXPIRED, RECEIPT_SPENT, NONCE_USED.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))
        check_epoch(self._manifest, asked.epoch)
        tags = self._tags(asked.tags, Use.OFFICER, "/tags")
        # What a registration holds, evaluated for an officer: a holder sees twelve points either way.
        right = self._tags(asked.right, Use.REGISTER, "/right")
        receipts = self._receipts(asked.receipts, signed) + self._receipts(asked.right_receipts, signed)
        done = await self._rights.correct(
            tags,
            right,
            spending=self._spending(signed, receipts),
            audit=signed.audit(AuditAction.CORRECTED, self._randomness),
        )
        return _receipt(done)

    async def withdraw(self, asked: WithdrawRequest, signed: Signed) -> RightsReceipt:
        """Withdraw the own involvements that rest on consent; what is sent of them again stays unseen.

        Raises:
            Problem: as `correct`.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))
        check_epoch(self._manifest, asked.epoch)
        tags = self._tags(asked.tags, Use.OFFICER, "/tags")
        done = await self._rights.withdraw(
            tags,
            spending=self._spending(signed, self._receipts(asked.receipts, signed)),
            audit=signed.audit(AuditAction.WITHDREW_CONSENT, self._randomness),
        )
        return _receipt(done)

    def _tags(self, tagged: Sequence[TaggedPoint], use: Use, place: str) -> list[StoredTag]:
        return [StoredTag(of, self._wrappers.involvements.wrap(tag)) for of, tag in read_tags(tagged, use, place=place)]

    def _receipts(self, tokens: Sequence[str], signed: Signed) -> tuple[EvaluationReceipt, ...]:
        return read_receipts(tokens, self._manifest, signed, use=Use.OFFICER, points=POINTS[Use.OFFICER])

    def _spending(self, signed: Signed, receipts: tuple[EvaluationReceipt, ...]) -> Spending:
        # A withdrawal's receipt is also the reference of what keeps it withdrawn.
        return Spending(signed, receipts, Acknowledgement(unused_reference(self._seals, self._randomness), signed.at))


def _receipt(done: RightsDone) -> RightsReceipt:
    return RightsReceipt(receipt=done.receipt, at=done.at, changed=done.changed, standing=done.standing)
