"""Recall and false matches of queries about registered children and about others, by tier, by group and by age."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from signpost.edge.identifiers import NHSNumber, nhs_check_digit
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.name_tables import figures
from tests.bench.matching.children import Child, Errors, Population, transliterated, written
from tests.bench.matching.evaluate import Asked, Found, Registry, Share

__all__ = ["DEPTHS", "Baseline", "Outcome", "Tally", "World", "numbered", "unborn"]

DEPTHS: Final[Mapping[str, Callable[[Found], frozenset[int]]]] = {
    "T1, keys alone": lambda found: found.by_keys,
    "T1, strict": lambda found: found.strict,
    "T2 or better": lambda found: found.probable,
    "T3 or better (deep)": lambda found: found.possible,
}
_UNREGISTERED: Final = 0.2
"""Of the queries are about children whom nobody has registered."""
_SECOND_AGENCY: Final = 0.15
"""Of the registered children have a second agency's record beside the first, with slips of its own."""
_RECORDS_WITH_NUMBER: Final = 0.75
_QUERIES_WITH_NUMBER: Final = 0.55


@dataclass(slots=True)
class Tally:
    """What became of the queries of one group at one depth."""

    registered: int = 0
    found: int = 0
    asked: int = 0
    wrong: int = 0
    right_of_found: int = 0
    answered: int = 0

    def note(self, truth: int | None, found: frozenset[int]) -> None:
        """One query. `truth` is the record that it is about, where there is one."""
        self.asked += 1
        others = found - {truth}
        self.wrong += bool(others)
        self.answered += bool(found)
        self.right_of_found += bool(found) and not others
        if truth is not None:
            self.registered += 1
            self.found += truth in found

    @property
    def recall(self) -> Share:
        """Of the queries about registered children, those that found them."""
        return Share(self.found, self.registered)

    @property
    def false(self) -> Share:
        """Of all queries, those that found another child."""
        return Share(self.wrong, self.asked)

    @property
    def precision(self) -> Share:
        """Of the queries that found anybody, those that found nobody else."""
        return Share(self.right_of_found, self.answered)


@dataclass(slots=True)
class Outcome:
    """Tallies by depth, and strict T1's by group; and what a wrong date alone makes of it."""

    depths: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    groups: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    wrong_dates: Tally = field(default_factory=Tally)
    most_stored: int = 0
    touched: Tally = field(default_factory=Tally)


Baseline = Callable[[ChildDetails], str]
"""A key on the plaintext: equal keys are taken for one child."""


@dataclass(slots=True)
class World:
    """A population, most of it registered, and queries about some of it."""

    population: Population
    seed: int
    queries: int

    def _drawn(self) -> tuple[list[Child], frozenset[int]]:
        chance = random.Random(f"queries of {self.seed}")
        asked = chance.sample(self.population.children, self.queries)
        away = frozenset(child.number for child in asked[: int(self.queries * _UNREGISTERED)])
        return asked, away

    def records(self, errors: Errors, *, numbers: bool) -> Iterator[tuple[int, ChildDetails, int | None]]:
        """What is registered: a record of each child, and of some a second one."""
        _, away = self._drawn()
        surnames = list(figures("surname"))
        for child in self.population.children:
            if child.number in away:
                continue
            chance = random.Random(f"record {self.seed} {child.number}")
            for _ in range(1 + (chance.random() < _SECOND_AGENCY)):
                details = written(child, errors, chance, surnames=surnames)
                yield child.number, details, numbered(child, chance, _RECORDS_WITH_NUMBER if numbers else 0.0)

    def asked(self, errors: Errors, *, numbers: bool) -> Iterator[tuple[Child, Asked, bool]]:
        """Each query, and whether its child is registered."""
        asked, away = self._drawn()
        surnames = list(figures("surname"))
        for child in asked:
            chance = random.Random(f"query {self.seed} {child.number}")
            details = written(child, errors, chance, surnames=surnames)
            number = numbered(child, chance, _QUERIES_WITH_NUMBER if numbers else 0.0)
            yield child, Asked(details, number, child.number), child.number not in away

    def measure(self, errors: Errors, *, numbers: bool, tell: Callable[[str], None]) -> Outcome:
        """Register everybody, then ask."""
        registry, outcome = Registry(), Outcome()
        began = time.monotonic()
        for number, details, identity in self.records(errors, numbers=numbers):
            registry.add(number, details, identity)
        tell(f"{len(self.population.children):,} children registered in {time.monotonic() - began:.0f} s")
        for child, asked, registered in self.asked(errors, numbers=numbers):
            found = registry.find(asked)
            truth = child.number if registered else None
            for depth, of in DEPTHS.items():
                outcome.depths[depth].note(truth, of(found))
            for group in groups(child):
                outcome.groups[group].note(truth, found.strict)
            if registered and asked.child.date_of_birth != child.born:
                right = Asked(replace(asked.child, date_of_birth=child.born), asked.number, asked.truth)
                if registry.find(right).probable:
                    # found with the right date: whatever is not found now is the date's doing
                    outcome.wrong_dates.note(truth, found.probable)
        outcome.most_stored = registry.most_stored
        return outcome

    def baseline(self, errors: Errors, key: Baseline) -> Tally:
        """The same queries by equality of one key of the plaintext."""
        records: defaultdict[str, set[int]] = defaultdict(set)
        for number, details, _ in self.records(errors, numbers=False):
            if found := key(details):
                records[found].add(number)
        tally = Tally()
        for child, asked, registered in self.asked(errors, numbers=False):
            found = key(asked.child)
            tally.note(
                child.number if registered else None, frozenset(records.get(found, ())) if found else frozenset()
            )
        return tally


def unborn(seed: int, children: int) -> Tally:
    """Children registered before their birth by the mother's number and the expected date, and asked about after it.

    A birth is some twelve days (a standard deviation) from when it was expected. A fifth are registered by nobody.
    """
    chance, registry = random.Random(f"unborn of {seed}"), Registry()
    numbers = _mothers()
    asked = []
    for number in range(children):
        mother, expected = next(numbers), date(2026, 11, 1) + timedelta(days=chance.randrange(270))
        born = expected + timedelta(days=round(chance.gauss(0, 12)))
        asked.append((number, ChildDetails(mother_nhs_number=mother, date_of_birth=born)))
        if chance.random() >= _UNREGISTERED:
            registry.add(number, ChildDetails(mother_nhs_number=mother, expected_on=expected), None)
            continue
        asked[-1] = (-1, asked[-1][1])
    tally = Tally()
    for truth, child in asked:
        tally.note(truth if truth >= 0 else None, registry.find(Asked(child, None, truth)).probable)
    return tally


def _mothers() -> Iterator[NHSNumber]:
    """Numbers of the range that is issued to nobody, none twice."""
    for serial in range(1_000_000):
        nine = f"999{serial:06}"
        if (check := nhs_check_digit(nine)) is not None:
            yield NHSNumber.parse(nine + check)


def numbered(child: Child, chance: random.Random, rate: float) -> int | None:
    """The number that stands for the child's NHS number, where the record has it."""
    return child.number if chance.random() < rate else None


_COMMON: Final = 400.0
_RARE: Final = 30.0


def groups(child: Child) -> Iterator[str]:
    """By how many bear the surname, its form, and age."""
    figure = figures("surname").get(child.surname.upper(), 0.0)
    if "-" in child.surname or "'" in child.surname:
        yield "surname of several parts"
    elif figure >= _COMMON:
        yield "the commonest surnames"
    elif figure >= _RARE:
        yield "common surnames"
    else:
        yield "rare surnames"
    if transliterated(child):
        yield "a name of several transliterations"
    yield "a twin" if child.twin else "not a twin"
    yield "under one" if (date(2026, 11, 1) - child.born).days < 365 else "one and over"
