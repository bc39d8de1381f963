"""Why somebody asks, and as whom. Each purpose is a code with its legal gateway (protocol.md D5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = [
    "ANSWERING_ROLES", "ENROLLED_ROLES", "GATEWAYS", "LOOKING_ROLES", "MACHINE_ROLES", "NAMING_ROLES", "Basis",
    "DeepReason", "Kind", "LegalGateway", "Purpose", "Role", "Urgency", "purposes_of",
]  # fmt: skip


class Purpose(StrEnum):
    """A coded reason for asking."""

    SECTION_17 = "s17"
    SECTION_47 = "s47"
    POLICE_PROTECTION = "s46"
    VITAL_INTERESTS = "vital-interests"
    SECTION_11 = "s11"
    SECTION_16LA = "s16la"


class Role(StrEnum):
    """What somebody may be to the system. `feed` is a machine that registers and never looks anybody up;
    `case-management` one that looks up in a named user's name, and nothing urgent. A `data-officer` brings the feed the
    organisation's extracts, at the organisation's gateway, and does nothing else.

    The last two have no account: a custodian acts at its own key holder, an operator at the index's local socket. An
    administrator's account sees, and stops; what adds power they do by their organisation's signing key alone.
    """

    PRACTITIONER = "practitioner"
    URGENT = "urgent"
    MATERNITY = "maternity"
    FEED = "feed"
    CASE_MANAGEMENT = "case-management"
    DATA_OFFICER = "data-officer"
    SHIELDING_OFFICER = "shielding-officer"
    RIGHTS_OFFICER = "rights-officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    CUSTODIAN = "custodian"
    OPERATOR = "operator"


ENROLLED_ROLES: Final = frozenset(Role) - {Role.CUSTODIAN, Role.OPERATOR}
"""The roles of accounts."""
MACHINE_ROLES: Final = frozenset({Role.FEED, Role.CASE_MANAGEMENT})
"""The roles of machines, which sign in by their device's key alone."""
LOOKING_ROLES: Final = frozenset({Role.PRACTITIONER, Role.URGENT, Role.MATERNITY, Role.CASE_MANAGEMENT})
"""The roles that may look a child up."""
NAMING_ROLES: Final = LOOKING_ROLES & MACHINE_ROLES
"""The roles that name whom they ask for, in every question: a machine is nobody who can be asked why."""
ANSWERING_ROLES: Final = LOOKING_ROLES - MACHINE_ROLES
"""The roles that answer notices, and so read their organisation's own case references."""


class Kind(StrEnum):
    """What kind of organisation asks."""

    COUNCIL = "council"
    HOSPITAL = "hospital"
    POLICE = "police"
    OVERSIGHT = "oversight"
    """A body that reads the record of every organisation, and does nothing else: the operator admits it as such."""
    SHIELDING_DESK = "shielding-desk"
    """The independent national desk: it alone sees who asks about a shielded child, and does nothing else."""


@dataclass(frozen=True, slots=True)
class LegalGateway:
    """The law that a purpose rests on, and who may use it: these roles, in these kinds of organisation."""

    law: str
    roles: frozenset[Role]
    kinds: frozenset[Kind]


_EVERY_KIND: Final = frozenset(Kind) - {Kind.OVERSIGHT, Kind.SHIELDING_DESK}
_ORDINARY: Final = frozenset({Role.PRACTITIONER, Role.CASE_MANAGEMENT})
"""A case-management system asks for what its organisation's practitioners ask for."""
GATEWAYS: Final[Mapping[Purpose, LegalGateway]] = MappingProxyType(
    {
        Purpose.VITAL_INTERESTS: LegalGateway(
            "vital interests: an emergency, where waiting could cost life or health",
            frozenset({Role.URGENT, Role.MATERNITY}), _EVERY_KIND,
        ),
        Purpose.POLICE_PROTECTION: LegalGateway(
            "Children Act 1989, section 46: police protection", frozenset({Role.URGENT}), frozenset({Kind.POLICE}),
        ),
        Purpose.SECTION_17: LegalGateway(
            "Children Act 1989, section 17: a child in need", _ORDINARY,
            frozenset({Kind.COUNCIL}),
        ),
        Purpose.SECTION_11: LegalGateway(
            "Children Act 2004, section 11: safeguarding and promoting welfare",
            _ORDINARY | {Role.MATERNITY}, _EVERY_KIND,
        ),
        Purpose.SECTION_47: LegalGateway(
            "Children Act 1989, section 47: enquiries about significant harm",
            LOOKING_ROLES, _EVERY_KIND,
        ),
        Purpose.SECTION_16LA: LegalGateway(
            "Children Act 2004, section 16LA: sharing to safeguard or promote welfare", LOOKING_ROLES, _EVERY_KIND,
        ),
    }
)  # fmt: skip
"""In the order in which a command line offers them."""


def purposes_of(role: Role, kind: Kind) -> tuple[Purpose, ...]:
    """The purposes that a role may name in such an organisation; the first is taken when none is named.

    An emergency is the first thing to think of in an urgent role, and the last in another.
    """
    purposes = [purpose for purpose, of in GATEWAYS.items() if role in of.roles and kind in of.kinds]
    if role is not Role.URGENT:
        purposes.sort(key=lambda purpose: purpose is Purpose.VITAL_INTERESTS)
    return tuple(purposes)


class Urgency(StrEnum):
    """How soon an answer is needed."""

    NOW = "now"
    TODAY = "today"
    WEEK = "week"


class DeepReason(StrEnum):
    """Why an ordinary lookup will not do, so that a deep one is asked. A code, never free text; it is recorded."""

    NAME_UNSURE = "name-unsure"
    DATE_UNSURE = "date-unsure"
    ADDRESS_UNSURE = "address-unsure"
    NO_NUMBER = "no-number"
    SERIOUS_CONCERN = "serious-concern"


class Basis(StrEnum):
    """On what ground an involvement is registered (protocol.md C1)."""

    STATUTORY = "statutory"
    CONSENT = "consent"
    SIGNIFICANT_HARM = "significant_harm"
