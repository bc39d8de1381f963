"""What is said of shields, version 1: by a council's shielding officer, and by the independent desk (protocol.md C4).

An officer is told of their own request and of nothing else: not whom it hides, whether anybody had registered the
child, who asks, or that another shield stands. All of that is the desk's.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from signpost.protocol.messages import (
    AccountName,
    Counter,
    Moment,
    Receipts,
    SharedHandle,
    SpokenReceipt,
    TaggedPoint,
    Wire,
)
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency

__all__ = [
    "MOST_ITEMS", "DeskAnswer", "DeskAsker", "DeskCallBackRequest", "DeskDecision", "DeskItem", "DeskOwner",
    "DeskQueue", "DeskResolveRequest", "DeskWork", "ShieldAddRequest", "ShieldAnswer", "ShieldEndReason",
    "ShieldEndRequest", "ShieldIdentityRequest", "ShieldList", "ShieldReason", "ShieldRequest", "ShieldState",
    "ShieldStatusRequest",
]  # fmt: skip

MOST_ITEMS: Final = 200
"""Items of the desk's queue in one answer."""


class ShieldReason(StrEnum):
    """Why a child must not be found. A code, never free text."""

    FLEEING_ABUSE = "fleeing-abuse"
    THREAT_TO_LIFE = "threat-to-life"
    FORCED_MARRIAGE = "forced-marriage"
    TRAFFICKING = "trafficking"
    PROTECTED_PERSON = "protected-person"
    ADOPTION = "adoption"


class ShieldState(StrEnum):
    """How far a shield is; it hides in each of them."""

    WAITING = "waiting"
    """For the approval of an officer of another organisation, or the desk's."""
    APPROVED = "approved"
    ENDING = "ending"
    """Its end waits for the same."""


class ShieldEndReason(StrEnum):
    """Why a shield is to end."""

    NO_LONGER_IN_DANGER = "no-longer-in-danger"
    MISTAKEN = "mistaken"


class ShieldAddRequest(Wire):
    """C4: hide what these tags match, at once. `shield` names an own one that they are added to; null for a new one."""

    epoch: Counter
    reason: Annotated[ShieldReason, Field(strict=False)]
    review_on: dt.date
    """When somebody looks whether it is still needed: from tomorrow to two years from today."""
    shield: SpokenReceipt | None
    tags: Annotated[list[TaggedPoint], Field(min_length=12, max_length=12)]
    receipts: Receipts


class ShieldRequest(Wire):
    """One shield, by its reference: an officer of another organisation approves it, or its end."""

    shield: SpokenReceipt
    ends: bool
    """Which of the two. It is named, so that who is asked to approve a shield does not end one unknowingly."""


class ShieldStatusRequest(Wire):
    """One's own organisation's shield; null for all of them."""

    shield: SpokenReceipt | None


class ShieldEndRequest(Wire):
    """Have an own shield end. It hides until somebody of another organisation has approved that, or the desk has."""

    shield: SpokenReceipt
    why: Annotated[ShieldEndReason, Field(strict=False)]


class ShieldIdentityRequest(Wire):
    """The child of an own shield has a new identity (adoption): the old one's own involvements go, the shield keeps
    these tags of the old identity alone, and nothing leads from one to the other.
    """

    shield: SpokenReceipt
    epoch: Counter
    tags: Annotated[list[TaggedPoint], Field(min_length=12, max_length=12)]
    receipts: Receipts


class ShieldAnswer(Wire):
    """A shield as those who asked for it see it, and whoever approves it. Never what it hides."""

    shield: SpokenReceipt
    state: Annotated[ShieldState, Field(strict=False)]
    reason: Annotated[ShieldReason, Field(strict=False)]
    asked_at: Moment
    approve_by: Moment
    """Until when an officer of another organisation may approve it; afterwards the desk decides."""
    review_on: dt.date
    end_why: Annotated[ShieldEndReason, Field(strict=False)] | None
    """Why it is to end, while that waits for its approval, and in the answer that approves it."""


class ShieldList(Wire):
    """An organisation's own shields, the oldest first."""

    shields: list[ShieldAnswer]


# -- the independent desk


class DeskWork(StrEnum):
    """What an item of the desk's queue is about."""

    LOOKED_UP = "looked-up"
    """Somebody looked a shielded child up."""
    CALL_BACK = "call-back"
    """Somebody asks to be rung about a shielded child."""
    REGISTERED = "registered"
    """An organisation registered a shielded child; it is hidden."""
    UNSURE = "unsure"
    """A registration resembles a shielded child too little to be hidden, or has another number; it stays visible."""
    APPROVAL = "approval"
    """A shield was not approved in time."""
    END = "end"
    """The end of a shield was not approved in time."""
    REVIEW = "review"
    """A shield is due for its review."""


class DeskDecision(StrEnum):
    """What the desk makes of an item."""

    HIDE = "hide"
    """Of `unsure`: it is the shielded child; hide that organisation's involvements with it. Of `registered`, which is
    hidden already, to have its number join the shield."""
    LEAVE = "leave"
    """Of `unsure`: it is another child."""
    APPROVE = "approve"
    """Of `approval`: the shield stands."""
    REFUSE = "refuse"
    """Of `approval`: the shield ends."""
    END = "end"
    """Of `end`: the shield ends. Another word than of `approval`, so that none is taken for what waited before."""
    STAND = "stand"
    """Of `end`: the shield stands."""
    KEEP = "keep"
    """Of `review`: look again in a year."""
    SEEN = "seen"
    """Of the others: nothing more is to be done."""


class DeskAsker(Wire):
    """Who looked or asks: for the desk's eyes alone."""

    organisation: AccountName
    account: AccountName
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    urgency: Annotated[Urgency, Field(strict=False)] | None
    desks: list[SharedHandle]
    """Where their organisation can be rung."""


class DeskOwner(Wire):
    """Whose involvement it is, and the desk that answers for it; null where it has gone."""

    organisation: AccountName
    desk: SharedHandle | None


class DeskAnswer(Wire):
    """What an organisation answered to a call-back about a child that is shielded now: told to the desk alone."""

    organisation: AccountName
    desk: SharedHandle | None
    state: Annotated[str, Field(pattern=r"^[a-z-]{2,32}$")]


class DeskItem(Wire):
    """One thing for the desk to look at."""

    item: SpokenReceipt
    work: Annotated[DeskWork, Field(strict=False)]
    shield: SpokenReceipt
    reason: Annotated[ShieldReason, Field(strict=False)]
    asked_by: AccountName
    """The organisation whose officer asked for the shield."""
    at: Moment
    end_why: Annotated[ShieldEndReason, Field(strict=False)] | None
    """Of `end`: why it is to end."""
    by: DeskAsker | None
    owner: DeskOwner | None
    answers: list[DeskAnswer]


class DeskQueue(Wire):
    """What waits for the desk, the most urgent first."""

    items: list[DeskItem]
    more: bool


class DeskResolveRequest(Wire):
    """Decide an item. `with_number`: with `hide`, the involvement's own NHS-number tag joins the shield."""

    item: SpokenReceipt
    decision: Annotated[DeskDecision, Field(strict=False)]
    with_number: bool


class DeskCallBackRequest(Wire):
    """Whether the desk rang who asks to be rung. What they are told on the telephone is the desk's judgement."""

    item: SpokenReceipt
    rang: bool
