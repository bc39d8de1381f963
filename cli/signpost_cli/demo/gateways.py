"""An organisation's gateway in the pretend world, and the people who use it from a browser.

It is made as docs/how-to/run-a-gateway.md says, by the commands that it gives; people use their tokens by its web API.
Its folder under the world's root is `ORGANISATION-gateway`, with its settings, its log and the folder `gateway`.
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, final

from signpost.protocol.one_time_codes import SECRET_BYTES, STEP_SECONDS, code_of
from signpost.protocol.secret import Secret
from signpost_cli.demo.people import Person
from signpost_cli.demo.world import World, WorldFailed, free_ports

__all__ = ["PASSWORD", "PretendGateway"]

NAME: Final = "town-hall"
PASSWORD: Final = "copper meadow lantern thimble"  # noqa: S105 - of people who do not exist, on loopback
"""Everybody's: somebody who tries the pages has to type it."""
_SECONDS: Final = 30.0


@final
class PretendGateway:
    """One organisation's, which the world has admitted already."""

    def __init__(self, world: World, organisation: str) -> None:
        self._world = world
        self._organisation = organisation
        self.service = f"{organisation}-gateway"
        (self._port,) = free_ports(1)
        world.add_service(self.service, "gateway", self._port)

    @property
    def url(self) -> str:
        """Where its pages and its web API are."""
        return self._world.url(self.service)

    def set_up(self, roles: Sequence[str], *, settings: str = "") -> None:
        """Make its key, have it certified for these roles, install it and start it. `settings`: further lines.

        Raises:
            WorldFailed: a command failed, or it did not start.
        """
        world, folder = self._world, self._world.root / self.service
        folder.mkdir(mode=0o700)
        made = world.must(self.service, "admin", "gateway", "new", "gateway", "--json").stdout
        named = [option for role in roles for option in ("--role", role)]
        world.must(
            self._organisation, "admin", "gateway", "certify", NAME, f"--key={json.loads(made)['key']}", *named,
            "--out", f"../{self.service}/gateway.json", *world.administering, *world.believing,
        )  # fmt: skip
        world.must(self.service, "admin", "gateway", "install", "gateway", "gateway.json", *world.trusting)
        authority = f'ca_file = "{world.authority}"\n' if world.authority else ""
        (folder / "settings.toml").write_text(
            f'port = {self._port}\nfolder = "gateway"\n{authority}{world.tls_settings}{settings}'
        )
        world.start(self.service)

    def open_account(self, account: str, role: str) -> str:
        """What the administrator hands to somebody who is to use the gateway: a token."""
        later = (date.today() + timedelta(days=300)).isoformat()  # noqa: DTZ011 - the administrator's own day
        made = self._world.must(
            self._organisation, "admin", "account", "enrol", account, "--gateway", NAME, "--role", role,
            "--vetting-until", later, "--training-until", later, "--json", *self._world.administering,
            *self._world.believing, *self._world.trusting,
        )  # fmt: skip
        return str(json.loads(made.stdout)["token"])

    def approve(self, account: str) -> None:
        """The administrator approves who has used their token."""
        self._world.must(
            self._organisation, "admin", "account", "approve", account, *self._world.administering,
            *self._world.trusting,
        )  # fmt: skip

    def enrol(self, account: str, role: str) -> Person:
        """Somebody who may sign in at the gateway.

        Raises:
            WorldFailed: the gateway did not take the token.
        """
        token, codes = self.open_account(account, role), Secret(secrets.token_bytes(SECRET_BYTES))
        given = {
            "token": token,
            "password": PASSWORD,
            "code_secret": base64.b32encode(codes.reveal()).decode(),
            # of the step before, so that they need not wait to sign in
            "code": code_of(codes, int(time.time()) // STEP_SECONDS - 1),
        }
        self._post("/api/v1/enrolments", given)
        self.approve(account)
        return Person(account, PASSWORD, codes)

    def _post(self, path: str, document: object) -> None:
        connection: http.client.HTTPConnection
        if self._world.authority is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
        else:
            trusting = ssl.create_default_context(cafile=str(self._world.authority))
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=_SECONDS, context=trusting)
        try:
            connection.request("POST", path, json.dumps(document), {"content-type": "application/json"})
            answer = connection.getresponse()
            if answer.status >= http.client.BAD_REQUEST:
                raise WorldFailed(f"The gateway of {self._organisation} answered {path} with {answer.status}.")
        finally:
            connection.close()
