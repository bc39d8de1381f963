"""Reading the record: for auditors, in pages, whole (protocol.md C7).

An auditor of an oversight body reads every organisation's leaves and nothing else of the index: no tag, answer or
reference is in one. That somebody read is itself a leaf. The independent desk's record is a chain of its own, read by
auditors of the desk.
"""

from __future__ import annotations

from typing import final

from signpost.index.audit import AuditAction
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Record
from signpost.index.requests import Signed
from signpost.protocol.messages import RecordedLeaf, RecordPage, RecordRequest
from signpost.service.clock import Randomness

__all__ = ["ReadingRecord"]


@final
class ReadingRecord:
    """Hands out the record."""

    def __init__(self, *, record: Record, act: Act, noted: AuditAction, randomness: Randomness) -> None:
        self._record = record
        self._act = act
        self._noted = noted
        self._randomness = randomness

    async def page(self, asked: RecordRequest, signed: Signed) -> RecordPage:
        """Leaves after a number, with the link that they follow from.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, self._act))
        before, leaves = self._record.leaves(asked.after, asked.limit)
        await self._record.note(signed.audit(self._noted, self._randomness), signed=signed)
        return RecordPage(
            before=before,
            leaves=[RecordedLeaf(number=number, leaf=leaf.decode(), link=link) for number, leaf, link in leaves],
        )
