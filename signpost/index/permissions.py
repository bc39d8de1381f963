"""Who may do what: a table of acts and roles, and of purposes, roles and kinds (protocol.md D5). Pure verdicts.

In which state an account may do it is `account_state`'s; what is seen of the answer is `answer`'s. Separation of duty
stands in the tables: no role that looks children up registers, lists, audits or administers; an operator and an
administrator look nobody up; and nobody has two roles, since an account has one. The record is read in an organisation
of oversight, and what touches a shielded child is seen by the independent desk; neither does anything else.

A case-management system looks up in the name of a user whom it names, for an ordinary purpose; it neither breaks a
glass, nor answers, nor registers.

An administrator's account sees its organisation's accounts and desks, and stops an account. What adds power (enrolling,
approving, reinstating, later dates) is no act here: it is a statement that the organisation's key signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.credentials import Asker
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import (
    ANSWERING_ROLES,
    LOOKING_ROLES,
    MACHINE_ROLES,
    Kind,
    Purpose,
    Role,
    Urgency,
    purposes_of,
)

__all__ = ["Act", "Allowed", "Refused", "may", "may_look_up", "require", "role_may"]


class Act(StrEnum):
    """What can be asked of the index."""

    LOOK_UP = "look-up"
    ASK_FOR_CALL_BACK = "ask-for-call-back"
    ANSWER_NOTICES = "answer-notices"
    BREAK_GLASS = "break-glass"
    REVIEW_GLASS = "review-glass"
    REGISTER = "register"
    CHANGE = "change"
    LIST_INVOLVEMENTS = "list-involvements"
    SEE_OWN_WORK = "see-own-work"
    CHANGE_OWN_WORK = "change-own-work"
    LIST_HANDLES = "list-handles"
    FINISH_FEED = "finish-feed"
    SHIELD = "shield"
    DECIDE_SHIELDED = "decide-shielded"
    READ_DESK_RECORD = "read-desk-record"
    UPHOLD_RIGHTS = "uphold-rights"
    READ_RECORD = "read-record"
    LIST_ACCOUNTS = "list-accounts"
    SUSPEND_ACCOUNT = "suspend-account"
    READ_HANDLES = "read-handles"
    ADMIT_ORGANISATION = "admit-organisation"


_FEED: Final = frozenset({Role.FEED})
_ADMINISTRATOR: Final = frozenset({Role.ADMINISTRATOR})
_ROLES: Final = {
    Act.LOOK_UP: LOOKING_ROLES,
    Act.ASK_FOR_CALL_BACK: LOOKING_ROLES,
    # Who works with children answers for the work of their organisation.
    Act.ANSWER_NOTICES: ANSWERING_ROLES,
    Act.BREAK_GLASS: frozenset({Role.URGENT}),
    # Somebody whose office is that families' rights are kept, and who never breaks one.
    Act.REVIEW_GLASS: frozenset({Role.RIGHTS_OFFICER}),
    # The whole caseload of an organisation is written and read back by its feed, and by nobody who looks children up.
    # Who brings the extract to it at a gateway, a data officer, writes nothing here either.
    Act.REGISTER: _FEED,
    Act.CHANGE: _FEED,
    Act.LIST_INVOLVEMENTS: _FEED,
    Act.FINISH_FEED: _FEED,
    # One piece of it, which they must be able to name, is seen, ended and handed over by whoever answers for it:
    # metered and on the record, and never listed, withdrawn or opened again (docs/decisions/0021).
    Act.SEE_OWN_WORK: ANSWERING_ROLES,
    Act.CHANGE_OWN_WORK: ANSWERING_ROLES,
    # An organisation's own desks are no secret from its people.
    Act.LIST_HANDLES: frozenset(Role) - {Role.AUDITOR, Role.CUSTODIAN, Role.OPERATOR, Role.ADMINISTRATOR},
    Act.SHIELD: frozenset({Role.SHIELDING_OFFICER}),
    Act.DECIDE_SHIELDED: frozenset({Role.SHIELDING_OFFICER}),
    Act.READ_DESK_RECORD: frozenset({Role.AUDITOR}),
    Act.UPHOLD_RIGHTS: frozenset({Role.RIGHTS_OFFICER}),
    Act.READ_RECORD: frozenset({Role.AUDITOR}),
    Act.LIST_ACCOUNTS: _ADMINISTRATOR,
    Act.SUSPEND_ACCOUNT: _ADMINISTRATOR,
    # Whole, with when each was confirmed: they see to it that desks are right.
    Act.READ_HANDLES: _ADMINISTRATOR,
    Act.ADMIT_ORGANISATION: frozenset({Role.OPERATOR}),
}
_OVERSIGHT: Final = frozenset({Act.READ_RECORD})
_DESK: Final = frozenset({Act.DECIDE_SHIELDED, Act.READ_DESK_RECORD})
_ELSEWHERE: Final = frozenset(Act) - _OVERSIGHT - _DESK
_ACTS_OF: Final = {
    Kind.OVERSIGHT: _OVERSIGHT,
    Kind.SHIELDING_DESK: _DESK,
    # A shield, and a family's rights, are asked for where social workers are; an officer of another council approves.
    Kind.COUNCIL: _ELSEWHERE,
    Kind.HOSPITAL: _ELSEWHERE - {Act.SHIELD, Act.UPHOLD_RIGHTS},
    Kind.POLICE: _ELSEWHERE - {Act.SHIELD, Act.UPHOLD_RIGHTS},
}
_BY_MOTHER: Final = frozenset({Role.URGENT, Role.MATERNITY})
"""Else an ex-partner's number and a guess of the month confirm a birth."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is refused, and this is what the asker is told."""

    reason: ProblemCode


def role_may(role: Role, act: Act) -> Allowed | Refused:
    """Whether a role allows an act."""
    return Allowed() if role in _ROLES[act] else Refused(ProblemCode.ROLE_REFUSED)


def may(asker: Asker, act: Act) -> Allowed | Refused:
    """Whether the asker's role allows it, in their kind of organisation. The record is everybody's: were it read in any
    organisation, each administrator could open an account that reads what all the others did. And what touches a
    shielded child is the independent desk's, which does nothing else.
    """
    if act not in _ACTS_OF[asker.kind]:
        return Refused(ProblemCode.ROLE_REFUSED)
    return role_may(asker.role, act)


def may_look_up(
    asker: Asker, purpose: Purpose, *, urgency: Urgency | None = None, by_mother: bool = False, deep: bool = False
) -> Allowed | Refused:
    """Whether the asker may look a child up for this purpose: it must be one of their role in their kind of
    organisation, and the shift's credential must name it. A machine asks for nothing at once and nothing deep: that is
    for somebody who has signed in themselves.
    """
    if asker.role in MACHINE_ROLES and (deep or urgency is Urgency.NOW):
        return Refused(ProblemCode.ROLE_REFUSED)
    return _may_look_up(asker.role, asker.kind, purpose, signed_in_for=asker.purposes, by_mother=by_mother)


def _may_look_up(
    role: Role, kind: Kind, purpose: Purpose, *, signed_in_for: tuple[Purpose, ...], by_mother: bool
) -> Allowed | Refused:
    if role not in _ROLES[Act.LOOK_UP] or (by_mother and role not in _BY_MOTHER):
        return Refused(ProblemCode.ROLE_REFUSED)
    if purpose in purposes_of(role, kind) and purpose in signed_in_for:
        return Allowed()
    return Refused(ProblemCode.PURPOSE_REFUSED)


def require(verdict: Allowed | Refused) -> None:
    """Go on only when allowed.

    Raises:
        Problem: the verdict's reason.
    """
    if isinstance(verdict, Refused):
        raise Problem(verdict.reason)
