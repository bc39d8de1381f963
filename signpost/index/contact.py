"""Brokered contact: asking to be rung, and answering who asks (protocol.md C5, C6; architecture.md).

Who asks is kept, and told to the desks that match when the request settles: on the response path nothing depends on who
they are, how many, or whether there is anybody. What the asker sees afterwards is the time that has gone by, and the
handles that their owners shared; who declined, and who did not answer, looks the same as nobody.

A desk sees why and how soon, and the asker by role and kind of organisation: never which, since somebody who registers
invented children must not learn where a family turned up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final, final

from signpost.index.asking import asked_by_receipt
from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.contact_states import NoticeEvent, NoticeState, after
from signpost.index.handle_faults import faults_of
from signpost.index.lifetimes import CALL_BACK_DAYS, whole_hour
from signpost.index.naming import require_named
from signpost.index.permissions import Act, may, require
from signpost.index.ports import CallBacks, Glasses, Handles, Lookups, Record
from signpost.index.records import CallBack, KeptNotice
from signpost.index.requests import Signed
from signpost.index.working_time import Patience, due_at, read_hours
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import (
    BrokenGlass,
    ContactAnswer,
    ContactRequest,
    ContactStatus,
    ContactStatusRequest,
    Inbox,
    Nothing,
    Notice,
    OutcomeRequest,
    ReplyRequest,
    SharedHandle,
    StaleHandle,
)
from signpost.protocol.own_organisation import HandleFault
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Randomness

__all__ = ["FEWEST_OUTCOMES", "MOST_SHOWN", "Contact", "Outcomes"]

FEWEST_OUTCOMES: Final = 10
"""An organisation's outcomes are shown only where there are more."""
MOST_SHOWN: Final = 1_000
"""Notices in one inbox: an organisation's answers stay short of what a client reads, however many ask."""

_STALE: Final = frozenset({HandleFault.TO_CONFIRM, HandleFault.UNCONFIRMED})
_DAY: Final = 24 * 60 * 60
_EVENTS: Final = {
    "share": NoticeEvent.SHARE,
    "hand-over": NoticeEvent.HAND_OVER,
    "end": NoticeEvent.END,
    "decline": NoticeEvent.DECLINE,
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of an organisation's call-backs whose outcome was told: how many, how many reached somebody, and of those how
    many somebody the asker did not know: the novel-contact rate.
    """

    organisation: OrganisationId
    told: int
    reached: int
    new: int


@final
class Contact:
    """Leaves call-backs, and takes the answers."""

    def __init__(
        self, *, lookups: Lookups, call_backs: CallBacks, glasses: Glasses, handles: Handles, record: Record,
        patience: Patience, randomness: Randomness,
    ) -> None:  # fmt: skip
        self._lookups = lookups
        self._glasses = glasses
        self._call_backs = call_backs
        self._handles = handles
        self._record = record
        self._patience = patience
        self._randomness = randomness

    async def ask(self, asked: ContactRequest, signed: Signed) -> ContactAnswer:
        """Ask to be rung about the child of one's own lookup. By one receipt one call-back, however often it is asked;
        the most urgent stands.

        Raises:
            Problem: ROLE_REFUSED, PURPOSE_REFUSED, MALFORMED, LOOKUP_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.ASK_FOR_CALL_BACK))
        require_named(asked.user, signed)
        call_back = asked_by_receipt(
            self._lookups,
            signed,
            receipt=asked.receipt,
            purpose=asked.purpose,
            urgency=asked.urgency,
            waits_until=whole_hour(signed.at + CALL_BACK_DAYS * _DAY),
        )
        audit = signed.audit(AuditAction.ASKED_FOR_CALL_BACK, self._randomness, purpose=asked.purpose)
        kept = await self._call_backs.ask(call_back, signed=signed, audit=audit)
        return ContactAnswer(
            receipt=kept.receipt,
            urgency=kept.urgency,
            answer_by=self._answer_by(kept),
            waits_until=kept.waits_until,
        )

    async def status(self, asked: ContactStatusRequest, signed: Signed) -> ContactStatus:
        """What became of one's own call-back.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, CALL_BACK_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.ASK_FOR_CALL_BACK))
        require_named(asked.user, signed)
        call_back = self._left(asked.receipt, signed)
        handles = self._call_backs.shared(call_back, now=signed.at)
        await self._record.note(signed.audit(AuditAction.READ_CALL_BACK, self._randomness), signed=signed)
        return ContactStatus(
            receipt=call_back.receipt,
            state="answered" if handles else "pending" if signed.at < self._no_reply_at(call_back) else "no-reply",
            urgency=call_back.urgency,
            asked_at=call_back.asked_at,
            answer_by=self._answer_by(call_back),
            waits_until=call_back.waits_until,
            handles=[
                SharedHandle(title=each.title, telephone=each.telephone, email=each.email, hours=each.hours)
                for each in handles
            ],
        )

    async def outcome(self, asked: OutcomeRequest, signed: Signed) -> Nothing:
        """What came of it.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, CALL_BACK_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.ASK_FOR_CALL_BACK))
        require_named(asked.user, signed)
        audit = signed.audit(AuditAction.TOLD_OUTCOME, self._randomness)
        await self._call_backs.tell_outcome(
            signed.asker, asked.receipt, reached=asked.reached, new=asked.new, signed=signed, audit=audit
        )
        return Nothing()

    async def inbox(self, signed: Signed) -> Inbox:
        """What waits for an answer of the asker's organisation.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.ANSWER_NOTICES))
        waiting = self._call_backs.waiting(signed.asker.organisation, MOST_SHOWN + 1, now=signed.at)
        shown = self._glasses.shown_to(signed.asker.organisation, now=signed.at)
        await self._record.note(signed.audit(AuditAction.READ_INBOX, self._randomness), signed=signed)
        return Inbox(
            notices=[
                Notice.model_validate(
                    {
                        "notice": each.notice.reference,
                        "handle": each.notice.handle,
                        "handle_title": each.handle_title,
                        "state": each.notice.state.value,
                        "role": each.notice.role,
                        "kind": each.notice.kind,
                        "purpose": each.notice.purpose,
                        "urgency": each.notice.urgency,
                        "told_at": each.notice.told_at,
                        "answer_by": each.notice.due_at or each.notice.told_at,
                        "sealed_case_reference": each.sealed_case_reference,
                    }
                )
                for each in waiting[:MOST_SHOWN]
            ],
            more=len(waiting) > MOST_SHOWN,
            glasses=[
                BrokenGlass(
                    reference=each.glass.reference,
                    at=each.glass.at,
                    role=each.glass.role,
                    kind=each.glass.kind,
                    purpose=each.glass.purpose,
                    handle_title=each.handle_title,
                    sealed_case_reference=each.sealed_case_reference,
                )
                for each in shown
            ],
            stale_handles=self._stale_handles(signed),
        )

    def _stale_handles(self, signed: Signed) -> list[StaleHandle]:
        """The desks that are to be confirmed: whoever answers for them is asked as they look what waits."""
        handles = {handle.identifier: handle for handle in self._handles.handles(signed.asker.organisation)}
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
        return [
            StaleHandle(handle=each.identifier, title=each.title, confirmed_on=each.confirmed_on)
            for each in handles.values()
            if _STALE.intersection(faults_of(each, handles, today=today))
        ]

    async def reply(self, asked: ReplyRequest, signed: Signed) -> Nothing:
        """Answer a notice of the asker's organisation, once.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, NOTICE_UNKNOWN, NOTICE_ANSWERED, HANDLE_UNKNOWN, NONCE_USED.
        """
        asker = signed.asker
        require(may(asker, Act.ANSWER_NOTICES))
        if (asked.hand_over_to is not None) != (asked.reply == "hand-over"):
            raise Problem(ProblemCode.MALFORMED, pointers=("/hand_over_to",))
        if (asked.reason is not None) != (asked.reply == "decline"):
            raise Problem(ProblemCode.MALFORMED, pointers=("/reason",))
        handles = {handle.identifier: handle for handle in self._handles.handles(asker.organisation)}
        if asked.hand_over_to is not None and asked.hand_over_to not in handles:
            raise Problem(ProblemCode.HANDLE_UNKNOWN, pointers=("/hand_over_to",))

        def answered(notice: KeptNotice) -> KeptNotice:
            state = after(notice.state, _EVENTS[asked.reply])
            if state is None:
                code = ProblemCode.NOTICE_UNKNOWN if notice.state is NoticeState.HELD else ProblemCode.NOTICE_ANSWERED
                raise Problem(code)
            if asked.hand_over_to is not None:
                if asked.hand_over_to == notice.handle:
                    raise Problem(ProblemCode.HANDLE_CIRCULAR, pointers=("/hand_over_to",))
                hours = read_hours(handles[asked.hand_over_to].hours)
                return replace(
                    notice,
                    state=state,
                    handle=asked.hand_over_to,
                    due_at=due_at(signed.at, notice.urgency, hours, self._patience),
                )
            return replace(
                notice,
                state=state,
                due_at=None,
                answered_by=asker.account,
                answered_at=signed.at,
                reason=asked.reason,
            )

        audit = signed.audit(AuditAction.REPLIED, self._randomness)
        await self._call_backs.reply(asker.organisation, asked.notice, answered, signed=signed, audit=audit)
        return Nothing()

    def held(self, *, now: int) -> list[KeptNotice]:
        """The notices that were held back, for the operator."""
        return self._call_backs.held(now=now)

    async def release(self, organisation: OrganisationId, reference: str, *, now: int) -> None:
        """Let a held notice go out.

        Raises:
            Problem: NOTICE_UNKNOWN.
        """
        audit = AuditEvent(
            action=AuditAction.RELEASED_NOTICE, at=now, access=self._randomness(ACCESS_BYTES), organisation=organisation
        )
        await self._call_backs.release(organisation, reference, now=now, audit=audit)

    def outcomes(self) -> list[Outcomes]:
        """What call-backs came to, by the organisation that left them; only of more than ten, so that nobody's single
        one shows.
        """
        told: dict[OrganisationId, list[CallBack]] = {}
        for call_back in self._call_backs.with_outcomes():
            told.setdefault(call_back.organisation, []).append(call_back)
        return [
            Outcomes(
                organisation,
                len(of),
                sum(each.reached is True for each in of),
                sum(each.reached is True and each.new is True for each in of),
            )
            for organisation, of in sorted(told.items())
            if len(of) > FEWEST_OUTCOMES
        ]

    def _left(self, receipt: str, signed: Signed) -> CallBack:
        call_back = self._call_backs.left(signed.asker, receipt, now=signed.at)
        if call_back is None:
            raise Problem(ProblemCode.CALL_BACK_UNKNOWN)
        return call_back

    def _answer_by(self, call_back: CallBack) -> int:
        # By office hours, not by those of whoever is asked: that would tell them apart.
        return due_at(call_back.asked_at, call_back.urgency, None, self._patience)

    def _no_reply_at(self, call_back: CallBack) -> int:
        """When the desk out of hours has had its time as well."""
        return due_at(self._answer_by(call_back), call_back.urgency, None, self._patience)
