"""What an administrator's account is told of its own organisation, and may stop (protocol.md D1): the bodies of those
requests and answers.

It sees accounts and desks, and suspends an account. Whatever gives somebody more than they have is a statement that the
organisation's key signs (`signpost.protocol.administration`), and is not asked for here.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from signpost.protocol.messages import AccountName, HandleId, OwnAccount, Wire

__all__ = ["AccountList", "AccountSuspendRequest", "HandleFault", "OwnHandle", "OwnHandleList"]


class AccountList(Wire):
    """An organisation's own accounts, by name."""

    accounts: list[OwnAccount]


class AccountSuspendRequest(Wire):
    """The account to stop, with its next request."""

    account: AccountName


class HandleFault(StrEnum):
    """What is wrong with a handle, in a word that stays the same."""

    TO_CONFIRM = "to-confirm"
    UNCONFIRMED = "unconfirmed"
    NO_TELEPHONE = "no-telephone"
    NO_FALLBACK = "no-fallback"
    CIRCULAR_FALLBACK = "circular-fallback"
    UNREACHABLE = "unreachable"


class OwnHandle(Wire):
    """A desk of the organisation's, whole: how it is reached, when somebody last said that this is right (null: never),
    and what is wrong with it.
    """

    handle: HandleId
    title: str
    telephone: str | None
    email: str | None
    hours: str | None
    out_of_hours: HandleId | None
    handed_over_to: HandleId | None
    consent_only: bool
    privacy_office: bool
    confirmed_on: dt.date | None
    faults: list[Annotated[HandleFault, Field(strict=False)]]


class OwnHandleList(Wire):
    """The desks of the asker's organisation, by name."""

    handles: list[OwnHandle]
