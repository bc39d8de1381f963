"""Children as they are in the United Kingdom, made up, and what several agencies would have written of each.

* The same seed gives the same children. A population is made of families: siblings share surname and home; three
  children in a hundred are one of twins, some of whom have forenames that begin alike.
* Names are drawn by the project's own table of public figures, forename and surname apart, so the commonest pairs are
  as common as they are. Birth dates lie within 18 years. Some seven children share a postcode; postcodes lie in
  districts, and those in areas.
* `written` is one agency's record of a child, with the slips of its `Errors`: a pet form, another transliteration, a
  mark written or left out, a barrel dropped, names swapped, an old home, … Each slip happens by itself, at the rates
  below. They were lowered once after a first measurement, towards what exact matching finds in published comparisons;
  siblings of one canonical name, and homes as dense as no postcode is, were taken out after it too. Several agencies
  may have a record of one child, each with slips of its own.

No child here has an NHS number of form: a number is an integer of the population, which only the evaluation reads.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from signpost.edge.match_inputs import ChildDetails
from signpost.edge.name_tables import figures, hubs
from signpost.edge.names import canonical
from signpost.edge.postcodes import Postcode

__all__ = ["HEAVY", "ORDINARY", "Child", "Errors", "Population", "postcode", "transliterated", "written"]

_LAST_DAY: Final = date(2026, 11, 1)
_DAYS: Final = 18 * 365
_AREAS: Final = (
    "AB", "B", "BA", "BD", "BN", "BS", "CB", "CF", "CR", "DE", "EH", "G", "GU", "HD", "HU", "LE", "LS", "L",
    "M", "N", "NE", "NG", "NN", "OX", "PE", "PL", "PR", "RG", "S", "SE", "SO", "SW", "TS", "W", "WF", "YO",
)  # fmt: skip
_INWARD: Final = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Child:
    """A child as it is. `number` is its place in the population; `home` and `earlier_home` are numbers of postcodes."""

    number: int
    family: int
    forename: str
    middle: str
    surname: str
    born: date
    home: int
    earlier_home: int
    twin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How often each thing is otherwise in one agency's record than it is."""

    pet_form: float
    forename_slip: float
    surname_slip: float
    surname_spelt: float
    """One barrel of two, an apostrophe or a hyphen more or less."""
    transliterated: float
    """Of names that another script is behind: written in another of its usual ways, forename and surname apart."""
    marked: float
    """Of names: written with a diacritic that another agency leaves out, or without one that it writes."""
    surname_other: float
    """The other parent's, or a new one."""
    names_swapped: float
    no_forename: float
    """Not named yet, or written as a placeholder: of those under a year old."""
    middle_missing: float
    day_month: float
    date_slip: float
    default_birthday: float
    old_home: float
    """The agency has the home before this one."""
    previous_known: float
    """Of those who moved: the other home is on the record as well."""
    no_home: float
    home_slip: float
    twin_known: float
    """Of twins: that there are two is on the record."""


ORDINARY: Final = Errors(
    pet_form=0.03, forename_slip=0.012, surname_slip=0.010, surname_spelt=0.012, surname_other=0.007,
    transliterated=0.05, marked=0.01,
    names_swapped=0.002, no_forename=0.10, middle_missing=0.35, day_month=0.005, date_slip=0.004,
    default_birthday=0.001, old_home=0.08, previous_known=0.60, no_home=0.02, home_slip=0.008, twin_known=0.5,
)  # fmt: skip
"""What two well-kept systems differ in. On one side of a pair; a query and a record both have slips. Their size is such
that the exact forename, surname and birth date meet for about 87 in 100 pairs, and SLK-581 for about 91, as published
comparisons of administrative data have it."""

HEAVY: Final = Errors(
    pet_form=0.08, forename_slip=0.04, surname_slip=0.04, surname_spelt=0.05, surname_other=0.04, names_swapped=0.01,
    transliterated=0.15, marked=0.03,
    no_forename=0.25, middle_missing=0.60, day_month=0.015, date_slip=0.015, default_birthday=0.004, old_home=0.20,
    previous_known=0.45, no_home=0.08, home_slip=0.03, twin_known=0.25,
)  # fmt: skip
"""What is heard in A&E at night, against a record that nobody has looked at for a year."""


SPELLINGS: Final[tuple[tuple[str, ...], ...]] = (
    ("AISHA", "AYESHA", "AISHAH"), ("AHMED", "AHMAD", "AHMET"), ("MOHAMMED", "MUHAMMAD", "MOHAMMAD", "MOHAMED"),
    ("HUSSAIN", "HUSSEIN", "HUSAIN"), ("YUSUF", "YOUSUF", "YUSEF", "YOUSEF"), ("ZAINAB", "ZAYNAB", "ZEINAB"),
    ("KHADIJA", "KHADIJAH", "KADIJA"), ("FATIMA", "FATIMAH", "FATEMA"), ("ABDULRAHMAN", "ABDIRAHMAN", "ABDURRAHMAN"),
    ("CHOWDHURY", "CHOUDHURY", "CHAUDHRY", "CHOUDHRY"), ("RAHMAN", "REHMAN", "RAHAMAN"), ("IBRAHIM", "EBRAHIM"),
    ("MARYAM", "MARIAM", "MERYEM"), ("HAMZA", "HAMZAH"), ("SAFA", "SAFFA"), ("UMAR", "OMAR"), ("HASSAN", "HASAN"),
    ("QURESHI", "QURAISHI"), ("SYED", "SAYED", "SAYYID"), ("SHEIKH", "SHAIKH"), ("MALIK", "MALLIK"), ("ALEKSANDER",
    "ALEXANDER", "OLEKSANDR"), ("ALEKSANDRA", "ALEXANDRA", "OLEKSANDRA"), ("EKATERINA", "YEKATERINA", "KATERYNA"),
    ("DMITRY", "DMITRI", "DMYTRO"), ("KOWALSKI", "KOWALSKY"), ("ZHANG", "CHANG"), ("ZHOU", "CHOW"), ("NGUYEN", "NGUEN"),
)  # fmt: skip
"""Names that another script is behind, each with the ways it is usually written."""
_SPELLED: Final = {name: of for of in SPELLINGS for name in of}
_MARKS: Final = {"a": "á", "e": "é", "i": "í", "o": "ö", "u": "ü", "c": "ç", "n": "ñ", "s": "š", "z": "ž", "l": "ł"}


class _Drawn:
    """Draws names by their figures."""

    def __init__(self, kind: str) -> None:
        table = figures(kind)
        self.names = list(table)
        self._bounds = list(accumulate(table.values()))

    def draw(self, chance: random.Random) -> str:
        return self.names[min(bisect(self._bounds, chance.random() * self._bounds[-1]), len(self.names) - 1)]


class Population:
    """So many children of one seed."""

    def __init__(self, seed: int, size: int) -> None:
        self._chance = random.Random(f"population of {seed}")
        self._forenames, self._surnames = _Drawn("forename"), _Drawn("surname")
        # 11 million children in some 1.7 million postcodes
        self._homes = max(50, size // 7)
        self.children = list(self._made(size))

    def _made(self, size: int) -> Iterator[Child]:
        chance, number, family = self._chance, 0, 0
        while number < size:
            surname = self._surname()
            home = chance.randrange(self._homes)
            moved = chance.random() < 0.35
            earlier = self._near(home) if moved else home
            eldest = _LAST_DAY - timedelta(days=chance.randrange(_DAYS))
            births = [eldest]
            while chance.random() < 0.42 and len(births) < 5:
                births.append(births[-1] + timedelta(days=chance.randrange(330, 1500)))
            used: set[str] = set()
            for born in births:
                if born > _LAST_DAY:
                    break
                several = 2 if chance.random() < 0.0155 else 1
                first = ""
                for _ in range(several):
                    forename = self._forename(used, like=first if chance.random() < 0.15 else "")
                    first = first or forename
                    used.add(canonical(forename))
                    middle = self._forenames.draw(chance) if chance.random() < 0.8 else ""
                    yield Child(number, family, forename, middle, surname, born, home, earlier, several > 1)
                    number += 1
                    if number == size:
                        return
            family += 1

    def _forename(self, used: set[str], *, like: str) -> str:
        for _ in range(200):
            found = self._forenames.draw(self._chance)
            # nobody calls one child Sophie and the next Sophia
            if canonical(found) not in used and found[:1] == (like[:1] or found[:1]):
                return found
        return self._forenames.draw(self._chance)

    def _surname(self) -> str:
        name = self._surnames.draw(self._chance)
        if self._chance.random() < 0.06:
            name += "-" + self._surnames.draw(self._chance)
        if self._chance.random() < 0.008:
            name = "O'" + name
        return name.title()

    def _near(self, home: int) -> int:
        """Most move within a district's reach, some anywhere."""
        if self._chance.random() < 0.6:
            return (home + self._chance.randrange(1, 40)) % self._homes
        return self._chance.randrange(self._homes)


def postcode(home: int) -> Postcode:
    """The postcode of a number: 60 of them a district, twelve districts an area where there are so many."""
    district, within = divmod(home, 60)
    area, of_area = _AREAS[district // 12 % len(_AREAS)], district % 12 + 1 + 12 * (district // (12 * len(_AREAS)))
    text = (
        f"{area}{of_area % 90 + 1} {within % 10}{_INWARD[within // 10]}{_INWARD[district // (90 * len(_AREAS)) % 20]}"
    )
    found = Postcode.parse(text)
    assert found is not None
    return found


_PETS: Final[dict[str, list[str]]] = defaultdict(list)
for _pet, _formal in sorted(hubs().items()):
    _PETS[_formal].append(_pet)


def written(child: Child, errors: Errors, chance: random.Random, *, surnames: Sequence[str]) -> ChildDetails:
    """One agency's record of a child, with no number on it."""

    def happens(rate: float) -> bool:
        return chance.random() < rate

    forename, surname, middle, born = child.forename.title(), child.surname, child.middle.title(), child.born
    young = (_LAST_DAY - born).days < 365
    if happens(errors.pet_form):
        formal = hubs().get(child.forename, child.forename)
        forename = chance.choice([formal, *_PETS.get(formal, [])]).title()
    if happens(errors.forename_slip):
        forename = _slip(forename, chance)
    if happens(errors.surname_other):
        surname = chance.choice(surnames).title()
    elif happens(errors.surname_spelt):
        surname = _respelt(surname, chance)
    elif happens(errors.surname_slip):
        surname = _slip(surname, chance)
    forename, surname = (_spelled_otherwise(name, errors, chance) for name in (forename, surname))
    if happens(errors.names_swapped):
        forename, surname = surname, forename
    if young and happens(errors.no_forename):
        forename = chance.choice(["Baby", "Infant", "Twin 1" if child.twin else "Baby Girl", ""])
    if happens(errors.middle_missing):
        middle = ""
    if happens(errors.day_month) and born.day <= 12:
        born = born.replace(month=born.day, day=born.month)
    if happens(errors.date_slip):
        born = _other_date(born, chance)
    if happens(errors.default_birthday):
        born = born.replace(month=1, day=1)
    return ChildDetails(
        date_of_birth=born,
        forename=forename,
        middle_name=middle,
        surname=surname,
        postcodes=_homes(child, errors, chance),
        multiple_birth=child.twin and happens(errors.twin_known),
    )


def _homes(child: Child, errors: Errors, chance: random.Random) -> tuple[Postcode, ...]:
    moved = child.earlier_home != child.home
    current, other = child.home, child.earlier_home
    if moved and chance.random() < errors.old_home:
        # Not heard of the move yet: what it has is the home before, and nothing earlier.
        homes = [other]
    else:
        homes = [current, other] if moved and chance.random() < errors.previous_known else [current]
    if chance.random() < errors.no_home:
        homes = homes[1:]
    if homes and chance.random() < errors.home_slip:
        homes[0] += chance.choice([-1, 1]) if homes[0] > 0 else 1
    return tuple(postcode(home) for home in homes)


def _slip(name: str, chance: random.Random) -> str:
    """One letter left out, doubled, put for another, or swapped with the next."""
    at = chance.randrange(len(name)) if name else 0
    letter = chance.choice("abcdefghijklmnoprstuwy")
    match chance.randrange(4):
        case 0:
            return name[:at] + name[at + 1 :] if len(name) > 2 else name
        case 1:
            return name[:at] + name[at : at + 1] * 2 + name[at + 1 :]
        case 2:
            return name[:at] + letter + name[at + 1 :]
        case _:
            return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def _spelled_otherwise(name: str, errors: Errors, chance: random.Random) -> str:
    """Another transliteration, or a mark on one of its letters."""
    spellings = _SPELLED.get(name.upper())
    if spellings and chance.random() < errors.transliterated:
        name = chance.choice(spellings).title()
    if chance.random() < errors.marked:
        places = [at for at, letter in enumerate(name) if letter in _MARKS]
        if places:
            at = chance.choice(places)
            name = name[:at] + _MARKS[name[at]] + name[at + 1 :]
    return name


def transliterated(child: Child) -> bool:
    """Whether a name of the child has several usual spellings."""
    return child.forename in _SPELLED or child.surname.upper() in _SPELLED


def _respelt(surname: str, chance: random.Random) -> str:
    barrels = surname.split("-")
    if len(barrels) > 1:
        return chance.choice([barrels[0], barrels[-1], " ".join(barrels), "".join(barrels)])
    if surname.startswith("O'"):
        return chance.choice([surname.replace("'", ""), surname.replace("'", " ")])
    return chance.choice([surname + "e", surname.replace("y", "ie"), surname.replace("ck", "k"), surname + "s"])


def _other_date(born: date, chance: random.Random) -> date:
    """A slip of one digit: the day or the month or the year."""
    match chance.randrange(3):
        case 0:
            other = born + timedelta(days=chance.choice([-10, -1, 1, 10]))
        case 1:
            other = _month(born, chance.randrange(1, 13))
        case _:
            other = _year(born, born.year + chance.choice([-1, 1]))
    return min(other, _LAST_DAY)


def _month(born: date, month: int) -> date:
    """The same day of another month, or the last that it has."""
    return born.replace(month=month, day=min(born.day, 28))


def _year(born: date, year: int) -> date:
    """The same day of another year."""
    return born.replace(year=year, day=min(born.day, 28) if born.month == 2 else born.day)
