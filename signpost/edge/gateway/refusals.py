"""Why the edge did not get what it asked for, as the gateway's web API tells it: one problem for each failure.

A refusal of the index's or of the key holders' keeps its name. Whatever kept an answer from being verified and definite
is *could not check*, and never a "none".
"""

from __future__ import annotations

from typing import Final

from signpost.edge.failures import CouldNotCheck, Failure, NothingToAsk, SignIn, VerificationFailed
from signpost.protocol.problems import PROBLEMS, Problem, ProblemCode

__all__ = ["ends_session", "problem_of"]

_C = ProblemCode
_ENDS_SESSION: Final = frozenset(
    {
        _C.CERTIFICATE_INVALID, _C.CERTIFICATE_EXPIRED, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.CREDENTIAL_INVALID,
        _C.CREDENTIAL_EXPIRED, _C.CREDENTIAL_MISMATCH, _C.SHIFT_ENDED, _C.REVOKED,
    }
)  # fmt: skip
_SERVER_FAULT: Final = 500


def problem_of(failure: Failure) -> Problem:
    """The refusal that a failure is told as."""
    match failure:
        case NothingToAsk():
            return Problem(_C.NOTHING_TO_ASK)
        case CouldNotCheck() | VerificationFailed():
            return Problem(_C.COULD_NOT_CHECK)
        case SignIn(code=None):
            return Problem(_C.NOT_SIGNED_IN)
        case Failure(code=None):
            return Problem(_C.MALFORMED, pointers=failure.pointers)
        case _:
            assert failure.code is not None
            if PROBLEMS[failure.code].status >= _SERVER_FAULT:
                return Problem(_C.COULD_NOT_CHECK)
            return Problem(failure.code, pointers=failure.pointers)


def ends_session(problem: Problem) -> bool:
    """Whether a session is over by this refusal of its request: nothing that it sends is taken any more."""
    return problem.code in _ENDS_SESSION
