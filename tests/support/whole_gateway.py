"""An organisation's gateway between a whole index and three key holders, all in this process and one event loop.

Everything is real but the network and the time: certifying, enrolling, approving and signing in are done as they are.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI

from signpost.edge.administrator import Administrator
from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.case_system import CASE_SYSTEM_TOKEN, CaseSystem
from signpost.edge.gateway.certifying import GatewayTerms, certified_gateway, certify_gateway
from signpost.edge.gateway.doors import gateway_app
from signpost.edge.gateway.feeds.history import FeedHistory
from signpost.edge.gateway.feeds.uploads import Feeds
from signpost.edge.gateway.files import GatewayFiles, install, make_gateway_key
from signpost.edge.gateway.machine import Machine
from signpost.edge.gateway.program import Program, load_program_digest, make_program_token
from signpost.edge.gateway.signing_in import OpenedShift, enrol_at_gateway, sign_in_at_gateway
from signpost.edge.organisation_keys import Organisation, copy_feed_keys, copy_users_key, load_feed_keys
from signpost.edge.signing_in import Chosen, enrol_device
from signpost.edge.transport import Transport
from signpost.index.web.public import public_app
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, OrganisationId
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.gateways import GATEWAY_ROLES
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.service.log import Log, Word
from tests.support.askers import Organisation as Asking
from tests.support.lent_applications import lent
from tests.support.one_holder import OneHolder, StillClock, open_holder
from tests.support.people import PASSWORD, terms
from tests.support.running_index import RunningIndex

__all__ = ["IDLE_SECONDS", "LONGEST_UPLOAD", "NAME", "User", "WholeGateway", "open_whole_gateway"]

NAME = "town-hall"
IDLE_SECONDS = 900
ADDRESS = "10.0.4.17"
"""Not the loopback's, where nobody is counted by where they come from."""
LONGEST_UPLOAD = 1 << 20
_MONTH = 30 * 86_400


@dataclass
class User:
    """Somebody with an account at the gateway: what they know and have."""

    account: AccountId
    role: Role
    codes: Secret
    password: str = PASSWORD


@dataclass
class WholeGateway:
    """The gateway's files, its administrator, and whom it speaks to."""

    index: RunningIndex
    holders: list[OneHolder]
    organisation: str
    kind: Kind
    transport: Transport
    administrator: Administrator
    files: GatewayFiles
    log_lines: io.StringIO = field(default_factory=io.StringIO)

    program: Program | None = None
    feeds: Feeds | None = None
    case_system: CaseSystem | None = None
    reference_key: Secret | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """The gateway, started again."""
        clock = self.index.world.clock
        self.gateway = Gateway(
            self.files, transport=self.transport, idle_seconds=IDLE_SECONDS, clock=clock,
            elapsed=lambda: float(clock.now()), randomness=os.urandom, log=Log(Word("gateway"), self.log_lines),
            program=self.program, feeds=self.feeds, case_system=self.case_system,
            reference_key=self.reference_key,
        )  # fmt: skip
        self.app = gateway_app(self.gateway)

    def with_program(self) -> str:
        """Have a machine of the organisation's enrolled as a feed, and the gateway started with it, for its own program
        and for uploads; the program's token.
        """
        desk = self.files.folder.parent / "program"
        if not desk.exists():
            self._machine("program", AccountId("case-system"), Role.FEED)
            copy_feed_keys(self.administrator.folder, desk)
        given = make_program_token(self.files.folder, randomness=os.urandom)
        kept = load_program_digest(self.files.folder)
        assert kept is not None
        clock, keys = self.index.world.clock, load_feed_keys(desk)
        machine = Machine(desk, Role.FEED, transport=self.transport, clock=clock, randomness=os.urandom)
        self.reference_key = keys.reference_key
        self.program = Program(
            machine, keys, kept, clock=clock, elapsed=lambda: float(clock.now()), randomness=os.urandom
        )
        self.feeds = Feeds(
            machine, keys, FeedHistory(self.files.folder, clock=clock), clock=clock, randomness=os.urandom,
            log=Log(Word("gateway"), self.log_lines), upload_bytes=LONGEST_UPLOAD,
        )  # fmt: skip
        self.start()
        return given

    def with_case_system(self) -> str:
        """Have a machine enrolled for the organisation's case-management system, and the gateway started with it; the
        system's token.
        """
        desk = self._machine("lookups", AccountId("case-lookups"), Role.CASE_MANAGEMENT)
        copy_users_key(self.administrator.folder, desk)
        given = CASE_SYSTEM_TOKEN.make(self.files.folder, randomness=os.urandom)
        kept = CASE_SYSTEM_TOKEN.kept(self.files.folder)
        assert kept is not None
        clock = self.index.world.clock
        self.case_system = CaseSystem(
            desk, kept, transport=self.transport, clock=clock, elapsed=lambda: float(clock.now()),
            randomness=os.urandom,
        )  # fmt: skip
        self.start()
        return given

    def _machine(self, folder: str, name: AccountId, role: Role) -> Path:
        desk = self.files.folder.parent / folder
        token = self.index.run(
            self.administrator.enrol(
                name, role, terms(self.index), manifest_fingerprint=self.index.world.manifest.fingerprint(),
                out_of_hours="0113 496 0000",
            )
        )  # fmt: skip
        self.index.run(enrol_device(desk, token, None, ca_file=None, transport=self.transport, randomness=os.urandom))
        self.index.run(self.administrator.approve(name))
        self.index.world.clock.advance(60)
        self.keep_time()
        return desk

    def request(
        self, method: str, path: str, document: object = None, *, token: str | None = None, **headers: str
    ) -> httpx2.Response:
        """A request to the gateway's web API. `headers` are named with low lines for hyphens."""
        return self.index.run(self.requesting(method, path, document, token=token, **headers))

    async def requesting(
        self, method: str, path: str, document: object = None, *, token: str | None = None, **headers: str
    ) -> httpx2.Response:
        """As `request`, to be awaited beside others."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        road = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=road, base_url="http://gateway") as client:
            if document is None:
                return await client.request(method, path, headers=sent)
            return await client.request(method, path, headers=sent, json=document)

    def token(self, user: User) -> str:
        """Somebody signed in by the web API."""
        answer = self.request(
            "POST", "/api/v1/sessions",
            {"account": user.account, "password": user.password, "code": self.code(user)},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["session"])

    def open_account(self, account: str, role: Role) -> EnrolmentToken:
        """A token for somebody who is to use the gateway."""
        certificate = certified_gateway(self.administrator.folder, NAME).certificate
        return self.index.run(
            self.administrator.enrol(
                AccountId(account), role, terms(self.index), gateway=certificate,
                manifest_fingerprint=self.index.world.manifest.fingerprint(), out_of_hours="0113 496 0000",
            )
        )  # fmt: skip

    def enrol(self, account: str, role: Role = Role.PRACTITIONER) -> User:
        """Somebody who has used their token at the gateway, and was approved."""
        token = self.open_account(account, role)
        user = User(AccountId(account), role, Secret(os.urandom(20)))
        chosen = Chosen(user.password, user.codes, self.code(user))
        self.index.run(enrol_at_gateway(self.files, token, chosen, transport=self.transport))
        self.index.run(self.administrator.approve(user.account))
        return user

    def code(self, user: User) -> str:
        """The next code of a user's generator: time goes on until it shows another."""
        self.index.world.clock.advance(STEP_SECONDS)
        self.keep_time()
        return code_of(user.codes, self.index.world.clock.now() // STEP_SECONDS)

    def keep_time(self) -> None:
        """The key holders' clocks go with the index's, and their lists are fresh."""
        for holder in self.holders:
            holder.clock.at = self.index.world.clock.now()
            holder.take_revocations()

    def sign_in(self, user: User) -> OpenedShift:
        """A shift, without the gateway's web API."""
        return self.index.run(
            sign_in_at_gateway(
                self.files, user.account, user.password, self.code(user), transport=self.transport,
                clock=self.index.world.clock, randomness=os.urandom,
            )
        )  # fmt: skip


@contextlib.contextmanager
def open_whole_gateway(
    folder: Path, *, organisation: str = "northtown", kind: Kind = Kind.COUNCIL
) -> Iterator[WholeGateway]:
    """Northtown's gateway, certified for everybody who may use one; nobody is enrolled yet."""
    with contextlib.ExitStack() as opened:
        index = opened.enter_context(RunningIndex(folder / "index"))
        world = index.world
        for name, its_kind in ((organisation, kind), ("southtown", Kind.COUNCIL)):
            index.admit(name, its_kind)
        holders = [_holder(opened, index, folder, number) for number in (1, 2, 3)]
        for holder in holders:
            for name, its_kind in ((organisation, kind), ("southtown", Kind.COUNCIL)):
                holder.admit(Asking(OrganisationId(name), its_kind, world.organisation_key(name)))
        log = Log(Word("index"), index.log_lines)
        apps: dict[str, FastAPI] = {
            world.url: opened.enter_context(
                lent(public_app, index.index, log, manifest=world.holders.signed.encoding().decode())
            ),
            **{holder.url: holder.public for holder in holders},
        }
        transport = Transport(transport=_network(apps))
        opened.callback(lambda: index.run(transport.close()))
        administrator = _administrator(index, folder / "keys", organisation, kind, transport)
        gateway = folder / "gateway"
        certified = certify_gateway(
            administrator.folder,
            NAME,
            make_gateway_key(gateway, randomness=os.urandom),
            GatewayTerms(
                roles=GATEWAY_ROLES,
                session_seconds=SHIFT_SECONDS,
                issued_at=world.clock.now(),
                expires_at=world.clock.now() + _MONTH,
                index_url=world.url,
                manifest_fingerprint=world.manifest.fingerprint(),
                out_of_hours="0113 496 0000",
            ),
            organisation=administrator.organisation,
            key=administrator.key,
            randomness=os.urandom,
        )
        install(gateway, certified, manifest=world.holders.signed.encoding())
        yield WholeGateway(index, holders, organisation, kind, transport, administrator, GatewayFiles.load(gateway))


def _holder(opened: contextlib.ExitStack, index: RunningIndex, folder: Path, number: int) -> OneHolder:
    world = index.world
    holder = opened.enter_context(
        open_holder(
            folder / f"holder-{number}", holders=world.holders, number=number, index_key=world.credential_key,
            clock=StillClock(world.clock.now()),
        )
    )  # fmt: skip
    holder.runner = index._runner  # one event loop for everybody
    holder.unlock()
    holder.take_revocations()
    return holder


def _administrator(index: RunningIndex, folder: Path, name: str, kind: Kind, transport: Transport) -> Administrator:
    folder.mkdir(mode=0o700)
    world = index.world
    organisation = Organisation(
        OrganisationId(name), kind, world.organisation_key(name).verify_key, world.sealing_key(name).seal_key
    )
    replace_file(folder / "organisation.json", organisation.document(), mode=PUBLIC)
    replace_file(folder / "sealing.key", world.sealing_key(name).seed.reveal())
    replace_file(folder / "reference.key", os.urandom(32))
    return Administrator(
        folder=folder, organisation=organisation, key=world.organisation_key(name), index_url=world.url,
        transport=transport, clock=world.clock, randomness=os.urandom,
    )  # fmt: skip


def _network(apps: dict[str, FastAPI]) -> httpx2.AsyncBaseTransport:
    """A network that holds these and nobody else. Everything comes from one address, the gateway's."""
    roads = {url: httpx2.ASGITransport(app=app, client=(ADDRESS, 40_000)) for url, app in apps.items()}

    async def handle(request: httpx2.Request) -> httpx2.Response:
        road = roads.get(f"{request.url.scheme}://{request.url.host}:{request.url.port}")
        if road is None:
            raise httpx2.ConnectError("nobody there")
        return await road.handle_async_request(request)

    return httpx2.MockTransport(handle)
