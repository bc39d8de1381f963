"""A listener between a service and everybody who talks to it: forwards every byte, and keeps it.

Used where a test must see what was really sent and answered. It speaks no protocol, so it cannot change one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from types import TracebackType
from typing import Self

__all__ = ["Recorder"]


class Recorder:
    """Recording forwarders on loopback ports, one for each service, run in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._kept: defaultdict[str, bytearray] = defaultdict(bytearray)
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def address(self, name: str, port: int) -> str:
        """The address that others use for the service `name` on a loopback port, by way of this recorder."""
        listening = asyncio.run_coroutine_threadsafe(self._listen(name, port), self._loop).result(5)
        return f"http://127.0.0.1:{listening}"

    def kept(self, name: str) -> bytes:
        """Every byte that went to and came from a service so far."""
        return bytes(self._kept[name])

    async def _listen(self, name: str, port: int) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(self._forward(name, reader, behind_writer), self._forward(name, behind_reader, writer))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self._servers.append(server)
        listening: int = server.sockets[0].getsockname()[1]
        return listening

    async def _forward(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while part := await reader.read(65536):
                self._kept[name] += part
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            with contextlib.suppress(ConnectionError, RuntimeError):
                writer.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
