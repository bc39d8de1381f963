"""Who sees which page: one table. A page of somebody else's role is answered as one that is not there.

A path is fixed words: nothing about a child, no receipt and no name of a notice is ever in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from signpost.protocol.purposes import ENROLLED_ROLES, LOOKING_ROLES, MACHINE_ROLES, Role

__all__ = ["PLACES", "Place", "home_of", "menu_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """One address. `roles`: whose it is; null where anybody may see it, signed in or not. `menu`: its words in the
    navigation; null where it is reached from another page.
    """

    path: str
    roles: frozenset[Role] | None
    menu: str | None = None


_ANYBODY: Final = None
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
_PEOPLE: Final = ENROLLED_ROLES - MACHINE_ROLES

PLACES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        place.path: place
        for place in (
            Place("/", _ANYBODY),
            # signing in
            Place("/sign-in", _ANYBODY),
            Place("/sign-out", ENROLLED_ROLES),
            Place("/pin", ENROLLED_ROLES),
            Place("/unlock", ENROLLED_ROLES),
            # asking
            Place("/check", LOOKING_ROLES, "Check a child"),
            # administering
            Place("/administration", _ADMINISTRATORS, "Overview"),
            Place("/accounts", _ADMINISTRATORS, "Accounts"),
            Place("/accounts/suspend", _ADMINISTRATORS),
            Place("/handles", _ADMINISTRATORS, "Desks"),
            # everybody who is signed in
            Place("/coverage", _PEOPLE, "Coverage"),
        )
    }
)


def menu_of(role: Role) -> tuple[Place, ...]:
    """The navigation of a role, in the table's order."""
    return tuple(place for place in PLACES.values() if place.menu and place.roles and role in place.roles)


def home_of(role: Role) -> str:
    """Where somebody of that role begins."""
    menu = menu_of(role)
    return menu[0].path if menu else "/pin"
