"""An organisation's own list, for reconciliation: each involvement's reference and row digest, in pages, and whether
something was done with it here since the row was sent.

It is read from the owner's table alone, so it is the same whatever became of an involvement elsewhere (protocol.md C3).
The order is the table's own: fixed, and of no meaning. A page is read in pieces, so that a long one holds nobody up.
"""

from __future__ import annotations

import asyncio
from typing import Final, final

from signpost.index.audit import AuditAction
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Involvements, Record
from signpost.index.requests import Signed
from signpost.protocol.messages import InvolvementList, InvolvementListRequest, InvolvementSummary
from signpost.service.clock import Randomness

__all__ = ["OwnInvolvements"]

_PIECE: Final = 100
"""Rows read and unsealed at once: under a millisecond."""


@final
class OwnInvolvements:
    """Gives an organisation its own list back."""

    def __init__(self, *, involvements: Involvements, record: Record, randomness: Randomness) -> None:
        self._involvements = involvements
        self._record = record
        self._randomness = randomness

    async def page(self, asked: InvolvementListRequest, signed: Signed) -> InvolvementList:
        """A page after a reference; `next` is null when nothing follows.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.LIST_INVOLVEMENTS))
        audit = signed.audit(AuditAction.LISTED_INVOLVEMENTS, self._randomness)
        await self._record.note(audit, signed=signed)
        found: list[InvolvementSummary] = []
        last = asked.after
        while wanted := min(_PIECE, asked.limit + 1 - len(found)):  # one more, to know whether anything follows
            piece = self._involvements.after(signed.asker.organisation, last, wanted)
            found += [
                InvolvementSummary(reference=own.reference, row_digest=own.row_digest, changed_here=own.changed_here)
                for own in piece
            ]
            if len(piece) < wanted:
                break
            last = piece[-1].reference
            await asyncio.sleep(0)
        page = found[: asked.limit]
        return InvolvementList(involvements=page, next=page[-1].reference if len(found) > asked.limit else None)
