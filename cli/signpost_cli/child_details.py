"""A child's details as they are typed or piped in: read once, checked, and never shown again.

`--stdin` takes one JSON object or `key=value` lines, with the fields of `FIELDS`, each of which may be left out. A
field that is not of its form is refused by name and meaning before anything is sent. What was typed is in no message.

Somebody who types is met half way: hyphens in an NHS number, dots or hyphens in a date (day first) and `3rd` are read
here, and only here. A feed is read by its own, stricter rules: there a column can be wrong ten thousand times.

Of a date of birth the year alone is taken too, as `2015`: with both names and a postcode it can still find a child.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TextIO, TypeVar

from signpost.edge.dates import DateCode, DateError, check_birth_date, parse_date
from signpost.edge.feeds.errors import ROW_MEANINGS
from signpost.edge.identifiers import UPN, IdentifierCode, IdentifierError, NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.names import written
from signpost.edge.postcodes import Postcode
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = [
    "DATE_FORMS", "EVERY_FIELD", "FIELDS", "checked", "details_of_two", "fault_of", "read_details", "today_here",
    "year_alone",
]  # fmt: skip

_Value = TypeVar("_Value")

FIELDS: Final[Mapping[str, str]] = {
    "nhs_number": "NHS number",
    "upn": "UPN",
    "date_of_birth": "date of birth",
    "forename": "forename",
    "middle_name": "middle name",
    "surname": "surname",
    "postcode": "postcode",
    "previous_postcode": "previous postcode",
    "mother_nhs_number": "mother's NHS number",
    "expected_date_of_birth": "expected date of birth",
    "multiple_birth": "multiple birth",
}
"""Each field, and what a person calls it."""
EVERY_FIELD: Final[Mapping[str, str]] = {field: field for field in FIELDS}
"""What is read of stdin where nothing else is said: each field, by its own name."""

DATE_FORMS: Final = "3 April 2015, 03/04/2015 (day first) or 2015-04-03"
"""The forms of a date that a person is told of."""

_YEAR: Final = re.compile(r"[0-9]{4}")

_LARGEST: Final = 64 * 1024


def today_here() -> dt.date:
    """Today, by this machine's own calendar."""
    return dt.datetime.now().astimezone().date()


def read_details(stream: TextIO, piped: Mapping[str, str] = EVERY_FIELD) -> dict[str, str]:
    """The fields of one JSON object or of `key=value` lines. `piped`: what each may be called there, and whose name it
    has here.

    Raises:
        Stop: neither; or a field is unknown, stands twice, or is not text.
    """
    text = _all_of(stream)
    return _fields_of(_from_json(text) if text.lstrip().startswith("{") else _from_lines(text), piped)


def details_of_two(stream: TextIO) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of two children: of one JSON object with the objects `registered` and `right`.

    Raises:
        Stop: it is something else; or as `read_details`, of either.
    """
    try:
        found = json.loads(_all_of(stream), object_pairs_hook=list)
    except (ValueError, RecursionError):
        found = None
    pairs = found if isinstance(found, list) else []
    if [pair[0] for pair in pairs if isinstance(pair, tuple)] not in (["registered", "right"], ["right", "registered"]):
        raise _refused("On stdin it takes one JSON object with the objects registered and right.")
    both = {name: _fields_of(fields if _are_pairs(fields) else [], EVERY_FIELD) for name, fields in pairs}
    return both["registered"], both["right"]


def _are_pairs(fields: object) -> bool:
    return isinstance(fields, list) and all(isinstance(pair, tuple) for pair in fields)


def _all_of(stream: TextIO) -> str:
    text = stream.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise _refused("There is more on stdin than one child's details.")
    return text.removeprefix("\ufeff")


def _fields_of(pairs: Iterable[tuple[str, object]], piped: Mapping[str, str]) -> dict[str, str]:
    details: dict[str, str] = {}
    for name, value in pairs:
        field = piped.get(name)
        if field is None:
            raise _refused(f"A field is none of {', '.join(piped)}.")
        if field in details:
            raise _refused(f"{name} stands twice.")
        if field == "multiple_birth" and isinstance(value, bool):
            value = "yes" if value else "no"
        if not isinstance(value, str):
            raise _refused(f"{name} is not text.", hint='Write it in quotation marks: {"nhs_number": "…"}')
        details[field] = value
    if not details:
        raise _refused("There is nothing on stdin.", hint=f"Give {', '.join(piped)} as JSON or key=value lines.")
    return details


def _from_json(text: str) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []

    def take(found: list[tuple[str, object]]) -> dict[str, object]:
        pairs[:] = found
        return dict(found)

    try:
        json.loads(text, object_pairs_hook=take)
    except (ValueError, RecursionError):
        raise _refused("What is on stdin is not one JSON object.") from None
    return pairs


def _from_lines(text: str) -> list[tuple[str, object]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all("=" in line for line in lines):
        raise _refused("A line on stdin is not of the form key=value.")
    return [(name.strip(), value.strip()) for name, _, value in (line.partition("=") for line in lines)]


def checked(details: Mapping[str, str], *, today: dt.date) -> ChildDetails:
    """The details, each of its form. An empty field is one that is not known.

    Raises:
        Stop: a field is not of its form.
    """
    upn = _field("upn", details, UPN.parse)
    born = _field("date_of_birth", details, lambda text: _born(text, today=today))
    return _not_ones_own(
        ChildDetails(
            nhs_number=_field("nhs_number", details, _nhs_number),
            upns=() if upn is None else (upn,),
            date_of_birth=born if isinstance(born, dt.date) else None,
            year_of_birth=born if isinstance(born, int) else None,
            forename=_name("forename", details),
            middle_name=_name("middle_name", details),
            surname=_name("surname", details),
            postcodes=tuple(
                home
                for field in ("postcode", "previous_postcode")
                if (home := _field(field, details, Postcode.parse)) is not None
            ),
            mother_nhs_number=_field("mother_nhs_number", details, _nhs_number),
            expected_on=_field("expected_date_of_birth", details, lambda text: _expected(text, today=today)),
            multiple_birth=_yes("multiple_birth", details),
        )
    )


def year_alone(date_of_birth: str) -> bool:
    """Whether only the year was given."""
    return _YEAR.fullmatch(_stripped(date_of_birth)) is not None


def _born(text: str, *, today: dt.date) -> dt.date | int:
    if year_alone(text):
        return check_birth_date(dt.date(max(1, int(text)), 1, 1), today=today).year
    return check_birth_date(_date(text), today=today)


def _not_ones_own(child: ChildDetails) -> ChildDetails:
    if child.nhs_number is not None and child.nhs_number == child.mother_nhs_number:
        raise _FieldRefused("The child's NHS number and the mother's are the same.")
    return child


def _expected(text: str, *, today: dt.date) -> dt.date:
    expected = _date(text)
    if abs(expected - today) > _EXPECTED_WITHIN:
        raise _FieldRefused("The expected date of birth is more than a year from today.")
    return expected


_EXPECTED_WITHIN: Final = dt.timedelta(days=366)


def fault_of(name: str, text: str, *, today: dt.date) -> str | None:
    """What is wrong with one field as it was typed, as a sentence; None where it is of its form, or empty."""
    try:
        checked({name: text}, today=today)
    except _FieldRefused as refused:
        return refused.fault
    return None


_LONGEST_NAME: Final = 200
_YES: Final = {
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
    "0": False,
    "no": False,
    "n": False,
    "false": False,
    "": False,
}


def _name(name: str, details: Mapping[str, str]) -> str:
    text = details.get(name, "").strip()
    if not written(text):
        raise _FieldRefused(
            f"The {FIELDS[name]} holds something that is no letter: an arrow key, or another encoding. Type it again."
        )
    if len(text) > _LONGEST_NAME:
        raise _FieldRefused(f"The {FIELDS[name]} is longer than {_LONGEST_NAME} characters.")
    return text


def _yes(name: str, details: Mapping[str, str]) -> bool:
    answer = _YES.get(details.get(name, "").strip().casefold())
    if answer is None:
        raise _FieldRefused(f"The {FIELDS[name]} is neither yes nor no.")
    return answer


class _FieldRefused(Stop):
    """A field is not of its form."""

    def __init__(self, fault: str) -> None:
        super().__init__(ExitCode.USAGE, f"{fault} Nothing was sent.")
        self.fault = fault


def _field(name: str, details: Mapping[str, str], parse: Callable[[str], _Value | None]) -> _Value | None:
    text = _stripped(details.get(name, ""))
    if not text:
        return None
    try:
        return parse(text)
    except (IdentifierError, DateError) as error:
        raise _FieldRefused(_sentence(name, error.code)) from None


def _stripped(text: str) -> str:
    return text.replace("\xa0", " ").strip()


def _sentence(name: str, code: IdentifierCode | DateCode) -> str:
    """The fault in words, its subject said once."""
    if code is DateCode.DATE_FORMAT:
        return f"The {FIELDS[name]} is not written in a form that is read here: {DATE_FORMS}."
    meaning = ROW_MEANINGS[code]
    if meaning.startswith(f"the {FIELDS[name]} "):
        return f"T{meaning[1:]}."
    return f"The {FIELDS[name]} is not valid: {meaning}."


_HYPHENED: Final = re.compile(r"([0-9]{3})-([0-9]{3})-([0-9]{4})")
_POINTED: Final = re.compile(r"([0-9]{1,2})([.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_ORDINAL: Final = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)(?= )", re.IGNORECASE)


def _nhs_number(text: str) -> NHSNumber:
    hyphened = _HYPHENED.fullmatch(text)
    return NHSNumber.parse(" ".join(hyphened.groups()) if hyphened else text)


def _date(text: str) -> dt.date:
    if pointed := _POINTED.fullmatch(text):
        return parse_date(f"{pointed[1]}/{pointed[3]}/{pointed[4]}")
    return parse_date(_ORDINAL.sub(r"\1", text, count=1))


def _refused(what: str, *, hint: str = "") -> Stop:
    return Stop(ExitCode.USAGE, f"{what} Nothing was sent.", hint=hint)
