"""What the index answers in public. Only its health, coverage and the revocation list are for anybody unsigned.

An answer to a lookup is always `ANSWER_BYTES` long: white space after the JSON makes up for the shorter words, so that
who watches the line cannot tell `none` from `possible`. Its status and headers are always the same.
"""

# Annotations here are values: FastAPI reads `by`, which only exists inside `public_app`.
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request, Response

from signpost.index.app import Index
from signpost.index.ports import Guesser
from signpost.index.requests import Signed
from signpost.index.web.administrator_doors import add_administrator_doors
from signpost.index.web.rights_doors import add_rights_doors
from signpost.index.web.shield_doors import add_shield_doors
from signpost.protocol.messages import (
    ChangeRequest,
    ContactAnswer,
    ContactRequest,
    ContactStatus,
    ContactStatusRequest,
    Coverage,
    EnrolmentRequest,
    FeedFinished,
    GlassAnswer,
    GlassRequest,
    HandleList,
    Inbox,
    IndexHealth,
    InvolvementList,
    InvolvementListRequest,
    LookupAgainRequest,
    LookupAnswer,
    LookupRequest,
    ManifestAnswer,
    Nothing,
    OutcomeRequest,
    OwnWork,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
    PasswordRequest,
    RecordPage,
    RecordRequest,
    RegisterRequest,
    ReplyRequest,
    ReviewList,
    ReviewRequest,
    RevocationAnswer,
    SignInAnswer,
    SignInRequest,
    StatementAnswer,
    StatementRequest,
    WriteReceipt,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.signatures import PresentedRequest
from signpost.service.bodies import FromJson
from signpost.service.callers import site_of
from signpost.service.log import Log
from signpost.service.web import build_app, refusals

__all__ = ["ANSWER_BYTES", "public_app"]

ANSWER_BYTES: Final = 256

_C = ProblemCode
_WHO_ASKS: Final = (
    _C.SIGNATURE_MISSING, _C.SIGNATURE_INVALID, _C.SIGNATURE_STALE, _C.NONCE_USED, _C.CERTIFICATE_INVALID,
    _C.CERTIFICATE_EXPIRED, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.CREDENTIAL_INVALID, _C.CREDENTIAL_EXPIRED,
    _C.CREDENTIAL_MISMATCH, _C.ORGANISATION_UNKNOWN, _C.REVOKED, _C.SHIFT_ENDED, _C.ROLE_REFUSED,
)  # fmt: skip
_SIGNING_IN: Final = (
    _C.SIGNATURE_STALE, _C.NONCE_USED, _C.SIGN_IN_TOO_OFTEN, _C.SIGN_IN_REFUSED, _C.ACCOUNT_NOT_APPROVED,
    _C.ACCOUNT_SUSPENDED, _C.VETTING_LAPSED, _C.TRAINING_LAPSED, _C.REVOKED,
)  # fmt: skip
_EVALUATED: Final = (
    _C.EPOCH_UNKNOWN, _C.TAGS_PROFILE, _C.TAG_INVALID, _C.RECEIPTS_MISMATCH, _C.RECEIPT_INVALID, _C.RECEIPT_EXPIRED,
    _C.RECEIPT_SPENT,
)  # fmt: skip

_OWN_WORK: Final = (_C.BUDGET_USED, _C.REFERENCE_UNKNOWN, _C.WORK_ENDED)


def public_app(index: Index, log: Log, *, manifest: str = "") -> FastAPI:
    """The application on the public address. `manifest` is the holders' signed document, to be handed on."""
    app = build_app("Signpost index", version=version("signpost-index"), log=log)

    async def presented(request: Request) -> PresentedRequest:
        query = request.url.query
        # The address is the one in the settings, never the Host header's: a request signed for another service is
        # refused.
        url = index.public_url + request.url.path + (f"?{query}" if query else "")
        return PresentedRequest(request.method, url, request.headers, await request.body())

    async def signed(request: Request) -> AsyncIterator[Signed]:
        who = index.authenticate(await presented(request))
        try:
            yield who
        except Problem as problem:
            await index.refused(who, problem)
            raise

    by = Annotated[Signed, Depends(signed)]
    shown = Annotated[PresentedRequest, Depends(presented)]

    @app.post(
        "/v1/lookups",
        response_model=LookupAnswer,
        responses=refusals(*_WHO_ASKS, _C.PURPOSE_REFUSED, _C.BUDGET_USED, _C.REPEATS_USED, *_EVALUATED),
    )
    async def look_up(asked: FromJson[LookupRequest], who: by) -> Response:
        """Whether a colleague elsewhere is working, or has worked, with a child: one word, always in the same form."""
        answer = await index.lookup.answer(asked, who)
        return Response(answer.model_dump_json().encode().ljust(ANSWER_BYTES), media_type="application/json")

    @app.post("/v1/lookups/again", response_model=LookupAnswer, responses=refusals(*_WHO_ASKS, _C.LOOKUP_UNKNOWN))
    async def look_again(asked: FromJson[LookupAgainRequest], who: by) -> Response:
        """The same child again, by the receipt of one's own lookup of the last day: the word as it is now."""
        answer = await index.lookup.again(asked, who)
        return Response(answer.model_dump_json().encode().ljust(ANSWER_BYTES), media_type="application/json")

    @app.post("/v1/contact/asks", responses=refusals(*_WHO_ASKS, _C.PURPOSE_REFUSED, _C.LOOKUP_UNKNOWN))
    async def ask_for_call_back(asked: FromJson[ContactRequest], who: by) -> ContactAnswer:
        """Asks to be rung about the child of one's own lookup, whatever it was answered."""
        return await index.contact.ask(asked, who)

    @app.post("/v1/contact/status", responses=refusals(*_WHO_ASKS, _C.CALL_BACK_UNKNOWN))
    async def call_back_status(asked: FromJson[ContactStatusRequest], who: by) -> ContactStatus:
        """What became of one's own call-back, and the handles that were shared."""
        return await index.contact.status(asked, who)

    @app.post("/v1/contact/outcomes", responses=refusals(*_WHO_ASKS, _C.CALL_BACK_UNKNOWN))
    async def tell_outcome(asked: FromJson[OutcomeRequest], who: by) -> Nothing:
        """Says what came of a call-back."""
        return await index.contact.outcome(asked, who)

    @app.post("/v1/inbox", responses=refusals(*_WHO_ASKS))
    async def inbox(asked: FromJson[Nothing], who: by) -> Inbox:
        """What waits for an answer of the asker's organisation."""
        return await index.contact.inbox(who)

    @app.post(
        "/v1/inbox/replies",
        responses=refusals(*_WHO_ASKS, _C.NOTICE_UNKNOWN, _C.NOTICE_ANSWERED, _C.HANDLE_UNKNOWN, _C.HANDLE_CIRCULAR),
    )
    async def reply(asked: FromJson[ReplyRequest], who: by) -> Nothing:
        """Answers a notice."""
        return await index.contact.reply(asked, who)

    @app.post(
        "/v1/contact/break-glass",
        responses=refusals(*_WHO_ASKS, _C.PURPOSE_REFUSED, _C.LOOKUP_UNKNOWN, _C.GLASS_REFUSED),
    )
    async def break_glass(asked: FromJson[GlassRequest], who: by) -> GlassAnswer:
        """Shows a duty line at once, in an emergency. It is reviewed."""
        return await index.break_glass.break_glass(asked, who)

    @app.post("/v1/reviews/list", responses=refusals(*_WHO_ASKS))
    async def list_reviews(asked: FromJson[Nothing], who: by) -> ReviewList:
        """The broken glasses of the asker's organisation that wait for their review."""
        return await index.break_glass.reviews(who)

    @app.post("/v1/reviews", responses=refusals(*_WHO_ASKS, _C.REVIEW_UNKNOWN))
    async def close_review(asked: FromJson[ReviewRequest], who: by) -> Nothing:
        """Says whether a glass was rightly broken."""
        return await index.break_glass.close_review(asked, who)

    @app.post(
        "/v1/registrations",
        status_code=202,
        responses=refusals(
            *_WHO_ASKS, *_EVALUATED, _C.REFERENCE_REPEATED, _C.HANDLE_UNKNOWN, _C.BASIS_REFUSED, _C.PERIOD_INVALID
        ),
    )
    async def register(asked: FromJson[RegisterRequest], who: by) -> WriteReceipt:
        """Registers involvements of the asker's organisation. Accepted when durable; visible to others soon after."""
        return await index.register.accept(asked, who)

    @app.post(
        "/v1/involvements/changes",
        status_code=202,
        responses=refusals(*_WHO_ASKS, _C.REFERENCE_REPEATED, _C.REFERENCE_UNKNOWN, _C.PERIOD_INVALID),
    )
    async def change(asked: FromJson[ChangeRequest], who: by) -> WriteReceipt:
        """Ends and withdraws involvements that the asker's organisation registered, all or none."""
        return await index.change.accept(asked, who)

    @app.post("/v1/involvements/list", responses=refusals(*_WHO_ASKS))
    async def list_involvements(asked: FromJson[InvolvementListRequest], who: by) -> InvolvementList:
        """A page of the asker's organisation's own list, in an order that is fixed and means nothing."""
        return await index.involvements.page(asked, who)

    @app.post("/v1/involvements/own", responses=refusals(*_WHO_ASKS, _C.BUDGET_USED, _C.REFERENCE_UNKNOWN))
    async def see_own_work(asked: FromJson[OwnWorkRequest], who: by) -> OwnWork:
        """One involvement of the asker's own organisation, for whoever answers for it."""
        return await index.own_work.see(asked, who)

    @app.post(
        "/v1/involvements/own/end",
        status_code=202,
        responses=refusals(*_WHO_ASKS, _C.PERIOD_INVALID, *_OWN_WORK),
    )
    async def end_own_work(asked: FromJson[OwnWorkEndRequest], who: by) -> Nothing:
        """It ended, on a day of the last month. Accepted when durable; visible to others soon after."""
        return await index.own_work.end(asked, who)

    @app.post(
        "/v1/involvements/own/hand-over",
        responses=refusals(*_WHO_ASKS, _C.HANDLE_UNKNOWN, _C.HANDLE_UNREACHABLE, _C.BASIS_REFUSED, *_OWN_WORK),
    )
    async def hand_over_own_work(asked: FromJson[OwnWorkHandOverRequest], who: by) -> Nothing:
        """Another desk of the asker's organisation has it from now on."""
        return await index.own_work.hand_over(asked, who)

    @app.post("/v1/handles/list", responses=refusals(*_WHO_ASKS))
    async def list_handles(asked: FromJson[Nothing], who: by) -> HandleList:
        """The names of the asker's organisation's own handles."""
        return await index.handles.names(who)

    @app.post("/v1/record", responses=refusals(*_WHO_ASKS))
    async def read_record(asked: FromJson[RecordRequest], who: by) -> RecordPage:
        """A page of the record of who did what, for auditors."""
        return await index.reading_record.page(asked, who)

    @app.post("/v1/feeds/finished", status_code=202, responses=refusals(*_WHO_ASKS))
    async def feed_finished(asked: FromJson[FeedFinished], who: by) -> WriteReceipt:
        """A feed of the asker's organisation ran to its end: it counts as up to date for seven days."""
        return await index.coverage.finished(who)

    @app.post(
        "/v1/accounts/statements",
        responses=refusals(
            _C.STATEMENT_INVALID,
            _C.NONCE_USED,
            _C.ORGANISATION_UNKNOWN,
            _C.ACCOUNT_UNKNOWN,
            _C.CERTIFICATE_INVALID,
            _C.REVOKED,
        ),
    )
    async def state(asked: FromJson[StatementRequest]) -> StatementAnswer:
        """Does what an organisation's administrator states about an account of theirs."""
        return await index.administration.act(asked.statement, now=index.clock.now())

    @app.post(
        "/v1/enrolments",
        status_code=202,
        responses=refusals(
            _C.SIGN_IN_TOO_OFTEN, _C.ENROLMENT_REFUSED, _C.PASSWORD_TOO_WEAK, _C.SIGN_IN_REFUSED, _C.KEY_INVALID
        ),
    )
    async def enrol(asked: FromJson[EnrolmentRequest], request: Request) -> Nothing:
        """Takes what the owner of an enrolment token chose to sign in with. The administrator approves the device."""
        return await index.enrolling.enrol(asked, source=_source(request, "enrolling"), now=index.clock.now())

    @app.post(
        "/v1/sessions",
        responses=refusals(*_SIGNING_IN, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.CERTIFICATE_EXPIRED),
    )
    async def sign_in(asked: FromJson[SignInRequest], request: Request, sent: shown) -> SignInAnswer:
        """Opens a shift for whoever gives every factor right, on the account's own device or at its gateway."""
        return await index.signing_in.sign_in(sent, asked, source=_source(request), now=index.clock.now())

    @app.post("/v1/sessions/end", responses=refusals(*_WHO_ASKS))
    async def sign_out(asked: FromJson[Nothing], who: by) -> Nothing:
        """Ends the asker's shift before its time."""
        return await index.signing_in.end_shift(who)

    @app.post(
        "/v1/accounts/password",
        responses=refusals(*_SIGNING_IN, _C.PASSWORD_TOO_WEAK, _C.GATEWAY_INVALID, _C.CERTIFICATE_EXPIRED),
    )
    async def change_password(asked: FromJson[PasswordRequest], request: Request, sent: shown) -> Nothing:
        """Another password for whoever gives every factor right. All the account's shifts are over."""
        return await index.signing_in.change_password(sent, asked, source=_source(request), now=index.clock.now())

    @app.get("/v1/manifest", responses=refusals(_C.NOT_FOUND))
    async def holders() -> ManifestAnswer:
        """Which key holders serve the key, as they signed it themselves."""
        if not manifest:
            raise Problem(_C.NOT_FOUND)
        return ManifestAnswer(manifest=manifest)

    @app.get("/v1/coverage")
    async def coverage() -> Coverage:
        """How much of the country an answer speaks for now: national figures, which every answer carries anyway."""
        return index.coverage.at(index.clock.now())

    @app.get("/v1/revocations")
    async def revocations() -> RevocationAnswer:
        """What has been taken back, signed just now."""
        return RevocationAnswer(list=index.revoking.signed_list(index.clock.now()))

    @app.get("/health")
    async def health() -> IndexHealth:
        """Whether the index is up, and not late with deleting."""
        return IndexHealth(state="serving", deleting_overdue=index.retiring.overdue(index.clock.now()))

    add_administrator_doors(app, index, by, who_asks=_WHO_ASKS)
    add_shield_doors(app, index, by, who_asks=_WHO_ASKS, evaluated=_EVALUATED)
    add_rights_doors(app, index, by, who_asks=_WHO_ASKS, evaluated=_EVALUATED)
    return app


def _source(request: Request, what: str = "source") -> Guesser | None:
    """Where a request comes from, for counting guesses; none where everybody would come from there (a proxy here).
    Tries to enrol are counted apart from those to sign in: of a whole gateway both come from one place.
    """
    site = site_of(request.client.host if request.client else "")
    return None if site is None else (what, site)
