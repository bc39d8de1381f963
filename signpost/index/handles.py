"""Handles: an organisation's contact points. A desk that can be rung or written to, never a person; named by eight
characters that say nothing. The operator keeps them as its organisations say; their own accounts may list the names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.handle_faults import faults_of, sensitive
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Handles, Organisations, Record
from signpost.index.records import Handle
from signpost.index.requests import Signed
from signpost.index.speakable import speakable
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import HandleList
from signpost.protocol.own_organisation import HandleFault, OwnHandle, OwnHandleList
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Randomness

__all__ = ["CHANGEABLE", "CheckedHandle", "ContactPoint", "OwnHandles"]

CHANGEABLE: Final = ("title", "telephone", "email", "hours", "out_of_hours", "consent_only", "privacy_office")
"""What can be said anew of a handle. Its name stays."""


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """What a handle is to say, before it has a name."""

    title: str
    telephone: str | None
    email: str | None
    hours: str | None
    out_of_hours: str | None
    consent_only: bool = False
    privacy_office: bool = False


@dataclass(frozen=True, slots=True)
class CheckedHandle:
    """A handle, and what is wrong with it."""

    handle: Handle
    faults: Sequence[HandleFault]


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
        """The names of the asker's organisation's handles, and which of them register by consent alone.

        Raises:
            Problem: NONCE_USED.
        """
        require(may(signed.asker, Act.LIST_HANDLES))
        await self._record.note(signed.audit(AuditAction.LISTED_HANDLES, self._randomness), signed=signed)
        handles = self.of(signed.asker.organisation)
        return HandleList(
            handles=[handle.identifier for handle in handles],
            consent_only=sorted(sensitive({each.identifier: each for each in handles})),
        )

    async def whole(self, signed: Signed) -> OwnHandleList:
        """The asker's organisation's handles, whole, with what is wrong with each: for its administrators.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.READ_HANDLES))
        await self._record.note(signed.audit(AuditAction.LISTED_HANDLES, self._randomness), signed=signed)
        handles = {handle.identifier: handle for handle in self.of(signed.asker.organisation)}
        today = _day(signed.at)
        return OwnHandleList(handles=[_shown(each, faults_of(each, handles, today=today)) for each in handles.values()])

    def of(self, organisation: OrganisationId) -> list[Handle]:
        """An organisation's handles, whole, for the operator.

        Raises:
            Problem: ORGANISATION_UNKNOWN.
        """
        if self._organisations.organisation(organisation) is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        return self._handles.handles(organisation)

    async def add(self, organisation: OrganisationId, point: ContactPoint, *, now: int) -> Handle:
        """A new handle of an organisation, on the operator's word, confirmed today.

        Raises:
            Problem: ORGANISATION_UNKNOWN; HANDLE_UNKNOWN when the out-of-hours handle is not of that organisation;
                MALFORMED with neither telephone nor mailbox.
        """
        if self._organisations.organisation(organisation) is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        if point.out_of_hours is not None and not self._handles.owns(organisation, point.out_of_hours):
            raise Problem(ProblemCode.HANDLE_UNKNOWN, pointers=("/out_of_hours",))
        if not (point.telephone or point.email):
            raise Problem(ProblemCode.MALFORMED, pointers=("/telephone",))
        audit = self._audit(AuditAction.ADDED_HANDLE, organisation, now)
        while True:
            handle = Handle(
                identifier=speakable(self._randomness),
                organisation=organisation,
                title=point.title,
                telephone=point.telephone,
                email=point.email,
                hours=point.hours,
                out_of_hours=point.out_of_hours,
                confirmed_on=_day(now),
                consent_only=point.consent_only,
                privacy_office=point.privacy_office,
            )
            if await self._handles.add(handle, audit=audit):
                return handle

    async def change(self, organisation: OrganisationId, identifier: str, said: Mapping[str, Any], *, now: int) -> None:
        """Say some of `CHANGEABLE` anew, null for what there is no more. It confirms the handle.

        Raises:
            Problem: ORGANISATION_UNKNOWN, HANDLE_UNKNOWN; HANDLE_CIRCULAR when it would be its own out-of-hours handle;
                MALFORMED when neither telephone nor mailbox would be left.
        """

        def change(handles: Mapping[str, Handle]) -> list[Handle]:
            changed = replace(_known(handles, identifier), **said, confirmed_on=_day(now))
            if changed.out_of_hours is not None:
                _known(handles, changed.out_of_hours, pointer="/out_of_hours")
            if changed.out_of_hours == identifier:
                raise Problem(ProblemCode.HANDLE_CIRCULAR, pointers=("/out_of_hours",))
            if not (changed.telephone or changed.email):
                raise Problem(ProblemCode.MALFORMED, pointers=("/telephone",))
            return [changed]

        await self._change(organisation, change, AuditAction.CHANGED_HANDLE, now)

    async def confirm(self, organisation: OrganisationId, identifiers: Sequence[str], *, now: int) -> None:
        """Somebody of the organisation says that all of these are right as they stand. All of them, or none.

        Raises:
            Problem: ORGANISATION_UNKNOWN, HANDLE_UNKNOWN.
        """

        def confirm(handles: Mapping[str, Handle]) -> list[Handle]:
            return [replace(_known(handles, each), confirmed_on=_day(now)) for each in identifiers]

        await self._change(organisation, confirm, AuditAction.CONFIRMED_HANDLE, now)

    async def hand_over(self, organisation: OrganisationId, identifier: str, to: str | None, *, now: int) -> None:
        """From now on another handle answers for all of this one's work, what is registered for it later too; null
        takes that back. What stands in the involvements is not touched, so no feed sees a change.

        Raises:
            Problem: ORGANISATION_UNKNOWN, HANDLE_UNKNOWN; HANDLE_CIRCULAR when it would come round to itself.
        """

        def hand_over(handles: Mapping[str, Handle]) -> list[Handle]:
            changed = replace(_known(handles, identifier), handed_over_to=to)
            then = to
            while then is not None:
                if then == identifier:
                    raise Problem(ProblemCode.HANDLE_CIRCULAR, pointers=("/to",))
                then = _known(handles, then, pointer="/to").handed_over_to
            return [changed]

        await self._change(organisation, hand_over, AuditAction.HANDED_OVER_HANDLE, now)

    def check(self, organisation: OrganisationId | None, *, now: int) -> list[CheckedHandle]:
        """The handles of one organisation, or of all, with which something is wrong.

        Raises:
            Problem: ORGANISATION_UNKNOWN.
        """
        if organisation is None:
            named = [each.name for each in self._organisations.organisations()]
            return [wrong for each in named for wrong in self.check(each, now=now)]
        handles = {handle.identifier: handle for handle in self.of(organisation)}
        checked = (CheckedHandle(each, faults_of(each, handles, today=_day(now))) for each in handles.values())
        return [each for each in checked if each.faults]

    async def _change(
        self,
        organisation: OrganisationId,
        change: Callable[[Mapping[str, Handle]], Sequence[Handle]],
        action: AuditAction,
        now: int,
    ) -> None:
        if self._organisations.organisation(organisation) is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        await self._handles.change(organisation, change, audit=self._audit(action, organisation, now))

    def _audit(self, action: AuditAction, organisation: OrganisationId, now: int) -> AuditEvent:
        return AuditEvent(action=action, at=now, access=self._randomness(ACCESS_BYTES), organisation=organisation)


def _known(handles: Mapping[str, Handle], identifier: str, *, pointer: str = "/handle") -> Handle:
    if (handle := handles.get(identifier)) is None:
        raise Problem(ProblemCode.HANDLE_UNKNOWN, pointers=(pointer,))
    return handle


def _shown(handle: Handle, faults: Sequence[HandleFault]) -> OwnHandle:
    return OwnHandle(
        handle=handle.identifier,
        title=handle.title,
        telephone=handle.telephone,
        email=handle.email,
        hours=handle.hours,
        out_of_hours=handle.out_of_hours,
        handed_over_to=handle.handed_over_to,
        consent_only=handle.consent_only,
        privacy_office=handle.privacy_office,
        confirmed_on=handle.confirmed_on,
        faults=list(faults),
    )


def _day(now: int) -> dt.date:
    return dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
