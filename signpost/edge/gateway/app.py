"""The gateway: who is signed in, and what each act of theirs becomes before the key holders and the index.

A child's details come in, become blinded points, and are let go of with the answer. Nothing of them is kept: not in a
session, not in a log, not in a refusal.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Final, TypeVar, final

from signpost.edge.case_reference import open_case_reference
from signpost.edge.client import Answer, Client, allowed_purpose
from signpost.edge.failures import CouldNotCheck, Failure
from signpost.edge.gateway.case_system import CaseSystem
from signpost.edge.gateway.child import checked
from signpost.edge.gateway.coming_in import ComingIn
from signpost.edge.gateway.events import GatewayEvent
from signpost.edge.gateway.feeds.shown import FeedShown
from signpost.edge.gateway.feeds.uploads import Feeds, data_officer, who_sees
from signpost.edge.gateway.files import GatewayFiles
from signpost.edge.gateway.program import Program
from signpost.edge.gateway.refusals import ends_session, problem_of
from signpost.edge.gateway.sessions import LOCK_SECONDS, Session, Sessions, Way
from signpost.edge.gateway.signing_in import change_password_at_gateway, enrol_at_gateway, sign_in_at_gateway
from signpost.edge.gateway.wire import (
    CallBackGiven,
    CallBackNamed,
    EnrolmentGiven,
    GlassGiven,
    GlassShown,
    InboxShown,
    LookupGiven,
    NoticeShown,
    OutcomeGiven,
    PasswordGiven,
    ReplyGiven,
    SessionOpened,
    SignInGiven,
)
from signpost.edge.holders_client import HolderFault
from signpost.edge.offices import Office
from signpost.edge.signed_sender import parsed
from signpost.edge.signing_in import Chosen, sign_out
from signpost.edge.transport import NoReply, Transport
from signpost.protocol.credentials import AccountId
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.messages import (
    CallBackOffer,
    ContactAnswer,
    ContactRequest,
    ContactStatus,
    ContactStatusRequest,
    Coverage,
    GlassAnswer,
    GlassRequest,
    LookupAnswer,
    Nothing,
    OutcomeRequest,
    ReplyRequest,
)
from signpost.protocol.named_users import NOBODY
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Purpose, purposes_of
from signpost.protocol.sealing import SealBroken
from signpost.protocol.secret import Secret
from signpost.service.clock import Clock, Randomness
from signpost.service.log import Log

__all__ = ["Gateway"]

_Result = TypeVar("_Result")
_SECONDS: Final = 10.0


@final
class Gateway:
    """One organisation's gateway. Belongs to one event loop."""

    def __init__(
        self,
        files: GatewayFiles,
        *,
        transport: Transport,
        idle_seconds: float,
        clock: Clock,
        elapsed: Callable[[], float],
        randomness: Randomness,
        log: Log,
        program: Program | None = None,
        feeds: Feeds | None = None,
        case_system: CaseSystem | None = None,
        reference_key: Secret | None = None,
        lock_seconds: int = LOCK_SECONDS,
    ) -> None:
        """`elapsed`: seconds of a clock that neither goes back nor stands still. `program`: the organisation's own that
        registers, `case_system` its case-management system that looks up, where it has them. `feeds`: by upload, and
        `reference_key`, by which the organisation's own numbers are told to the index, where there is the desk of a
        feed.
        """
        self.log = log
        self._program = program
        self._feeds = feeds
        self._case_system = case_system
        self.reference_key = reference_key
        self.sessions = Sessions(
            idle_seconds=idle_seconds, clock=clock, elapsed=elapsed, randomness=randomness, lock_seconds=lock_seconds
        )
        self._coming_in = ComingIn()
        self._files = files
        self._transport = transport
        self._clock = clock
        self._randomness = randomness

    @property
    def clock(self) -> Clock:
        """What the time is."""
        return self._clock

    @property
    def randomness(self) -> Randomness:
        """Where chance comes from."""
        return self._randomness

    @property
    def out_of_hours(self) -> str:
        """Whom to ring when it could not be checked."""
        return self._files.certified.out_of_hours

    @property
    def organisation(self) -> str:
        """Whose it is."""
        return self._files.certified.organisation

    @property
    def certified_until(self) -> int:
        """When its certificate ends, in epoch seconds: nobody signs in from then on."""
        return self._files.certified.certificate.expires_at

    # -- signing in

    async def enrol(self, given: EnrolmentGiven) -> Nothing:
        """Use an enrolment token here: the account's device is this gateway from now on.

        Raises:
            Problem: ENROLMENT_REFUSED, PASSWORD_TOO_WEAK, SIGN_IN_REFUSED, SIGN_IN_TOO_OFTEN, COULD_NOT_CHECK,
                OVERLOADED.
        """
        try:
            token = EnrolmentToken.parse(given.token)
        except ValueError:
            raise Problem(ProblemCode.ENROLMENT_REFUSED) from None
        chosen = Chosen(given.password, Secret(base64.b32decode(given.code_secret)), given.code)
        with self._coming_in.place():
            await self._told(enrol_at_gateway(self._files, token, chosen, transport=self._transport))
        return Nothing()

    async def sign_in(self, given: SignInGiven, *, way: Way = Way.API) -> SessionOpened:
        """Open a session, which is used by that way: the index gives a shift to its key.

        Raises:
            Problem: as the index refuses; COULD_NOT_CHECK; OVERLOADED.
        """
        with self._coming_in_told():
            shift = await self._told(
                sign_in_at_gateway(
                    self._files,
                    AccountId(given.account),
                    given.password,
                    given.code,
                    transport=self._transport,
                    clock=self._clock,
                    randomness=self._randomness,
                )
            )
        client = Client(shift.desk, clock=self._clock, randomness=self._randomness, transport=self._transport)
        token = self.sessions.open(shift, client, way=way)
        self.log.emit(GatewayEvent.SIGNED_IN)
        settings = shift.desk.settings
        return SessionOpened(
            session=token,
            account=settings.account,
            role=settings.role,
            kind=settings.kind,
            purposes=list(purposes_of(settings.role, settings.kind)),
            expires_at=shift.expires_at,
            idle_seconds=int(self.sessions.idle_seconds),
            ended_shift_of=shift.ended_shift_of,
            opens_case_references=shift.opening is not None,
        )

    async def sign_out(self, session: Session) -> Nothing:
        """End a session, here and at the index. Here it is over whatever the index says.

        Raises:
            Problem: COULD_NOT_CHECK: whether the index has ended the shift is not known.
        """
        self.sessions.end(session)
        if self._feeds is not None:
            self._feeds.signed_out(session.account)
        await self._told(
            sign_out(session.shift.desk, transport=self._transport, clock=self._clock, randomness=self._randomness)
        )
        return Nothing()

    async def change_password(self, given: PasswordGiven) -> Nothing:
        """Another password for whoever gives every factor right. Their session here is over too.

        Raises:
            Problem: as the index refuses; OVERLOADED; COULD_NOT_CHECK: it may or may not have been changed.
        """
        account = AccountId(given.account)
        with self._coming_in_told():
            await self._told(
                change_password_at_gateway(
                    self._files,
                    account,
                    given.password,
                    given.code,
                    given.new_password,
                    transport=self._transport,
                    clock=self._clock,
                    randomness=self._randomness,
                )
            )
        self.sessions.end_of(account)
        return Nothing()

    # -- asking

    async def look_up(self, who: Session | CaseSystem, given: LookupGiven) -> LookupAnswer:
        """Whether a colleague elsewhere works with the child.

        Raises:
            Problem: MALFORMED with the fields that are not of their form; NOTHING_TO_ASK; PURPOSE_REFUSED; or as the
                index and the key holders refuse; COULD_NOT_CHECK, which is never a "none".
        """
        user, child = _user(who, given.user), checked(given.child, today=self.today())

        def asked(client: Client) -> Awaitable[Answer]:
            return client.lookup(child, purpose=given.purpose, urgency=given.urgency, deep=given.deep, user=user)

        return self._answer(await self._asked(who, asked))

    async def look_again(
        self, who: Session | CaseSystem, receipt: str, *, user_name: str | None = None
    ) -> LookupAnswer:
        """What the answer to one's own lookup is now. A case-management system names its user.

        Raises:
            Problem: LOOKUP_UNKNOWN; or as `look_up`.
        """
        user = _user(who, user_name)
        return self._answer(await self._asked(who, lambda client: client.look_again(receipt, user=user)))

    async def coverage(self) -> Coverage:
        """How much of the country an answer speaks for.

        Raises:
            Problem: COULD_NOT_CHECK.
        """
        return await self._told(self._coverage())

    # -- contact

    async def ask_for_call_back(self, who: Session | CaseSystem, given: CallBackGiven) -> ContactAnswer:
        """Leave a call-back, whatever the answer was.

        Raises:
            Problem: LOOKUP_UNKNOWN, PURPOSE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
        """
        request = ContactRequest(
            user=_user(who, given.user),
            receipt=given.receipt,
            purpose=_purpose(who, given.purpose),
            urgency=given.urgency,
        )
        return await self._asked(who, lambda client: client.index.ask_for_call_back(request))

    async def call_back(self, who: Session | CaseSystem, given: CallBackNamed) -> ContactStatus:
        """What became of one's own call-back, and the desks that were shared.

        Raises:
            Problem: CALL_BACK_UNKNOWN; or as the index refuses; COULD_NOT_CHECK.
        """
        request = ContactStatusRequest(user=_user(who, given.user), receipt=given.receipt)
        return await self._asked(who, lambda client: client.index.call_back(request))

    async def tell_outcome(self, who: Session | CaseSystem, given: OutcomeGiven) -> Nothing:
        """Say what came of one's own call-back.

        Raises:
            Problem: as `call_back`.
        """
        user = _user(who, given.user)
        request = OutcomeRequest(user=user, receipt=given.receipt, reached=given.reached, new=given.new)
        await self._asked(who, lambda client: client.index.tell_outcome(request))
        return Nothing()

    async def break_glass(self, session: Session, given: GlassGiven) -> GlassAnswer:
        """A duty line at once. It is reviewed.

        Raises:
            Problem: GLASS_REFUSED, LOOKUP_UNKNOWN, PURPOSE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
        """
        request = GlassRequest(receipt=given.receipt, purpose=_purpose(session, given.purpose))
        return await self.acted(session, session.client.index.break_glass(request))

    async def inbox(self, session: Session) -> InboxShown:
        """What waits for an answer of the organisation, with its own case references opened.

        Raises:
            Problem: as the index refuses; COULD_NOT_CHECK.
        """
        found = await self.acted(session, session.client.index.inbox())
        return InboxShown(
            notices=[NoticeShown.of(each, _opened(session, each.sealed_case_reference)) for each in found.notices],
            more=found.more,
            glasses=[GlassShown.of(each, _opened(session, each.sealed_case_reference)) for each in found.glasses],
            stale_handles=found.stale_handles,
        )

    async def reply(self, session: Session, notice: str, given: ReplyGiven) -> Nothing:
        """Answer a notice, once.

        Raises:
            Problem: MALFORMED where a desk or a reason stands with another reply than its own; or as the index refuses;
                COULD_NOT_CHECK.
        """
        if (given.hand_over_to is not None) != (given.reply == "hand-over"):
            raise Problem(ProblemCode.MALFORMED, pointers=("/hand_over_to",))
        if (given.reason is not None) != (given.reply == "decline"):
            raise Problem(ProblemCode.MALFORMED, pointers=("/reason",))
        request = ReplyRequest(notice=notice, reply=given.reply, hand_over_to=given.hand_over_to, reason=given.reason)
        await self.acted(session, session.client.index.reply(request))
        return Nothing()

    async def acted(self, session: Session, act: Awaitable[_Result]) -> _Result:
        """What an act of a session's gives. A session that is over by the refusal is forgotten.

        Raises:
            Problem: what the failure is told as.
        """
        try:
            return await self._told(act)
        except Problem as problem:
            if ends_session(problem):
                self.sessions.end(session)
            raise

    async def by_officer(self, session: Session, office: Office, act: Callable[[], Awaitable[_Result]]) -> _Result:
        """What an act gives that is of one office alone.

        Raises:
            Problem: ROLE_REFUSED, and nothing was begun; or as `acted`.
        """
        session.require(office)
        return await self.acted(session, act())

    def note_fault(self, fault: HolderFault) -> None:
        """A key holder did not do its part, and another did: whoever runs the gateway sees it in the log."""
        self.log.emit(GatewayEvent.HOLDER_AT_FAULT, holder=fault.holder, false_answer=fault.false)

    def today(self) -> dt.date:
        """Today, in universal time."""
        return dt.datetime.fromtimestamp(self._clock.now(), tz=dt.UTC).date()

    # -- the organisation's own program

    def program(self, token: str) -> Program:
        """The organisation's own program, by its token.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        if self._program is None:
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        self._program.admit(token)
        return self._program

    def case_system(self, token: str) -> CaseSystem | None:
        """The organisation's case-management system, where the token is its."""
        if self._case_system is None:
            return None
        try:
            self._case_system.admit(token)
        except Problem:
            return None
        return self._case_system

    async def by_program(self, program: Program | CaseSystem, act: Awaitable[_Result]) -> _Result:
        """What an act of a program's gives. Where its machine's shift was over, the next request opens another.

        Raises:
            Problem: what the failure is told as.
        """
        try:
            return await self._told(act)
        except Problem as problem:
            if ends_session(problem):
                program.ended()
            raise

    # -- feeds by upload

    @property
    def upload_bytes(self) -> int | None:
        """How long an upload may be, all its files together; null where none is taken."""
        return None if self._feeds is None else self._feeds.upload_bytes

    def feeds(self, session: Session) -> Feeds:
        """The organisation's feeds, for whoever may see what came of them.

        Raises:
            Problem: ROLE_REFUSED; FEEDS_NOT_TAKEN: there is no feed's desk here.
        """
        who_sees(session)
        if self._feeds is None:
            raise Problem(ProblemCode.FEEDS_NOT_TAKEN)
        return self._feeds

    async def upload_feed(
        self,
        session: Session,
        content_type: str,
        pieces: AsyncIterator[bytes],
        *,
        also: frozenset[str] = frozenset(),
        before_files: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> FeedShown:
        """Take in an upload, and begin its run; `also` and `before_files` as `receive`.

        Raises:
            Problem: as `feeds` and `Feeds.upload`; as the index refuses the officer; COULD_NOT_CHECK.
        """
        account = data_officer(session)
        return await self.feeds(session).upload(
            account,
            lambda: self.acted(session, session.client.index.handles()),
            content_type,
            pieces,
            also=also,
            before_files=before_files,
        )

    def cancel_feed(self, session: Session, name: str) -> FeedShown:
        """Have the run that is under way end as soon as it can.

        Raises:
            Problem: ROLE_REFUSED: they are no data officer; FEEDS_NOT_TAKEN; FEED_UNKNOWN.
        """
        data_officer(session)
        return self.feeds(session).cancel(name)

    def account_stopped(self, account: AccountId) -> None:
        """An account was suspended by somebody who is signed in here: its session is over, and a feed that it brought
        ends where it is.
        """
        self.sessions.end_of(account)
        if self._feeds is not None:
            self._feeds.stopped(account)

    # -- in time

    def forget_old(self) -> None:
        """Forget what has ended by time: nobody need ask again for it."""
        self.sessions.forget_ended()
        if self._feeds is not None:
            self._feeds.forget_old()

    async def stop(self) -> None:
        """The gateway stops: a feed that is under way ends where it is."""
        if self._feeds is not None:
            await self._feeds.stop()

    # -- inside

    async def _asked(self, who: Session | CaseSystem, act: Callable[[Client], Awaitable[_Result]]) -> _Result:
        if isinstance(who, Session):
            return await self.acted(who, act(who.client))
        machine = who

        async def acting() -> _Result:
            return await act(await machine.client())

        return await self.by_program(machine, acting())

    def _answer(self, answer: Answer) -> LookupAnswer:
        for fault in answer.faults:
            self.note_fault(fault)
        return LookupAnswer(
            answer=answer.word,
            receipt=answer.receipt,
            checked_at=answer.checked_at,
            coverage=answer.coverage,
            call_back=CallBackOffer(waits_days=answer.call_back_waits_days),
        )

    @contextlib.contextmanager
    def _coming_in_told(self) -> Iterator[None]:
        """A place of those who come in. That somebody was refused stands in the log."""
        try:
            with self._coming_in.place():
                yield
        except Problem as problem:
            self.log.emit(GatewayEvent.SIGN_IN_REFUSED, code=problem.code)
            raise

    async def _told(self, act: Awaitable[_Result]) -> _Result:
        try:
            return await act
        except Failure as failure:
            # It is kept in no variable: its traceback, which has every frame of the request, would have itself.
            raise self._refusal(failure) from None

    def _refusal(self, failure: Failure) -> Problem:
        problem = problem_of(failure)
        if problem.code is ProblemCode.COULD_NOT_CHECK:
            self.log.emit(GatewayEvent.COULD_NOT_CHECK, code=failure.code)
        return problem

    async def _coverage(self) -> Coverage:
        try:
            reply = await self._transport.get(self._files.certified.index_url, "/v1/coverage", seconds=_SECONDS)
        except NoReply:
            raise CouldNotCheck from None
        return parsed(reply, Coverage, status=200)


def _user(who: Session | CaseSystem, name: str | None) -> bytes:
    """The pseudonym of whom a case-management system asks for; of a session it is whoever has signed in.

    Raises:
        Problem: MALFORMED: there is no name where there must be one, or one where there is none.
    """
    if isinstance(who, CaseSystem):
        return who.named(name)
    if name is not None:
        raise Problem(ProblemCode.MALFORMED, pointers=("/user",))
    return NOBODY


def _purpose(who: Session | CaseSystem, purpose: Purpose | None) -> Purpose:
    of = who if isinstance(who, CaseSystem) else who.shift.desk.settings
    try:
        return allowed_purpose(of.role, of.kind, purpose)
    except Failure as failure:
        raise problem_of(failure) from None


def _opened(session: Session, sealed: bytes) -> str | None:
    key = session.shift.opening
    if key is None:
        return None
    try:
        return open_case_reference(sealed, key=key, organisation=session.shift.desk.organisation)
    except SealBroken:
        return None
