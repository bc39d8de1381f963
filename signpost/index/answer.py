"""From hits to one word: current, previous, possible or none (docs/explanation/identification.md).

In this order, and nothing else:
1. *Class.* A tag hits only what was stored as the class it is asked as. A template gives one class on both sides, so no
   true hit is lost; and an asker cannot try twelve NHS numbers in one lookup by calling them something else.
2. *Look-back.* An involvement that ended before the window counts for nothing.
3. *Veto.* Asker and record both hold an identity tag and they differ: the record is another child's. Hits through
   undated and maternal tags stand all the same, since there the date may be what differs.
4. *Best tier only.* Weaker hits fall beside a stronger one.
5. *Ambiguity.* T1 hits on records whose identity tags differ from each other answer `possible`.
6. T1 answers `current` where an involvement is open, else `previous`; T2 and T3 answer `possible`.

Pure: hits in, a word out. How many hits there were, and whose, stays here.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from signpost.index.records import Hit
from signpost.protocol.classes import MatchClass, Tier
from signpost.protocol.messages import AnswerWord
from signpost.protocol.tags import TagKey

__all__ = ["answer_to", "look_back_start"]

_VETO_EXCEPTED: Final = frozenset({MatchClass.UNDATED, MatchClass.MATERNAL})


def look_back_start(today: dt.date, months: int) -> dt.date:
    """The first day of the window: so many calendar months before today (31 May less 3 months is the last of
    February).
    """
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return dt.date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def answer_to(
    hits: Iterable[Hit], *, asked: Sequence[MatchClass], identity_key: TagKey | None, since: dt.date
) -> AnswerWord:
    """The word that these hits make.

    `asked` is the class of each tag of the request, by position; `identity_key` is the key of the asker's identity tag,
    where there is one; `since` is the first day of the look-back window.
    """
    standing = [
        (hit.tier, hit)
        for hit in hits
        if hit.match_class is asked[hit.asked_at] and not _ended_before(hit, since) and not _vetoed(hit, identity_key)
    ]
    best = min((tier for tier, _ in standing), default=None)
    if best is None:
        return "none"
    strongest = [hit for tier, hit in standing if tier == best]
    if best is not Tier.T1 or _ambiguous(strongest):
        return "possible"
    return "current" if any(hit.ended_on is None for hit in strongest) else "previous"


def _ended_before(hit: Hit, since: dt.date) -> bool:
    return hit.ended_on is not None and hit.ended_on < since


def _vetoed(hit: Hit, identity_key: TagKey | None) -> bool:
    if identity_key is None or hit.identity_key is None or hit.identity_key == identity_key:
        return False
    return hit.match_class not in _VETO_EXCEPTED


def _ambiguous(hits: Iterable[Hit]) -> bool:
    return len({hit.identity_key for hit in hits} - {None}) > 1
