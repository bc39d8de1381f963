"""An index in this process, whole but for its sockets: its real database, its real applications, no network.

Its worker does not run: a test settles and sweeps when it wants to. Everything is one thread's, as in the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel

from signpost.index.app import Index
from signpost.index.hashing import Hashing
from signpost.index.keyfile import IndexKeys, make_keys
from signpost.index.settings import IndexSettings
from signpost.index.storage.opening import open_index_database
from signpost.index.storage.vault import Vault, place
from signpost.index.web.operator import operator_app
from signpost.index.web.public import public_app
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.passwords import PasswordCost
from signpost.protocol.purposes import Kind, Purpose, Role
from signpost.service.database import open_reader
from signpost.service.log import Log, Word
from signpost.service.writer import Writer
from tests.support.lent_applications import lent
from tests.support.world import Child, Device, World, body_of, chance, device_purpose

T = TypeVar("T")

Tables = dict[str, list[tuple[Any, ...]]]


class RunningIndex:
    """An index over a data folder, and the world around it.

    Opening the same folder again with the same `keys` and `world` is what a restart is.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keys: IndexKeys | None = None,
        world: World | None = None,
        expected: Sequence[str] = ("northtown", "southtown"),
        seed: int = 1,
        **limits: int,
    ) -> None:
        """`limits` are settings that are to be other than usual."""
        self.folder = folder
        self.keys = keys or make_keys(chance(seed).randbytes)
        self.world = world or World(credential_key=self.keys.credential_key())
        self.log_lines = io.StringIO()
        self.settings = IndexSettings(
            port=0,
            public_url=self.world.url,
            data_dir=folder,
            expected_organisations=tuple(OrganisationId(name) for name in expected),
            **{"officer_answer_ms": 0, **limits},  # type: ignore[arg-type]  # all that a test sets are numbers
        )
        self.vault = Vault(self.keys)
        log = Log(Word("index"), self.log_lines)
        with contextlib.ExitStack() as opened:  # closed again when the index does not open
            self._runner = opened.enter_context(asyncio.Runner())
            self.writer = opened.enter_context(Writer(open_index_database(self.settings.database, self.vault), log))
            self.reader = opened.enter_context(contextlib.closing(open_reader(self.settings.database)))
            self._opened = opened.pop_all()
        self.index = Index(
            settings=self.settings,
            keys=self.keys,
            manifest=self.world.manifest,
            vault=self.vault,
            reader=self.reader,
            writer=self.writer,
            clock=self.world.clock,
            randomness=self.world.randomness,
            hashing=Hashing(PasswordCost(memory_kib=64, passes=1)),
        )
        self._public_app = self._opened.enter_context(lent(public_app, self.index, log))
        self._public = self._client(self._public_app)
        self._operator = self._client(self._opened.enter_context(lent(operator_app, self.index, log)))
        for client in (self._public, self._operator):
            self._opened.callback(self._hang_up, client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, as a service does that was asked to. A second call does nothing."""
        self._opened.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the index's event loop."""
        return self._runner.run(work)

    # -- asking

    def ask(
        self, device: Device, path: str, message: BaseModel | bytes, *, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """A signed request, and its answer. `headers` stand in for the signed ones."""
        return self.run(self.asking(device, path, message, headers=headers))

    async def asking(
        self, device: Device, path: str, message: BaseModel | bytes, *, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """As `ask`, to be awaited beside others."""
        body = message if isinstance(message, bytes) else body_of(message)
        signed = self.world.signed_headers(device, path, body) if headers is None else headers
        return await self._public.post(path, content=body, headers=signed)

    def get(self, path: str) -> httpx2.Response:
        """What anybody may read."""
        return self.run(self._public.get(path))

    def public(self, method: str, path: str, **rest: Any) -> httpx2.Response:
        """Any request at the public door."""
        return self.run(self._public.request(method, path, **rest))

    def public_from(self, address: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        """Any request at the public door, over a connection from elsewhere than this machine."""
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self._public_app, client=(address, 40_000)), base_url="http://index"
        )
        try:
            return self.run(client.request(method, path, **rest))
        finally:
            self._hang_up(client)

    def operate(self, path: str, document: Mapping[str, object] | None = None) -> httpx2.Response:
        """A request on the operator's socket: POST with a document, else GET."""
        if document is None:
            return self.run(self._operator.get(path))
        return self.run(self._operator.post(path, json=document))

    # -- setting the scene

    def admit(self, organisation: str, kind: Kind = Kind.COUNCIL) -> None:
        """Admit an organisation."""
        key = self.world.organisation_key(organisation).verify_key.text
        answer = self.operate("/organisations", {"organisation": organisation, "kind": kind, "signing_key": key})
        assert answer.status_code == 201, answer.text

    def handle(self, organisation: str) -> str:
        """A new handle of an organisation."""
        answer = self.operate(
            "/handles", {"organisation": organisation, "title": "Duty desk", "telephone": "01632 960001"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["handle"])

    def enrol(self, organisation: str, role: Role, kind: Kind = Kind.COUNCIL, *, account: str | None = None) -> Device:
        """A device as it is when its account has signed in. Signing in itself is tested by itself."""
        account = account or f"{role.value}.{self.world.randomness(4).hex()}"
        return self.world.device(organisation, role, kind, account=account)

    def register(self, device: Device, child: Child, handle: str, **rest: Any) -> httpx2.Response:
        """Register one involvement; it is not settled."""
        registration = self.world.registration(child, handle, **rest)
        return self.ask(device, "/v1/registrations", self.world.registering(device, [registration]))

    def look_up(self, device: Device, child: Child, *, purpose: Purpose | None = None) -> str:
        """The word that a lookup is answered with."""
        request = self.world.lookup(device, child, purpose=purpose or device_purpose(device))
        answer = self.ask(device, "/v1/lookups", request)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["answer"])

    def settle(self) -> int:
        """Settle until the inbox is empty; how many arrivals there were."""
        total = 0
        while settled := self.run(self.index.settling.tick()):
            total += settled
        return total

    def sweep(self) -> int:
        """Sweep once; how many rows went."""
        return self.run(self.index.sweeping.tick())

    # -- looking behind it

    def tables(self) -> Tables:
        """Every row of every table, SQLite's own counters included."""
        names = self.reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        rows = {name: self.reader.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}  # noqa: S608
        return {name: sorted(each, key=repr) for name, each in rows.items()}

    def opened_rows(self) -> bytes:
        """Everything that rests sealed, opened: what somebody reads who has the database and the keys."""
        labels = {
            "inbox": Label.INBOX_ROW, "outcomes": Label.OUTCOME_ROW, "owned_involvements": Label.OWNED_ROW,
            "lookup_rows": Label.LOOKUP_ROW, "call_backs": Label.CALL_BACK_ROW, "notices": Label.NOTICE_ROW,
            "glasses": Label.GLASS_ROW, "mails": Label.MAIL_ROW, "seals": Label.SEAL_ROW,
            "desk_items": Label.ITEM_ROW, "audit_leaves": Label.AUDIT_ROW, "desk_leaves": Label.DESK_AUDIT_ROW,
        }  # fmt: skip
        alone = {"inbox", "mails", "audit_leaves", "desk_leaves"}
        opened = []
        for table, label in labels.items():
            names = [row[1] for row in self.reader.execute(f"PRAGMA table_info({table})").fetchall()]
            at = names.index("sealed")
            for row in self.reader.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608 - names from above
                if table in alone:
                    context: tuple[bytes, ...] = ()
                elif isinstance(row[0], int):
                    context = (place(*row[: 2 if table == "owned_involvements" else 1]),)
                else:
                    context = (row[0],)
                opened.append(self.vault.open(row[at], label, *context))
        return b"\n".join(opened)

    def unchanged_by(self, act: Callable[[], httpx2.Response]) -> httpx2.Response:
        """The answer of an act that must leave every table as it was."""
        before = self.tables()
        answer = act()
        assert self.tables() == before
        return answer

    def refused_on_record(self, act: Callable[[], httpx2.Response]) -> httpx2.Response:
        """The answer of an act that policy refuses: its nonce is spent and a leaf says so, and nothing else is left."""
        before = self.tables()
        answer = act()
        after = self.tables()
        records = ("audit_leaves", "desk_leaves")  # a shielding officer's are in the desk's
        left = {*records, "spent_nonces", "sqlite_sequence"}
        assert {name: rows for name, rows in after.items() if name not in left} == {
            name: rows for name, rows in before.items() if name not in left
        }
        assert sum(len(after[name]) - len(before[name]) for name in records) == 1
        assert len(after["spent_nonces"]) == len(before["spent_nonces"]) + 1
        return answer

    def _hang_up(self, client: httpx2.AsyncClient) -> None:
        self.run(client.aclose())

    @staticmethod
    def _client(app: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://index")
