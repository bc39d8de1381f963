"""No sequence of requests has more points evaluated than the budgets allow (D6)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.protocol.purposes import Role
from signpost_keys.metering import (
    ACCOUNT_SECONDS,
    ORGANISATION_SECONDS,
    Allowances,
    Charged,
    Limit,
    Meter,
    OverBudget,
    charge,
)

MIDNIGHT = 1_790_035_200
NOON = MIDNIGHT + 43_200


def _charge(
    points: int, *, now: int = NOON, account: Meter | None = None, account_budget: int | None = 100,
    organisation: Meter | None = None, organisation_budget: int = 1_000, nation: Meter | None = None,
    nation_budget: int = 1_000_000,
) -> Charged | OverBudget:  # fmt: skip
    return charge(
        points,
        now=now,
        account=account,
        account_budget=account_budget,
        organisation=organisation,
        organisation_budget=organisation_budget,
        nation=nation,
        nation_budget=nation_budget,
    )


def test_the_first_charge_opens_a_shift_now_and_a_day_at_midnight() -> None:
    """An account's window begins with its first charge, an organisation's with the UTC day."""
    assert _charge(12) == Charged(Meter(NOON, 12), Meter(MIDNIGHT, 12), Meter(MIDNIGHT, 12))


def test_a_charge_is_added_to_windows_that_run() -> None:
    verdict = _charge(
        12, now=NOON + 60, account=Meter(NOON, 24), organisation=Meter(MIDNIGHT, 500), nation=Meter(MIDNIGHT, 7_000)
    )

    assert verdict == Charged(Meter(NOON, 36), Meter(MIDNIGHT, 512), Meter(MIDNIGHT, 7_012))


def test_a_budget_may_be_used_to_its_last_point_and_not_beyond() -> None:
    assert isinstance(_charge(12, account=Meter(NOON, 88)), Charged)
    assert isinstance(_charge(12, account=Meter(NOON, 89)), OverBudget)
    assert isinstance(_charge(12, organisation=Meter(MIDNIGHT, 988)), Charged)
    assert isinstance(_charge(12, organisation=Meter(MIDNIGHT, 989)), OverBudget)


def test_a_refusal_says_whose_budget_it_was_and_when_to_come_back() -> None:
    late = NOON + 3_600

    assert _charge(12, now=late, account=Meter(NOON, 96)) == OverBudget(Limit.ACCOUNT, ACCOUNT_SECONDS - 3_600)
    assert _charge(12, now=late, organisation=Meter(MIDNIGHT, 996)) == OverBudget(
        Limit.ORGANISATION, 86_400 - 43_200 - 3_600
    )


def test_waiting_is_not_offered_where_no_window_would_ever_do() -> None:
    """A request larger than the whole budget is refused with no time to come back at."""
    assert _charge(252) == OverBudget(Limit.ACCOUNT, None)
    assert _charge(252, account_budget=None, organisation_budget=200) == OverBudget(Limit.ORGANISATION, None)


def test_a_shift_ends_twelve_hours_after_its_first_charge() -> None:
    last = Meter(NOON, 100)

    assert isinstance(_charge(12, now=NOON + ACCOUNT_SECONDS - 1, account=last), OverBudget)
    assert _charge(12, now=NOON + ACCOUNT_SECONDS, account=last) == Charged(
        Meter(NOON + ACCOUNT_SECONDS, 12),
        Meter(MIDNIGHT + ORGANISATION_SECONDS, 12),
        Meter(MIDNIGHT + ORGANISATION_SECONDS, 12),
    )


def test_a_day_ends_at_midnight() -> None:
    used_up = Meter(MIDNIGHT, 1_000)
    midnight = MIDNIGHT + ORGANISATION_SECONDS

    assert isinstance(_charge(12, now=midnight - 1, organisation=used_up), OverBudget)
    assert isinstance(_charge(12, now=midnight, organisation=used_up), Charged)


def test_setting_the_clock_back_gives_nothing() -> None:
    """A window that the clock says has not begun is still the one that runs."""
    verdict = _charge(12, now=NOON - 10 * 86_400, account=Meter(NOON, 96), organisation=Meter(MIDNIGHT, 12))

    assert isinstance(verdict, OverBudget)


def test_a_feed_is_bounded_by_its_organisation_alone() -> None:
    assert _charge(252, account_budget=None) == Charged(None, Meter(MIDNIGHT, 252), Meter(MIDNIGHT, 252))
    assert isinstance(_charge(252, account_budget=None, organisation=Meter(MIDNIGHT, 749)), OverBudget)


@pytest.mark.parametrize(
    ("role", "threshold", "holders", "points"),
    [
        (Role.PRACTITIONER, 2, 3, 480),  # 60 lookups of 12 points, two thirds of them here
        (Role.PRACTITIONER, 3, 5, 432),
        (Role.PRACTITIONER, 2, 2, 720),
        (Role.PRACTITIONER, 5, 7, 514),  # 514.28…, rounded down
        (Role.MATERNITY, 2, 3, 480),
        (Role.CASE_MANAGEMENT, 2, 3, 4_800),  # 600 lookups, whomever it names
        (Role.SHIELDING_OFFICER, 2, 3, 480),
        (Role.RIGHTS_OFFICER, 2, 3, 480),
        (Role.URGENT, 2, 3, 16_000),  # 2,000 lookups: its overdraft in it
        (Role.AUDITOR, 2, 3, 0),
        (Role.DATA_OFFICER, 2, 3, 0),
        (Role.FEED, 2, 3, None),
    ],
)
def test_a_holder_allows_its_part_of_the_lookups(role: Role, threshold: int, holders: int, points: int | None) -> None:
    """D6: total · t/n, since a client may choose its holders."""
    allowances = Allowances(practitioner=60, urgent=200)

    assert allowances.points_here(role, threshold=threshold, holders=holders) == points


def test_an_urgent_overdraft_is_noted_where_its_budget_ends() -> None:
    """And nobody else has one."""
    allowances = Allowances(practitioner=60, urgent=200)

    assert allowances.noted_here(Role.URGENT, threshold=2, holders=3) == 1_600
    assert {allowances.noted_here(role, threshold=2, holders=3) for role in Role if role is not Role.URGENT} == {None}


def test_the_nation_has_a_limit_and_a_part_of_it_is_kept_for_urgent_roles() -> None:
    """What the others have used up, an emergency department still has."""
    allowances = Allowances(practitioner=60, urgent=200, national_points=1_200, kept_for_urgent=0.25)
    others, urgent = (allowances.nation_here(role, threshold=2, holders=3) for role in (Role.FEED, Role.URGENT))
    used = Meter(MIDNIGHT, 600)

    assert (others, urgent) == (600, 800)
    assert _charge(12, nation=used, nation_budget=others) == OverBudget(Limit.NATION, 43_200)
    assert _charge(12, nation=used, nation_budget=urgent) == Charged(
        Meter(NOON, 12), Meter(MIDNIGHT, 12), Meter(MIDNIGHT, 612)
    )
    assert isinstance(_charge(12, now=MIDNIGHT + 86_400, nation=used, nation_budget=others), Charged)


_requests = st.lists(
    st.tuples(
        st.integers(0, 4 * 3_600),  # seconds since the one before
        st.sampled_from(["amber", "birch"]),  # the account
        st.sampled_from([12, 24, 252]),
    ),
    max_size=60,
)


@given(_requests, st.integers(0, 600), st.integers(0, 1_500))
def test_no_sequence_exceeds_any_budget(
    requests: list[tuple[int, str, int]], account_budget: int, organisation_budget: int
) -> None:
    """Whatever is asked, in any window of a meter no more is allowed than its budget, and a refusal was needed."""
    now = NOON
    organisation: Meter | None = None
    accounts: dict[str, Meter] = {}
    in_shift: Counter[tuple[str, int]] = Counter()
    in_day: Counter[int] = Counter()

    for passed, name, points in requests:
        now += passed
        verdict = _charge(
            points,
            now=now,
            account=accounts.get(name),
            account_budget=account_budget,
            organisation=organisation,
            organisation_budget=organisation_budget,
        )
        match verdict:
            case Charged(account, organisation, _):
                assert account is not None
                accounts[name] = account
                in_shift[name, account.opened_at] += points
                in_day[now // 86_400] += points
                assert account.opened_at <= now < account.opened_at + ACCOUNT_SECONDS
            case OverBudget(Limit.ORGANISATION):
                assert in_day[now // 86_400] + points > organisation_budget
            case OverBudget(Limit.ACCOUNT):
                before = accounts.get(name)
                running = before is not None and now < before.opened_at + ACCOUNT_SECONDS
                used = in_shift[name, before.opened_at] if before is not None and running else 0
                assert used + points > account_budget

    assert all(used <= account_budget for used in in_shift.values())
    assert all(used <= organisation_budget for used in in_day.values())
