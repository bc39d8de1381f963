"""The tables of normalisation, read once: words, pet names, and how common a name is.

* What stands in a table is public; nothing of a child is kept here, nor in any cache.
* Pet names lead to one *hub*, the commoner formal name, however many steps that takes. The `nicknames` package gives
  the steps, in sets without an order: the highest figure in our table is taken, then the first of the alphabet, and
  only a commoner name than the pet form is (the package takes Ali for a pet form of names that nobody here bears). Our
  own usages come first.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from nicknames import NickNamer

__all__ = ["UNLISTED_PER_100K", "Words", "figures", "hubs", "words"]

_TABLES: Final = files("signpost.edge.tables")

UNLISTED_PER_100K: Final = 5.0
"""A name that is not in the table: rarer than most that are, and not vanishingly rare."""


@dataclass(frozen=True, slots=True)
class Words:
    """`words.toml`, as sets."""

    titles: frozenset[str]
    placeholders: frozenset[str]
    unnamed: frozenset[str]
    surname_placeholders: frozenset[str]
    given_particles: frozenset[str]
    particles: frozenset[str]
    honorifics: frozenset[str]
    muhammad: frozenset[str]
    default_birthdays: frozenset[str]
    letters: Mapping[int, str]
    """For `str.translate`."""


@cache
def words() -> Words:
    """The words of normalisation."""
    table = tomllib.loads((_TABLES / "words.toml").read_text("utf-8"))
    letters: dict[str, str] = table.pop("letters")
    return Words(**{name: frozenset(of) for name, of in table.items()}, letters=str.maketrans(letters))


@cache
def figures(kind: str) -> Mapping[str, float]:
    """How many of 100,000 children bear each name. `kind`: forename or surname."""
    return MappingProxyType(
        {row["name"]: float(row["per_100k"]) for row in _rows("name_frequency.csv") if row["kind"] == kind}
    )


@cache
def hubs() -> Mapping[str, str]:
    """From each pet form to the formal name it stands for; a name that is not there stands for itself."""
    own = {row["pet"]: row["formal"] for row in _rows("pet_names.csv")}
    steps = {pet: formal for pet, of in _package() if (formal := _commonest(of)) and _figure(formal) > _figure(pet)}
    # A name of our own table, on either side, goes nowhere but where that says.
    steps |= own | {formal: formal for formal in own.values() if formal not in own}
    return MappingProxyType({pet: hub for pet in steps if (hub := _followed(pet, steps)) != pet})


def _package() -> Iterator[tuple[str, list[str]]]:
    """Each pet form of the package with the names it may stand for, in upper case."""
    for pet, formal in NickNamer().canonical_lookup.items():
        if pet.isascii() and pet.isalpha():
            yield pet.upper(), [name.upper() for name in formal if name.isascii() and name.isalpha()]


def _followed(pet: str, steps: Mapping[str, str]) -> str:
    """Where the steps lead. Every step but one of our own is to a commoner name, and ours lead to no pet form."""
    following = steps.get(pet, pet)
    return pet if following == pet else _followed(following, steps)


def _commonest(names: Iterable[str]) -> str:
    return min(names, key=lambda name: (-_figure(name), name), default="")


def _figure(name: str) -> float:
    return figures("forename").get(name, 0.0)


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((_TABLES / name).read_text("utf-8").splitlines())
