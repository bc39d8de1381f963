"""`signpost shield`: hide a child who must not be found, and approve what another council hides (protocol.md C4).

An officer is told of their own request alone: not whom it hides, nor whether anybody had registered the child. A
postcode is asked for only where the danger knows it already: of the new address nothing is ever sent.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from typing import Annotated, Final

import typer

from signpost.edge.client import Client
from signpost.edge.dates import DateError, parse_date
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import InvalidRequest, NothingToAsk, failure_of
from signpost.edge.holders_client import HolderFault, OnFault
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.shield_words import REASONS
from signpost.edge.shielding import add_shield, review_day
from signpost.edge.words import which_child
from signpost.protocol.problems import ProblemCode
from signpost.protocol.shielding import (
    ShieldAnswer,
    ShieldList,
    ShieldReason,
    ShieldRequest,
    ShieldState,
    ShieldStatusRequest,
)
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import Questions, answers_to
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import tell_faults
from signpost_cli.options import HiddenFlag, Home
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, say, wrapped
from signpost_cli.shield_desk import call_back, queue, resolve
from signpost_cli.shield_ending import end
from signpost_cli.shield_words import (
    ShieldName,
    YesFlag,
    confirm,
    for_a_council,
    shield_document,
    shield_name,
    tell_shield,
    tell_who_approves,
    whether_it_arrived,
)
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_ADD: Final = "signpost shield add --reason CODE --stdin < known.json"
_QUESTIONS: Final = Questions(
    first="Return skips a question. It hides what is typed here: type all that the danger knows.",
    fields={
        "forename": "",
        "middle_name": "",
        "surname": "",
        "date_of_birth": "Date of birth, or the year alone",
        "multiple_birth": "One of twins or more (y or n)",
        "nhs_number": "",
        "upn": "",
        "postcode": "A postcode that the danger already knows",
        "previous_postcode": "Another that they already know",
    },
    before={
        "postcode": (
            "Never the new address: a shield must not become a way to test guesses of it. Press Enter for none."
        )
    },
    piped={
        "forename": "forename",
        "middle_name": "middle_name",
        "surname": "surname",
        "date_of_birth": "date_of_birth",
        "multiple_birth": "multiple_birth",
        "nhs_number": "nhs_number",
        "upn": "upn",
        # Not by the names that a lookup's details have: the new address would come along with those.
        "known_postcode": "postcode",
        "other_known_postcode": "previous_postcode",
        "mother_nhs_number": "mother_nhs_number",
        "expected_date_of_birth": "expected_date_of_birth",
    },
)

_BY_NAME_ALONE: Final = (
    "No NHS number is in it: a registration under another spelling, or a common name, can stay visible until the desk"
    " has decided. Add the number as soon as you have it."
)


@app.callback()
def _shield() -> None:
    """Hide a child who must not be found: for shielding officers of councils, and for the independent desk.

    A council's officer uses add, approve, status and end; the desk uses queue, resolve and call-back.

    Example:
      signpost shield add --reason fleeing-abuse
      signpost shield status
    """


@app.command("add")
def add(
    reason: Annotated[ShieldReason, typer.Option(help="Why the child must not be found.")],
    review_on: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="When somebody looks whether it is still needed, within two years; else in a year."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="SHIELD", help="Add another name or number of the child to your own shield."),
    ] = None,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin", help="Read the details from stdin; postcodes there are known_postcode and other_known_postcode."
        ),
    ] = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Hide a child at once, whoever has registered them and whoever will.

    It asks for the child's details, and of postcodes for those alone that the danger knows already; all of it leaves
    the screen when the answer has come. From then on everybody who asks elsewhere is answered as if nobody had
    registered the child. An officer of another council approves it within a working day: ring them and say the
    reference. You are not told whether anybody had registered the child.

    Example:
      signpost shield add --reason fleeing-abuse
      signpost shield add --reason forced-marriage --review-on 2027-06-01
      signpost shield add --reason fleeing-abuse --to L7Q2-94KD
    """
    folder = home or default_folder()
    for_a_council(folder)
    if to is not None and review_on is not None:
        raise Stop(
            ExitCode.USAGE,
            "--review-on goes with a new shield alone: what is added with --to keeps the shield's own day."
            " Nothing was sent.",
        )
    review = _review_day(review_on)
    own = None if to is None else shield_name(to)
    faults = list[HolderFault]()
    with whether_it_arrived() as attempt:
        desk = open_desk(folder)
        with answers_to(_QUESTIONS, stdin=stdin, hidden=hidden, instead=_ADD) as details:
            child = checked(details, today=today_here())
            attempt.sent = True
            shield = asyncio.run(_add(desk, child, reason, review, own, faults.append))
    tell_faults(faults)
    if as_json:
        answer_json("signpost.shield/1", shield_document(shield))
        return
    _tell_added(shield, child, added_to=own is not None, plain=plain)
    if shield.reason is not reason:
        say(wrapped(f"It was asked for because of {REASONS[shield.reason]}; that stays its reason.", indent=2))


def _tell_added(shield: ShieldAnswer, child: ChildDetails, *, added_to: bool, plain: bool) -> None:
    done = "ADDED" if added_to else "SHIELDED"
    words = f"Shield {shield.shield} hides this child from now on, whoever has registered them and whoever will."
    answer(f"{bold(done, sys.stdout, plain=plain)}  {wrapped(words, indent=len(done) + 2).lstrip()}")
    answer(f"  (for the {which_child(child)})")
    answer(f"  Because of {REASONS[shield.reason]}. It is looked at again on {shield.review_on:%-d %B %Y}.")
    if shield.state is ShieldState.WAITING:
        tell_who_approves(shield, "it", f"signpost shield approve {shield.shield}")
    answer(wrapped("Whether anybody had registered the child is told to nobody but the independent desk.", indent=2))
    if child.nhs_number is None or child.date_of_birth is None:
        say(wrapped(_BY_NAME_ALONE, indent=2))
    say("  Another name, number or known address of the child is added to it by:")
    say(f"    signpost shield add --reason {shield.reason.value} --to {shield.shield}")


@app.command("approve")
def approve(
    shield: ShieldName,
    ends: Annotated[bool, typer.Option("--end", help="Approve that it ends: the child can then be found.")] = False,
    yes: YesFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Approve a shield of another council's, or with --end that it ends.

    Their officer rings you and says the reference. Ring back through their switchboard if you do not know them; speak
    about why, not about who. You are shown nothing of the child.

    Example:
      signpost shield approve L7Q2-94KD
      signpost shield approve L7Q2-94KD --end
    """
    name, folder = shield_name(shield), home or default_folder()
    for_a_council(folder)
    if ends:
        confirm(
            name,
            warning="When you approve this, the child can be found again at once.",
            yes=yes,
            instead=f"signpost shield approve {name} --end --yes",
        )
    desk = open_desk(folder)
    approved = asyncio.run(_approve(desk, ShieldRequest(shield=name, ends=ends)))
    if as_json:
        answer_json("signpost.shield-approved/1", {**shield_document(approved), "ends": ends})
        return
    if ends:
        answer(f"The end of shield {name} is approved. It hides nothing any more.")
    else:
        answer(f"Shield {name} is approved. It hides until an officer asks for its end.")


@app.command("status")
def status(
    shield: Annotated[
        str | None,
        typer.Argument(metavar="[SHIELD]", help="One of your own organisation's; else all.", show_default=False),
    ] = None,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """See how your own organisation's shields stand. Of one that waits for an approval it exits with 8.

    Not what they hide, nor who asks: that is the independent desk's.

    Example:
      signpost shield status
      signpost shield status L7Q2-94KD
    """
    name, folder = None if shield is None else shield_name(shield), home or default_folder()
    for_a_council(folder)
    desk = open_desk(folder)
    found = asyncio.run(_status(desk, ShieldStatusRequest(shield=name))).shields
    if name is not None and [each.shield for each in found] != [name]:
        raise failure_of(ProblemCode.SHIELD_UNKNOWN)
    if as_json:
        answer_json("signpost.shields/1", {"shields": [shield_document(each) for each in found]})
    else:
        if not found:
            answer("Your organisation has no shield.")
        for each in found:
            tell_shield(each, plain=plain)
    if name is not None and found[0].state is not ShieldState.APPROVED:
        raise typer.Exit(ExitCode.PENDING)


app.command("end")(end)
app.command("queue")(queue)
app.command("resolve")(resolve)
app.command("call-back")(call_back)


def _review_day(text: str | None) -> dt.date:
    """The day that was named, or the same in a year.

    Raises:
        Stop: it is no date. Failure: it is not within the two years that the index allows.
    """
    try:
        named = None if text is None else parse_date(text)
    except DateError:
        raise Stop(ExitCode.USAGE, "--review-on is not a date. Nothing was sent.", hint="As 2027-06-01.") from None
    return review_day(named, today=today_here())


async def _add(
    desk: Desk, child: ChildDetails, reason: ShieldReason, review_on: dt.date, own: str | None, on_fault: OnFault
) -> ShieldAnswer:
    async with Client(desk) as client:
        try:
            return await add_shield(client, child, reason=reason, review_on=review_on, own=own, on_fault=on_fault)
        except NothingToAsk as nothing:
            raise Stop(ExitCode.USAGE, "These details hide nobody. Nothing was sent.", why=nothing.why) from None


async def _approve(desk: Desk, request: ShieldRequest) -> ShieldAnswer:
    async with Client(desk) as client:
        try:
            return await client.index.approve_shield(request)
        except InvalidRequest as refused:
            if refused.code is not ProblemCode.SHIELD_DECIDED:
                raise
            other = "a shield, without --end" if request.ends else "its end, with --end"
            hint = f"Ask the officer who rang what they want approved. Perhaps {other}."
            raise InvalidRequest(refused.why, hint=hint, code=refused.code) from None


async def _status(desk: Desk, request: ShieldStatusRequest) -> ShieldList:
    async with Client(desk) as client:
        return await client.index.shields(request)
