"""What a match input is worth, and how many of each class a request holds.

The index is told a class and nothing else of a match input, and every request of one use holds the same counts of
every class (protocol.md C1), so that what is missing at the edge does not show at the index. Two things are let
through and said openly: whether an NHS number was given (padding never claims *identity*: the slot is then *strong*),
and whether a mother's NHS number was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["LOOKUP_PROFILE", "POINTS", "PROFILES", "REGISTER_PROFILE", "MatchClass", "Tier", "Use", "fits_profile"]


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


POINTS: Final[Mapping[Use, int]] = MappingProxyType({Use.LOOKUP: 12, Use.DEEP: 24, Use.REGISTER: 12, Use.OFFICER: 12})
"""Points per child, always, padding included (B3)."""

_C = MatchClass
# The first slot holds the NHS number's input (class identity) or, without one, is strong like its neighbours.
LOOKUP_PROFILE: Final = (
    _C.STRONG, _C.PUPIL, _C.STRONG, _C.STRONG, _C.STRONG, _C.STRONG,
    _C.NAME, _C.NAME, _C.NAME, _C.NAME, _C.UNDATED, _C.PROBABLE,
)  # fmt: skip
REGISTER_PROFILE: Final = (
    _C.STRONG, _C.PUPIL, _C.STRONG, _C.STRONG, _C.STRONG,
    _C.NAME, _C.NAME, _C.NAME, _C.UNDATED, _C.PROBABLE, _C.POSSIBLE, _C.POSSIBLE,
)  # fmt: skip
PROFILES: Final[Mapping[Use, tuple[MatchClass, ...]]] = MappingProxyType(
    {Use.LOOKUP: LOOKUP_PROFILE, Use.REGISTER: REGISTER_PROFILE}
)

_COUNTS: Final = {use: Counter(profile) for use, profile in PROFILES.items()}


def fits_profile(use: Use, classes: Iterable[MatchClass]) -> bool:
    """Whether one child's classes are exactly those of the use: at most one *identity*, in strong's place."""
    counts = Counter(classes)
    if counts[MatchClass.IDENTITY] > 1:
        return False
    counts[MatchClass.STRONG] += counts.pop(MatchClass.IDENTITY, 0)
    return use in _COUNTS and counts == _COUNTS[use]
