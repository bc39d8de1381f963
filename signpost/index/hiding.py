"""What a seal hides: pure verdicts on tags (protocol.md C4).

A *seal* is what keeps involvements out of everybody's sight but their own organisation's: a shield, or an objection
that was upheld. In this order, and nothing else:
1. what carries one of the seal's identity tags is hidden, whatever it calls that tag;
2. what matches one of its tags at T1 or T2, of whatever class, is hidden too, unless it carries a *different* identity
   tag: a twin, a namesake, another child. A seal without an identity tag knows none to differ from;
3. whatever else matches is *unsure*, for a person to decide; it stays as it was.
The class that somebody claims for a tag is not asked: it must not be a way round. The tier of a match is the weaker of
the two, as for a lookup.

It spreads no further by tags: what a hidden registration holds besides, of another child perhaps, hides nobody. It
spreads by an organisation's own reference of the child; but what was hidden for want of a number, and turns out to have
a different one, is not hidden by that either: a twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.tags import TagKey

__all__ = ["Grip", "differ", "grip", "identities"]


class Grip(Enum):
    """How a seal stands to an involvement, or to a question."""

    NONE = auto()
    UNSURE = auto()
    MATCHES = auto()
    """Hidden by what matches, for want of a number to tell another child by."""
    BY_NUMBER = auto()
    """Hidden by the seal's own number."""

    @property
    def hides(self) -> bool:
        """Whether it is hidden."""
        return self in (Grip.MATCHES, Grip.BY_NUMBER)


def identities(tags: Mapping[TagKey, Place]) -> set[TagKey]:
    """The identity tags among them."""
    return {key for key, place in tags.items() if place.match_class is MatchClass.IDENTITY}


def grip(seal: Mapping[TagKey, Place], held: Mapping[TagKey, Place]) -> Grip:
    """How a seal of these tags stands to what holds those."""
    if identities(seal) & held.keys():
        return Grip.BY_NUMBER
    tiers = [max(seal[key].tier, held[key].tier) for key in seal.keys() & held.keys()]
    if not tiers:
        return Grip.NONE
    return Grip.MATCHES if min(tiers) <= Tier.T2 and not differ(seal, held) else Grip.UNSURE


def differ(seal: Mapping[TagKey, Place], held: Mapping[TagKey, Place]) -> bool:
    """Whether both carry a number and it is not the same: another child, or a mistyped or new number."""
    own, theirs = identities(seal), identities(held)
    return bool(own and theirs and not own & held.keys())
