"""Answers that take one time, whatever there was to do.

What an officer's request hides or shows is done before it is answered, in its own transaction, and takes longer the
more there is: by the time alone they could tell whether anybody had registered the child. So the answer waits for a
moment that is the same for all, refusals included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, final

__all__ = ["Evenly"]

T = TypeVar("T")


@final
class Evenly:
    """`seconds`: from when the request is begun to its answer. What takes longer is answered when it is done."""

    def __init__(
        self,
        seconds: float,
        *,
        time: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._time = time
        self._sleep = sleep

    async def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of the work, or its refusal, not before the time is over."""
        due = self._time() + self._seconds
        try:
            return await work
        finally:
            await self._sleep(max(0.0, due - self._time()))
