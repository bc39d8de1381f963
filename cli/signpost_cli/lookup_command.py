"""`signpost lookup`: is a colleague elsewhere working, or have they worked, with the child in front of me?

Only a verified, definite answer is printed on stdout. Whatever else keeps one from coming says on stderr that it is not
a no, and whom to ring. A child's details are never arguments; of an identifier only the last four characters are shown
again, so that the asker sees which child the answer is about.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.client import Answer, Client, allowed_purpose
from signpost.edge.desk import Desk, default_folder, whom_to_ring
from signpost.edge.failures import CouldNotCheck, DeskUnusable
from signpost.edge.holders_client import HolderFault
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.words import BY_YEAR, NOT_A_NO, WORDS, which_child
from signpost.protocol.purposes import DeepReason, Purpose, Role, Urgency
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import details_from
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import HiddenFlag, Home, NameFlag, StdinFlag
from signpost_cli.output import JsonFlag, PlainFlag, answer, answer_json, bold, say, wrapped
from signpost_cli.receipts import spoken
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["Attempt", "lookup", "tell_faults"]


def lookup(
    purpose: Annotated[
        Purpose | None, typer.Option(help="Why you ask; else the first that your role may ask for.")
    ] = None,
    urgency: Annotated[
        Urgency | None, typer.Option(help="How soon you need to know; else now for an urgent role, today for others.")
    ] = None,
    by_name: NameFlag = False,
    deep: Annotated[
        DeepReason | None,
        typer.Option(help="Ask more tolerantly, for this reason; it is charged double and recorded as such."),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(metavar="RECEIPT", help="The same child again, by the receipt of your lookup; not charged."),
    ] = None,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Ask whether a colleague elsewhere is working, or has worked, with the child in front of you.

    It asks for the NHS number (or the UPN) and the date of birth, or with --name for what else is known, clears it all
    from the screen when the answer has come, and answers CURRENT, PREVIOUS, POSSIBLE or NONE. Anything else is not an
    answer, and never a no.

    Example:
      signpost lookup
      signpost lookup --name
      signpost lookup --name --deep name-unsure
      signpost lookup --again L7Q2-94KD
      signpost lookup --purpose s47 --stdin --json < child.json
    """
    folder = home or default_folder()
    if again is not None:
        _refuse_details_beside_a_receipt(purpose, urgency, deep, by_name=by_name, stdin=stdin)
        with _never_a_no(folder, plain=plain) as attempt:
            desk = open_desk(folder)
            receipt = spoken(again)
            attempt.sent = True
            found = asyncio.run(_ask_again(desk, receipt))
        _finish(found, f"receipt {receipt}", desk.role, as_json=as_json, plain=plain)
        return
    with _never_a_no(folder, plain=plain) as attempt:
        desk = open_desk(folder)
        purpose = allowed_purpose(desk.role, desk.settings.kind, purpose)
        urgency = urgency or (Urgency.NOW if desk.role is Role.URGENT else Urgency.TODAY)
        with details_from(
            stdin=stdin, hidden=hidden, by_name=by_name, instead="signpost lookup --stdin < child.json"
        ) as details:
            child = checked(details, today=today_here())
            if child.year_of_birth is not None:
                say(BY_YEAR)
            attempt.sent = True
            found = asyncio.run(_ask(desk, child, purpose, urgency, deep))
    _finish(found, which_child(child), desk.role, as_json=as_json, plain=plain)


def _refuse_details_beside_a_receipt(
    purpose: Purpose | None, urgency: Urgency | None, deep: DeepReason | None, *, by_name: bool, stdin: bool
) -> None:
    if by_name or stdin or (purpose, urgency, deep) != (None, None, None):
        raise Stop(
            ExitCode.USAGE,
            "--again takes a receipt and nothing else: it asks the same question again.",
            hint="With other details it is another lookup: signpost lookup",
        )


async def _ask_again(desk: Desk, receipt: str) -> Answer:
    async with Client(desk) as client:
        return await client.look_again(receipt)


def _finish(found: Answer, about: str, role: Role, *, as_json: bool, plain: bool) -> None:
    tell_faults(found.faults)
    if as_json:
        _tell_program(found)
    else:
        _tell(found, about, plain=plain)
        _say_what_next(found, role)
    if found.word == "possible":
        raise typer.Exit(ExitCode.NEEDS_A_PERSON)


def tell_faults(faults: Sequence[HolderFault]) -> None:
    """Say which holders did not do their part, though enough others did."""
    for fault in faults:
        told = str(fault).rstrip(".")
        say(f"{told[:1].upper()}{told[1:]}. {'Tell the operator.' if fault.false else 'The answer did not need it.'}")


@dataclass(slots=True)
class Attempt:
    """Whether anything may have left this machine."""

    sent: bool = False


@contextmanager
def _never_a_no(folder: Path, *, plain: bool) -> Iterator[Attempt]:
    """Whatever keeps an answer from coming is said not to be a no, with whom to ring, before it is told itself."""
    attempt = Attempt()

    def say_so() -> None:
        say(f"{bold('COULD NOT CHECK', sys.stderr, plain=plain)}  {NOT_A_NO} Ring {whom_to_ring(folder)}.")

    try:
        yield attempt
    except (KeyboardInterrupt, EOFError):
        if not attempt.sent:
            raise Stop(ExitCode.INTERRUPTED, "Interrupted. Nothing was sent.") from None
        say_so()
        raise Stop(ExitCode.INTERRUPTED, "Interrupted before the answer came.") from None
    except DeskUnusable as unusable:
        say_so()
        raise CouldNotCheck(f"{unusable.what} {unusable.why}", hint=unusable.hint) from None
    except Exception:
        say_so()
        raise


async def _ask(desk: Desk, child: ChildDetails, purpose: Purpose, urgency: Urgency, deep: DeepReason | None) -> Answer:
    async with Client(desk) as client:
        return await client.lookup(child, purpose=purpose, urgency=urgency, deep=deep)


def _tell_program(found: Answer) -> None:
    answer_json(
        "signpost.lookup/1",
        {
            "answer": found.word,
            "receipt": found.receipt,
            "checked_at": dt.datetime.fromtimestamp(found.checked_at, tz=dt.UTC).isoformat().replace("+00:00", "Z"),
            "coverage": {"expected": found.coverage.expected, "up_to_date": found.coverage.up_to_date},
            "call_back": {"waits_days": found.call_back_waits_days},
        },
    )


def _tell(found: Answer, about: str, *, plain: bool) -> None:
    word = found.word.upper()
    # All of it is made before any of it is shown: a definite word never stands there before a failure.
    checked_at = dt.datetime.fromtimestamp(found.checked_at, tz=dt.UTC).astimezone()
    coverage = f"{found.coverage.up_to_date} of {found.coverage.expected} authorities up to date"
    words = wrapped(WORDS[found.word], indent=len(word) + 2).lstrip()
    facts = f"{_NO_BREAK}· ".join(
        piece.replace(" ", _NO_BREAK) for piece in (f"Receipt {found.receipt}", f"checked {checked_at:%H:%M}", coverage)
    )
    beside = wrapped(facts, indent=2).replace(_NO_BREAK, " ")
    answer(f"{bold(word, sys.stdout, plain=plain)}  {words}")
    answer(f"  (for the {about})")
    answer(beside)


def _say_what_next(found: Answer, role: Role) -> None:
    soon = " --urgency now       they answer within 15 minutes" if role is Role.URGENT else ""
    say(f"  Next: signpost contact ask {found.receipt}{soon}")
    if role is Role.URGENT and found.word in ("current", "previous"):
        say(f"        signpost break-glass {found.receipt}             a duty line at once, reviewed afterwards")


_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
