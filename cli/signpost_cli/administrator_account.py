"""Asking the index as an administrator who is signed in on this device, rather than by the organisation's key.

Such an account sees its organisation's accounts and handles, and stops an account. Whatever lets somebody in needs the
key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import Refused
from signpost.edge.index_client import Index
from signpost.protocol.problems import ProblemCode
from signpost_cli.shifts import open_desk

__all__ = ["as_administrator"]

T = TypeVar("T")


def as_administrator(home: Path | None, act: Callable[[Index], Awaitable[T]]) -> T:
    """What an act of a signed-in administrator's gives.

    Raises:
        Refused: the account's role is another. Failure: as the index answers.
    """
    desk = open_desk(home or default_folder())
    try:
        return asyncio.run(_acting(desk, act))
    except Refused as refused:
        if refused.code is not ProblemCode.ROLE_REFUSED:
            raise
        raise Refused(
            "This account is no administrator's.",
            hint="Sign in as one, or act by the organisation's key: --org-keys FOLDER --index URL",
            code=refused.code,
        ) from None


async def _acting(desk: Desk, act: Callable[[Index], Awaitable[T]]) -> T:
    async with Client(desk) as client:
        return await act(client.index)
