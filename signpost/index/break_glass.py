"""Breaking the glass: in an emergency the duty line at once, and somebody else looks at it afterwards.

Only urgent roles, only by the receipt of one's own lookup, and only where the answer still stands as `current` or
`previous` when it is asked: the same evaluation as every follow-up (C6). Where it is not, one refusal says the same for
every reason. Its leaf is the same whether a line was shown or not.

What is shown is one organisation's desk, and the desk out of hours behind it. That organisation sees in its inbox that
its line was shown, by reference and without who looked; and a rights officer of the asker's organisation closes a
review within a working day. Nobody reviews their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, final

from signpost.index.asking import asked_by_receipt
from signpost.index.audit import AuditAction
from signpost.index.lifetimes import GLASS_DAYS
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Glasses, Lookups, Record
from signpost.index.records import Glass
from signpost.index.requests import Signed
from signpost.index.speakable import speakable
from signpost.index.working_time import Patience, due_at
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import (
    GlassAnswer,
    GlassRequest,
    Nothing,
    Review,
    ReviewList,
    ReviewRequest,
    SharedHandle,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Urgency
from signpost.service.clock import Randomness

__all__ = ["BreakGlass", "OpenReviews"]

_DAY: Final = 24 * 60 * 60
_ONE_WORKING_DAY: Final = Patience(week_days=1)


@dataclass(frozen=True, slots=True)
class OpenReviews:
    """How many reviews of an organisation are open, and of those how many are late."""

    organisation: OrganisationId
    open: int
    late: int


@final
class BreakGlass:
    """Shows a duty line in an emergency, and has it reviewed."""

    def __init__(self, *, lookups: Lookups, glasses: Glasses, record: Record, randomness: Randomness) -> None:
        self._lookups = lookups
        self._glasses = glasses
        self._record = record
        self._randomness = randomness

    async def break_glass(self, asked: GlassRequest, signed: Signed) -> GlassAnswer:
        """The duty line of a colleague elsewhere, now.

        Raises:
            Problem: ROLE_REFUSED, PURPOSE_REFUSED, LOOKUP_UNKNOWN, GLASS_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.BREAK_GLASS))
        question = asked_by_receipt(
            self._lookups,
            signed,
            receipt=asked.receipt,
            purpose=asked.purpose,
            urgency=Urgency.NOW,
            waits_until=signed.at,
        )
        audit = signed.audit(AuditAction.BROKE_GLASS, self._randomness, purpose=asked.purpose)
        glass = await self._glasses.break_glass(
            question,
            reference=lambda: speakable(self._randomness),
            review_by=due_at(signed.at, Urgency.WEEK, None, _ONE_WORKING_DAY),
            keep_until=signed.at + GLASS_DAYS * _DAY,
            signed=signed,
            audit=audit,
        )
        if glass is None:
            raise Problem(ProblemCode.GLASS_REFUSED)
        return GlassAnswer(
            reference=glass.reference,
            review_by=glass.review_by,
            handles=[
                SharedHandle(title=each.title, telephone=each.telephone, email=each.email, hours=each.hours)
                for each in self._glasses.lines(glass)
            ],
        )

    async def reviews(self, signed: Signed) -> ReviewList:
        """The glasses that accounts of the asker's organisation broke and nobody has reviewed, the oldest first.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.REVIEW_GLASS))
        open_ones = [each for each in self._glasses.broken_by(signed.asker.organisation) if each.reviewed_at is None]
        await self._record.note(signed.audit(AuditAction.LISTED_REVIEWS, self._randomness), signed=signed)
        return ReviewList(
            reviews=[
                Review(
                    reference=each.reference,
                    account=each.account,
                    role=each.role,
                    purpose=each.purpose,
                    at=each.at,
                    review_by=each.review_by,
                )
                for each in open_ones
            ]
        )

    async def close_review(self, asked: ReviewRequest, signed: Signed) -> Nothing:
        """Say whether a glass was rightly broken. Not by whoever broke it, and once.

        Raises:
            Problem: ROLE_REFUSED, REVIEW_UNKNOWN, NONCE_USED.
        """
        asker = signed.asker
        require(may(asker, Act.REVIEW_GLASS))

        def reviewed(glass: Glass) -> Glass:
            if glass.reviewed_at is not None or glass.account == asker.account:
                raise Problem(ProblemCode.REVIEW_UNKNOWN)
            return replace(glass, reviewed_at=signed.at, reviewed_by=asker.account, justified=asked.justified)

        audit = signed.audit(AuditAction.CLOSED_REVIEW, self._randomness)
        await self._glasses.review(asker.organisation, asked.reference, reviewed, signed=signed, audit=audit)
        return Nothing()

    def open_reviews(self, *, now: int) -> list[OpenReviews]:
        """By the organisation whose account broke the glass, for the operator."""
        counts: dict[OrganisationId, list[Glass]] = {}
        for glass in self._glasses.unreviewed():
            counts.setdefault(glass.organisation, []).append(glass)
        return [
            OpenReviews(organisation, len(of), sum(each.review_by < now for each in of))
            for organisation, of in sorted(counts.items())
        ]
