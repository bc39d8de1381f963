"""What the gateway answers: /api/v1, for the organisation's own programs. Its OpenAPI document is at /openapi.json.
Beside it, and behind the same door, stand the pages for people (`pages`).

* A session's token, or that of one of the organisation's own programs, stands in `Authorization: Bearer`. Identifiers
  are in bodies alone, never in an address.
* `Idempotency-Key`: the same request under the same key is given the same answer for ten minutes (`remembered`).
* An answer to a lookup is always `ANSWER_BYTES` long, as the index's is.
"""

# Annotations here are values: FastAPI reads `signed_in`, which only exists inside `gateway_app`.
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Path, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware import Middleware

from signpost.edge.gateway.administrator_doors import add_administrator_doors
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.case_system import CaseSystem
from signpost.edge.gateway.cursors import CURSOR
from signpost.edge.gateway.feed_doors import add_feed_doors, feed_roads
from signpost.edge.gateway.officer_doors import add_officer_doors
from signpost.edge.gateway.once import IdempotencyKey, once
from signpost.edge.gateway.own_work_doors import add_own_work_doors
from signpost.edge.gateway.pages.site import Beside, Pages
from signpost.edge.gateway.program import Program
from signpost.edge.gateway.request_ids import RequestIds
from signpost.edge.gateway.sessions import Session
from signpost.edge.gateway.wire import (
    AgainGiven,
    CallBackGiven,
    CallBackNamed,
    EnrolmentGiven,
    GatewayHealth,
    GlassGiven,
    InboxShown,
    InvolvementsGiven,
    InvolvementsShown,
    LookupGiven,
    OutcomeGiven,
    OwnInvolvements,
    PasswordGiven,
    ReplyGiven,
    SessionOpened,
    SignInGiven,
    WithdrawalGiven,
)
from signpost.protocol.messages import (
    ContactAnswer,
    ContactStatus,
    Coverage,
    GlassAnswer,
    LookupAnswer,
    Nothing,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.web import build_app, refusals

__all__ = ["ANSWER_BYTES", "gateway_app"]

ANSWER_BYTES: Final = 256
_API: Final = "/api/v1"
_C = ProblemCode
_SIGNING_IN: Final = (
    _C.SIGN_IN_REFUSED, _C.SIGN_IN_TOO_OFTEN, _C.ACCOUNT_NOT_APPROVED, _C.ACCOUNT_SUSPENDED, _C.VETTING_LAPSED,
    _C.TRAINING_LAPSED, _C.REVOKED, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.CERTIFICATE_EXPIRED,
    _C.SIGNATURE_STALE, _C.NONCE_USED, _C.COULD_NOT_CHECK,
)  # fmt: skip
_SIGNED_IN: Final = (
    _C.NOT_SIGNED_IN, _C.SHIFT_ENDED, _C.CREDENTIAL_INVALID, _C.CREDENTIAL_EXPIRED, _C.CREDENTIAL_MISMATCH,
    _C.CERTIFICATE_INVALID, _C.CERTIFICATE_EXPIRED, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.ORGANISATION_UNKNOWN,
    _C.REVOKED, _C.ROLE_REFUSED, _C.SIGNATURE_INVALID, _C.SIGNATURE_STALE, _C.NONCE_USED, _C.COULD_NOT_CHECK,
    _C.IDEMPOTENCY_KEY_REUSED,
)  # fmt: skip
_MACHINE: Final = (
    _C.SIGN_IN_REFUSED, _C.SIGN_IN_TOO_OFTEN, _C.ACCOUNT_NOT_APPROVED, _C.ACCOUNT_SUSPENDED, _C.VETTING_LAPSED,
    _C.TRAINING_LAPSED,
)  # fmt: skip
"""A program's machine signs in by itself, and may be refused."""
_ASKING: Final = (*_SIGNED_IN, *_MACHINE)
_REGISTERING: Final = (
    *_MACHINE, _C.HANDLE_UNKNOWN, _C.BASIS_REFUSED, _C.PERIOD_INVALID, _C.EPOCH_UNKNOWN, _C.RECEIPT_EXPIRED,
    _C.RECEIPT_SPENT,
)  # fmt: skip
_BEARER: Final = HTTPBearer(
    auto_error=False,
    description="A session's token, from POST /api/v1/sessions; or the program's, or the case-management system's.",
)
_Cursor = Annotated[str | None, Query(pattern=CURSOR, description="As `next` of the page before told it.")]
_NoticeName = Annotated[str, Path(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")]


def gateway_app(gateway: Gateway) -> FastAPI:
    """The application: the web API, and the pages beside it."""
    pages = Pages(gateway)
    app = build_app(
        "Signpost gateway",
        version=version("signpost-index"),
        log=gateway.log,
        challenge="Bearer",
        within=(Middleware(Beside, pages=pages),),
        told=pages.told,
        roads=feed_roads(gateway.upload_bytes),
    )
    app.add_middleware(RequestIds)

    async def session(given: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Session:
        if given is None:
            raise Problem(_C.NOT_SIGNED_IN)
        return gateway.sessions.used(given.credentials)

    signed_in = Annotated[Session, Depends(session)]

    async def program(given: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Program:
        if given is None:
            raise Problem(_C.NOT_SIGNED_IN)
        return gateway.program(given.credentials)

    async def asking(given: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Session | CaseSystem:
        if given is None:
            raise Problem(_C.NOT_SIGNED_IN)
        return gateway.case_system(given.credentials) or gateway.sessions.used(given.credentials)

    asks = Annotated[Session | CaseSystem, Depends(asking)]

    by_program = Annotated[Program, Depends(program)]

    @app.post(
        f"{_API}/enrolments",
        status_code=202,
        responses=refusals(
            _C.ENROLMENT_REFUSED, _C.PASSWORD_TOO_WEAK, _C.SIGN_IN_REFUSED, _C.SIGN_IN_TOO_OFTEN, _C.KEY_INVALID,
            _C.COULD_NOT_CHECK,
        ),
    )  # fmt: skip
    async def enrol(asked: FromJson[EnrolmentGiven]) -> Nothing:
        """Uses an enrolment token at this gateway. The administrator approves the account afterwards."""
        return await gateway.enrol(asked)

    @app.post(f"{_API}/sessions", status_code=201, responses=refusals(*_SIGNING_IN))
    async def sign_in(asked: FromJson[SignInGiven]) -> SessionOpened:
        """Signs somebody in, for one shift at most. An earlier session of theirs is over."""
        return await gateway.sign_in(asked)

    @app.post(f"{_API}/password", responses=refusals(*_SIGNING_IN, _C.PASSWORD_TOO_WEAK))
    async def change_password(asked: FromJson[PasswordGiven]) -> Nothing:
        """Another password for whoever gives every factor right. All the account's shifts are over."""
        return await gateway.change_password(asked)

    @app.delete(f"{_API}/sessions", responses=refusals(*_SIGNED_IN))
    async def sign_out(who: signed_in) -> Nothing:
        """Ends the session, and its shift at the index."""
        return await gateway.sign_out(who)

    @app.post(
        f"{_API}/lookups",
        response_model=LookupAnswer,
        responses=refusals(*_ASKING, _C.NOTHING_TO_ASK, _C.PURPOSE_REFUSED, _C.BUDGET_USED, _C.REPEATS_USED),
    )
    async def look_up(
        asked: FromJson[LookupGiven], request: Request, who: asks, key: IdempotencyKey = None
    ) -> Response:
        """Whether a colleague elsewhere is working, or has worked, with the child: one word, always in the same form.
        "none" does not mean safe. A case-management system names its user.
        """
        return await once(request, who, key, lambda: gateway.look_up(who, asked), length=ANSWER_BYTES)

    @app.post(f"{_API}/lookups/again", response_model=LookupAnswer, responses=refusals(*_ASKING, _C.LOOKUP_UNKNOWN))
    async def look_again(asked: FromJson[AgainGiven], request: Request, who: asks) -> Response:
        """The same child again, by the receipt of one's own lookup of the last day: the word as it is now."""
        return await once(
            request,
            who,
            None,
            lambda: gateway.look_again(who, asked.receipt, user_name=asked.user),
            length=ANSWER_BYTES,
        )

    @app.post(
        f"{_API}/call-backs",
        status_code=201,
        response_model=ContactAnswer,
        responses=refusals(*_ASKING, _C.PURPOSE_REFUSED, _C.LOOKUP_UNKNOWN),
    )
    async def ask_for_call_back(
        asked: FromJson[CallBackGiven], request: Request, who: asks, key: IdempotencyKey = None
    ) -> Response:
        """Asks to be rung about the child of one's own lookup, whatever it was answered."""
        return await once(request, who, key, lambda: gateway.ask_for_call_back(who, asked), status=201)

    @app.post(f"{_API}/call-backs/status", responses=refusals(*_ASKING, _C.CALL_BACK_UNKNOWN))
    async def call_back_status(asked: FromJson[CallBackNamed], who: asks) -> ContactStatus:
        """What became of one's own call-back, and the desks that were shared."""
        return await gateway.call_back(who, asked)

    @app.post(f"{_API}/call-backs/outcomes", responses=refusals(*_ASKING, _C.CALL_BACK_UNKNOWN))
    async def tell_outcome(asked: FromJson[OutcomeGiven], who: asks) -> Nothing:
        """Says what came of a call-back: whether anybody was reached, and was new."""
        return await gateway.tell_outcome(who, asked)

    @app.get(f"{_API}/inbox", responses=refusals(*_SIGNED_IN))
    async def inbox(who: signed_in) -> InboxShown:
        """What waits for an answer of the organisation, with its own case references."""
        return await gateway.inbox(who)

    @app.post(
        f"{_API}/inbox/{{receipt}}/reply",
        response_model=Nothing,
        responses=refusals(*_SIGNED_IN, _C.NOTICE_UNKNOWN, _C.NOTICE_ANSWERED, _C.HANDLE_UNKNOWN, _C.HANDLE_CIRCULAR),
    )
    async def reply(
        receipt: _NoticeName, asked: FromJson[ReplyGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Answers a notice, once: shares the desk, hands over, says that the work has ended, or declines."""
        return await once(request, who, key, lambda: gateway.reply(who, receipt, asked))

    @app.post(
        f"{_API}/break-glass",
        status_code=201,
        response_model=GlassAnswer,
        responses=refusals(*_SIGNED_IN, _C.PURPOSE_REFUSED, _C.LOOKUP_UNKNOWN, _C.GLASS_REFUSED),
    )
    async def break_glass(
        asked: FromJson[GlassGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Shows a duty line at once, in an emergency. It is reviewed."""
        return await once(request, who, key, lambda: gateway.break_glass(who, asked), status=201)

    @app.get(f"{_API}/coverage", responses=refusals(*_SIGNED_IN))
    async def coverage(who: signed_in) -> Coverage:
        """How much of the country an answer speaks for now: national figures, which every answer carries anyway."""
        return await gateway.coverage()

    @app.put(
        f"{_API}/involvements",
        response_model=InvolvementsShown,
        responses=refusals(*_SIGNED_IN, _C.BUDGET_USED, _C.REFERENCE_REPEATED, *_REGISTERING),
    )
    async def put_involvements(
        asked: FromJson[InvolvementsGiven], request: Request, who: by_program, key: IdempotencyKey = None
    ) -> Response:
        """Registers involvements of the organisation's, or registers them again as they are now; each has its own fate.
        By the organisation's own program alone.
        """
        return await once(request, who, key, lambda: gateway.by_program(who, who.register(asked.involvements)))

    @app.get(f"{_API}/involvements", responses=refusals(*_SIGNED_IN, *_MACHINE))
    async def own_involvements(who: by_program, cursor: _Cursor = None) -> OwnInvolvements:
        """What the organisation has registered, by the references that registering told, a page at a time: by the
        organisation's own program alone. It is the same whatever became of an involvement elsewhere.
        """
        return await gateway.by_program(who, who.own(cursor))

    @app.post(
        f"{_API}/involvements/withdraw",
        responses=refusals(*_SIGNED_IN, _C.REFERENCE_UNKNOWN, _C.REFERENCE_REPEATED, *_MACHINE),
    )
    async def withdraw(asked: FromJson[WithdrawalGiven], who: by_program) -> Nothing:
        """Withdraws involvements that were registered, all or none: by the organisation's own program alone."""
        await gateway.by_program(who, who.withdraw(asked.involvements))
        return Nothing()

    @app.post(f"{_API}/involvements/complete", responses=refusals(*_SIGNED_IN, *_MACHINE))
    async def complete(who: by_program) -> Nothing:
        """Says that whatever has changed until now was sent: for coverage. By the organisation's own program alone."""
        await gateway.by_program(who, who.complete())
        return Nothing()

    add_own_work_doors(app, gateway, signed_in, refused=_SIGNED_IN)
    add_feed_doors(app, gateway, session, signed_in=_SIGNED_IN)

    @app.get("/health")
    async def health() -> GatewayHealth:
        """Whether the gateway is up, and until when it may sign people in."""
        return GatewayHealth(state="serving", certified_until=gateway.certified_until)

    add_officer_doors(app, gateway, signed_in, refused=_SIGNED_IN)
    add_administrator_doors(app, gateway, signed_in, refused=_SIGNED_IN)
    return app
