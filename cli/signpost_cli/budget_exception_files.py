"""A request for an exception to a budget, as the file that its administrator sends and its reviewers read."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from signpost.protocol.budget_exceptions import BudgetException
from signpost.protocol.tokens import MAX_TOKEN_BYTES, TokenInvalid
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import say
from signpost_cli.stops import Stop

__all__ = ["RequestFile", "YesFlag", "counted", "decided", "read_request", "whose"]

RequestFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The request, as its administrator made it.", exists=True, dir_okay=False)
]
YesFlag = Annotated[bool, typer.Option("--yes", help="Approve without being asked: for scripts.")]


def read_request(file: Path) -> tuple[str, BudgetException]:
    """The request and what it says. Who signed it is for the service to find out.

    Raises:
        Stop: it is none.
    """
    try:
        token = file.read_bytes()[: MAX_TOKEN_BYTES + 1].decode("ascii").strip()
        return token, BudgetException.unverified(token)
    except (OSError, UnicodeDecodeError, TokenInvalid):
        raise Stop(
            ExitCode.USAGE,
            "The file is no request for an exception.",
            hint="An administrator makes one: signpost admin exception ask",
        ) from None


def decided(asked: BudgetException, *, yes: bool) -> bool:
    """Show what is asked for, and whether the person says yes to it.

    Raises:
        Stop: there is no terminal to ask on.
    """
    repeats = f" and {asked.repeats} more that repeat a detail" if asked.repeats else ""
    say(
        f"{whose(asked.organisation, asked.account)} asks for {counted(asked.lookups, asked.account)}{repeats}, for"
        f" {asked.hours} hour{'s' if asked.hours > 1 else ''}: {asked.reason.value.replace('-', ' ')}."
    )
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(ExitCode.NEEDS_A_PERSON, "There is no terminal to ask on.", hint="Read it, then add --yes")
    sys.stderr.write("Approve? (y or n): ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def counted(lookups: int, account: str | None) -> str:
    """So many lookups more, in words: an account's in a shift, an organisation's in a day."""
    return f"{lookups:,} lookup{'' if lookups == 1 else 's'} more a {'shift' if account else 'day'}"


def whose(organisation: str, account: str | None) -> str:
    """An account, or all of an organisation's."""
    return f"{organisation}/{account}" if account else f"{organisation}, all accounts together,"


def until_text(until: int) -> str:
    """A moment, in this machine's own time."""
    return f"{dt.datetime.fromtimestamp(until, tz=dt.UTC).astimezone():%d %B %H:%M}"
