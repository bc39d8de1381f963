"""`signpost shield queue`, `resolve` and `call-back`: the independent desk (protocol.md C4).

It alone sees who asks about a shielded child, and who has registered one. It does not see who the child is: an item
names a shield, and the officer who asked for that knows.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.moments import shown_time
from signpost.edge.shield_words import (
    DECISIONS,
    END_REASONS,
    ENDS_A_SHIELD,
    MEANINGS,
    REASONS,
    TITLES,
    WITH_ITS_NUMBER,
)
from signpost.edge.words import WHERE, WHO, law
from signpost.protocol.shielding import (
    DeskAnswer,
    DeskAsker,
    DeskCallBackRequest,
    DeskDecision,
    DeskItem,
    DeskOwner,
    DeskQueue,
    DeskResolveRequest,
    DeskWork,
)
from signpost_cli.contact_commands import desk_line
from signpost_cli.exit_codes import ExitCode
from signpost_cli.moments import iso
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, say, wrapped
from signpost_cli.receipts import spoken
from signpost_cli.shield_words import YesFlag, confirm, for_the_desk
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["call_back", "queue", "resolve"]

Item = Annotated[str, typer.Argument(metavar="ITEM", help="The item, as M2XF-7RTA.", show_default=False)]


def queue(home: Home = None, as_json: JsonFlag = False, plain: PlainFlag = False) -> None:
    """For the independent desk: see what waits about shielded children, the most urgent first.

    Of each: who looks or asks, as whom, why and how soon, and where they can be rung; or whose registration it is; and
    how it can be decided.

    Example:
      signpost shield queue
    """
    folder = home or default_folder()
    for_the_desk(folder)
    found = asyncio.run(_queue(open_desk(folder)))
    if as_json:
        answer_json(
            "signpost.shield-queue/1",
            {
                "items": [{**each.model_dump(mode="json"), "at": iso(each.at)} for each in found.items],
                "more": found.more,
            },
        )
        return
    if not found.items:
        answer("Nothing waits.")
    for nth, each in enumerate(found.items):
        if nth:
            answer("")
        _tell(each, plain=plain)
    if found.more:
        say("More wait than are shown here: decide these, then look again.")


def resolve(
    item: Item,
    decision: Annotated[DeskDecision, typer.Argument(metavar="DECISION", help="As the queue says.")],
    with_number: Annotated[
        bool, typer.Option("--with-number", help="With hide: the registration's own NHS number joins the shield.")
    ] = False,
    yes: YesFlag = False,
    home: Home = None,
) -> None:
    """For the independent desk: decide an item of the queue, once.

    The decisions are hide, leave, approve, refuse, end, stand, keep and seen; the queue says which of them an item
    takes, and what they mean there. Refuse and end let a shield end: you type the item again.

    Example:
      signpost shield resolve M2XF-7RTA hide --with-number
      signpost shield resolve M2XF-7RTA seen
    """
    name, folder = spoken(item, "an item"), home or default_folder()
    if with_number and decision is not DeskDecision.HIDE:
        raise Stop(ExitCode.USAGE, "--with-number goes with hide alone. Nothing was sent.")
    for_the_desk(folder)
    if decision in ENDS_A_SHIELD:
        confirm(
            name,
            warning="The shield ends: it hides nothing from that moment on.",
            yes=yes,
            instead=f"signpost shield resolve {name} {decision.value} --yes",
        )
    request = DeskResolveRequest(item=name, decision=decision, with_number=with_number)
    asyncio.run(_resolve(open_desk(folder), request))
    answer(f"{name} is decided: {decision.value}{' with its number' if with_number else ''}.")


def call_back(
    item: Item,
    rang: Annotated[bool | None, typer.Option("--rang/--not-rung", help="Whether you rang who asks.")] = None,
    home: Home = None,
) -> None:
    """For the independent desk: say, once, whether you rang somebody who asks to be rung about a shielded child.

    Ring through their organisation's switchboard or the desk that the queue shows. What they are told is your
    judgement; where they are not rung, nobody answers them.

    Example:
      signpost shield call-back M2XF-7RTA --rang
    """
    name, folder = spoken(item, "an item"), home or default_folder()
    if rang is None:
        # No default, and neither is suggested: what is said of a call-back stands on the record.
        raise Stop(ExitCode.USAGE, "Say whether you rang them: --rang or --not-rung. Nothing was sent.")
    for_the_desk(folder)
    asyncio.run(_call_back(open_desk(folder), DeskCallBackRequest(item=name, rang=rang)))
    answer(f"{name} is decided: {'they were rung' if rang else 'they are not rung'}.")


def _tell(item: DeskItem, *, plain: bool) -> None:
    urgency = "" if item.by is None or item.by.urgency is None else f"  {item.by.urgency.value}"
    name = bold(item.item, sys.stdout, plain=plain)
    answer(f"{name}  {TITLES[item.work]}{urgency}, at {shown_time(item.at)}")
    answer(wrapped(MEANINGS[item.work], indent=2))
    if item.by is not None:
        for line in _asker(item.by):
            answer(line)
    if item.owner is not None:
        answer(wrapped(_owner(item.owner), indent=2))
    for told in item.answers:
        answer(wrapped(_answered(told), indent=2))
    answer(f"  Shield {item.shield}: {REASONS[item.reason]}, asked for by {item.asked_by}")
    if item.end_why is not None:
        answer(f"  It is to end: {END_REASONS[item.end_why]}")
    if item.work is DeskWork.CALL_BACK:
        answer(f"    signpost shield call-back {item.item} --rang      you rang them")
        answer(f"    signpost shield call-back {item.item} --not-rung  it was not right to ring")
    for decision, meaning in DECISIONS[item.work].items():
        if item.work is not DeskWork.REGISTERED or decision is not DeskDecision.HIDE:
            answer(f"    signpost shield resolve {item.item} {decision.value:<8} {meaning}")
        if decision is DeskDecision.HIDE:
            answer(f"    signpost shield resolve {item.item} hide --with-number")
            answer(wrapped(meaning if item.work is DeskWork.REGISTERED else WITH_ITS_NUMBER, indent=6))


def _asker(asker: DeskAsker) -> Iterator[str]:
    who = f"{WHO.get(asker.role, 'Somebody')} {WHERE.get(asker.kind, '')}".rstrip()
    yield wrapped(f"{who}: {asker.account} of {asker.organisation}. {law(asker.purpose)}.", indent=2)
    if not asker.desks:
        yield "  No number of theirs is known here: ring their switchboard."
    for desk in asker.desks:
        yield f"  Ring: {desk_line(desk)}"


def _owner(owner: DeskOwner) -> str:
    desk = "its desk has gone" if owner.desk is None else desk_line(owner.desk)
    return f"Registered by {owner.organisation}: {desk}"


def _answered(told: DeskAnswer) -> str:
    desk = "" if told.desk is None else f": {desk_line(told.desk)}"
    return f"Answered by {told.organisation}: {told.state.replace('-', ' ')}{desk}"


async def _queue(desk: Desk) -> DeskQueue:
    async with Client(desk) as client:
        return await client.index.desk_queue()


async def _resolve(desk: Desk, request: DeskResolveRequest) -> None:
    async with Client(desk) as client:
        await client.index.resolve(request)


async def _call_back(desk: Desk, request: DeskCallBackRequest) -> None:
    async with Client(desk) as client:
        await client.index.desk_called_back(request)
