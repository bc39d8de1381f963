"""What the sizes of buckets tell: how many children share each stored key, at the size of a country.

The index sees which rows share a key. A key that many children share tells something by its frequency: whoever knows
how common each name is can line the largest buckets up with the commonest names. So for each key: the share of children
in buckets of five and more, the largest bucket, and how many children that lining-up gets right, against guessing.

Names, birth dates and homes are drawn as in `children`, three in a hundred as twins, by arrays: five million children
do not fit otherwise. Keys are made of the very functions that normalise, applied to each name of the table once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from signpost.edge.name_tables import figures
from signpost.edge.names import beginning, canonical, fold, sound, soundex
from tests.bench.matching.children import postcode

__all__ = ["Leak", "leaks"]

_DAYS: Final = 6575
_VERY_RARE, _RARE, _LARGEST_AREA = 0.03, 0.1, 0.03
_NATION: Final = 11e6 / 6575


@dataclass(frozen=True, slots=True)
class Leak:
    """One key's buckets. `aligned` and `guessed`: shares of children that lining-up, and guessing, would name."""

    key: str
    children: int
    in_five: float
    largest: int
    aligned: float
    guessed: float


def leaks(children: int, seed: int) -> Iterator[Leak]:
    """Every stored template, after the ungated name and date."""
    import numpy as np

    chance = np.random.default_rng(seed)
    forenames, surnames = _Names("forename", chance, children), _Names("surname", chance, children)
    day, home = chance.integers(0, _DAYS, children), chance.integers(0, max(50, children // 7), children)
    twins = np.flatnonzero(chance.random(children - 1) < 0.0155) + 1
    for column in (surnames.drawn, day, home):
        column[twins] = column[twins - 1]
    born = _swapped(np)[day]
    districts = np.array([postcode(number).district for number in range(int(home.max()) + 1)])
    _, district = np.unique(districts, return_inverse=True)
    _, area = np.unique(np.array([name.rstrip("0123456789") for name in districts]), return_inverse=True)
    given, family = forenames.by(canonical), surnames.by(fold)
    share = forenames.figures(canonical)[given] / 1e5 * surnames.figures(fold)[family] / 1e5
    middle = chance.permutation(given)
    everybody = np.ones(children, dtype=bool)
    three, codes = forenames.by(_three), (forenames.by(soundex), surnames.by(soundex))

    def sharers(of_given: Any, of_family: Any) -> Any:
        """λ, as the templates take it: of what their key holds."""
        return _NATION * of_given / 1e5 * of_family / 1e5

    of_family = surnames.figures(fold)[family]
    rare = sharers(forenames.figures(_three)[three], of_family) < _RARE
    very_rare = _NATION * share < _VERY_RARE
    alike = sharers(forenames.figures(soundex)[codes[0]], surnames.figures(soundex)[codes[1]]) < _VERY_RARE
    year = day // 366

    def found_in_area(names: _Names, function: Callable[[str], str]) -> Any:
        """The gate of a key of one name and the area: expected in the largest area, on any birth date."""
        return _NATION * _LARGEST_AREA * names.figures(function)[names.by(function)] / 1e5 < _VERY_RARE

    keys: list[tuple[str, list[Any], Any]] = [
        ("ungated name and date", [given, family, born], everybody),
        ("fdp", [forenames.by(sound), born, home], everybody),
        ("nh", [given, born, home], everybody),
        ("nd (gated)", [three, family, born], rare),
        ("nda (gated)", [given, family, born, area[home]], very_rare),
        ("ndm (gated)", [given, family, born, middle], very_rare),
        ("npy", [given, family, home, year], everybody),
        ("idd", [forenames.by(lambda name: canonical(name)[:2]), surnames.by(sound), born, district[home]], everybody),
        ("dp", [born, home], everybody),
        ("sx (gated)", [*codes, born], alike),
        ("sda (gated)", [family, born, area[home]], found_in_area(surnames, fold)),
        ("gda (gated)", [given, born, area[home]], found_in_area(forenames, canonical)),
    ]
    for name, columns, held in keys:
        yield _leak(np, chance, name, [column[held] for column in columns], share[held])


def _three(name: str) -> str:
    return beginning(canonical(name))


class _Names:
    """One name a child, and what functions make of it, worked out once a name."""

    def __init__(self, kind: str, chance: Any, children: int) -> None:
        import numpy as np

        table = figures(kind)
        self._np, self._names = np, list(table)
        self._figures = np.array(list(table.values()))
        self.drawn = chance.choice(len(self._names), size=children, p=self._figures / self._figures.sum())

    def by(self, function: Callable[[str], str]) -> Any:
        """The number of each child's value."""
        _, number = self._np.unique(self._np.array([function(name) for name in self._names]), return_inverse=True)
        return number[self.drawn]

    def figures(self, function: Callable[[str], str]) -> Any:
        """How many of 100,000 children have each value, by its number."""
        _, number = self._np.unique(self._np.array([function(name) for name in self._names]), return_inverse=True)
        return self._np.bincount(number, weights=self._figures)


def _swapped(np: Any) -> Any:
    """Days with day and month in order of size, as `birth_key` has them."""
    from datetime import date, timedelta

    keys: dict[tuple[int, int, int], int] = {}
    numbers = []
    for away in range(_DAYS):
        day = date(2008, 11, 1) + timedelta(days=away)
        low, high = sorted((day.month, day.day)) if day.day <= 12 else (day.month, day.day)
        numbers.append(keys.setdefault((day.year, low, high), len(keys)))
    return np.array(numbers)


def _leak(np: Any, chance: Any, name: str, columns: list[Any], share: Any) -> Leak:
    key = np.zeros(len(share), dtype=np.uint64)
    for column in columns:
        # a multiplicative mix: two different combinations meet about once in 2^64 pairs
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    values, first, counts = np.unique(key, return_index=True, return_counts=True)
    ties = chance.random(len(values))
    expected = np.lexsort((ties, -share[first]))
    observed = np.lexsort((chance.random(len(values)), -counts))
    aligned = counts[expected[expected == observed]].sum() / len(share)
    return Leak(
        key=name,
        children=len(share),
        in_five=float(counts[counts >= 5].sum() / len(share)),
        largest=int(counts.max()),
        aligned=float(aligned),
        guessed=1 / len(values),
    )
