"""What hits come to: the truth table of the four words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from signpost.index.answer import answer_to
from signpost.index.records import Hit, InvolvementNumber, OrganisationNumber
from signpost.protocol.calendar import months_before
from signpost.protocol.classes import MatchClass, Place, Tier
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

TIERS = {
    C.IDENTITY: Tier.T1, C.PUPIL: Tier.T1, C.STRONG: Tier.T1, C.NAME: Tier.T2, C.UNDATED: Tier.T1,
    C.PROBABLE: Tier.T2, C.POSSIBLE: Tier.T3, C.MATERNAL: Tier.T2,
}  # fmt: skip


def hit(
    match_class: MatchClass,
    ended_on: dt.date | None = OPEN,
    identity_key: TagKey | None = None,
    *,
    stored: MatchClass | None = None,
    asked_tier: Tier | None = None,
    stored_tier: Tier | None = None,
    involvement: int = 1,
) -> tuple[Place, Hit]:
    """A hit on a tag asked as one class and stored as the same, or as another; each of its usual tier, or another."""
    of = stored or match_class
    asked = Place(match_class, asked_tier or TIERS[match_class])
    return asked, Hit(
        0,
        Place(of, stored_tier or TIERS[of]),
        OrganisationNumber(1),
        InvolvementNumber(involvement),
        ended_on,
        identity_key,
    )


@dataclass(frozen=True)
class Row:
    """One row of the table: what was hit, the asker's own identity tag, and the word."""

    fact: str
    hits: list[tuple[Place, Hit]]
    word: AnswerWord
    asker: TagKey | None = None
    strict: bool = False


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
    # the weaker tier of the two
    Row("a name stored with a middle name and asked with it", [hit(C.NAME, asked_tier=Tier.T1, stored_tier=Tier.T1)],
        "current"),
    Row("stored as less than it is asked as", [hit(C.NAME, asked_tier=Tier.T1, stored_tier=Tier.T2)], "possible"),
    Row("asked as less than it is stored as", [hit(C.UNDATED, asked_tier=Tier.T3)], "possible"),
    # strict T1
    Row("strictly, a number confirms alone", [hit(C.IDENTITY, OPEN, HERS)], "current", HERS, strict=True),
    Row("so does a pupil number", [hit(C.PUPIL)], "current", strict=True),
    *(
        Row(f"strictly, a {match_class.value} tag alone does not", [hit(match_class)], "possible", strict=True)
        for match_class in (C.STRONG, C.UNDATED)
    ),
    Row("it does beside a name", [hit(C.STRONG, OPEN), hit(C.NAME, OPEN)], "current", strict=True),
    Row("of the same record", [hit(C.STRONG, OPEN), hit(C.NAME, OPEN, involvement=2)], "possible", strict=True),
    Row("a name with its middle name is its own name", [hit(C.NAME, asked_tier=Tier.T1, stored_tier=Tier.T1)],
        "current", strict=True),
    Row("a name of another day, or of names swapped, is not the name",
        [hit(C.UNDATED, OPEN), hit(C.NAME, OPEN, asked_tier=Tier.T3)], "possible", strict=True),
    Row("two strong ones do not make a name", [hit(C.STRONG), hit(C.UNDATED)], "possible", strict=True),
    Row("nor does a weaker hit of another class",
        [hit(C.STRONG), hit(C.PROBABLE), hit(C.POSSIBLE)], "possible", strict=True),
    Row("a name alone confirms nothing", [hit(C.NAME)], "possible", strict=True),
    Row("a name asked with its middle name and stored without",
        [hit(C.NAME, asked_tier=Tier.T1, stored_tier=Tier.T2)], "possible", strict=True),
    Row("a tag that was stored as a name is none where it is asked as something else",
        [hit(C.STRONG), hit(C.PROBABLE, stored=C.NAME)], "possible", strict=True),
    Row("a name that another identity's record holds does not stand beside its undated tag",
        [hit(C.UNDATED, OPEN, ANOTHERS), hit(C.NAME, OPEN, ANOTHERS)], "possible", HERS, strict=True),
    Row("what counts as T2 falls beside what is T1",
        [hit(C.STRONG, OPEN), hit(C.PUPIL, LATELY, involvement=2), hit(C.NAME, OPEN, involvement=3)],
        "previous", strict=True),
    Row("two identities, each with its name",
        [hit(C.STRONG, OPEN, HERS), hit(C.NAME, OPEN, HERS), hit(C.STRONG, OPEN, ANOTHERS, involvement=2),
         hit(C.NAME, OPEN, ANOTHERS, involvement=2)], "possible", strict=True),
    Row("a number on another record is not enough",
        [hit(C.STRONG, OPEN), hit(C.PUPIL, LATELY, involvement=2)], "previous", strict=True),
    Row("a name that ended with its record long ago",
        [hit(C.STRONG, LONG_AGO), hit(C.NAME, LONG_AGO)], "none", strict=True),
    Row("a record of another identity is vetoed, name and all",
        [hit(C.STRONG, OPEN, ANOTHERS), hit(C.NAME, OPEN, ANOTHERS)], "none", HERS, strict=True),
    Row("what is not strict enough makes nothing ambiguous",
        [hit(C.STRONG, OPEN, ANOTHERS), hit(C.IDENTITY, OPEN, HERS, involvement=2)], "current", strict=True),
    Row("two others' undated tags",
        [hit(C.UNDATED, OPEN, ANOTHERS), hit(C.UNDATED, OPEN, A_THIRDS, involvement=2)], "possible", HERS),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.fact)
def test_the_word_follows_from_the_hits(row: Row) -> None:
    """Each row of the table, in the order in which the hits came and in the opposite one."""
    for order in (1, -1):
        asked = [place for place, _ in row.hits][::order]
        hits = [
            Hit(at, h.stored, h.organisation, h.involvement, h.ended_on, h.identity_key)
            for at, (_, h) in enumerate(row.hits[::order])
        ]

        word = answer_to(hits, asked=asked, identity_key=row.asker, since=SINCE, strict=row.strict)

        assert word == row.word


def test_how_many_were_hit_does_not_show() -> None:
    """One colleague or fifty: the same word."""
    pupil = Place(C.PUPIL, Tier.T1)
    fifty = [Hit(0, pupil, OrganisationNumber(n), InvolvementNumber(n), None, None) for n in range(1, 51)]

    words = {answer_to(fifty[:n], asked=[pupil], identity_key=None, since=SINCE) for n in range(1, 51)}

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
    assert months_before(today, months) == first
