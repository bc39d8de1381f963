"""Who may do what at the index: the whole truth table."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product

import pytest

from signpost.index.account_state import AccountState, ends_at, may_be_used
from signpost.index.permissions import Act, Allowed, Refused, may, may_look_up, require, role_may
from signpost.protocol.administration import AccountTerms
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import LOOKING_ROLES, MACHINE_ROLES, Kind, Purpose, Role, Urgency, purposes_of
from signpost.protocol.secret import Secret


def asker(role: Role, kind: Kind = Kind.COUNCIL) -> Asker:
    """Somebody in a role, with every purpose the role has."""
    device = SigningKey(Secret(bytes(32))).verify_key
    return Asker(
        OrganisationId("northtown"),
        AccountId("someone"),
        role,
        kind,
        purposes_of(role, kind),
        device,
        "c",
        "s",
        9,
        9,
        0,
        0,
    )


_ANSWERING = {
    Act.LOOK_UP, Act.ASK_FOR_CALL_BACK, Act.ANSWER_NOTICES, Act.LIST_HANDLES, Act.SEE_OWN_WORK, Act.CHANGE_OWN_WORK,
}  # fmt: skip
ACTS: dict[Role, set[Act]] = {
    Role.PRACTITIONER: _ANSWERING,
    Role.URGENT: _ANSWERING | {Act.BREAK_GLASS},
    Role.MATERNITY: _ANSWERING,
    Role.CASE_MANAGEMENT: {Act.LOOK_UP, Act.ASK_FOR_CALL_BACK, Act.LIST_HANDLES},
    Role.FEED: {Act.REGISTER, Act.CHANGE, Act.LIST_INVOLVEMENTS, Act.LIST_HANDLES, Act.FINISH_FEED},
    Role.DATA_OFFICER: {Act.LIST_HANDLES},
    Role.SHIELDING_OFFICER: {Act.LIST_HANDLES, Act.SHIELD, Act.DECIDE_SHIELDED},
    Role.RIGHTS_OFFICER: {Act.LIST_HANDLES, Act.REVIEW_GLASS, Act.UPHOLD_RIGHTS},
    Role.AUDITOR: {Act.READ_RECORD, Act.READ_DESK_RECORD},
    Role.CUSTODIAN: set(),
    Role.ADMINISTRATOR: {Act.LIST_ACCOUNTS, Act.SUSPEND_ACCOUNT, Act.READ_HANDLES},
    Role.OPERATOR: {Act.ADMIT_ORGANISATION},
}
_ORDINARY = {Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA}
PURPOSES: dict[tuple[Role, Kind], set[Purpose]] = {
    (Role.CASE_MANAGEMENT, Kind.COUNCIL): _ORDINARY | {Purpose.SECTION_17},
    (Role.CASE_MANAGEMENT, Kind.HOSPITAL): _ORDINARY,
    (Role.CASE_MANAGEMENT, Kind.POLICE): _ORDINARY,
    (Role.PRACTITIONER, Kind.COUNCIL): {
        Purpose.SECTION_17, Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA,
    },
    (Role.PRACTITIONER, Kind.HOSPITAL): {Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA},
    (Role.PRACTITIONER, Kind.POLICE): {Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA},
    (Role.URGENT, Kind.COUNCIL): {Purpose.VITAL_INTERESTS, Purpose.SECTION_47, Purpose.SECTION_16LA},
    (Role.URGENT, Kind.HOSPITAL): {Purpose.VITAL_INTERESTS, Purpose.SECTION_47, Purpose.SECTION_16LA},
    (Role.URGENT, Kind.POLICE): {
        Purpose.VITAL_INTERESTS, Purpose.POLICE_PROTECTION, Purpose.SECTION_47, Purpose.SECTION_16LA,
    },
    **{
        (Role.MATERNITY, kind): {
            Purpose.VITAL_INTERESTS, Purpose.SECTION_47, Purpose.SECTION_11, Purpose.SECTION_16LA,
        }
        for kind in (Kind.COUNCIL, Kind.HOSPITAL, Kind.POLICE)
    },
}  # fmt: skip
"""Written out, so that a change of the tables is a change here too. What is not here may name no purpose."""

BEFORE = dt.date(2026, 11, 26)
DAY = dt.date(2026, 11, 27)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("kind", Kind)
def test_every_role_act_and_kind_is_decided(role: Role, act: Act, kind: Kind) -> None:
    """A caseload is written and read by feeds alone; who audits or administers looks nobody up; the record is read in
    an organisation of oversight alone, which does nothing else: else any administrator could open an account that reads
    what every other organisation did. What touches a shielded child is the desk's alone, which does nothing else.
    """
    where = {
        Act.READ_RECORD: {Kind.OVERSIGHT},
        Act.DECIDE_SHIELDED: {Kind.SHIELDING_DESK},
        Act.READ_DESK_RECORD: {Kind.SHIELDING_DESK},
        Act.SHIELD: {Kind.COUNCIL},
        Act.UPHOLD_RIGHTS: {Kind.COUNCIL},
    }.get(act, {Kind.COUNCIL, Kind.HOSPITAL, Kind.POLICE})
    allowed = act in ACTS[role] and kind in where

    assert may(asker(role, kind), act) == (Allowed() if allowed else Refused(ProblemCode.ROLE_REFUSED))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("purpose", Purpose)
def test_role_purpose_kind_and_state_together(role: Role, purpose: Purpose) -> None:
    """Somebody looks a child up only in a role, for a purpose, in a kind of organisation and in a state that all allow
    it: every combination.
    """
    for kind, state, vetting, training in product(Kind, AccountState, (BEFORE, DAY), (BEFORE, DAY)):
        _check(role, purpose, kind, state, vetting, training)


def _check(role: Role, purpose: Purpose, kind: Kind, state: AccountState, vetting: dt.date, training: dt.date) -> None:
    usable = may_be_used(state, AccountTerms(vetting, training), DAY)
    may_ask = may_look_up(asker(role, kind), purpose)

    if state in (AccountState.AWAITING_DEVICE, AccountState.AWAITING_APPROVAL):
        assert usable == Refused(ProblemCode.ACCOUNT_NOT_APPROVED)
    elif state is AccountState.SUSPENDED:
        assert usable == Refused(ProblemCode.ACCOUNT_SUSPENDED)
    elif vetting < DAY:
        assert usable == Refused(ProblemCode.VETTING_LAPSED)
    elif training < DAY:
        assert usable == Refused(ProblemCode.TRAINING_LAPSED)
    else:
        assert usable == Allowed()
    if role not in {Role.PRACTITIONER, Role.URGENT, Role.MATERNITY, Role.CASE_MANAGEMENT}:
        assert may_ask == Refused(ProblemCode.ROLE_REFUSED)
    else:
        allowed = purpose in PURPOSES.get((role, kind), set())
        assert may_ask == (Allowed() if allowed else Refused(ProblemCode.PURPOSE_REFUSED))


def test_an_account_lapses_when_its_last_day_is_over() -> None:
    """At midnight UTC after the earlier of the two."""
    assert ends_at(AccountTerms(DAY, dt.date(2027, 1, 1))) == int(dt.datetime(2026, 11, 28, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize("role", Role)
def test_only_urgent_and_maternity_roles_ask_by_the_mothers_number(role: Role) -> None:
    """Whatever the purpose; and they still only for their own."""
    allowed = role in {Role.URGENT, Role.MATERNITY}

    verdict = may_look_up(asker(role), Purpose.SECTION_47, by_mother=True)

    assert verdict == (Allowed() if allowed else Refused(ProblemCode.ROLE_REFUSED))
    assert may_look_up(asker(Role.URGENT), Purpose.SECTION_17, by_mother=True) == Refused(ProblemCode.PURPOSE_REFUSED)


@pytest.mark.parametrize("role", sorted(LOOKING_ROLES))
def test_a_machine_asks_for_nothing_urgent_and_nothing_deep(role: Role) -> None:
    """Whoever needs an answer now, or a tolerant one, has signed in themselves."""
    allowed = Allowed() if role not in MACHINE_ROLES else Refused(ProblemCode.ROLE_REFUSED)
    who = asker(role)

    assert may_look_up(who, Purpose.SECTION_47, urgency=Urgency.NOW) == allowed
    assert may_look_up(who, Purpose.SECTION_47, urgency=Urgency.TODAY, deep=True) == allowed
    assert may_look_up(who, Purpose.SECTION_47, urgency=Urgency.TODAY) == Allowed()
    assert may_look_up(who, Purpose.SECTION_47, urgency=Urgency.WEEK) == Allowed()


def test_a_machine_asks_for_what_a_practitioner_of_its_organisation_does() -> None:
    """No more and no less, in every kind."""
    for kind in Kind:
        assert purposes_of(Role.CASE_MANAGEMENT, kind) == purposes_of(Role.PRACTITIONER, kind)


def test_nobody_both_looks_up_and_writes_or_watches() -> None:
    """Separation of duty, of the whole table: no role has two of these."""
    apart = [Act.LOOK_UP, Act.REGISTER, Act.READ_RECORD, Act.SUSPEND_ACCOUNT, Act.ADMIT_ORGANISATION]

    for role in Role:
        assert sum(role_may(role, act) == Allowed() for act in apart) <= 1


def test_a_credential_without_the_purpose_does_not_do() -> None:
    """The role alone is not enough: this shift's credential must name the purpose too."""
    narrowed = replace(asker(Role.PRACTITIONER), purposes=(Purpose.SECTION_17,))

    assert may_look_up(narrowed, Purpose.SECTION_47) == Refused(ProblemCode.PURPOSE_REFUSED)


def test_nor_does_a_credential_that_names_too_much() -> None:
    """A purpose the role has not is refused, whatever the credential says."""
    widened = replace(asker(Role.PRACTITIONER), purposes=tuple(Purpose))

    assert may_look_up(widened, Purpose.VITAL_INTERESTS) == Refused(ProblemCode.PURPOSE_REFUSED)


def test_a_refusal_is_raised_by_its_name() -> None:
    """What a verdict refuses stops there, with the verdict's own reason."""
    require(Allowed())

    with pytest.raises(Problem) as refused:
        require(Refused(ProblemCode.ROLE_REFUSED))

    assert refused.value.code is ProblemCode.ROLE_REFUSED
