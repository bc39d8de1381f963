"""The index's own rule over an index that is a dictionary: what would be answered, and about whom.

A query and the records are turned into match inputs by the code that an edge runs, and hits into a word by the code
that the index runs (`answer_to`); only the tags are left out, since equal inputs are equal tags. A number, where
a child has one, stands for its NHS number as an integer: an identity input of its own kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from math import sqrt
from typing import Final

from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.index.answer import answer_to
from signpost.index.records import Hit, InvolvementNumber, OrganisationNumber
from signpost.protocol.classes import MatchClass, Place, Tier, Use
from signpost.protocol.tags import TagKey

__all__ = ["Asked", "Found", "Registry", "Share", "key_of"]

_IDENTITY: Final = Place(MatchClass.IDENTITY, Tier.T1)
_SINCE: Final = date(2000, 1, 1)
_ELSEWHERE: Final = OrganisationNumber(1)


def key_of(match_class: MatchClass, value: str) -> int:
    """Eight bytes that stand for a tag."""
    return int.from_bytes(blake2b(f"{match_class}|{value}".encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Found:
    """Whom one query found at each depth of belief: by T1 keys alone, by strict T1, by T2 or better, by all."""

    by_keys: frozenset[int]
    strict: frozenset[int]
    probable: frozenset[int]
    possible: frozenset[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: the details, the number that goes with them, and the child that it is truly about."""

    child: ChildDetails
    number: int | None
    truth: int


class Registry:
    """Records by their keys. Several may be of one child."""

    def __init__(self) -> None:
        self._child: list[int] = []
        self._by_key: defaultdict[int, list[int]] = defaultdict(list)
        self._stored: dict[tuple[int, int], Place] = {}
        self._number: list[TagKey | None] = []
        self.most_stored = 0

    def add(self, truth: int, child: ChildDetails, number: int | None) -> None:
        """Register a record. `truth` says who it truly is."""
        record = len(self._child)
        self._child.append(truth)
        inputs = match_inputs(child, Use.REGISTER)
        places = [(found.place, f"{found.template}|{found.value}") for found in inputs]
        if number is not None:
            places.append((_IDENTITY, f"number|{number}|{child.date_of_birth}"))
        self.most_stored = max(self.most_stored, len(places))
        self._number.append(None if number is None else TagKey(number.to_bytes(16, "big")))
        for place, value in places:
            key = key_of(place.match_class, value)
            self._by_key[key].append(record)
            self._stored[key, record] = place

    def hits(self, asked: Asked, use: Use) -> tuple[list[Place], list[Hit]]:
        """What a query of this use hits, as the index reads it from its table."""
        values = [(found.place, f"{found.template}|{found.value}") for found in match_inputs(asked.child, use)]
        if asked.number is not None:
            values.append((_IDENTITY, f"number|{asked.number}|{asked.child.date_of_birth}"))
        places, hits = [], []
        for at, (place, value) in enumerate(values):
            places.append(place)
            key = key_of(place.match_class, value)
            for record in self._by_key.get(key, ()):
                hits.append(
                    Hit(
                        at, self._stored[key, record], _ELSEWHERE, InvolvementNumber(record), None, self._number[record]
                    )
                )
        return places, hits

    def find(self, asked: Asked) -> Found:
        """Whom an ordinary lookup, and after it a deep one, would find."""
        number = None if asked.number is None else TagKey(asked.number.to_bytes(16, "big"))
        ordinary, deep = self.hits(asked, Use.LOOKUP), self.hits(asked, Use.DEEP)

        def found(of: tuple[Sequence[Place], list[Hit]], words: Iterable[str], *, strict: bool) -> frozenset[int]:
            places, hits = of
            records = defaultdict(list)
            for hit in hits:
                records[int(hit.involvement)].append(hit)
            # The word of each record by itself: what there is to be believed of it.
            words = set(words)
            each = {
                record: answer_to(of_record, asked=places, identity_key=number, since=_SINCE, strict=strict)
                for record, of_record in records.items()
            }
            confirmed = frozenset(self._child[record] for record, word in each.items() if word == "current")
            if words == {"current"}:
                return confirmed
            # Best tier only: weaker ones fall beside a stronger one.
            return confirmed or frozenset(self._child[record] for record, word in each.items() if word in words)

        return Found(
            by_keys=found(ordinary, ["current"], strict=False),
            strict=found(ordinary, ["current"], strict=True),
            probable=found(ordinary, ["current", "possible"], strict=True),
            possible=found(ordinary, ["current", "possible"], strict=True)
            or found(deep, ["current", "possible"], strict=True),
        )


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's 95 % interval."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of if self.of else float("nan")

    def interval(self) -> tuple[float, float]:
        """Wilson (1927), z = 1.96."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.96, self.of, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:.5f} ({low:.5f} to {high:.5f})"
