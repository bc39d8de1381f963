"""What the gateway's web API takes and gives. Nothing about a child is in an answer, and nothing is in a URL.

What a person types is text here, whatever it should be: it is checked in `child`, which says which field is not of its
form and repeats nothing. What the index answers is passed on in the index's own models.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from signpost.protocol.messages import (
    BULK_CHILDREN,
    MAX_CHANGES,
    AccountName,
    BrokenGlass,
    Code,
    DeclineReason,
    HandleId,
    Moment,
    Notice,
    Password,
    SpokenReceipt,
    StaleHandle,
    Wire,
)
from signpost.protocol.named_users import LONGEST_NAME
from signpost.protocol.purposes import DeepReason, Kind, Purpose, Role, Urgency

__all__ = [
    "AgainGiven", "CallBackGiven", "CallBackNamed", "ChildGiven", "Detail", "EnrolmentGiven", "GatewayHealth",
    "GlassGiven", "GlassShown", "InboxShown", "InvolvementGiven", "InvolvementNamed", "InvolvementShown",
    "InvolvementsGiven", "InvolvementsShown", "LookupGiven", "NoticeShown", "OutcomeGiven", "OwnInvolvement",
    "OwnInvolvements", "PasswordGiven", "ReplyGiven", "RowFault", "SessionOpened", "SignInGiven", "Unshown",
    "WithdrawalGiven", "WorkEndGiven", "WorkHandOverGiven", "WorkNamed",
]  # fmt: skip

Detail = Annotated[str, Field(max_length=200)]
_UserName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
"""Whom a case-management system asks for, as it knows them; from a session null."""


class Unshown(Wire):
    """A model that does not print."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class ChildGiven(Unshown):
    """What somebody typed of the child before them; an empty field is one that is not known."""

    nhs_number: Detail = ""
    upn: Detail = ""
    date_of_birth: Detail = ""
    """2015-04-03, 03/04/2015 (day first) or 3 April 2015; or the year alone."""
    forename: Detail = ""
    middle_name: Detail = ""
    surname: Detail = ""
    postcode: Detail = ""
    previous_postcode: Detail = ""
    mother_nhs_number: Detail = ""
    expected_date_of_birth: Detail = ""
    multiple_birth: bool = False


class EnrolmentGiven(Unshown):
    """The one use of an enrolment token at this gateway, and what its owner signs in with from now on."""

    token: Annotated[str, Field(min_length=1, max_length=4096)]
    password: Password
    code_secret: Annotated[str, Field(pattern=r"^[A-Z2-7]{32}$")]
    """Of the code generator: 20 bytes in base32, as it takes them."""
    code: Code
    """What it shows now."""


class SignInGiven(Unshown):
    """What a person signs in with. The organisation is the gateway's own."""

    account: AccountName
    password: Password
    code: Code


class PasswordGiven(Unshown):
    """Another password, on every factor of the present ones."""

    account: AccountName
    password: Password
    code: Code
    new_password: Password


class SessionOpened(Unshown):
    """A session: its token goes into `Authorization: Bearer` of every request, and nowhere else."""

    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    account: AccountName
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purposes: list[Annotated[Purpose, Field(strict=False)]]
    expires_at: Moment
    idle_seconds: Annotated[int, Field(ge=1)]
    """It ends after so long without a request."""
    ended_shift_of: Moment | None
    """When an earlier shift of the account began that was open still, and is over now."""
    opens_case_references: bool


class LookupGiven(Unshown):
    """A question about the child before somebody. The purpose defaults to the first of their role's."""

    user: _UserName | None = None
    child: ChildGiven
    purpose: Annotated[Purpose, Field(strict=False)] | None = None
    urgency: Annotated[Urgency, Field(strict=False)]
    deep: Annotated[DeepReason, Field(strict=False)] | None = None


class AgainGiven(Unshown):
    """The child of one's own lookup, again."""

    user: _UserName | None = None
    receipt: SpokenReceipt


class CallBackGiven(Unshown):
    """To be rung about the child of one's own lookup."""

    user: _UserName | None = None
    receipt: SpokenReceipt
    purpose: Annotated[Purpose, Field(strict=False)] | None = None
    urgency: Annotated[Urgency, Field(strict=False)]


class CallBackNamed(Unshown):
    """One's own call-back."""

    user: _UserName | None = None
    receipt: SpokenReceipt


class OutcomeGiven(Unshown):
    """What came of one's own call-back: whether anybody was reached, and whether that was news."""

    user: _UserName | None = None
    receipt: SpokenReceipt
    reached: bool
    new: bool


class GlassGiven(Wire):
    """The duty line at once, by one's own receipt."""

    receipt: SpokenReceipt
    purpose: Annotated[Purpose, Field(strict=False)] | None = None


class NoticeShown(Unshown):
    """That somebody asks to be rung; with the organisation's own case reference, opened here."""

    notice: SpokenReceipt
    handle: HandleId
    handle_title: str
    state: Literal["open", "escalated", "unanswered"]
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    urgency: Annotated[Urgency, Field(strict=False)]
    told_at: Moment
    answer_by: Moment
    case_reference: str | None
    """Null where it does not open here."""

    @classmethod
    def of(cls, notice: Notice, case_reference: str | None) -> NoticeShown:
        """A notice of the index's, with what was sealed in it."""
        return cls.model_validate(
            {**notice.model_dump(exclude={"sealed_case_reference"}), "case_reference": case_reference}
        )


class GlassShown(Unshown):
    """That a duty line of the organisation was shown in an emergency, with its own case reference."""

    reference: SpokenReceipt
    at: Moment
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    handle_title: str
    case_reference: str | None

    @classmethod
    def of(cls, glass: BrokenGlass, case_reference: str | None) -> GlassShown:
        """A broken glass of the index's, with what was sealed in it."""
        return cls.model_validate(
            {**glass.model_dump(exclude={"sealed_case_reference"}), "case_reference": case_reference}
        )


class InboxShown(Unshown):
    """What waits for an answer of the organisation, the soonest first; and what it is only told."""

    notices: list[NoticeShown]
    more: bool
    glasses: list[GlassShown]
    stale_handles: list[StaleHandle]


class ReplyGiven(Wire):
    """An answer to a notice. `hand_over_to` and `reason` go with their own replies alone."""

    reply: Literal["share", "hand-over", "end", "decline"]
    hand_over_to: HandleId | None = None
    reason: Annotated[DeclineReason, Field(strict=False)] | None = None


class GatewayHealth(Wire):
    """That the gateway is up, and until when it may sign people in: whoever watches it sees its certificate's end.
    How many are signed in is nobody's business.
    """

    state: Literal["serving"]
    certified_until: Moment


class InvolvementGiven(Unshown):
    """One involvement, in the columns of Signpost's own CSV format; an empty one is not known, or does not apply."""

    local_id: Detail
    start: Detail
    end: Detail = ""
    handle: Detail
    basis: Detail = ""
    nhs_number: Detail = ""
    upn: Detail = ""
    forename: Detail = ""
    middle_name: Detail = ""
    surname: Detail = ""
    date_of_birth: Detail = ""
    expected_date_of_birth: Detail = ""
    postcode: Detail = ""
    previous_postcode: Detail = ""
    mother_nhs_number: Detail = ""
    multiple_birth: Detail = ""


class InvolvementsGiven(Unshown):
    """Involvements to register, or to register again as they are now."""

    involvements: Annotated[list[InvolvementGiven], Field(min_length=1, max_length=BULK_CHILDREN)]


class RowFault(Wire):
    """What is wrong in one column, by the codes of a feed's errors file."""

    field: str
    code: str


_Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]


class InvolvementShown(Wire):
    """What became of one involvement. What is in `left_out` could not be read, and it was registered without that."""

    outcome: Literal["registered", "passed-over", "refused"]
    reference: _Reference | None
    """What it is called in the organisation's own list; null where it was not registered."""
    errors: list[RowFault]
    left_out: list[RowFault]


class InvolvementsShown(Wire):
    """What became of each."""

    involvements: list[InvolvementShown]


class OwnInvolvement(Wire):
    """One that the organisation has registered, and all that is told of it: whatever became of it elsewhere."""

    reference: _Reference


class OwnInvolvements(Wire):
    """A page of the organisation's own involvements, in an order of no meaning; `next`: the cursor of the following
    page, or null at the end.
    """

    involvements: list[OwnInvolvement]
    next: _Reference | None


class InvolvementNamed(Unshown):
    """An involvement by the organisation's own ids, as it was registered."""

    local_id: Detail
    start: Detail
    handle: Detail


class WithdrawalGiven(Unshown):
    """Involvements to withdraw, all or none."""

    involvements: Annotated[list[InvolvementNamed], Field(min_length=1, max_length=MAX_CHANGES)]


class WorkNamed(Unshown):
    """One piece of the organisation's own work, as its feed names it: by the child's number and the work's own
    (`number`: the Safeguarding Dataset), the day it began (`start`: CIN census, SSDA903), or that day and the `handle`,
    or team, as it is written there (our own CSV format, and what a program sends). Nothing of it leaves the gateway.
    """

    local_id: Detail
    number: Detail = ""
    start: Detail = ""
    handle: Detail = ""


class WorkEndGiven(WorkNamed):
    """That it ended, on a day of the last month."""

    ended_on: dt.date


class WorkHandOverGiven(WorkNamed):
    """That another of the organisation's desks has it from now on."""

    hand_over_to: HandleId
