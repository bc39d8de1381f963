"""Asking the index (protocol.md C1). Every answer is checked against its model; anything else is not an answer.

* A lookup is sent once: its receipts are spent by it, and a lost answer is "could not check", never "none".
* A registration, and what hides a child, is sent again, the same bytes under a new signature, while it is not known
  whether it arrived: the index then gives the acknowledgement it stored with the spent receipts (B4).
* Other writes are sent again only when they certainly did not arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, TypeVar, final

from pydantic import BaseModel

from signpost.edge.failures import BudgetUsed, CouldNotCheck, Failure, Refused, SignIn
from signpost.edge.signed_sender import SignedSender, parsed
from signpost.edge.transport import NoReply, Reply
from signpost.protocol.messages import (
    MAX_PAGE,
    ChangeRequest,
    ContactAnswer,
    ContactRequest,
    ContactStatus,
    ContactStatusRequest,
    FeedFinished,
    GlassAnswer,
    GlassRequest,
    HandleList,
    Inbox,
    InvolvementList,
    InvolvementListRequest,
    InvolvementSummary,
    LookupAgainRequest,
    LookupAnswer,
    LookupRequest,
    Nothing,
    OutcomeRequest,
    OwnWork,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
    RecordPage,
    RecordRequest,
    RegisterRequest,
    ReplyRequest,
    ReviewList,
    ReviewRequest,
    WriteReceipt,
)
from signpost.protocol.own_organisation import AccountList, AccountSuspendRequest, OwnHandleList
from signpost.protocol.problems import ProblemCode
from signpost.protocol.rights import (
    CorrectRequest,
    ObjectionAnswer,
    ObjectionEndRequest,
    ObjectionRequest,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportReadRequest,
    ReportRequest,
    RightsReceipt,
    WithdrawRequest,
)
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskQueue,
    DeskResolveRequest,
    ShieldAddRequest,
    ShieldAnswer,
    ShieldEndRequest,
    ShieldIdentityRequest,
    ShieldList,
    ShieldRequest,
    ShieldStatusRequest,
)

__all__ = ["Index"]

_Model = TypeVar("_Model", bound=BaseModel)

_LOOKUP_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 120
_OVERLOADED: Final = 503
_PAUSES: Final = (0.25, 1.0, 4.0, 10.0)
"""Seconds before a write is sent again: together long enough for an index that is being restarted."""


@final
class Index:
    """The index, as one desk asks it."""

    def __init__(
        self, url: str, sender: SignedSender, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._url = url
        self._sender = sender
        self._sleep = sleep

    async def lookup(self, request: LookupRequest) -> LookupAnswer:
        """The one question.

        Raises:
            SignIn, Refused, BudgetUsed: the index said so.
            CouldNotCheck: whatever else kept it from a definite answer.
        """
        return await self._answered("/v1/lookups", request)

    async def look_again(self, request: LookupAgainRequest) -> LookupAnswer:
        """The same child again, by one's own receipt.

        Raises:
            InvalidRequest: there is no such lookup of this account any more.
            Failure: as `lookup`.
        """
        return await self._answered("/v1/lookups/again", request)

    async def _answered(self, path: str, request: LookupRequest | LookupAgainRequest) -> LookupAnswer:
        try:
            reply = await self._sender.post(
                self._url, path, request.model_dump_json().encode(), seconds=_LOOKUP_SECONDS
            )
            return self._fresh(parsed(reply, LookupAnswer, status=200))
        except NoReply as silence:
            raise _unreachable(silence) from None
        except (SignIn, Refused, BudgetUsed, CouldNotCheck):
            raise
        except Failure as failure:
            if failure.code is ProblemCode.LOOKUP_UNKNOWN:
                raise
            # A question of our own making that the index does not take is no answer about the child either.
            raise CouldNotCheck(failure.why, hint="signpost doctor", code=failure.code) from None

    def _fresh(self, answer: LookupAnswer) -> LookupAnswer:
        # The index has just taken our signature as fresh, so our clocks agree; an answer of another time is another's.
        if abs(answer.checked_at - self._sender.now()) > _ANSWER_SECONDS:
            raise CouldNotCheck("The index's answer is not of this moment.", hint="signpost doctor")
        return answer

    async def register(self, request: RegisterRequest) -> WriteReceipt:
        """Register or replace up to 21 involvements, with the receipts of their batch; durable when it returns.

        Raises:
            Failure: the index refused (see its `code` and `pointers`); CouldNotCheck when it could not be reached.
        """
        return await self._write("/v1/registrations", request, count=len(request.registrations), repeatable=True)

    async def change(self, request: ChangeRequest) -> WriteReceipt:
        """End or withdraw up to 500 involvements; durable when it returns.

        Raises:
            Failure: as `register`.
        """
        return await self._write("/v1/involvements/changes", request, count=len(request.changes), repeatable=False)

    async def feed_finished(self, feed_format: str) -> WriteReceipt:
        """Say that a feed ran to its end.

        Raises:
            Failure: as `register`.
        """
        return await self._write("/v1/feeds/finished", FeedFinished(format=feed_format), count=None, repeatable=True)

    async def involvements(self, *, page: int = MAX_PAGE) -> AsyncIterator[Sequence[InvolvementSummary]]:
        """The organisation's own list, a page at a time, in the index's own fixed order.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        after: bytes | None = None
        while True:
            listed = await self.involvements_after(after, page)
            yield listed.involvements
            if listed.next is None:
                return
            if listed.next == after:
                raise CouldNotCheck("The index's list does not come to an end.", hint="signpost doctor")
            after = listed.next

    async def involvements_after(self, after: bytes | None, limit: int) -> InvolvementList:
        """A page of the organisation's own list, after a reference; from the first, where that is null.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read(
            "/v1/involvements/list", InvolvementListRequest(after=after, limit=limit), InvolvementList
        )

    async def handles(self) -> HandleList:
        """The organisation's own handles.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/handles/list", Nothing(), HandleList)

    async def whole_handles(self) -> OwnHandleList:
        """The organisation's own handles, whole, for its administrators.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/handles/whole", Nothing(), OwnHandleList)

    async def accounts(self) -> AccountList:
        """The organisation's own accounts, for its administrators.

        Raises:
            Failure: as above.
        """
        return await self._read("/v1/accounts/list", Nothing(), AccountList)

    async def suspend_account(self, request: AccountSuspendRequest) -> None:
        """Stop an account of the organisation's. It is sent again only where it never arrived: a second one is refused.

        Raises:
            InvalidRequest: there is none of that name, or it is stopped already.
            Failure: as above.
        """
        await self._once("/v1/accounts/suspend", request, Nothing)

    async def desk_record_after(self, number: int, limit: int) -> RecordPage:
        """A page of the independent desk's own record, for its auditors.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/desk/record", RecordRequest(after=number, limit=limit), RecordPage)

    async def add_shield(self, request: ShieldAddRequest) -> ShieldAnswer:
        """Hide a child; durable when it returns.

        Raises:
            InvalidRequest: the review date is refused, or there is no such own shield to add to.
            Failure: the index refused otherwise, or could not be reached.
        """
        body = request.model_dump_json().encode()
        reply = await self._sent("/v1/shields", body, again=lambda _: True)
        return parsed(reply, ShieldAnswer, status=201)

    async def approve_shield(self, request: ShieldRequest) -> ShieldAnswer:
        """Approve another organisation's shield, or its end.

        Raises:
            InvalidRequest: there is none of that reference to be approved here, or nothing of it waits for that.
            Failure: the index refused otherwise, or could not be reached.
        """
        return await self._once("/v1/shields/approve", request, ShieldAnswer)

    async def shields(self, request: ShieldStatusRequest) -> ShieldList:
        """How one's own organisation's shields stand.

        Raises:
            InvalidRequest: there is no such own shield.
            Failure: the index refused otherwise, or could not be reached.
        """
        return await self._read("/v1/shields/status", request, ShieldList)

    async def end_shield(self, request: ShieldEndRequest) -> ShieldAnswer:
        """Ask that an own shield end. It hides until somebody elsewhere has approved that.

        Raises:
            Failure: as `approve_shield`.
        """
        return await self._once("/v1/shields/end", request, ShieldAnswer)

    async def end_identity(self, request: ShieldIdentityRequest) -> ShieldAnswer:
        """Have an own shield keep an ended identity alone; durable when it returns.

        Raises:
            Failure: as `add_shield`.
        """
        return await self._read("/v1/shields/identity-ended", request, ShieldAnswer)

    async def desk_queue(self) -> DeskQueue:
        """What waits for the independent desk.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/desk/queue", Nothing(), DeskQueue)

    async def resolve(self, request: DeskResolveRequest) -> None:
        """Decide an item of the desk's queue.

        Raises:
            InvalidRequest: there is no such open item, or it is not decided in that way.
            Failure: the index refused otherwise, or could not be reached.
        """
        await self._once("/v1/desk/resolve", request, Nothing)

    async def desk_called_back(self, request: DeskCallBackRequest) -> None:
        """Say whether the desk rang who asks to be rung.

        Raises:
            Failure: as `resolve`.
        """
        await self._once("/v1/desk/call-backs", request, Nothing)

    async def ask_for_call_back(self, request: ContactRequest) -> ContactAnswer:
        """Ask to be rung, by one's own receipt. Asked again it is the same call-back.

        Raises:
            InvalidRequest: this account has no such lookup any more.
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/contact/asks", request, ContactAnswer)

    async def call_back(self, request: ContactStatusRequest) -> ContactStatus:
        """What became of one's own call-back.

        Raises:
            InvalidRequest: there is none by that receipt, or it has run out.
            Failure: as above.
        """
        return await self._read("/v1/contact/status", request, ContactStatus)

    async def tell_outcome(self, request: OutcomeRequest) -> None:
        """Say what came of it.

        Raises:
            Failure: as `call_back`.
        """
        await self._read("/v1/contact/outcomes", request, Nothing)

    async def inbox(self) -> Inbox:
        """What waits for an answer of one's organisation.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/inbox", Nothing(), Inbox)

    async def reply(self, request: ReplyRequest) -> None:
        """Answer a notice. It is sent again only where it never arrived: a second answer is refused.

        Raises:
            InvalidRequest: there is no such notice, or somebody has answered it.
            Failure: the index refused, or could not be reached.
        """
        await self._once("/v1/inbox/replies", request, Nothing)

    async def own_work(self, request: OwnWorkRequest) -> OwnWork:
        """One involvement of the organisation's own. It is metered, so it is sent again only where it never arrived.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._once("/v1/involvements/own", request, OwnWork)

    async def end_own_work(self, request: OwnWorkEndRequest) -> None:
        """Say that it ended; durable when it returns. Sent again only where it never arrived.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        await self._once("/v1/involvements/own/end", request, Nothing, status=202)

    async def hand_over_own_work(self, request: OwnWorkHandOverRequest) -> None:
        """Say that another desk has it. Sent again only where it never arrived.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        await self._once("/v1/involvements/own/hand-over", request, Nothing)

    async def break_glass(self, request: GlassRequest) -> GlassAnswer:
        """A duty line at once, by one's own receipt. Never sent twice: each time is an act of its own.

        Raises:
            Refused: no line is shown for this receipt.
            Failure: the index refused otherwise, or could not be reached.
        """
        return await self._once("/v1/contact/break-glass", request, GlassAnswer)

    async def reviews(self) -> ReviewList:
        """The broken glasses of one's organisation that wait for their review.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/reviews/list", Nothing(), ReviewList)

    async def close_review(self, request: ReviewRequest) -> None:
        """Say whether a glass was rightly broken.

        Raises:
            InvalidRequest: there is no such open review.
            Failure: the index refused, or could not be reached.
        """
        body = request.model_dump_json().encode()
        reply = await self._sent("/v1/reviews", body, again=lambda silence: silence.never_arrived)
        parsed(reply, Nothing, status=200)

    async def ask_for_report(self, request: ReportRequest) -> ReportAsked:
        """Ask for a family's report. Sent again it is the same report.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/rights/reports", request, ReportAsked, status=201)

    async def reports(self) -> ReportList:
        """The reports that one's organisation asked for.

        Raises:
            Failure: as above.
        """
        return await self._read("/v1/rights/reports/list", Nothing(), ReportList)

    async def decide_report(self, request: ReportDecisionRequest) -> None:
        """Say what may be told. It is sent again only where it never arrived: a second decision is refused.

        Raises:
            InvalidRequest: no report of that reference waits for this account's decision.
            Failure: as above.
        """
        await self._once("/v1/rights/reports/decide", request, Nothing)

    async def read_report(self, request: ReportReadRequest) -> Report:
        """A report that is released.

        Raises:
            InvalidRequest: there is none, or it is not released yet (see its `code`).
            Failure: as above.
        """
        return await self._read("/v1/rights/reports/read", request, Report)

    async def correct(self, request: CorrectRequest) -> RightsReceipt:
        """Have one's organisation's involvements hold the right details. Sent again it is told the same.

        Raises:
            Failure: as above.
        """
        return await self._read("/v1/rights/corrections", request, RightsReceipt)

    async def withdraw_consent(self, request: WithdrawRequest) -> RightsReceipt:
        """Withdraw those that rest on consent. Sent again it is told the same.

        Raises:
            Failure: as above.
        """
        return await self._read("/v1/rights/withdrawals", request, RightsReceipt)

    async def record_objection(self, request: ObjectionRequest) -> ObjectionAnswer:
        """Record an objection, and how it was balanced. Sent again it is the same one.

        Raises:
            Failure: as above.
        """
        return await self._read("/v1/rights/objections", request, ObjectionAnswer, status=201)

    async def end_objection(self, request: ObjectionEndRequest) -> None:
        """Take an objection back. It is sent again only where it never arrived.

        Raises:
            InvalidRequest: there is no upheld one of that reference.
            Failure: as above.
        """
        await self._once("/v1/rights/objections/end", request, Nothing)

    async def record_after(self, number: int, limit: int) -> RecordPage:
        """A page of the record, for auditors.

        Raises:
            Failure: the index refused, or could not be reached.
        """
        return await self._read("/v1/record", RecordRequest(after=number, limit=limit), RecordPage)

    async def _read(self, path: str, request: BaseModel, model: type[_Model], *, status: int = 200) -> _Model:
        reply = await self._sent(path, request.model_dump_json().encode(), again=lambda _: True)
        return parsed(reply, model, status=status)

    async def _write(self, path: str, request: BaseModel, *, count: int | None, repeatable: bool) -> WriteReceipt:
        again = (lambda _: True) if repeatable else (lambda silence: silence.never_arrived)
        reply = await self._sent(path, request.model_dump_json().encode(), again=again)
        acknowledged = parsed(reply, WriteReceipt, status=202)
        if count is not None and acknowledged.accepted != count:
            raise CouldNotCheck("The index acknowledged another number of records than were sent.")
        return acknowledged

    async def _once(self, path: str, request: BaseModel, model: type[_Model], *, status: int = 200) -> _Model:
        """The answer to what is sent again only where it certainly never arrived: a second one would be refused."""
        body = request.model_dump_json().encode()
        reply = await self._sent(path, body, again=lambda silence: silence.never_arrived)
        return parsed(reply, model, status=status)

    async def _sent(self, path: str, body: bytes, *, again: Callable[[NoReply], bool]) -> Reply:
        """The reply to a body, which is sent again after a pause while `again` allows it or the index is overloaded."""
        pauses = iter(_PAUSES)
        while True:
            pause = next(pauses, None)
            try:
                reply = await self._sender.post(self._url, path, body, seconds=_WRITE_SECONDS)
            except NoReply as silence:
                if pause is None or not again(silence):
                    raise _unreachable(silence) from None
            else:
                if pause is None or reply.status != _OVERLOADED:
                    return reply
            await self._sleep(pause)


def _unreachable(silence: NoReply) -> CouldNotCheck:
    return CouldNotCheck(f"The index gave no answer: {silence.reason.value}.", hint="signpost doctor")
