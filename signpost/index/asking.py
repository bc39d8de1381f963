"""What is asked by the receipt of one's own lookup: the same child, for a purpose of one's own (protocol.md C6)."""

from __future__ import annotations

from signpost.index.permissions import may_look_up, require
from signpost.index.ports import Lookups
from signpost.index.records import CallBack
from signpost.index.requests import Signed
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import NAMING_ROLES, Purpose, Role, Urgency

__all__ = ["asked_by_receipt"]


def asked_by_receipt(
    lookups: Lookups, signed: Signed, *, receipt: str, purpose: Purpose, urgency: Urgency, waits_until: int
) -> CallBack:
    """The question, with the tags that were kept of the lookup.

    Raises:
        Problem: PURPOSE_REFUSED, LOOKUP_UNKNOWN.
    """
    asker = signed.asker
    require(may_look_up(asker, purpose, urgency=urgency))
    tags = lookups.kept(asker, receipt, now=signed.at)
    if tags is None:
        raise Problem(ProblemCode.LOOKUP_UNKNOWN)
    return CallBack(
        organisation=asker.organisation,
        account=asker.account,
        user=asker.user,
        # Whom it is shown to learns no more of the asker than of any colleague: few organisations have such a system.
        role=Role.PRACTITIONER if asker.role in NAMING_ROLES else asker.role,
        kind=asker.kind,
        receipt=receipt,
        purpose=purpose,
        urgency=urgency,
        asked_at=signed.at,
        waits_until=waits_until,
        tags=tuple(tags),
    )
