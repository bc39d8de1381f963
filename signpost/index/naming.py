"""Whom a question names: a machine's one of its users, everybody else's nobody (protocol.md D2)."""

from __future__ import annotations

from signpost.index.requests import Signed
from signpost.protocol.named_users import NOBODY
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import NAMING_ROLES

__all__ = ["require_named"]


def require_named(user: bytes, signed: Signed) -> None:
    """Go on only with a user where a machine asks, and only without one where a person does.

    Raises:
        Problem: MALFORMED.
    """
    asker = signed.asker
    if user != asker.user or (user != NOBODY) != (asker.role in NAMING_ROLES):
        raise Problem(ProblemCode.MALFORMED, pointers=("/user",))
