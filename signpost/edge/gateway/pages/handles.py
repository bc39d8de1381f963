"""An organisation's desks, for its administrator: how each is reached, when it was confirmed, what is wrong with it.

They are changed by the index's operator, on the organisation's word: a number that could be changed here would be one
at which somebody else's duty line is answered.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.administering import own_handles
from signpost.edge.gateway.pages.visit import Page, Visit
from signpost.edge.words import FAULTS

__all__ = ["PAGES"]


async def _show(visit: Visit) -> Response:
    found = (await own_handles(visit.gateway, visit.session)).handles
    return visit.shown(
        "handles/handles.html",
        handles=found,
        faults=FAULTS,
        titles={each.handle: each.title for each in found},
    )


PAGES: Final = (Page("/handles", show=_show),)
