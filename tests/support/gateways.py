"""Gateways, and people who sign in at one: what their organisations and the index say of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

import httpx2

from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.gateways import GatewayCertificate, SessionCertificate, joined
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import GatewaySession
from signpost.protocol.purposes import Role
from tests.support.askers import new_key
from tests.support.people import Person, opened
from tests.support.running_index import RunningIndex
from tests.support.world import Device

__all__ = ["Gateway", "enrol_at", "identifier"]


def identifier() -> str:
    """What names a token."""
    return to_base64url(os.urandom(16))


@dataclass
class Gateway:
    """A gateway that an organisation certified at the running index's noon, for a month."""

    index: RunningIndex
    organisation: str = "st-elsewhere"
    roles: frozenset[Role] = frozenset({Role.URGENT, Role.PRACTITIONER})
    session_seconds: int = SHIFT_SECONDS
    lasts: int = 30 * 86_400
    key: SigningKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        now = self.index.world.clock.now()
        self.certificate = GatewayCertificate(
            organisation=OrganisationId(self.organisation),
            name="front-hall",
            key=self.key.verify_key,
            roles=self.roles,
            session_seconds=self.session_seconds,
            issued_at=now,
            expires_at=now + self.lasts,
            identifier=identifier(),
        )

    @property
    def token(self) -> str:
        """The certificate, signed."""
        return self.certificate.sign(self.index.world.organisation_key(self.organisation))

    def session(self, person: Person, key: SigningKey, **changed: object) -> str:
        """A session's certificate, signed; as long as it may be."""
        now = self.index.world.clock.now()
        certificate = SessionCertificate(
            organisation=OrganisationId(self.organisation),
            account=AccountId(person.account),
            gateway=self.certificate.identifier,
            key=key.verify_key,
            issued_at=now,
            expires_at=min(now + self.session_seconds, self.certificate.expires_at),
            identifier=identifier(),
        )
        return replace(certificate, **changed).sign(self.key)  # type: ignore[arg-type]

    def sign_in(self, person: Person, session: str, **changed: object) -> httpx2.Response:
        """Somebody's sign-in, with that session's certificate."""
        return person.sign_in(session=GatewaySession(gateway=self.token, session=session), **changed)  # type: ignore[arg-type]

    def signed_in(self, person: Person) -> Device:
        """Somebody signed in, with a session's key."""
        key = new_key()
        session = self.session(person, key)
        answer = self.sign_in(person, session)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return Device(
            OrganisationId(self.organisation), AccountId(person.account), person.role, person.kind, key,
            joined(told["certificate"], self.token, session), told["credential"],
        )  # fmt: skip


def enrol_at(gateway: Gateway, account: str = "nurse-7", role: Role = Role.URGENT, **rest: object) -> Person:
    """Somebody who may sign in at the gateway: its key is their account's device."""
    person = opened(gateway.index, account, role, gateway.organisation, **rest)  # type: ignore[arg-type]
    person.key = gateway.key
    for answer in (person.enrol(), person.approve(at_gateway=True)):
        assert answer.status_code in (200, 202), answer.text
    return person
