"""What a match input is worth, and how many of each class a request holds.

The index is told a class and a tier of each match input and nothing else, and every request of one use holds the same
counts of every class at every tier (protocol.md C1), so that what is missing at the edge does not show at the index.
Two things are let through and said openly: whether an NHS number was given (padding never claims *identity*: the place
is then *strong*), and whether a mother's NHS number was (*maternal* then takes places of *pupil* and *name*).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = [
    "DEEP_PROFILE", "LOOKUP_PROFILE", "MATERNAL_PROFILES", "POINTS", "PROFILES", "REGISTER_PROFILE",
    "MatchClass", "Place", "Tier", "Use", "fits_profile",
]  # fmt: skip


class MatchClass(StrEnum):
    """The one word the index learns of a match input."""

    IDENTITY = "identity"
    PUPIL = "pupil"
    STRONG = "strong"
    NAME = "name"
    UNDATED = "undated"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    MATERNAL = "maternal"


class Tier(IntEnum):
    """How far a hit can be believed: T1 answers current or previous, T2 and T3 only `possible`."""

    T1 = 1
    T2 = 2
    T3 = 3


class Use(StrEnum):
    """What a request is for; the wire names of protocol.md B4 (a shield or right is `officer`)."""

    LOOKUP = "lookup"
    DEEP = "deep"
    REGISTER = "register"
    OFFICER = "officer"


class Place(NamedTuple):
    """One place of a profile: what fills it, padding included, is told to the index as this class and tier."""

    match_class: MatchClass
    tier: Tier


POINTS: Final[Mapping[Use, int]] = MappingProxyType({Use.LOOKUP: 12, Use.DEEP: 24, Use.REGISTER: 12, Use.OFFICER: 12})
"""Points per child, always, padding included (B3)."""

_STRONG: Final = Place(MatchClass.STRONG, Tier.T1)
_PUPIL: Final = Place(MatchClass.PUPIL, Tier.T1)
_NAME_AND_MIDDLE: Final = Place(MatchClass.NAME, Tier.T1)
_NAME: Final = Place(MatchClass.NAME, Tier.T2)
_NAME_VARIED: Final = Place(MatchClass.NAME, Tier.T3)
_UNDATED: Final = Place(MatchClass.UNDATED, Tier.T1)
_PROBABLE: Final = Place(MatchClass.PROBABLE, Tier.T2)
_POSSIBLE: Final = Place(MatchClass.POSSIBLE, Tier.T3)
_MATERNAL: Final = Place(MatchClass.MATERNAL, Tier.T2)

# The first place holds the NHS number's input (class identity) or, without one, is strong like its neighbours.
LOOKUP_PROFILE: Final = (_STRONG,) * 5 + (_PUPIL, _NAME_AND_MIDDLE) + (_NAME,) * 3 + (_UNDATED, _PROBABLE)
REGISTER_PROFILE: Final = (
    (_STRONG,) * 3 + (_PUPIL, _NAME_AND_MIDDLE) + (_NAME,) * 2 + (_UNDATED, _PROBABLE) + (_POSSIBLE,) * 3
)
DEEP_PROFILE: Final = (
    (_STRONG,) * 5 + (_PUPIL, _NAME_AND_MIDDLE) + (_NAME,) * 3 + (_NAME_VARIED,) * 3
    + (_UNDATED,) * 2 + (_PROBABLE,) * 2 + (_POSSIBLE,) * 7
)  # fmt: skip
PROFILES: Final[Mapping[Use, tuple[Place, ...]]] = MappingProxyType(
    {
        Use.LOOKUP: LOOKUP_PROFILE,
        Use.REGISTER: REGISTER_PROFILE,
        Use.DEEP: DEEP_PROFILE,
        # An officer's request asks what a lookup asks.
        Use.OFFICER: LOOKUP_PROFILE,
    }
)


def _with_mother(use: Use) -> tuple[Place, ...]:
    """Registering gives up the pupil's place for the mother's number; looking up gives up two names' as well."""
    places = list(PROFILES[use])
    given_up = [_PUPIL] if use is Use.REGISTER else [_PUPIL, _NAME, _NAME]
    for place in given_up:
        places.remove(place)
    return (*places, *[_MATERNAL] * len(given_up))


MATERNAL_PROFILES: Final[Mapping[Use, tuple[Place, ...]]] = MappingProxyType(
    {use: _with_mother(use) for use in PROFILES}
)
"""The same for a child whose mother's NHS number is used."""

_COUNTS: Final = {use: (Counter(PROFILES[use]), Counter(MATERNAL_PROFILES[use])) for use in PROFILES}


def fits_profile(use: Use, places: Iterable[Place]) -> bool:
    """Whether one child's classes and tiers are exactly those of the use, with a mother's number or without: at most
    one *identity*, in a strong one's place.
    """
    counts = Counter(places)
    identity = counts.pop(Place(MatchClass.IDENTITY, Tier.T1), 0)
    if identity > 1:
        return False
    counts[_STRONG] += identity
    return counts in _COUNTS[use]
