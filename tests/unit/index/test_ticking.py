"""Work that is done again and again: it ends when it is told to, whatever a tick makes of that."""

from __future__ import annotations

import asyncio
import contextlib
import io

from signpost.index.events import IndexEvent
from signpost.index.ticking import meanwhile
from signpost.service.log import Log, Word

LOG = Log(Word("index"), io.StringIO())


def test_ticks_end_with_the_context_even_where_one_takes_its_end_for_a_failure() -> None:
    """As a library does that turns a cancellation into an error of its own."""
    ticks = 0
    begun = asyncio.Event()

    async def stubborn() -> None:
        nonlocal ticks
        ticks += 1
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async def play() -> None:
        async with meanwhile(stubborn, seconds=0.001, failed=IndexEvent.MAILING_FAILED, log=LOG):
            await begun.wait()

    asyncio.run(asyncio.wait_for(play(), 5))
    assert ticks == 1


def test_a_tick_that_fails_is_followed_by_the_next() -> None:
    """And is logged each time."""
    lines = io.StringIO()
    ticks = 0
    thrice = asyncio.Event()

    async def failing() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            thrice.set()
        raise RuntimeError

    async def play() -> None:
        async with meanwhile(failing, seconds=0.001, failed=IndexEvent.MAILING_FAILED, log=Log(Word("index"), lines)):
            await thrice.wait()

    asyncio.run(play())
    assert lines.getvalue().count("mailing-failed") >= 2
