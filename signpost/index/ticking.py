"""Work that is done again and again while the index serves: on a fixed tick, and whatever became of the last one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from signpost.index.events import IndexEvent
from signpost.service.log import Log

__all__ = ["meanwhile"]


@contextlib.asynccontextmanager
async def meanwhile(
    tick: Callable[[], Awaitable[object]], *, seconds: float, failed: IndexEvent, log: Log
) -> AsyncIterator[None]:
    """Ticks for as long as the context lasts. A tick that fails is logged, and the next one comes all the same."""
    ended = asyncio.Event()
    task = asyncio.create_task(_until(ended, tick, seconds, failed, log))
    try:
        yield
    finally:
        # Not by cancelling alone: a library may take that for a failure of its own, and the ticks would go on.
        ended.set()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _until(
    ended: asyncio.Event, tick: Callable[[], Awaitable[object]], seconds: float, failed: IndexEvent, log: Log
) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while not ended.is_set():
        due = max(due + seconds, loop.time())  # a late tick is not made up for
        await asyncio.sleep(due - loop.time())
        try:
            await tick()
        except Exception as error:  # noqa: BLE001 - a worker that stops is one that nobody hears of
            log.emit(failed, exception=type(error))
