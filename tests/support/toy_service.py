"""A small service on the real door, to be called in a test or started as a process.

    python -m tests.support.toy_service FOLDER HOST PORT [CERTIFICATE KEY]

It keeps notes: each is a colour and a day, written through the real writer. Its public address takes and counts them;
its admin socket only says that it is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlite_utils import Database, Migrations

from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.database import Connection, open_database, open_reader
from signpost.service.listening import PublicAddress, Tls
from signpost.service.log import Log, Word
from signpost.service.process import run_service
from signpost.service.serving import LocalAdmin, serve
from signpost.service.web import build_app, refusals
from signpost.service.writer import Writer

MIGRATIONS = Migrations("toy")


@MIGRATIONS()
def notes(database: Database) -> None:
    database.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, colour TEXT NOT NULL, day TEXT NOT NULL) STRICT")


class Colour(StrEnum):
    """What a note is written in."""

    RED = "red"
    BLUE = "blue"


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Note(_Wire):
    """One note."""

    colour: Colour
    day: date


class Notes(_Wire):
    """What is posted."""

    notes: Annotated[list[Note], Field(min_length=1, max_length=9)]
    author: str


class Written(_Wire):
    """How many notes are on the disk."""

    written: int


class Seen(_Wire):
    """How many notes there are."""

    seen: int


async def signed(request: Request) -> bytes:
    """Stands for a signature's check: it needs the very bytes of the body, and refuses before anything parses them."""
    body = await request.body()
    if b"forged" in body:
        raise Problem(ProblemCode.SIGNATURE_INVALID)
    return body


def build_toy(
    log: Log,
    writer: Writer,
    reader: Connection,
    *,
    body_limit: int = 64 << 10,
    body_seconds: float = 10.0,
    most_reading: int = 1000,
    most_inside: int = 64,
) -> FastAPI:
    app = build_app(
        "Toy",
        version="1",
        log=log,
        body_limit=body_limit,
        body_seconds=body_seconds,
        most_reading=most_reading,
        most_inside=most_inside,
    )

    @app.post("/notes", status_code=202, responses=refusals(ProblemCode.SIGNATURE_INVALID, ProblemCode.BUDGET_USED))
    async def take(sent: FromJson[Notes], body: Annotated[bytes, Depends(signed)], wait: int = 0) -> Written:
        if wait:
            raise Problem(ProblemCode.BUDGET_USED, retry_after=wait)
        rows = [(note.colour, note.day.isoformat()) for note in sent.notes]

        def write(connection: Connection) -> int:
            connection.executemany("INSERT INTO note (colour, day) VALUES (?, ?)", rows)
            return len(rows)

        return Written(written=await writer.submit(write))

    @app.get("/notes", responses=refusals())
    async def count() -> Seen:
        (seen,) = reader.execute("SELECT count(*) FROM note").fetchone()
        return Seen(seen=seen)

    @app.get("/break", include_in_schema=False)
    async def broken(word: str) -> None:
        raise ValueError(word)

    @app.get("/break/half-way", include_in_schema=False)
    async def broken_half_way(word: str) -> StreamingResponse:
        async def half() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError(word)

        return StreamingResponse(half())

    @app.get("/slow", include_in_schema=False)
    async def slow(seconds: float) -> StreamingResponse:
        async def slowly() -> AsyncIterator[bytes]:
            yield b"begun"
            await asyncio.sleep(seconds)
            yield b" and done"

        return StreamingResponse(slowly())

    return app


async def main(log: Log) -> None:
    folder, host, port, *pair = sys.argv[1:]
    tls = Tls(certificate=Path(pair[0]), key=Path(pair[1])) if pair else None
    path = Path(folder) / "toy.sqlite"
    with contextlib.ExitStack() as ends:
        writer = ends.enter_context(Writer(open_database(path, [MIGRATIONS]), log))
        # Closed before the writer, whose end then folds the write-ahead log into the database.
        reader = ends.enter_context(contextlib.closing(open_reader(path)))
        app = build_toy(log, writer, reader)
        admin = build_app("Toy admin", version="1", log=log)

        @admin.get("/health")
        async def health() -> Seen:
            return Seen(seen=1)

        await serve(
            app, PublicAddress(host, int(port), tls), log=log, admin=LocalAdmin(admin, Path(folder) / "toy.sock")
        )


if __name__ == "__main__":
    sys.exit(run_service(Word("toy"), main))
