"""Where an administrator begins: what waits for them, in figures; each leads to the page that says more."""

from __future__ import annotations

from collections import Counter
from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.administering import own_accounts, own_handles
from signpost.edge.gateway.pages.accounts import standings
from signpost.edge.gateway.pages.visit import Page, Visit
from signpost.protocol.own_organisation import HandleFault

__all__ = ["PAGES"]

_STALE: Final = frozenset({HandleFault.TO_CONFIRM, HandleFault.UNCONFIRMED})


async def _show(visit: Visit) -> Response:
    accounts = standings(visit, (await own_accounts(visit.gateway, visit.session)).accounts)
    handles = (await own_handles(visit.gateway, visit.session)).handles
    return visit.shown(
        "administration/overview.html",
        total=len(accounts),
        counted=sorted(Counter(each.words for each in accounts).items()),
        desks=len(handles),
        stale=sum(bool(_STALE.intersection(each.faults)) for each in handles),
        faulty=sum(bool(each.faults) for each in handles),
        coverage=await visit.gateway.coverage(),
    )


PAGES: Final = (Page("/administration", show=_show),)
