"""What the `signpost shield` commands have in common: who they are for, their words, and a shield as it is shown.

A council's shielding officer and the independent desk's have one role; the kind of their organisation tells them apart.
The index refuses the one what is the other's as well: here it is said before anything is asked or sent.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.desk import desk_settings
from signpost.edge.failures import CouldNotCheck, Refused
from signpost.edge.moments import shown_time
from signpost.edge.offices import Office, holds
from signpost.edge.shield_words import END_REASONS, REASONS
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Kind
from signpost.protocol.shielding import ShieldAnswer, ShieldState
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import Attempt
from signpost_cli.moments import iso
from signpost_cli.output import answer, bold, say, wrapped
from signpost_cli.receipts import spoken
from signpost_cli.secrets_asked import ask
from signpost_cli.stops import Stop

__all__ = [
    "ShieldName", "YesFlag", "confirm", "for_a_council", "for_the_desk", "shield_document", "shield_name",
    "tell_shield", "tell_who_approves", "whether_it_arrived",
]  # fmt: skip

ShieldName = Annotated[
    str, typer.Argument(metavar="SHIELD", help="The shield's reference, as L7Q2-94KD.", show_default=False)
]
YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask for the reference to be typed again.")]

_STATES: Final[Mapping[ShieldState, str]] = {
    ShieldState.WAITING: "WAITING",
    ShieldState.APPROVED: "APPROVED",
    ShieldState.ENDING: "ENDING",
}


def for_a_council(folder: Path) -> None:
    """Go on only at a council's shielding officer's desk.

    Raises:
        Refused: it is another's. Failure: the desk cannot be read.
    """
    settings = desk_settings(folder)
    if settings.kind is Kind.SHIELDING_DESK:
        raise Refused(
            "This is the independent desk's account: it decides what waits there, and asks for no shield.",
            hint="signpost shield queue",
            code=ProblemCode.ROLE_REFUSED,
        )
    if not holds(settings.role, settings.kind, Office.SHIELDS):
        raise Refused(
            "Shields are for the shielding officers of councils.",
            hint="Use the device of such an account, or ask the council's shielding officer.",
            code=ProblemCode.ROLE_REFUSED,
        )


def for_the_desk(folder: Path) -> None:
    """Go on only at the desk of the independent desk's officer.

    Raises:
        Refused: it is another's. Failure: the desk cannot be read.
    """
    settings = desk_settings(folder)
    if not holds(settings.role, settings.kind, Office.DESK):
        raise Refused(
            "What waits about shielded children is for the independent shielding desk alone.",
            hint="A council's officer sees their own shields: signpost shield status",
            code=ProblemCode.ROLE_REFUSED,
        )


def shield_name(text: str) -> str:
    """A shield's reference, however it is typed.

    Raises:
        Stop: it is none.
    """
    return spoken(text, "a shield's reference")


def confirm(name: str, *, warning: str, yes: bool, instead: str) -> None:
    """Go on only when the reference is typed again. `instead` is what a script would type.

    Raises:
        Stop: another was typed, or none; or there is no terminal to ask on.
    """
    if yes:
        return
    for sentence in warning.splitlines():
        say(wrapped(sentence, indent=0, stream=sys.stderr))
    try:
        typed = ask("Type the reference again to go on: ", instead=instead)
    except (KeyboardInterrupt, EOFError):
        say("")
        raise Stop(ExitCode.INTERRUPTED, "Interrupted. Nothing was sent.") from None
    if spoken(typed, "a reference") != name:
        raise Stop(ExitCode.USAGE, "That is another reference. Nothing was sent.")


@contextmanager
def whether_it_arrived() -> Iterator[Attempt]:
    """Whatever keeps the answer from coming after something was sent, it may have been done: that is said, and where to
    see it.
    """
    attempt = Attempt()
    see = "Whether it was done: signpost shield status. Where it was not, do it again."
    try:
        yield attempt
    except (KeyboardInterrupt, EOFError):
        if not attempt.sent:
            raise Stop(ExitCode.INTERRUPTED, "Interrupted. Nothing was sent.") from None
        raise Stop(ExitCode.INTERRUPTED, "Interrupted before the answer came.", hint=see) from None
    except CouldNotCheck as failure:
        if not attempt.sent:
            raise
        raise CouldNotCheck(failure.why, hint=see, code=failure.code) from None


def tell_shield(shield: ShieldAnswer, *, plain: bool) -> None:
    """A shield as its own organisation sees it, in two lines."""
    name, state = bold(shield.shield, sys.stdout, plain=plain), _STATES[shield.state]
    answer(f"{name}  {state}  {REASONS[shield.reason]}; review on {shield.review_on:%-d %B %Y}")
    asked = dt.datetime.fromtimestamp(shield.asked_at, tz=dt.UTC).astimezone()
    answer(wrapped(f"Asked for on {asked:%-d %B %Y}; it hides. {_what_it_waits_for(shield)}", indent=2))


def _what_it_waits_for(shield: ShieldAnswer) -> str:
    what = "It" if shield.state is ShieldState.WAITING else "Its end"
    if shield.state is ShieldState.APPROVED:
        return "An officer elsewhere has approved it."
    if shield.approve_by < time.time():
        return f"{what} was not approved in time: the independent desk decides."
    why = "" if shield.end_why is None else f" ({END_REASONS[shield.end_why]})"
    return f"{what}{why} is to be approved by an officer of another council by {shown_time(shield.approve_by)}."


def tell_who_approves(shield: ShieldAnswer, what: str, command: str) -> None:
    """Who must approve it, by when, and how they come to know of it."""
    answer(f"  By {shown_time(shield.approve_by)} an officer of another council must approve {what}.")
    answer("  Ring one and say the reference; else the independent desk decides. They type:")
    answer(f"    {command}")


def shield_document(shield: ShieldAnswer) -> dict[str, object]:
    """A shield as a program reads it."""
    return {
        "shield": shield.shield,
        "state": shield.state.value,
        "reason": shield.reason.value,
        "asked_at": iso(shield.asked_at),
        "approve_by": iso(shield.approve_by),
        "review_on": shield.review_on.isoformat(),
        "end_why": None if shield.end_why is None else shield.end_why.value,
    }
