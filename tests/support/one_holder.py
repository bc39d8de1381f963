"""One key holder in this process: real store, real keys, real application, a clock that stands still."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from fastapi import FastAPI
from sqlite_utils.utils import sqlite3

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.group import Element, base_multiply
from signpost.protocol.keys import SigningKey
from signpost.protocol.revocation import RevocationList
from signpost.protocol.sealing import Argon2Cost
from signpost.protocol.secret import Secret
from signpost.protocol.tags import join_points
from signpost.protocol.threshold import random_scalar
from signpost.service.database import open_database, open_reader
from signpost.service.log import Log, Word
from signpost.service.writer import Writer
from signpost_keys.app import public_app
from signpost_keys.custody import Custody, make_identity
from signpost_keys.custody_app import custody_app
from signpost_keys.folder import HolderFolder
from signpost_keys.holder import Holder
from signpost_keys.settings import HolderSettings
from signpost_keys.storage import MIGRATIONS, Admission, HolderStore
from tests.support.askers import Device, Organisation, new_key
from tests.support.ceremony import Holders, make_holders

__all__ = ["CHEAP", "NOON", "PASSPHRASE", "OneHolder", "StillClock", "make_folder", "open_holder", "some_points"]

CHEAP: Final = Argon2Cost(memory_kib=8, passes=1, lanes=1)
"""Opens in no time and protects nothing. It stands in the tests alone, and no setting or argument of a command
reaches it."""

PASSPHRASE: Final = Secret(b"four words of a test")
NOON: Final = 1_790_078_400
"""2026-09-22T12:00:00Z: away from midnight."""


@dataclass
class StillClock:
    """What the time is, until a test moves it."""

    at: int = NOON

    def now(self) -> int:
        return self.at


def some_points(count: int) -> list[Element]:
    """Elements as blinded points look: of nothing in particular."""
    return [base_multiply(random_scalar(os.urandom)) for _ in range(count)]


def make_folder(path: Path, holders: Holders, number: int, *, with_key: bool = True) -> HolderFolder:
    """The folder of one of these holders, as it is after the ceremony, or before it."""
    folder = HolderFolder(path)
    seeds = holders.signing_keys[number - 1].seed.reveal() + holders.opening_keys[number - 1].seed.reveal()

    def known_keys(length: int) -> bytes:
        return seeds + os.urandom(length - 64) if length > 64 else os.urandom(length)

    make_identity(folder, PASSPHRASE, known_keys, cost=CHEAP)
    if with_key:
        custody = Custody(folder, url=holders.manifest.holders[number - 1].url)
        custody.unlock(*custody.open_files(PASSPHRASE))
        custody.accept(holders.shares[number - 1], holders.signed)
    return folder


@dataclass
class OneHolder:
    """A holder that a test speaks to. Where it is opened: `open_holder`."""

    holder: Holder
    holders: Holders
    number: int
    clock: StillClock
    index_key: SigningKey
    log_text: io.StringIO
    runner: asyncio.Runner
    public: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.public = public_app(self.holder)

    @functools.cached_property
    def custody(self) -> FastAPI:
        return custody_app(self.holder)

    @property
    def url(self) -> str:
        return self.holders.manifest.holders[self.number - 1].url

    # -- what a test does with it ---------------------------------------------------------------------------------

    def unlock(self) -> None:
        self.runner.run(self.holder.unlock(PASSPHRASE))

    def take_revocations(
        self, *, certificates: tuple[str, ...] = (), accounts: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """A list of the index, issued now."""
        fresh = RevocationList.of(self.clock.at, certificates=certificates, accounts=accounts)
        self.holder.revocations.take(fresh.sign(self.index_key), now=self.clock.at)

    def admit(self, organisation: Organisation, *, budget: int = 1_000_000) -> None:
        admission = Admission(organisation.name, organisation.signing_key.verify_key, budget)
        self.runner.run(self.holder.admit(admission, replace_key=False))

    def request(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """A request to the public application."""
        return self.runner.run(self._request(self.public, method, path, **given))

    def at_custody(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """A request to the custodian's application."""
        return self.runner.run(self._request(self.custody, method, path, **given))

    def body(self, *, use: Use = Use.LOOKUP, points: bytes | None = None, **changed: Any) -> bytes:
        """An evaluation request's body. `points` are random elements of the right number unless they are given."""
        own = join_points(some_points(POINTS[use])) if points is None else points
        asked = {"epoch": 1, "generation": 1, "kind": use.value, "points": to_base64url(own)}
        return json.dumps({**asked, **changed}).encode()

    def evaluate(self, device: Device, body: bytes | None = None, *, nonce: str | None = None) -> httpx2.Response:
        """A signed evaluation request."""
        raw = self.body() if body is None else body
        headers = device.sign(f"{self.url}/v1/evaluations", raw, now=self.clock.at, nonce=nonce)
        return self.request("POST", "/v1/evaluations", content=raw, headers=headers)

    async def evaluate_async(self, device: Device, body: bytes) -> httpx2.Response:
        """As `evaluate`, for several at once."""
        headers = device.sign(f"{self.url}/v1/evaluations", body, now=self.clock.at)
        return await self._request(self.public, "POST", "/v1/evaluations", content=body, headers=headers)

    async def _request(self, app: FastAPI, method: str, path: str, **given: Any) -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=self.url) as client:
            return await client.request(method, path, **given)

    # -- what a test looks at -----------------------------------------------------------------------------------------

    def kept(self) -> dict[str, object]:
        """Everything this holder keeps: every row of its database, and every other file. For "nothing was changed"."""
        folder = self.holder.custody.folder
        with contextlib.closing(sqlite3.connect(folder.database)) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            rows: dict[str, object] = {
                table: sorted(database.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - our own tables
                for table in tables
            }
        files = {path.name: path.read_bytes() for path in folder.path.iterdir() if "holder.db" not in path.name}
        return {**rows, **files}

    def charged(self, organisation: OrganisationId) -> int:
        """Points on the organisation's meter."""
        found = dict[str, int](
            (row[0], row[2])
            for row in self.kept()["organisation_meters"]  # type: ignore[attr-defined]
        )
        return found.get(organisation, 0)


@functools.cache
def _some_holders() -> Holders:
    return make_holders()


@contextlib.contextmanager
def open_holder(
    path: Path, *, holders: Holders | None = None, number: int = 1, with_key: bool = True,
    clock: StillClock | None = None, folder: HolderFolder | None = None, index_key: SigningKey | None = None,
    **settings: Any,
) -> Iterator[OneHolder]:  # fmt: skip
    """A locked holder. `folder` takes up one that is there already, with its `holders`."""
    holders = holders or _some_holders()
    index_key = index_key or new_key()
    clock = clock or StillClock()
    folder = folder or make_folder(path, holders, number, with_key=with_key)
    log_text = io.StringIO()
    log = Log(Word("holder"), log_text)
    told = HolderSettings(
        port=0,
        public_url=holders.manifest.holders[number - 1].url,
        data_dir=path,
        index_url="http://127.0.0.1:1",
        index_credential_key=index_key.verify_key.text,
        **settings,
    )
    with contextlib.ExitStack() as opened:
        runner = opened.enter_context(asyncio.Runner())
        writer = opened.enter_context(Writer(open_database(folder.database, MIGRATIONS), log))
        reader = opened.enter_context(contextlib.closing(open_reader(folder.database)))
        pool = opened.enter_context(ThreadPoolExecutor(2))
        store = HolderStore(writer, reader)
        holder = Holder.of(told, store=store, clock=clock, randomness=os.urandom, log=log, pool=pool)
        yield OneHolder(holder, holders, number, clock, index_key, log_text, runner)
