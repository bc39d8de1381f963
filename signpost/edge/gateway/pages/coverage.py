"""How much of the country an answer speaks for: national figures, never about a child."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.visit import Page, Visit

__all__ = ["PAGES"]


async def _show(visit: Visit) -> Response:
    return visit.shown("coverage/nation.html", coverage=await visit.gateway.coverage())


PAGES: Final = (Page("/coverage", show=_show),)
