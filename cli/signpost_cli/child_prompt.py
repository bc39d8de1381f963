"""Asking for a child's details on a terminal, and taking them off the screen again.

* Questions go to stderr: stdout is for the answer. Without a terminal nothing is asked.
* Each field is checked as it is typed, and asked again where it is not of its form.
* What is typed stays visible while it can still be checked, and is cleared when the answer has come, whatever it is;
  with `hidden` it is never shown. What was typed ahead is thrown away: it would land in the shell and its history.
"""

from __future__ import annotations

import getpass
import os
import sys
import termios
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, final

from signpost_cli.child_details import DATE_FORMS, EVERY_FIELD, FIELDS, fault_of, read_details, today_here, year_alone
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["Questions", "TypedDetails", "answers_to", "details_from"]

_CLEAR_FROM_HERE: Final = "\x1b[J"
_NARROWEST: Final = 20
"""Columns: on a terminal narrower than that it breaks the lines itself."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of a child, in this order; Return skips any of it."""

    first: str
    """A sentence before the first question."""
    fields: Mapping[str, str]
    """The question for each field; an empty one is what the field is called."""
    before: Mapping[str, str]
    """A sentence before a field's question, where one is needed."""
    piped: Mapping[str, str]
    """What may be piped in instead: each by what it is called there, and whose name it has here."""


_BY_NAME: Final = Questions(
    first="Return skips a question. The more is known, the surer the answer.",
    fields={
        "forename": "",
        "middle_name": "",
        "surname": "",
        "date_of_birth": "Date of birth, or the year alone",
        "postcode": "",
        "previous_postcode": "",
        "multiple_birth": "One of twins or more (y or n)",
        "nhs_number": "",
        "upn": "",
    },
    before={},
    piped=EVERY_FIELD,
)


@contextmanager
def details_from(*, stdin: bool, hidden: bool, by_name: bool = False, instead: str) -> Iterator[dict[str, str]]:
    """A child's details, piped in or typed. What was typed leaves the screen when the block ends.

    Raises:
        Stop: they are not of their form; or there is no terminal to ask on. `instead` is what a script would type.
    """
    if stdin:
        yield read_details(sys.stdin)
        return
    with TypedDetails(hidden=hidden, instead=instead) as typed:
        yield typed.ask_by_name() if by_name else typed.ask()


@contextmanager
def answers_to(asked: Questions, *, stdin: bool, hidden: bool, instead: str) -> Iterator[dict[str, str]]:
    """The same for what these questions ask, and for nothing else.

    Raises:
        Stop: as `details_from`.
    """
    if stdin:
        yield read_details(sys.stdin, asked.piped)
        return
    with TypedDetails(hidden=hidden, instead=instead) as typed:
        yield typed.ask_each(asked)


@final
class TypedDetails:
    """A few questions and what was typed. Use as a context: at its end the screen is cleared of them."""

    def __init__(self, *, hidden: bool, instead: str) -> None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Stop(
                ExitCode.NEEDS_A_PERSON,
                "There is no terminal to ask for the child's details on. Nothing was sent.",
                hint=f"From a script: {instead}",
            )
        self._hidden = hidden
        self._asked = False
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
        with suppress(OSError, termios.error):
            termios.tcflush(sys.stdin, termios.TCIFLUSH)

    def ask(self) -> dict[str, str]:
        """The NHS number, or where there is none (Return) the UPN; and the date of birth. Each is of its form.

        Raises:
            Stop: there is neither number.
        """
        details = {"nhs_number": self._field("nhs_number")}
        if not details["nhs_number"]:
            details["upn"] = self._field("upn")
            if not details["upn"]:
                raise Stop(
                    ExitCode.USAGE,
                    "It needs an NHS number or a UPN: a date of birth alone finds nobody. Nothing was sent.",
                    hint="By the name and the postcode: --name",
                )
        while not (born := self._field("date_of_birth")) or year_alone(born):
            self._tell(f"  {'The whole' if born else 'A'} date of birth is needed: {DATE_FORMS}.")
        return {**details, "date_of_birth": born}

    def ask_by_name(self) -> dict[str, str]:
        """Names, date of birth and postcodes, then the numbers; Return skips any of them. Each is of its form."""
        return self.ask_each(_BY_NAME)

    def ask_each(self, asked: Questions) -> dict[str, str]:
        """The answers to these questions. Each is of its form."""
        self._tell(asked.first)
        details = {}
        for field, question in asked.fields.items():
            if field in asked.before:
                self._tell(asked.before[field])
            details[field] = self._field(field, question or None)
        return details

    def clear(self) -> None:
        """Take the questions and what was typed off the screen."""
        if self._asked and os.environ.get("TERM") != "dumb":
            up = f"\x1b[{self._rows}A" if self._rows else ""
            sys.stderr.write(f"{up}\r{_CLEAR_FROM_HERE}")
            sys.stderr.flush()
        self._asked, self._rows = False, 0

    def _field(self, field: str, question: str | None = None) -> str:
        asked = question or FIELDS[field]
        while (fault := fault_of(field, typed := self._question(asked), today=today_here())) is not None:
            self._tell(f"  {fault}")
        return typed

    def _tell(self, text: str) -> None:
        for line in _lines(text):
            sys.stderr.write(f"{line}\n")
            self._count(len(line))
        sys.stderr.flush()

    def _question(self, name: str) -> str:
        self._asked = True
        prompt = f"{name[:1].upper()}{name[1:]}: "
        if self._hidden:
            typed = getpass.getpass(prompt, stream=sys.stderr)
        else:
            sys.stderr.write(prompt)
            sys.stderr.flush()
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            typed = line.rstrip("\n")
        self._count(len(prompt) + (0 if self._hidden else len(typed)))
        return typed.strip()

    def _count(self, shown: int) -> None:
        """A line of so many characters is on the screen."""
        self._rows += 1 + max(0, shown - 1) // _columns()


def _lines(text: str) -> list[str]:
    """The text in lines of whole words, each as far in as the first."""
    if (columns := _columns()) <= _NARROWEST:
        return [text]
    margin = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text, columns - 1, subsequent_indent=margin, break_on_hyphens=False)


def _columns() -> int:
    try:
        return max(1, os.get_terminal_size(sys.stderr.fileno()).columns)
    except OSError:
        return 80
