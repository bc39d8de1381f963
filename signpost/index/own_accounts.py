"""What an administrator's account sees of its organisation's accounts, and stops (protocol.md D1, decision 17).

It opens no account, approves no device, reinstates nobody and changes no date: all of that is the organisation's key's
(`administration`). So whoever has an administrator's session can stop colleagues, which the record tells and the key
undoes, and can let nobody in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from signpost.index.audit import AuditAction
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Accounts, Once, Record
from signpost.index.requests import Signed
from signpost.index.suspending import shown_account, suspended
from signpost.protocol.credentials import AccountId
from signpost.protocol.messages import Nothing
from signpost.protocol.own_organisation import AccountList, AccountSuspendRequest
from signpost.service.clock import Randomness

__all__ = ["OwnAccounts"]


@final
class OwnAccounts:
    """Lists and suspends the accounts of the asker's organisation."""

    def __init__(
        self, *, accounts: Accounts, record: Record, changed: Callable[[], None], randomness: Randomness
    ) -> None:
        """`changed` is called when the revocation list may have been."""
        self._accounts = accounts
        self._record = record
        self._changed = changed
        self._randomness = randomness

    async def listed(self, signed: Signed) -> AccountList:
        """Every account of the asker's organisation, with its role, state and dates.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.LIST_ACCOUNTS))
        await self._record.note(signed.audit(AuditAction.LISTED_ACCOUNTS, self._randomness), signed=signed)
        accounts = self._accounts.accounts(signed.asker.organisation)
        return AccountList(accounts=[shown_account(each) for each in accounts])

    async def suspend(self, asked: AccountSuspendRequest, signed: Signed) -> Nothing:
        """Stop an account of the asker's organisation, with its next request. The leaf names both.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED; ACCOUNT_UNKNOWN: there is none of that name, or it is stopped already.
        """
        asker = signed.asker
        require(may(asker, Act.SUSPEND_ACCOUNT))
        name = AccountId(asked.account)
        audit = signed.audit(AuditAction.SUSPENDED_ACCOUNT, self._randomness, subject=name)
        once = Once(signed.nonce, signed.remember_until, asker.device)
        await self._accounts.change(
            asker.organisation, name, lambda current: suspended(current, signed.at), audit=audit, once=once
        )
        self._changed()
        return Nothing()
