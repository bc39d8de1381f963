"""Why the edge did not get what it asked for, by what the person at it can do.

A failure is never a "no": whoever asks for an answer gets a verified, definite one or an exception from here. Each
class's first sentence is what a person reads; `why` says which case it was; `hint` what to do next. The words are ours,
by the code of the refusal: text that a service sends is never shown, and no value of a request is in any of them.
"""

from __future__ import annotations

import inspect
from enum import Enum, auto
from typing import ClassVar

from signpost.protocol.problems import PROBLEMS, ProblemCode

__all__ = [
    "BudgetUsed",
    "CouldNotCheck",
    "DeskMissing",
    "DeskUnusable",
    "Failure",
    "InvalidRequest",
    "NothingToAsk",
    "Outcome",
    "Refused",
    "SignIn",
    "VerificationFailed",
    "failure_of",
]


class Outcome(Enum):
    """What a failure means to whoever asked."""

    FAILED = auto()
    USAGE = auto()
    REFUSED = auto()
    SIGN_IN = auto()
    COULD_NOT_CHECK = auto()
    BUDGET_USED = auto()
    VERIFICATION_FAILED = auto()


class Failure(Exception):
    """The edge did not get what it asked for."""

    outcome: ClassVar[Outcome] = Outcome.FAILED

    def __init__(
        self, why: str = "", *, hint: str = "", code: ProblemCode | None = None, pointers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.code = code
        """The service's own code, where it was a service that refused."""
        self.pointers = pointers
        """Places in our own request (`/registrations/3/handle`), where the service named them."""

    @property
    def what(self) -> str:
        """The sentence of this class of failure."""
        return (inspect.getdoc(type(self)) or "").partition("\n")[0]


class Refused(Failure):
    """The policy does not allow this."""

    outcome = Outcome.REFUSED


class SignIn(Failure):
    """This device's enrolment or credential is not accepted."""

    outcome = Outcome.SIGN_IN


class BudgetUsed(Failure):
    """The budget for asking is used up."""

    outcome = Outcome.BUDGET_USED


class CouldNotCheck(Failure):
    """No verified, definite answer could be had."""

    outcome = Outcome.COULD_NOT_CHECK


class InvalidRequest(Failure):
    """What was sent is not valid, and nothing was done with it."""

    outcome = Outcome.USAGE


class NothingToAsk(Failure):
    """The details give nothing to look up, and nothing was sent."""

    outcome = Outcome.USAGE


class VerificationFailed(Failure):
    """Something signed did not verify."""

    outcome = Outcome.VERIFICATION_FAILED


class DeskMissing(Failure):
    """This device is not enrolled here."""

    outcome = Outcome.SIGN_IN


class DeskUnusable(Failure):
    """This device's folder cannot be used."""


_C = ProblemCode
_SIGN_IN = frozenset(
    {
        _C.CERTIFICATE_INVALID,
        _C.CERTIFICATE_EXPIRED,
        _C.GATEWAY_INVALID,
        _C.SESSION_INVALID,
        _C.CREDENTIAL_INVALID,
        _C.CREDENTIAL_EXPIRED,
        _C.CREDENTIAL_MISMATCH,
        _C.SHIFT_ENDED,
        _C.ORGANISATION_UNKNOWN,
        _C.REVOKED,
        _C.SIGN_IN_REFUSED,
        _C.SIGN_IN_TOO_OFTEN,
        _C.ACCOUNT_NOT_APPROVED,
        _C.ENROLMENT_REFUSED,
        _C.STATEMENT_INVALID,
    }
)
_SHIFT_OVER = frozenset({_C.CREDENTIAL_INVALID, _C.CREDENTIAL_EXPIRED, _C.CREDENTIAL_MISMATCH, _C.SHIFT_ENDED})
_NEXT_SHIFT = "Sign in again: signpost login"
_REFUSED = frozenset(
    {
        _C.PURPOSE_REFUSED,
        _C.ROLE_REFUSED,
        _C.GLASS_REFUSED,
        _C.ACCOUNT_SUSPENDED,
        _C.VETTING_LAPSED,
        _C.TRAINING_LAPSED,
    }
)
_INVALID = frozenset(
    {
        _C.MALFORMED,
        _C.BODY_TOO_LARGE,
        _C.UNSUPPORTED_MEDIA_TYPE,
        _C.NOT_FOUND,
        _C.METHOD_NOT_ALLOWED,
        _C.POINT_INVALID,
        _C.POINTS_COUNT,
        _C.TAGS_PROFILE,
        _C.TAG_INVALID,
        _C.HANDLE_UNKNOWN,
        _C.HANDLE_CIRCULAR,
        _C.HANDLE_UNREACHABLE,
        _C.WORK_ENDED,
        _C.BASIS_REFUSED,
        _C.PERIOD_INVALID,
        _C.REFERENCE_UNKNOWN,
        _C.REFERENCE_REPEATED,
        _C.PASSWORD_TOO_WEAK,
        _C.ACCOUNT_UNKNOWN,
        _C.LOOKUP_UNKNOWN,
        _C.CALL_BACK_UNKNOWN,
        _C.NOTICE_UNKNOWN,
        _C.NOTICE_ANSWERED,
        _C.REVIEW_UNKNOWN,
        _C.SHIELD_UNKNOWN,
        _C.SHIELD_DECIDED,
        _C.REVIEW_DATE,
        _C.ITEM_UNKNOWN,
        _C.DECISION_REFUSED,
        _C.REPORT_UNKNOWN,
        _C.REPORT_NOT_RELEASED,
        _C.OBJECTION_UNKNOWN,
        _C.KEY_INVALID,
    }
)


def failure_of(code: ProblemCode | None, *, pointers: tuple[str, ...] = ()) -> Failure:
    """The failure that a service's refusal means; of an unknown code, that nothing could be checked."""
    if code is None:
        return CouldNotCheck("A service refused for a reason this version does not know.", hint="signpost doctor")
    kind: type[Failure]
    if code in _SIGN_IN:
        kind = SignIn
    elif code in _REFUSED:
        kind = Refused
    elif code in (_C.BUDGET_USED, _C.REPEATS_USED):
        kind = BudgetUsed
    elif code in _INVALID:
        kind = InvalidRequest
    else:
        kind = CouldNotCheck
    words = PROBLEMS[code]
    hint = _NEXT_SHIFT if code in _SHIFT_OVER else words.hint
    return kind(words.detail, hint=hint, code=code, pointers=pointers)
