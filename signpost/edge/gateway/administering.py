"""What an administrator does at the gateway: they see their organisation's accounts and desks, and stop an account.

The organisation's signing key never comes here (decision 16). So nothing here opens an account, approves a device,
reinstates anybody or changes a date: whoever has been in the gateway can stop the organisation's people, which the
record tells, and can let nobody in.
"""

from __future__ import annotations

from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.sessions import Session
from signpost.protocol.credentials import AccountId
from signpost.protocol.messages import Nothing
from signpost.protocol.own_organisation import AccountList, AccountSuspendRequest, OwnHandleList

__all__ = ["own_accounts", "own_handles", "suspend_account"]


async def own_accounts(gateway: Gateway, session: Session) -> AccountList:
    """The organisation's accounts, with their roles, states and dates.

    Raises:
        Problem: ROLE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.acted(session, session.client.index.accounts())


async def suspend_account(gateway: Gateway, session: Session, given: AccountSuspendRequest) -> Nothing:
    """Stop an account. Where it is signed in here, that session is forgotten at once.

    Raises:
        Problem: ACCOUNT_UNKNOWN: there is none of that name, or it is stopped already; ROLE_REFUSED; or as the index
            refuses; COULD_NOT_CHECK: it may or may not be stopped.
    """
    await gateway.acted(session, session.client.index.suspend_account(given))
    gateway.account_stopped(AccountId(given.account))
    return Nothing()


async def own_handles(gateway: Gateway, session: Session) -> OwnHandleList:
    """The organisation's desks, when each was confirmed, and what is wrong with it.

    Raises:
        Problem: ROLE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.acted(session, session.client.index.whole_handles())
