"""What the gateway's web API answers about one piece of the organisation's own work, to whoever answers for it, under
/api/v1. The organisation's number for it is in a body alone.
"""

# Annotations here are values: FastAPI reads `signed_in`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.once import IdempotencyKey, once
from signpost.edge.gateway.own_work import end_work, hand_over_work, see_work
from signpost.edge.gateway.wire import WorkEndGiven, WorkHandOverGiven, WorkNamed
from signpost.protocol.messages import Nothing, OwnWork
from signpost.protocol.problems import ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_own_work_doors"]

_OWN: Final = "/api/v1/involvements/own"
_C: Final = ProblemCode


def add_own_work_doors(app: FastAPI, gateway: Gateway, signed_in: Any, *, refused: tuple[ProblemCode, ...]) -> None:
    """Add them. `signed_in` is the dependency that gives the session; `refused`: what every such request may meet."""
    named = (*refused, _C.WORK_NOT_NAMED, _C.REFERENCE_UNKNOWN, _C.BUDGET_USED)

    @app.post(_OWN, responses=refusals(*named))
    async def own_work(asked: FromJson[WorkNamed], who: signed_in) -> OwnWork:
        """One piece of the organisation's own work: its desk, the month in which it began, and whether it has ended.
        The same whatever became of it elsewhere. By somebody who answers for it.
        """
        return await see_work(gateway, who, asked)

    @app.post(f"{_OWN}/end", response_model=Nothing, responses=refusals(*named, _C.PERIOD_INVALID, _C.WORK_ENDED))
    async def end(
        asked: FromJson[WorkEndGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """It ended, today or within the last 31 days. It stands until the row changes in the organisation's system."""
        return await once(request, who, key, lambda: end_work(gateway, who, asked))

    @app.post(
        f"{_OWN}/hand-over",
        response_model=Nothing,
        responses=refusals(*named, _C.HANDLE_UNKNOWN, _C.HANDLE_UNREACHABLE, _C.BASIS_REFUSED, _C.WORK_ENDED),
    )
    async def hand_over(
        asked: FromJson[WorkHandOverGiven], request: Request, who: signed_in, key: IdempotencyKey = None
    ) -> Response:
        """Another of the organisation's desks has it, and is told of it from now on. It stands as an end does."""
        return await once(request, who, key, lambda: hand_over_work(gateway, who, asked))
