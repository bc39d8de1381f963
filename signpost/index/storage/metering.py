"""Charging on SQLite: in the transaction of what is charged for, so that a refusal charges nothing (protocol.md D6)."""

from __future__ import annotations

from signpost.index.budgets import Beyond, Charge, Costs, Repeats
from signpost.index.storage.vault import Vault
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.database import Connection

__all__ = ["charge_for", "charge_one"]


def charge_for(connection: Connection, vault: Vault, costs: Costs, *, now: int) -> set[Beyond]:
    """Charge every window and count what repeats; by what it went past an ordinary budget, where it did.

    Raises:
        Problem: BUDGET_USED or REPEATS_USED.
    """
    charged = [charge_one(connection, vault, charge, now) for charge in costs.charges]
    _, window = charged[0]
    repeated = _count(connection, vault, costs.repeats, window)
    return {by for by in (*(beyond for beyond, _ in charged), Beyond.EXCEPTION if repeated else None) if by is not None}


def charge_one(connection: Connection, vault: Vault, charge: Charge, now: int) -> tuple[Beyond | None, int]:
    """Charge one window: by what it went past the ordinary budget, and when it is over.

    Raises:
        Problem: BUDGET_USED.
    """
    name = vault.meter(*charge.whom)
    found = connection.execute("SELECT lookups, forget_at FROM meters WHERE name = ?", (name,)).fetchone()
    # A window that the clock says has not begun is still running: setting a clock back gives nothing.
    lookups, until = (0, charge.until) if found is None or found[1] <= now else found
    lookups += charge.lookups
    if lookups > charge.most:
        raise Problem(ProblemCode.BUDGET_USED, retry_after=until - now)
    connection.execute(
        "INSERT INTO meters VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET lookups = ?2, forget_at = ?3",
        (name, lookups, until),
    )
    if lookups > charge.noted:
        return Beyond.OVERDRAFT, until
    return (Beyond.EXCEPTION if lookups > charge.ordinary else None), until


def _count(connection: Connection, vault: Vault, repeats: Repeats, window: int) -> bool:
    """Whether an exception was needed. Every tag is written, whatever was there: the statements do not depend on what
    repeats.
    """
    by_exception = False
    rows = sorted(
        [(vault.repeat(key, window, *repeats.account), window, repeats.account_most) for key in repeats.keys]
        + [
            (vault.repeat(key, repeats.until, *repeats.organisation), repeats.until, repeats.organisation_most)
            for key in repeats.keys
        ]
    )
    for name, until, most in rows:
        (lookups,) = connection.execute(
            "INSERT INTO repeats VALUES (?1, 1, ?2) ON CONFLICT (name) DO UPDATE SET lookups = lookups + 1"
            " RETURNING lookups",
            (name, until),
        ).fetchone()
        if lookups > most:
            raise Problem(ProblemCode.REPEATS_USED)
        by_exception = by_exception or lookups > most - repeats.excepted
    return by_exception
