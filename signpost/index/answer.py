"""From hits to one word: current, previous, possible or none (docs/explanation/identification.md).

In this order, and nothing else:
1. *Class.* A tag hits only what was stored as the class it is asked as. A template gives one class on both sides, so no
   true hit is lost; and an asker cannot try twelve NHS numbers in one lookup by calling them something else. The
   tier of a hit is the weaker of the stored and the asked one.
2. *Look-back.* An involvement that ended before the window counts for nothing.
3. *Veto*. Asker and record both hold an identity tag and they differ: the record is another child's. Hits through
   undated and maternal tags stand all the same, and so do names asked at T3 (the days around, in a deep lookup): an
   identity tag holds the date, and there the date may be what differs.
4. *Strict T1.* Without an identity or pupil hit, a record's T1 hits count as T1 only beside a name hit on the same
   record, of T1 or T2 (a T1 name hit is its own); else they count as T2. A name of another day stands beside nothing.
5. *Best tier only.* Weaker hits fall beside a stronger one.
6. *Ambiguity.* T1 hits on records whose identity tags differ from each other answer `possible`.
7. T1 answers `current` where an involvement is open, else `previous`; T2 and T3 answer `possible`.

Pure: hits in, a word out. How many hits there were, and whose, stays here.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from signpost.index.records import Hit, InvolvementNumber, OrganisationNumber
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.messages import AnswerWord
from signpost.protocol.tags import TagKey

__all__ = ["Matches", "answer_to", "matches_of"]

_VETO_EXCEPTED: Final = frozenset({MatchClass.UNDATED, MatchClass.MATERNAL})
_NAME_OF_ANOTHER_DAY: Final = Place(MatchClass.NAME, Tier.T3)
_NUMBERS: Final = frozenset({MatchClass.IDENTITY, MatchClass.PUPIL})


@dataclass(frozen=True, slots=True)
class Matches:
    """What hits come to: the word; a hit for each record that made it; and one for each that counted at all."""

    word: AnswerWord
    strongest: tuple[Hit, ...]
    all: tuple[Hit, ...]


def answer_to(
    hits: Iterable[Hit], *, asked: Sequence[Place], identity_key: TagKey | None, since: dt.date, strict: bool = True
) -> AnswerWord:
    """The word that these hits make. Arguments as `matches_of`."""
    return matches_of(hits, asked=asked, identity_key=identity_key, since=since, strict=strict).word


def matches_of(
    hits: Iterable[Hit], *, asked: Sequence[Place], identity_key: TagKey | None, since: dt.date, strict: bool = True
) -> Matches:
    """What these hits come to.

    `asked` is the class and tier of each tag of the request, by position; `identity_key` is the key of the asker's
    identity tag, where there is one; `since` is the first day of the look-back window; `strict` asks for a name hit.
    """
    records: defaultdict[tuple[OrganisationNumber, InvolvementNumber], list[Hit]] = defaultdict(list)
    for hit in hits:
        of_class = hit.stored.match_class is asked[hit.asked_at].match_class
        if of_class and not _ended_before(hit, since) and not _vetoed(hit, asked, identity_key):
            records[hit.organisation, hit.involvement].append(hit)
    # All hits on a record have the same end and the same identity tag: one of them stands for the record.
    found = [(_tier(of_record, asked, strict=strict), of_record[0]) for of_record in records.values()]
    best = min((tier for tier, _ in found), default=None)
    strongest = tuple(hit for tier, hit in found if tier == best)
    return Matches(_word(best, strongest), strongest, tuple(hit for _, hit in found))


def _word(best: Tier | None, strongest: Sequence[Hit]) -> AnswerWord:
    if best is None:
        return "none"
    if best is not Tier.T1 or _ambiguous(strongest):
        return "possible"
    return "current" if any(hit.ended_on is None for hit in strongest) else "previous"


def _tier(of_record: Sequence[Hit], asked: Sequence[Place], *, strict: bool) -> Tier:
    """How far the hits on one record can be believed, together."""
    tiers = [(max(hit.stored.tier, asked[hit.asked_at].tier), hit.stored.match_class) for hit in of_record]
    best = min(tier for tier, _ in tiers)
    if best is not Tier.T1 or not strict:
        return best
    numbered = any(tier is Tier.T1 and match_class in _NUMBERS for tier, match_class in tiers)
    # It need not confirm by itself, only hold more of the name than sounds alike.
    named = any(match_class is MatchClass.NAME and tier is not Tier.T3 for tier, match_class in tiers)
    return Tier.T1 if numbered or named else Tier.T2


def _ended_before(hit: Hit, since: dt.date) -> bool:
    return hit.ended_on is not None and hit.ended_on < since


def _vetoed(hit: Hit, asked: Sequence[Place], identity_key: TagKey | None) -> bool:
    if identity_key is None or hit.identity_key is None or hit.identity_key == identity_key:
        return False
    return hit.stored.match_class not in _VETO_EXCEPTED and asked[hit.asked_at] != _NAME_OF_ANOTHER_DAY


def _ambiguous(hits: Iterable[Hit]) -> bool:
    return len({hit.identity_key for hit in hits} - {None}) > 1
