"""Rows of Signpost's own format that are wrong, each in the one way that its error code says.

For the tests, the documentation, and anybody who wants to see the errors before their own file shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from signpost.edge.dates import DateCode
from signpost.edge.feeds.errors import RowCode, RowErrorCode
from signpost.edge.identifiers import IdentifierCode
from signpost_cli.demo.families import caseload, csv_row

__all__ = ["DIRTY_FIELDS", "dirty_rows"]

_R, _I, _D = RowCode, IdentifierCode, DateCode


def _last_changed(text: str) -> str:
    """The text with its last digit one higher, so that a check digit or letter no longer agrees."""
    return text[:-1] + str((int(text[-1]) + 1) % 10)


# What each error is made by: the field it will be reported in, and what becomes of a good value there.
_Change = Callable[[str, date], str]
_CHANGES: Final[Mapping[RowErrorCode, tuple[str, _Change]]] = MappingProxyType(
    {
        _I.NHS_NOT_DIGITS: ("nhs_number", lambda good, today: f"NHS {good}"),
        _I.NHS_LENGTH: ("nhs_number", lambda good, today: good + "0"),
        _I.NHS_DUMMY: ("nhs_number", lambda good, today: "9" * 10),
        _I.NHS_CHECK_DIGIT: ("nhs_number", lambda good, today: _last_changed(good)),
        _R.NHS_LEADING_ZERO: ("nhs_number", lambda good, today: good[1:]),
        _R.NHS_SCIENTIFIC: ("nhs_number", lambda good, today: f"{good[0]}.{good[1:3]}E+09"),
        _I.UPN_LENGTH: ("upn", lambda good, today: good[:-1]),
        _I.UPN_SHAPE: ("upn", lambda good, today: "S" + good[1:]),
        _I.UPN_CHECK_LETTER: ("upn", lambda good, today: _last_changed(good)),
        _D.DATE_FORMAT: ("date_of_birth", lambda good, today: good.replace("-", ".")),
        _D.DATE_TWO_DIGIT_YEAR: ("date_of_birth", lambda good, today: f"{good[8:]}/{good[5:7]}/{good[2:4]}"),
        _D.DATE_IMPOSSIBLE: ("date_of_birth", lambda good, today: good[:4] + "-02-30"),
        _R.DATE_SERIAL: ("date_of_birth", lambda good, today: "42097"),
        _D.DOB_FUTURE: ("date_of_birth", lambda good, today: (today + timedelta(days=1)).isoformat()),
        _D.DOB_BEFORE_1900: ("date_of_birth", lambda good, today: "1899-12-31"),
        _R.DOB_MISSING: ("date_of_birth", lambda good, today: ""),
        _R.LOCAL_ID_MISSING: ("local_id", lambda good, today: ""),
        _R.LOCAL_ID_TOO_LONG: ("local_id", lambda good, today: "X" * 65),
        _R.LOCAL_ID_SCIENTIFIC: ("local_id", lambda good, today: "1.23E+11"),
        _R.LOCAL_ID_CHARACTERS: ("local_id", lambda good, today: f"{good}\x1b[31m"),
        _R.START_MISSING: ("start", lambda good, today: ""),
        _R.START_FUTURE: ("start", lambda good, today: (today + timedelta(days=1)).isoformat()),
        _R.START_BEFORE_BIRTH: ("start", lambda good, today: "1950-01-01"),
        _R.END_FUTURE: ("end", lambda good, today: (today + timedelta(days=1)).isoformat()),
        _R.END_BEFORE_START: ("end", lambda good, today: "1950-01-01"),
        _R.HANDLE_MISSING: ("handle", lambda good, today: ""),
        _R.HANDLE_UNKNOWN: ("handle", lambda good, today: "no-such-team"),
        _R.BASIS_UNKNOWN: ("basis", lambda good, today: "because"),
    }
)

DIRTY_FIELDS: Final[Mapping[RowErrorCode, str]] = MappingProxyType(
    {code: field for code, (field, _) in _CHANGES.items()}
    | {
        _R.MOTHER_IS_CHILD: "mother_nhs_number",
        _R.NOTHING_TO_MATCH: "nhs_number",
        _R.DUPLICATE_ROW: "local_id",
        _R.IDENTITY_DIFFERS: "local_id",
    }
)
"""The codes there is a dirty row for, and the field each is reported in."""


def dirty_rows(code: RowErrorCode, *, seed: int, today: date, council: str = "SOUTH") -> list[dict[str, str]]:
    """Rows of which the last is wrong, and reported under the code; one before it, where there is one, is good."""
    # children from the far end of the population, whom no council of a test has
    number = 890_000 + 100 * sorted(DIRTY_FIELDS).index(code)
    good = next(
        csv_row(child, done[0])
        for child, done in caseload(seed, 100, council=council, today=today, first=number)
        if child.nhs_number and child.upn
    )
    if code in _CHANGES:
        field, change = _CHANGES[code]
        wrong = good | {field: change(good[field], today)}
        return [wrong | {"end": ""} if code is _R.START_FUTURE else wrong]
    if code is _R.MOTHER_IS_CHILD:
        return [good | {"mother_nhs_number": good["nhs_number"]}]
    if code is _R.NOTHING_TO_MATCH:
        nothing = dict.fromkeys(("nhs_number", "upn", "forename", "middle_name", "surname", "postcode"), "")
        return [good | nothing]
    if code is _R.DUPLICATE_ROW:
        return [good, good]
    return [good, good | {"handle": "front-door", "start": today.isoformat(), "end": "", "upn": ""}]
