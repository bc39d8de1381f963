"""Organisations, on the operator's word: a name, a kind and a signing key.

To be admitted is not to be an asker. An organisation's accounts are its administrator's business, and each key holder's
custodian admits the organisation too: the index alone lets nobody in.
"""

from __future__ import annotations

from typing import final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import Organisations
from signpost.index.records import Organisation
from signpost.protocol.credentials import OrganisationId, valid_name
from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind
from signpost.service.clock import Randomness

__all__ = ["Admission"]


@final
class Admission:
    """Admits organisations."""

    def __init__(self, *, organisations: Organisations, randomness: Randomness) -> None:
        self._organisations = organisations
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
        audit = AuditEvent(
            action=AuditAction.ADMITTED_ORGANISATION,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=organisation,
        )
        await self._organisations.admit(Organisation(organisation, kind, key), audit=audit)
