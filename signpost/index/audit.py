"""The record of who did what: one leaf for every request that was taken, chained by hash, committed with what it tells
of.

A leaf says who, of which organisation, did what, for which purpose (of a deep lookup: why), and when, beside a random
access id. It holds no tag, no reference and no result (protocol.md C7), so it cannot be joined to what was asked or
found. Its bytes are the canonical JSON of those fields; chain_n = H(chain_(n-1), leaf_n), and chain_0 is 32 zero bytes.
The access id is 128 random bits, so that no link of the chain can be guessed from what it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json, to_base64url
from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.protocol.purposes import DeepReason, Purpose

__all__ = ["ACCESS_BYTES", "CHAIN_START", "AuditAction", "AuditEvent", "chain", "follows"]

ACCESS_BYTES: Final = 16
CHAIN_START: Final = bytes(32)


class AuditAction(StrEnum):
    """What was done. An account's, the operator's, then the index's own."""

    LOOKED_UP = "looked-up"
    REGISTERED = "registered"
    CHANGED = "changed"
    LISTED_INVOLVEMENTS = "listed-involvements"
    LISTED_HANDLES = "listed-handles"
    FINISHED_FEED = "finished-feed"

    ADMITTED_ORGANISATION = "admitted-organisation"
    ADDED_HANDLE = "added-handle"
    ISSUED_CREDENTIAL = "issued-credential"
    REVOKED = "revoked"

    SETTLED = "settled"
    SWEPT = "swept"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One leaf. `organisation` and `account` are null where the index itself, or its operator for nobody, acted."""

    action: AuditAction
    at: int
    access: bytes
    organisation: OrganisationId | None = None
    account: AccountId | None = None
    purpose: Purpose | None = None
    deep: DeepReason | None = None
    """Why a lookup was a deep one; null for every other."""

    def leaf(self) -> bytes:
        """The bytes that are kept and chained."""
        return canonical_json(
            {
                "access": to_base64url(self.access),
                "account": self.account,
                "action": self.action.value,
                "at": self.at,
                "deep": None if self.deep is None else self.deep.value,
                "organisation": self.organisation,
                "purpose": None if self.purpose is None else self.purpose.value,
            }
        )


def chain(previous: bytes, leaf: bytes) -> bytes:
    """The link that a leaf adds: 32 bytes."""
    return digest(Label.AUDIT_LEAF, previous, leaf)


def follows(links: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether each (leaf, link) follows from the one before it, from the start of the record on."""
    previous = CHAIN_START
    for leaf, link in links:
        if chain(previous, leaf) != link:
            return False
        previous = link
    return True
