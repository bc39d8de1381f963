"""Organisations and their accounts' credentials, on the operator's word.

The operator admits an organisation by its name, kind and signing key. An account is whoever holds a certificate signed
by that key: for it the index issues a credential of one shift, and it can do so for nobody else. (People will sign in
for theirs; this is the road of machines and demonstrations.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import Organisations, Record, Revocations, Revoked
from signpost.index.records import Organisation
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
    certificate_organisation,
    valid_name,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import KeyInvalid, SigningKey, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import PURPOSES_OF, Kind
from signpost.protocol.tokens import TokenInvalid
from signpost.service.clock import Randomness

__all__ = ["Accounts", "IssuedCredential"]

_IDENTIFIER_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A shift's credential, and when it runs out (epoch seconds)."""

    credential: str
    expires_at: int


@final
class Accounts:
    """Admits organisations and issues credentials."""

    def __init__(
        self,
        *,
        organisations: Organisations,
        revocations: Revocations,
        record: Record,
        credential_key: SigningKey,
        randomness: Randomness,
    ) -> None:
        self._organisations = organisations
        self._revocations = revocations
        self._record = record
        self._credential_key = credential_key
        self._randomness = randomness

    def signing_key(self, name: OrganisationId) -> VerifyKey | None:
        """The key that an admitted organisation's certificates are signed with."""
        organisation = self._organisations.organisation(name)
        return None if organisation is None else organisation.signing_key

    def organisations(self) -> list[Organisation]:
        """All that were admitted."""
        return self._organisations.organisations()

    async def admit(self, name: str, kind: Kind, signing_key: str, *, now: int) -> None:
        """Admit an organisation.

        Raises:
            Problem: MALFORMED (not a name), KEY_INVALID, ALREADY_EXISTS.
        """
        if not valid_name(name):
            raise Problem(ProblemCode.MALFORMED, pointers=("/organisation",))
        try:
            key = VerifyKey.parse(signing_key)
        except KeyInvalid:
            raise Problem(ProblemCode.KEY_INVALID) from None
        organisation = OrganisationId(name)
        audit = self._audit(AuditAction.ADMITTED_ORGANISATION, organisation, now)
        await self._organisations.admit(Organisation(organisation, kind, key), audit=audit)

    async def issue(self, token: str, *, now: int) -> IssuedCredential:
        """A credential for whoever holds this certificate, for one shift and never beyond the certificate itself.

        Raises:
            Problem: CERTIFICATE_INVALID, CERTIFICATE_EXPIRED, ORGANISATION_UNKNOWN, REVOKED.
        """
        certificate = self._certificate(token)
        if now >= certificate.expires_at:
            raise Problem(ProblemCode.CERTIFICATE_EXPIRED)
        if self._revocations.revoked(
            Revoked(certificate=certificate.identifier),
            Revoked(account=(certificate.organisation, certificate.account)),
        ):
            raise Problem(ProblemCode.REVOKED)
        credential = ShiftCredential(
            organisation=certificate.organisation,
            account=certificate.account,
            role=certificate.role,
            kind=certificate.kind,
            purposes=PURPOSES_OF[certificate.role],
            device_thumbprint=certificate.device.thumbprint(),
            issued_at=now,
            expires_at=min(now + SHIFT_SECONDS, certificate.expires_at),
            identifier=to_base64url(self._randomness(_IDENTIFIER_BYTES)),
        )
        audit = self._audit(AuditAction.ISSUED_CREDENTIAL, certificate.organisation, now)
        await self._record.note(audit, signed=None)
        return IssuedCredential(credential.sign(self._credential_key), credential.expires_at)

    def _certificate(self, token: str) -> EnrolmentCertificate:
        name = certificate_organisation(token)
        if name is None:
            raise Problem(ProblemCode.CERTIFICATE_INVALID)
        organisation = self._organisations.organisation(name)
        if organisation is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        try:
            certificate = EnrolmentCertificate.read(token, organisation.signing_key)
        except TokenInvalid:
            raise Problem(ProblemCode.CERTIFICATE_INVALID) from None
        # A council cannot enrol its people as a hospital's: what kind it is, the operator said.
        if (certificate.organisation, certificate.kind) != (organisation.name, organisation.kind):
            raise Problem(ProblemCode.CERTIFICATE_INVALID)
        return certificate

    def _audit(self, action: AuditAction, organisation: OrganisationId, now: int) -> AuditEvent:
        return AuditEvent(action=action, at=now, access=self._randomness(ACCESS_BYTES), organisation=organisation)
