"""Who is answered `none` or `possible` unusually often, and that nobody is judged by a few answers."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.index.unusual import FEWEST, Answered, Unusual, UnusualShare, _at_least, unusual_shares
from signpost.protocol.credentials import AccountId, OrganisationId


def answered(account: str, lookups: int, none: int, possible: int = 0, organisation: str = "northtown") -> Answered:
    return Answered(OrganisationId(organisation), AccountId(account), lookups, none, possible)


ORDINARY = [answered(f"desk-{number}", 100, 80, 4, f"town-{number}") for number in range(50)]


def found(*day: Answered) -> list[tuple[str, str | None, str]]:
    """Beside fifty ordinary desks."""
    return [(each.organisation, each.account, each.of.value) for each in unusual_shares([*ORDINARY, *day])]


def test_an_ordinary_day_has_nobody_in_it() -> None:
    assert found() == []
    assert found(answered("a", 60, 55), answered("b", 30, 26)) == []


def test_who_is_answered_none_every_time_stands_out() -> None:
    """A shift's budget of guesses."""
    assert found(answered("a", 60, 60)) == [("northtown", "a", "none")]


def test_who_is_told_possible_again_and_again_stands_out() -> None:
    assert found(answered("a", 60, 30, 30)) == [("northtown", "a", "possible")]


def test_guesses_that_are_shared_out_stand_out_of_the_organisation() -> None:
    """No account by itself does."""
    shared = [answered(f"worker-{number}", 18, 18) for number in range(5)]

    assert found(*shared) == [("northtown", None, "none")]


def test_the_measure_is_what_others_are_answered() -> None:
    """Where the country is answered `none` nearly always, so may one be."""
    day = [answered(f"desk-{number}", 1_000, 990, 1, f"town-{number}") for number in range(50)]

    assert unusual_shares([*day, answered("a", 60, 60)]) == []
    assert [each.of for each in unusual_shares([*day, answered("a", 60, 40, 20)])] == [Unusual.POSSIBLE]


@pytest.mark.parametrize("lookups", range(FEWEST))
def test_a_few_lookups_are_not_judged(lookups: int) -> None:
    """So that no single answer can be read from a verdict."""
    assert found(answered("a", lookups, lookups), answered("b", lookups, 0, lookups, "southtown")) == []


def test_fewer_than_is_usual_is_no_alarm() -> None:
    assert found(answered("a", 200, 0, 0)) == []


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 0.99))
def test_the_tail_is_the_binomial_ones(count: int, of: int, share: float) -> None:
    """Against the sum of its terms by whole numbers."""
    count = min(count, of)
    exact = sum(comb(of, each) * share**each * (1 - share) ** (of - each) for each in range(count, of + 1))

    assert _at_least(count, of, share) == pytest.approx(exact, rel=1e-9)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3_000), st.floats(0, 1), st.floats(0, 1)), max_size=6))
def test_any_counts_are_judged(day: list[tuple[str, int, float, float]]) -> None:
    """Nothing, all and thousands; each at most once of a kind."""
    counts = [
        answered(f"{name}-{at}", lookups, none := int(lookups * one), int((lookups - none) * two), organisation=name)
        for at, (name, lookups, one, two) in enumerate(day)
    ]
    shares: list[UnusualShare] = unusual_shares(counts)

    assert len(set(shares)) == len(shares)
