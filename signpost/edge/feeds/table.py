"""A CSV file as it comes out of a council's system or a spreadsheet, read row by row in flat memory.

* Encoding is decided for the whole file before a row is read: UTF-8 (with or without a byte-order mark), else
  Windows-1252, which is what Excel's plain "CSV" writes in Britain. Anything else is refused, workbooks included.
* The header's names are matched without regard to case, spacing or punctuation. Columns of other names are never read.
* Lines end in LF or CR LF; a quoted cell may hold line breaks. Blank lines keep their row number and are skipped.
* A row is found again by its place: the byte at which it starts.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from signpost.edge.feeds.errors import FeedError, FileCode, RowCode
from signpost.edge.feeds.stamp import Stamp

__all__ = ["Columns", "Record", "Table"]

_LONGEST_RECORD: Final = 1 << 17
"""Bytes. No row of any format here comes near it: what does is an unclosed quotation mark."""

_ALIKE: Final = 0.75
"""How alike two names are of which one is the other misspelt (difflib's ratio)."""

_WORD_MORE: Final = 10
"""Letters: "End Date" means `end`; a whole header in one cell means nothing."""

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .xls


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its number in a spreadsheet, its place in the file, and its cells."""

    row: int
    place: int
    cells: Sequence[str] = field(repr=False)
    fault: RowCode | None = None
    """Set where the row cannot be told apart into cells that belong to the header."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a format knows: those that must be there, those read where they are, groups of these of which one has
    to be there, and some that are never read, and are none of the others misspelt.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    never_read: tuple[str, ...] = ()


class Table:
    """One CSV file with its header bound to a format's columns. `name` is what errors call the file."""

    def __init__(self, path: Path, columns: Columns, *, name: str) -> None:
        """Open the file and read its header.

        Raises:
            FeedError: missing, empty, not text, not separated by commas, or its header lacks, repeats or misspells a
                column.
        """
        self._path = path
        self._name = name
        try:
            # Two positions in one file: a pass opens its own, this one reads rows again by their place.
            self._again = path.open("rb")
        except OSError:
            raise FeedError(FileCode.FILE_MISSING, name) from None
        try:
            if not path.is_file():
                raise FeedError(FileCode.FILE_MISSING, name)  # a pipe or a device: it cannot be read twice
            self._stamp = Stamp.of(self._again)
            self.size = self._stamp.size
            self._encoding, self._start = _encoding(self._again, name)
            self._again.seek(self._start)
            if b"\r" in self._again.readline(_LONGEST_RECORD).rstrip(b"\r\n"):
                raise FeedError(FileCode.FILE_LINE_ENDS, name)
            self._again.seek(self._start)
            header = next(_Records(self._again, self._encoding, self._start, name), None)
            if header is None or not any(cell.strip() for cell in header.cells):
                raise FeedError(FileCode.FILE_EMPTY, name)
            if _otherwise_separated(header.cells):
                raise FeedError(FileCode.FILE_DELIMITER, name)
            self._index, self.unread_columns, self._width = _bind(header.cells, columns)
        except BaseException:
            self._again.close()
            raise

    def has(self, column: str) -> bool:
        """Whether the header holds a column."""
        return column in self._index

    def cell(self, record: Record, column: str) -> str:
        """What a row has in a column; empty where the column or the cell is absent."""
        index = self._index.get(column, len(record.cells))
        return record.cells[index] if index < len(record.cells) else ""

    def records(self) -> Iterator[Record]:
        """Every row after the header that is not blank.

        Raises:
            FeedError: a quotation mark is never closed, or the file was changed meanwhile.
        """
        with self._path.open("rb") as file:
            file.seek(self._start)
            records = _Records(file, self._encoding, self._start, self._name)
            next(records, None)
            for record in records:
                if record.fault is not None or any(cell.strip() for cell in record.cells):
                    yield self._checked(record)
        self._stamp.must_be_of(self._again, self._name)

    def record_at(self, place: int, *, row: int = 0) -> Record:
        """The row that starts at a place. Its number is not known from there; the caller may say it.

        Raises:
            FeedError: the file was changed since it was opened.
        """
        self._stamp.must_be_of(self._again, self._name)
        self._again.seek(place)
        found = next(_Records(self._again, self._encoding, place, self._name), None)
        if found is None:
            raise FeedError(FileCode.FILE_CHANGED, self._name)
        return self._checked(Record(row, place, found.cells, found.fault))

    def close(self) -> None:
        """Let go of the file."""
        self._again.close()

    def _checked(self, record: Record) -> Record:
        if record.fault is None and any(cell.strip() for cell in record.cells[self._width :]):
            return Record(record.row, record.place, record.cells, RowCode.ROW_SHIFTED)
        return record


class _Records:
    """Tells rows apart, keeping count of rows and bytes. The csv module asks for a line only when a row needs one."""

    def __init__(self, file: BinaryIO, encoding: str, place: int, name: str) -> None:
        self._file = file
        self._encoding = encoding
        self._place = place
        self._began = place
        self._name = name
        self._row = 0
        self._ended = False
        # strict: a file that breaks off inside a quoted cell is an error, not a last row
        self._reader = csv.reader(self._lines(), strict=True)

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        self._began = self._place
        self._row += 1
        try:
            return Record(self._row, self._began, next(self._reader))
        except csv.Error:
            if self._ended:
                raise FeedError(FileCode.QUOTE_UNCLOSED, f"{self._name}, row {self._row}") from None
            return Record(self._row, self._began, (), RowCode.ROW_MALFORMED)

    def _lines(self) -> Iterator[str]:
        while line := self._file.readline(_LONGEST_RECORD):
            self._place += len(line)
            if self._place - self._began >= _LONGEST_RECORD:
                raise FeedError(FileCode.QUOTE_UNCLOSED, f"{self._name}, row {self._row}")
            try:
                yield line.decode(self._encoding)
            except UnicodeDecodeError:  # it was all readable when the file was opened
                raise FeedError(FileCode.FILE_CHANGED, self._name) from None
        self._ended = True


def _encoding(file: BinaryIO, name: str) -> tuple[str, int]:
    """The file's encoding, and the byte at which its text starts."""
    first = file.read(4)
    if first.startswith(_WORKBOOKS):
        raise FeedError(FileCode.FILE_WORKBOOK, name)
    start = len(codecs.BOM_UTF8) if first.startswith(codecs.BOM_UTF8) else 0
    for encoding in ("utf-8", "cp1252"):
        file.seek(start)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(1 << 16):
                if b"\0" in chunk:  # UTF-16, or no text at all
                    raise FeedError(FileCode.FILE_ENCODING, name)
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            # Of a file that is UTF-8 but for a cell, every accented letter would be read as two others.
            if encoding == "utf-8" and _holds_utf8(file, start):
                raise FeedError(FileCode.FILE_ENCODING, name) from error
            continue
        return encoding, start
    raise FeedError(FileCode.FILE_ENCODING, name)


def _holds_utf8(file: BinaryIO, start: int) -> bool:
    """Whether an accented letter is written in UTF-8 anywhere in the file. In cp1252 it would be Ã or Â and a sign."""
    file.seek(start)
    before = b""
    while chunk := file.read(1 << 16):
        if _ACCENTED_UTF8.search(before + chunk):
            return True
        before = chunk[-1:]
    return False


_ACCENTED_UTF8: Final = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


def _plain(name: str) -> str:
    """A column's name without case, spacing or punctuation."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _otherwise_separated(header: Sequence[str]) -> bool:
    """Whether a header is all in one cell, with what some programs write between cells instead of commas."""
    named = [cell for cell in header if cell.strip()]
    return len(named) == 1 and any(mark in named[0] for mark in ";\t|")


def _bind(header: Sequence[str], columns: Columns) -> tuple[Mapping[str, int], tuple[int, ...], int]:
    """Where each known column stands; the positions (from 1) of unknown ones; how many columns have a name.

    Raises:
        FeedError: COLUMN_TWICE, COLUMN_MISSPELT or COLUMN_MISSING, naming the columns of ours.
    """
    known = {_plain(column): column for column in (*columns.required, *columns.optional)}
    index: dict[str, int] = {}
    unread: list[int] = []
    width = 0
    for position, name in enumerate(header):
        if not _plain(name):
            continue  # a trailing empty column
        width = position + 1
        column = known.get(_plain(name))
        if column is None:
            unread.append(position)
        elif column in index:
            raise FeedError(FileCode.COLUMN_TWICE, column)
        else:
            index[column] = position
    missing = [
        group for group in (*((column,) for column in columns.required), *columns.either) if not index.keys() & group
    ]
    needed = [_plain(column) for group in missing for column in group]
    absent = [plain for plain, column in known.items() if column not in index]
    # Near names first: they say what to do. A column that need not be there is not left unread for being misspelt.
    others = {_plain(column) for column in columns.never_read}
    found = [
        (near, position + 1)
        for position in unread
        if (name := _plain(header[position])) not in others and (near := _near(name, absent, needed))
    ]
    if found:
        where = ", ".join(f"{known[near]} (column {position})" for near, position in found)
        raise FeedError(FileCode.COLUMN_MISSPELT, where)
    if missing:
        raise FeedError(FileCode.COLUMN_MISSING, ", ".join(" or ".join(group) for group in missing))
    return index, tuple(position + 1 for position in unread), width


def _near(name: str, absent: Sequence[str], needed: Sequence[str]) -> str | None:
    """The absent column that a name seems to mean: misspelt, or, for one that is needed, with a word more."""
    if close := difflib.get_close_matches(name, absent, n=1, cutoff=_ALIKE):
        return close[0]
    wordy = (each for each in needed if name.startswith(each) or name.endswith(each))
    return next((each for each in wordy if len(name) - len(each) <= _WORD_MORE), None)
