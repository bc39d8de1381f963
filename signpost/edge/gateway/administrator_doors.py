"""What the gateway's web API answers to an administrator, under /api/v1. An account's name is in a body alone."""

# Annotations here are values: FastAPI reads `signed_in`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI

from signpost.edge.gateway.administering import own_accounts, own_handles, suspend_account
from signpost.edge.gateway.app import Gateway
from signpost.protocol.messages import Nothing
from signpost.protocol.own_organisation import AccountList, AccountSuspendRequest, OwnHandleList
from signpost.protocol.problems import ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_administrator_doors"]

_API: Final = "/api/v1"


def add_administrator_doors(
    app: FastAPI, gateway: Gateway, signed_in: Any, *, refused: tuple[ProblemCode, ...]
) -> None:
    """Add them. `signed_in` is the dependency that gives the session; `refused`: what every such request may meet."""

    @app.get(f"{_API}/accounts", responses=refusals(*refused))
    async def accounts(who: signed_in) -> AccountList:
        """The organisation's accounts, with their roles, states and dates: for administrators."""
        return await own_accounts(gateway, who)

    @app.post(f"{_API}/accounts/suspend", responses=refusals(*refused, ProblemCode.ACCOUNT_UNKNOWN))
    async def suspend(asked: FromJson[AccountSuspendRequest], who: signed_in) -> Nothing:
        """Stops an account: the index refuses its next request, key holders within a minute. By administrators. What
        lets somebody in is done with the organisation's key, and not here.
        """
        return await suspend_account(gateway, who, asked)

    @app.get(f"{_API}/handles", responses=refusals(*refused))
    async def handles(who: signed_in) -> OwnHandleList:
        """The organisation's desks, when each was confirmed, and what is wrong with it: for administrators."""
        return await own_handles(gateway, who)
