"""Golden vectors of identification, version 1: what each detail comes to, pinned. A change here changes every tag.

`identification-v1.jsonl` has one case a line, each with the reason for which it is there. A library that gives another
answer tomorrow (a sound, a transliteration, a pet form) fails here, and so makes a new version of the normaliser
instead of children who are no longer found.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Final, TypedDict

import pytest

from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import NORMALISER_VERSION, ChildDetails, match_inputs
from signpost.edge.name_tables import hubs
from signpost.edge.names import Family, Given, canonical, fold, sound, soundex
from signpost.edge.postcodes import Postcode
from signpost.protocol.classes import Use

FILE: Final = Path(__file__).with_name("identification-v1.jsonl")
USES: Final = (Use.REGISTER, Use.LOOKUP, Use.DEEP)


class Details(TypedDict, total=False):
    """What a case gives."""

    forename: str
    middle_name: str
    surname: str
    date_of_birth: str
    year_of_birth: int
    nhs_number: str
    upns: list[str]
    postcodes: list[str]
    mother_nhs_number: str
    expected_on: str
    multiple_birth: bool


class Case(TypedDict):
    """One line of the file."""

    reason: str
    given: Details
    gives: dict[str, object]


CASES: Final[list[Case]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


def test_there_are_enough_cases_each_with_its_reason() -> None:
    """At least three hundred, none twice, and none without a reason."""
    assert len(CASES) >= 300
    assert all(case["reason"] for case in CASES)
    assert max(Counter(json.dumps(case["given"]) + case["reason"] for case in CASES).values()) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["reason"])
def test_each_detail_comes_to_what_it_came_to_before(case: Case) -> None:
    """Byte for byte."""
    given = case["given"]
    if given.keys() == {"forename", "middle_name"}:
        found = _given(given["forename"], given["middle_name"])
    elif given.keys() == {"surname"}:
        found = _family(given["surname"])
    else:
        found = _inputs(given)

    assert found == case["gives"]


def test_the_pet_forms_are_those_of_this_version() -> None:
    """The whole map from pet forms to formal names, as the package and our tables make it, by its digest."""
    lines = "\n".join(f"{pet},{formal}" for pet, formal in sorted(hubs().items()))

    assert NORMALISER_VERSION == "1"
    assert hashlib.sha256(lines.encode()).hexdigest() == PET_FORMS


PET_FORMS: Final = "6c572892d5d829f443f31b97f5279eb83bae5ec787aa4a1fd5aa6fcd33b0acf1"


def _given(forename: str, middle_name: str) -> dict[str, object]:
    given = Given.read(forename, middle_name)
    found: dict[str, object] = {"call": given.call, "alternate": given.alternate, "middle": given.middle}
    if given.call:
        found |= {"canonical": canonical(given.call), "sound": sound(given.call), "soundex": soundex(given.call)}
    return found


def _family(surname: str) -> dict[str, object]:
    family = Family.read(surname)
    found: dict[str, object] = {
        "joined": family.joined, "first": family.first, "last": family.last, "folded": fold(family.joined),
    }  # fmt: skip
    if family.joined:
        found |= {"sound": sound(family.joined), "soundex": soundex(family.joined)}
    return found


def _inputs(given: Details) -> dict[str, object]:
    child = ChildDetails(
        date_of_birth=_date(given.get("date_of_birth")),
        year_of_birth=given.get("year_of_birth"),
        nhs_number=_number(given.get("nhs_number")),
        upns=tuple(map(UPN.parse, given.get("upns", []))),
        forename=given.get("forename", ""),
        middle_name=given.get("middle_name", ""),
        surname=given.get("surname", ""),
        postcodes=tuple(home for text in given.get("postcodes", []) if (home := Postcode.parse(text)) is not None),
        mother_nhs_number=_number(given.get("mother_nhs_number")),
        expected_on=_date(given.get("expected_on")),
        multiple_birth=given.get("multiple_birth", False),
    )
    return {
        use.value: [
            [found.template.value, found.value, found.match_class.value, int(found.tier)]
            for found in match_inputs(child, use)
        ]
        for use in USES
    }


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _number(text: str | None) -> NHSNumber | None:
    return None if text is None else NHSNumber.parse(text)
