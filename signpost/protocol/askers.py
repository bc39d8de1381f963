"""Authenticating a request: the chain of D2, then the signature of D4, in that order and in one place.

Both services do exactly this, each with its own store of organisation keys. A chain that was verified once is kept in a
small memory, since the same device asks many times in a shift: two Ed25519 checks fewer per request. Time, revocation
and the nonce are checked at every request all the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, final

from signpost.protocol.credentials import Asker, OrganisationId, ShiftCredential, certificate_organisation
from signpost.protocol.gateways import read_enrolled
from signpost.protocol.keys import VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.signatures import (
    CERTIFICATE_HEADER,
    CREDENTIAL_HEADER,
    PresentedRequest,
    Signature,
    verify_request,
)
from signpost.protocol.tokens import MAX_TOKEN_BYTES, TokenInvalid

__all__ = ["Authenticator", "verify_chain"]

_REMEMBERED: Final = 4096
"""Chains kept: a few thousand devices' worth, a few megabytes."""


@final
class Authenticator:
    """Turns a presented request into a verified `Asker`. Not thread-safe: one event loop uses it."""

    def __init__(
        self, *, organisation_key: Callable[[OrganisationId], VerifyKey | None], credential_key: VerifyKey
    ) -> None:
        self._organisation_key = organisation_key
        self._credential_key = credential_key
        self._verified: OrderedDict[tuple[str, str, bytes], Asker] = OrderedDict()

    def authenticate(self, request: PresentedRequest, *, now: int) -> tuple[Asker, Signature]:
        """The asker, and the nonce that the caller must spend before acting.

        Raises:
            Problem: SIGNATURE_MISSING, ORGANISATION_UNKNOWN, CERTIFICATE_*, CREDENTIAL_*, SIGNATURE_*.
        """
        certificate = request.headers.get(CERTIFICATE_HEADER, "")
        credential = request.headers.get(CREDENTIAL_HEADER, "")
        if not certificate or not credential:
            raise Problem(ProblemCode.SIGNATURE_MISSING)
        if len(certificate) > MAX_TOKEN_BYTES or len(credential) > MAX_TOKEN_BYTES:
            raise Problem(ProblemCode.CERTIFICATE_INVALID)
        asker = self._asker(certificate, credential)
        asker.check_time(now)
        return asker, verify_request(request, device=asker.device, now=now)

    def _asker(self, certificate: str, credential: str) -> Asker:
        organisation = certificate_organisation(certificate)
        if organisation is None:
            raise Problem(ProblemCode.CERTIFICATE_INVALID)
        key = self._organisation_key(organisation)
        if key is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        # The organisation's key is part of the name: a key that was replaced finds nothing remembered.
        name = (certificate, credential, key.encoding)
        asker = self._verified.get(name)
        if asker is None:
            asker = verify_chain(certificate, credential, organisation_key=key, credential_key=self._credential_key)
            self._verified[name] = asker
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        else:
            self._verified.move_to_end(name)
        return asker


def verify_chain(certificate: str, credential: str, *, organisation_key: VerifyKey, credential_key: VerifyKey) -> Asker:
    """Both sides' statements of D2, checked against the organisation's and the index's keys and against each other.
    `certificate` is what the organisation's side says: one certificate, or three of a session at a gateway.

    Times are not checked here: `Asker.check_time` does, at every request.

    Raises:
        Problem: CERTIFICATE_INVALID, GATEWAY_INVALID, SESSION_INVALID, CREDENTIAL_INVALID or CREDENTIAL_MISMATCH.
    """
    known = read_enrolled(certificate, organisation_key=organisation_key)
    enrolled, gateway, session = known.certificate, known.gateway, known.session
    try:
        shift = ShiftCredential.read(credential, credential_key)
    except TokenInvalid:
        raise Problem(ProblemCode.CREDENTIAL_INVALID) from None
    if (
        (enrolled.organisation, enrolled.account, enrolled.role, enrolled.kind)
        != (shift.organisation, shift.account, shift.role, shift.kind)
        or known.key.thumbprint() != shift.device_thumbprint
    ):  # fmt: skip
        raise Problem(ProblemCode.CREDENTIAL_MISMATCH)
    certificates = (enrolled,) if gateway is None else (enrolled, gateway)
    of_the_shift = (shift,) if session is None else (shift, session)
    return Asker(
        organisation=enrolled.organisation,
        account=enrolled.account,
        role=enrolled.role,
        kind=enrolled.kind,
        purposes=shift.purposes,
        device=known.key,
        certificate_identifier=enrolled.identifier,
        credential_identifier=shift.identifier,
        certificate_expires_at=min(each.expires_at for each in certificates),
        credential_expires_at=min(each.expires_at for each in of_the_shift),
        signed_in_at=shift.issued_at,
        not_before=max(each.issued_at for each in (*certificates, *of_the_shift)),
        gateway_identifier=None if gateway is None else gateway.identifier,
    )
