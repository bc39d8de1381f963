"""`signpost register`: a council's file becomes involvements at the index (docs/explanation/feeds.md).

The summary is the answer, on stdout; rejected rows, progress and advice go to stderr and to `--errors`. Nothing that
stood in a row is ever shown: a row is named by its number, a field and a code.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, TypeVar, final
from zoneinfo import ZoneInfo

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.feeds.errors import FeedError
from signpost.edge.feeds.extract import Extract, FeedFormat, Missing, open_extract
from signpost.edge.feeds.handles import Handles, read_handles
from signpost.edge.feeds.limits import Limits, TooManyEnds, broken_limits
from signpost.edge.feeds.quality import Quality
from signpost.edge.feeds.reconcile import Counts
from signpost.edge.feeds.words import changed_here_line, counts_line, sentence, unknown_handles
from signpost.edge.registering import FeedRun, Step
from signpost.protocol.purposes import Purpose
from signpost.protocol.secret import Secret
from signpost.service.clock import system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, PlainFlag, Progress, answer, answer_json, say
from signpost_cli.register_asking import Asked, Elsewhere, Wanted
from signpost_cli.register_errors import Rejections, refuse_place, rejections
from signpost_cli.register_quality import tell_quality, write_quality
from signpost_cli.register_stops import Stage, foreseen_ends, stopped_by
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["register"]

_ENGLAND: Final = ZoneInfo("Europe/London")

_T = TypeVar("_T")


def register(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|FOLDER", help="The extract.", exists=True, readable=True, show_default=False)
    ],
    feed_format: Annotated[FeedFormat, typer.Option("--format", help="What the extract is written in.")],
    handles: Annotated[
        Path | None, typer.Option(help="A CSV file team,handle, from your teams to your handles.", exists=True)
    ] = None,
    handle: Annotated[
        str | None, typer.Option(help="For cin and s903, which name no team: the handle whose work it is.")
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(
            help="For cin and s903: a CSV file local_id,nhs_number,upn,forename,surname,… of who the children are.",
            exists=True,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do none of it.")] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the rejected rows here: row, field, code, meaning.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write how good the extract is for finding children by here, as JSON.")
    ] = None,
    missing: Annotated[
        Missing,
        typer.Option(
            help="What becomes of involvements that are no longer in the extract; an earlier end is never moved later."
        ),
    ] = Missing.WITHDRAW,
    reject_limit: Annotated[
        float, typer.Option(help="Stop when more than this share of the rows is rejected, in %.", min=0, max=100)
    ] = 2.0,
    end_limit: Annotated[
        float,
        typer.Option(
            help="Stop when more than this share of what is open or gone from the extract would end, in %.",
            min=0,
            max=100,
        ),
    ] = 20.0,
    accept_ends: Annotated[
        int | None, typer.Option(help="Accept up to this many ends and withdrawals in all.", min=0)
    ] = None,
    send_again: Annotated[
        bool,
        typer.Option(
            "--send-again",
            help="Register anew, as the extract has it, what was ended or handed over at the gateway since.",
        ),
    ] = False,
    ask_elsewhere: Annotated[
        Purpose | None,
        typer.Option(help="Look each newly added child up for this purpose, and leave a call-back for the week."),
    ] = None,
    ask_as: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="With --ask-elsewhere: the desk of whoever asks, a practitioner of yours who is signed in.",
        ),
    ] = None,
    asked: Annotated[
        Path | None, typer.Option(help="With --ask-elsewhere: write row and receipt of each child to this new file.")
    ] = None,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Register involvement from a file the council already has.

    The file is compared with what was registered before, and the difference is sent: the same file again changes
    nothing. A file that was interrupted is completed by running it again.

    When families have moved to you, --ask-elsewhere asks about each child that this run newly adds, and leaves a
    call-back whatever the answer was. It is a practitioner's act, from their desk: a feed looks nobody up.

    Example:
      signpost register extract/ --format ssd --handles handles.csv --errors errors.csv --dry-run
      signpost register extract/ --format ssd --handles handles.csv --errors errors.csv
      signpost register census.xml --format cin --handle front-door --identity ids.csv
      signpost register extract/ --format ssd --handles handles.csv --ask-elsewhere s17 --ask-as desk/ --asked asked.csv
    """
    if feed_format.is_return and handle is None:
        raise Stop(ExitCode.USAGE, "This format names no team.", hint="Add --handle: the handle whose work it is.")
    if not feed_format.is_return and (handle is not None or identity is not None):
        what = "--handle" if handle is not None else "--identity"
        raise Stop(ExitCode.USAGE, f"{what} is for --format cin and s903: this format has its own in each row.")
    desk = open_desk(home or default_folder())
    limits = Limits(rejected_share=reject_limit / 100, ended_share=end_limit / 100, accept_ends=accept_ends)
    extract = Extract(source, feed_format, handles, handle, identity)
    inputs = [path for path in (source, handles, identity) if path is not None]
    if report is not None:
        refuse_place(report, inputs=[*inputs, *([errors] if errors is not None else [])], option="--report")
    wanted = Wanted(ask_elsewhere, ask_as, asked)
    outputs = [path for path in (errors, report) if path is not None]
    elsewhere = wanted.checked(desk, inputs=inputs, outputs=outputs, dry_run=dry_run)
    quality = Quality(Secret(system_randomness(32)))
    with rejections(errors, inputs=inputs) as rejected, closing(quality):
        counts, went = _run(
            desk, extract, dry_run=dry_run, end_missing=missing is Missing.END, send_again=send_again, limits=limits,
            rejected=rejected, quality=quality, report=report, elsewhere=elsewhere, screen=_Screen(plain=plain),
        )  # fmt: skip
        if not as_json:
            tell_quality(quality.report())
    _tell(counts, limits, went, dry_run=dry_run, as_json=as_json)
    if went is not None and went.stop is not None:
        raise went.stop
    if dry_run and (broken := broken_limits(counts, limits)):
        raise stopped_by(broken, "It would stop here.")
    if counts.rejected:
        rows = "1 row was" if counts.rejected == 1 else f"{counts.rejected:,} rows were"
        raise Stop(
            ExitCode.NEEDS_A_PERSON,
            f"{rows} rejected." if dry_run else f"{rows} rejected; the others are registered.",
            hint="Add --errors errors.csv for a list of them." if rejected.cut else "",
        )


def _run(
    desk: Desk, extract: Extract, *, dry_run: bool, end_missing: bool, send_again: bool,
    limits: Limits, rejected: Rejections, quality: Quality, report: Path | None, elsewhere: Elsewhere | None,
    screen: _Screen,
) -> tuple[Counts, Asked | None]:  # fmt: skip
    """Read, compare, ask where a limit is broken and, unless it is a dry run, send; then, if wanted, ask elsewhere.

    Reading and asking are outside the event loop, so that Ctrl-C ends them at once.
    """
    today = dt.datetime.now(tz=_ENGLAND).date()
    keys = desk.feed_keys()
    by_team = None if extract.handles is None else _teams(extract.handles)
    stage = Stage()
    with foreseen_ends(stage):
        listed = _with_client(desk, lambda client: client.index.handles())
        resolver = Handles(by_team, own=listed.handles, consent_only=listed.consent_only)
        if unknown := resolver.unknown():
            say(unknown_handles(unknown))
        feed = open_extract(extract, today=today, handles=resolver, join_key=Secret(system_randomness(32)))
        run = FeedRun(
            feed, keys=keys, today=today, end_missing=end_missing, send_again=send_again,
            on_error=rejected.add, on_row=quality.take, on_step=screen.show,
        )  # fmt: skip
        try:
            run.read()
            rejected.complete()
            screen.close()
            if report is not None:
                write_quality(quality.report(), report)
            counts = _with_client(desk, lambda client: run.compare(client.index))
            if dry_run:
                return counts, None if elsewhere is None else Asked(run.newly_added())
            limits = _accepted(counts, limits)

            def send() -> None:
                stage.sending = not broken_limits(counts, limits)
                name = extract.written_in.value
                _with_client(
                    desk, lambda client: run.send(counts, limits, evaluator=client, index=client.index, name=name)
                )

            if elsewhere is None:
                send()
                return counts, None
            with elsewhere.receipts(run, stage, on_step=screen.show) as receipts:
                send()
                return counts, elsewhere.ask(receipts)
        finally:
            screen.close()
            run.close()


def _with_client(desk: Desk, act: Callable[[Client], Awaitable[_T]]) -> _T:
    async def whole() -> _T:
        async with Client(desk) as client:
            return await act(client)

    return asyncio.run(whole())


def _teams(path: Path) -> dict[str, str]:
    """The handles file.

    Raises:
        Stop: it cannot be used.
    """
    try:
        return dict(read_handles(path))
    except FeedError as error:
        raise Stop(ExitCode.USAGE, "The handles file cannot be used. Nothing was sent.", why=f"{error}.") from None


def _accepted(counts: Counts, limits: Limits) -> Limits:
    """The limits, with so many ends as a person at a terminal accepts. Nothing is asked where that would not do."""
    match broken_limits(counts, limits):
        case (TooManyEnds(ends=ends) as broken,) if sys.stdin.isatty() and sys.stderr.isatty():
            say(sentence(broken))
            if typer.prompt(f"Type {ends} to accept that", err=True).strip() == str(ends):
                return Limits(limits.rejected_share, limits.ended_share, ends)
    return limits


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


def _tell(counts: Counts, limits: Limits, went: Asked | None, *, dry_run: bool, as_json: bool) -> None:
    figures = {
        "add": counts.add,
        "change": counts.change,
        "end": counts.end,
        "withdraw": counts.withdraw,
        "unchanged": counts.unchanged,
        "held": counts.held,
        "passed_over": counts.passed_over,
        "rejected": counts.rejected,
        "changed_here": counts.changed_here.count,
    }
    if as_json:
        asked = {} if went is None else {"ask_elsewhere": went.figures()}
        answer_json("signpost.register/1", {"dry_run": dry_run, **figures, **asked})
        return
    if left := changed_here_line(counts.changed_here):
        say(left)
        say("To have them stand as the extract has them: --send-again")
    answer(counts_line(counts, limits, dry_run=dry_run))
    if went is not None:
        went.tell(dry_run=dry_run)
