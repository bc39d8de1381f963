"""Names as they are written become names as they are compared (docs/explanation/identification.md, version 1).

What a person types, what a school keeps and what a hospital took down by ear must come out as the same few letters
where they mean the same child, and a twin's must not. Each step loses something on purpose:

* `letters`   marks, case, apostrophes and everything that is no letter.
* `Given`     titles and placeholders; which of several given names a child is called by.
* `Family`    particles join, honorifics go, barrels are told apart.
* `canonical` the pet form: Kate, Katie and Catherine are one. `fold` the spelling.
* `sound`     all but how it sounds (Double Metaphone, primary code).

Pure, and without memory: no name is kept in a cache.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, Self

from anyascii import anyascii
from doublemetaphone import doublemetaphone
from jellyfish import soundex as _soundex

from signpost.edge.name_tables import UNLISTED_PER_100K, figures, hubs, words
from signpost.edge.silence import Silent

__all__ = [
    "Alike", "Family", "Given", "beginning", "canonical", "expected_in_area", "expected_sharers", "fold", "letters",
    "sound", "soundex", "written",
]  # fmt: skip


def written(text: str) -> bool:
    """Whether a text can be a name as somebody wrote it: no control characters, nothing that an encoding has broken."""
    return "\ufffd" not in text and not any(unicodedata.category(mark) in _NOT_WRITTEN for mark in text)


_NOT_WRITTEN: Final = frozenset({"Cc", "Cs", "Cn"})
_APOSTROPHES: Final = dict.fromkeys(
    map(ord, "'`´\u0384\u1fbd\u1fbf\u1ffd\u1ffe\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201b\u2032\u00b4")
)


def letters(text: str) -> list[str]:
    """The words of a text in A to Z: NFKD, marks dropped, other scripts transliterated, split at what is no letter."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        text = text.upper().translate(words().letters)
        text = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
        # Apostrophes again: decomposing and transliterating (the soft sign, the ayn) may bring some.
        text = anyascii(text.translate(_APOSTROPHES)).translate(_APOSTROPHES)
    return re.findall("[A-Z]+", text.upper())


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Given(Silent):
    """A child's given names. `call` is empty for a child that has no name yet."""

    call: str = ""
    """The one the child is called by."""
    alternate: str = ""
    """Another that may have been taken for it: Muhammad before a second name, or two given names written as one."""
    middle: str = ""

    @classmethod
    def read(cls, forename: str, middle_name: str = "", *, whole: bool = False) -> Self:
        """From both fields as they were written. `whole`: nothing of the forename is set aside, which is how twins who
        share a part of it (Mary Kate and Mary Ann) are told apart.
        """
        known = words()
        middles = letters(middle_name)
        middle = "" if _stands_for_none(middles) else middles[0]
        tokens = letters(forename)
        while len(tokens) > 1 and tokens[0] in known.titles:
            del tokens[0]
        if _stands_for_none(tokens) or tokens[0] in known.unnamed or _BABY_OF.match(forename):
            return cls(middle=middle)
        tokens = ["MUHAMMAD" if token in known.muhammad else token for token in tokens]
        middle = "MUHAMMAD" if middle in known.muhammad else middle
        first = tokens[-1] if len(tokens) > 1 else ""
        tokens = _joined(tokens, known.given_particles)
        if len(tokens) == 1:
            if tokens[0] == "MUHAMMAD" and middle:
                return cls(call=middle, alternate="" if whole else "MUHAMMAD")
            return cls(call=tokens[0], alternate="" if whole else first, middle=middle)
        if tokens[0] == "MUHAMMAD":
            rest = "".join(tokens[1:]) if whole else tokens[1]
            further = "" if whole or len(tokens) == 2 else tokens[2]
            return cls(call=rest, alternate="" if whole else "MUHAMMAD", middle=middle or further)
        if whole:
            return cls(call="".join(tokens), middle=middle)
        return cls(call=tokens[0], alternate=tokens[0] + tokens[1], middle=middle or tokens[1])


_BABY_OF: Final = re.compile(r"\s*b\s*/\s*[og]\b", re.IGNORECASE)
"""B/O Sarah: the baby of her."""


def _stands_for_none(tokens: list[str]) -> bool:
    """Whether there is no name in them: none at all, or only placeholders and single letters."""
    known = words().placeholders
    return "".join(tokens) in known or all(token in known or len(token) == 1 for token in tokens)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Family(Silent):
    """A surname: all of it joined, and its first and last barrel where it has several. Empty where it is not known."""

    joined: str = ""
    first: str = ""
    last: str = ""

    @classmethod
    def read(cls, surname: str) -> Self:
        """From the field as it was written."""
        known = words()
        tokens = letters(surname)
        if "".join(tokens) in known.surname_placeholders:
            return cls()
        barrels = _joined(tokens, known.particles)
        barrels = [barrel for barrel in barrels if barrel not in known.honorifics] or barrels[:1]
        if not barrels:
            return cls()
        joined = "".join(barrels)
        return cls(joined=joined) if len(barrels) == 1 else cls(joined=joined, first=barrels[0], last=barrels[-1])


def _joined(tokens: list[str], particles: frozenset[str]) -> list[str]:
    """Particles join the word behind them; one that nothing follows is a word like any other."""
    found, waiting = [], ""
    for token in tokens:
        waiting += token
        if token not in particles:
            found.append(waiting)
            waiting = ""
    return [*found, waiting] if waiting else found


# In this order, again until nothing changes, so that folding what is folded changes nothing.
_FOLDS: Final = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        ("PH", "F"), ("CK", "K"), ("C(?=[EIY])", "S"), ("[CQ]", "K"), ("Z", "S"), ("W", "V"), ("O[OU]", "U"),
        ("EE", "I"), ("AA", "A"), ("TH", "T"), ("KH", "K"), ("(?<=.)(?:IE|EY|Y)$", "I"), ("(?<=..)[EH]$", ""),
        (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


def fold(name: str) -> str:
    """The name without what is spelt one way here and another there. Idempotent."""
    while True:
        folded = name
        for pattern, by in _FOLDS:
            folded = pattern.sub(by, folded)
        if folded == name:
            return folded
        name = folded


def canonical(name: str) -> str:
    """canonF: the folded hub of a given name."""
    return fold(hubs().get(name, name))


def sound(name: str) -> str:
    """The primary code of Double Metaphone; the name itself where it has no sound of its own (a lone H)."""
    return str(doublemetaphone(name)[0]) or name


def soundex(name: str) -> str:
    """American Soundex: a letter and three digits."""
    return str(_soundex(name))


_CHILDREN: Final = 11e6
"""Children in the United Kingdom, to the age of 18."""
_BIRTHDAYS: Final = 6575
"""Days in 18 years."""
_DEFAULT_BIRTHDAY: Final = 10.0
"""How much more often a birthday that stands for "not known" is written than another."""


class Alike(Enum):
    """What of a forename and of a surname two children have alike, as templates take them."""

    NAME = "canonical and fold"
    BEGINNING = "the first letters of canonical, and fold"
    SOUNDEX = "Soundex of both"


def beginning(canon: str) -> str:
    """The letters of a canonical forename that a slip of the pen is more often behind than in: the first three."""
    return canon[:3]


def expected_sharers(given: str, family: str, *, birth_key: str, alike: Alike = Alike.NAME) -> float:
    """λ: how many children are expected to share a birth date and what a template takes of a forename and a surname.

    11e6 / 6575 · p(given) · p(family), from public figures, added up over the names that come out alike; ten times as
    many on a default birthday. The same on both sides, so that what is too common is left out
    everywhere.
    """
    of_given = _figures_of("forename", alike).get(given, UNLISTED_PER_100K)
    of_family = _figures_of("surname", alike).get(family, UNLISTED_PER_100K)
    often = _DEFAULT_BIRTHDAY if birth_key[5:] in words().default_birthdays else 1.0
    return _CHILDREN / _BIRTHDAYS * of_given / 1e5 * of_family / 1e5 * often


_LARGEST_AREA: Final = 0.03
"""The share of the country's people who live in the postcode area that has most of them: B, some 1.9 of 67 million."""


def expected_in_area(given: str, family: str, *, birth_key: str) -> float:
    """How many children of one postcode area are expected to share a birth date and one name: a canonical forename, or
    a folded surname, the other being empty. Always of the largest area: what is left out tells nothing of where.
    """
    of_name = _figures_of("surname" if family else "forename", Alike.NAME).get(family or given, UNLISTED_PER_100K)
    often = _DEFAULT_BIRTHDAY if birth_key[5:] in words().default_birthdays else 1.0
    return _CHILDREN / _BIRTHDAYS * _LARGEST_AREA * of_name / 1e5 * often


@cache
def _figures_of(kind: str, alike: Alike) -> Mapping[str, float]:
    """The figures, added up over the names that are compared as one."""
    table: dict[str, float] = {}
    for name, figure in figures(kind).items():
        if alike is Alike.SOUNDEX:
            key = soundex(name)
        elif kind == "surname":
            key = fold(name)
        else:
            key = canonical(name) if alike is Alike.NAME else beginning(canonical(name))
        table[key] = table.get(key, 0.0) + figure
    return table
