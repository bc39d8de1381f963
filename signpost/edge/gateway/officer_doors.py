"""What the gateway's web API answers to officers, under /api/v1: shields, the independent desk, families' rights, and
the reviews of emergencies. Every reference is in a body, and none in an address.
"""

# Annotations here are values: FastAPI reads `signed_in`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from signpost.edge.gateway import rights, shields
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.officer_wire import (
    CorrectionGiven,
    FamilyGiven,
    IdentityEndedGiven,
    ObjectionGiven,
    ShieldGiven,
)
from signpost.edge.gateway.once import IdempotencyKey, once
from signpost.protocol.messages import Nothing, ReviewList, ReviewRequest
from signpost.protocol.problems import ProblemCode
from signpost.protocol.rights import (
    ObjectionAnswer,
    ObjectionEndRequest,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportReadRequest,
    RightsReceipt,
)
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskQueue,
    DeskResolveRequest,
    ShieldAnswer,
    ShieldEndRequest,
    ShieldList,
    ShieldRequest,
    ShieldStatusRequest,
)
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_officer_doors"]

_API: Final = "/api/v1"
_C: Final = ProblemCode
_EVALUATED: Final = (
    _C.NOTHING_TO_ASK, _C.BUDGET_USED, _C.EPOCH_UNKNOWN, _C.TAGS_PROFILE, _C.TAG_INVALID, _C.RECEIPTS_MISMATCH,
    _C.RECEIPT_INVALID, _C.RECEIPT_EXPIRED, _C.RECEIPT_SPENT,
)  # fmt: skip
"""Where a child's tags are made, and taken by the index."""


def add_officer_doors(app: FastAPI, gateway: Gateway, signed_in: Any, *, refused: tuple[ProblemCode, ...]) -> None:
    """Add them. `signed_in` is the dependency that gives the session; `refused`: what every such request may meet."""
    _add_shields(app, gateway, signed_in, refused)
    _add_desk(app, gateway, signed_in, refused)
    _add_reports(app, gateway, signed_in, refused)
    _add_rights(app, gateway, signed_in, refused)
    _add_reviews(app, gateway, signed_in, refused)


def _add_shields(app: FastAPI, gateway: Gateway, signed_in: Any, refused: tuple[ProblemCode, ...]) -> None:
    @app.post(
        f"{_API}/shields",
        status_code=201,
        response_model=ShieldAnswer,
        responses=refusals(*refused, *_EVALUATED, _C.REVIEW_DATE, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED),
    )
    async def shield(
        asked: FromJson[ShieldGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Hides a child from now on: by a council's shielding officer. The answer is the same whether anybody had
        registered them.
        """
        return await once(request, who, key, lambda: shields.hide_child(gateway, who, asked), status=201)

    @app.post(
        f"{_API}/shields/approve",
        response_model=ShieldAnswer,
        responses=refusals(*refused, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED),
    )
    async def approve(
        asked: FromJson[ShieldRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Approves another council's shield, or its end."""
        return await once(request, who, key, lambda: shields.approve_shield(gateway, who, asked))

    @app.post(f"{_API}/shields/status", responses=refusals(*refused, _C.SHIELD_UNKNOWN))
    async def status(asked: FromJson[ShieldStatusRequest], who: signed_in) -> ShieldList:
        """How the own organisation's shields stand; not what they hide."""
        return await shields.shield_status(gateway, who, asked)

    @app.post(
        f"{_API}/shields/end",
        response_model=ShieldAnswer,
        responses=refusals(*refused, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED),
    )
    async def end(
        asked: FromJson[ShieldEndRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Has an own shield end, once another council or the desk has approved that. Until then it hides."""
        return await once(request, who, key, lambda: shields.end_shield(gateway, who, asked))

    @app.post(
        f"{_API}/shields/identity-ended",
        response_model=ShieldAnswer,
        responses=refusals(*refused, *_EVALUATED, _C.SHIELD_UNKNOWN),
    )
    async def end_identity(
        asked: FromJson[IdentityEndedGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """The child has a new identity: the own organisation's registrations of the old one are deleted, and the shield
        keeps that one alone.
        """
        return await once(request, who, key, lambda: shields.end_identity(gateway, who, asked))


def _add_desk(app: FastAPI, gateway: Gateway, signed_in: Any, refused: tuple[ProblemCode, ...]) -> None:
    @app.get(f"{_API}/desk/queue", responses=refusals(*refused))
    async def desk_queue(who: signed_in) -> DeskQueue:
        """What waits for the independent desk, the most urgent first."""
        return await shields.desk_queue(gateway, who)

    @app.post(
        f"{_API}/desk/resolve",
        response_model=Nothing,
        responses=refusals(*refused, _C.ITEM_UNKNOWN, _C.DECISION_REFUSED),
    )
    async def resolve(
        asked: FromJson[DeskResolveRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Decides an item of the desk's queue, once."""
        return await once(request, who, key, lambda: shields.resolve_item(gateway, who, asked))

    @app.post(
        f"{_API}/desk/call-backs",
        response_model=Nothing,
        responses=refusals(*refused, _C.ITEM_UNKNOWN, _C.DECISION_REFUSED),
    )
    async def called_back(
        asked: FromJson[DeskCallBackRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Says whether the desk rang who asks to be rung."""
        return await once(request, who, key, lambda: shields.called_back(gateway, who, asked))


def _add_reports(app: FastAPI, gateway: Gateway, signed_in: Any, refused: tuple[ProblemCode, ...]) -> None:
    @app.post(
        f"{_API}/rights/reports",
        status_code=201,
        response_model=ReportAsked,
        responses=refusals(*refused, *_EVALUATED),
    )
    async def ask_for_report(
        asked: FromJson[FamilyGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Asks, for a family, who works with their child and who looked: by a council's rights officer."""
        return await once(request, who, key, lambda: rights.ask_for_report(gateway, who, asked), status=201)

    @app.get(f"{_API}/rights/reports", responses=refusals(*refused))
    async def reports(who: signed_in) -> ReportList:
        """The reports that the own organisation asked for, and when each can be read."""
        return await rights.reports(gateway, who)

    @app.post(f"{_API}/rights/reports/decide", response_model=Nothing, responses=refusals(*refused, _C.REPORT_UNKNOWN))
    async def decide(
        asked: FromJson[ReportDecisionRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Says what may be told of a report that another officer of the same organisation asked for."""
        return await once(request, who, key, lambda: rights.decide_report(gateway, who, asked))

    @app.post(f"{_API}/rights/reports/read", responses=refusals(*refused, _C.REPORT_UNKNOWN, _C.REPORT_NOT_RELEASED))
    async def read(asked: FromJson[ReportReadRequest], who: signed_in) -> Report:
        """A report that is released: 28 days after it was asked for, whatever is in it."""
        return await rights.read_report(gateway, who, asked)


def _add_rights(app: FastAPI, gateway: Gateway, signed_in: Any, refused: tuple[ProblemCode, ...]) -> None:
    @app.post(
        f"{_API}/rights/objections",
        status_code=201,
        response_model=ObjectionAnswer,
        responses=refusals(*refused, *_EVALUATED),
    )
    async def object_to(
        asked: FromJson[ObjectionGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Records an objection with how it was balanced. The answer is the same whatever there is."""
        return await once(request, who, key, lambda: rights.record_objection(gateway, who, asked), status=201)

    @app.post(
        f"{_API}/rights/objections/end", response_model=Nothing, responses=refusals(*refused, _C.OBJECTION_UNKNOWN)
    )
    async def end_objection(
        asked: FromJson[ObjectionEndRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Takes an upheld objection, or a withdrawn consent, of the own organisation back."""
        return await once(request, who, key, lambda: rights.end_objection(gateway, who, asked))

    @app.post(f"{_API}/rights/corrections", response_model=RightsReceipt, responses=refusals(*refused, *_EVALUATED))
    async def correct(
        asked: FromJson[CorrectionGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Has what the own organisation registered under wrong details hold the right ones."""
        return await once(request, who, key, lambda: rights.correct(gateway, who, asked))

    @app.post(f"{_API}/rights/withdrawals", response_model=RightsReceipt, responses=refusals(*refused, *_EVALUATED))
    async def withdraw_consent(
        asked: FromJson[FamilyGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Withdraws what the own organisation registered of a child by consent."""
        return await once(request, who, key, lambda: rights.withdraw_consent(gateway, who, asked))


def _add_reviews(app: FastAPI, gateway: Gateway, signed_in: Any, refused: tuple[ProblemCode, ...]) -> None:
    @app.get(f"{_API}/reviews", responses=refusals(*refused))
    async def reviews(who: signed_in) -> ReviewList:
        """The emergencies of the own organisation that nobody has reviewed: for its rights officers."""
        return await rights.reviews(gateway, who)

    @app.post(f"{_API}/reviews/close", response_model=Nothing, responses=refusals(*refused, _C.REVIEW_UNKNOWN))
    async def close_review(
        asked: FromJson[ReviewRequest], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Says, once, whether a glass was rightly broken."""
        return await once(request, who, key, lambda: rights.close_review(gateway, who, asked))
