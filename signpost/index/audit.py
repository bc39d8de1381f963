"""The record of who did what: one leaf for every request that was taken, chained by hash, committed with what it tells
of.

A leaf says who, of which organisation, did what, for which purpose (of a deep lookup: why), and when, beside a random
access id; of a machine that looks up, for which of its users, by a pseudonym (`protocol.named_users`). It holds no tag,
no reference and no result (protocol.md C7), so it cannot be joined to what was asked or found. Its bytes are the
canonical JSON of those fields, chained as `protocol.record` says.
The access id is 128 random bits, so that no link of the chain can be guessed from what it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.budget_exceptions import ExceptionReason
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json, to_base64url
from signpost.protocol.named_users import NOBODY
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import DeepReason, Purpose
from signpost.protocol.rights import Exemption, ObjectionGround

__all__ = ["ACCESS_BYTES", "AuditAction", "AuditEvent"]

ACCESS_BYTES: Final = 16


class AuditAction(StrEnum):
    """What was done. An account's, an administrator's, the operator's, then the index's own."""

    LOOKED_UP = "looked-up"
    REGISTERED = "registered"
    CHANGED = "changed"
    LISTED_INVOLVEMENTS = "listed-involvements"
    SAW_OWN_WORK = "saw-own-work"
    ENDED_OWN_WORK = "ended-own-work"
    HANDED_OVER_OWN_WORK = "handed-over-own-work"
    LISTED_HANDLES = "listed-handles"
    FINISHED_FEED = "finished-feed"

    SIGNED_IN = "signed-in"
    ENROLLED = "enrolled"
    REFUSED_SIGN_IN = "refused-sign-in"
    ASKED_FOR_CALL_BACK = "asked-for-call-back"
    READ_CALL_BACK = "read-call-back"
    TOLD_OUTCOME = "told-outcome"
    READ_INBOX = "read-inbox"
    REPLIED = "replied"
    BROKE_GLASS = "broke-glass"
    LISTED_REVIEWS = "listed-reviews"
    CLOSED_REVIEW = "closed-review"
    SHIELDED = "shielded"
    APPROVED_SHIELD = "approved-shield"
    READ_SHIELDS = "read-shields"
    ASKED_TO_END_SHIELD = "asked-to-end-shield"
    ENDED_SHIELD = "ended-shield"
    ENDED_IDENTITY = "ended-identity"
    READ_DESK_QUEUE = "read-desk-queue"
    RESOLVED_ITEM = "resolved-item"
    DESK_RANG = "desk-rang"
    READ_DESK_RECORD = "read-desk-record"
    ASKED_FOR_REPORT = "asked-for-report"
    DECIDED_REPORT = "decided-report"
    READ_REPORT = "read-report"
    LISTED_REPORTS = "listed-reports"
    RECORDED_OBJECTION = "recorded-objection"
    ENDED_OBJECTION = "ended-objection"
    CORRECTED = "corrected"
    WITHDREW_CONSENT = "withdrew-consent"
    SIGNED_OUT = "signed-out"
    CHANGED_PASSWORD = "changed-password"  # noqa: S105 - an act, not a password
    REFUSED = "refused"
    USED_OVERDRAFT = "used-overdraft"
    LOOKED_AGAIN = "looked-again"
    READ_RECORD = "read-record"

    OPENED_ACCOUNT = "opened-account"
    APPROVED_DEVICE = "approved-device"
    CHANGED_DATES = "changed-dates"
    SUSPENDED_ACCOUNT = "suspended-account"
    REINSTATED_ACCOUNT = "reinstated-account"
    LISTED_ACCOUNTS = "listed-accounts"

    APPROVED_EXCEPTION = "approved-exception"
    REFUSED_EXCEPTION = "refused-exception"
    ENDED_EXCEPTION = "ended-exception"
    USED_EXCEPTION = "used-exception"

    ADMITTED_ORGANISATION = "admitted-organisation"
    ADDED_HANDLE = "added-handle"
    CHANGED_HANDLE = "changed-handle"
    CONFIRMED_HANDLE = "confirmed-handle"
    HANDED_OVER_HANDLE = "handed-over-handle"
    REVOKED = "revoked"

    UNUSUAL_NONE = "unusual-none"
    UNUSUAL_POSSIBLE = "unusual-possible"
    ESCALATED = "escalated"
    RELEASED_NOTICE = "released-notice"
    SETTLED = "settled"
    GATHERED = "gathered"
    SWEPT = "swept"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One leaf. `organisation` and `account` are null where the index itself, or its operator for nobody, acted."""

    action: AuditAction
    at: int
    access: bytes
    organisation: OrganisationId | None = None
    account: AccountId | None = None
    user: bytes = NOBODY
    """Whom a machine asked for, by its organisation's pseudonym; of one size in every leaf."""
    purpose: Purpose | None = None
    deep: DeepReason | None = None
    """Why a lookup was a deep one; null for every other."""
    subject: AccountId | None = None
    """Whose account an administrator acted on; null for every other. `account` is null where they acted by their
    organisation's key.
    """
    exception: ExceptionReason | None = None
    """Why an exception to a budget was asked for; null for every other act."""
    ground: ObjectionGround | Exemption | None = None
    """How an objection was balanced, or under which exemption something of a report is kept back; null for every other
    act.
    """
    refused: ProblemCode | None = None
    """Why it was refused; null for what was done."""
    rows: int | None = None
    """How many rows the index itself deleted because their time was over; null for every other act."""

    def leaf(self) -> bytes:
        """The bytes that are kept and chained."""
        return canonical_json(
            {
                "access": to_base64url(self.access),
                "account": self.account,
                "action": self.action.value,
                "at": self.at,
                "deep": None if self.deep is None else self.deep.value,
                "exception": None if self.exception is None else self.exception.value,
                "ground": None if self.ground is None else self.ground.value,
                "organisation": self.organisation,
                "purpose": None if self.purpose is None else self.purpose.value,
                "refused": None if self.refused is None else self.refused.value,
                "rows": self.rows,
                "subject": self.subject,
                "user": to_base64url(self.user),
            }
        )
