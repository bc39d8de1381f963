"""Ending an account's shifts before their time: at the index with the transaction that ends them.

Every shift of an account begins at a moment of its own, later than any before it: `Account.last_shift` remembers the
last. So one moment says which of them are over, and no list of shifts is kept.

A shift that its own holder ended is not on the list that key holders fetch: without the index what a holder evaluates
answers nothing, and a whole country signing out in the evening would make the list too long to be read twice a minute.
What an administrator or the operator takes back is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from signpost.index.ports import AccountChange, Revoked
from signpost.index.records import Account

__all__ = ["ended"]


def ended(account: Account, now: int, *, revoked: Sequence[Revoked] = ()) -> AccountChange:
    """The account with every shift that began until now over."""
    through = max(now, account.last_shift)
    return AccountChange(replace(account, last_shift=through, shift_until=0), revoked=revoked, over_through=through)
