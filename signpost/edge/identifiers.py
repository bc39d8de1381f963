"""NHS numbers and UPNs: read once, checked, and never shown again.

* A value exists only when its check digit or letter is right; a parse function is the one way in.
* Nothing that shows an object shows its value: `repr`, `str`, f-strings, tracebacks. It is not pickled or copied to
  another process. `reveal()` is the one way out, and easy to search for.
* What a file's journey through a spreadsheet did to a number is mended in `feeds`, not here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NoReturn, Self, final

__all__ = ["UPN", "Identifier", "IdentifierCode", "IdentifierError", "NHSNumber"]


class IdentifierCode(StrEnum):
    """Why a text is not an identifier. A code is never reused for another meaning."""

    NHS_NOT_DIGITS = "NHS_NOT_DIGITS"
    NHS_LENGTH = "NHS_LENGTH"
    NHS_DUMMY = "NHS_DUMMY"
    NHS_CHECK_DIGIT = "NHS_CHECK_DIGIT"
    UPN_LENGTH = "UPN_LENGTH"
    UPN_SHAPE = "UPN_SHAPE"
    UPN_CHECK_LETTER = "UPN_CHECK_LETTER"
    POSTCODE_SHAPE = "POSTCODE_SHAPE"


class IdentifierError(ValueError):
    """A text is not an identifier of its kind. Carries a code, never the text."""

    def __init__(self, code: IdentifierCode) -> None:
        super().__init__(code.value)
        self.code = code


class Identifier:
    """A checked text that does not print. Equal and hashed by value, so that it can be compared inside one process."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The identifier itself, in its one spelling. Each call is a place to look at in a review."""
        return self.__value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identifier) and type(other) is type(self) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash((type(self), self.__value))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an identifier is not pickled or copied")

    __copy__ = __deepcopy__ = __reduce__


_NHS_SPACED: Final = re.compile(r"[0-9]{3} [0-9]{3} [0-9]{4}")
_DIGITS: Final = re.compile(r"[0-9]+")
# Typed to get past a form. Both pass the check digit; so do ten equal digits.
_NHS_DUMMIES: Final = frozenset({"9876543210", "1234567881", *(digit * 10 for digit in "0123456789")})


@final
class NHSNumber(Identifier):
    """Ten digits with a right check digit, and no well-known dummy."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ten digits, run together or spaced 3-3-4; space around them is ignored.

        Raises:
            IdentifierError: NHS_NOT_DIGITS, NHS_LENGTH, NHS_DUMMY or NHS_CHECK_DIGIT.
        """
        digits = text.strip()
        if _NHS_SPACED.fullmatch(digits):
            digits = digits.replace(" ", "")
        if not _DIGITS.fullmatch(digits):  # not str.isdigit, which takes the digits of every script
            raise IdentifierError(IdentifierCode.NHS_NOT_DIGITS)
        if len(digits) != 10:
            raise IdentifierError(IdentifierCode.NHS_LENGTH)
        if digits in _NHS_DUMMIES:
            raise IdentifierError(IdentifierCode.NHS_DUMMY)
        if nhs_check_digit(digits[:9]) != digits[9]:
            raise IdentifierError(IdentifierCode.NHS_CHECK_DIGIT)
        return cls(digits)

    @property
    def last_four(self) -> str:
        """What may be shown beside an answer, so that the asker sees which child it is about."""
        return self.reveal()[-4:]


def nhs_check_digit(first_nine: str) -> str | None:
    """The tenth digit of an NHS number, or None where there is none (the sum leaves 10).

    NHS Data Dictionary: 11 − (Σ d_i·(11−i), i = 1…9) mod 11, where 11 counts as 0.
    """
    remainder = sum(int(digit) * weight for digit, weight in zip(first_nine, range(10, 1, -1), strict=True)) % 11
    check = (11 - remainder) % 11
    return None if check == 10 else str(check)


_UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"  # 23 letters: no I, O or S
_UPN_SHAPE: Final = re.compile(f"[{_UPN_LETTERS}][0-9]{{11}}[0-9{_UPN_LETTERS}]")
# A letter stands for its place in the alphabet above, a digit for itself.
_UPN_VALUES: Final = {**{letter: n for n, letter in enumerate(_UPN_LETTERS)}, **{str(n): n for n in range(10)}}


@final
class UPN(Identifier):
    """A unique pupil number: check letter, 3-digit authority, 8 digits, and a digit or (temporary) a letter."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From 13 characters in either case; space around them is ignored.

        Raises:
            IdentifierError: UPN_LENGTH, UPN_SHAPE or UPN_CHECK_LETTER.
        """
        upn = text.strip()
        if len(upn) != 13:
            raise IdentifierError(IdentifierCode.UPN_LENGTH)
        if upn.isascii():  # upper() may lengthen a text of other scripts, or turn it into a plain letter
            upn = upn.upper()
        if not _UPN_SHAPE.fullmatch(upn):
            raise IdentifierError(IdentifierCode.UPN_SHAPE)
        if upn_check_letter(upn[1:]) != upn[0]:
            raise IdentifierError(IdentifierCode.UPN_CHECK_LETTER)
        return cls(upn)

    @property
    def temporary(self) -> bool:
        """Whether it was made up by one school until the real one is known: two children may hold the same."""
        return self.reveal()[-1].isalpha()


def upn_check_letter(last_twelve: str) -> str:
    """The first letter of a UPN (DfE): Σ value_i·i (i = 2…13) mod 23, as a letter."""
    return _UPN_LETTERS[sum(_UPN_VALUES[c] * weight for weight, c in enumerate(last_twelve, start=2)) % 23]
