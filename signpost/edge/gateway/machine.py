"""A program of the organisation's own at its gateway: the token it is known by, and the machine account it acts by.

* Its token is 256 random bits, made once by whoever runs the gateway, which keeps a digest of it, 0600.
* The account's device key, in a desk's folder on the gateway's machine, signs the machine in, by itself; its shift is
  in memory alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, final

from signpost.edge.atomic_file import replace_file
from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import DeskUnusable
from signpost.edge.signed_sender import Identity
from signpost.edge.signing_in import sign_in
from signpost.edge.transport import Transport
from signpost.protocol.encoding import EncodingError, from_base64url, to_base64url
from signpost.protocol.keys import digest, same
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.service.clock import Clock, Randomness
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import StartRefused

__all__ = ["Machine", "MachineToken"]

_TOKEN_BYTES: Final = 32
_SOON_SECONDS: Final = 30 * 60
_THREADS: Final = 1
"""A machine is in no hurry: of two cores one is theirs who look children up at the same gateway."""


@final
class MachineToken:
    """By what one kind of program is known: its file in the gateway's folder, and the label of its digest."""

    def __init__(self, file: str, label: Label) -> None:
        self._file = file
        self._label = label

    def make(self, folder: Path, *, randomness: Randomness) -> str:
        """A new token; one from before is none any more.

        Raises:
            DeskUnusable: the gateway's folder is open to others or cannot be written.
        """
        token = randomness(_TOKEN_BYTES)
        try:
            private_folder(folder)
            replace_file(folder / self._file, digest(self._label, token))
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except OSError:
            raise DeskUnusable(
                "The gateway's folder cannot be written.", hint="Check the path and who owns it."
            ) from None
        return to_base64url(token)

    def kept(self, folder: Path) -> bytes | None:
        """The digest of the token; null where none was made.

        Raises:
            DeskUnusable: others can write it.
        """
        if not (folder / self._file).exists():
            return None
        try:
            return read_private_file(folder / self._file)
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None

    def admit(self, token: str, kept: bytes) -> None:
        """Refuse any token but the one of that digest.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        try:
            raw = from_base64url(token)
        except EncodingError:
            raw = b""
        if not same(digest(self._label, raw), kept):
            raise Problem(ProblemCode.NOT_SIGNED_IN)


@final
class Machine:
    """A machine account whose desk is on the gateway's machine. Belongs to one event loop."""

    def __init__(self, desk: Path, role: Role, *, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        """`desk`: the folder of a desk, of an account of that role.

        Raises:
            DeskUnusable: it is none, or another's.
            VerificationFailed: its manifest is not the one it was enrolled with.
        """
        self.folder = desk
        self._settings, self._manifest, self._key = Desk.parts(desk)
        if self._settings.role is not role:
            raise DeskUnusable(
                "The program's desk is of another role.", hint=f"signpost admin device enrol --role {role.value}"
            )
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._client: Client | None = None
        self._over_at = 0

    @property
    def role(self) -> Role:
        """Of its account."""
        return self._settings.role

    @property
    def kind(self) -> Kind:
        """Of its organisation."""
        return self._settings.kind

    async def client(self) -> Client:
        """Its client, signed in: as it was, or anew where its shift is over or soon will be.

        Raises:
            Failure: the index does not let it in, or did not answer.
        """
        if self._client is not None and self._over_at - self._clock.now() >= _SOON_SECONDS:
            return self._client
        answer = await sign_in(
            self.folder,
            username=None,
            password=None,
            code=None,
            transport=self._transport,
            clock=self._clock,
            randomness=self._randomness,
        )
        identity = Identity(answer.certificate, answer.credential, self._key)
        desk = Desk(folder=self.folder, settings=self._settings, manifest=self._manifest, identity=identity)
        self._client = Client(
            desk, clock=self._clock, randomness=self._randomness, transport=self._transport, threads=_THREADS
        )
        self._over_at = answer.expires_at
        return self._client

    def ended(self) -> None:
        """Its shift is over: the next request signs it in again."""
        self._client = None
