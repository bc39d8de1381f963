"""`signpost break-glass`, and `signpost review` for those who look at it afterwards."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from signpost.edge.client import Client, allowed_purpose
from signpost.edge.desk import Desk, default_folder
from signpost.edge.moments import shown_time
from signpost.edge.words import CONFIRM
from signpost.protocol.messages import GlassAnswer, GlassRequest, ReviewList, ReviewRequest
from signpost.protocol.purposes import Purpose
from signpost_cli.contact_commands import Receipt, desk_line
from signpost_cli.exit_codes import ExitCode
from signpost_cli.moments import iso
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, printable, say
from signpost_cli.receipts import spoken
from signpost_cli.secrets_asked import ask
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["app", "break_glass"]

app = typer.Typer(no_args_is_help=True)


def break_glass(
    receipt: Receipt,
    purpose: Annotated[
        Purpose | None, typer.Option(help="Why you ask; else the first that your role may ask for.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the receipt to be typed again.")] = False,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """In an emergency, show the duty line of whoever works, or worked, with the child of your own lookup.

    For urgent roles, where the answer is CURRENT or PREVIOUS still. You type the receipt again. The desk is told that
    its line was shown, not by whom; and a rights officer of your organisation is told that it was you, and reviews it
    within a working day. Where it can wait a quarter of an hour, leave a call-back instead: signpost contact ask.

    Example:
      signpost break-glass L7Q2-94KD
      signpost break-glass L7Q2-94KD --yes --json
    """
    name = spoken(receipt)
    desk = open_desk(home or default_folder())
    asked_for = allowed_purpose(desk.role, desk.settings.kind, purpose)
    if not yes:
        say("This shows a duty line at once. It is recorded, and somebody else reviews it.")
        typed = ask("Type the receipt again to go on: ", instead=f"signpost break-glass {name} --yes")
        if spoken(typed) != name:
            raise Stop(ExitCode.USAGE, "That is another receipt. Nothing was sent.")
    shown = asyncio.run(_break(desk, GlassRequest(receipt=name, purpose=asked_for)))
    if as_json:
        answer_json(
            "signpost.glass/1",
            {
                "reference": shown.reference,
                "review_by": iso(shown.review_by),
                "handles": [handle.model_dump() for handle in shown.handles],
            },
        )
        return
    answer(f"{bold('DUTY LINE', sys.stdout, plain=plain)}  (reference {shown.reference})")
    for handle in shown.handles:
        answer(f"  {desk_line(handle)}")
    answer(f"  {CONFIRM}")
    say(f"  A rights officer of your organisation reviews this by {shown_time(shown.review_by)}.")


@app.callback()
def _review() -> None:
    """For rights officers: look at the emergencies in which a duty line was shown to your organisation.

    Example:
      signpost review list
      signpost review close R3VW-0001 --justified
    """


@app.command("list")
def list_reviews(home: Home = None, as_json: JsonFlag = False) -> None:
    """List those that nobody has reviewed, the oldest first.

    Example:
      signpost review list
    """
    desk = open_desk(home or default_folder())
    found = asyncio.run(_reviews(desk))
    if as_json:
        answer_json(
            "signpost.reviews/1",
            {
                "reviews": [
                    {
                        "reference": each.reference,
                        "account": each.account,
                        "role": each.role.value,
                        "purpose": each.purpose.value,
                        "at": iso(each.at),
                        "review_by": iso(each.review_by),
                    }
                    for each in found.reviews
                ]
            },
        )
        return
    if not found.reviews:
        answer("Nothing waits for a review.")
    for each in found.reviews:
        answer(
            f"{each.reference}  {printable(each.account)}, for {each.purpose.value}, at {shown_time(each.at)};"
            f" review by {shown_time(each.review_by)}"
        )
    if found.reviews:
        say(f"Next: signpost review close {found.reviews[0].reference} --justified | --not-justified")


@app.command("close")
def close(
    reference: Annotated[str, typer.Argument(help="The reference, as L7Q2-94KD.", show_default=False)],
    justified: Annotated[
        bool, typer.Option("--justified/--not-justified", help="Whether the glass was rightly broken.")
    ],
    home: Home = None,
) -> None:
    """Close a review, once: speak with whoever broke the glass, then say whether it was right.

    Example:
      signpost review close L7Q2-94KD --justified
    """
    name = spoken(reference, "a reference")
    desk = open_desk(home or default_folder())
    asyncio.run(_close(desk, ReviewRequest(reference=name, justified=justified)))
    answer(f"Review {name} is closed.")


async def _break(desk: Desk, request: GlassRequest) -> GlassAnswer:
    async with Client(desk) as client:
        return await client.index.break_glass(request)


async def _reviews(desk: Desk) -> ReviewList:
    async with Client(desk) as client:
        return await client.index.reviews()


async def _close(desk: Desk, request: ReviewRequest) -> None:
    async with Client(desk) as client:
        await client.index.close_review(request)
