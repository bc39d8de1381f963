"""Padding and order: every child leaves as the same counts of every class (protocol.md B3, C1)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import ChildDetails, MatchInput, Template, match_inputs
from signpost.edge.slots import Slot, lookup_slots, registration_slots, shuffled
from signpost.protocol.classes import (
    LOOKUP_PROFILE,
    MATERNAL_PROFILES,
    POINTS,
    PROFILES,
    REGISTER_PROFILE,
    MatchClass,
    Place,
    Tier,
    Use,
    fits_profile,
)
from signpost.protocol.secret import Secret
from tests.unit.edge.test_match_inputs import children

CHILD = ChildDetails(
    date_of_birth=date(2015, 4, 3), nhs_number=NHSNumber.parse("9990000042"), upns=(UPN.parse("A950000178301"),)
)
KEY = Secret(b"organisation secret of 32 bytes!")
REFERENCE = b"reference of 16."
_SEEDS = st.binary(min_size=32, max_size=32)


def _register(child: ChildDetails, reference: bytes = REFERENCE, key: Secret = KEY) -> list[Slot]:
    return registration_slots(match_inputs(child, Use.REGISTER), reference=reference, organisation_secret=key)


def _look_up(child: ChildDetails, seed: bytes) -> list[Slot]:
    return lookup_slots(match_inputs(child, Use.LOOKUP), seed=Secret(seed))


def _padding(slots: list[Slot], child: ChildDetails, use: Use) -> set[bytes]:
    real: set[bytes] = {found.encoded() for found in match_inputs(child, use)}
    sent: set[bytes] = {slot.x for slot in slots}
    return sent - real


@given(children(), _SEEDS)
def test_the_profile_is_always_filled_exactly(child: ChildDetails, seed: bytes) -> None:
    """Whatever is known of the child, the index sees the same counts; only whether there is an NHS number shows."""
    for use, slots, profile in (
        (Use.LOOKUP, _look_up(child, seed), LOOKUP_PROFILE),
        (Use.REGISTER, _register(child, seed[:16]), REGISTER_PROFILE),
    ):
        counts = Counter(slot.place for slot in slots)
        identities = counts.pop(Place(MatchClass.IDENTITY, Tier.T1), 0)
        counts[Place(MatchClass.STRONG, Tier.T1)] += identities
        by_mother = any(slot.match_class is MatchClass.MATERNAL for slot in slots)

        assert fits_profile(use, [slot.place for slot in slots])
        assert len(slots) == POINTS[use] == len({slot.x for slot in slots})
        assert counts == Counter(MATERNAL_PROFILES[use] if by_mother else profile)
        assert identities == (child.nhs_number is not None and child.date_of_birth is not None)


@given(children(), _SEEDS)
def test_every_input_is_sent_under_its_class(child: ChildDetails, seed: bytes) -> None:
    """Padding and shuffling lose nothing and relabel nothing."""
    slots = {(slot.match_class, slot.x) for slot in _look_up(child, seed)}

    assert {(found.match_class, found.encoded()) for found in match_inputs(child, Use.LOOKUP)} <= slots


@given(children(), st.binary(min_size=16, max_size=16))
def test_registering_again_is_sending_the_same(child: ChildDetails, reference: bytes) -> None:
    """Byte for byte, order included (B3)."""
    assert _register(child, reference) == _register(child, reference)


def test_padding_differs_by_reference_and_by_organisation() -> None:
    """No padding point ever meets another involvement's."""
    one = _padding(_register(CHILD), CHILD, Use.REGISTER)
    another = _padding(_register(CHILD, b"another of 16..."), CHILD, Use.REGISTER)
    elsewhere = _padding(_register(CHILD, key=Secret(b"x" * 32)), CHILD, Use.REGISTER)

    assert len(one | another | elsewhere) == 3 * 10


def test_padding_of_a_slot_stays_when_another_slot_is_filled() -> None:
    """A changed registration keeps the padding that it can."""
    without = ChildDetails(date_of_birth=CHILD.date_of_birth, nhs_number=CHILD.nhs_number)

    assert _padding(_register(CHILD), CHILD, Use.REGISTER) < _padding(_register(without), without, Use.REGISTER)


@given(st.tuples(_SEEDS, _SEEDS).filter(lambda seeds: seeds[0] != seeds[1]))
def test_two_lookups_share_no_padding(seeds: tuple[bytes, bytes]) -> None:
    """The index cannot tell by padding that they are about one child."""
    one, other = (_padding(_look_up(CHILD, seed), CHILD, Use.LOOKUP) for seed in seeds)

    assert len(one) == len(other) == 10
    assert not one & other


def test_padding_looks_like_no_template() -> None:
    """A padding input can never be the input of a child."""
    assert "padding" not in set(Template)
    assert all(b"padding" in x for x in _padding(_register(CHILD), CHILD, Use.REGISTER))


def test_the_inputs_stand_in_every_place() -> None:
    """Over many lookups the NHS number's input is as often in one place as in another."""
    places = Counter(
        next(n for n, slot in enumerate(_look_up(CHILD, seed.to_bytes(32, "big"))) if slot.match_class == "identity")
        for seed in range(2400)
    )

    assert set(places) == set(range(12))
    assert all(130 < count < 280 for count in places.values())


def test_a_shuffle_draws_again_where_a_byte_would_favour_a_place() -> None:
    """252 to 255 are no multiple of 12 away, so they are passed over."""
    drawn = iter([255, 252, *[0] * 11])
    slots = _register(CHILD)

    result = shuffled(slots, lambda size: bytes(next(drawn) for _ in range(size)))

    assert sorted(result, key=lambda slot: slot.x) == sorted(slots, key=lambda slot: slot.x)
    assert next(drawn, None) is None


def test_more_inputs_than_places_are_refused() -> None:
    """Nothing is silently left out."""
    twice = match_inputs(CHILD, Use.LOOKUP)[1:] * 2

    with pytest.raises(ValueError, match="more inputs of a class"):
        lookup_slots(twice, seed=Secret(b"s" * 32))


def test_a_short_seed_is_refused() -> None:
    """Padding that could be guessed would show which points are real."""
    with pytest.raises(ValueError, match="32 bytes"):
        lookup_slots([], seed=Secret(b"s" * 16))


def test_a_strong_input_takes_the_first_place_when_no_number_is_given() -> None:
    """The identity-or-strong place is strong then, for an input as for padding."""
    strong = [MatchInput(Template.NHS, str(n), MatchClass.STRONG, Tier.T1) for n in range(5)]

    slots = lookup_slots(strong, seed=Secret(b"s" * 32))

    assert {found.encoded() for found in strong} == {s.x for s in slots if s.match_class is MatchClass.STRONG}
    assert PROFILES[Use.LOOKUP].count(Place(MatchClass.STRONG, Tier.T1)) == 5
    assert not re.search("identity", repr(slots))
