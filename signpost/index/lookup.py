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
from typing import final

from signpost.index.answer import answer_to, look_back_start
from signpost.index.audit import AuditAction
from signpost.index.coverage import NationalCoverage
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.lifetimes import CALL_BACK_DAYS, LOOKUP_ROW_SECONDS, whole_hour
from signpost.index.permissions import may_look_up, require
from signpost.index.ports import KeptLookup, Lookups
from signpost.index.records import StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.speakable import speakable
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, MatchClass, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import CallBackOffer, LookupAnswer, LookupRequest
from signpost.service.clock import Randomness

__all__ = ["Lookup"]


@final
class Lookup:
    """Answers lookups."""

    def __init__(
        self,
        *,
        lookups: Lookups,
        wrappers: Wrappers,
        manifest: Manifest,
        coverage: NationalCoverage,
        look_back_months: int,
        strict_t1: bool,
        randomness: Randomness,
    ) -> None:
        self._lookups = lookups
        self._wrappers = wrappers
        self._manifest = manifest
        self._coverage = coverage
        self._look_back_months = look_back_months
        self._strict_t1 = strict_t1
        self._randomness = randomness

    async def answer(self, asked: LookupRequest, signed: Signed) -> LookupAnswer:
        """One word, when all that it leaves behind is durable.

        Raises:
            Problem: ROLE_REFUSED, PURPOSE_REFUSED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH,
                RECEIPT_INVALID, RECEIPT_EXPIRED, RECEIPT_SPENT, NONCE_USED.
        """
        asker = signed.asker
        use = Use.LOOKUP if asked.deep is None else Use.DEEP
        by_mother = any(point.match_class is MatchClass.MATERNAL for point in asked.tags)
        require(may_look_up(asker, asked.purpose, by_mother=by_mother))
        check_epoch(self._manifest, asked.epoch)
        tags = read_tags(asked.tags, use, place="/tags")
        receipts = read_receipts(asked.receipts, self._manifest, signed, use=use, points=POINTS[use])
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()

        spending = Spending(signed, receipts, Acknowledgement(speakable(self._randomness), signed.at))
        self._lookups.refuse_spent(spending)
        keys = [self._wrappers.involvements.wrap(tag).key for _, tag in tags]
        places = [place for place, _ in tags]
        identity = next(
            (key for key, of in zip(keys, places, strict=True) if of.match_class is MatchClass.IDENTITY), None
        )
        word = answer_to(
            self._lookups.hits(keys, asking=asker.organisation),
            asked=places,
            identity_key=identity,
            since=look_back_start(today, self._look_back_months),
            strict=self._strict_t1,
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
            audit=signed.audit(AuditAction.LOOKED_UP, self._randomness, purpose=asked.purpose, deep=asked.deep),
        )
        return LookupAnswer(
            answer=word,
            receipt=spending.acknowledgement.receipt,
            checked_at=signed.at,
            coverage=self._coverage.at(signed.at),
            call_back=CallBackOffer(waits_days=CALL_BACK_DAYS),
        )
