"""Revocations: what has been taken back, refused here at once and told to every key holder by a signed list.

A holder fetches the list every 30 seconds and goes by when it was signed (protocol.md D4), so it is signed afresh for
whoever asks; within one second, and while nothing has been revoked, the same signature serves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import Revocations, Revoked
from signpost.protocol.credentials import AccountId, Asker, OrganisationId, valid_name
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.revocation import MOST_TAKEN_BACK, RevocationList
from signpost.protocol.tokens import TokenInvalid, read_identifier
from signpost.service.clock import Randomness

__all__ = ["Revoking"]


@final
class Revoking:
    """Takes back, refuses, and signs the list."""

    def __init__(
        self,
        *,
        revocations: Revocations,
        known: Callable[[OrganisationId], object | None],
        credential_key: SigningKey,
        randomness: Randomness,
    ) -> None:
        """`known` gives an organisation that was admitted: a name that is none must not look taken back."""
        self._revocations = revocations
        self._known = known
        self._credential_key = credential_key
        self._randomness = randomness
        self._signed: tuple[int, str] | None = None
        self._entries: list[Revoked] | None = None

    def refuse(self, asker: Asker) -> None:
        """Refuse a revoked asker.

        Raises:
            Problem: REVOKED.
        """
        named = [
            Revoked(certificate=asker.certificate_identifier),
            Revoked(account=(asker.organisation, asker.account)),
        ]
        if asker.gateway_identifier is not None:
            named.append(Revoked(certificate=asker.gateway_identifier))
        if self._revocations.revoked(*named):
            raise Problem(ProblemCode.REVOKED)

    def refuse_certificate(self, identifier: str) -> None:
        """Refuse what a revoked certificate vouches for.

        Raises:
            Problem: REVOKED.
        """
        if self._revocations.revoked(Revoked(certificate=identifier)):
            raise Problem(ProblemCode.REVOKED)

    async def revoke(self, *, certificate: str | None, organisation: str | None, account: str | None, now: int) -> None:
        """Take back a certificate by its identifier, or an account of an organisation: one of the two.

        Raises:
            Problem: MALFORMED, ORGANISATION_UNKNOWN; or REVOCATIONS_FULL, and nothing is taken back.
        """
        named: OrganisationId | None = None
        if certificate is not None and organisation is None and account is None:
            entry = Revoked(certificate=_identifier(certificate))
        elif certificate is None and organisation is not None and account is not None:
            if not (valid_name(organisation) and valid_name(account)):
                raise Problem(ProblemCode.MALFORMED)
            named = OrganisationId(organisation)
            if self._known(named) is None:
                raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
            entry = Revoked(account=(named, AccountId(account)))
        else:
            raise Problem(ProblemCode.MALFORMED)
        audit = AuditEvent(
            action=AuditAction.REVOKED, at=now, access=self._randomness(ACCESS_BYTES), organisation=named
        )
        # The rest of the list is kept for what accounts' own changes put there: a suspension is never turned away.
        if self._revocations.taken_back() >= MOST_TAKEN_BACK:
            raise Problem(ProblemCode.REVOCATIONS_FULL)
        await self._revocations.revoke(entry, audit=audit)
        self.changed()

    def changed(self) -> None:
        """The list may have changed otherwise: by an administrator, by somebody signing in, or by time."""
        self._signed = self._entries = None

    def _all(self) -> list[Revoked]:
        # Unsealed once, and again after a change: anybody may ask for the list, as often as they like.
        if self._entries is None:
            self._entries = self._revocations.entries()
        return self._entries

    def signed_list(self, now: int) -> str:
        """The list as of now, as a token."""
        if self._signed is None or self._signed[0] != now:
            entries = self._all()
            listed = RevocationList.of(
                now,
                certificates=(e.certificate for e in entries if e.certificate is not None),
                accounts=(e.account for e in entries if e.account is not None),
            )
            self._signed = (now, listed.sign(self._credential_key))
        return self._signed[1]


def _identifier(certificate: str) -> str:
    try:
        return read_identifier(certificate)
    except TokenInvalid:
        raise Problem(ProblemCode.MALFORMED) from None
