"""Who sees which page: one table. A page of somebody else's role is answered as one that is not there.

A path is fixed words: nothing about a child, no receipt and no name of a notice is ever in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from signpost.edge.offices import Office, holds
from signpost.protocol.purposes import ANSWERING_ROLES, ENROLLED_ROLES, LOOKING_ROLES, MACHINE_ROLES, Kind, Role

__all__ = ["PLACES", "Place", "home_of", "menu_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """One address. `roles`: whose it is; null where anybody may see it, signed in or not. `menu`: its words in the
    navigation; null where it is reached from another page. `office`: whose of those roles it is, where the kind of
    their organisation says that too.
    """

    path: str
    roles: frozenset[Role] | None
    menu: str | None = None
    office: Office | None = None

    @property
    def is_about_a_child(self) -> bool:
        """Whether somebody waits here for what is known of a child: no answer must look like a "no" there."""
        return self.path.startswith(_ABOUT_A_CHILD)

    def is_for(self, role: Role, kind: Kind) -> bool:
        """Whether somebody who is signed in as that may see it."""
        if self.roles is None:
            return True
        return role in self.roles and (self.office is None or holds(role, kind, self.office))


_ANYBODY: Final = None
_ABOUT_A_CHILD: Final = ("/check", "/call-back", "/break-glass")
_LOOKING: Final = LOOKING_ROLES - MACHINE_ROLES
_SHIELDING: Final = frozenset({Role.SHIELDING_OFFICER})
_RIGHTS: Final = frozenset({Role.RIGHTS_OFFICER})
_BY_MOTHER: Final = frozenset({Role.URGENT, Role.MATERNITY})
"""Who may ask by a mother's number, about a child who is not yet born or very young."""
_DATA_OFFICERS: Final = frozenset({Role.DATA_OFFICER})
_SEE_FEEDS: Final = _DATA_OFFICERS | {Role.ADMINISTRATOR}
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
_URGENT: Final = frozenset({Role.URGENT})

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
            # an account of one's own
            Place("/enrol", _ANYBODY),
            Place("/enrol/codes", _ANYBODY),
            Place("/enrol/done", _ANYBODY),
            Place("/password", _ANYBODY),
            Place("/password/changed", _ANYBODY),
            # asking
            Place("/check", _LOOKING, "Check a child"),
            Place("/check/upn", _LOOKING),
            Place("/check/name", _LOOKING),
            Place("/check/mother", _BY_MOTHER),
            Place("/check/deep", _LOOKING),
            Place("/check/again", _LOOKING),
            # contact
            Place("/call-back", _LOOKING, "Call-backs"),
            Place("/call-back/leave", _LOOKING),
            Place("/call-back/outcome", _LOOKING),
            Place("/call-back/noted", _LOOKING),
            Place("/inbox", ANSWERING_ROLES, "Inbox"),
            Place("/inbox/request", ANSWERING_ROLES),
            Place("/inbox/reply", ANSWERING_ROLES),
            Place("/inbox/shared", ANSWERING_ROLES),
            Place("/inbox/handed-over", ANSWERING_ROLES),
            Place("/inbox/ended", ANSWERING_ROLES),
            Place("/inbox/declined", ANSWERING_ROLES),
            # the organisation's own work
            Place("/involvements", ANSWERING_ROLES, "My involvements"),
            Place("/involvements/end", ANSWERING_ROLES),
            Place("/involvements/hand-over", ANSWERING_ROLES),
            Place("/involvements/ended", ANSWERING_ROLES),
            Place("/involvements/handed-over", ANSWERING_ROLES),
            Place("/break-glass", _URGENT),
            Place("/break-glass/confirm", _URGENT),
            # hiding a child
            Place("/shields", _SHIELDING, "Shields", Office.SHIELDS),
            Place("/shields/hide", _SHIELDING, "Hide a child", Office.SHIELDS),
            Place("/shields/approve", _SHIELDING, "Approve a shield", Office.SHIELDS),
            Place("/shields/end", _SHIELDING, None, Office.SHIELDS),
            Place("/shields/identity-ended", _SHIELDING, None, Office.SHIELDS),
            # the independent desk
            Place("/desk", _SHIELDING, "What waits", Office.DESK),
            Place("/desk/decide", _SHIELDING, None, Office.DESK),
            # families' rights
            Place("/rights", _RIGHTS, "Families' rights", Office.RIGHTS),
            Place("/rights/ask", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/decide", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/read", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/download", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/object", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/take-back", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/correct", _RIGHTS, None, Office.RIGHTS),
            Place("/rights/withdraw", _RIGHTS, None, Office.RIGHTS),
            # emergencies
            Place("/reviews", _RIGHTS, "Emergencies", Office.REVIEWS),
            Place("/reviews/close", _RIGHTS, None, Office.REVIEWS),
            # administering
            Place("/administration", _ADMINISTRATORS, "Overview"),
            Place("/accounts", _ADMINISTRATORS, "Accounts"),
            Place("/accounts/suspend", _ADMINISTRATORS),
            Place("/handles", _ADMINISTRATORS, "Desks"),
            # feeds by upload
            Place("/feeds", _SEE_FEEDS, "Feeds"),
            Place("/feeds/upload", _DATA_OFFICERS),
            Place("/feeds/run", _SEE_FEEDS),
            Place("/feeds/errors", _SEE_FEEDS),
            Place("/feeds/cancel", _DATA_OFFICERS),
            # for everybody who is signed in
            Place("/coverage", ENROLLED_ROLES, "Coverage"),
        )
    }
)


def menu_of(role: Role, kind: Kind) -> tuple[Place, ...]:
    """The navigation of a role in a kind of organisation, in the table's order."""
    return tuple(place for place in PLACES.values() if place.menu and place.is_for(role, kind))


def home_of(role: Role, kind: Kind) -> str:
    """Where somebody of that role begins."""
    menu = menu_of(role, kind)
    return menu[0].path if menu else "/pin"
