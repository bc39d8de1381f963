"""A case-management system at its organisation's gateway: it looks children up in the name of the people who use it.

* It is known by a token of its own (`case-system.digest`), and asks by a machine account of the role `case-management`,
  whose desk is on the gateway's machine. It asks for what a practitioner does, and for nothing urgent or deep; it asks
  for call-backs and reads what became of them; it neither answers, nor breaks a glass, nor registers.
* Each of its requests names a user, as the system knows them. The name goes no further than here: what leaves is a
  pseudonym under the organisation's key (`protocol.named_users`). A receipt is good for the user it was given for.
* Of a child, an answer or a name nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, final

from signpost.edge.client import Client
from signpost.edge.gateway.machine import Machine, MachineToken
from signpost.edge.gateway.remembered import Remembered
from signpost.edge.organisation_keys import load_users_key
from signpost.edge.transport import Transport
from signpost.protocol.labels import Label
from signpost.protocol.named_users import named_user
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.service.clock import Clock, Randomness

__all__ = ["CASE_SYSTEM_TOKEN", "CaseSystem"]

CASE_SYSTEM_TOKEN: Final = MachineToken("case-system.digest", Label.CASE_SYSTEM)
_MOST_REMEMBERED: Final = 5_000
"""Keys of requests: it asks for as many people as a gateway has sessions."""


@final
class CaseSystem:
    """Asks in the name of its users. Belongs to one event loop."""

    def __init__(
        self,
        desk: Path,
        token_digest: bytes,
        *,
        transport: Transport,
        clock: Clock,
        elapsed: Callable[[], float],
        randomness: Randomness,
    ) -> None:
        """`desk`: the folder of a case-management system's desk.

        Raises:
            DeskUnusable: it is none, or lacks the key of its users' pseudonyms.
            VerificationFailed: its manifest is not the one it was enrolled with.
        """
        self._machine = Machine(desk, Role.CASE_MANAGEMENT, transport=transport, clock=clock, randomness=randomness)
        self._users_key = load_users_key(desk)
        self._digest = token_digest
        self.remembered = Remembered(elapsed=elapsed, randomness=randomness, most=_MOST_REMEMBERED)

    @property
    def role(self) -> Role:
        """Of its account."""
        return self._machine.role

    @property
    def kind(self) -> Kind:
        """Of its organisation."""
        return self._machine.kind

    def admit(self, token: str) -> None:
        """Refuse any token but the system's.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        CASE_SYSTEM_TOKEN.admit(token, self._digest)

    def named(self, user: str | None) -> bytes:
        """The pseudonym of a user's name, 16 bytes.

        Raises:
            Problem: MALFORMED: there is none, or it is no name.
        """
        try:
            return named_user(self._users_key, user or "")
        except ValueError:
            raise Problem(ProblemCode.MALFORMED, pointers=("/user",)) from None

    async def client(self) -> Client:
        """Its client, signed in.

        Raises:
            Failure: the index does not let it in, or did not answer.
        """
        return await self._machine.client()

    def ended(self) -> None:
        """Its shift is over: the next request signs it in again."""
        self._machine.ended()
