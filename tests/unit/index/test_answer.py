"""What hits come to: the truth table of the four words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from signpost.index.answer import answer_to, look_back_start
from signpost.index.records import TIERS, Hit, InvolvementNumber, OrganisationNumber
from signpost.protocol.classes import MatchClass, Tier
from signpost.protocol.messages import AnswerWord
from signpost.protocol.tags import TagKey

C = MatchClass
SINCE = dt.date(2024, 10, 13)
OPEN = None
LATELY = dt.date(2025, 6, 1)
LONG_AGO = dt.date(2024, 10, 12)
HERS = TagKey(b"h" * 16)
ANOTHERS = TagKey(b"a" * 16)
A_THIRDS = TagKey(b"t" * 16)


def hit(
    match_class: MatchClass,
    ended_on: dt.date | None = OPEN,
    identity_key: TagKey | None = None,
    *,
    stored: MatchClass | None = None,
    involvement: int = 1,
) -> tuple[MatchClass, Hit]:
    """A hit on a tag asked as one class and stored as the same, or as another."""
    of = stored or match_class
    return match_class, Hit(
        0, of, TIERS[of], OrganisationNumber(1), InvolvementNumber(involvement), ended_on, identity_key
    )


@dataclass(frozen=True)
class Row:
    """One row of the table: what was hit, the asker's own identity tag, and the word."""

    fact: str
    hits: list[tuple[MatchClass, Hit]]
    word: AnswerWord
    asker: TagKey | None = None


TABLE = [
    Row("nothing was hit", [], "none"),
    Row("an identity tag of an open involvement", [hit(C.IDENTITY, OPEN, HERS)], "current", HERS),
    Row("an identity tag of an ended one", [hit(C.IDENTITY, LATELY, HERS)], "previous", HERS),
    Row("the last day of the look-back window counts", [hit(C.IDENTITY, SINCE, HERS)], "previous", HERS),
    Row("the day before it does not", [hit(C.IDENTITY, LONG_AGO, HERS)], "none", HERS),
    Row("an open one beside an ended one", [hit(C.STRONG, LATELY), hit(C.STRONG, OPEN, involvement=2)], "current"),
    Row("an open one beside one that ended long ago", [hit(C.STRONG, LONG_AGO), hit(C.PUPIL, OPEN)], "current"),
    *(
        Row(f"a {match_class.value} tag alone", [hit(match_class)], "current")
        for match_class in (C.PUPIL, C.STRONG, C.UNDATED)
    ),
    *(
        Row(f"a {match_class.value} tag alone never confirms", [hit(match_class)], "possible")
        for match_class in (C.NAME, C.PROBABLE, C.POSSIBLE, C.MATERNAL)
    ),
    Row("a weak tag of an ended involvement", [hit(C.PROBABLE, LATELY)], "possible"),
    Row("a weak tag of one that ended long ago", [hit(C.PROBABLE, LONG_AGO)], "none"),
    Row("a strong hit drops a weak one", [hit(C.STRONG, LATELY), hit(C.NAME, OPEN, involvement=2)], "previous"),
    # one class on both sides
    Row("stored as weaker than asked", [hit(C.STRONG, stored=C.NAME)], "none"),
    Row("asked as weaker than stored", [hit(C.NAME, stored=C.STRONG)], "none"),
    Row("an NHS number tried under another name", [hit(C.STRONG, OPEN, HERS, stored=C.IDENTITY)], "none"),
    # the veto
    Row("a record of another identity", [hit(C.STRONG, OPEN, ANOTHERS)], "none", HERS),
    Row("even through her own pupil number", [hit(C.PUPIL, OPEN, ANOTHERS)], "none", HERS),
    Row("a record of no identity", [hit(C.STRONG, OPEN, None)], "current", HERS),
    Row("an asker without one", [hit(C.STRONG, OPEN, ANOTHERS)], "current"),
    Row("a record of the same identity", [hit(C.STRONG, OPEN, HERS)], "current", HERS),
    Row("the birth date may be wrong", [hit(C.UNDATED, OPEN, ANOTHERS)], "current", HERS),
    Row("the mother's number is not the child's", [hit(C.MATERNAL, OPEN, ANOTHERS)], "possible", HERS),
    Row("nobody escapes the veto by calling a tag undated",
        [hit(C.UNDATED, OPEN, ANOTHERS, stored=C.STRONG)], "none", HERS),
    Row("what is vetoed drops nothing",
        [hit(C.STRONG, OPEN, ANOTHERS), hit(C.NAME, OPEN, None, involvement=2)], "possible", HERS),
    # ambiguity
    Row("two identities", [hit(C.STRONG, OPEN, HERS), hit(C.STRONG, OPEN, ANOTHERS, involvement=2)], "possible"),
    Row("two records of one identity",
        [hit(C.STRONG, OPEN, HERS), hit(C.STRONG, OPEN, HERS, involvement=2)], "current"),
    Row("one identity and one without",
        [hit(C.STRONG, OPEN, HERS), hit(C.STRONG, OPEN, None, involvement=2)], "current"),
    Row("a weaker hit makes nothing ambiguous",
        [hit(C.STRONG, OPEN, HERS), hit(C.NAME, OPEN, ANOTHERS, involvement=2)], "current"),
    Row("nor one that ended long ago",
        [hit(C.STRONG, OPEN, HERS), hit(C.STRONG, LONG_AGO, ANOTHERS, involvement=2)], "current"),
    Row("the veto leaves nothing ambiguous",
        [hit(C.STRONG, OPEN, HERS), hit(C.STRONG, OPEN, ANOTHERS, involvement=2)], "current", HERS),
    Row("two others' undated tags",
        [hit(C.UNDATED, OPEN, ANOTHERS), hit(C.UNDATED, OPEN, A_THIRDS, involvement=2)], "possible", HERS),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.fact)
def test_the_word_follows_from_the_hits(row: Row) -> None:
    """Each row of the table, in the order in which the hits came and in the opposite one."""
    for order in (1, -1):
        asked = [match_class for match_class, _ in row.hits][::order]
        hits = [
            Hit(at, h.match_class, h.tier, h.organisation, h.involvement, h.ended_on, h.identity_key)
            for at, (_, h) in enumerate(row.hits[::order])
        ]

        assert answer_to(hits, asked=asked, identity_key=row.asker, since=SINCE) == row.word


def test_how_many_were_hit_does_not_show() -> None:
    """One colleague or fifty: the same word."""
    fifty = [Hit(0, C.STRONG, Tier.T1, OrganisationNumber(n), InvolvementNumber(n), None, None) for n in range(1, 51)]

    words = {answer_to(fifty[:n], asked=[C.STRONG], identity_key=None, since=SINCE) for n in range(1, 51)}

    assert words == {"current"}


@pytest.mark.parametrize(
    ("today", "months", "first"),
    [
        (dt.date(2025, 10, 13), 12, dt.date(2024, 10, 13)),
        (dt.date(2025, 10, 13), 0, dt.date(2025, 10, 13)),
        (dt.date(2024, 2, 29), 12, dt.date(2023, 2, 28)),
        (dt.date(2025, 5, 31), 3, dt.date(2025, 2, 28)),
        (dt.date(2025, 1, 31), 2, dt.date(2024, 11, 30)),
        (dt.date(2025, 12, 31), 13, dt.date(2024, 11, 30)),
    ],
)
def test_the_window_is_of_calendar_months(today: dt.date, months: int, first: dt.date) -> None:
    """The window starts on the same day of an earlier month, or on that month's last."""
    assert look_back_start(today, months) == first
