"""`signpost rights`: what a family may have done, by a rights officer of a council, with the family there.

What is printed can be read by the family: no code of law, no other organisation's name, and nothing of the details that
were typed. Those are asked for as a lookup asks, are never arguments, and leave the screen when the answer has come.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Final

import typer

from signpost.edge import rights
from signpost.edge.client import Client
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.rights_words import NOT_UPHELD, NOTHING_FOUND, UPHELD
from signpost.protocol.rights import ObjectionEndRequest, ObjectionGround, RightsReceipt
from signpost_cli.child_details import checked, details_of_two, today_here
from signpost_cli.child_prompt import TypedDetails
from signpost_cli.moments import iso
from signpost_cli.options import HiddenFlag, Home, NameFlag, StdinFlag
from signpost_cli.output import JsonFlag, answer, answer_json, say, wrapped
from signpost_cli.receipts import spoken
from signpost_cli.rights_asking import at_index, officers_desk, tell_fault, usage, whether_recorded, with_child
from signpost_cli.rights_reports import decide, report

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_AGAIN: Final = "Do it again: it may stand twice, and then you have a reference of the second."


@app.callback()
def _rights() -> None:
    """For rights officers of councils, with the family there: reports, objections, corrections, withdrawals.

    Example:
      signpost rights report
      signpost rights decide L7Q2-94KD --release --safe
      signpost rights report --read L7Q2-94KD --html report.html
    """


app.command()(report)
app.command()(decide)


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
        raise usage("Name either --ground, to record an objection, or --end, to take one back.")
    if end is not None:
        if by_name or stdin or hidden:
            raise usage("--end takes no details of a child.")
        name = spoken(end, "an objection's reference")
        at_index(home, lambda client: client.index.end_objection(ObjectionEndRequest(objection=name)))
        answer(f"Objection {name} is taken back.")
        return
    assert ground is not None
    found = with_child(
        home, lambda client, child, told: rights.record_objection(client, child, ground, on_fault=told),
        by_name=by_name, stdin=stdin, hidden=hidden, command=f"object --ground {ground.value}", again=_AGAIN,
    )  # fmt: skip
    if as_json:
        answer_json("signpost.objection/1", {"objection": found.objection, "upheld": found.upheld, "at": iso(found.at)})
        return
    answer(f"The objection is recorded. Its reference is {found.objection}.")
    answer(wrapped(UPHELD if found.upheld else NOT_UPHELD, indent=2))


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
    desk = officers_desk(home)
    with whether_recorded("Do it again: no entry is found where it was.") as attempt:
        registered, right = _two_children(stdin=stdin, hidden=hidden)

        async def send() -> RightsReceipt:
            async with Client(desk) as client:
                return await rights.correct(client, registered, right, on_fault=tell_fault)

        attempt.sent = True
        done = asyncio.run(send())
    if as_json:
        _tell_program(done)
        return
    answer(f"Corrected: {_counted(done.changed)} that this council registered. Receipt {done.receipt}.")
    if not done.changed:
        answer(wrapped(f"{NOTHING_FOUND} Check the details as they are registered.", indent=2))


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
    done = with_child(
        home, lambda client, child, told: rights.withdraw_consent(client, child, on_fault=told),
        by_name=by_name, stdin=stdin, hidden=hidden, command="withdraw", again=_AGAIN,
    )  # fmt: skip
    if as_json:
        _tell_program(done)
        return
    answer(f"Withdrawn: {_counted(done.changed)} that rested on consent. Receipt {done.receipt}.")
    if done.standing:
        one = done.standing == 1
        stands = "stands: it rests" if one else "stand: they rest"
        told = f"{_counted(done.standing)} of this council {stands} on the law or on keeping a child safe."
        answer(wrapped(told, indent=2))
    elif not done.changed:
        answer(
            wrapped(f"{NOTHING_FOUND} Give the NHS number, or names and postcode as the council has them.", indent=2)
        )
    say(f"  Should they consent again: signpost rights object --end {done.receipt}")


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


def _counted(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _tell_program(done: RightsReceipt) -> None:
    answer_json(
        "signpost.rights-receipt/1",
        {"receipt": done.receipt, "at": iso(done.at), "changed": done.changed, "standing": done.standing},
    )
