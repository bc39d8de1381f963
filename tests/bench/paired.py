"""Whether two things that are measured in pairs differ: by an interval, a rank test, and two controls.

Rules:
- What is measured is small against the noise, and the noise is skewed: medians and ranks, never means. Welch's t is not
  used: tried, it missed both leaks that were real.
- *Equal* is shown, not assumed: the whole bootstrapped 95 % interval of the median difference must lie within what is
  allowed, and the paired rank test must find nothing (p > 0.01).
- A run that could not have found a difference proves nothing. The same procedure must find none between two things that
  are the same, and must find the allowed difference once it is added to one of these. Where it does not, or where the
  interval is too wide, the verdict is that the run cannot tell.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.report import Verdict

__all__ = ["LEAST_P", "Difference", "bootstrapped", "judged", "signed_rank_p"]

LEAST_P = 0.01
_RESAMPLES = 1_000


def bootstrapped(
    values: Sequence[float], statistic: Callable[[Sequence[float]], float], draw: random.Random
) -> tuple[float, float]:
    """The 95 % interval of a statistic, by the percentiles of 1,000 resamples (Efron 1979)."""
    found = sorted(statistic(draw.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return found[int(0.025 * _RESAMPLES)], found[int(0.975 * _RESAMPLES) - 1]


def signed_rank_p(differences: Sequence[float]) -> float:
    """The two-sided p of Wilcoxon's signed-rank test: by the normal approximation with the correction for ties, which
    is good from some twenty pairs on; no difference is left out (Hollander, Wolfe and Chicken, *Nonparametric
    Statistical Methods*, 3rd edition, section 3.1). 1 without any difference.
    """
    different = sorted((value for value in differences if value), key=abs)
    count = len(different)
    if not count:
        return 1.0
    positive = ties = 0.0
    at = 0
    while at < count:
        end = at
        while end < count and abs(different[end]) == abs(different[at]):
            end += 1
        rank = (at + 1 + end) / 2
        positive += rank * sum(value > 0 for value in different[at:end])
        ties += (end - at) ** 3 - (end - at)
        at = end
    mean = count * (count + 1) / 4
    variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48
    return math.erfc(abs(positive - mean) / math.sqrt(2 * variance))


@dataclass(frozen=True, slots=True)
class Difference:
    """A median paired difference in its unit, between which bounds it lies, and how sure it is that there is one."""

    median: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, differences: Sequence[float], draw: random.Random) -> Difference:
        """Of the pairs' differences."""
        low, high = bootstrapped(differences, statistics.median, draw)
        return cls(statistics.median(differences), low, high, signed_rank_p(differences))

    def within(self, allowed: float) -> bool:
        """Shown to be no more than allowed, either way, and no difference found."""
        return -allowed < self.low and self.high < allowed and self.p > LEAST_P

    @property
    def found(self) -> bool:
        """Whether there is one, by the interval or by the ranks."""
        return self.low > 0 or self.high < 0 or self.p <= LEAST_P


def judged(measured: Difference, same: Difference, injected: Difference, allowed: float) -> Verdict:
    """`same` is between two things that are the same; `injected` the same again with `allowed` added to one of them."""
    if not same.within(allowed) or not injected.found:
        return Verdict.UNSURE
    if measured.within(allowed):
        return Verdict.PASS
    return Verdict.MISS if measured.found else Verdict.UNSURE
