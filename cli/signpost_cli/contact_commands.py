"""`signpost contact`: leave a call-back by the receipt of one's own lookup, see what became of it, say what came of it.

What is shown of a call-back depends on the time that has gone by and on what somebody shared, and on nothing else: who
declined, and who did not answer, looks like nobody.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from signpost.edge.client import Client, allowed_purpose
from signpost.edge.desk import Desk, default_folder
from signpost.edge.moments import shown_time
from signpost.edge.words import CONFIRM, desk_words
from signpost.protocol.messages import (
    ContactAnswer,
    ContactRequest,
    ContactStatus,
    ContactStatusRequest,
    OutcomeRequest,
    SharedHandle,
)
from signpost.protocol.purposes import Purpose, Role, Urgency
from signpost_cli.exit_codes import ExitCode
from signpost_cli.moments import iso
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, printable, say
from signpost_cli.receipts import spoken
from signpost_cli.shifts import open_desk

__all__ = ["Receipt", "app", "desk_line"]

app = typer.Typer(no_args_is_help=True)

Receipt = Annotated[str, typer.Argument(help="The receipt of your own lookup, as L7Q2-94KD.", show_default=False)]


@app.callback()
def _contact() -> None:
    """Be rung by a colleague elsewhere: leave a call-back by the receipt of your lookup, and see what became of it.

    Example:
      signpost contact ask L7Q2-94KD --urgency today
      signpost contact status L7Q2-94KD
    """


@app.command()
def ask(
    receipt: Receipt,
    urgency: Annotated[
        Urgency | None,
        typer.Option(help="How soon to be rung; else now for an urgent role, today for others."),
    ] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="Why you ask; else the first that your role may ask for.")
    ] = None,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask to be rung about the child of your own lookup, whatever it was answered.

    Whoever works with the child elsewhere is told your role, the kind of your organisation, why and how soon: never who
    you are. If nobody does yet, the call-back waits for four weeks, and a colleague who registers the child finds it.
    Asking again by the same receipt tells nobody twice; it can only make it more urgent.

    Example:
      signpost contact ask L7Q2-94KD --urgency now
    """
    desk = open_desk(home or default_folder())
    request = ContactRequest(
        receipt=spoken(receipt),
        purpose=allowed_purpose(desk.role, desk.settings.kind, purpose),
        urgency=urgency or (Urgency.NOW if desk.role is Role.URGENT else Urgency.TODAY),
    )
    left = asyncio.run(_ask(desk, request))
    if as_json:
        answer_json(
            "signpost.contact/1",
            {
                "receipt": left.receipt,
                "urgency": left.urgency.value,
                "answer_by": iso(left.answer_by),
                "waits_until": iso(left.waits_until),
            },
        )
        return
    answer(f"Your call-back is left. Receipt {left.receipt}, urgency {left.urgency.value}.")
    answer(f"  An answer is due by {shown_time(left.answer_by)}; it waits until {shown_time(left.waits_until)}.")
    say(f"  Next: signpost contact status {left.receipt}")


@app.command()
def status(receipt: Receipt, home: Home = None, as_json: JsonFlag = False, plain: PlainFlag = False) -> None:
    """See what became of your call-back. While it waits for an answer it exits with 8.

    ANSWERED shows the desk that may be rung. PENDING and NO REPLY say the same whoever was asked, and whether anybody
    was.

    Example:
      signpost contact status L7Q2-94KD
    """
    desk = open_desk(home or default_folder())
    found = asyncio.run(_status(desk, ContactStatusRequest(receipt=spoken(receipt))))
    if as_json:
        answer_json(
            "signpost.contact-status/1",
            {
                "receipt": found.receipt,
                "state": found.state,
                "urgency": found.urgency.value,
                "asked_at": iso(found.asked_at),
                "answer_by": iso(found.answer_by),
                "waits_until": iso(found.waits_until),
                "handles": [handle.model_dump() for handle in found.handles],
            },
        )
    else:
        _tell(found, plain=plain)
    if found.state != "answered":
        raise typer.Exit(ExitCode.PENDING)


@app.command()
def outcome(
    receipt: Receipt,
    reached: Annotated[bool, typer.Option("--reached/--not-reached", help="Whether you spoke to somebody.")],
    new: Annotated[
        bool, typer.Option("--new/--known", help="Whether they were new to you, or you knew of their work already.")
    ] = False,
    home: Home = None,
) -> None:
    """Say what came of your call-back: whether you reached somebody, and whether they were new to you.

    It is counted, so that it can be seen whether this index tells people anything they did not know. The last word
    stands.

    Example:
      signpost contact outcome L7Q2-94KD --reached --new
    """
    desk = open_desk(home or default_folder())
    asyncio.run(_outcome(desk, OutcomeRequest(receipt=spoken(receipt), reached=reached, new=reached and new)))
    answer("Thank you. It is noted.")


def _tell(found: ContactStatus, *, plain: bool) -> None:
    waits = f"It waits until {shown_time(found.waits_until)}."
    match found.state:
        case "answered":
            answer(f"{bold('ANSWERED', sys.stdout, plain=plain)}  You may ring:")
            for handle in found.handles:
                answer(f"  {desk_line(handle)}")
            answer(f"  {CONFIRM}")
            answer("  You are in touch: asking again about this child tells this desk again only if it is for now.")
            say(f"  Next: signpost contact outcome {found.receipt} --reached --new")
        case "pending":
            waits = f"An answer is due by {shown_time(found.answer_by)}. {waits}"
            answer(f"{bold('PENDING', sys.stdout, plain=plain)}  Nobody has answered yet. {waits}")
        case "no-reply":
            answer(f"{bold('NO REPLY', sys.stdout, plain=plain)}  Nobody has answered in time. {waits}")
            say("  If it cannot wait, ring the local duty line.")


def desk_line(handle: SharedHandle) -> str:
    """A desk, as it is rung or written to, on a terminal."""
    return printable(desk_words(handle))


async def _ask(desk: Desk, request: ContactRequest) -> ContactAnswer:
    async with Client(desk) as client:
        return await client.index.ask_for_call_back(request)


async def _status(desk: Desk, request: ContactStatusRequest) -> ContactStatus:
    async with Client(desk) as client:
        return await client.index.call_back(request)


async def _outcome(desk: Desk, request: OutcomeRequest) -> None:
    async with Client(desk) as client:
        await client.index.tell_outcome(request)
