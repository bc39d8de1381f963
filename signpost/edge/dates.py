"""Dates as people write them, the key a birth date gives, and the month an involvement is removed.

* Three spellings are read: `2015-04-03`, `03/04/2015` (day first, always), `3 April 2015`. No other, and no two-digit
  year: a guess here would register another child.
* Real dates only. A birth date lies between 1900 and today.
* The clock is an argument.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Final

__all__ = ["DateCode", "DateError", "birth_key", "check_birth_date", "parse_date", "remove_after"]


class DateCode(StrEnum):
    """Why a text is not a usable date. A code is never reused for another meaning."""

    DATE_FORMAT = "DATE_FORMAT"
    DATE_TWO_DIGIT_YEAR = "DATE_TWO_DIGIT_YEAR"
    DATE_IMPOSSIBLE = "DATE_IMPOSSIBLE"
    DOB_FUTURE = "DOB_FUTURE"
    DOB_BEFORE_1900 = "DOB_BEFORE_1900"


class DateError(ValueError):
    """A text is not a usable date. Carries a code, never the text."""

    def __init__(self, code: DateCode) -> None:
        super().__init__(code.value)
        self.code = code


_ISO: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_SLASHED: Final = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})")
_WORDED: Final = re.compile(r"(?P<day>[0-9]{1,2}) +(?P<name>[A-Za-z]{3,9}) +(?P<year>[0-9]{4})")
_SHORT_YEAR: Final = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_NAMED: Final = {
    **{name: n for n, name in enumerate(_MONTHS, start=1)},
    **{name[:3]: n for n, name in enumerate(_MONTHS, start=1)},
    "sept": 9,
}


def parse_date(text: str) -> date:
    """From `yyyy-mm-dd`, `dd/mm/yyyy` (one digit of day or month is enough) or `d Month yyyy` (or `d Mon yyyy`).

    Raises:
        DateError: DATE_FORMAT, DATE_TWO_DIGIT_YEAR or DATE_IMPOSSIBLE.
    """
    text = text.strip()
    found = _ISO.fullmatch(text) or _SLASHED.fullmatch(text) or _WORDED.fullmatch(text)
    if found is None:
        short = _SHORT_YEAR.fullmatch(text)
        raise DateError(DateCode.DATE_TWO_DIGIT_YEAR if short else DateCode.DATE_FORMAT)
    parts = found.groupdict()
    month = _MONTH_NAMED.get(parts["name"].lower()) if "name" in parts else int(parts["month"])
    if month is None:
        raise DateError(DateCode.DATE_FORMAT)
    try:
        return date(int(parts["year"]), month, int(parts["day"]))
    except ValueError:
        raise DateError(DateCode.DATE_IMPOSSIBLE) from None


def check_birth_date(born: date, *, today: date) -> date:
    """The same date, if a living person can have been born on it.

    Raises:
        DateError: DOB_FUTURE or DOB_BEFORE_1900.
    """
    if born > today:
        raise DateError(DateCode.DOB_FUTURE)
    if born.year < 1900:
        raise DateError(DateCode.DOB_BEFORE_1900)
    return born


def birth_key(born: date) -> str:
    """The birth date as every match input holds it: `year-low-high` of day and month where the day could be a month.

    Otherwise `year-month-day`. So swapping day and month costs nothing, and two dates share a key only when one is the
    other swapped.
    """
    first, second = (born.month, born.day) if born.day > 12 else sorted((born.month, born.day))
    return f"{born.year:04}-{first:02}-{second:02}"


def remove_after(born: date, *, by_consent: bool) -> str:
    """`YYYY-MM`: the 18th birthday (the 25th by consent), rounded up to the next 1 September.

    So the index learns a school year and no birthday. A birthday on 1 September rounds to itself.
    """
    years = 25 if by_consent else 18
    after_first_of_september = (born.month, born.day) > (9, 1)
    return f"{born.year + years + after_first_of_september:04}-09"
