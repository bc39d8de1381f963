"""The same question answered without any of the cryptography: what everything else is held against.

One salted SHA-256 of the NHS number and birth date is looked up in a table. The stack is Signpost's own: the same web
application and door, uvicorn with the same loop and parser, the same signed requests (chain, signature, nonce), one
process, SQLite with the same settings, one writer with group commit, and one transaction a request (the nonce, and a
row that says who asked) that is on the disk before the answer leaves. What is left out is what Signpost adds: blinding,
holders, proofs, receipts, eleven more inputs, wrapping at rest, and the records for families and follow-ups. Nobody
should run this: a salted hash of an NHS number is undone as soon as the salt leaks.

`python -m tests.bench.plain_service FOLDER` serves what `prepare` wrote there.
"""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlite_utils import Database, Migrations

from signpost.protocol.askers import Authenticator
from signpost.protocol.credentials import Asker
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import PointBytes
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Purpose
from signpost.protocol.signatures import PresentedRequest, Signature
from signpost.service.bodies import FromJson
from signpost.service.clock import SystemClock
from signpost.service.database import Connection, open_database, open_reader
from signpost.service.files import private_folder
from signpost.service.listening import PublicAddress
from signpost.service.log import Log, Word
from signpost.service.process import run_service
from signpost.service.serving import serve
from signpost.service.web import build_app
from signpost.service.writer import Writer
from tests.bench.enrolment import Enrolled

__all__ = ["PATH", "PlainAnswer", "PlainLookup", "prepare", "salted_hash"]

PATH = "/v1/lookups"
_DATABASE = "plain.sqlite"
_MIGRATIONS = Migrations("plain")


@_MIGRATIONS()
def tables(database: Database) -> None:
    """The hashes, spent nonces, and who asked."""
    for table in _TABLES:
        database.execute(table)


_TABLES = (
    "CREATE TABLE hashes (hash BLOB NOT NULL PRIMARY KEY, ended_on INTEGER) STRICT, WITHOUT ROWID",
    """CREATE TABLE nonces (
        device BLOB NOT NULL, nonce TEXT NOT NULL, forget_at INTEGER NOT NULL, PRIMARY KEY (device, nonce)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE asked (
        id INTEGER PRIMARY KEY, organisation TEXT NOT NULL, account TEXT NOT NULL, purpose TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT""",
)


class PlainLookup(BaseModel):
    """The question."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    purpose: Annotated[Purpose, Field(strict=False)]
    hash: PointBytes


class PlainAnswer(BaseModel):
    """One word."""

    answer: Literal["current", "previous", "none"]


@dataclass(frozen=True, slots=True)
class _Settings:
    port: int
    url: str
    organisation: str
    organisation_key: str
    credential_key: str


def salted_hash(salt: bytes, nhs_number: str, date_of_birth: str) -> bytes:
    """What would be stored: 32 bytes."""
    return hashlib.sha256(salt + f"{nhs_number}|{date_of_birth}".encode()).digest()


def prepare(folder: Path, *, port: int, asker: Enrolled, credential_key: VerifyKey, hashes: Iterable[bytes]) -> str:
    """Writes what the service needs into a folder; the address it will have."""
    private_folder(folder)
    url = f"http://127.0.0.1:{port}"
    settings = {
        "port": port,
        "url": url,
        "organisation": asker.organisation.name,
        "organisation_key": asker.organisation.signing_key.verify_key.text,
        "credential_key": credential_key.text,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    with contextlib.closing(open_database(folder / _DATABASE, [_MIGRATIONS])) as connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO hashes VALUES (?, NULL)", ((each,) for each in sorted(hashes)))
        connection.execute("COMMIT")
    return url


def _app(settings: _Settings, reader: Connection, writer: Writer, log: Log) -> FastAPI:
    app = build_app("Plain", version="0", log=log)
    clock = SystemClock()
    known = {settings.organisation: VerifyKey.parse(settings.organisation_key)}
    authenticator = Authenticator(organisation_key=known.get, credential_key=VerifyKey.parse(settings.credential_key))

    async def signed(request: Request) -> tuple[Asker, Signature]:
        presented = PresentedRequest(
            request.method, settings.url + request.url.path, request.headers, await request.body()
        )
        return authenticator.authenticate(presented, now=clock.now())

    @app.post(PATH)
    async def lookup(
        asked: FromJson[PlainLookup], who: Annotated[tuple[Asker, Signature], Depends(signed)]
    ) -> PlainAnswer:
        asker, signature = who
        row = reader.execute("SELECT ended_on FROM hashes WHERE hash = ?", (asked.hash,)).fetchone()

        def keep(connection: Connection) -> None:
            spent = connection.execute(
                "INSERT INTO nonces VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (asker.device.encoding, signature.nonce, signature.remember_until),
            )
            if spent.rowcount != 1:
                raise Problem(ProblemCode.NONCE_USED)
            connection.execute(
                "INSERT INTO asked (organisation, account, purpose, at) VALUES (?, ?, ?, ?)",
                (asker.organisation, asker.account, asked.purpose.value, clock.now()),
            )

        await writer.submit(keep)
        return PlainAnswer(answer="none" if row is None else "current" if row[0] is None else "previous")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"state": "serving"}

    return app


async def _serve(folder: Path, log: Log) -> None:
    settings = _Settings(**json.loads((folder / "settings.json").read_text()))
    database = folder / _DATABASE
    with (
        Writer(open_database(database, [_MIGRATIONS]), log) as writer,
        contextlib.closing(open_reader(database)) as reader,
    ):
        await serve(_app(settings, reader, writer, log), PublicAddress("127.0.0.1", settings.port), log=log)


if __name__ == "__main__":
    sys.exit(run_service(Word("plain"), lambda log: _serve(Path(sys.argv[1]), log)))
