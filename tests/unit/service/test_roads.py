"""A road of its own at the door: larger bodies, taken as they come, once somebody asks for them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.door import Road
from signpost.service.log import Log, Word
from signpost.service.web import build_app

ROAD = Road("POST", "/long", body_limit=100, body_seconds=0.5, stall_seconds=0.1)


@pytest.fixture
def app() -> FastAPI:
    """Takes long bodies at one address, and short ones elsewhere."""
    made = build_app("roads", version="1", log=Log(Word("roads"), io.StringIO()), body_limit=10, roads=(ROAD,))

    @made.post("/long")
    async def long(request: Request) -> dict[str, int]:
        if "refuse" in request.headers:
            raise Problem(ProblemCode.ROLE_REFUSED)
        return {"length": sum([len(piece) async for piece in request.stream()])}

    @made.post("/short")
    async def short(request: Request) -> dict[str, int]:
        return {"length": len(await request.body())}

    return made


def asked(
    app: FastAPI, pieces: list[bytes], *, path: str = "/long", wait: Callable[[int], float] = lambda _: 0.0,
    **headers: str,
) -> tuple[int, dict[str, str], int]:  # fmt: skip
    """A request whose body comes in pieces, waiting before each: the status, the headers, and how many were taken."""
    taken, answered = 0, list[Message]()

    async def receive() -> Message:
        nonlocal taken
        await asyncio.sleep(wait(taken))
        taken += 1
        return {"type": "http.request", "body": pieces[taken - 1], "more_body": taken < len(pieces)}

    async def send(message: Message) -> None:
        answered.append(message)

    named = {"transfer_encoding": "chunked", **headers}
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items() if value],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    start = answered[0]
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, taken


def test_a_body_on_the_road_may_be_longer_than_elsewhere_and_comes_in_its_pieces(app: FastAPI) -> None:
    assert asked(app, [b"x" * 40] * 2)[0] == 200
    assert asked(app, [b"x" * 40] * 2, path="/short")[0] == 413


def test_nothing_is_taken_in_before_it_is_known_who_sends_it(app: FastAPI) -> None:
    """And whoever is refused is not listened to any longer."""
    status, headers, taken = asked(app, [b"x" * 40] * 2, refuse="yes")

    assert (status, headers["connection"], taken) == (403, "close", 0)


@pytest.mark.parametrize("announced", ["", "101"])
def test_more_than_the_roads_limit_is_refused(app: FastAPI, announced: str) -> None:
    """Before the first piece, where it is announced; at the piece that is too much, where it is not."""
    chunked = "" if announced else "chunked"

    status, headers, taken = asked(app, [b"x" * 60] * 3, content_length=announced, transfer_encoding=chunked)

    assert (status, headers["connection"], taken) == (413, "close", 0 if announced else 2)


def test_whoever_stalls_or_takes_too_long_is_refused(app: FastAPI) -> None:
    assert asked(app, [b"x"] * 3, wait=lambda taken: 0.2 if taken == 1 else 0.0)[0] == 408
    assert asked(app, [b"x"] * 20, wait=lambda _: 0.05)[0] == 408


def test_a_body_that_came_whole_leaves_the_connection_open(app: FastAPI) -> None:
    assert "connection" not in asked(app, [b"x", b"y"])[1]


def test_an_address_of_another_method_has_no_road(app: FastAPI) -> None:
    assert asked(app, [b"x" * 40] * 2, path="/long/")[0] == 413
