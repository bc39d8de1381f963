"""Handles: an organisation's contact points. A desk with a telephone, never a person; named by eight characters that
say nothing. The operator adds them; an organisation's own accounts may list their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Handles, Organisations, Record
from signpost.index.records import Handle
from signpost.index.requests import Signed
from signpost.index.speakable import speakable
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import HandleList
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Randomness

__all__ = ["ContactPoint", "OwnHandles"]


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """What a handle is to say, before it has a name."""

    title: str
    telephone: str
    email: str | None
    hours: str | None
    out_of_hours: str | None


@final
class OwnHandles:
    """Adds and lists handles."""

    def __init__(
        self, *, handles: Handles, organisations: Organisations, record: Record, randomness: Randomness
    ) -> None:
        self._handles = handles
        self._organisations = organisations
        self._record = record
        self._randomness = randomness

    async def names(self, signed: Signed) -> HandleList:
        """The names of the asker's organisation's handles.

        Raises:
            Problem: NONCE_USED.
        """
        require(may(signed.asker, Act.LIST_HANDLES))
        await self._record.note(signed.audit(AuditAction.LISTED_HANDLES, self._randomness), signed=signed)
        return HandleList(handles=[handle.identifier for handle in self.of(signed.asker.organisation)])

    def of(self, organisation: OrganisationId) -> list[Handle]:
        """An organisation's handles, whole, for the operator.

        Raises:
            Problem: ORGANISATION_UNKNOWN.
        """
        if self._organisations.organisation(organisation) is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        return self._handles.handles(organisation)

    async def add(self, organisation: OrganisationId, point: ContactPoint, *, now: int) -> Handle:
        """A new handle of an organisation, on the operator's word.

        Raises:
            Problem: ORGANISATION_UNKNOWN; HANDLE_UNKNOWN when the out-of-hours handle is not of that organisation.
        """
        if self._organisations.organisation(organisation) is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        if point.out_of_hours is not None and not self._handles.owns(organisation, point.out_of_hours):
            raise Problem(ProblemCode.HANDLE_UNKNOWN, pointers=("/out_of_hours",))
        audit = AuditEvent(
            action=AuditAction.ADDED_HANDLE, at=now, access=self._randomness(ACCESS_BYTES), organisation=organisation
        )
        while True:
            handle = Handle(
                identifier=speakable(self._randomness),
                organisation=organisation,
                title=point.title,
                telephone=point.telephone,
                email=point.email,
                hours=point.hours,
                out_of_hours=point.out_of_hours,
            )
            if await self._handles.add(handle, audit=audit):
                return handle
