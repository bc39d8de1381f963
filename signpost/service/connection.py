"""One connection, and how long it may keep the service waiting.

Rules:
- Within the deadline, the first request's header is complete, and after each answer the next one's. A byte now and then
  does not put it off: uvicorn's own time limit ends with the first.
- A header that is not complete after 64 KiB is not waited for.
- An answer that is not being taken is kept no longer either: what waits to be sent is ours, and so is the place inside
  of the pipelined request behind it.
- Whoever is late is cut off without an answer. (The body, which comes next, has its deadline at the door.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

__all__ = ["Connection"]

_LONGEST_HEADER: Final = 64 << 10
"""Bytes. A signed request's, with its two credentials, is about 3 KiB; the parser itself has no limit."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, with deadlines of `seconds`. `lost` is done when the connection is."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], *, seconds: float) -> None:
        super().__init__(config, server_state, app_state, asyncio.get_running_loop())
        self.lost: asyncio.Future[None] = self.loop.create_future()
        self._seconds = seconds
        self._unanswered: deque[RequestResponseCycle] = deque()
        """More than one where they are pipelined; they are answered in order."""
        self._header_due: asyncio.TimerHandle | None = None
        self._taking_due: asyncio.TimerHandle | None = None
        self._header_length: int | None = None
        """Bytes of the header that has begun and is not complete."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._header_due = self._cut_off_later()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for due in (self._header_due, self._taking_due):
            if due is not None:
                due.cancel()
        for cycle in self._unanswered:  # uvicorn tells the last only; the first is the one that is still writing
            cycle.disconnected = True
            cycle.message_event.set()
        if not self.lost.done():  # whoever waited for it may have been cancelled
            self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._header_length is not None:
            self._header_length += len(data)
            if self._header_length > _LONGEST_HEADER:
                self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_length = 0

    def on_headers_complete(self) -> None:
        self._header_length = None
        if self._header_due is not None:
            self._header_due.cancel()
        super().on_headers_complete()
        self._unanswered.append(self.cycle)

    def on_response_complete(self) -> None:
        self._unanswered.popleft()
        super().on_response_complete()
        if not self._unanswered:
            self._header_due = self._cut_off_later()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking_due = self._cut_off_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._taking_due is not None:
            self._taking_due.cancel()

    def _cut_off_later(self) -> asyncio.TimerHandle:
        # `close` would first send what waits to be sent, for as long as that takes.
        return self.loop.call_later(self._seconds, self.transport.abort)
