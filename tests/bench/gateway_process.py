"""An organisation's gateway as a process of its own, with people enrolled at it, made without anybody's commands.

Everything is real but the waiting: an account is enrolled with the code of the step before, so that the code of this
one signs its owner in at once. Whoever signs in is somebody else each time: an account has one session, and a code is
taken once.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from signpost.edge.administrator import Administrator
from signpost.edge.gateway.certifying import GatewayTerms, certified_gateway, certify_gateway
from signpost.edge.gateway.files import install, make_gateway_key
from signpost.edge.organisation_keys import (
    Organisation,
    copy_feed_keys,
    make_organisation_keys,
    open_signing_key,
)
from signpost.edge.signing_in import enrol_device
from signpost.edge.transport import Transport
from signpost.protocol.administration import AccountTerms
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, OrganisationId
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.gateways import GatewayCertificate
from signpost.protocol.keys import SigningKey
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.service.clock import SystemClock, system_randomness
from tests.bench.house import House
from tests.bench.processes import free_port, running
from tests.support.one_holder import PASSPHRASE
from tests.support.people import PASSWORD

__all__ = ["BY_API", "BY_PAGES", "GatewayFolder", "GatewayProcess", "gateway", "made_gateway"]

_NAME = "town-hall"
BY_API, BY_PAGES = AccountId("worker-1"), AccountId("worker-2")
_FEED = AccountId("feed-1")
_OUT_OF_HOURS = "0113 496 0000"
_ARRIVES_WITHIN = 5


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """A running gateway, and the secret of its people's code generators."""

    process: int
    port: int
    codes: Secret

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def code(self, *, earlier: int = 0) -> str:
        """The code of so many steps before this one. At the end of a step the next is waited for: a code that is two
        steps old when it arrives is refused.
        """
        left = STEP_SECONDS - time.time() % STEP_SECONDS
        if left < _ARRIVES_WITHIN:
            time.sleep(left)
        return code_of(self.codes, int(time.time()) // STEP_SECONDS - earlier)

    def signed_in(self, account: AccountId = BY_API) -> str:
        """A session's token, from the web API."""
        given = {"account": account, "password": PASSWORD, "code": self.code()}
        answer = httpx2.post(f"{self.url}/api/v1/sessions", json=given, timeout=30).raise_for_status()
        return str(answer.json()["session"])


@dataclass(frozen=True, slots=True)
class GatewayFolder:
    """A gateway that is certified and installed: it may be started, killed and started again."""

    house: House
    keys: Path
    organisation: Organisation
    signing_key: SigningKey
    settings: Path
    port: int
    codes: Secret = field(default_factory=lambda: Secret(os.urandom(20)))

    @contextlib.contextmanager
    def serving(self) -> Iterator[GatewayProcess]:
        """Its process, until the context ends."""
        arguments = ["signpost.edge.gateway", "--settings", str(self.settings)]
        with running(arguments, port=self.port, log=self.settings.with_suffix(".log")) as process:
            yield GatewayProcess(process, self.port, self.codes)

    def add_feed_desk(self) -> None:
        """The desk of a feed, by which uploads are registered; for a gateway that is not running yet."""
        desk = self.settings.with_name(f"{self.settings.stem}-feed")

        async def add() -> None:
            async with self._administrator() as administrator:
                token = await self._token(administrator, _FEED, Role.FEED, None)
                await enrol_device(
                    desk, token, None, ca_file=None, transport=administrator.transport, randomness=system_randomness
                )
                await administrator.approve(_FEED)

        asyncio.run(add())
        copy_feed_keys(self.keys, desk)
        with self.settings.open("a") as settings:
            settings.write(f'program_desk = "{desk.name}"\n')

    def enrol(self, accounts: Mapping[AccountId, Role], *, at: GatewayProcess) -> None:
        """People use their tokens at the running gateway, and are approved."""

        async def enrol() -> None:
            certificate = certified_gateway(self.keys, _NAME).certificate
            async with self._administrator() as administrator, httpx2.AsyncClient(timeout=30) as client:
                for account, role in accounts.items():
                    token = await self._token(administrator, account, role, certificate)
                    given = {
                        "token": token.text(),
                        "password": PASSWORD,
                        "code_secret": base64.b32encode(at.codes.reveal()).decode(),
                        "code": at.code(earlier=1),
                    }
                    (await client.post(f"{at.url}/api/v1/enrolments", json=given)).raise_for_status()
                    await administrator.approve(account)

        asyncio.run(enrol())

    @contextlib.asynccontextmanager
    async def _administrator(self) -> AsyncIterator[Administrator]:
        async with Transport() as transport:
            yield Administrator(
                folder=self.keys,
                organisation=self.organisation,
                key=self.signing_key,
                index_url=self.house.index.url,
                transport=transport,
                clock=SystemClock(),
                randomness=system_randomness,
            )

    async def _token(
        self, administrator: Administrator, account: AccountId, role: Role, certificate: GatewayCertificate | None
    ) -> EnrolmentToken:
        until = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=300)
        return await administrator.enrol(
            account,
            role,
            AccountTerms(until, until),
            gateway=certificate,
            manifest_fingerprint=self.house.index.holders.manifest.fingerprint(),
            out_of_hours=_OUT_OF_HOURS,
        )


def made_gateway(house: House, name: str, roles: frozenset[Role]) -> GatewayFolder:
    """The gateway of a new council of that name, for accounts of those roles."""
    folder, keys = house.root / f"{name}-gateway", house.root / f"{name}-keys"
    organisation = make_organisation_keys(
        keys, name=OrganisationId(name), kind=Kind.COUNCIL, passphrase=PASSPHRASE, randomness=system_randomness
    )
    house.admit(name, Kind.COUNCIL, organisation.signing_key)
    now, signing_key = int(time.time()), open_signing_key(keys, PASSPHRASE)
    manifest = house.index.holders
    certified = certify_gateway(
        keys,
        _NAME,
        make_gateway_key(folder, randomness=system_randomness),
        GatewayTerms(
            roles=roles,
            session_seconds=SHIFT_SECONDS,
            issued_at=now,
            expires_at=now + 86_400,
            index_url=house.index.url,
            manifest_fingerprint=manifest.manifest.fingerprint(),
            out_of_hours=_OUT_OF_HOURS,
        ),
        organisation=organisation,
        key=signing_key,
        randomness=system_randomness,
    )
    install(folder, certified, manifest=manifest.signed.encoding())
    settings, port = house.root / f"{name}-gateway.toml", free_port()
    settings.write_text(f'port = {port}\nfolder = "{folder.name}"\n')
    return GatewayFolder(house, keys, organisation, signing_key, settings, port)


@contextlib.contextmanager
def gateway(house: House, name: str) -> Iterator[GatewayProcess]:
    """The gateway of a new council of that name, whose accounts are of urgent duty."""
    made = made_gateway(house, name, frozenset({Role.URGENT}))
    with made.serving() as found:
        made.enrol(dict.fromkeys((BY_API, BY_PAGES), Role.URGENT), at=found)
        yield found
