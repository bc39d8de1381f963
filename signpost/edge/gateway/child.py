"""What was typed of a child, checked: each field of its form, or the request is refused by the field's name.

What was typed is in no refusal. Nothing is guessed: whoever writes a program against the gateway gets the same rules as
somebody who types into its pages.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final, TypeVar

from signpost.edge.dates import DateCode, DateError, check_birth_date, parse_date
from signpost.edge.gateway.wire import ChildGiven
from signpost.edge.identifiers import UPN, IdentifierError, NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.names import written
from signpost.edge.postcodes import Postcode
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["checked"]

_Value = TypeVar("_Value")

_YEAR: Final = re.compile(r"[0-9]{4}")
_EXPECTED_WITHIN: Final = dt.timedelta(days=366)


def checked(given: ChildGiven, *, today: dt.date, at: str = "/child") -> ChildDetails:
    """The details, each of its form. `at`: where they stand in the request.

    Raises:
        Problem: MALFORMED, with a pointer to each field that is not.
    """
    fields = _Fields(given)
    upn = fields.read("upn", UPN.parse)
    born = fields.read("date_of_birth", lambda text: _born(text, today=today))
    child = ChildDetails(
        nhs_number=fields.read("nhs_number", NHSNumber.parse),
        upns=() if upn is None else (upn,),
        date_of_birth=born if isinstance(born, dt.date) else None,
        year_of_birth=born if isinstance(born, int) else None,
        forename=fields.name("forename"),
        middle_name=fields.name("middle_name"),
        surname=fields.name("surname"),
        postcodes=tuple(
            home
            for field in ("postcode", "previous_postcode")
            if (home := fields.read(field, Postcode.parse)) is not None
        ),
        mother_nhs_number=fields.read("mother_nhs_number", NHSNumber.parse),
        expected_on=fields.read("expected_date_of_birth", lambda text: _expected(text, today=today)),
        multiple_birth=given.multiple_birth,
    )
    if child.nhs_number is not None and child.nhs_number == child.mother_nhs_number:
        fields.wrong.append("mother_nhs_number")
    if fields.wrong:
        raise Problem(ProblemCode.MALFORMED, pointers=tuple(f"{at}/{field}" for field in fields.wrong))
    return child


class _Fields:
    """Reads fields by name, and remembers the names of those that are not of their form."""

    def __init__(self, given: ChildGiven) -> None:
        self._given = given
        self.wrong: list[str] = []

    def read(self, field: str, parse: Callable[[str], _Value]) -> _Value | None:
        text = str(getattr(self._given, field)).strip()
        if not text:
            return None
        try:
            return parse(text)
        except (IdentifierError, DateError):
            self.wrong.append(field)
            return None

    def name(self, field: str) -> str:
        text = str(getattr(self._given, field)).strip()
        if not written(text):
            self.wrong.append(field)
            return ""
        return text


def _born(text: str, *, today: dt.date) -> dt.date | int:
    if _YEAR.fullmatch(text):
        return check_birth_date(dt.date(max(1, int(text)), 1, 1), today=today).year
    return check_birth_date(parse_date(text), today=today)


def _expected(text: str, *, today: dt.date) -> dt.date:
    expected = parse_date(text)
    if abs(expected - today) > _EXPECTED_WITHIN:
        raise DateError(DateCode.DATE_IMPOSSIBLE)
    return expected
