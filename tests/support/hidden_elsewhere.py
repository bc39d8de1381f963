"""Beside a gateway, another council: it works with children, and its shielding officer hides one and approves what a
gateway's officer hides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from signpost.edge.match_inputs import ChildDetails
from signpost.edge.shielding import add_shield
from signpost.protocol.purposes import Role
from signpost.protocol.shielding import ShieldAnswer, ShieldReason, ShieldRequest
from tests.support.elsewhere import client_of, register
from tests.support.whole_gateway import WholeGateway

__all__ = ["ABSENT", "HIDDEN", "SEEN", "approve_elsewhere", "hide_elsewhere", "know_two_and_hide_one"]

HIDDEN, ABSENT, SEEN = "9990000018", "9990000026", "9990000034"
"""By their numbers: a child who is worked with and hidden, one whom nobody knows, one who is worked with."""
REVIEW_ON = dt.date(2026, 3, 1)


def hide_elsewhere(whole: WholeGateway, child: ChildDetails, organisation: str = "southtown") -> ShieldAnswer:
    """A child hidden by that organisation's officer, and settled."""
    officer = client_of(whole, organisation, Role.SHIELDING_OFFICER)
    hidden = whole.index.run(
        add_shield(
            officer, child, reason=ShieldReason.FLEEING_ABUSE, review_on=REVIEW_ON, own=None, on_fault=lambda _: None
        )
    )
    whole.index.settle()
    return hidden


def know_two_and_hide_one(whole: WholeGateway, child: Callable[[str], ChildDetails]) -> None:
    """Southtown works with `HIDDEN` and `SEEN`, and has the first hidden. `child`: of that number."""
    for number in (HIDDEN, SEEN):
        register(whole, "southtown", child(number), local_id=number[-3:])
    hide_elsewhere(whole, child(HIDDEN))


def approve_elsewhere(
    whole: WholeGateway, shield: str, organisation: str = "southtown", *, ends: bool = False
) -> ShieldAnswer:
    """A shield, or its end, approved by that organisation's officer."""
    officer = client_of(whole, organisation, Role.SHIELDING_OFFICER)
    approved = whole.index.run(officer.index.approve_shield(ShieldRequest(shield=shield, ends=ends)))
    whole.index.settle()
    return approved
