"""In which state an account may be used: one table (protocol.md D1, D2). Pure verdicts; days are UTC days.

What may follow what:
    AWAITING_DEVICE → AWAITING_APPROVAL → ACTIVE ⇄ SUSPENDED; from each of them SUSPENDED, and by enrolling
    anew AWAITING_DEVICE. What was suspended before it was active does not become so but by enrolling anew.
An account is *lapsed* on the day after its vetting or its training ran out, whatever else it is.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from signpost.index.permissions import Allowed, Refused
from signpost.protocol.administration import AccountTerms
from signpost.protocol.problems import ProblemCode

__all__ = ["AccountState", "ends_at", "may_be_used"]


class AccountState(StrEnum):
    """Where an account stands."""

    AWAITING_DEVICE = "awaiting-device"
    """Its token was handed out and not used yet."""
    AWAITING_APPROVAL = "awaiting-approval"
    """A device, a password and a code generator were given; the administrator has not signed the device's key."""
    ACTIVE = "active"
    SUSPENDED = "suspended"


def may_be_used(state: AccountState, terms: AccountTerms, today: dt.date) -> Allowed | Refused:
    """Whether whoever gave every factor right may sign in. Only they are told why not."""
    match state:
        case AccountState.AWAITING_DEVICE | AccountState.AWAITING_APPROVAL:
            return Refused(ProblemCode.ACCOUNT_NOT_APPROVED)
        case AccountState.SUSPENDED:
            return Refused(ProblemCode.ACCOUNT_SUSPENDED)
        case AccountState.ACTIVE:
            if today > terms.vetting_until:
                return Refused(ProblemCode.VETTING_LAPSED)
            if today > terms.training_until:
                return Refused(ProblemCode.TRAINING_LAPSED)
            return Allowed()


def ends_at(terms: AccountTerms) -> int:
    """The first moment at which an account has lapsed, in epoch seconds: no credential outlives it."""
    day = terms.last_day + dt.timedelta(days=1)
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
