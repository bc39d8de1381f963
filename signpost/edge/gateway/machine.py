"""The machine account of a feed, whose desk stands on the gateway's machine: by it the organisation's own involvements
are registered and withdrawn, whoever brought them, a program or a data officer. Only a feed registers.

Its device's key signs it in, by itself, without a password or a code; its shift is in memory alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, final

from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import DeskUnusable
from signpost.edge.organisation_keys import FeedKeys, load_feed_keys
from signpost.edge.signed_sender import Identity
from signpost.edge.signing_in import sign_in
from signpost.edge.transport import Transport
from signpost.protocol.purposes import MACHINE_ROLES
from signpost.service.clock import Clock, Randomness

__all__ = ["Machine"]

_SOON_SECONDS: Final = 30 * 60


@final
class Machine:
    """Signed in whenever it is asked for. Belongs to one event loop."""

    def __init__(self, desk: Path, *, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        """`desk`: the folder of a feed's desk.

        Raises:
            DeskUnusable: it is none, or lacks what a feed needs.
            VerificationFailed: its manifest is not the one it was enrolled with.
        """
        self._folder = desk
        self._settings, self._manifest, self._key = Desk.parts(desk)
        if self._settings.role not in MACHINE_ROLES:
            raise DeskUnusable("The program's desk is a person's.", hint="signpost admin device enrol --role feed")
        self.keys: FeedKeys = load_feed_keys(desk)
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._client: Client | None = None
        self._over_at = 0

    async def signed_in(self) -> Client:
        """Its client, with a shift that lasts for half an hour yet.

        Raises:
            Failure: the index refused, or did not answer.
        """
        if self._client is not None and self._over_at - self._clock.now() >= _SOON_SECONDS:
            return self._client
        answer = await sign_in(
            self._folder,
            username=None,
            password=None,
            code=None,
            transport=self._transport,
            clock=self._clock,
            randomness=self._randomness,
        )
        identity = Identity(answer.certificate, answer.credential, self._key)
        desk = Desk(folder=self._folder, settings=self._settings, manifest=self._manifest, identity=identity)
        self._client = Client(desk, clock=self._clock, randomness=self._randomness, transport=self._transport)
        self._over_at = answer.expires_at
        return self._client

    def ended(self) -> None:
        """Its shift is over: whoever asks next signs it in again."""
        self._client = None
