"""The door of a service: what every request passes before and after anything of ours looks at it.

Rules:
- A body is taken in whole, up to a limit, before anything is parsed; more is answered 413 and the connection closed,
  whether the length was announced or not. What is behind the door finds all of it in one piece, once.
- A body has a deadline as a whole: whoever is late is answered 408 and the connection closed.
- No more requests are inside at once than the service takes; the rest are answered 503 at once. Inside is who has said
  everything: one who is slow to say it takes nobody's place. No more bodies are read at once than there is memory for.
- An address may have a *road* of its own, on which larger bodies come: there nothing is taken in before whoever stands
  there asks for it, who first sees who sends. It has its own limit and its own deadlines, and where it is answered
  before the body is whole the connection is closed.
- Every answer carries the same headers: it is not stored, not sniffed, not framed, and tells no referrer. Where an
  answer has one of them already, its own stands: a page says itself what may be loaded into it.
- A refusal is a problem document, or what the service makes of it for this address (`told`): a person gets a page.
- An exception nobody foresaw is answered 500 without a word about it, and logged by class and place.

Plain ASGI: a middleware that makes request objects or tasks costs more than the rest of a lookup's path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.events import ServiceEvent
from signpost.service.foreign_logging import where_raised
from signpost.service.log import Log

__all__ = ["Door", "Road", "Told"]

Told = Callable[[Scope, Problem], ASGIApp]
"""How a refusal is told, at the address that was asked for."""

_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Road:
    """A road of its own for the bodies of one address. `body_limit` in bytes; `body_seconds` for all of one, and
    `stall_seconds` from one piece of it to the next.
    """

    method: str
    path: str
    body_limit: int
    body_seconds: float
    stall_seconds: float


class Door:
    """Wraps an ASGI application. `body_limit` in bytes; `most_reading` in bodies; `most_inside` in requests."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: Log,
        body_limit: int,
        body_seconds: float,
        most_reading: int,
        most_inside: int,
        told: Told,
        roads: Sequence[Road] = (),
    ) -> None:
        self._app = app
        self._log = log
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._most_reading = most_reading
        self._most_inside = most_inside
        self._told = told
        self._roads = {(road.method, road.path): road for road in roads}
        self._reading = 0
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = False
        road = self._roads.get((scope["method"], scope["path"]))
        streamed = None if road is None else _Streamed(receive, road)

        async def answer(message: Message) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in own)]
                if streamed is not None and not streamed.whole and b"connection" not in own:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if streamed is None:
                await self._admit(scope, receive, answer)
            else:
                streamed.refuse_beyond(_announced(scope))
                await self._enter(scope, streamed, answer)
        except Problem as problem:
            await self._told(scope, problem)(scope, receive, answer)
        except Exception as error:
            self._log.emit(ServiceEvent.UNEXPECTED, **where_raised(error))
            if answering:
                raise  # too late for another answer: the server cuts the connection, and half of one is not believed
            await self._told(scope, Problem(ProblemCode.INTERNAL))(scope, receive, answer)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = _announced(scope)
        if announced is not None:
            if announced > self._body_limit:
                raise Problem(ProblemCode.BODY_TOO_LARGE)
            body = await self._read(receive)
            if body is None:
                return
            receive = _once(body, receive)
        await self._enter(scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._inside >= self._most_inside:
            raise Problem(ProblemCode.OVERLOADED, retry_after=1)
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1

    async def _read(self, receive: Receive) -> bytes | None:
        if self._reading >= self._most_reading:
            raise Problem(ProblemCode.OVERLOADED, retry_after=1)
        self._reading += 1
        try:
            async with asyncio.timeout(self._body_seconds):
                return await _whole(receive, self._body_limit)
        except TimeoutError:
            raise Problem(ProblemCode.REQUEST_TIMEOUT) from None
        finally:
            self._reading -= 1


class _Streamed:
    """A body as it comes. Called, it gives the next piece, or raises Problem: BODY_TOO_LARGE, REQUEST_TIMEOUT."""

    def __init__(self, receive: Receive, road: Road) -> None:
        self.whole = False
        self._receive = receive
        self._road = road
        self._length = 0
        self._due = asyncio.get_running_loop().time() + road.body_seconds

    def refuse_beyond(self, announced: int | None) -> None:
        """Refuse a body that is announced as too long. Raises Problem: BODY_TOO_LARGE."""
        if announced is None:
            self.whole = True  # there is none
        elif announced > self._road.body_limit:
            raise Problem(ProblemCode.BODY_TOO_LARGE)

    async def __call__(self) -> Message:
        if self.whole:
            return await self._receive()
        stalled = asyncio.get_running_loop().time() + self._road.stall_seconds
        try:
            async with asyncio.timeout_at(min(stalled, self._due)):
                message = await self._receive()
        except TimeoutError:
            raise Problem(ProblemCode.REQUEST_TIMEOUT) from None
        if message["type"] == "http.disconnect":
            return message
        self._length += len(message.get("body", b""))
        if self._length > self._road.body_limit:
            raise Problem(ProblemCode.BODY_TOO_LARGE)
        self.whole = not message.get("more_body", False)
        return message


def _announced(scope: Scope) -> int | None:
    """The length the client announces in bytes: 0 when it comes in chunks, None when there is no body."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # the server has refused anything but digits
        if name == b"transfer-encoding":
            return 0
    return None


async def _whole(receive: Receive, limit: int) -> bytes | None:
    """The body; None when the client has gone.

    Raises:
        Problem: BODY_TOO_LARGE.
    """
    chunks: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        length += len(chunk)
        if length > limit:
            raise Problem(ProblemCode.BODY_TOO_LARGE)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _once(body: bytes, receive: Receive) -> Receive:
    handed_over = False

    async def receive_whole() -> Message:
        nonlocal handed_over
        if handed_over:
            return await receive()
        handed_over = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_whole
