"""What can be wrong with a feed, by code: of one row (`RowError`) or of the file as a whole (`FeedError`).

Neither ever holds what was in the file: a row error names row, field and code; a file error names one of *our* columns
or files. Row numbers are those of a spreadsheet: the header is row 1, a cell with line breaks in it is still one row.
In a CIN census they count its Child elements, from 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TextIO

from signpost.edge.dates import DateCode
from signpost.edge.identifiers import IdentifierCode

__all__ = ["FILE_MEANINGS", "ROW_MEANINGS", "ErrorFile", "FeedError", "FileCode", "RowCode", "RowError", "RowErrorCode"]


class RowCode(StrEnum):
    """What can be wrong with a row, beyond its identifiers and dates. A code is never reused for another meaning."""

    NHS_LEADING_ZERO = "NHS_LEADING_ZERO"
    NHS_SCIENTIFIC = "NHS_SCIENTIFIC"
    DATE_SERIAL = "DATE_SERIAL"
    LOCAL_ID_MISSING = "LOCAL_ID_MISSING"
    LOCAL_ID_TOO_LONG = "LOCAL_ID_TOO_LONG"
    LOCAL_ID_SCIENTIFIC = "LOCAL_ID_SCIENTIFIC"
    LOCAL_ID_CHARACTERS = "LOCAL_ID_CHARACTERS"
    NAME_CHARACTERS = "NAME_CHARACTERS"
    MOTHER_IS_CHILD = "MOTHER_IS_CHILD"
    DOB_MISSING = "DOB_MISSING"
    EXPECTED_FAR = "EXPECTED_FAR"
    NOTHING_TO_MATCH = "NOTHING_TO_MATCH"
    IDENTITY_DIFFERS = "IDENTITY_DIFFERS"
    START_MISSING = "START_MISSING"
    START_FUTURE = "START_FUTURE"
    START_BEFORE_BIRTH = "START_BEFORE_BIRTH"
    END_FUTURE = "END_FUTURE"
    END_BEFORE_START = "END_BEFORE_START"
    HANDLE_MISSING = "HANDLE_MISSING"
    HANDLE_UNKNOWN = "HANDLE_UNKNOWN"
    HANDLE_NOT_YOURS = "HANDLE_NOT_YOURS"
    BASIS_UNKNOWN = "BASIS_UNKNOWN"
    BASIS_REFUSED = "BASIS_REFUSED"
    YES_OR_NO = "YES_OR_NO"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    ROW_MALFORMED = "ROW_MALFORMED"
    ROW_SHIFTED = "ROW_SHIFTED"
    PERSON_MISSING = "PERSON_MISSING"
    PERSON_TWICE = "PERSON_TWICE"
    PERSON_REFUSED = "PERSON_REFUSED"
    IDENTITY_TWICE = "IDENTITY_TWICE"
    IDENTITY_DISAGREES = "IDENTITY_DISAGREES"
    ELEMENT_TWICE = "ELEMENT_TWICE"
    ADOPTION_UNDATED = "ADOPTION_UNDATED"
    EPISODE_REFUSED = "EPISODE_REFUSED"


RowErrorCode = RowCode | IdentifierCode | DateCode

_R, _I, _D = RowCode, IdentifierCode, DateCode
ROW_MEANINGS: Final[Mapping[RowErrorCode, str]] = MappingProxyType(
    {
        _I.NHS_NOT_DIGITS: "the NHS number has something other than digits, or spaces that are not 3-3-4",
        _I.NHS_LENGTH: "the NHS number has not ten digits",
        _I.NHS_DUMMY: "the NHS number is a well-known dummy",
        _I.NHS_CHECK_DIGIT: "the check digit does not match",
        _R.NHS_LEADING_ZERO: "the NHS number has nine digits: one is missing, or a spreadsheet took a leading zero",
        _R.NHS_SCIENTIFIC: "a spreadsheet has rounded the NHS number (1E+09): make the column text and export again",
        _I.UPN_LENGTH: "the UPN has not 13 characters",
        _I.UPN_SHAPE: "the UPN is not a letter, eleven digits, and a digit or letter (never I, O or S)",
        _I.UPN_CHECK_LETTER: "the check letter does not match",
        _I.POSTCODE_SHAPE: "the postcode is not of a postcode's form",
        _D.DATE_FORMAT: "the date is not yyyy-mm-dd or dd/mm/yyyy",
        _D.DATE_TWO_DIGIT_YEAR: "the year has two digits: the century would be a guess",
        _D.DATE_IMPOSSIBLE: "there is no such day",
        _R.DATE_SERIAL: "a spreadsheet has turned the date into a number: format the column as a date and export again",
        _D.DOB_FUTURE: "the date of birth is in the future",
        _D.DOB_BEFORE_1900: "the date of birth is before 1900",
        _R.DOB_MISSING: "there is no date of birth, which every match needs",
        _R.EXPECTED_FAR: "the expected date of birth is more than a year from today",
        _R.NOTHING_TO_MATCH: "there is no NHS number, no permanent UPN, and no names that tell the child from others",
        _R.IDENTITY_DIFFERS: "an earlier row gives this child another date of birth, NHS number or UPN",
        _R.LOCAL_ID_MISSING: "there is no id of the council's own",
        _R.LOCAL_ID_TOO_LONG: "the id is longer than 64 characters (an accented letter counts as two)",
        _R.LOCAL_ID_SCIENTIFIC: "a spreadsheet has rounded the id (1E+09): make the column text and export again",
        _R.LOCAL_ID_CHARACTERS: "the id holds characters that cannot be printed",
        _R.NAME_CHARACTERS: "the name holds no letters but what a spreadsheet or an encoding put in their place",
        _R.MOTHER_IS_CHILD: "the mother's NHS number is the child's",
        _R.START_MISSING: "there is no start date",
        _R.START_FUTURE: "the start date is in the future",
        _R.START_BEFORE_BIRTH: "the start date is more than a year before the birth",
        _R.END_FUTURE: "the end date is in the future",
        _R.END_BEFORE_START: "the end date is before the start date",
        _R.HANDLE_MISSING: "there is no team or handle",
        _R.HANDLE_UNKNOWN: "it is neither a team of the handles file nor a handle of yours",
        _R.HANDLE_NOT_YOURS: "the team is in the handles file, but its handle is not one of yours",
        _R.BASIS_UNKNOWN: "the basis is not statutory, consent or significant_harm",
        _R.BASIS_REFUSED: "this desk is a sensitive service's: it registers by consent or for significant harm alone",
        _R.YES_OR_NO: "it is neither yes nor no",
        _R.DUPLICATE_ROW: "an earlier row is the same involvement",
        _R.ROW_MALFORMED: "the row's quotation marks do not pair",
        _R.ROW_SHIFTED: "there is something beyond the last named column: has a bare comma shifted the row?",
        _R.PERSON_MISSING: "the person is not in the file of persons, or its row there cannot be read",
        _R.PERSON_TWICE: "the person stands more than once in the file of persons",
        _R.PERSON_REFUSED: "the person's own row has errors, reported with an earlier involvement",
        _R.IDENTITY_TWICE: "the child stands more than once in the identity file, so none of its rows there is used",
        _R.IDENTITY_DISAGREES: "the identity file gives this child another date of birth",
        _R.ELEMENT_TWICE: "the element stands twice, with different content",
        _R.ADOPTION_UNDATED: "the episode ended by adoption, and there is no day on which it ended",
        _R.EPISODE_REFUSED: "another episode of this child has errors, so that none of them can be joined",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong with one row. `field`: a column's or element's name in the format.

    Where a feed has several files it is `file.column`, and the row is that file's.
    """

    row: int
    field: str
    code: RowErrorCode

    @property
    def meaning(self) -> str:
        """The code in words."""
        return ROW_MEANINGS[self.code]


class ErrorFile:
    """Writes `row,field,code,meaning`, a line for each error as it comes. Nothing in it is out of the feed."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(("row", "field", "code", "meaning"))

    def write(self, error: RowError) -> None:
        """Add one line."""
        self._writer.writerow((error.row, error.field, error.code.value, error.meaning))


class FileCode(StrEnum):
    """Why a file as a whole cannot be read. A code is never reused for another meaning."""

    FILE_MISSING = "FILE_MISSING"
    FILE_EMPTY = "FILE_EMPTY"
    FILE_WORKBOOK = "FILE_WORKBOOK"
    FILE_ENCODING = "FILE_ENCODING"
    FILE_LINE_ENDS = "FILE_LINE_ENDS"
    FILE_DELIMITER = "FILE_DELIMITER"
    FILE_CHANGED = "FILE_CHANGED"
    FILE_TWICE = "FILE_TWICE"
    FILE_XML = "FILE_XML"
    FILE_XML_UNSAFE = "FILE_XML_UNSAFE"
    COLUMN_MISSING = "COLUMN_MISSING"
    COLUMN_MISSPELT = "COLUMN_MISSPELT"
    COLUMN_TWICE = "COLUMN_TWICE"
    QUOTE_UNCLOSED = "QUOTE_UNCLOSED"
    HANDLES_MISSING = "HANDLES_MISSING"
    TEAM_TWICE = "TEAM_TWICE"
    HANDLE_BLANK = "HANDLE_BLANK"


_F = FileCode
FILE_MEANINGS: Final[Mapping[FileCode, str]] = MappingProxyType(
    {
        _F.FILE_MISSING: "the file is not there",
        _F.FILE_EMPTY: "there is nothing in the file, or it has no header row",
        _F.FILE_WORKBOOK: "the file is a workbook, not CSV: save it as 'CSV UTF-8'",
        _F.FILE_ENCODING: "the file is neither UTF-8 nor Windows-1252: save it as 'CSV UTF-8'",
        _F.FILE_LINE_ENDS: "the file ends its lines in the old Macintosh way: save it as 'CSV UTF-8'",
        _F.FILE_DELIMITER: "the columns are not separated by commas: save it as 'CSV UTF-8'",
        _F.FILE_CHANGED: "the file was changed while it was being read",
        _F.FILE_TWICE: "two files of the folder have names that mean this one",
        _F.FILE_XML: "the file is not XML, or not a CIN census",
        _F.FILE_XML_UNSAFE: "the file declares a document type or entities, which a census does not: it is not read",
        _F.COLUMN_MISSING: "missing from the header",
        _F.COLUMN_MISSPELT: "a column of the header looks like this one under another name: rename it, or take it out",
        _F.COLUMN_TWICE: "the column stands twice in the header",
        _F.QUOTE_UNCLOSED: "a quotation mark is opened in this row and not closed",
        _F.HANDLES_MISSING: "no handles file was named: --handles FILE",
        _F.TEAM_TWICE: "a team stands in two rows with different handles",
        _F.HANDLE_BLANK: "a team or its handle is blank",
    }
)


class FeedError(Exception):
    """A file cannot be read as a feed at all; nothing of it is used.

    `where` has names of ours (files or columns of the format) and numbers (a row's, a column's), never something out of
    the file.
    """

    def __init__(self, code: FileCode, where: str) -> None:
        super().__init__(f"{where}: {FILE_MEANINGS[code]} ({code.value})")
        self.code = code
        self.where = where
