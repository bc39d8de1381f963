"""Coverage: how much of the nation an answer speaks for. Never about a child.

The operator lists the organisations that are expected to feed; one is up to date when a feed of its ran to its end
within seven days (docs/explanation/how-it-works.md). Every answer carries both figures.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, final

from signpost.index.audit import AuditAction
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Feeds
from signpost.index.requests import Signed
from signpost.index.speakable import speakable
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import Coverage, WriteReceipt
from signpost.service.clock import Randomness

__all__ = ["FRESH_SECONDS", "NationalCoverage"]

FRESH_SECONDS: Final = 7 * 24 * 60 * 60


@final
class NationalCoverage:
    """Takes the word of feeds that they ended, and counts."""

    def __init__(self, *, feeds: Feeds, expected: Collection[OrganisationId], randomness: Randomness) -> None:
        self._feeds = feeds
        self._expected = frozenset(expected)
        self._randomness = randomness

    def at(self, now: int) -> Coverage:
        """Both figures now."""
        return Coverage(
            expected=len(self._expected),
            up_to_date=self._feeds.up_to_date(self._expected, since=now - FRESH_SECONDS),
        )

    async def finished(self, signed: Signed) -> WriteReceipt:
        """A feed of the asker's organisation ended well.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.FINISH_FEED))
        await self._feeds.finished(signed=signed, audit=signed.audit(AuditAction.FINISHED_FEED, self._randomness))
        return WriteReceipt(receipt=speakable(self._randomness), accepted=0, at=signed.at)
