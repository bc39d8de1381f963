"""The public doors of administrators' accounts: what they see of their own organisation, and stop."""

# Annotations here are values: FastAPI reads `by`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI

from signpost.index.app import Index
from signpost.protocol.messages import Nothing
from signpost.protocol.own_organisation import AccountList, AccountSuspendRequest, OwnHandleList
from signpost.protocol.problems import ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_administrator_doors"]

_C: Final = ProblemCode


def add_administrator_doors(app: FastAPI, index: Index, by: Any, *, who_asks: tuple[ProblemCode, ...]) -> None:
    """Add them. `by` is the dependency that gives who signed; the codes are those that every such request may meet."""

    @app.post("/v1/accounts/list", responses=refusals(*who_asks))
    async def list_accounts(asked: FromJson[Nothing], who: by) -> AccountList:
        """The accounts of the asker's organisation, with their roles, states and dates."""
        return await index.own_accounts.listed(who)

    @app.post("/v1/accounts/suspend", responses=refusals(*who_asks, _C.ACCOUNT_UNKNOWN))
    async def suspend_account(asked: FromJson[AccountSuspendRequest], who: by) -> Nothing:
        """Stops an account of the asker's organisation with its next request."""
        return await index.own_accounts.suspend(asked, who)

    @app.post("/v1/handles/whole", responses=refusals(*who_asks))
    async def whole_handles(asked: FromJson[Nothing], who: by) -> OwnHandleList:
        """The handles of the asker's organisation, when each was confirmed, and what is wrong with it."""
        return await index.handles.whole(who)
