"""A difference is found where there is one, and "no difference" is only said by a run that could have found it."""

from __future__ import annotations

import random
import statistics

import pytest

from tests.bench.paired import Difference, bootstrapped, judged, signed_rank_p
from tests.bench.report import Verdict

DARWIN = (6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75)
"""Heights of crossed and self-fertilised plants, in eighths of an inch (Darwin 1876; Fisher, *The Design of
Experiments*, section 17)."""


def noisy(shift: float, *, count: int = 600, seed: int = 1, spread: float = 15.0) -> list[float]:
    """Differences of two skewed latencies, in microseconds, one of them later by so much."""
    draw = random.Random(seed)
    return [shift + draw.expovariate(1 / spread) - draw.expovariate(1 / spread) for _ in range(count)]


def difference(shift: float, **rest: float) -> Difference:
    return Difference.of(noisy(shift, **rest), random.Random(2))  # type: ignore[arg-type]


def test_the_rank_test_gives_what_is_published_for_darwins_plants() -> None:
    """The smaller sum of ranks is 24: by the normal approximation z = -2.045, so p = 0.041."""
    assert signed_rank_p(DARWIN) == pytest.approx(0.0409, abs=0.0001)
    assert signed_rank_p([-each for each in DARWIN]) == signed_rank_p(DARWIN)


def test_ties_and_pairs_that_are_equal_are_taken_account_of() -> None:
    """Nothing but equal pairs is no difference; ties narrow the distribution of the ranks' sum."""
    assert signed_rank_p([0.0] * 20) == 1.0
    # ranks 1.5 1.5 3.5 3.5: all positive, so 10 against a mean of 5; variance 7.5 - (6 + 6) / 48 = 7.25
    assert signed_rank_p([1, 1, 2, 2]) == pytest.approx(0.0633, abs=0.0001)


def test_an_interval_holds_what_it_is_of() -> None:
    """And not what it is far from."""
    low, high = bootstrapped(noisy(5.0), statistics.median, random.Random(3))

    assert low < 5.0 < high
    assert 0.0 < high - low < 4.0


@pytest.mark.parametrize(
    ("measured", "same", "injected", "verdict"),
    [
        (difference(0.0), difference(0.0, seed=5), difference(10.0, seed=5), Verdict.PASS),
        (difference(10.0), difference(0.0, seed=5), difference(10.0, seed=5), Verdict.MISS),
        (difference(5.0), difference(0.0, seed=5), difference(10.0, seed=5), Verdict.MISS),
        (difference(0.0, spread=600.0), difference(0.0, seed=5), difference(10.0, seed=5), Verdict.UNSURE),
        (difference(0.0), difference(10.0, seed=5), difference(20.0, seed=5), Verdict.UNSURE),
        (difference(0.0), difference(0.0, seed=5), difference(0.0, seed=5), Verdict.UNSURE),
    ],
    ids=["equal", "ten", "five, by its ranks", "too wide", "the same differ", "what was added is not found"],
)
def test_a_verdict_needs_both_controls(
    measured: Difference, same: Difference, injected: Difference, verdict: Verdict
) -> None:
    """Equal is PASS, different is MISS, and a run that cannot tell says so."""
    assert judged(measured, same, injected, 10.0) is verdict
