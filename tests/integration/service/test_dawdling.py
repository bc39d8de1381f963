"""Whoever connects and then takes their time keeps nobody else waiting, and is not waited for long."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop
from fastapi import Request
from fastapi.responses import PlainTextResponse

from signpost.service.callers import CallerLimits
from signpost.service.listening import PublicAddress, Tls
from signpost.service.log import Log, Word
from signpost.service.serving import serve
from signpost.service.web import build_app
from tests.support.certificates import make_certificate

SOON = 0.4
"""The deadlines of these tests, in seconds."""
PATIENCE = 20.0
LONG = CallerLimits(seconds=PATIENCE * 2)
SHORT = CallerLimits(seconds=SOON)
HEALTH = b"GET /health HTTP/1.1\r\nHost: toy\r\n\r\n"
BEGUN = b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
MUCH = 4 << 20
"""Bytes: more than the system takes off a service's hands for a client that reads nothing."""

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Plays a story in each of the event loops a service may have."""

    def play(story: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(story, PATIENCE * 2))

    return play


@contextlib.asynccontextmanager
async def served(limits: CallerLimits, tls: Tls | None = None, **door: Any) -> AsyncIterator[int]:
    """A service on loopback, and its port."""
    lines = io.StringIO()
    log = Log(Word("toy"), lines)
    app = build_app("Toy", version="1", log=log, **door)

    @app.get("/health")
    async def health() -> str:
        return "well"

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/much")
    async def much() -> PlainTextResponse:
        return PlainTextResponse("m" * MUCH)

    serving = asyncio.create_task(serve(app, PublicAddress("127.0.0.1", 0, tls), log=log, limits=limits))
    try:
        while not lines.getvalue():  # noqa: ASYNC110 - a log has no event to wait for
            await asyncio.sleep(0.01)
        yield json.loads(lines.getvalue())["port"]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["ready"]


class Caller:
    """One connection, spoken on byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body."""
        async with asyncio.timeout(PATIENCE):
            first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            return int(first.split()[1]), headers, await self._reader.readexactly(int(headers["content-length"]))

    async def cut_off(self) -> bytes:
        """What was still said before the service closed the connection."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""


@contextlib.asynccontextmanager
async def calling(port: int, *, limit: int = 1 << 16) -> AsyncIterator[Callable[[], Awaitable[Caller]]]:
    """Connects as often as it is called; all are hung up at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Caller:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
        writers.append(writer)
        return Caller(reader, writer)

    try:
        yield connect
    finally:
        for writer in writers:
            writer.transport.abort()


async def well(connect: Callable[[], Awaitable[Caller]]) -> bool:
    """Whether somebody new is answered."""
    caller = await connect()
    await caller.say(HEALTH)
    return (await caller.answer())[0] == 200


def test_a_slow_body_is_answered_408_and_others_are_served_meanwhile(run: Run) -> None:
    """A byte now and then does not help; the answer is a problem, and then the connection is closed."""

    async def story() -> None:
        async with served(LONG, body_seconds=SOON) as port, calling(port) as connect:
            slow = await connect()
            await slow.say(BEGUN)
            for _ in range(2):
                await asyncio.sleep(SOON / 8)
                await slow.say(b" ")
                assert await well(connect)

            status, headers, body = await slow.answer()

            assert (status, json.loads(body)["code"]) == (408, "request-timeout")
            assert headers["content-type"] == "application/problem+json"
            assert headers["connection"] == "close"
            assert await slow.cut_off() == b""

    run(story())


def test_three_hundred_who_say_nothing_more_do_not_keep_others_out(run: Run) -> None:
    """However few requests may be inside: they are not."""

    async def story() -> None:
        async with served(LONG, most_inside=1) as port, calling(port) as connect:
            for _ in range(300):
                await (await connect()).say(BEGUN)

            assert await well(connect)

    run(story())


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"GET /health HTTP/1.1\r\nHost"], id="half a header"),
        pytest.param([HEALTH[:5], *(HEALTH[i : i + 1] for i in range(5, 15))], id="a byte now and then"),
    ],
)
def test_a_header_that_does_not_come_is_not_waited_for(run: Run, said: list[bytes]) -> None:
    async def story() -> None:
        async with served(SHORT) as port, calling(port) as connect:
            caller = await connect()
            ended = asyncio.create_task(caller.cut_off())
            for part in said:
                with contextlib.suppress(ConnectionError, RuntimeError):  # uvloop's word for a closed transport
                    await caller.say(part)
                await asyncio.sleep(SOON / 5)

            assert await ended == b""

    run(story())


@pytest.mark.parametrize("said", [b"", HEALTH[:20], BEGUN[:20]], ids=["nothing", "half a header", "another's half"])
def test_after_an_answer_the_next_header_has_its_deadline_too(run: Run, said: bytes) -> None:
    """The one before it does not shorten it."""

    async def story() -> None:
        async with served(SHORT) as port, calling(port) as connect:
            caller = await connect()
            for _ in range(5):
                await asyncio.sleep(SOON / 4)
                await caller.say(HEALTH)
                assert (await caller.answer())[0] == 200
            await caller.say(said)

            assert await caller.cut_off() == b""

    run(story())


def test_whoever_has_a_request_under_way_is_not_cut_off(run: Run) -> None:
    """A header's deadline ends with the header: a body has its own."""

    async def story() -> None:
        async with served(SHORT) as port, calling(port) as connect:
            caller = await connect()
            await caller.say(BEGUN)
            await asyncio.sleep(SOON * 2)
            await caller.say(b" " * 99)

            status, _, body = await caller.answer()
            assert (status, body) == (200, b"100")

    run(story())


def test_a_header_without_end_is_not_taken_in(run: Run) -> None:
    """It is cut off by its length, before the deadline."""

    async def story() -> None:
        async with served(LONG) as port, calling(port) as connect:
            caller = await connect()
            with contextlib.suppress(ConnectionError):
                await caller.say(HEALTH[:-2] + b"X: " + b"x" * (1 << 20))

            assert await caller.cut_off() == b""
            assert await well(connect)

    run(story())


def test_an_answer_that_is_not_taken_gives_its_place_inside_back(run: Run) -> None:
    """Until the first answer is read, the second request, which was sent with it, cannot be answered: it is inside."""

    async def story() -> None:
        async with served(SHORT, most_inside=1) as port, calling(port, limit=1 << 10) as connect:
            greedy = await connect()
            await greedy.say(HEALTH.replace(b"health", b"much") * 4)
            await asyncio.sleep(SOON * 3)

            assert await well(connect)
            assert len(await greedy.cut_off()) < MUCH * 4

    run(story())


def test_one_too_many_is_closed_at_once_and_there_is_room_when_one_has_gone(run: Run) -> None:
    async def story() -> None:
        async with served(CallerLimits(connections=2, seconds=PATIENCE * 2)) as port, calling(port) as connect:
            _, leaving = await connect(), await connect()
            assert await (await connect()).cut_off() == b""
            await leaving.say(HEALTH.replace(b"Host", b"Connection: close\r\nHost"))
            assert (await leaving.answer())[0] == 200
            await leaving.cut_off()
            await asyncio.sleep(SOON / 5)  # the caller may know before the service does

            assert await well(connect)

    run(story())


def test_a_tls_handshake_that_does_not_come_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    """It holds one of the places until it is cut off: a descriptor is one whatever is said on it."""
    pair = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(pair.certificate))

    async def story() -> None:
        limits = CallerLimits(connections=1, seconds=SOON)
        async with served(limits, Tls(pair.certificate, pair.key)) as port, calling(port) as connect:
            silent = await connect()
            turned_away = await connect()
            assert (await turned_away.cut_off(), await silent.cut_off()) == (b"", b"")
            await asyncio.sleep(SOON / 5)  # the caller may know before the service does

            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            caller = Caller(reader, writer)
            await caller.say(HEALTH)
            assert (await caller.answer())[0] == 200
            assert await caller.cut_off() == b""
            writer.transport.abort()

    run(story())


def test_whoever_dawdles_does_not_keep_a_service_from_stopping(run: Run) -> None:
    async def story() -> None:
        async with asyncio.timeout(5), served(LONG) as port, calling(port) as connect:
            await connect()
            await (await connect()).say(HEALTH[:9])

    run(story())
