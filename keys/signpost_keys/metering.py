"""Meters: how many points an account, an organisation and the nation may have evaluated here (protocol.md D6).

The one real bound on guessing. Rules:
- An account's window opens with its first charge and lasts a shift, 12 hours. An organisation's is the UTC day.
- A charge is for every point of a request, and is made whole or not at all.
- A window that the clock says has not begun is still running: setting a clock back gives nothing.
- A feed's account has no limit of its own; its organisation's budget bounds it.
- An urgent account has an overdraft: past its budget it is still served, and the custodian is told each time.
- All organisations together have a limit a day. A part of it is kept for urgent roles: whatever the rest of the country
  asks, an emergency department is served.

Nothing is stored here. `charge` takes what the meters say and gives the verdict; the store applies it in the
transaction that spends the request's nonce.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.credentials import SHIFT_SECONDS
from signpost.protocol.purposes import Role

__all__ = ["ACCOUNT_SECONDS", "ORGANISATION_SECONDS", "Allowances", "Charged", "Limit", "Meter", "OverBudget", "charge"]

ACCOUNT_SECONDS: Final = SHIFT_SECONDS
"""An account's budget is for a shift."""
ORGANISATION_SECONDS: Final = 24 * 60 * 60


class Limit(StrEnum):
    """Which of the budgets would not stretch."""

    ACCOUNT = "account"
    ORGANISATION = "organisation"
    NATION = "nation"


@dataclass(frozen=True, slots=True)
class Allowances:
    """Lookups a shift, by role. They are for all holders together."""

    practitioner: int
    urgent: int
    case_management: int = 600
    officer: int = 60
    urgent_overdraft: int = 2_000
    """What an urgent account may ask in all, past its budget."""
    national_points: int = 200_000_000
    """A UTC day, of all organisations."""
    kept_for_urgent: float = 0.1
    """Of the nation's points."""

    def points_here(self, role: Role, *, threshold: int, holders: int) -> int | None:
        """The points an account may have evaluated at one holder in a shift; None where it has no limit of its own.

        total · t/n, rounded down: a client may choose its t holders, and must not gain by choosing (D6).
        """
        match role:
            case Role.PRACTITIONER | Role.MATERNITY:
                lookups = self.practitioner
            case Role.URGENT:
                lookups = max(self.urgent, self.urgent_overdraft)
            case Role.CASE_MANAGEMENT:
                lookups = self.case_management
            case Role.SHIELDING_OFFICER | Role.RIGHTS_OFFICER:
                lookups = self.officer
            case Role.FEED:
                return None
            case Role.DATA_OFFICER | Role.AUDITOR | Role.CUSTODIAN | Role.ADMINISTRATOR | Role.OPERATOR:
                return 0
            case _:
                assert_never(role)
        return lookups * POINTS[Use.LOOKUP] * threshold // holders

    def noted_here(self, role: Role, *, threshold: int, holders: int) -> int | None:
        """The points past which an account's use is an overdraft, which the custodian is told of; null for none."""
        return self.urgent * POINTS[Use.LOOKUP] * threshold // holders if role is Role.URGENT else None

    def nation_here(self, role: Role, *, threshold: int, holders: int) -> int:
        """The nation's points in a day at one holder, as far as this role may use them."""
        points = self.national_points * threshold // holders
        return points if role is Role.URGENT else int(points * (1 - self.kept_for_urgent))


@dataclass(frozen=True, slots=True)
class Meter:
    """Points charged in a window that opened at `opened_at` (epoch seconds)."""

    opened_at: int
    points: int


@dataclass(frozen=True, slots=True)
class Charged:
    """The verdict: allowed, and what the meters say from now on. `account` is None where there is no such limit."""

    account: Meter | None
    organisation: Meter
    nation: Meter


@dataclass(frozen=True, slots=True)
class OverBudget:
    """The verdict: refused, nothing is charged. `retry_after` in seconds; None where waiting would not help."""

    limit: Limit
    retry_after: int | None


def charge(
    points: int, *, now: int, account: Meter | None, account_budget: int | None, organisation: Meter | None,
    organisation_budget: int, nation: Meter | None, nation_budget: int,
) -> Charged | OverBudget:  # fmt: skip
    """Whether `points` may be charged, given what the meters say (None: nothing was ever charged)."""
    midnight = now - now % ORGANISATION_SECONDS
    whole = _running(nation, ORGANISATION_SECONDS, now=now, opens_at=midnight)
    if whole.points + points > nation_budget:
        wait = _wait(whole, ORGANISATION_SECONDS, now=now) if points <= nation_budget else None
        return OverBudget(Limit.NATION, wait)
    whole = Meter(whole.opened_at, whole.points + points)
    day = _running(organisation, ORGANISATION_SECONDS, now=now, opens_at=midnight)
    if day.points + points > organisation_budget:
        wait = _wait(day, ORGANISATION_SECONDS, now=now) if points <= organisation_budget else None
        return OverBudget(Limit.ORGANISATION, wait)
    day = Meter(day.opened_at, day.points + points)
    if account_budget is None:
        return Charged(None, day, whole)
    shift = _running(account, ACCOUNT_SECONDS, now=now, opens_at=now)
    if shift.points + points > account_budget:
        wait = _wait(shift, ACCOUNT_SECONDS, now=now) if points <= account_budget else None
        return OverBudget(Limit.ACCOUNT, wait)
    return Charged(Meter(shift.opened_at, shift.points + points), day, whole)


def _running(meter: Meter | None, length: int, *, now: int, opens_at: int) -> Meter:
    if meter is None or now >= meter.opened_at + length:
        return Meter(opens_at, 0)
    return meter


def _wait(meter: Meter, length: int, *, now: int) -> int:
    return max(1, meter.opened_at + length - now)
