"""`signpost shield end`: have a shield end, or have it keep an identity that has ended (protocol.md C4).

A shield does not end on one officer's word: it hides until somebody elsewhere has approved that. Where a child has a
new identity, only what belongs to the old one is typed here: the two are never typed together.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import InvalidRequest, NothingToAsk
from signpost.edge.holders_client import HolderFault, OnFault
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.shield_words import ANOTHERS_NUMBER, OLD_IDENTITY_WARNING, OLD_NUMBER
from signpost.edge.shielding import keep_old_identity
from signpost.protocol.problems import ProblemCode
from signpost.protocol.shielding import ShieldAnswer, ShieldEndReason, ShieldEndRequest
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import Questions, answers_to
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import tell_faults
from signpost_cli.options import HiddenFlag, Home, StdinFlag
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.shield_words import (
    ShieldName,
    YesFlag,
    confirm,
    for_a_council,
    shield_document,
    shield_name,
    tell_who_approves,
    whether_it_arrived,
)
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["end"]

_OLD: Final = ("nhs_number", "forename", "middle_name", "surname", "date_of_birth", "multiple_birth")
_QUESTIONS: Final = Questions(
    first="Of the OLD identity alone, nothing of the new one. Return skips a question.",
    fields={
        "nhs_number": "Old NHS number",
        "forename": "Old forename",
        "middle_name": "Old middle name",
        "surname": "Old surname",
        "date_of_birth": "",
        "multiple_birth": "One of twins or more (y or n)",
    },
    before={},
    piped={field: field for field in _OLD},
)


def end(
    shield: ShieldName,
    why: Annotated[ShieldEndReason | None, typer.Option(metavar="CODE", help="Have it end, for this reason.")] = None,
    identity_ended: Annotated[
        bool, typer.Option("--identity-ended", help="The child has a new identity: hide the old one alone.")
    ] = False,
    yes: YesFlag = False,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Have your own shield end; or, with --identity-ended, have it keep the identity that an adopted child has left.

    The reasons are no-longer-in-danger and mistaken. It hides until an officer of another council has approved that:
    ring them and say the reference.

    With --identity-ended it asks for the old NHS number, names and date of birth, never for an address. Your own
    organisation's registrations of the old identity are deleted, and nothing leads from it to the new one.

    Example:
      signpost shield end L7Q2-94KD --why no-longer-in-danger
      signpost shield end L7Q2-94KD --identity-ended
    """
    name, folder = shield_name(shield), home or default_folder()
    if (why is None) is not identity_ended:
        raise Stop(
            ExitCode.USAGE,
            f"It takes either --why CODE ({', '.join(ShieldEndReason)}) or --identity-ended. Nothing was sent.",
        )
    if why is not None and (stdin or hidden or yes):
        raise Stop(ExitCode.USAGE, "--stdin, --hidden and --yes go with --identity-ended alone. Nothing was sent.")
    for_a_council(folder)
    if why is None:
        _identity_ended(folder, name, yes=yes, stdin=stdin, hidden=hidden, as_json=as_json)
        return
    desk = open_desk(folder)
    ending = asyncio.run(_end(desk, ShieldEndRequest(shield=name, why=why)))
    if as_json:
        answer_json("signpost.shield/1", shield_document(ending))
        return
    answer(f"Shield {name} is to end. Until that is approved it hides as before.")
    tell_who_approves(ending, "its end", f"signpost shield approve {name} --end")


def _identity_ended(folder: Path, name: str, *, yes: bool, stdin: bool, hidden: bool, as_json: bool) -> None:
    instead = f"signpost shield end {name} --identity-ended --yes --stdin < old.json"
    confirm(name, warning=OLD_IDENTITY_WARNING, yes=yes, instead=instead)
    faults = list[HolderFault]()
    with whether_it_arrived() as attempt:
        desk = open_desk(folder)
        with answers_to(_QUESTIONS, stdin=stdin, hidden=hidden, instead=instead) as details:
            child = checked(details, today=today_here())
            attempt.sent = True
            kept = asyncio.run(_keep_old_identity(desk, child, name, faults.append))
    tell_faults(faults)
    if as_json:
        answer_json("signpost.shield/1", shield_document(kept))
        return
    answer(f"Shield {name} hides the old identity alone. Your own registrations of it are deleted.")
    answer("  Nothing leads from it to a new identity: your feed may register that as any other child.")
    say("  Where the new identity must be hidden too, shield it by itself: signpost shield add --reason adoption")


async def _end(desk: Desk, request: ShieldEndRequest) -> ShieldAnswer:
    async with Client(desk) as client:
        return await client.index.end_shield(request)


async def _keep_old_identity(desk: Desk, child: ChildDetails, name: str, on_fault: OnFault) -> ShieldAnswer:
    async with Client(desk) as client:
        try:
            return await keep_old_identity(client, child, name, on_fault=on_fault)
        except NothingToAsk as nothing:
            raise Stop(ExitCode.USAGE, "These details are not enough. Nothing was sent.", why=nothing.why) from None
        except InvalidRequest as refused:
            if refused.code is not ProblemCode.TAGS_PROFILE:
                raise
            raise InvalidRequest(ANOTHERS_NUMBER, hint=OLD_NUMBER, code=refused.code) from None
