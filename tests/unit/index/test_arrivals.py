"""What arrivals come to, whatever batches they settle in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from signpost.index.arrivals import Arrival, Ended, Registered, Withdrawn, together
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber, StoredTag
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.tags import TagKey, WrappedTag

ORGANISATION = OrganisationNumber(5)
DAY = dt.date(2025, 6, 1)
What = Registered | Ended | Withdrawn
State = Registered | None


def tag(name: int) -> StoredTag:
    """Some stored tag."""
    return StoredTag(Place(MatchClass.STRONG, Tier.T1), WrappedTag(TagKey(bytes([name]) * 16), bytes(32)))


def arrive(what: What, involvement: int = 1) -> Arrival:
    """An arrival of one organisation."""
    return Arrival(ORGANISATION, InvolvementNumber(involvement), what)


def come_to(*whats: What) -> What:
    """What arrivals of one involvement come to."""
    (effect,) = together(arrive(what) for what in whats).values()
    return effect


def settled(state: State, effect: What) -> State:
    """An involvement as it stands after an effect."""
    match effect:
        case Registered():
            return effect
        case Ended():
            return None if state is None else replace(state, ended_on=effect.on)
        case Withdrawn():
            return None


CHILD = ChildNumber(3)
FIRST, SECOND = (Registered((tag(n),), None, CHILD, by_consent=False) for n in (1, 2))


def test_an_end_right_after_a_registration_dates_it() -> None:
    """Registered and ended in one batch: it is registered as ended."""
    assert come_to(FIRST, Ended(DAY)) == replace(FIRST, ended_on=DAY)


def test_a_later_registration_replaces_an_earlier_one() -> None:
    """The tags are those of the last registration, and so is its end."""
    assert come_to(FIRST, Ended(DAY), SECOND) == SECOND


def test_a_withdrawal_is_not_undone_by_an_end() -> None:
    """An end of what was withdrawn does nothing."""
    assert come_to(FIRST, Withdrawn(), Ended(DAY)) == Withdrawn()


def test_a_registration_after_a_withdrawal_stands() -> None:
    """Registered again is registered."""
    assert come_to(FIRST, Withdrawn(), SECOND) == SECOND


def test_involvements_do_not_mix() -> None:
    """Each involvement has its own end."""
    effects = together([arrive(FIRST, 1), arrive(SECOND, 2), arrive(Withdrawn(), 1)])

    assert effects == {(ORGANISATION, 1): Withdrawn(), (ORGANISATION, 2): SECOND}


@given(
    st.lists(st.sampled_from([FIRST, SECOND, Ended(DAY), Ended(dt.date(2025, 7, 1)), Withdrawn()]), max_size=8),
    st.data(),
)
def test_batches_do_not_matter(whats: list[What], data: st.DataObject) -> None:
    """However arrivals are cut into batches, the involvement stands the same in the end."""
    one_by_one: State = None
    for what in whats:
        one_by_one = settled(one_by_one, what)

    cut = data.draw(st.integers(0, len(whats)))
    in_batches: State = None
    for batch in (whats[:cut], whats[cut:]):
        for effect in together(map(arrive, batch)).values():
            in_batches = settled(in_batches, effect)

    assert in_batches == one_by_one
