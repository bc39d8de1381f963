"""`signpost rights`: what a family may have done, by a rights officer of a council, with the family there.

What is printed can be read by the family: no code of law, no other organisation's name, and nothing of the details that
were typed. Those are asked for as a lookup asks, are never arguments, and leave the screen when the answer has come.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from signpost.edge import rights
from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import Failure
from signpost.edge.holders_client import HolderFault
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.problems import ProblemCode
from signpost.protocol.rights import (
    Exemption,
    ObjectionEndRequest,
    ObjectionGround,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportReadRequest,
    RightsReceipt,
)
from signpost_cli.child_details import checked, details_of_two, today_here
from signpost_cli.child_prompt import TypedDetails, details_from
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import tell_faults
from signpost_cli.moments import iso, shown_moment
from signpost_cli.options import HiddenFlag, Home, NameFlag, StdinFlag
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, say
from signpost_cli.receipts import spoken
from signpost_cli.rights_page import page_of
from signpost_cli.rights_words import (
    KEPT_BACK,
    MORE_RIGHTS,
    NOBODY_LOOKED,
    NOBODY_WORKS,
    WHO_LOOKED,
    WHO_WORKS,
    access_line,
    involvement_line,
)
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")

_REFERENCE: Final = "a report's reference"


@app.callback()
def _rights() -> None:
    """For rights officers of councils, with the family there: reports, objections, corrections, withdrawals.

    Example:
      signpost rights report
      signpost rights decide L7Q2-94KD --release --safe
      signpost rights report --read L7Q2-94KD --html report.html
    """


@app.command()
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
        raise _usage("--list and --read are two things: name one.")
    if page is not None and (read is None or as_json):
        raise _usage("--html goes with --read, and without --json.")
    if (listed or read is not None) and (by_name or stdin or hidden):
        raise _usage("--list and --read take no details of a child.")
    if listed:
        _list(home, as_json=as_json)
    elif read is not None:
        _read(spoken(read, _REFERENCE), home, page, as_json=as_json, plain=plain)
    else:
        _ask(home, by_name=by_name, stdin=stdin, hidden=hidden, as_json=as_json)


def _ask(home: Path | None, *, by_name: bool, stdin: bool, hidden: bool, as_json: bool) -> None:
    asked = _with_child(
        home, lambda client, child: rights.ask_for_report(client, child, on_fault=_tell_fault),
        by_name=by_name, stdin=stdin, hidden=hidden, command="report",
    )  # fmt: skip
    if as_json:
        answer_json("signpost.report-asked/1", _asked(asked))
        return
    answer(f"The report is asked for. Its reference is {asked.report}.")
    answer(f"  It can be read from {shown_moment(asked.release_at)}: every report takes 28 days, whatever is in it.")
    answer("  Somebody else of this council decides before then what may be told.")
    say(f"  Next, for a colleague: signpost rights decide {asked.report} --help")


def _list(home: Path | None, *, as_json: bool) -> None:
    found = _at_index(home, lambda client: client.index.reports()).reports
    if as_json:
        answer_json("signpost.reports/1", {"reports": [_asked(each) for each in found]})
        return
    if not found:
        answer("Your council has asked for no report that can still be read.")
    for each in found:
        decided = "decided" if each.decided else "waits for a decision"
        answer(
            f"{each.report}  asked for at {shown_moment(each.asked_at)}; {decided}; read from"
            f" {shown_moment(each.release_at)}"
        )


def _read(name: str, home: Path | None, page: Path | None, *, as_json: bool, plain: bool) -> None:
    if page is not None and os.path.lexists(page):
        raise _usage("There is a file of that name already. Nothing was written over.", hint="Name a new file.")
    try:
        found = _at_index(home, lambda client: client.index.read_report(ReportReadRequest(report=name)))
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
        answer(f"  {KEPT_BACK}")
    elif not found.involvements:
        answer(f"  {NOBODY_WORKS}")
    for involvement in found.involvements or ():
        who, since, until = involvement_line(involvement)
        answer(f"  {who}: since {since}, {until if until == 'still' else f'until {until}'}")
    answer(f"{bold(WHO_LOOKED, sys.stdout, plain=plain)}")
    if found.accesses is None:
        answer(f"  {KEPT_BACK}")
    elif not found.accesses:
        answer(f"  {NOBODY_LOOKED}")
    for access in found.accesses or ():
        when, who, reason = access_line(access)
        answer(f"  {when}: {who[:1].lower()}{who[1:]}, {reason}")
    answer(MORE_RIGHTS)


@app.command()
def decide(
    reference: Annotated[str, typer.Argument(help="The report's reference, as L7Q2-94KD.", show_default=False)],
    release: Annotated[bool, typer.Option("--release/--refuse", help="Whether the family may be told.")],
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
    if release and safe is None:
        raise _usage("Say whether it is safe to show who looked: --safe or --not-safe.")
    if not release and safe is not None:
        raise _usage("--safe and --not-safe go with --release.")
    if (exemption is None) is not (release and safe is True):
        raise _usage("--exemption says why something is kept back: with --refuse or --not-safe, and only then.")
    request = ReportDecisionRequest(
        report=name,
        decision="release" if release else "refuse",
        safe_to_show=safe is True,
        exemption=exemption,
    )
    _at_index(home, lambda client: client.index.decide_report(request))
    answer(f"Report {name} is decided.")


@app.command("object")
def object_to(
    ground: Annotated[
        ObjectionGround | None, typer.Option(help="How the objection was balanced; needed unless --end is given.")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--end", metavar="REFERENCE", help="Take an objection, or a withdrawn consent, of your council's back."
        ),
    ] = None,
    by_name: NameFlag = False,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that a family objects (UK GDPR Article 21), and how that was balanced; or take an objection back.

    no-overriding-ground: nothing outweighs it, so it is upheld. What rests on the family's consent, of any
    organisation, is seen by nobody from now on; work that the law asks for, or that protects the child from significant
    harm, stands. safeguarding-overrides: keeping a child safe outweighs it. legal-claims: it is needed for a claim in
    law. The last two are recorded as not upheld.

    Example:
      signpost rights object --ground no-overriding-ground
      signpost rights object --end L7Q2-94KD
    """
    if (ground is None) is (end is None):
        raise _usage("Name either --ground, to record an objection, or --end, to take one back.")
    if end is not None:
        if by_name or stdin or hidden:
            raise _usage("--end takes no details of a child.")
        name = spoken(end, "an objection's reference")
        _at_index(home, lambda client: client.index.end_objection(ObjectionEndRequest(objection=name)))
        answer(f"Objection {name} is taken back.")
        return
    assert ground is not None
    found = _with_child(
        home, lambda client, child: rights.record_objection(client, child, ground, on_fault=_tell_fault),
        by_name=by_name, stdin=stdin, hidden=hidden, command=f"object --ground {ground.value}",
    )  # fmt: skip
    if as_json:
        answer_json("signpost.objection/1", {"objection": found.objection, "upheld": found.upheld, "at": iso(found.at)})
        return
    answer(f"The objection is recorded. Its reference is {found.objection}.")
    if found.upheld:
        answer("  It is upheld: what rests on your consent is seen by nobody from now on.")
        answer("  Work that the law asks for, or that protects a child from significant harm, stands.")
    else:
        answer("  It is not upheld. You can ask the council's data protection officer to look at it again, and you can")
        answer("  complain to the Information Commissioner (ico.org.uk).")


@app.command()
def correct(
    stdin: Annotated[
        bool, typer.Option("--stdin", help='Read from stdin one JSON object: {"registered": {…}, "right": {…}}.')
    ] = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Correct what your council registered of a child under wrong details (UK GDPR Article 16).

    It asks for the details as they are registered, then for the right ones. From then on the child is found by those.
    Correct the council's own file too: what it sends next time, once that row has changed, is what stands then.

    Example:
      signpost rights correct
      signpost rights correct --stdin --json < details.json
    """
    desk = open_desk(home or default_folder())
    registered, right = _two_children(stdin=stdin, hidden=hidden)

    async def send() -> RightsReceipt:
        async with Client(desk) as client:
            return await rights.correct(client, registered, right, on_fault=_tell_fault)

    done = asyncio.run(send())
    if as_json:
        _tell_program(done)
        return
    answer(f"Corrected: {_counted(done.changed)} that this council registered. Receipt {done.receipt}.")
    if not done.changed:
        answer("  Nothing was found that is surely of this child. Check the details as they are registered.")


@app.command()
def withdraw(
    by_name: NameFlag = False,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a family's consent to what your council registered of their child (UK GDPR Article 7(3)).

    What rests on consent is withdrawn at once, and stays unseen though the council's file is sent again. Work that the
    law asks for, or that protects the child from significant harm, stands; how much of that there is, is said.

    Example:
      signpost rights withdraw
    """
    done = _with_child(
        home, lambda client, child: rights.withdraw_consent(client, child, on_fault=_tell_fault),
        by_name=by_name, stdin=stdin, hidden=hidden, command="withdraw",
    )  # fmt: skip
    if as_json:
        _tell_program(done)
        return
    answer(f"Withdrawn: {_counted(done.changed)} that rested on consent. Receipt {done.receipt}.")
    if done.standing:
        answer(f"  {_counted(done.standing)} of this council stands, because the law asks for it and not consent.")


def _with_child(
    home: Path | None, work: Callable[[Client, ChildDetails], Awaitable[T]], *, by_name: bool, stdin: bool,
    hidden: bool, command: str,
) -> T:  # fmt: skip
    """Do something about a child whose details are asked for, and taken off the screen again."""
    desk = open_desk(home or default_folder())
    instead = f"signpost rights {command} --stdin < child.json"
    with details_from(stdin=stdin, hidden=hidden, by_name=by_name, instead=instead) as details:
        child = checked(details, today=today_here())

        async def send() -> T:
            async with Client(desk) as client:
                return await work(client, child)

        return asyncio.run(send())


def _two_children(*, stdin: bool, hidden: bool) -> tuple[ChildDetails, ChildDetails]:
    """The details as they are registered, and the right ones."""
    today = today_here()
    if stdin:
        wrong, right = details_of_two(sys.stdin)
        return checked(wrong, today=today), checked(right, today=today)
    instead = "signpost rights correct --stdin < details.json"
    with TypedDetails(hidden=hidden, instead=instead) as typed:
        say("First the details as they are registered.")
        registered = checked(typed.ask_by_name(), today=today)
    with TypedDetails(hidden=hidden, instead=instead) as typed:
        say("Now the right ones, all of them.")
        return registered, checked(typed.ask_by_name(), today=today)


def _at_index(home: Path | None, work: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the index something that takes no child."""
    desk: Desk = open_desk(home or default_folder())

    async def send() -> T:
        async with Client(desk) as client:
            return await work(client)

    return asyncio.run(send())


def _tell_fault(fault: HolderFault) -> None:
    tell_faults((fault,))


def _counted(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


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


def _tell_program(done: RightsReceipt) -> None:
    answer_json(
        "signpost.rights-receipt/1",
        {"receipt": done.receipt, "at": iso(done.at), "changed": done.changed, "standing": done.standing},
    )


def _write(path: Path, text: str) -> None:
    """A new file that its user alone can read; never over another, and never a part of one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise Stop(
            ExitCode.USAGE, "The page cannot be made there. Nothing was written.", hint="Name a file that is not there."
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise Stop(ExitCode.FAILED, "The page could not be written; the part that was is deleted.") from None


def _usage(what: str, *, hint: str = "") -> Stop:
    return Stop(ExitCode.USAGE, f"{what} Nothing was sent.", hint=hint)
