"""Asking elsewhere about the children that a feed newly adds (docs/decisions/0013-who-asks-when-a-family-moves.md).

A lookup and a call-back for each child, one child after another, by a person's own client: a feed's account looks
nobody up. What a lookup was answered is let go of: the call-back is left whatever it was. The receipt alone is kept,
and before anything else is done: by then the lookup is charged and on the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from signpost.edge.client import Client
from signpost.edge.failures import NothingToAsk
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.messages import ContactRequest
from signpost.protocol.purposes import Purpose, Urgency

__all__ = ["Notes", "ask_elsewhere"]


class Notes(Protocol):
    """Is told of each child in turn what became of it."""

    def not_askable(self) -> None:
        """Nothing that is known of it can be looked up, and nothing was sent."""

    def looked_up(self, receipt: str) -> None:
        """It was looked up."""

    def call_back_left(self) -> None:
        """And the call-back is left."""


async def ask_elsewhere(children: Iterator[ChildDetails], *, client: Client, purpose: Purpose, notes: Notes) -> None:
    """Look each child up, and leave a call-back for the week.

    Raises:
        FeedError: a child's row cannot be read again.
        Failure: a service refused or did not answer; what was noted stands.
    """
    for child in children:
        try:
            receipt = (await client.lookup(child, purpose=purpose, urgency=Urgency.WEEK)).receipt
        except NothingToAsk:
            notes.not_askable()
            continue
        notes.looked_up(receipt)
        await client.index.ask_for_call_back(ContactRequest(receipt=receipt, purpose=purpose, urgency=Urgency.WEEK))
        notes.call_back_left()
