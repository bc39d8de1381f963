"""`signpost register --ask-elsewhere`: whom a feed newly adds is asked about elsewhere, from a person's own desk.

Their account is charged, metered and recorded; the feed's looks nobody up. What comes back is told in numbers alone.
The receipts go to the file that `--asked` names, for its owner only, one line for each child: the number of its row,
and the receipt, or nothing where it was not asked about. No line says who a child is, or what was answered. The file is
never written over, and it is not there where nothing was sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, final

import typer

from signpost.edge.asking_elsewhere import ask_elsewhere
from signpost.edge.client import Client, allowed_purpose
from signpost.edge.desk import Desk, desk_settings
from signpost.edge.failures import CouldNotCheck, Failure
from signpost.edge.feeds.errors import FeedError
from signpost.edge.feeds.reconcile import Newcomer
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.registering import FeedRun, Step
from signpost.protocol.purposes import Purpose
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import answer, say
from signpost_cli.register_errors import refuse_place
from signpost_cli.register_stops import Stage
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop, stop_of

__all__ = ["Asked", "Elsewhere", "Wanted"]

_ANOTHER: Final = "Name another with --asked."
_BY_HAND: Final = (
    "Whoever has no receipt in the file that --asked names is looked up by hand (signpost lookup): running this again "
    "does not ask about them."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed about asking elsewhere."""

    purpose: Purpose | None
    ask_as: Path | None
    asked: Path | None

    def checked(
        self, feed: Desk, *, inputs: Sequence[Path], outputs: Sequence[Path], dry_run: bool
    ) -> Elsewhere | None:
        """Who asks, with their shift open unless it is a dry run; null where nobody is to be asked about.

        Raises:
            Stop: an option is missing or stands alone, or what it names will not do.
            Failure: the desk cannot be used, or its role does not ask for that purpose.
        """
        if self.purpose is None:
            for option, value in (("--ask-as", self.ask_as), ("--asked", self.asked)):
                if value is not None:
                    raise _usage(f"{option} goes with --ask-elsewhere PURPOSE.")
            return None
        if self.ask_as is None:
            raise _usage(
                "--ask-elsewhere needs --ask-as FOLDER: a feed looks nobody up.",
                hint="Name the desk of a practitioner of yours who is signed in.",
            )
        settings = desk_settings(self.ask_as)
        allowed_purpose(settings.role, settings.kind, self.purpose)
        if (settings.organisation, settings.index_url) != (feed.settings.organisation, feed.settings.index_url):
            raise _usage(
                "The desk that --ask-as names is of another organisation, or of another index.",
                hint="Name a desk of the organisation whose feed this is.",
            )
        if self.asked is None and not dry_run:
            raise _usage(
                "--ask-elsewhere needs --asked FILE: without the receipts nobody could see what becomes of the "
                "call-backs."
            )
        if self.asked is not None:
            refuse_place(self.asked, inputs=inputs, option="--asked")
            if any(self.asked.resolve() == path.resolve() for path in outputs):
                raise _usage("--asked names a file that something else is written to.", hint=_ANOTHER)
            if os.path.lexists(self.asked):
                raise _usage("The file that --asked names is there already, and may hold receipts.", hint=_ANOTHER)
        return Elsewhere(self.purpose, None if dry_run else open_desk(self.ask_as), self.asked)


def _usage(what: str, *, hint: str = "") -> Stop:
    return Stop(ExitCode.USAGE, f"{what} Nothing was sent.", hint=hint)


@dataclass(frozen=True, slots=True)
class Asked:
    """How far it went: of so many newly added children so many call-backs are left, and of so many nothing was known
    that can be asked.
    """

    children: int
    left: int = 0
    not_askable: int = 0
    stop: Stop | None = None
    """What kept it from its end."""

    def figures(self) -> dict[str, int]:
        """The numbers, for a program."""
        return {"newly_added": self.children, "asked": self.left, "not_askable": self.not_askable}

    def tell(self, *, dry_run: bool) -> None:
        """The numbers, for a person."""
        if dry_run:
            answer(f"Would ask elsewhere about {_children(self.children)}.")
        elif not self.children:
            answer("No child is newly added: nobody was asked about.")
        elif self.left:
            left = "a call-back is left" if self.left == 1 else "call-backs are left"
            answer(f"Asked elsewhere about {_children(self.left)}: {left}.")
        if self.not_askable:
            say(f"Of {_children(self.not_askable)} too little is known to ask about.")


def _children(count: int) -> str:
    return "1 newly added child" if count == 1 else f"{count:,} newly added children"


class _NotWritten(Exception):
    """A receipt could not be written down."""


@final
class Receipts:
    """Takes each newly added child once, in turn, and writes its line at once."""

    def __init__(self, run: FeedRun, stream: TextIO, on_step: Callable[[Step], None]) -> None:
        self.children = run.newly_added()
        self.left = self.without_details = self.lines = 0
        self.open_receipt = False
        """The last child that was looked up has no call-back yet."""
        self._run = run
        self._stream = stream
        self._on_step = on_step
        self._waiting = run.newcomers()
        self._current: Newcomer | None = None

    def in_turn(self) -> Iterator[ChildDetails]:
        """Who is asked about next. Raises FeedError where a row cannot be read again."""
        for newcomer in self._waiting:
            self._current = newcomer
            yield self._run.child(newcomer)

    def not_askable(self) -> None:
        """Nothing was sent about the one whose turn it is."""
        self._write("")
        self.without_details += 1
        self._step()

    def looked_up(self, receipt: str) -> None:
        """The one whose turn it is was looked up."""
        self._write(receipt)
        self.open_receipt = True

    def call_back_left(self) -> None:
        """And its call-back is left."""
        self.open_receipt = False
        self.left += 1
        self._step()

    def list_the_rest(self) -> None:
        """Whoever's turn did not come, without a receipt. Raises OSError."""
        if self._current is not None:
            self._line(self._current, "")
        for newcomer in self._waiting:
            self._line(newcomer, "")

    def _step(self) -> None:
        self._on_step(Step("Asking elsewhere", self.left + self.without_details, self.children))

    def _write(self, receipt: str) -> None:
        assert self._current is not None
        try:
            self._line(self._current, receipt)
            self._stream.flush()
        except OSError:
            raise _NotWritten from None
        self._current = None

    def _line(self, newcomer: Newcomer, receipt: str) -> None:
        if not self.lines:
            self._stream.write("row,receipt\n")
        self.lines += 1
        self._stream.write(f"{newcomer.row},{receipt}\n")


@final
class Elsewhere:
    """Asks as one person, for one purpose."""

    def __init__(self, purpose: Purpose, desk: Desk | None, path: Path | None) -> None:
        self._purpose = purpose
        self._desk = desk
        self._path = path

    @contextmanager
    def receipts(self, run: FeedRun, stage: Stage, *, on_step: Callable[[Step], None]) -> Iterator[Receipts]:
        """The file, opened before anything is sent. Once something was, it lists whoever was not asked about too.

        Raises:
            Stop: it cannot be written.
        """
        path = self._path
        assert path is not None
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError:
            raise _usage("The file that --asked names cannot be made.", hint=_ANOTHER) from None
        with os.fdopen(descriptor, "w", encoding="ascii", newline="") as stream:
            taken = Receipts(run, stream, on_step)
            try:
                yield taken
            except BaseException:
                if stage.sending and taken.children:
                    say(
                        f"Nobody was asked about elsewhere: {_children(taken.children)} without a receipt in {path}. "
                        "Running again, with another --asked, asks only about those that it adds then."
                    )
                raise
            finally:
                _complete(taken, stream, path, sent=stage.sending)

    def ask(self, taken: Receipts) -> Asked:
        """Ask about each newly added child, as far as it goes."""
        stop: Stop | None = None
        try:
            asyncio.run(self._ask(taken))
        except FeedError as error:
            stop = _stopped(taken, Stop(ExitCode.FAILED, "", why=f"{error}."))
        except _NotWritten:
            stop = _stopped(taken, Stop(ExitCode.FAILED, "", why="The file that --asked names cannot be written on."))
        except Failure as failure:
            stop = _stopped(taken, _end_of(failure))
        except (KeyboardInterrupt, typer.Abort):
            stop = _stopped(taken, Stop(ExitCode.INTERRUPTED, "", why="Interrupted."))
        if taken.left:
            say(f"The receipts are in {self._path}. Next: signpost contact status RECEIPT")
        return Asked(taken.children, taken.left, taken.without_details, stop)

    async def _ask(self, taken: Receipts) -> None:
        assert self._desk is not None
        async with Client(self._desk) as client:
            await ask_elsewhere(taken.in_turn(), client=client, purpose=self._purpose, notes=taken)


def _complete(taken: Receipts, stream: TextIO, path: Path, *, sent: bool) -> None:
    try:
        if sent:
            taken.list_the_rest()
        stream.flush()
    except OSError:
        say(f"{path} could not be written to its end.")
    if not taken.lines:
        path.unlink(missing_ok=True)


def _end_of(failure: Failure) -> Stop:
    stop = stop_of(failure)
    assert stop is not None
    # That a question about a child had no answer is lookup's way of saying it.
    why = failure.why if isinstance(failure, CouldNotCheck) else f"{failure.what} {failure.why}".strip()
    return Stop(stop.code, "", why=why, hint=failure.hint)


def _stopped(taken: Receipts, end: Stop) -> Stop:
    """The end of asking, with how far it went and how to go on."""
    others = taken.children - taken.left - taken.without_details
    of = _children(taken.children)
    hints = [end.hint.rstrip(".")] if end.hint else []
    if taken.open_receipt:
        hints.append("Leave the last receipt's call-back yourself (signpost contact ask RECEIPT --urgency week)")
    return Stop(
        end.code,
        f"Asking elsewhere stopped. Of {of} {taken.left:,} were asked about, {others:,} were not. All are registered.",
        why=end.why,
        hint=". ".join([*hints, _BY_HAND]),
    )
