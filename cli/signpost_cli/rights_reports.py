"""`signpost rights report` and `decide`: who works with a family's child, and who looked.

One officer asks, another decides what may be told, and 28 days later it is read: by the family too, who see neither a
code of law nor any organisation's name.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge import rights
from signpost.edge.failures import Failure
from signpost.edge.moments import shown_moment
from signpost.edge.rights_page import page_of
from signpost.edge.rights_words import (
    KEPT_BACK,
    MORE_RIGHTS,
    NOBODY_LOOKED,
    NOBODY_WORKS,
    WHO_LOOKED,
    WHO_WORKS,
    access_line,
    involvement_line,
)
from signpost.protocol.problems import ProblemCode
from signpost.protocol.rights import Exemption, Report, ReportAsked, ReportDecisionRequest, ReportReadRequest
from signpost_cli.exit_codes import ExitCode
from signpost_cli.moments import iso
from signpost_cli.options import HiddenFlag, Home, NameFlag, StdinFlag
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, say, wrapped
from signpost_cli.receipts import spoken
from signpost_cli.rights_asking import at_index, usage, with_child
from signpost_cli.stops import Stop

__all__ = ["decide", "report"]

_REFERENCE: Final = "a report's reference"


def report(
    read: Annotated[
        str | None, typer.Option("--read", metavar="REPORT", help="Read a report that is released, by its reference.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List your council's reports, and when each is read.")] = False,
    page: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="With --read: write it as a page for the family; a new file."),
    ] = None,
    by_name: NameFlag = False,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Ask who works with a family's child, and who looked (UK GDPR Article 15); list such reports; read one.

    It asks for the child's details as a lookup does. Another rights officer of your council then decides what may be
    told. The report is made, and can be read, 28 days after it was asked for: always, whatever is in it. It tells kinds
    of organisation, dates and reasons; never a name or an address. What your own council does with the child is not in
    it: answer for that from your own files. Before it is released, --read exits with 8.

    Example:
      signpost rights report
      signpost rights report --list
      signpost rights report --read L7Q2-94KD --html report.html
    """
    if listed and read is not None:
        raise usage("--list and --read are two things: name one.")
    if page is not None and (read is None or as_json):
        raise usage("--html goes with --read, and without --json.")
    if (listed or read is not None) and (by_name or stdin or hidden):
        raise usage("--list and --read take no details of a child.")
    if listed:
        _list(home, as_json=as_json)
    elif read is not None:
        _read(spoken(read, _REFERENCE), home, page, as_json=as_json, plain=plain)
    else:
        _ask(home, by_name=by_name, stdin=stdin, hidden=hidden, as_json=as_json)


def _ask(home: Path | None, *, by_name: bool, stdin: bool, hidden: bool, as_json: bool) -> None:
    asked = with_child(
        home, lambda client, child, told: rights.ask_for_report(client, child, on_fault=told),
        by_name=by_name, stdin=stdin, hidden=hidden, command="report",
        again="See: signpost rights report --list. Where it is not there, ask again.",
    )  # fmt: skip
    if as_json:
        answer_json("signpost.report-asked/1", _asked(asked))
        return
    answer(f"The report is asked for. Its reference is {asked.report}.")
    day = f"It can be read from {shown_moment(asked.release_at)}: every report takes 28 days, whatever is in it."
    answer(wrapped(day, indent=2))
    answer("  Somebody else of this council decides before then what may be told.")
    say(f"  Next, for a colleague: signpost rights decide {asked.report} --help")


def _list(home: Path | None, *, as_json: bool) -> None:
    found = at_index(home, lambda client: client.index.reports()).reports
    if as_json:
        answer_json("signpost.reports/1", {"reports": [_asked(each) for each in found]})
        return
    if not found:
        answer("Your council has asked for no report that can still be read.")
    for each in found:
        decided = "decided" if each.decided else "waits for a decision"
        asked_at, release_at = shown_moment(each.asked_at), shown_moment(each.release_at)
        answer(wrapped(f"{each.report}  asked for at {asked_at}; {decided}; read from {release_at}", indent=0))


def _read(name: str, home: Path | None, page: Path | None, *, as_json: bool, plain: bool) -> None:
    if page is not None and os.path.lexists(page):
        raise usage("There is a file of that name already: it is not written over.", hint="Name a new file.")
    try:
        found = at_index(home, lambda client: client.index.read_report(ReportReadRequest(report=name)))
    except Failure as failure:
        if failure.code is ProblemCode.REPORT_NOT_RELEASED:
            raise Stop(
                ExitCode.PENDING, "This report is not released yet.", why=failure.why, hint=failure.hint
            ) from None
        raise
    if as_json:
        answer_json("signpost.report/1", _told(found))
    elif page is not None:
        _write(page, page_of(found))
        answer("The page is written. Only you can open it; give it to the family, and delete it.")
    else:
        _show(found, plain=plain)


def _show(found: Report, *, plain: bool) -> None:
    answer(f"Report {found.report}, released at {shown_moment(found.released_at)}.")
    answer(f"{bold(WHO_WORKS, sys.stdout, plain=plain)}")
    if found.involvements is None:
        answer(wrapped(KEPT_BACK, indent=2))
    elif not found.involvements:
        answer(wrapped(NOBODY_WORKS, indent=2))
    for involvement in found.involvements or ():
        who, since, until = involvement_line(involvement)
        answer(wrapped(f"{who}: since {since}, {until if until == 'still' else f'until {until}'}", indent=2))
    answer(f"{bold(WHO_LOOKED, sys.stdout, plain=plain)}")
    if found.accesses is None:
        answer(wrapped(KEPT_BACK, indent=2))
    elif not found.accesses:
        answer(wrapped(NOBODY_LOOKED, indent=2))
    for access in found.accesses or ():
        when, who, reason = access_line(access)
        answer(wrapped(f"{when}: {who[:1].lower()}{who[1:]}, {reason}", indent=2))
    answer(wrapped(MORE_RIGHTS, indent=0))


def decide(
    reference: Annotated[str, typer.Argument(help="The report's reference, as L7Q2-94KD.", show_default=False)],
    release: Annotated[bool | None, typer.Option("--release/--refuse", help="Whether the family may be told.")] = None,
    safe: Annotated[
        bool | None,
        typer.Option(
            "--safe/--not-safe",
            help="With --release: whether nobody could be found or harmed by seeing who looked.",
        ),
    ] = None,
    exemption: Annotated[
        Exemption | None, typer.Option(help="Why something is kept back; with --refuse and with --not-safe.")
    ] = None,
    home: Home = None,
) -> None:
    """Decide what may be told of a report that a colleague asked for: once, before it is read, and never your own.

    Think of harm first. Who looked, and when, can lead a violent parent to a refuge, a hospital or a new town: where
    you are not sure that nobody could be found by it, answer --not-safe. You are not shown the child or the report.

    serious-harm: telling would prejudice social work, or cause somebody serious harm (Data Protection Act 2018,
    Schedule 3, paragraphs 5, 11 and 19). child-abuse-data: telling is not in the child's best interests (paragraph 21).
    expected-confidence: it was given in the expectation that the asker would not be told (paragraphs 4 and 10). crime:
    telling would prejudice preventing or detecting crime (Schedule 2, paragraph 2). The family is told that something
    is kept back, not which of these it was.

    Example:
      signpost rights decide L7Q2-94KD --release --safe
      signpost rights decide L7Q2-94KD --release --not-safe --exemption serious-harm
      signpost rights decide L7Q2-94KD --refuse --exemption child-abuse-data
    """
    name = spoken(reference, _REFERENCE)
    if release is None:
        # No default, and neither is suggested.
        raise usage("Say whether the family may be told: --release or --refuse.")
    if release and safe is None:
        raise usage("Say whether it is safe to show who looked: --safe or --not-safe.")
    if not release and safe is not None:
        raise usage("--safe and --not-safe go with --release.")
    if (exemption is None) is not (release and safe is True):
        raise usage("--exemption says why something is kept back: with --refuse or --not-safe, and only then.")
    request = ReportDecisionRequest(
        report=name,
        decision="release" if release else "refuse",
        safe_to_show=safe is True,
        exemption=exemption,
    )
    at_index(home, lambda client: client.index.decide_report(request))
    answer(f"Report {name} is decided.")


def _asked(asked: ReportAsked) -> dict[str, object]:
    return {
        "report": asked.report,
        "asked_at": iso(asked.asked_at),
        "release_at": iso(asked.release_at),
        "decided": asked.decided,
    }


def _told(found: Report) -> dict[str, object]:
    return {
        **found.model_dump(mode="json"),
        "asked_at": iso(found.asked_at),
        "released_at": iso(found.released_at),
    }


def _write(path: Path, text: str) -> None:
    """A new file that its user alone can read; never over another, and never a part of one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise Stop(
            ExitCode.USAGE,
            "The page cannot be made there. Nothing was written.",
            hint="Name a new file, in a folder that there is and that you may write to.",
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise Stop(ExitCode.FAILED, "The page could not be written; the part that was is deleted.") from None
