"""An answer of the web API, and the same one again where its request comes again under the same `Idempotency-Key`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BaseModel

from signpost.edge.gateway.case_system import CaseSystem
from signpost.edge.gateway.program import Program
from signpost.edge.gateway.remembered import GivenAnswer
from signpost.edge.gateway.sessions import Session

__all__ = ["IdempotencyKey", "once"]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="Of one request: sent again under it within ten minutes, it is given the same answer.",
    ),
]


async def once(
    request: Request, who: Session | Program | CaseSystem, key: str | None, act: Callable[[], Awaitable[BaseModel]], *,
    status: int = 200, length: int = 0,
) -> Response:  # fmt: skip
    """The answer of an act, or the one that was given to the same request before. Padded to `length` bytes.

    Raises:
        Problem: IDEMPOTENCY_KEY_REUSED; OVERLOADED; or what `act` raises.
    """

    async def answer() -> GivenAnswer:
        given = await act()
        return GivenAnswer(status, given.model_dump_json().encode().ljust(length))

    if key is None:
        given = await answer()
    else:
        named = (request.method, request.url.path, await request.body())
        given = await who.remembered.answered(key, named, answer)
    return Response(given.body, given.status, media_type="application/json")
