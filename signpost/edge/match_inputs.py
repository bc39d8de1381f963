"""From what is known of a child to match inputs: the short texts whose tags the index can compare.

The index can only test whether two tags are equal, so each template joins details into one input, with the class and
tier it is worth. docs/explanation/identification.md has the table of templates and what they were measured to do.

* The template's name and the normaliser's version are inside every input and nowhere else (protocol.md B2).
* Every input holds the birth date, with day and month in an order that survives their being swapped; or the year and
  the full postcode; or the mother's NHS number and a month (an unborn child has no more).
* Every T1 input but the numbers holds a piece of the given name: twins share all else.
* What is expected to fit more children than one in so many (λ) is left out, on both sides alike.
* A temporary UPN gives no input: two children may hold the same one.
* Inputs come in template order and never exceed what the use's profile holds; what is missing has a reason.

Pure: no clock, no randomness. Nothing here prints a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NewType

from signpost.edge.dates import birth_key
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.names import (
    Alike,
    Family,
    Given,
    beginning,
    canonical,
    expected_in_area,
    expected_sharers,
    fold,
    sound,
    soundex,
)
from signpost.edge.postcodes import Postcode
from signpost.edge.silence import Silent
from signpost.protocol.classes import MATERNAL_PROFILES, PROFILES, MatchClass, Place, Tier, Use
from signpost.protocol.encoding import encode

__all__ = [
    "NORMALISER_VERSION", "Absent", "ChildDetails", "EncodedInput", "MatchInput", "Reason", "Template",
    "absent_inputs", "match_inputs",
]  # fmt: skip

PROTOCOL: Final = "signpost/v1"
NORMALISER_VERSION: Final = "1"
"""Inside every input. A change to any table or rule of normalisation is a new version."""

EncodedInput = NewType("EncodedInput", bytes)
"""x of protocol.md B2: what is hashed to the group and blinded."""


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ChildDetails(Silent):
    """What somebody knows of one child, checked. Does not print, whatever is done to show it."""

    date_of_birth: date | None = None
    year_of_birth: int | None = None
    """Where no more of the date is known. Beside a whole date it is not used."""
    nhs_number: NHSNumber | None = None
    upns: tuple[UPN, ...] = ()
    """A child can have had several: the one in use first, then the former ones, latest first."""
    forename: str = ""
    """Names as they were written; normalisation is this module's business and nobody else's."""
    middle_name: str = ""
    surname: str = ""
    postcodes: tuple[Postcode, ...] = ()
    """Of homes only: the current one, then the previous one. Whatever is beyond two is not used."""
    mother_nhs_number: NHSNumber | None = None
    expected_on: date | None = None
    """When an unborn child is expected; it makes no birth date."""
    multiple_birth: bool = False
    """A twin or more: what cannot tell them apart is then not asked, and a home without a name is not kept."""


class Template(StrEnum):
    """The name of a way to make a match input, in the order in which they take places."""

    NHS = "nhs"
    UPN = "upn"
    MOTHER = "mum"
    SOUND_POSTCODE = "fdp"
    NAME = "nd"
    NAME_AT_HOME = "nh"
    NAME_AREA = "nda"
    NAME_MIDDLE = "ndm"
    NAME_POSTCODE_YEAR = "npy"
    INITIAL_DISTRICT = "idd"
    POSTCODE = "dp"
    SURNAME_AREA = "sda"
    FORENAME_AREA = "gda"
    SOUNDEX = "sx"
    SORTED_NAMES = "sort"


class Reason(StrEnum):
    """Why a template gives no input for a child, in words for the person who asks."""

    NO_DATE_OF_BIRTH = "no date of birth"
    NO_YEAR_OF_BIRTH = "no date of birth, nor the year of it"
    NO_NHS_NUMBER = "no NHS number"
    NO_UPN = "no UPN"
    TEMPORARY_UPN = "a temporary UPN is not used: two children may hold the same one"
    NO_MOTHER = "no NHS number of the mother"
    NO_MONTH = "neither a date of birth nor an expected one"
    NO_FORENAME = "no forename"
    NOT_A_FORENAME = "a forename that stands for none yet"
    NO_MIDDLE_NAME = "no middle name"
    NO_SURNAME = "no surname"
    NO_POSTCODE = "no postcode"
    TOO_COMMON = "name too common to confirm without a postcode"
    TOO_COMMON_IN_AREA = "name too common to confirm without more than a postcode area"
    TOO_COMMON_TO_FIND = "name too common to tell one child by"
    ONE_OF_SEVERAL = "a twin or more: it could not tell them apart"
    NOT_ASKED = "not asked by an ordinary lookup"
    NO_ROOM = "another input has the place"


@dataclass(frozen=True, slots=True)
class Absent:
    """A template that gives no input for this child, and why."""

    template: Template
    reason: Reason


@dataclass(frozen=True, slots=True)
class MatchInput:
    """One input. `value` is the normalised text; it is shown on the asker's own screen (`explain`) and nowhere else."""

    template: Template
    value: str = field(repr=False)
    match_class: MatchClass
    tier: Tier

    @property
    def place(self) -> Place:
        """What the index is told of it."""
        return Place(self.match_class, self.tier)

    def encoded(self) -> EncodedInput:
        """x = encode("signpost/v1", template, normaliser version, value)."""
        return EncodedInput(encode(PROTOCOL, self.template, NORMALISER_VERSION, self.value))


def match_inputs(child: ChildDetails, use: Use) -> list[MatchInput]:
    """The inputs that this use sends for a child, in template order: no more of a class than its profile holds.

    With a *maternal* one among them they fit the use's maternal profile, else its ordinary one.
    """
    sent, _ = _fitted(child, use)
    return sent


def absent_inputs(child: ChildDetails, use: Use) -> list[Absent]:
    """The templates that give no input for this child in this use, each with its reason, in template order."""
    _, absent = _fitted(child, use)
    return absent


# Children expected to share the name and the birth date (λ) at which an input of it is left out.
_VERY_RARE: Final = 0.03
_RARE: Final = 0.1

_IDENTITY: Final = Place(MatchClass.IDENTITY, Tier.T1)
_PUPIL: Final = Place(MatchClass.PUPIL, Tier.T1)
_MATERNAL: Final = Place(MatchClass.MATERNAL, Tier.T2)
_STRONG: Final = Place(MatchClass.STRONG, Tier.T1)
_NAME: Final = Place(MatchClass.NAME, Tier.T2)
_NAME_AND_MIDDLE: Final = Place(MatchClass.NAME, Tier.T1)
_NAME_VARIED: Final = Place(MatchClass.NAME, Tier.T3)
_UNDATED: Final = Place(MatchClass.UNDATED, Tier.T1)
_PROBABLE: Final = Place(MatchClass.PROBABLE, Tier.T2)
_POSSIBLE: Final = Place(MatchClass.POSSIBLE, Tier.T3)

_Found = MatchInput | Absent


def _fitted(child: ChildDetails, use: Use) -> tuple[list[MatchInput], list[Absent]]:
    """What takes a place, and one reason for each template that takes none."""
    sent: dict[tuple[Template, str], MatchInput] = {}
    reasons: dict[Template, Reason] = {}
    details = _Details.of(child)
    # An officer's request asks what a lookup asks.
    profile = Use.LOOKUP if use is Use.OFFICER else use
    room = Counter((MATERNAL_PROFILES if details.by_mother else PROFILES)[profile])
    for found in details.inputs(profile):
        if isinstance(found, Absent):
            reasons.setdefault(found.template, found.reason)
        elif (found.template, found.value) not in sent:
            place = _STRONG if found.place == _IDENTITY else found.place  # an identity input takes a strong place
            if room[place]:
                room[place] -= 1
                sent[found.template, found.value] = found
            else:
                reasons.setdefault(found.template, Reason.NO_ROOM)
    filled = {found.template for found in sent.values()}
    order = list(Template)
    absent = [
        Absent(template, reasons[template]) for template in order if template in reasons and template not in filled
    ]
    return sorted(sent.values(), key=lambda found: order.index(found.template)), absent


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class _Details(Silent):
    """A child's details, normalised. What is not known is empty."""

    child: ChildDetails
    born: str
    """The birth key."""
    year: str
    """Of birth."""
    given: Given
    family: Family
    canonical: str
    folded: str
    sharers: float | None
    """λ; None where the name or the birth date is not known."""
    homes: Sequence[Postcode]
    by_mother: bool
    """Whether the mother's number is used: only where there is no permanent UPN, whose place it takes."""

    @classmethod
    def of(cls, child: ChildDetails) -> _Details:
        # Of twins the whole forename as it is written: Molly and Mary, Amy and Emilia have one hub, and may be both.
        twin = child.multiple_birth
        given, family = Given.read(child.forename, child.middle_name, whole=twin), Family.read(child.surname)
        born = "" if child.date_of_birth is None else birth_key(child.date_of_birth)
        year = child.date_of_birth.year if child.date_of_birth is not None else child.year_of_birth
        canon, folded = fold(given.call) if twin else canonical(given.call), fold(family.joined)
        return cls(
            child=child,
            born=born,
            year="" if year is None else f"{year:04}",
            given=given,
            family=family,
            canonical=canon,
            folded=folded,
            sharers=expected_sharers(canon, folded, birth_key=born) if born and canon and folded else None,
            homes=child.postcodes[:2],
            by_mother=child.mother_nhs_number is not None
            and (child.date_of_birth or child.expected_on) is not None
            and all(upn.temporary for upn in child.upns),
        )

    def inputs(self, use: Use) -> Iterator[_Found]:
        """Every input there could be, the ones that matter most first within each class."""
        yield from self._numbers()
        yield from self._mother(use)
        if not self.born:
            # A year with both names and the whole postcode is an input by itself.
            yield from self._undated()
            yield from (Absent(template, Reason.NO_DATE_OF_BIRTH) for template in _DATED)
            return
        yield from self._strong()
        looking = use is not Use.REGISTER
        # Inputs that hold less than three letters of a forename cannot tell twins apart: not asked about one.
        if looking and self.child.multiple_birth:
            yield from self._names()
            yield from self._middle()
            yield from self._undated()
            if use is Use.DEEP:
                yield from map(self._forename_in_area, self.homes)
            yield from (Absent(template, Reason.ONE_OF_SEVERAL) for template in _WEAK)
            return
        yield from self._names()
        yield from self._middle()
        yield from self._undated()
        yield from self._initial()
        if use is Use.LOOKUP:
            yield from (
                Absent(template, Reason.NOT_ASKED) for template in (*_BY_HOME, Template.SOUNDEX, Template.SORTED_NAMES)
            )
            return
        yield from self._possible(slips=use is Use.DEEP)
        if use is Use.DEEP:
            yield from self._varied_names()

    def _numbers(self) -> Iterator[_Found]:
        number = self.child.nhs_number
        if number is None:
            yield Absent(Template.NHS, Reason.NO_NHS_NUMBER)
        elif self.born:
            yield MatchInput(Template.NHS, f"{number.reveal()}|{self.born}", *_IDENTITY)
        if not self.child.upns:
            yield Absent(Template.UPN, Reason.NO_UPN)
        for upn in self.child.upns:
            if upn.temporary:
                yield Absent(Template.UPN, Reason.TEMPORARY_UPN)
            elif self.born:
                yield MatchInput(Template.UPN, f"{upn.reveal()}|{self.born}", *_PUPIL)

    def _mother(self, use: Use) -> Iterator[_Found]:
        """Mother and month. Nobody knows the month of a birth to come: an asker tries the ones beside it too."""
        mother, month = self.child.mother_nhs_number, self.child.date_of_birth or self.child.expected_on
        if mother is None:
            yield Absent(Template.MOTHER, Reason.NO_MOTHER)
        elif month is None:
            yield Absent(Template.MOTHER, Reason.NO_MONTH)
        elif not self.by_mother:
            yield Absent(Template.MOTHER, Reason.NO_ROOM)
        else:
            for away in (0,) if use is Use.REGISTER else (0, -1, 1):
                year, of_year = divmod(month.year * 12 + month.month - 1 + away, 12)
                yield MatchInput(Template.MOTHER, f"{mother.reveal()}|{year:04}-{of_year + 1:02}", *_MATERNAL)

    def _strong(self) -> Iterator[_Found]:
        call, alternate = self.given.call, self.given.alternate
        if not call or not self.homes:
            yield Absent(Template.SOUND_POSTCODE, Reason.NO_POSTCODE if call else self._why_no_forename)
        if not self.homes:
            yield self._no_name(Template.NAME_AREA) or Absent(Template.NAME_AREA, Reason.NO_POSTCODE)
        for home in self.homes:
            if call:
                yield MatchInput(Template.SOUND_POSTCODE, f"{sound(call)}|{self.born}|{home.reveal()}", *_STRONG)
            yield self._rarer_than(_VERY_RARE, Template.NAME_AREA, Reason.TOO_COMMON_IN_AREA) or MatchInput(
                Template.NAME_AREA, f"{self.canonical}|{self.folded}|{self.born}|{home.area}", *_STRONG
            )
        if alternate:
            for home in self.homes:
                yield MatchInput(Template.SOUND_POSTCODE, f"{sound(alternate)}|{self.born}|{home.reveal()}", *_STRONG)

    def _names(self) -> Iterator[_Found]:
        yield self._no_name(Template.NAME) or self._name(self.canonical, self.folded)
        yield from self._name_at_home()
        # A barrel alone is a name of its own, and may be a commoner one.
        for barrel in (self.family.last, self.family.first):
            if self.canonical and barrel:
                yield self._name(self.canonical, fold(barrel))
        other = canonical(self.given.alternate)
        if other and self.folded:
            yield self._name(other, self.folded)

    def _name_at_home(self) -> Iterator[_Found]:
        """The name at the home: what stands beside `fdp` where a surname has changed or the name is a common one."""
        if not self.canonical or not self.homes:
            yield Absent(Template.NAME_AT_HOME, Reason.NO_POSTCODE if self.canonical else self._why_no_forename)
            return
        for home in self.homes:
            yield MatchInput(Template.NAME_AT_HOME, f"{self.canonical}|{self.born}|{home.reveal()}", *_NAME)

    def _name(self, given: str, family: str, *, born: str = "", place: Place = _NAME, most: float = _RARE) -> _Found:
        """λ is that of what the key holds: Ali and Alina begin alike."""
        start, born = beginning(given), born or self.born
        if expected_sharers(start, family, birth_key=born, alike=Alike.BEGINNING) >= most:
            return Absent(Template.NAME, Reason.TOO_COMMON)
        return MatchInput(Template.NAME, f"{start}|{family}|{born}", *place)

    def _middle(self) -> Iterator[_Found]:
        missing = self._rarer_than(_VERY_RARE, Template.NAME_MIDDLE, Reason.TOO_COMMON)
        if missing is None and not self.given.middle:
            missing = Absent(Template.NAME_MIDDLE, Reason.NO_MIDDLE_NAME)
        yield missing or MatchInput(
            Template.NAME_MIDDLE,
            f"{self.canonical}|{self.folded}|{self.born}|{canonical(self.given.middle)}",
            *_NAME_AND_MIDDLE,
        )

    def _undated(self) -> Iterator[_Found]:
        missing = self._no_name(Template.NAME_POSTCODE_YEAR)
        if not self.year:
            missing = Absent(Template.NAME_POSTCODE_YEAR, Reason.NO_YEAR_OF_BIRTH)
        if missing is not None or not self.homes:
            yield missing or Absent(Template.NAME_POSTCODE_YEAR, Reason.NO_POSTCODE)
            return
        for family in (self.folded, fold(self.family.last)):
            for home in self.homes:
                if family:
                    value = f"{self.canonical}|{family}|{home.reveal()}|{self.year}"
                    yield MatchInput(Template.NAME_POSTCODE_YEAR, value, *_UNDATED)

    def _initial(self) -> Iterator[_Found]:
        missing = self._no_name(Template.INITIAL_DISTRICT)
        if missing is not None or not self.homes:
            yield missing or Absent(Template.INITIAL_DISTRICT, Reason.NO_POSTCODE)
            return
        for home in self.homes:
            # Two letters: twins are often given one initial, and seldom more.
            value = f"{self.canonical[:2]}|{sound(self.family.joined)}|{self.born}|{home.district}"
            yield MatchInput(Template.INITIAL_DISTRICT, value, *_PROBABLE)

    def _possible(self, *, slips: bool) -> Iterator[_Found]:
        """What holds one name, or none, or both by their sound alone. `slips`: the present postcode's too."""
        present, previous = self.homes[:1], self.homes[1:]
        if not self.homes:
            yield from (Absent(template, Reason.NO_POSTCODE) for template in _BY_HOME)
        yield from self._around(present)
        yield from self._soundexes()
        yield from self._around(previous)
        missing = self._rarer_than(_RARE, Template.SORTED_NAMES, Reason.TOO_COMMON_TO_FIND)
        names = "|".join(sorted((self.canonical, self.folded)))
        yield missing or MatchInput(Template.SORTED_NAMES, f"{names}|{self.born}", *_POSSIBLE)
        if slips:
            yield from (self._at_home(slip) for home in present for slip in home.slips())

    def _around(self, homes: Sequence[Postcode]) -> Iterator[_Found]:
        for home in homes:
            # What holds no forename is every twin's: it is not kept of one, or the other would be found by it.
            if self.child.multiple_birth:
                yield Absent(Template.POSTCODE, Reason.ONE_OF_SEVERAL)
                yield Absent(Template.SURNAME_AREA, Reason.ONE_OF_SEVERAL)
            else:
                yield self._at_home(home)
                yield self._surname_in_area(home)
            yield self._forename_in_area(home)

    def _at_home(self, home: Postcode) -> MatchInput:
        return MatchInput(Template.POSTCODE, f"{self.born}|{home.reveal()}", *_POSSIBLE)

    def _surname_in_area(self, home: Postcode) -> _Found:
        if not self.folded:
            return Absent(Template.SURNAME_AREA, Reason.NO_SURNAME)
        if expected_in_area("", self.folded, birth_key=self.born) >= _VERY_RARE:
            return Absent(Template.SURNAME_AREA, Reason.TOO_COMMON_TO_FIND)
        return MatchInput(Template.SURNAME_AREA, f"{self.folded}|{self.born}|{home.area}", *_POSSIBLE)

    def _forename_in_area(self, home: Postcode) -> _Found:
        if not self.canonical:
            return Absent(Template.FORENAME_AREA, self._why_no_forename)
        if expected_in_area(self.canonical, "", birth_key=self.born) >= _VERY_RARE:
            return Absent(Template.FORENAME_AREA, Reason.TOO_COMMON_TO_FIND)
        return MatchInput(Template.FORENAME_AREA, f"{self.canonical}|{self.born}|{home.area}", *_POSSIBLE)

    def _soundexes(self) -> Iterator[_Found]:
        missing = self._no_name(Template.SOUNDEX)
        if missing is not None:
            yield missing
            return
        given = soundex(self.given.call)
        for family in (self.family.joined, self.family.last):
            if family:
                code = soundex(family)
                if expected_sharers(given, code, birth_key=self.born, alike=Alike.SOUNDEX) >= _VERY_RARE:
                    yield Absent(Template.SOUNDEX, Reason.TOO_COMMON_TO_FIND)
                else:
                    yield MatchInput(Template.SOUNDEX, f"{given}|{code}|{self.born}", *_POSSIBLE)

    def _varied_names(self) -> Iterator[_Found]:
        """What a deep lookup tries beside: the names the wrong way round, and the days before and after.

        Three tries find three times as many others, so only rarer names are tried.
        """
        if self.sharers is None or self.child.date_of_birth is None:
            return
        swapped = canonical(Given.read(self.child.surname).call), fold(Family.read(self.child.forename).joined)
        if all(swapped):
            yield self._name(*swapped, place=_NAME_VARIED, most=_VERY_RARE)
        for days in (-1, 1):
            near = birth_key(self.child.date_of_birth + timedelta(days=days))
            yield self._name(self.canonical, self.folded, born=near, place=_NAME_VARIED, most=_VERY_RARE)

    @property
    def _why_no_forename(self) -> Reason:
        return Reason.NOT_A_FORENAME if self.child.forename.strip() else Reason.NO_FORENAME

    def _no_name(self, template: Template) -> Absent | None:
        if not self.canonical:
            return Absent(template, self._why_no_forename)
        return None if self.folded else Absent(template, Reason.NO_SURNAME)

    def _rarer_than(self, most: float, template: Template, reason: Reason) -> Absent | None:
        """Why a template that needs a name of no more than so many sharers gives nothing; None where it does."""
        if self.sharers is None:
            return self._no_name(template)
        return None if self.sharers < most else Absent(template, reason)


_BY_HOME: Final = (Template.POSTCODE, Template.SURNAME_AREA, Template.FORENAME_AREA)
_WEAK: Final = (Template.INITIAL_DISTRICT, *_BY_HOME, Template.SOUNDEX, Template.SORTED_NAMES)
_DATED: Final = tuple(
    template for template in Template if template not in (Template.MOTHER, Template.NAME_POSTCODE_YEAR)
)
