"""What the index answers in public about shields: to councils' officers, and to the independent desk."""

# Annotations here are values: FastAPI reads `by`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI

from signpost.index.app import Index
from signpost.protocol.messages import Nothing, RecordPage, RecordRequest
from signpost.protocol.problems import ProblemCode
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
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_shield_doors"]

_C: Final = ProblemCode


def add_shield_doors(
    app: FastAPI, index: Index, by: Any, *, who_asks: tuple[ProblemCode, ...], evaluated: tuple[ProblemCode, ...]
) -> None:
    """Add them. `by` is the dependency that gives who signed; the codes are those that every such request may meet."""

    @app.post(
        "/v1/shields",
        status_code=201,
        responses=refusals(*who_asks, *evaluated, _C.REVIEW_DATE, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED, _C.BUDGET_USED),
    )
    async def shield(asked: FromJson[ShieldAddRequest], who: by) -> ShieldAnswer:
        """Hides a child from now on. The answer is the same whether anybody had registered them."""
        return await index.evenly(index.shield.add(asked, who))

    @app.post("/v1/shields/approve", responses=refusals(*who_asks, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED))
    async def approve_shield(asked: FromJson[ShieldRequest], who: by) -> ShieldAnswer:
        """Approves another organisation's shield, or its end."""
        return await index.evenly(index.shield.approve(asked, who))

    @app.post("/v1/shields/status", responses=refusals(*who_asks, _C.SHIELD_UNKNOWN))
    async def shields(asked: FromJson[ShieldStatusRequest], who: by) -> ShieldList:
        """How the asker's organisation's own shields stand."""
        return await index.shield.status(asked, who)

    @app.post("/v1/shields/end", responses=refusals(*who_asks, _C.SHIELD_UNKNOWN, _C.SHIELD_DECIDED))
    async def end_shield(asked: FromJson[ShieldEndRequest], who: by) -> ShieldAnswer:
        """Has an own shield end, once another organisation or the desk has approved that."""
        return await index.shield.end(asked, who)

    @app.post("/v1/shields/identity-ended", responses=refusals(*who_asks, *evaluated, _C.SHIELD_UNKNOWN))
    async def end_identity(asked: FromJson[ShieldIdentityRequest], who: by) -> ShieldAnswer:
        """The child has a new identity: the own organisation's involvements of the old one are deleted."""
        return await index.evenly(index.shield.end_identity(asked, who))

    @app.post("/v1/desk/queue", responses=refusals(*who_asks))
    async def desk_queue(asked: FromJson[Nothing], who: by) -> DeskQueue:
        """What waits for the independent desk."""
        return await index.desk.queue(who)

    @app.post("/v1/desk/resolve", responses=refusals(*who_asks, _C.ITEM_UNKNOWN, _C.DECISION_REFUSED))
    async def resolve(asked: FromJson[DeskResolveRequest], who: by) -> Nothing:
        """Decides an item of the desk's queue."""
        return await index.desk.resolve(asked, who)

    @app.post("/v1/desk/call-backs", responses=refusals(*who_asks, _C.ITEM_UNKNOWN, _C.DECISION_REFUSED))
    async def called_back(asked: FromJson[DeskCallBackRequest], who: by) -> Nothing:
        """Says whether the desk rang who asks to be rung."""
        return await index.desk.called_back(asked, who)

    @app.post("/v1/desk/record", responses=refusals(*who_asks))
    async def desk_record(asked: FromJson[RecordRequest], who: by) -> RecordPage:
        """The desk's own record, for its auditors, in pages."""
        return await index.reading_desk_record.page(asked, who)
