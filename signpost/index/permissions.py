"""Who may do what: one table of roles, and the purposes of each (protocol.md D5). Pure verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.credentials import Asker
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import PURPOSES_OF, Purpose, Role

__all__ = ["Act", "Allowed", "Refused", "may", "may_look_up", "require"]


class Act(StrEnum):
    """What an account can ask the index to do, looking up apart."""

    REGISTER = "register"
    CHANGE = "change"
    LIST_INVOLVEMENTS = "list-involvements"
    LIST_HANDLES = "list-handles"
    FINISH_FEED = "finish-feed"


_ROLES: Final = {
    # The whole caseload of an organisation is written and read back by its feed, and by nobody who looks children up.
    Act.REGISTER: frozenset({Role.FEED}),
    Act.CHANGE: frozenset({Role.FEED}),
    Act.LIST_INVOLVEMENTS: frozenset({Role.FEED}),
    Act.FINISH_FEED: frozenset({Role.FEED}),
    # An organisation's own desks are no secret from its people.
    Act.LIST_HANDLES: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is refused, and this is what the asker is told."""

    reason: ProblemCode


def may(asker: Asker, act: Act) -> Allowed | Refused:
    """Whether the asker's role allows it."""
    return Allowed() if asker.role in _ROLES[act] else Refused(ProblemCode.ROLE_REFUSED)


def may_look_up(asker: Asker, purpose: Purpose, *, by_mother: bool = False) -> Allowed | Refused:
    """Whether the asker may look a child up for this purpose: the role must have it, and so must the credential.

    By the mother's number only urgent roles may: else an ex-partner's number and a guess of the month confirm a birth.
    """
    if not PURPOSES_OF[asker.role] or (by_mother and asker.role is not Role.URGENT):
        return Refused(ProblemCode.ROLE_REFUSED)
    if purpose in PURPOSES_OF[asker.role] and purpose in asker.purposes:
        return Allowed()
    return Refused(ProblemCode.PURPOSE_REFUSED)


def require(verdict: Allowed | Refused) -> None:
    """Go on only when allowed.

    Raises:
        Problem: the verdict's reason.
    """
    if isinstance(verdict, Refused):
        raise Problem(verdict.reason)
