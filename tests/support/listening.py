"""A server for a test: in a thread and an event loop of its own, on a loopback port, and gone without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

__all__ = ["serving"]


@contextlib.contextmanager
def serving(protocol: Callable[[asyncio.AbstractEventLoop], asyncio.Protocol]) -> Iterator[int]:
    """A server in a thread of its own, and its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    connections: list[asyncio.WriteTransport] = []

    def followed() -> asyncio.Protocol:
        spoken = protocol(loop)
        made = spoken.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.WriteTransport)
            connections.append(transport)
            made(transport)

        spoken.connection_made = connection_made  # type: ignore[method-assign]
        return spoken

    async def listen() -> asyncio.Server:
        return await loop.create_server(followed, "127.0.0.1", 0)

    async def end() -> None:
        server.close()
        # Or one whose caller has just gone is collected, unclosed, in a later test.
        for connection in connections:
            connection.abort()
        others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
