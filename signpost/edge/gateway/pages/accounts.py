"""An organisation's accounts, for its administrator: who there is, until when, and stopping one.

What lets somebody in is not done here: it takes the organisation's key, which never comes to a gateway. So beside each
account stands what to type on the machine where that key is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.administering import own_accounts, suspend_account
from signpost.edge.gateway.pages.officers import refused
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.pages.wording import ROLES
from signpost.protocol.credentials import valid_name
from signpost.protocol.messages import Nothing, OwnAccount
from signpost.protocol.own_organisation import AccountSuspendRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role

__all__ = ["PAGES", "SOON_DAYS", "Standing", "standing_of"]

SOON_DAYS: Final = 30
"""So long before vetting or training runs out its administrator is told: enough to have either renewed."""
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "awaiting-device": ("Waits for its token", "grey"),
    "awaiting-approval": ("Waits for approval", "yellow"),
    "active": ("Active", "green"),
    "suspended": ("Suspended", "red"),
}
_LAPSED: Final = ("Lapsed", "orange")
_SOON: Final = ("Lapses soon", "yellow")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands today, as the page shows it. `command`: what lets it go on, typed where the key is; null
    where there is nothing to do. `can_stop`: whether it may be suspended.
    """

    account: str
    role: str
    words: str
    colour: str
    vetting_until: dt.date
    training_until: dt.date
    command: str | None
    can_stop: bool


def standing_of(account: OwnAccount, *, today: dt.date, index_url: str) -> Standing:
    """How an account stands."""
    last_day = min(account.vetting_until, account.training_until)
    words, colour = _STATES.get(account.state, (account.state, "grey"))
    dates = " --vetting-until DATE --training-until DATE"
    what = {
        "awaiting-approval": ("approve", ""),
        "suspended": ("reinstate", ""),
    }.get(account.state)
    if account.state == "active" and last_day < today:
        (words, colour), what = _LAPSED, ("dates", dates)
    elif account.state == "active" and (last_day - today).days < SOON_DAYS:
        (words, colour), what = _SOON, ("dates", dates)
    return Standing(
        account=account.account,
        role=ROLES.get(Role(account.role), account.role.value),
        words=words,
        colour=colour,
        vetting_until=account.vetting_until,
        training_until=account.training_until,
        command=None if what is None else _command(what[0], account.account, what[1], index_url),
        can_stop=account.state != "suspended",
    )


def _command(act: str, account: str, more: str, index_url: str) -> str:
    return f"signpost admin account {act} {account} --org-keys keys{more} --index {index_url}"


def standings(visit: Visit, accounts: Sequence[OwnAccount]) -> list[Standing]:
    """How each stands now."""
    today = dt.datetime.fromtimestamp(visit.now, tz=dt.UTC).date()
    index_url = visit.session.shift.desk.settings.index_url
    return [standing_of(each, today=today, index_url=index_url) for each in accounts]


async def _show(visit: Visit) -> Response:
    found = await own_accounts(visit.gateway, visit.session)
    return visit.shown("accounts/accounts.html", accounts=standings(visit, found.accounts))


async def _suspend(visit: Visit) -> Response:
    """First asks whether it is meant; then, with the PIN, does it."""
    account = visit.form.text("account")
    if not valid_name(account):
        raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
    errors: tuple[FieldError, ...] = ()
    if visit.form.text("meant"):
        errors = visit.pin_errors()
        if not errors:
            given = AccountSuspendRequest(account=account)
            try:
                await visit.once(Nothing, lambda: suspend_account(visit.gateway, visit.session, given))
            except Problem as problem:
                see = "The account may be suspended. See the accounts."
                return refused(visit, problem, see=see, path="/accounts")
            return visit.goes_to("/accounts")
    return visit.shown(
        "accounts/suspend.html",
        errors=errors,
        status=422 if errors else 200,
        named=account,
        own=account == visit.session.account,
    )


PAGES: Final = (Page("/accounts", show=_show), Page("/accounts/suspend", take=_suspend))
