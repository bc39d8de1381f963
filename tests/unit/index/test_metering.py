"""No sequence of requests has more answered at the index, or evaluated at the holders, than the budgets allow (D6)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from signpost.index.budgets import Budgets, Extra
from signpost.index.keyfile import make_keys
from signpost.index.storage.metering import charge_for
from signpost.index.storage.schema import MIGRATIONS
from signpost.index.storage.vault import Vault
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, Asker, OrganisationId
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.protocol.tags import TagKey
from signpost_keys.metering import Allowances, Charged, Meter, charge

NOON = 1_790_078_400
DAY = 86_400
BUDGETS = Budgets(
    practitioner=6, urgent=5, urgent_overdraft=8, case_management=9, organisation_least=10, organisation_share=0.5,
    repeats_account=3, repeats_organisation=5,
)  # fmt: skip
VAULT = Vault(make_keys(lambda size: bytes(range(size))))
STRONG, POSSIBLE = Place(MatchClass.STRONG, Tier.T1), Place(MatchClass.POSSIBLE, Tier.T3)


def asker(account: str, role: Role) -> Asker:
    """An account of one council, on any device and in any session: neither is looked at."""
    device = SigningKey(Secret(bytes(32))).verify_key
    return Asker(OrganisationId("northtown"), AccountId(account), role, Kind.COUNCIL, (), device, "c", "s", 9, 9, 0, 0)


def database() -> sqlite3.Connection:
    """An index's tables, empty."""
    connection = sqlite3.connect(":memory:")
    MIGRATIONS.apply(Database(connection))
    return connection


def counted(connection: sqlite3.Connection) -> list[object]:
    """Every row of both tables."""
    return [
        connection.execute(statement).fetchall()
        for statement in ("SELECT * FROM meters ORDER BY name", "SELECT * FROM repeats ORDER BY name")
    ]


ACCOUNTS = {"amber": Role.PRACTITIONER, "birch": Role.PRACTITIONER, "cedar": Role.URGENT}
_asked = st.lists(
    st.tuples(
        st.integers(-3_600, 5 * 3_600),  # seconds since the one before; clocks are set back too
        st.sampled_from(sorted(ACCOUNTS)),
        st.booleans(),  # a deep one
        st.integers(0, 4),  # the child
        st.booleans(),  # the index was started again
    ),
    max_size=50,
)


@pytest.mark.parametrize("more", [Extra(), Extra(account=2, organisation=5, repeats=1)])
@given(asked=_asked)
@settings(max_examples=100, deadline=None)
def test_no_sequence_exceeds_any_budget_or_repeats_more_than_it_may(
    more: Extra, asked: list[tuple[int, str, bool, int, bool]]
) -> None:
    """Whatever is asked, by whom, over restarts: in no window more than its budget and what an exception adds; and a
    refusal leaves no trace.
    """
    connection, now = database(), NOON
    opened: dict[str, int] = {}
    in_shift: Counter[tuple[str, int]] = Counter()
    in_day: Counter[int] = Counter()
    of_child: Counter[tuple[str, int, int]] = Counter()
    of_month: Counter[tuple[int, int]] = Counter()
    codes: set[ProblemCode] = set()
    latest = now
    for after, account, deep, child, restarted in asked:
        now += after
        latest = max(latest, now)
        if restarted:
            copy = sqlite3.connect(":memory:")
            connection.backup(copy)
            connection = copy
        tags = [(STRONG, TagKey(bytes([child]) * 16)), (POSSIBLE, TagKey(b"the same home...."[:16]))]
        costs = BUDGETS.costs(asker(account, ACCOUNTS[account]), deep=deep, tags=tags, caseload=30, now=now, extra=more)
        before = counted(connection)
        connection.execute("SAVEPOINT one")
        try:
            charge_for(connection, VAULT, costs, now=now)
        except Problem as refused:
            connection.execute("ROLLBACK TO one")
            codes.add(refused.code)
            connection.execute("RELEASE one")
            assert counted(connection) == before
            continue
        connection.execute("RELEASE one")
        if account not in opened or now >= opened[account] + SHIFT_SECONDS:
            opened[account] = now
        in_shift[account, opened[account]] += 2 if deep else 1
        in_day[latest // DAY] += 2 if deep else 1
        of_child[account, opened[account], child] += 1
        of_month[child, dt.datetime.fromtimestamp(now, tz=dt.UTC).month] += 1

    for (account, _), count in in_shift.items():
        assert count <= (8 if ACCOUNTS[account] is Role.URGENT else 6) + more.account
    assert all(
        count <= 2 * (15 + more.organisation) for count in in_day.values()
    )  # a clock that was set back may straddle one midnight
    assert all(count <= 3 + more.repeats for count in of_child.values())
    assert all(count <= 5 + more.repeats for count in of_month.values())
    assert codes <= {ProblemCode.BUDGET_USED, ProblemCode.REPEATS_USED}


@pytest.mark.parametrize(("caseload", "most"), [(0, 10), (20, 10), (30, 15), (10_000, 5_000)])
def test_an_organisations_budget_follows_its_caseload(caseload: int, most: int) -> None:
    """Never below what an organisation of any size has."""
    costs = BUDGETS.costs(asker("amber", Role.PRACTITIONER), deep=False, tags=[], caseload=caseload, now=NOON)

    assert costs.charges[1].most == most


def test_a_machine_is_charged_by_the_user_it_names_itself_and_its_organisation() -> None:
    """In that order; repeats are counted by the user."""
    machine = replace(asker("case-lookups", Role.CASE_MANAGEMENT), user=b"u" * 16)

    costs = BUDGETS.costs(machine, deep=False, tags=[], caseload=0, now=NOON)

    assert [(charge.whom[0], charge.most, charge.ordinary) for charge in costs.charges] == [
        ("user", 6, 6), ("account", 9, 9), ("organisation", 10, 10),
    ]  # fmt: skip
    assert costs.repeats.account == costs.charges[0].whom
    other = BUDGETS.costs(replace(machine, user=b"v" * 16), deep=False, tags=[], caseload=0, now=NOON)
    assert other.charges[0].whom != costs.charges[0].whom
    assert other.charges[1:] == costs.charges[1:]


def test_an_overdraft_is_an_urgent_roles_alone() -> None:
    """It begins where the budget ends."""
    urgent = BUDGETS.costs(asker("cedar", Role.URGENT), deep=False, tags=[], caseload=0, now=NOON).charges[0]
    others = BUDGETS.costs(asker("amber", Role.PRACTITIONER), deep=False, tags=[], caseload=0, now=NOON).charges[0]

    assert (urgent.noted, urgent.most) == (5, 8)
    assert others.noted == others.most == 6
    lower = replace(BUDGETS, urgent_overdraft=1).costs(
        asker("cedar", Role.URGENT), deep=False, tags=[], caseload=0, now=NOON
    )
    assert lower.charges[0].most == 5


@given(st.lists(st.integers(0, 2), max_size=200), st.sampled_from([Role.PRACTITIONER, Role.URGENT]))
@settings(deadline=None)
def test_no_choice_of_holders_gives_more_than_the_whole_budget(chosen: list[int], role: Role) -> None:
    """A lookup needs two of three; whichever two are asked each time, so many lookups and no more are had."""
    allowances = Allowances(practitioner=6, urgent=7, urgent_overdraft=9)
    pairs = list(combinations(range(3), 2))
    budget = allowances.points_here(role, threshold=2, holders=3)
    meters: list[Meter | None] = [None, None, None]
    had = 0
    for which in chosen:
        verdicts = {}
        for holder in pairs[which]:
            verdict = charge(
                12, now=NOON, account=meters[holder], account_budget=budget, organisation=None,
                organisation_budget=10**9, nation=None, nation_budget=10**9,
            )  # fmt: skip
            if isinstance(verdict, Charged):
                meters[holder] = verdict.account
            verdicts[holder] = isinstance(verdict, Charged)
        had += all(verdicts.values())

    assert had <= (6 if role is Role.PRACTITIONER else 9)
