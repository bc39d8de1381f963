"""`signpost register`: a council's file becomes involvements at the index (docs/explanation/feeds.md).

The summary is the answer, on stdout; rejected rows, progress and advice go to stderr and to `--errors`. Nothing that
stood in a row is ever shown: a row is named by its number, a field and a code.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, final
from zoneinfo import ZoneInfo

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import Failure
from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.errors import ErrorFile, FeedError, RowError
from signpost.edge.feeds.handles import Handles, read_handles
from signpost.edge.feeds.limits import Limits, TooManyEnds, TooManyRejected, check_limits
from signpost.edge.feeds.model import Feed
from signpost.edge.feeds.reconcile import Counts, ListContradictsItself
from signpost.edge.feeds.ssd_feed import open_ssd
from signpost.edge.registering import FeedRun, FeedStopped, Step
from signpost.protocol.secret import Secret
from signpost.service.clock import system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import JsonFlag, PlainFlag, Progress, answer, answer_json, say
from signpost_cli.stops import Stop, stop_of

__all__ = ["register"]

_SHOWN_ERRORS: Final = 20
_AGAIN: Final = "What was acknowledged stands. Run the same command again: it does what is left."
_ENGLAND: Final = ZoneInfo("Europe/London")


class FeedFormat(StrEnum):
    """What a file is written in."""

    SSD = "ssd"
    CSV = "csv"


class Missing(StrEnum):
    """What becomes of an involvement that is no longer in the file."""

    WITHDRAW = "withdraw"
    END = "end"


def register(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|FOLDER", help="The extract.", exists=True, readable=True, show_default=False)
    ],
    feed_format: Annotated[FeedFormat, typer.Option("--format", help="What the extract is written in.")],
    handles: Annotated[
        Path | None, typer.Option(help="A CSV file team,handle, from your teams to your handles.", exists=True)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do none of it.")] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the rejected rows here: row, field, code, meaning.")
    ] = None,
    missing: Annotated[
        Missing, typer.Option(help="What becomes of involvements that are no longer in the extract.")
    ] = Missing.WITHDRAW,
    reject_limit: Annotated[
        float, typer.Option(help="Stop when more than this share of the rows is rejected, in %.", min=0, max=100)
    ] = 2.0,
    end_limit: Annotated[
        float, typer.Option(help="Stop when more than this share of the caseload would end, in %.", min=0, max=100)
    ] = 20.0,
    accept_ends: Annotated[
        int | None, typer.Option(help="Accept up to this many ends and withdrawals in all.", min=0)
    ] = None,
    home: Annotated[Path | None, typer.Option(help="The desk's folder (else SIGNPOST_HOME).")] = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Register involvement from a file the council already has.

    The file is compared with what was registered before, and the difference is sent: the same file again changes
    nothing. A file that was interrupted is completed by running it again.

    Example:  signpost register extract/ --format ssd --handles handles.csv --errors errors.csv --dry-run
    """
    desk = Desk.load(home or default_folder())
    limits = Limits(rejected_share=reject_limit / 100, ended_share=end_limit / 100, accept_ends=accept_ends)
    screen = _Screen(plain=plain)
    with _error_file(errors) as file:
        report = _Errors(file)
        try:
            with _named_failures():
                counts = asyncio.run(
                    _run(
                        desk, source, feed_format, handles, dry_run=dry_run, end_missing=missing is Missing.END,
                        limits=limits, report=report, screen=screen,
                    )
                )  # fmt: skip
        finally:
            report.show(errors)
    _tell(counts, limits, dry_run=dry_run, as_json=as_json)
    if counts.rejected:
        rows = "1 row was" if counts.rejected == 1 else f"{counts.rejected:,} rows were"
        raise Stop(
            ExitCode.NEEDS_A_PERSON,
            f"{rows} rejected." if dry_run else f"{rows} rejected; the others are registered.",
            hint="" if errors else "Add --errors errors.csv for a list of them.",
        )


async def _run(
    desk: Desk, source: Path, feed_format: FeedFormat, handles: Path | None, *, dry_run: bool, end_missing: bool,
    limits: Limits, report: _Errors, screen: _Screen,
) -> Counts:  # fmt: skip
    today = dt.datetime.now(tz=_ENGLAND).date()
    by_team = read_handles(handles) if handles else {}
    async with Client(desk) as client:
        resolver = Handles(by_team, own=await client.index.handles())
        if unknown := resolver.unknown():
            say(f"{unknown} rows of the handles file name a handle that is not one of yours.")
        feed = _open(source, feed_format, today=today, handles=resolver)
        run = FeedRun(
            feed, keys=desk.feed_keys(), today=today, end_missing=end_missing, on_error=report.add, on_step=screen.show
        )
        try:
            run.read()
            counts = await run.compare(client.index)
            if dry_run:
                _warn(counts, limits)
                return counts
            limits = _accepted(counts, limits)
            await run.send(counts, limits, evaluator=client, index=client.index, name=feed_format.value)
        finally:
            screen.close()
            run.close()
    return counts


def _open(source: Path, feed_format: FeedFormat, *, today: dt.date, handles: Handles) -> Feed:
    join_key = Secret(system_randomness(32))
    match feed_format:
        case FeedFormat.SSD:
            return open_ssd(source, today=today, handles=handles, join_key=join_key)
        case FeedFormat.CSV:
            return CSVFeed(source, today=today, handles=handles, join_key=join_key)


# -- limits -----------------------------------------------------------------------------------------------------------


def _warn(counts: Counts, limits: Limits) -> None:
    verdict = check_limits(counts, limits)
    if isinstance(verdict, TooManyRejected | TooManyEnds):
        say(f"It would stop here: {_sentence(verdict)}")


def _accepted(counts: Counts, limits: Limits) -> Limits:
    """The limits, with so many ends as a person at a terminal accepts.

    Raises:
        FeedStopped: a limit stops the feed.
    """
    verdict = check_limits(counts, limits)
    if isinstance(verdict, TooManyEnds) and sys.stdin.isatty() and sys.stderr.isatty():
        say(_sentence(verdict))
        if typer.prompt(f"Type {verdict.ends} to accept that", err=True).strip() == str(verdict.ends):
            return Limits(limits.rejected_share, limits.ended_share, verdict.ends)
    if isinstance(verdict, TooManyRejected | TooManyEnds):
        raise FeedStopped(verdict)
    return limits


def _sentence(verdict: TooManyRejected | TooManyEnds) -> str:
    match verdict:
        case TooManyRejected(rejected=rejected, rows=rows, limit=limit):
            return f"{rejected:,} of {rows:,} rows were rejected, more than the limit of {100 * limit:.4g} %."
        case TooManyEnds(ends=ends, caseload=caseload, limit=limit):
            return (
                f"{ends:,} of {caseload:,} open involvements would end or be withdrawn, more than the limit of "
                f"{100 * limit:.4g} %."
            )


@contextmanager
def _named_failures() -> Iterator[None]:
    """Each foreseen way for a feed to fail, as the end of the command."""
    try:
        yield
    except FeedError as error:
        raise Stop(ExitCode.USAGE, f"The file cannot be read as this format: {error}.", hint=_NOTHING_SENT) from None
    except FeedStopped as stopped:
        verdict = stopped.verdict
        hint = (
            f"If that is right: --accept-ends {verdict.ends}"
            if isinstance(verdict, TooManyEnds)
            else "Mend the extract; or, if that is right, raise --reject-limit."
        )
        raise Stop(ExitCode.NEEDS_A_PERSON, _sentence(verdict), why="Nothing was sent.", hint=hint) from None
    except ListContradictsItself:
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            "The index's list of your involvements contradicts itself.",
            hint="signpost doctor",
        ) from None
    except Failure as failure:
        stop = stop_of(failure)
        assert stop is not None
        stop.hint = f"{stop.hint} {_AGAIN}".strip()
        raise stop from None


_NOTHING_SENT: Final = "Mend it, or name another --format."


# -- what is said -----------------------------------------------------------------------------------------------------


@final
class _Errors:
    """Rejected rows: all to the file, the first few to the screen."""

    def __init__(self, file: ErrorFile | None) -> None:
        self._file = file
        self._first: list[RowError] = []
        self._count = 0

    def add(self, error: RowError) -> None:
        self._count += 1
        if len(self._first) < _SHOWN_ERRORS:
            self._first.append(error)
        if self._file is not None:
            self._file.write(error)

    def show(self, path: Path | None) -> None:
        if not self._count:
            return
        if path is not None:
            say(f"{self._count:,} errors are listed in {path}.")
            return
        say("row,field,code,meaning")
        for error in self._first:
            say(f"{error.row},{error.field},{error.code.value},{error.meaning}")
        if self._count > len(self._first):
            say(f"… and {self._count - len(self._first):,} more")


@contextmanager
def _error_file(path: Path | None) -> Iterator[ErrorFile | None]:
    if path is None:
        yield None
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        yield ErrorFile(stream)


@final
class _Screen:
    """One progress display for each stretch of the work, one after another."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self._what = ""
        self._done = 0
        self._progress: Progress | None = None

    def show(self, step: Step) -> None:
        if step.what != self._what:
            self.close()
            self._what, self._done = step.what, 0
            self._progress = Progress(step.what, total=step.total, plain=self._plain)
            self._progress.__enter__()
        assert self._progress is not None
        if step.done > self._done:
            self._progress.advance(step.done - self._done)
            self._done = step.done

    def close(self) -> None:
        if self._progress is not None:
            self._progress.__exit__()
            self._progress = None


def _tell(counts: Counts, limits: Limits, *, dry_run: bool, as_json: bool) -> None:
    figures = {
        "add": counts.add,
        "change": counts.change,
        "end": counts.end,
        "withdraw": counts.withdraw,
        "unchanged": counts.unchanged,
        "held": counts.held,
        "passed_over": counts.passed_over,
        "rejected": counts.rejected,
    }
    if as_json:
        answer_json("signpost.register/1", {"dry_run": dry_run, **figures})
        return
    verbs = ("Would add", "change", "end", "withdraw") if dry_run else ("Added", "changed", "ended", "withdrawn")
    parts = [
        f"{verb} {count:,}"
        for verb, count in zip(verbs, (counts.add, counts.change, counts.end, counts.withdraw), strict=True)
        if count or verb == verbs[0]
    ]
    parts.append(f"unchanged {counts.unchanged:,}")
    if counts.passed_over:
        parts.append(f"grown up {counts.passed_over:,}")
    share, limit = 100 * counts.rejected_share, 100 * limits.rejected_share
    parts.append(f"rejected {counts.rejected:,} ({share:.2f} %, limit {limit:.4g} %)")
    answer(" · ".join(parts))
