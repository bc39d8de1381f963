"""Whose work it is to hide a child, to decide what is hidden, to uphold a family's rights, and to look at emergencies.

The index refuses others as well (its table is the one that holds). Here it is said before a family has given any
details, or anything is evaluated.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from signpost.protocol.purposes import Kind, Role

__all__ = ["Office", "holds"]


class Office(Enum):
    """What an officer may be there for."""

    SHIELDS = auto()
    """A council's shielding officer."""
    DESK = auto()
    """The independent desk's: it has the same role, in an organisation of its own kind."""
    RIGHTS = auto()
    """A council's rights officer."""
    REVIEWS = auto()
    """A rights officer of any organisation that looks children up."""


_CARING: Final = frozenset({Kind.COUNCIL, Kind.HOSPITAL, Kind.POLICE})
_WHERE: Final = {
    Office.SHIELDS: (Role.SHIELDING_OFFICER, frozenset({Kind.COUNCIL})),
    Office.DESK: (Role.SHIELDING_OFFICER, frozenset({Kind.SHIELDING_DESK})),
    Office.RIGHTS: (Role.RIGHTS_OFFICER, frozenset({Kind.COUNCIL})),
    Office.REVIEWS: (Role.RIGHTS_OFFICER, _CARING),
}


def holds(role: Role, kind: Kind, office: Office) -> bool:
    """Whether an account of this role, in an organisation of this kind, holds the office."""
    its_role, kinds = _WHERE[office]
    return role is its_role and kind in kinds
