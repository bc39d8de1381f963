"""Devices that may ask, and requests they sign: the organisations' and the index's side of protocol.md D2."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Self

from signpost.protocol.askers import verify_chain
from signpost.protocol.credentials import AccountId, Asker, EnrolmentCertificate, OrganisationId, ShiftCredential
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import sign_request

__all__ = ["Device", "Organisation", "new_key"]


def new_key() -> SigningKey:
    """A fresh Ed25519 key."""
    return SigningKey(Secret(os.urandom(32)))


@dataclass(frozen=True)
class Organisation:
    """An organisation that enrols devices."""

    name: OrganisationId = OrganisationId("st-aldate-hospital")  # noqa: RUF009 - a name, not a mutable
    kind: Kind = Kind.HOSPITAL
    signing_key: SigningKey = field(default_factory=new_key)

    def device(self, account: str, role: Role, *, index_key: SigningKey, now: int) -> Device:
        """A device of one of its accounts, enrolled for a month and signed in for a shift."""
        key = new_key()
        certificate = EnrolmentCertificate(
            organisation=self.name,
            account=AccountId(account),
            role=role,
            kind=self.kind,
            device=key.verify_key,
            issued_at=now,
            expires_at=now + 30 * 86_400,
            identifier=to_base64url(os.urandom(16)),
        )
        credential = ShiftCredential(
            organisation=self.name,
            account=AccountId(account),
            role=role,
            kind=self.kind,
            purposes=purposes_of(role, self.kind),
            device_thumbprint=key.verify_key.thumbprint(),
            issued_at=now,
            expires_at=now + 12 * 3_600,
            identifier=to_base64url(os.urandom(16)),
        )
        return Device(key, certificate, credential, self.signing_key, index_key)


@dataclass(frozen=True)
class Device:
    """A device key with the two statements about it, and the keys that sign those (so that a test can alter one)."""

    key: SigningKey
    certificate: EnrolmentCertificate
    credential: ShiftCredential
    organisation_key: SigningKey
    index_key: SigningKey

    @property
    def asker(self) -> Asker:
        """What the two statements come to, once they are verified."""
        return verify_chain(
            self.certificate.sign(self.organisation_key),
            self.credential.sign(self.index_key),
            organisation_key=self.organisation_key.verify_key,
            credential_key=self.index_key.verify_key,
        )

    def signed_in_until(self, moment: int) -> Self:
        """The same device, whose shift ends then."""
        return replace(self, credential=replace(self.credential, expires_at=moment))

    def enrolled_until(self, moment: int) -> Self:
        """The same device, whose enrolment ends then."""
        return replace(self, certificate=replace(self.certificate, expires_at=moment))

    def sign(self, url: str, body: bytes, *, now: int, nonce: str | None = None) -> dict[str, str]:
        """The headers of a signed request for this address."""
        return sign_request(
            method="POST",
            url=url,
            body=body,
            certificate=self.certificate.sign(self.organisation_key),
            credential=self.credential.sign(self.index_key),
            key=self.key,
            created=now,
            nonce=nonce or to_base64url(os.urandom(16)),
        )
