"""Hiding a child from a shielding officer's desk (protocol.md C4): the tags are computed on the spot, and sent.

What goes into a shield is `shield_inputs`'. The officer is told of their own request alone.
`on_fault` is told of holders that did not do their part.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from signpost.edge.client import Client
from signpost.edge.failures import NothingToAsk, failure_of
from signpost.edge.holders_client import OnFault
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.shield_inputs import inputs_of_old_identity, inputs_to_hide
from signpost.protocol.problems import ProblemCode
from signpost.protocol.shielding import ShieldAddRequest, ShieldAnswer, ShieldIdentityRequest, ShieldReason

__all__ = ["NOTHING_OF_THE_OLD", "NOTHING_TO_HIDE_BY", "add_shield", "keep_old_identity", "review_day"]

NOTHING_TO_HIDE_BY: Final = (
    "It needs a date of birth, and an NHS number or a UPN, or both names. A name that many children share needs a"
    " postcode that the danger knows as well; so does a year of birth alone."
)
NOTHING_OF_THE_OLD: Final = (
    "Of the old identity it needs the date of birth, and the NHS number or both names. A name that many children share"
    " tells nobody apart: then the old NHS number is needed."
)
_YEARS: Final = 1
_MOST_YEARS: Final = 2


async def add_shield(
    client: Client, child: ChildDetails, *, reason: ShieldReason, review_on: dt.date, own: str | None,
    on_fault: OnFault,
) -> ShieldAnswer:  # fmt: skip
    """Hide a child; or with `own` add what these details give to that shield of one's organisation. The postcodes are
    ones that the danger knows.

    Raises:
        NothingToAsk: the details hide nobody; nothing was sent.
        Failure: a service refused, or did not answer: then it may have been done.
    """
    inputs = inputs_to_hide(child)
    if not inputs:
        raise NothingToAsk(NOTHING_TO_HIDE_BY)
    batch = await client.shield_tags(inputs)
    for fault in batch.faults:
        on_fault(fault)
    return await client.index.add_shield(
        ShieldAddRequest(
            epoch=batch.epoch,
            reason=reason,
            review_on=review_on,
            shield=own,
            tags=batch.tags(0),
            receipts=list(batch.receipts),
        )
    )


async def keep_old_identity(client: Client, child: ChildDetails, shield: str, *, on_fault: OnFault) -> ShieldAnswer:
    """Have an own shield keep the identity that its child has left, and nothing else. Of the details only that
    identity's own are used.

    Raises:
        NothingToAsk: the details give nothing of it; nothing was sent.
        Failure: as `add_shield`. TAGS_PROFILE: the shield was made with another NHS number, or these have none.
    """
    inputs = inputs_of_old_identity(child)
    if not inputs:
        raise NothingToAsk(NOTHING_OF_THE_OLD)
    batch = await client.shield_tags(inputs)
    for fault in batch.faults:
        on_fault(fault)
    return await client.index.end_identity(
        ShieldIdentityRequest(shield=shield, epoch=batch.epoch, tags=batch.tags(0), receipts=list(batch.receipts))
    )


def review_day(named: dt.date | None, *, today: dt.date) -> dt.date:
    """The day on which somebody looks whether a shield is still needed: the one named, else the same in a year.

    Raises:
        InvalidRequest: REVIEW_DATE: it is not within the two years that the index allows.
    """
    if named is None:
        return _years_on(today, _YEARS)
    if not today < named <= _years_on(today, _MOST_YEARS):
        raise failure_of(ProblemCode.REVIEW_DATE)
    return named


def _years_on(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
