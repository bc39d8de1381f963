"""Passwords are hashed a few at a time: Argon2 takes memory for each, and a crowd at the door must not take all of it.

`AT_ONCE` hash, so many more wait, and whoever comes beyond is told to come again. The event loop goes on meanwhile:
libargon2 runs without the interpreter's lock, so lookups are answered beside a crowd that signs in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, final

from signpost.protocol.passwords import PasswordCost
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["AT_ONCE", "Hashing"]

T = TypeVar("T")

AT_ONCE: Final = 2
"""Times 19 MiB."""
_MOST_WAITING: Final = 256
"""At some 25 ms each, two at once, the last of them waits three seconds."""


@final
class Hashing:
    """Runs what hashes, a few at a time."""

    def __init__(self, cost: PasswordCost | None = None) -> None:
        self.cost = cost or PasswordCost()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing")
        self._inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives.

        Raises:
            Problem: OVERLOADED.
        """
        if self._inside >= AT_ONCE + _MOST_WAITING:
            raise Problem(ProblemCode.OVERLOADED, retry_after=5)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1
