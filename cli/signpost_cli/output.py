"""What a command says, and where: the answer on stdout and nothing else there; talk, progress and hints on stderr.

* `--json` prints one object with its `schema` first. `--plain` and NO_COLOR draw nothing: no colour, no bar.
* Nothing is coloured and no bar is drawn where stderr (for the bar) or the stream itself is not a terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Self, TextIO

import typer

from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["JsonFlag", "PlainFlag", "Progress", "answer", "answer_json", "bold", "printable", "say", "wrapped"]

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, with a schema field, for a program.")]
PlainFlag = Annotated[bool, typer.Option("--plain", help="No colour and no progress bar.")]

_SHORT_SECONDS: Final = 1.0
"""Work that is done by then needs no progress."""
_NARROWEST: Final = 20
"""Columns: on a terminal narrower than that it breaks the lines itself."""

_BOLD: Final = ("\x1b[1m", "\x1b[0m")


def answer(text: str) -> None:
    """A line of the answer, on stdout.

    Raises:
        Stop: whoever read it has gone (`| head -1`): not all of it arrived, and that is said.
    """
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter would complain of what is still to be written when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Stop(ExitCode.FAILED, "Not all of it was printed: whoever read it closed the pipe.") from None


def answer_json(schema: str, fields: Mapping[str, object]) -> None:
    """The answer as one line of JSON, its schema first."""
    answer(json.dumps({"schema": schema, **fields}, ensure_ascii=False, separators=(",", ":")))


def say(text: str) -> None:
    """A line of talk, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """What somebody else wrote, as one line that a terminal prints and does not obey."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def wrapped(text: str, *, indent: int, stream: TextIO | None = None) -> str:
    """The text, indented; where the stream (stdout) is a terminal, in lines that fit it."""
    margin = " " * indent
    if not (stream or sys.stdout).isatty():
        return margin + text
    width = max(_NARROWEST, shutil.get_terminal_size().columns - 1)
    return textwrap.fill(text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def bold(text: str, stream: TextIO, *, plain: bool = False) -> str:
    """The text, bold where the stream is a terminal that may be drawn on."""
    return f"{_BOLD[0]}{text}{_BOLD[1]}" if _may_draw(stream, plain=plain) else text


def _may_draw(stream: TextIO, *, plain: bool) -> bool:
    return not plain and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and stream.isatty()


class Progress:
    """How far a long piece of work is: a bar on a terminal, else a line on stderr every 10 %. Short work shows nothing.

    Use: `with Progress("Registering", total=311) as progress: … progress.advance(21)`.
    """

    def __init__(
        self, what: str, *, total: int, plain: bool = False, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._total = max(total, 1)
        self._done = 0
        self._told = 0
        self._seconds = seconds
        self._shown_from = seconds() + _SHORT_SECONDS
        self._may_draw = _may_draw(sys.stderr, plain=plain)
        self._bar: _Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._seconds() < self._shown_from:
            return
        if self._may_draw:
            if self._bar is None:
                self._bar = _Bar(self._what, self._total)
                self._bar.start()
            self._bar.show(self._done)
            return
        tenths = min(self._done * 10 // self._total, 10)
        if tenths > self._told:
            self._told = tenths
            say(f"{self._what}: {tenths * 10} %")


class _Bar:
    """rich's bar, loaded only where one is drawn."""

    def __init__(self, what: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._progress = RichProgress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(what, total=total)

    def start(self) -> None:
        self._progress.start()

    def stop(self) -> None:
        self._progress.stop()

    def show(self, done: int) -> None:
        self._progress.update(self._task, completed=done)
