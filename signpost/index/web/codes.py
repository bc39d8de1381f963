"""What many of the public doors may refuse with: whoever is asked who they are, and whoever sends tags."""

from __future__ import annotations

from typing import Final

from signpost.protocol.problems import ProblemCode

__all__ = ["EVALUATED", "WHO_ASKS"]

_C = ProblemCode

WHO_ASKS: Final = (
    _C.SIGNATURE_MISSING, _C.SIGNATURE_INVALID, _C.SIGNATURE_STALE, _C.NONCE_USED, _C.CERTIFICATE_INVALID,
    _C.CERTIFICATE_EXPIRED, _C.CREDENTIAL_INVALID, _C.CREDENTIAL_EXPIRED, _C.CREDENTIAL_MISMATCH,
    _C.ORGANISATION_UNKNOWN, _C.REVOKED, _C.SHIFT_ENDED, _C.ROLE_REFUSED,
)  # fmt: skip
EVALUATED: Final = (
    _C.EPOCH_UNKNOWN, _C.TAGS_PROFILE, _C.TAG_INVALID, _C.RECEIPTS_MISMATCH, _C.RECEIPT_INVALID, _C.RECEIPT_EXPIRED,
    _C.RECEIPT_SPENT,
)  # fmt: skip
