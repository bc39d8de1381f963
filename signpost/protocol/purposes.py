"""Why somebody asks, and as whom. Each purpose is a code with its legal gateway (protocol.md D5)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["GATEWAYS", "PURPOSES_OF", "Basis", "DeepReason", "Kind", "Purpose", "Role", "Urgency"]


class Purpose(StrEnum):
    """A coded reason for asking."""

    SECTION_17 = "s17"
    SECTION_47 = "s47"
    POLICE_PROTECTION = "s46"
    VITAL_INTERESTS = "vital-interests"
    SECTION_11 = "s11"
    SECTION_16LA = "s16la"


GATEWAYS: Final[Mapping[Purpose, str]] = MappingProxyType(
    {
        Purpose.SECTION_17: "Children Act 1989, section 17: a child in need",
        Purpose.SECTION_47: "Children Act 1989, section 47: enquiries about significant harm",
        Purpose.POLICE_PROTECTION: "Children Act 1989, section 46: police protection",
        Purpose.VITAL_INTERESTS: "vital interests: an emergency, where waiting could cost life or health",
        Purpose.SECTION_11: "Children Act 2004, section 11: safeguarding and promoting welfare",
        Purpose.SECTION_16LA: "Children Act 2004, section 16LA: sharing to safeguard or promote welfare",
    }
)


class Role(StrEnum):
    """What an account may be used for. `feed` is a machine that registers and never looks anybody up."""

    PRACTITIONER = "practitioner"
    URGENT = "urgent"
    FEED = "feed"


PURPOSES_OF: Final[Mapping[Role, tuple[Purpose, ...]]] = MappingProxyType(
    {
        Role.PRACTITIONER: (Purpose.SECTION_17, Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA),
        Role.URGENT: (
            Purpose.VITAL_INTERESTS, Purpose.POLICE_PROTECTION, Purpose.SECTION_47, Purpose.SECTION_16LA,
        ),
        Role.FEED: (),
    }
)  # fmt: skip
"""The purposes a role may use; the first is what a command line takes when none is named."""


class Kind(StrEnum):
    """What kind of organisation asks."""

    COUNCIL = "council"
    HOSPITAL = "hospital"
    POLICE = "police"


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
