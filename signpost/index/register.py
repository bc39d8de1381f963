"""Registering: an organisation says that it works, or worked, with a child. It learns nothing from doing so.

The request is taken whole or refused whole. When it is durable in the inbox and in the owner's table it is
acknowledged, always in the same words; the settling worker makes it visible afterwards (protocol.md C3). A reference
the organisation registered before is replaced. No conflict, no count, no hint that anybody else is there.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, final

from signpost.index.audit import AuditAction
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.handle_faults import sensitive
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Accepted, Handles, Involvements
from signpost.index.records import OwnedInvolvement, StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.speakable import speakable
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, Place, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import RegisterRequest, Registration, WriteReceipt
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Basis
from signpost.protocol.tags import Tag
from signpost.service.clock import Randomness

__all__ = ["Register", "last_possible_day", "refuse_repeated"]

_ONE_DAY: Final = dt.timedelta(days=1)


def last_possible_day(now: int) -> dt.date:
    """The latest date that can have come: tomorrow by the index's clock, since summer time begins a day earlier."""
    return dt.datetime.fromtimestamp(now, tz=dt.UTC).date() + _ONE_DAY


def refuse_repeated(references: Sequence[bytes], place: str) -> None:
    """Each involvement stands once in a request.

    Raises:
        Problem: REFERENCE_REPEATED, with the places.
    """
    counts = Counter(references)
    _refuse(
        ProblemCode.REFERENCE_REPEATED,
        (f"/{place}/{at}/reference" for at, reference in enumerate(references) if counts[reference] > 1),
    )


@final
class Register:
    """Takes registrations in."""

    def __init__(
        self,
        *,
        involvements: Involvements,
        handles: Handles,
        wrappers: Wrappers,
        manifest: Manifest,
        randomness: Randomness,
    ) -> None:
        self._involvements = involvements
        self._handles = handles
        self._wrappers = wrappers
        self._manifest = manifest
        self._randomness = randomness

    async def accept(self, asked: RegisterRequest, signed: Signed) -> WriteReceipt:
        """A receipt, when all of it is durable.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, REFERENCE_REPEATED, HANDLE_UNKNOWN, BASIS_REFUSED, PERIOD_INVALID,
                TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH, RECEIPT_INVALID, RECEIPT_EXPIRED, RECEIPT_SPENT,
                NONCE_USED.
        """
        require(may(signed.asker, Act.REGISTER))
        check_epoch(self._manifest, asked.epoch)
        registrations = asked.registrations
        refuse_repeated([registration.reference for registration in registrations], "registrations")
        self._refuse_handles(registrations, signed)
        self._refuse_bases(registrations, signed)
        _refuse_periods(registrations, last_possible_day(signed.at))
        tags = [
            read_tags(registration.tags, Use.REGISTER, place=f"/registrations/{at}/tags")
            for at, registration in enumerate(registrations)
        ]
        receipts = read_receipts(
            asked.receipts,
            self._manifest,
            signed,
            use=Use.REGISTER,
            points=POINTS[Use.REGISTER] * len(registrations),
        )
        acknowledged = await self._involvements.register(
            [
                Accepted(_owned(registration), self._wrapped(of_child))
                for registration, of_child in zip(registrations, tags, strict=True)
            ],
            spending=Spending(signed, receipts, Acknowledgement(speakable(self._randomness), signed.at)),
            audit=signed.audit(AuditAction.REGISTERED, self._randomness),
        )
        return WriteReceipt(receipt=acknowledged.receipt, accepted=len(registrations), at=acknowledged.at)

    def _refuse_handles(self, registrations: Sequence[Registration], signed: Signed) -> None:
        named = {registration.handle for registration in registrations}
        known = {handle for handle in named if self._handles.owns(signed.asker.organisation, handle)}
        _refuse(
            ProblemCode.HANDLE_UNKNOWN,
            (f"/registrations/{at}/handle" for at, each in enumerate(registrations) if each.handle not in known),
        )

    def _refuse_bases(self, registrations: Sequence[Registration], signed: Signed) -> None:
        """A sensitive service's work is nobody's to find but by consent, or for significant harm."""
        by_consent = sensitive({each.identifier: each for each in self._handles.handles(signed.asker.organisation)})
        _refuse(
            ProblemCode.BASIS_REFUSED,
            (
                f"/registrations/{at}/basis"
                for at, each in enumerate(registrations)
                if each.handle in by_consent and each.basis is Basis.STATUTORY
            ),
        )

    def _wrapped(self, tags: Iterable[tuple[Place, Tag]]) -> list[StoredTag]:
        return [StoredTag(place, self._wrappers.involvements.wrap(tag)) for place, tag in tags]


def _refuse_periods(registrations: Sequence[Registration], last: dt.date) -> None:
    _refuse(
        ProblemCode.PERIOD_INVALID,
        (
            f"/registrations/{at}/{'started_on' if each.started_on > last else 'ended_on'}"
            for at, each in enumerate(registrations)
            if each.started_on > last or (each.ended_on is not None and not each.started_on <= each.ended_on <= last)
        ),
    )


def _refuse(code: ProblemCode, places: Iterable[str]) -> None:
    if pointers := tuple(places):
        raise Problem(code, pointers=pointers)


def _owned(registration: Registration) -> OwnedInvolvement:
    return OwnedInvolvement(
        reference=registration.reference,
        child_reference=registration.child_reference,
        row_digest=registration.row_digest,
        handle=registration.handle,
        started_on=registration.started_on,
        ended_on=registration.ended_on,
        basis=registration.basis,
        sealed_case_reference=registration.sealed_case_reference,
        remove_after=registration.remove_after,
    )
