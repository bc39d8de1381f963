"""Whether somebody is answered `none` or `possible` unusually often: what guessing at children looks like. Pure.

By account and by organisation, once a UTC day is over, from counts alone. The share of everybody else that day,
together with what is expected where little was asked, says how often so many of so many would come by chance (the upper
tail of the binomial distribution, exactly); less than once in a hundred thousand is unusual. Fewer than twenty lookups
are not judged, so that no single answer can be read from a verdict. A shielded child is a `none` here like an absent
one: what is counted is the word that was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, log, log1p
from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId

__all__ = ["FEWEST", "Answered", "Unusual", "UnusualShare", "unusual_shares"]

FEWEST: Final = 20
"""Lookups in a day below which nobody is judged."""
_CHANCE: Final = 1e-5
_EXPECTED_OF: Final = 1_000
"""As many lookups as what is expected weighs beside what was counted of everybody else."""


class Unusual(StrEnum):
    """What there was too much of."""

    NONE = "none"
    POSSIBLE = "possible"


_EXPECTED: Final = {Unusual.NONE: 0.8, Unusual.POSSIBLE: 0.05}


@dataclass(frozen=True, slots=True)
class Answered:
    """How an account's lookups of one day were answered."""

    organisation: OrganisationId
    account: AccountId
    lookups: int
    none: int
    possible: int


@dataclass(frozen=True, slots=True)
class UnusualShare:
    """Whose, and of what; of a whole organisation where there is no account."""

    organisation: OrganisationId
    account: AccountId | None
    of: Unusual


def unusual_shares(day: Sequence[Answered]) -> list[UnusualShare]:
    """Of one day, everybody's counts given: who stands out, accounts and organisations."""
    accounts: dict[tuple[OrganisationId, AccountId | None], list[Answered]] = {}
    organisations: defaultdict[tuple[OrganisationId, AccountId | None], list[Answered]] = defaultdict(list)
    for each in day:
        accounts[each.organisation, each.account] = [each]
        organisations[each.organisation, None].append(each)
    # One account alone is its organisation: it is judged already.
    several = {whose: answered for whose, answered in organisations.items() if len(answered) > 1}
    whole = _Total.of(day)
    return [
        UnusualShare(*whose, of)
        for whose, answered in (accounts | several).items()
        for of in _standing_out(_Total.of(answered), whole)
    ]


@dataclass(frozen=True, slots=True)
class _Total:
    lookups: int
    counts: dict[Unusual, int]

    @classmethod
    def of(cls, answered: Sequence[Answered]) -> _Total:
        return cls(
            sum(each.lookups for each in answered),
            {
                Unusual.NONE: sum(each.none for each in answered),
                Unusual.POSSIBLE: sum(each.possible for each in answered),
            },
        )


def _standing_out(own: _Total, whole: _Total) -> Iterator[Unusual]:
    if own.lookups < FEWEST:
        return
    for of, expected in _EXPECTED.items():
        others = whole.counts[of] - own.counts[of] + expected * _EXPECTED_OF
        share = others / (whole.lookups - own.lookups + _EXPECTED_OF)
        if own.counts[of] > share * own.lookups and _at_least(own.counts[of], own.lookups, share) < _CHANCE:
            yield of


def _at_least(count: int, of: int, share: float) -> float:
    """How probable so many or more are, each by itself being so with this share."""
    return sum(_exactly(each, of, share) for each in range(count, of + 1))


def _exactly(count: int, of: int, share: float) -> float:
    # By logarithms: of a busy organisation's day the number of ways alone has thousands of digits.
    ways = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
    return exp(ways + count * log(share) + (of - count) * log1p(-share))
