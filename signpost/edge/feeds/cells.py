"""One row's cells read as what they stand for, mended where a spreadsheet's damage leaves no doubt, else refused.

Mended: space and invisible characters around a value; `="…"` and a leading apostrophe, by which a spreadsheet is made
to keep text; `.0` behind a whole number; a time of midnight behind a date.
Refused, each with a code of its own: numbers rounded to 1E+09, NHS numbers of nine digits (no English one starts with
0, so the tenth is more likely forgotten than taken), dates turned into day counts.
Left out: a postcode, a mother's number, a former UPN or a yes-or-no that cannot be read is reported, and the row goes
in without it. They help to find a child; the child is registered with what else is known of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from signpost.edge.case_reference import LONGEST_ID_BYTES
from signpost.edge.dates import DateError, check_birth_date, parse_date
from signpost.edge.feeds.errors import RowCode, RowError, RowErrorCode
from signpost.edge.identifiers import UPN, IdentifierError, NHSNumber
from signpost.edge.names import written
from signpost.edge.postcodes import Postcode
from signpost.protocol.purposes import Basis

__all__ = ["Cells", "canonical_id"]

_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060"))
_KEPT_AS_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,3}")
_WHOLE: Final = re.compile(r"([0-9]+)\.0+")
_MIDNIGHT: Final = re.compile(r"(.*[0-9])[ T](?:0?0:00(?::00(?:\.0+)?)?Z?|12:00(?::00)? ?AM)", re.IGNORECASE)
_HYPHENED: Final = re.compile(r"([0-9]{1,2})-([A-Za-z]{3,9})-([0-9]{4})")
"""03-Apr-2015, as databases export it."""
_SPREADSHEET_ERROR: Final = re.compile(r"#[A-Z0-9/]+[!?]?")
_DAY_COUNT: Final = re.compile(r"[0-9]{5}(\.[0-9]+)?")


_BASES: Final[Mapping[str, Basis]] = MappingProxyType({basis.value.replace("_", ""): basis for basis in Basis})

_YES: Final = frozenset({"yes", "y", "true", "t", "1"})
_NO: Final = frozenset({"no", "n", "false", "f", "0"})

_EXPECTED_WITHIN: Final = timedelta(days=366)
"""A child expected later, or expected so long ago and still not born, is a date that is wrong."""

_T = TypeVar("_T")


def canonical_id(text: str) -> str:
    """A council's own id without the zeros that a spreadsheet takes away or adds: `007`, `7` and `7.0` are one."""
    whole = _WHOLE.fullmatch(text)
    if whole:
        text = whole[1]
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text


class Cells:
    """Reads one row's cells by column name and gathers what is wrong with them: `errors`, which refuse the row, and
    `left_out`, which do not.

    `prefix` goes before the column's name in an error: for SSD the file's name and a dot.
    """

    def __init__(
        self, row: int, cell: Callable[[str], str], *, prefix: str = "", blank_words: frozenset[str] = frozenset()
    ) -> None:
        self.row = row
        self.errors: list[RowError] = []
        self.left_out: list[RowError] = []
        self._cell = cell
        self._prefix = prefix
        self._blank_words = blank_words

    def refuse(self, column: str, code: RowErrorCode) -> None:
        """Note that something is wrong in a column."""
        self.errors.append(RowError(self.row, self._prefix + column, code))

    def leave_out(self, column: str, code: RowErrorCode) -> None:
        """Note that a column's detail is left out, and the row goes in without it."""
        self.left_out.append(RowError(self.row, self._prefix + column, code))

    def refused(self, column: str) -> bool:
        """Whether something is wrong in a column."""
        return any(error.field == self._prefix + column for error in self.errors)

    def text(self, column: str) -> str:
        """The cell, mended; empty where there is nothing."""
        text = self._cell(column).strip()
        if not text.isascii():
            text = text.translate(_INVISIBLE).replace("\xa0", " ").strip()
        if text.startswith("="):
            kept = _KEPT_AS_TEXT.fullmatch(text)
            text = kept[1].strip() if kept else text
        elif text.startswith("'"):
            text = text[1:].strip()
        return "" if text in self._blank_words else text

    def name(self, column: str) -> str:
        """A name as it was written; empty where there is none, or where it is left out: no letters, but what a
        spreadsheet or an encoding has put in their place.
        """
        text = " ".join(self.text(column).split())
        if _SPREADSHEET_ERROR.fullmatch(text) or not written(text):
            self.leave_out(column, RowCode.NAME_CHARACTERS)
            return ""
        return text

    def local_id(self, column: str) -> str | None:
        """An id of the council's own: required, at most 64 bytes, so that it can be sealed."""
        text = self.text(column)
        if not text:
            self.refuse(column, RowCode.LOCAL_ID_MISSING)
        elif len(text.encode()) > LONGEST_ID_BYTES:
            self.refuse(column, RowCode.LOCAL_ID_TOO_LONG)
        elif _SCIENTIFIC.fullmatch(text):
            self.refuse(column, RowCode.LOCAL_ID_SCIENTIFIC)
        elif not text.isprintable():
            self.refuse(column, RowCode.LOCAL_ID_CHARACTERS)
        else:
            return text
        return None

    def nhs_number(self, column: str, *, needed: bool = True) -> NHSNumber | None:
        """None where there is none, or where it is refused, or left out where it is not `needed`."""
        text = self.text(column)
        object_to = self.refuse if needed else self.leave_out
        if _SCIENTIFIC.fullmatch(text):
            object_to(column, RowCode.NHS_SCIENTIFIC)
            return None
        whole = _WHOLE.fullmatch(text)
        if whole:
            text = whole[1]
        if len(text) == 9 and text.isascii() and text.isdigit():
            object_to(column, RowCode.NHS_LEADING_ZERO)
            return None
        return self._parsed(column, text, NHSNumber.parse, object_to)

    def upn(self, column: str, *, needed: bool = True) -> UPN | None:
        """None where there is none, or where it is refused, or left out where it is not `needed`."""
        return self._parsed(column, self.text(column), UPN.parse, self.refuse if needed else self.leave_out)

    def postcode(self, column: str) -> Postcode | None:
        """Of a home. None where there is none, where it stands for no home (ZZ99 …), or where it is left out."""
        return self._parsed(column, self.text(column), Postcode.parse, self.leave_out)

    def yes(self, column: str) -> bool:
        """Whether the cell says yes; empty, or left out, is no."""
        word = self.text(column).casefold()
        whole = _WHOLE.fullmatch(word)
        word = whole[1] if whole else word
        if word and word not in _YES | _NO:
            self.leave_out(column, RowCode.YES_OR_NO)
        return word in _YES

    def birth_date(self, column: str, *, today: date) -> date | None:
        """A date on which a living person can have been born. None where there is none, or where it is refused."""
        return self._parsed(
            column, self._date_text(column), lambda text: check_birth_date(parse_date(text), today=today), self.refuse
        )

    def expected_date(self, column: str, *, today: date) -> date | None:
        """When an unborn child is expected. None where it is not said, or where it is refused."""
        expected = self.day(column)
        if expected is not None and abs(expected - today) > _EXPECTED_WITHIN:
            self.refuse(column, RowCode.EXPECTED_FAR)
            return None
        return expected

    def day(self, column: str) -> date | None:
        """None where there is none, or where it is refused."""
        return self._parsed(column, self._date_text(column), parse_date, self.refuse)

    def basis(self, column: str) -> Basis:
        """Statutory where the cell is empty."""
        plain = "".join(character for character in self.text(column).casefold() if character.isalnum())
        if plain and plain not in _BASES:
            self.refuse(column, RowCode.BASIS_UNKNOWN)
        return _BASES.get(plain, Basis.STATUTORY)

    def _date_text(self, column: str) -> str:
        text = self.text(column)
        if _DAY_COUNT.fullmatch(text):
            self.refuse(column, RowCode.DATE_SERIAL)
            return ""
        midnight = _MIDNIGHT.fullmatch(text)
        text = midnight[1] if midnight else text
        return _HYPHENED.sub(r"\1 \2 \3", text)

    def _parsed(
        self,
        column: str,
        text: str,
        parse: Callable[[str], _T],
        object_to: Callable[[str, RowErrorCode], None],
    ) -> _T | None:
        if not text:
            return None
        try:
            return parse(text)
        except (IdentifierError, DateError) as error:
            object_to(column, error.code)
            return None
