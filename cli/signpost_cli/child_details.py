"""A child's details as they are typed or piped in: read once, checked, and never shown again.

`--stdin` takes one JSON object or `key=value` lines, with the fields nhs_number, upn and date_of_birth. A field that is
not of its form is refused by name and meaning before anything is sent. What was typed is in no message.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Final, TextIO, TypeVar

from signpost.edge.dates import DateError, check_birth_date, parse_date
from signpost.edge.feeds.errors import ROW_MEANINGS
from signpost.edge.identifiers import UPN, IdentifierError, NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["FIELDS", "checked", "read_details", "today_here"]

_Value = TypeVar("_Value")

FIELDS: Final[Mapping[str, str]] = {
    "nhs_number": "NHS number",
    "upn": "UPN",
    "date_of_birth": "date of birth",
}
"""Each field, and what a person calls it."""

_LARGEST: Final = 64 * 1024


def today_here() -> dt.date:
    """Today, by this machine's own calendar."""
    return dt.datetime.now().astimezone().date()


def read_details(stream: TextIO) -> dict[str, str]:
    """The fields of one JSON object or of `key=value` lines.

    Raises:
        Stop: neither; or a field is unknown, stands twice, or is not text.
    """
    text = stream.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise _refused("There is more on stdin than one child's details.")
    pairs = _from_json(text) if text.lstrip().startswith("{") else _from_lines(text)
    details: dict[str, str] = {}
    for name, value in pairs:
        if name not in FIELDS:
            raise _refused(f"A field is none of {', '.join(FIELDS)}.")
        if name in details:
            raise _refused(f"{name} stands twice.")
        if not isinstance(value, str):
            raise _refused(f"{name} is not text.", hint='Write it in quotation marks: {"nhs_number": "…"}')
        details[name] = value
    if not details:
        raise _refused("There is nothing on stdin.", hint=f"Give {', '.join(FIELDS)} as JSON or key=value lines.")
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
    return ChildDetails(
        nhs_number=_field("nhs_number", details, NHSNumber.parse),
        upns=() if upn is None else (upn,),
        date_of_birth=_field("date_of_birth", details, lambda text: check_birth_date(parse_date(text), today=today)),
    )


def _field(name: str, details: Mapping[str, str], parse: Callable[[str], _Value]) -> _Value | None:
    text = details.get(name, "").strip()
    if not text:
        return None
    try:
        return parse(text)
    except (IdentifierError, DateError) as error:
        raise _refused(f"The {FIELDS[name]} is not valid: {ROW_MEANINGS[error.code]}.") from None


def _refused(what: str, *, hint: str = "") -> Stop:
    return Stop(ExitCode.USAGE, f"{what} Nothing was sent.", hint=hint)
