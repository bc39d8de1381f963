"""What the commands of families' rights share: a child's details that leave the screen again, and who is asked.

They are for the rights officers of councils alone. The index refuses others as well: here it is said before a family
has given any details.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder, desk_settings
from signpost.edge.failures import CouldNotCheck, Refused
from signpost.edge.holders_client import HolderFault, OnFault
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.offices import Office, holds
from signpost.protocol.problems import ProblemCode
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import details_from
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import Attempt, tell_faults
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["at_index", "officers_desk", "tell_fault", "usage", "whether_recorded", "with_child"]

T = TypeVar("T")


def officers_desk(home: Path | None) -> Desk:
    """The desk of a council's rights officer who is signed in.

    Raises:
        Refused: it is another's. Failure: the desk cannot be read. Stop: nobody is signed in.
    """
    folder = home or default_folder()
    settings = desk_settings(folder)
    if not holds(settings.role, settings.kind, Office.RIGHTS):
        raise Refused(
            "Families' rights are upheld by the rights officers of councils.",
            hint="Use the device of such an account, or send the family to their council.",
            code=ProblemCode.ROLE_REFUSED,
        )
    return open_desk(folder)


@contextmanager
def whether_recorded(again: str) -> Iterator[Attempt]:
    """Whatever keeps the answer from coming after something was sent, it may have been recorded: that is said, and what
    to do about it.
    """
    attempt = Attempt()
    see = f"It may have been recorded. {again}"
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


def with_child(
    home: Path | None, work: Callable[[Client, ChildDetails, OnFault], Awaitable[T]], *, by_name: bool, stdin: bool,
    hidden: bool, command: str, again: str,
) -> T:  # fmt: skip
    """Do something about a child whose details are asked for, and taken off the screen again. `again`: what to do where
    the answer did not come.
    """
    desk = officers_desk(home)
    faults = list[HolderFault]()
    instead = f"signpost rights {command} --stdin < child.json"
    with (
        whether_recorded(again) as attempt,
        details_from(stdin=stdin, hidden=hidden, by_name=by_name, instead=instead) as details,
    ):
        child = checked(details, today=today_here())

        async def send() -> T:
            async with Client(desk) as client:
                return await work(client, child, faults.append)

        attempt.sent = True
        done = asyncio.run(send())
    # Not before: what was typed has left the screen by now, and clearing it counts the lines that stood there.
    tell_faults(faults)
    return done


def at_index(home: Path | None, work: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the index something that takes no child."""
    desk = officers_desk(home)

    async def send() -> T:
        async with Client(desk) as client:
            return await work(client)

    return asyncio.run(send())


def tell_fault(fault: HolderFault) -> None:
    """Of a holder that did not do its part."""
    tell_faults((fault,))


def usage(what: str, *, hint: str = "") -> Stop:
    """What was typed does not go together."""
    return Stop(ExitCode.USAGE, f"{what} Nothing was sent.", hint=hint)
