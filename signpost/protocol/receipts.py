"""Evaluation receipts: a holder's signed word that a batch was charged and evaluated (protocol.md B5).

The index takes tags only with t different holders' unspent receipts of one batch (C2), so a captured tag costs as much
to present as a fresh one. A receipt names the batch by a hash of its blinded points, which say nothing of a child.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signpost.protocol.classes import Use
from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.encoding import JSON, EncodingError, from_base64url, to_base64url
from signpost.protocol.keys import SigningKey, VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tokens import TokenInvalid, peek, read_identifier, read_seconds, read_token, sign_token

__all__ = [
    "BULK_SECONDS", "LOOKUP_SECONDS", "EvaluationReceipt", "batch_hash", "check_receipts", "holder_of", "lifetime",
]  # fmt: skip

RECEIPT_TYP: Final = "signpost-evaluation+jwt"
LOOKUP_SECONDS: Final = 10 * 60
BULK_SECONDS: Final = 60 * 60
_BATCH_BYTES: Final = 32
_HOLDER: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_CLAIMS: Final = {"account", "batch", "epoch", "exp", "holder", "iat", "jti", "kind", "organisation", "points"}


def batch_hash(points: bytes) -> bytes:
    """The 32-byte name of a batch: SHA-256 of its concatenated blinded points, in order."""
    return digest(Label.BATCH, points)


@dataclass(frozen=True, slots=True)
class EvaluationReceipt:
    """What one holder charged to whom."""

    holder: int
    organisation: OrganisationId
    account: AccountId
    use: Use
    points: int
    batch: bytes
    epoch: int
    issued_at: int
    expires_at: int
    identifier: str

    def sign(self, key: SigningKey) -> str:
        """The receipt as a token, under the holder's signing key."""
        claims: dict[str, JSON] = {
            "account": self.account,
            "batch": to_base64url(self.batch),
            "epoch": self.epoch,
            "exp": self.expires_at,
            "holder": str(self.holder),
            "iat": self.issued_at,
            "jti": self.identifier,
            "kind": self.use.value,
            "organisation": self.organisation,
            "points": self.points,
        }
        return sign_token(claims, typ=RECEIPT_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> EvaluationReceipt:
        """A receipt signed by a holder's key.

        Raises:
            TokenInvalid: not such a receipt.
        """
        claims = read_token(token, typ=RECEIPT_TYP, key=key)
        if set(claims) != _CLAIMS:
            raise TokenInvalid("a claim is missing or unknown")
        numbers = (claims["epoch"], claims["points"])
        if not (valid_name(claims["organisation"]) and valid_name(claims["account"])):
            raise TokenInvalid("a claim is not of its form")
        if not all(type(number) is int and 0 < number < 2**31 for number in numbers):
            raise TokenInvalid("a claim is not of its form")
        return cls(
            holder=_holder(claims["holder"]),
            organisation=OrganisationId(str(claims["organisation"])),
            account=AccountId(str(claims["account"])),
            use=_use(claims["kind"]),
            points=int(str(claims["points"])),
            batch=_batch(claims["batch"]),
            epoch=int(str(claims["epoch"])),
            issued_at=read_seconds(claims["iat"]),
            expires_at=read_seconds(claims["exp"]),
            identifier=read_identifier(claims["jti"]),
        )


def lifetime(use: Use) -> int:
    """How many seconds a receipt of this use is good for."""
    return BULK_SECONDS if use is Use.REGISTER else LOOKUP_SECONDS


def _holder(value: JSON) -> int:
    if isinstance(value, str) and _HOLDER.fullmatch(value):
        return int(value)
    raise TokenInvalid("a claim is not of its form")


def _use(value: JSON) -> Use:
    try:
        return Use(str(value))
    except ValueError:
        raise TokenInvalid("a claim is not of its form") from None


def _batch(value: JSON) -> bytes:
    try:
        batch = from_base64url(value) if isinstance(value, str) else b""
    except EncodingError:
        batch = b""
    if len(batch) != _BATCH_BYTES:
        raise TokenInvalid("a claim is not of its form")
    return batch


def holder_of(token: str) -> int | None:
    """The holder that an unverified receipt names: whose key to check it against."""
    name = peek(token, "holder")
    return int(name) if name is not None and _HOLDER.fullmatch(name) else None


def check_receipts(
    receipts: Sequence[EvaluationReceipt],
    *,
    threshold: int,
    organisation: OrganisationId,
    account: AccountId,
    use: Use,
    points: int,
    epoch: int,
    now: int,
) -> None:
    """C2: exactly t different holders, one batch, this account, this use, this many points, this epoch, none run out.

    Whether they were spent before is the store's to say, in the transaction that spends them.

    Raises:
        Problem: RECEIPTS_MISMATCH or RECEIPT_EXPIRED.
    """
    expected = (organisation, account, use, points, epoch)
    if (
        len(receipts) != threshold
        or len({receipt.holder for receipt in receipts}) != threshold
        or len({receipt.batch for receipt in receipts}) != 1
        or any((r.organisation, r.account, r.use, r.points, r.epoch) != expected for r in receipts)
    ):
        raise Problem(ProblemCode.RECEIPTS_MISMATCH)
    if any(now >= receipt.expires_at for receipt in receipts):
        raise Problem(ProblemCode.RECEIPT_EXPIRED)
