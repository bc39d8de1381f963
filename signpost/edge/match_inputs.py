"""From what is known of a child to match inputs: the short texts whose tags the index can compare.

The index can only test whether two tags are equal, so each template joins a detail with the birth date
and gives one input, with the class and tier it is worth. Rules:

* The template's name and the normaliser's version are inside every input and nowhere else (protocol.md B2).
* Every input holds the birth date, with day and month in an order that survives their being swapped.
* A temporary UPN gives no input: two children may hold the same one.
* Inputs come in template order and never exceed what the use's profile holds; what is missing has a reason.

Pure: no clock, no randomness. Nothing here prints a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NewType

from signpost.edge.dates import birth_key
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.postcodes import Postcode
from signpost.edge.silence import Silent
from signpost.protocol.classes import PROFILES, MatchClass, Tier, Use
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
    """A twin or more: weak inputs, which cannot tell them apart, are then not asked."""


class Template(StrEnum):
    """The name of a way to make a match input (docs/explanation/identification.md)."""

    NHS = "nhs"
    UPN = "upn"


class Reason(StrEnum):
    """Why a template gives no input for a child, in words for the person who asks."""

    NO_DATE_OF_BIRTH = "no date of birth"
    NO_NHS_NUMBER = "no NHS number"
    NO_UPN = "no UPN"
    TEMPORARY_UPN = "a temporary UPN is not used: two children may hold the same one"
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

    def encoded(self) -> EncodedInput:
        """x = encode("signpost/v1", template, normaliser version, value)."""
        return EncodedInput(encode(PROTOCOL, self.template, NORMALISER_VERSION, self.value))


def match_inputs(child: ChildDetails, use: Use) -> list[MatchInput]:
    """The inputs that this use sends for a child, in template order: no more of a class than its profile holds."""
    return [found for found in _fitted(child, use) if isinstance(found, MatchInput)]


def absent_inputs(child: ChildDetails, use: Use) -> list[Absent]:
    """The templates that give no input for this child in this use, each with its reason, in template order."""
    return [found for found in _fitted(child, use) if isinstance(found, Absent)]


def _fitted(child: ChildDetails, use: Use) -> Iterator[MatchInput | Absent]:
    # A deep lookup and an officer's request ask what a lookup asks, until they have templates of their own.
    room = Counter(PROFILES.get(use, PROFILES[Use.LOOKUP]))
    for found in _candidates(child):
        if isinstance(found, MatchInput):
            # an identity input takes one of the strong places
            place = MatchClass.STRONG if found.match_class is MatchClass.IDENTITY else found.match_class
            if room[place] == 0:
                yield Absent(found.template, Reason.NO_ROOM)
                continue
            room[place] -= 1
        yield found


def _candidates(child: ChildDetails) -> Iterator[MatchInput | Absent]:
    """Every template in priority order."""
    if child.date_of_birth is None:
        yield from (Absent(template, Reason.NO_DATE_OF_BIRTH) for template in Template)
        return
    born = birth_key(child.date_of_birth)
    if child.nhs_number is None:
        yield Absent(Template.NHS, Reason.NO_NHS_NUMBER)
    else:
        yield MatchInput(Template.NHS, f"{child.nhs_number.reveal()}|{born}", MatchClass.IDENTITY, Tier.T1)
    if not child.upns:
        yield Absent(Template.UPN, Reason.NO_UPN)
    for upn in child.upns:
        if upn.temporary:
            yield Absent(Template.UPN, Reason.TEMPORARY_UPN)
        else:
            yield MatchInput(Template.UPN, f"{upn.reveal()}|{born}", MatchClass.PUPIL, Tier.T1)
