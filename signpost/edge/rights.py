"""Upholding a family's rights from a rights officer's desk: the child's tags are computed on the spot, and sent.

The details never leave. Each request has its own evaluation at the holders; a correction has two, of the details as
they are registered and of the right ones, and a holder sees twelve points each time. `on_fault` is told of holders that
did not do their part.
"""

from __future__ import annotations

from signpost.edge.client import Client, EvaluatedBatch
from signpost.edge.holders_client import OnFault
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.classes import Use
from signpost.protocol.rights import (
    CorrectRequest,
    ObjectionAnswer,
    ObjectionGround,
    ObjectionRequest,
    ReportAsked,
    ReportRequest,
    RightsReceipt,
    WithdrawRequest,
)

__all__ = ["ask_for_report", "correct", "record_objection", "withdraw_consent"]


async def ask_for_report(client: Client, child: ChildDetails, *, on_fault: OnFault) -> ReportAsked:
    """Ask who works with the child, and who looked.

    Raises:
        NothingToAsk: the details give no match input; nothing was sent.
        Failure: a service refused, or did not answer.
    """
    batch = await _evaluated(client, child, on_fault)
    return await client.index.ask_for_report(
        ReportRequest(epoch=batch.epoch, tags=batch.tags(0), receipts=list(batch.receipts))
    )


async def record_objection(
    client: Client, child: ChildDetails, balanced: ObjectionGround, *, on_fault: OnFault
) -> ObjectionAnswer:
    """Record an objection with how it was balanced.

    Raises:
        NothingToAsk, Failure: as `ask_for_report`.
    """
    batch = await _evaluated(client, child, on_fault)
    return await client.index.record_objection(
        ObjectionRequest(epoch=batch.epoch, tags=batch.tags(0), receipts=list(batch.receipts), balanced=balanced)
    )


async def correct(client: Client, registered: ChildDetails, right: ChildDetails, *, on_fault: OnFault) -> RightsReceipt:
    """Have what one's organisation registered as the first be found as the second.

    Raises:
        NothingToAsk, Failure: as `ask_for_report`; of either of them.
    """
    wrong = await _evaluated(client, registered, on_fault)
    instead = await _evaluated(client, right, on_fault, held_as=Use.REGISTER)
    return await client.index.correct(
        CorrectRequest(
            epoch=wrong.epoch,
            tags=wrong.tags(0),
            receipts=list(wrong.receipts),
            right=instead.tags(0),
            right_receipts=list(instead.receipts),
        )
    )


async def withdraw_consent(client: Client, child: ChildDetails, *, on_fault: OnFault) -> RightsReceipt:
    """Withdraw what one's organisation registered by consent.

    Raises:
        NothingToAsk, Failure: as `ask_for_report`.
    """
    batch = await _evaluated(client, child, on_fault)
    return await client.index.withdraw_consent(
        WithdrawRequest(epoch=batch.epoch, tags=batch.tags(0), receipts=list(batch.receipts))
    )


async def _evaluated(
    client: Client, child: ChildDetails, on_fault: OnFault, *, held_as: Use = Use.OFFICER
) -> EvaluatedBatch:
    batch = await client.officer_tags(child, held_as=held_as)
    for fault in batch.faults:
        on_fault(fault)
    return batch
