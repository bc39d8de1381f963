"""`signpost inbox` and `signpost reply`: what a desk is asked, and what it answers (protocol.md C5).

Who asks is said by role and kind of organisation. The case reference is the desk's own, and is opened here, by the
shift's agent: the index cannot read it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Final

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.moments import shown_time
from signpost.edge.shift import open_references
from signpost.edge.words import REASONS, WHERE, WHO, law
from signpost.protocol.messages import BrokenGlass, DeclineReason, Inbox, Notice, ReplyRequest
from signpost_cli.exit_codes import ExitCode
from signpost_cli.moments import iso
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, printable, say
from signpost_cli.receipts import spoken
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["inbox", "reply"]

_UNOPENED: Final = "it cannot be opened on this device"


def inbox(home: Home = None, as_json: JsonFlag = False, plain: PlainFlag = False) -> None:
    """See who asks to be rung about a child that your organisation works with, the soonest due first.

    Of each: by when, how urgent, who asks by role and kind of organisation, why, and your own case reference. Which
    organisation asks is told to nobody before you share your desk and they ring.

    Example:
      signpost inbox
    """
    desk = open_desk(home or default_folder())
    found = asyncio.run(_inbox(desk))
    sealed = [each.sealed_case_reference for each in found.notices]
    sealed += [each.sealed_case_reference for each in found.glasses]
    references = open_references(desk.folder, sealed, organisation=desk.organisation)
    asked = list(zip(found.notices, references[: len(found.notices)], strict=True))
    shown = list(zip(found.glasses, references[len(found.notices) :], strict=True))
    if as_json:
        answer_json(
            "signpost.inbox/1",
            {
                "notices": [_document(*each) for each in asked],
                "more": found.more,
                "glasses": [_glass_document(*each) for each in shown],
                "stale_handles": [each.model_dump(mode="json") for each in found.stale_handles],
            },
        )
        return
    if not asked:
        answer("Nobody waits for an answer.")
    for notice, reference in asked:
        _tell(notice, reference, plain=plain)
    if found.more:
        say("More wait than are shown here: answer these, then look again.")
    for glass, reference in shown:
        _tell_glass(glass, reference)
    for stale in found.stale_handles:
        last = "never" if stale.confirmed_on is None else f"last on {stale.confirmed_on:%-d %B %Y}"
        which = f"{printable(stale.title)} ({stale.handle})"
        say(f"{which} was {last} confirmed. Is it still right? Tell the index's operator.")
    if found.notices:
        say(f"Next: signpost reply {found.notices[0].notice} --share | --hand-over HANDLE | --ended | --decline")


def reply(
    notice: Annotated[str, typer.Argument(help="The notice, as M2XF-7RTA.", show_default=False)],
    reason: Annotated[
        str | None, typer.Argument(help="With --decline: why. --decline alone lists the reasons.", show_default=False)
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="Let the asker see your desk: its telephone, mailbox and hours.")
    ] = False,
    hand_over: Annotated[
        str | None, typer.Option(metavar="HANDLE", help="Let another desk of your organisation answer.")
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="You do not work with this child any more.")] = False,
    decline: Annotated[
        bool, typer.Option("--decline", help="Do not share; the asker is told neither this nor why.")
    ] = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer a notice, once: share your desk, hand it over, say that your work has ended, or decline.

    Only sharing shows the asker anything. Whoever then rings confirms with you that it is the same child before
    anything about the child is said.

    Example:
      signpost reply M2XF-7RTA --share
      signpost reply M2XF-7RTA --hand-over 7RTA-M2XF
      signpost reply M2XF-7RTA --decline more-detrimental
    """
    name = spoken(notice, "a notice")
    if [share, hand_over is not None, ended, decline].count(True) != 1:
        raise Stop(
            ExitCode.USAGE,
            "A reply is one of --share, --hand-over HANDLE, --ended and --decline REASON. Nothing was sent.",
        )
    request = ReplyRequest.model_validate(
        {
            "notice": name,
            "reply": "share" if share else "hand-over" if hand_over else "end" if ended else "decline",
            "hand_over_to": None if hand_over is None else spoken(hand_over, "a handle"),
            "reason": _reason(reason, decline=decline),
        }
    )
    desk = open_desk(home or default_folder())
    asyncio.run(_reply(desk, request))
    if as_json:
        answer_json("signpost.reply/1", {"notice": name, "reply": request.reply})
        return
    answer(
        {
            "share": "Shared. The asker sees your desk, and rings.",
            "hand-over": "Handed over.",
            "end": "Noted: your work with this child has ended. The asker is not told.",
            "decline": "Declined. The asker is not told.",
        }[request.reply]
    )


def _reason(text: str | None, *, decline: bool) -> DeclineReason | None:
    if not decline:
        if text is not None:
            raise Stop(ExitCode.USAGE, "A reason goes with --decline alone. Nothing was sent.")
        return None
    if text not in list(DeclineReason):
        listed = "\n".join(f"  {reason.value:<17} {words}" for reason, words in REASONS.items())
        raise Stop(ExitCode.USAGE, f"--decline takes one of these reasons. Nothing was sent.\n{listed}")
    return DeclineReason(text)


def _tell(notice: Notice, reference: str | None, *, plain: bool) -> None:
    late = "" if notice.answer_by > time.time() else "  OVERDUE" if notice.state != "unanswered" else "  NOT ANSWERED"
    name = bold(notice.notice, sys.stdout, plain=plain)
    answer(f"{name}  {notice.urgency.value}, by {shown_time(notice.answer_by)}{late}")
    answer(f"  {WHO[notice.role]} {WHERE[notice.kind]} asks. {law(notice.purpose)}.")
    answer(_whose(reference, notice.handle_title))


def _document(notice: Notice, reference: str | None) -> dict[str, object]:
    return {
        "notice": notice.notice,
        "state": notice.state,
        "urgency": notice.urgency.value,
        "answer_by": iso(notice.answer_by),
        "told_at": iso(notice.told_at),
        "role": notice.role.value,
        "kind": notice.kind.value,
        "purpose": notice.purpose.value,
        "handle": notice.handle,
        "handle_title": notice.handle_title,
        "case_reference": reference,
    }


def _tell_glass(glass: BrokenGlass, reference: str | None) -> None:
    answer(
        f"{glass.reference}  your duty line was shown in an emergency, at {shown_time(glass.at)}; no answer is needed"
    )
    answer(f"  {WHO[glass.role]} {WHERE[glass.kind]}. {law(glass.purpose)}.")
    answer(_whose(reference, glass.handle_title))


def _whose(reference: str | None, title: str) -> str:
    """Neither is believed: anybody can seal a reference who knows the organisation's public key."""
    return f"  Your case: {printable(reference or _UNOPENED)} · {printable(title)}"


def _glass_document(glass: BrokenGlass, reference: str | None) -> dict[str, object]:
    return {
        "reference": glass.reference,
        "at": iso(glass.at),
        "role": glass.role.value,
        "kind": glass.kind.value,
        "purpose": glass.purpose.value,
        "handle_title": glass.handle_title,
        "case_reference": reference,
    }


async def _inbox(desk: Desk) -> Inbox:
    async with Client(desk) as client:
        return await client.index.inbox()


async def _reply(desk: Desk, request: ReplyRequest) -> None:
    async with Client(desk) as client:
        await client.index.reply(request)
