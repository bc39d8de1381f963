"""What the commands of families' rights share: a child's details that leave the screen again, and who is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from signpost.edge.client import Client
from signpost.edge.desk import default_folder
from signpost.edge.holders_client import HolderFault
from signpost.edge.match_inputs import ChildDetails
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import details_from
from signpost_cli.exit_codes import ExitCode
from signpost_cli.lookup_command import tell_faults
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["at_index", "tell_fault", "usage", "with_child"]

T = TypeVar("T")


def with_child(
    home: Path | None, work: Callable[[Client, ChildDetails], Awaitable[T]], *, by_name: bool, stdin: bool,
    hidden: bool, command: str,
) -> T:  # fmt: skip
    """Do something about a child whose details are asked for, and taken off the screen again."""
    desk = open_desk(home or default_folder())
    instead = f"signpost rights {command} --stdin < child.json"
    with details_from(stdin=stdin, hidden=hidden, by_name=by_name, instead=instead) as details:
        child = checked(details, today=today_here())

        async def send() -> T:
            async with Client(desk) as client:
                return await work(client, child)

        return asyncio.run(send())


def at_index(home: Path | None, work: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the index something that takes no child."""
    desk = open_desk(home or default_folder())

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
