"""Stopping an account, whoever says so: its organisation's key, or an administrator's account. Pure.

A suspended account's open shift is over with its next request here, and within a minute at the key holders. Its token,
where one waits to be used, opens nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from signpost.index.account_state import AccountState
from signpost.index.ending_shifts import ended
from signpost.index.ports import AccountChange, Revoked
from signpost.index.records import Account
from signpost.protocol.credentials import AccountId
from signpost.protocol.messages import OwnAccount
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["open_shifts", "shown_account", "suspended"]


def suspended(current: Account | None, now: int) -> AccountChange:
    """What an account becomes that is stopped.

    Raises:
        Problem: ACCOUNT_UNKNOWN: there is none, or it is stopped already.
    """
    if current is None or current.state is AccountState.SUSPENDED:
        raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
    stopped = replace(current, state=AccountState.SUSPENDED, token_digest=None, token_until=0)
    return ended(stopped, now, revoked=open_shifts(current))


def open_shifts(account: Account) -> Sequence[Revoked]:
    """What is to be taken back of an account. Without a certificate there is nothing, and the list is every holder's to
    read.
    """
    return [] if account.certificate is None else [Revoked(account=(account.organisation, account.name))]


def shown_account(account: Account) -> OwnAccount:
    """An account as its organisation's administrators see it."""
    return OwnAccount(
        account=AccountId(account.name),
        role=account.role,
        state=account.state.value,
        vetting_until=account.terms.vetting_until,
        training_until=account.terms.training_until,
    )
