"""A request that may be acted on: who signed it, and what it must still spend.

Verified is not spent. The nonce, and the evaluation receipts where there are some, are spent by the store in the very
transaction that does what was asked, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.protocol.credentials import AccountId, Asker
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import DeepReason, Purpose
from signpost.protocol.receipts import EvaluationReceipt
from signpost.protocol.rights import Exemption, ObjectionGround
from signpost.service.clock import Randomness

__all__ = ["Acknowledgement", "Signed", "Spending"]


@dataclass(frozen=True, slots=True)
class Signed:
    """A verified asker and the request they signed: its nonce and how long that is remembered, its body's digest, and
    when it arrived (epoch seconds): the one reading of the clock that the whole request is judged by.
    """

    asker: Asker
    nonce: str
    remember_until: int
    body_digest: bytes
    at: int

    def audit(
        self,
        action: AuditAction,
        randomness: Randomness,
        *,
        purpose: Purpose | None = None,
        deep: DeepReason | None = None,
        ground: ObjectionGround | Exemption | None = None,
        subject: AccountId | None = None,
        refused: ProblemCode | None = None,
    ) -> AuditEvent:
        """The leaf of this request."""
        return AuditEvent(
            action=action,
            at=self.at,
            access=randomness(ACCESS_BYTES),
            organisation=self.asker.organisation,
            account=self.asker.account,
            user=self.asker.user,
            purpose=purpose,
            deep=deep,
            subject=subject,
            ground=ground,
            refused=refused,
        )


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the asker is told, and told again: the spoken receipt and when it was first given."""

    receipt: str
    at: int


@dataclass(frozen=True, slots=True)
class Spending:
    """A signed request, the receipts of the batch its tags came from, and what is acknowledged if they are unspent."""

    signed: Signed
    receipts: tuple[EvaluationReceipt, ...]
    acknowledgement: Acknowledgement
