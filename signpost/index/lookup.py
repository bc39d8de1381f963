"""Looking up: is a colleague elsewhere working, or have they worked, with this child?

What may follow what: the purpose is checked against the role; the tags against the profile; the receipts against the
manifest, and against those that were spent before. Then the hot table is read, once; then everything the lookup leaves
(nonce, receipts, leaf, access rows, lookup row) commits together; then the word is told. Nothing of it asks whether a
child is shielded: what is shielded is not where this looks (protocol.md C4), and the asker's own organisation is never
visited (C5).

A receipt pays for one look. The same request again is refused: nobody needs it, since an edge whose answer was lost
says that it could not check; and else one charge would buy ten minutes of watching for a registration.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, final

from signpost.index.answer import answer_to
from signpost.index.audit import AuditAction
from signpost.index.budgets import Beyond, Budgets
from signpost.index.coverage import NationalCoverage
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.lifetimes import CALL_BACK_DAYS, LOOKUP_ROW_SECONDS, whole_hour
from signpost.index.naming import require_named
from signpost.index.permissions import Act, may, may_look_up, require
from signpost.index.ports import BudgetExceptions, KeptLookup, Lookups, Record
from signpost.index.records import StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.speakable import speakable
from signpost.index.wrapping import Wrappers
from signpost.protocol.calendar import months_before
from signpost.protocol.classes import POINTS, MatchClass, Place, Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import AnswerWord, CallBackOffer, LookupAgainRequest, LookupAnswer, LookupRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tags import TagKey
from signpost.service.clock import Randomness

__all__ = ["Lookup"]


@final
class Lookup:
    """Answers lookups."""

    def __init__(
        self,
        *,
        lookups: Lookups,
        record: Record,
        wrappers: Wrappers,
        manifest: Manifest,
        coverage: NationalCoverage,
        look_back_months: int,
        strict_t1: bool,
        budgets: Budgets,
        exceptions: BudgetExceptions,
        randomness: Randomness,
    ) -> None:
        self._lookups = lookups
        self._record = record
        self._wrappers = wrappers
        self._manifest = manifest
        self._coverage = coverage
        self._look_back_months = look_back_months
        self._strict_t1 = strict_t1
        self._budgets = budgets
        self._exceptions = exceptions
        self._caseloads: dict[OrganisationId, tuple[int, int]] = {}
        self._randomness = randomness

    async def answer(self, asked: LookupRequest, signed: Signed) -> LookupAnswer:
        """One word, when all that it leaves behind is durable.

        Raises:
            Problem: ROLE_REFUSED, PURPOSE_REFUSED, MALFORMED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID,
                RECEIPTS_MISMATCH, RECEIPT_INVALID, RECEIPT_EXPIRED, RECEIPT_SPENT, NONCE_USED, BUDGET_USED,
                REPEATS_USED.
        """
        asker = signed.asker
        use = Use.LOOKUP if asked.deep is None else Use.DEEP
        by_mother = any(point.match_class is MatchClass.MATERNAL for point in asked.tags)
        require(
            may_look_up(asker, asked.purpose, urgency=asked.urgency, by_mother=by_mother, deep=asked.deep is not None)
        )
        require_named(asked.user, signed)
        check_epoch(self._manifest, asked.epoch)
        tags = read_tags(asked.tags, use, place="/tags")
        receipts = read_receipts(asked.receipts, self._manifest, signed, use=use, points=POINTS[use])
        today = _today(signed)
        spending = Spending(signed, receipts, Acknowledgement(speakable(self._randomness), signed.at))
        self._lookups.refuse_spent(spending)
        keys = [self._wrappers.involvements.wrap(tag).key for _, tag in tags]
        places = [place for place, _ in tags]
        word = self._word(keys, places, signed)
        costs = self._budgets.costs(
            asker,
            deep=asked.deep is not None,
            tags=zip(places, keys, strict=True),
            caseload=self._caseload(asker.organisation, signed.at),
            now=signed.at,
            extra=self._exceptions.added(asker.organisation, asker.account, now=signed.at),
        )
        await self._lookups.keep(
            KeptLookup(
                kind=asker.kind,
                purpose=asked.purpose,
                month=today.year * 100 + today.month,
                access=int.from_bytes(self._randomness(8), "big") >> 1,
                access_tags=[self._wrappers.access.wrap(tag) for _, tag in tags],
                lookup_tags=[StoredTag(of, self._wrappers.lookups.wrap(tag)) for of, tag in tags],
                answer=word,
                keep_until=whole_hour(signed.at + LOOKUP_ROW_SECONDS),
            ),
            spending=spending,
            costs=costs,
            audit=signed.audit(AuditAction.LOOKED_UP, self._randomness, purpose=asked.purpose, deep=asked.deep),
            beyond={
                Beyond.EXCEPTION: signed.audit(AuditAction.USED_EXCEPTION, self._randomness),
                Beyond.OVERDRAFT: signed.audit(AuditAction.USED_OVERDRAFT, self._randomness),
            },
        )
        return self._answer(word, spending.acknowledgement.receipt, signed)

    async def again(self, asked: LookupAgainRequest, signed: Signed) -> LookupAnswer:
        """The same child again: the stored tags of one's own receipt, against what is visible now (C6). It takes no new
        details and is not charged, so nothing is learned by it but whether the answer has changed.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, LOOKUP_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.LOOK_UP))
        require_named(asked.user, signed)
        stored = self._lookups.kept(signed.asker, asked.receipt, now=signed.at)
        if stored is None:
            raise Problem(ProblemCode.LOOKUP_UNKNOWN)
        keys = [self._wrappers.involvements.wrap(self._wrappers.lookups.unwrap(tag.wrapped)).key for tag in stored]
        word = self._word(keys, [tag.place for tag in stored], signed)
        await self._record.note(signed.audit(AuditAction.LOOKED_AGAIN, self._randomness), signed=signed)
        return self._answer(word, asked.receipt, signed)

    def _word(self, keys: Sequence[TagKey], places: Sequence[Place], signed: Signed) -> AnswerWord:
        identity = next(
            (key for key, of in zip(keys, places, strict=True) if of.match_class is MatchClass.IDENTITY), None
        )
        return answer_to(
            self._lookups.hits(keys, asking=signed.asker.organisation),
            asked=places,
            identity_key=identity,
            since=months_before(_today(signed), self._look_back_months),
            strict=self._strict_t1,
        )

    def _answer(self, word: AnswerWord, receipt: str, signed: Signed) -> LookupAnswer:
        return LookupAnswer(
            answer=word,
            receipt=receipt,
            checked_at=signed.at,
            coverage=self._coverage.at(signed.at),
            call_back=CallBackOffer(waits_days=CALL_BACK_DAYS),
        )

    def _caseload(self, organisation: OrganisationId, now: int) -> int:
        """Counted anew every ten minutes: it changes once a night, and a count reads the whole of it."""
        known = self._caseloads.get(organisation)
        if known is None or not known[0] <= now < known[0] + _COUNTED_SECONDS:
            known = (now, self._lookups.caseload(organisation))
            self._caseloads[organisation] = known
        return known[1]


_COUNTED_SECONDS: Final = 10 * 60


def _today(signed: Signed) -> dt.date:
    return dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
