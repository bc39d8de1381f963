"""An organisation's gateway as a process of its own, with people enrolled at it, made without anybody's commands.

Everything is real but the waiting: an account is enrolled with the code of the step before, so that the code of this
one signs its owner in at once. Who asks by the API and who asks by the pages are two: an account has one session.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from signpost.edge.administrator import Administrator
from signpost.edge.gateway.certifying import GatewayTerms, certified_gateway, certify_gateway
from signpost.edge.gateway.files import install, make_gateway_key
from signpost.edge.organisation_keys import make_organisation_keys, open_signing_key
from signpost.edge.transport import Transport
from signpost.protocol.administration import AccountTerms
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, OrganisationId
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.service.clock import SystemClock, system_randomness
from tests.bench.house import House
from tests.bench.processes import free_port, running
from tests.support.one_holder import PASSPHRASE
from tests.support.people import PASSWORD

__all__ = ["BY_API", "BY_PAGES", "GatewayProcess", "gateway"]

_NAME = "town-hall"
BY_API, BY_PAGES = AccountId("worker-1"), AccountId("worker-2")
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

    def signed_in(self) -> str:
        """A session's token, from the web API."""
        given = {"account": BY_API, "password": PASSWORD, "code": self.code()}
        answer = httpx2.post(f"{self.url}/api/v1/sessions", json=given, timeout=30).raise_for_status()
        return str(answer.json()["session"])


@contextlib.contextmanager
def gateway(house: House, name: str) -> Iterator[GatewayProcess]:
    """The gateway of a new council of that name, whose accounts are of urgent duty."""
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
            roles=frozenset({Role.URGENT}),
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
    with running(
        ["signpost.edge.gateway", "--settings", str(settings)], port=port, log=house.root / f"{name}-gateway-log"
    ) as process:
        found = GatewayProcess(process, port, Secret(os.urandom(20)))

        async def enrol() -> None:
            async with Transport() as transport:
                administrator = Administrator(
                    folder=keys,
                    organisation=organisation,
                    key=signing_key,
                    index_url=house.index.url,
                    transport=transport,
                    clock=SystemClock(),
                    randomness=system_randomness,
                )
                for account in (BY_API, BY_PAGES):
                    await _enrolled(administrator, account, found, house)

        asyncio.run(enrol())
        yield found


async def _enrolled(administrator: Administrator, account: AccountId, at: GatewayProcess, house: House) -> None:
    until = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=300)
    token = await administrator.enrol(
        account,
        Role.URGENT,
        AccountTerms(until, until),
        gateway=certified_gateway(administrator.folder, _NAME).certificate,
        manifest_fingerprint=house.index.holders.manifest.fingerprint(),
        out_of_hours=_OUT_OF_HOURS,
    )
    given = {
        "token": token.text(),
        "password": PASSWORD,
        "code_secret": base64.b32encode(at.codes.reveal()).decode(),
        "code": at.code(earlier=1),
    }
    async with httpx2.AsyncClient(timeout=30) as client:
        (await client.post(f"{at.url}/api/v1/enrolments", json=given)).raise_for_status()
    await administrator.approve(account)
