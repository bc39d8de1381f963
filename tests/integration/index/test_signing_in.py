"""Enrolling and signing in (protocol.md D1 to D3): who gets a shift, and who does not, and what they are told."""

from __future__ import annotations

import datetime as dt
import os

import httpx2
import pytest

from signpost.index.account_state import AccountState
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, ShiftCredential
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.revocation import RevocationList
from signpost.protocol.secret import Secret
from tests.integration.index.conftest import Scene
from tests.support.people import PASSWORD, Person, enrol, opened, post, state, terms
from tests.support.world import NOON, whole_child

ADA = whole_child("ada")
DAY = 86_400
OTHER = SigningKey(Secret(b"o" * 32))


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and, of a refusal, the code."""
    return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None


def row(person: Person) -> dict[str, str]:
    """The account as its administrator sees it."""
    accounts = state(person.index, AccountAct.LIST, person.organisation).json()["accounts"]
    found: dict[str, str] = next(each for each in accounts if each["account"] == person.account)
    return found


def act(person: Person, what: AccountAct, **claims: object) -> httpx2.Response:
    """An administrator's act on the account."""
    return state(person.index, what, person.organisation, account=AccountId(person.account), **claims)


def listed(scene: Scene) -> RevocationList:
    """What key holders are told now."""
    token = scene.index.get("/v1/revocations").json()["list"]
    return RevocationList.read(token, scene.world.credential_key.verify_key)


# -- from a token to a shift


def test_from_a_token_to_an_answer(scene: Scene) -> None:
    """Opened, enrolled, approved, signed in, asked: each step makes the next one possible, and not before."""
    person = opened(scene.index)
    assert row(person)["state"] == "awaiting-device"
    assert told(person.sign_in()) == (401, "sign-in-refused")

    assert told(person.enrol()) == (202, None)
    assert row(person)["state"] == "awaiting-approval"
    scene.world.clock.advance(60)
    assert told(person.sign_in()) == (403, "account-not-approved")

    assert told(person.approve()) == (200, None)
    assert row(person)["state"] == "active"
    assert scene.index.look_up(person.device(), ADA) == "none"


def test_a_shift_lasts_twelve_hours_and_has_the_roles_purposes(scene: Scene) -> None:
    """Of the account, its role, kind and device; nothing more."""
    person = enrol(scene.index)

    answer = person.sign_in().json()

    credential = ShiftCredential.read(answer["credential"], scene.world.credential_key.verify_key)
    assert credential == ShiftCredential(
        organisation=credential.organisation,
        account=AccountId("nurse-1"),
        role=Role.URGENT,
        kind=Kind.HOSPITAL,
        purposes=purposes_of(Role.URGENT, Kind.HOSPITAL),
        device_thumbprint=person.key.verify_key.thumbprint(),
        issued_at=NOON,
        expires_at=NOON + SHIFT_SECONDS,
        identifier=credential.identifier,
    )
    assert answer["expires_at"] == NOON + SHIFT_SECONDS


@pytest.mark.parametrize(("vetting", "training"), [(0, 9), (9, 0)])
def test_a_shift_never_outlasts_vetting_or_training(scene: Scene, vetting: int, training: int) -> None:
    """On the last day it ends at midnight UTC; on the day after there is none, and why is told."""
    person = enrol(scene.index, dates=terms(scene.index, vetting=vetting, training=training))
    midnight = NOON + DAY // 2

    assert person.sign_in().json()["expires_at"] == midnight
    scene.world.clock.advance(DAY // 2)
    lapsed = "vetting-lapsed" if vetting < training else "training-lapsed"
    assert told(person.sign_in()) == (403, lapsed)


def test_a_machine_signs_in_by_its_devices_key_alone(scene: Scene) -> None:
    """And by nothing else: a password or a code would be none of it."""
    feed = enrol(scene.index, "feed-1", Role.FEED, organisation="northtown", kind=Kind.COUNCIL)

    assert told(feed.sign_in()) == (200, None)
    assert told(feed.sign_in(key=OTHER)) == (401, "sign-in-refused")
    assert told(feed.sign_in(password=PASSWORD, code="123456")) == (401, "sign-in-refused")
    assert told(opened(scene.index, "feed-2", Role.FEED, organisation="northtown", kind=Kind.COUNCIL).enrol(
        password=PASSWORD
    )) == (422, "malformed")  # fmt: skip


# -- what does not sign in


def test_each_factor_is_needed_and_every_failure_sounds_alike(scene: Scene) -> None:
    """Wrong password, wrong code, another device, an unknown account: one refusal, word for word."""
    person = enrol(scene.index)
    wrong = [
        person.sign_in(password="quiet harbour violin laddes"),
        person.sign_in(code="000000"),
        person.sign_in(key=OTHER),
        person.sign_in(account="nurse-2"),
        person.sign_in(organisation="nowhere"),
        person.sign_in(password=None),
        person.sign_in(code=None),
    ]

    assert {told(answer) for answer in wrong} == {(401, "sign-in-refused")}
    assert len({answer.text for answer in wrong}) == 1
    assert told(person.sign_in()) == (200, None)


def test_a_code_is_good_once_and_no_older_one_after_it(scene: Scene) -> None:
    """Seen over a shoulder it is worth nothing. A code of a step too early or too late is none."""
    person = enrol(scene.index)
    scene.world.clock.advance(300)
    code = person.code()

    assert told(person.sign_in(code=code)) == (200, None)
    assert told(person.sign_in(code=code)) == (401, "sign-in-refused")
    scene.world.clock.advance(300)
    late = person.code()
    scene.world.clock.advance(61)
    assert told(person.sign_in(code=late)) == (401, "sign-in-refused")


def test_a_request_to_sign_in_is_taken_once(scene: Scene) -> None:
    """A machine's has no code that is spent: its nonce is."""
    feed = enrol(scene.index, "feed-1", Role.FEED, organisation="northtown", kind=Kind.COUNCIL)
    body = feed.request().model_dump_json()
    headers = feed.headers(body)

    assert told(post(scene.index, "/v1/sessions", body, headers)) == (200, None)
    assert told(post(scene.index, "/v1/sessions", body, headers)) == (409, "nonce-used")
    stale = feed.headers(body, created=NOON - 61)
    assert told(post(scene.index, "/v1/sessions", body, stale)) == (401, "signature-stale")


def test_a_signature_for_signing_in_opens_nothing_else(scene: Scene) -> None:
    """And an ordinary signed request signs nobody in."""
    person = enrol(scene.index)
    device = person.device()
    body = person.request().model_dump_json()

    ordinary = scene.world.signed_headers(device, "/v1/sessions", body.encode())
    assert told(post(scene.index, "/v1/sessions", body, ordinary)) == (401, "sign-in-refused")
    lookup = scene.world.lookup(device, ADA).model_dump_json()
    for_signing_in = {
        **person.headers(lookup), "signpost-enrolment": device.certificate, "signpost-credential": device.credential
    }  # fmt: skip
    assert told(post(scene.index, "/v1/lookups", lookup, for_signing_in))[1] == "signature-invalid"


def test_ten_guesses_in_five_minutes_and_no_more(scene: Scene) -> None:
    """Not even the right one; and after five minutes again."""
    person = enrol(scene.index)
    for _ in range(10):
        assert told(person.sign_in(password="wrong wrong wrong")) == (401, "sign-in-refused")

    held_off = person.sign_in()
    assert told(held_off) == (429, "sign-in-too-often")
    assert held_off.headers["retry-after"] == "300"
    scene.world.clock.advance(301)
    assert told(person.sign_in()) == (200, None)


def test_guesses_survive_a_restart_and_the_right_one_forgives_them(scene: Scene) -> None:
    """They are in the database, counted before they are looked at."""
    person = enrol(scene.index)
    for _ in range(9):
        person.sign_in(password="wrong wrong wrong")
    assert len(scene.index.tables()["sign_in_guesses"]) == 1

    assert told(person.sign_in()) == (200, None)

    assert scene.index.tables()["sign_in_guesses"] == []


def test_a_stranger_locks_nobody_out(scene: Scene) -> None:
    """Without the account's device, guesses are counted against where they come from, and not against the account."""
    person = enrol(scene.index)
    for _ in range(30):
        assert told(person.sign_in(key=OTHER, password="guess guess guess"))[0] in (401, 429)

    assert told(person.sign_in()) == (200, None)


def test_a_suspended_account_is_told_so_only_when_all_was_right(scene: Scene) -> None:
    """Whoever guesses does not learn it; its open shift ends with the next request; holders are told at once."""
    person = enrol(scene.index)
    device = person.device()
    assert told(act(person, AccountAct.SUSPEND)) == (200, None)

    asked = scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA))
    assert told(asked) == (403, "revoked")
    assert listed(scene) == RevocationList.of(scene.world.clock.now(), accounts=[("st-elsewhere", "nurse-1")])
    scene.world.clock.advance(60)
    assert told(person.sign_in(password="wrong wrong wrong")) == (401, "sign-in-refused")
    assert told(person.sign_in()) == (403, "account-suspended")
    assert told(act(person, AccountAct.REINSTATE)) == (200, None)
    scene.world.clock.advance(60)
    assert scene.index.look_up(person.device(), ADA) == "none"
    assert listed(scene).names == frozenset()


def test_earlier_dates_end_the_open_shift_and_later_ones_do_not(scene: Scene) -> None:
    """Lapse stops the next request, not the next day."""
    person = enrol(scene.index)
    device = person.device()
    act(person, AccountAct.DATES, terms=terms(scene.index, vetting=300, training=250))
    assert scene.index.look_up(device, ADA) == "none"

    act(person, AccountAct.DATES, terms=terms(scene.index, vetting=300, training=1))
    asked = scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA))
    assert told(asked) == (403, "revoked")
    scene.world.clock.advance(60)
    assert scene.index.look_up(person.device(), ADA) == "none"
    act(person, AccountAct.DATES, terms=terms(scene.index, vetting=300, training=-1))
    scene.world.clock.advance(60)
    assert told(person.sign_in()) == (403, "training-lapsed")


def test_reinstating_opens_no_shift_from_before(scene: Scene) -> None:
    """Vetting lapsed, then suspended and reinstated: the shift that ran to the old dates stays ended."""
    person = enrol(scene.index)
    device = person.device()
    act(person, AccountAct.DATES, terms=terms(scene.index, vetting=-1, training=300))
    for what in (AccountAct.SUSPEND, AccountAct.REINSTATE):
        assert told(act(person, what)) == (200, None)

    asked = scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA))
    assert told(asked) == (403, "revoked")
    scene.world.clock.advance(60)
    assert told(person.sign_in()) == (403, "vetting-lapsed")


# -- enrolling


def test_what_the_operator_took_back_is_let_in_by_another_device_alone(scene: Scene) -> None:
    """Neither signing in, nor suspending and reinstating, nor earlier dates take it off the list."""
    person = enrol(scene.index)
    nurse = person.device()
    taken_back = {"organisation": "st-elsewhere", "account": person.account}
    scene.index.operate("/revocations", taken_back)

    scene.world.clock.advance(30)
    assert told(person.sign_in()) == (403, "revoked")
    assert told(act(person, AccountAct.SUSPEND)) == (200, None)
    assert told(act(person, AccountAct.REINSTATE)) == (200, None)
    scene.world.clock.advance(30)
    assert told(person.sign_in()) == (403, "revoked")
    assert told(scene.index.ask(nurse, "/v1/lookups", scene.world.lookup(nurse, ADA))) == (403, "revoked")
    assert len(listed(scene).names) == 1

    again = enrol(scene.index)
    assert told(again.sign_in()) == (200, None)


def test_earlier_dates_do_not_open_what_the_operator_took_back(scene: Scene) -> None:
    """Whichever came first."""
    for account, dates_first in (("nurse-5", True), ("nurse-6", False)):
        person = enrol(scene.index, account)
        for dates in (dates_first, not dates_first):
            if dates:
                act(person, AccountAct.DATES, terms=terms(scene.index, vetting=90, training=80))
            else:
                scene.index.operate("/revocations", {"organisation": "st-elsewhere", "account": account})

        assert told(person.sign_in()) == (403, "revoked")


def test_a_token_is_good_once_for_a_day_and_for_its_own_account(scene: Scene) -> None:
    """Spent, late, of somebody else or made up: refused alike."""
    person, late, other = (opened(scene.index, name) for name in ("nurse-1", "nurse-2", "nurse-3"))
    refused = (403, "enrolment-refused")

    assert told(person.enrol(proof=other.token.proof)) == refused
    assert told(person.enrol(proof=os.urandom(32))) == refused
    assert told(person.enrol(account="nurse-9")) == refused
    assert told(person.enrol()) == (202, None)
    assert told(person.enrol()) == refused
    scene.world.clock.advance(DAY)
    assert told(late.enrol()) == refused


@pytest.mark.parametrize("password", ["short words", "password1234", "nurse-1nurse-1", "signpostsignpost", "a" * 129])
def test_a_weak_password_is_refused_and_the_token_stays_good(scene: Scene, password: str) -> None:
    """Too short, too long, or easily guessed, by who knows the account too."""
    person = opened(scene.index)

    assert told(person.enrol(password=password)) == (422, "password-too-weak")
    assert told(person.enrol()) == (202, None)


def test_a_code_generator_that_does_not_work_enrols_nobody(scene: Scene) -> None:
    """Better now than at the first night shift."""
    person = opened(scene.index)

    assert told(person.enrol(code="000000")) == (401, "sign-in-refused")
    assert told(person.enrol()) == (202, None)


def test_enrolling_anew_ends_what_was(scene: Scene) -> None:
    """A lost device or code generator: the old ones open nothing from now on, and the old shift is over."""
    person = enrol(scene.index)
    device = person.device()

    again = opened(scene.index)
    asked = scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA))
    assert told(asked) == (403, "revoked")
    assert told(person.sign_in()) == (401, "sign-in-refused")
    assert [told(each) for each in (again.enrol(), again.approve())] == [(202, None), (200, None)]
    scene.world.clock.advance(60)
    assert told(person.sign_in()) == (401, "sign-in-refused")
    assert told(again.sign_in()) == (200, None)


# -- administrators


@pytest.mark.parametrize(
    "changed",
    [
        {"role": Role.PRACTITIONER},
        {"kind": Kind.COUNCIL},
        {"account": AccountId("nurse-2")},
        {"device": OTHER.verify_key},
        {"expires_at": NOON + 400 * DAY},
    ],
)
def test_a_certificate_must_be_of_the_device_that_was_offered(scene: Scene, changed: dict[str, object]) -> None:
    """And of the account as it was opened, and no longer than its dates."""
    person = opened(scene.index)
    person.enrol()

    assert told(person.approve(**changed)) == (401, "certificate-invalid")
    assert row(person)["state"] == "awaiting-approval"


def test_a_statement_is_the_organisations_own_fresh_and_taken_once(scene: Scene) -> None:
    """Signed by another key, of another organisation, stale, or sent again: refused."""
    person = enrol(scene.index)
    now = scene.world.clock.now()

    assert told(act(person, AccountAct.SUSPEND, key=OTHER)) == (401, "statement-invalid")
    assert told(act(person, AccountAct.SUSPEND, key=scene.world.organisation_key("northtown"))) == (
        401, "statement-invalid",
    )  # fmt: skip
    assert told(state(scene.index, AccountAct.SUSPEND, "northtown", account=AccountId("nurse-1"))) == (
        404, "account-unknown",
    )  # fmt: skip
    assert told(act(person, AccountAct.SUSPEND, issued_at=now - 301)) == (401, "statement-invalid")
    assert told(act(person, AccountAct.SUSPEND, issued_at=now + 60)) == (401, "statement-invalid")
    assert told(state(scene.index, AccountAct.LIST, "nowhere")) == (403, "organisation-unknown")
    once = "A" * 22
    assert told(state(scene.index, AccountAct.LIST, identifier=once)) == (200, None)
    assert told(state(scene.index, AccountAct.LIST, identifier=once)) == (409, "nonce-used")
    assert row(person)["state"] == "active"


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.OPERATOR])
def test_who_runs_the_system_gets_no_account(scene: Scene, role: Role) -> None:
    """They act by other keys, and look nobody up."""
    answer = state(
        scene.index, AccountAct.ENROL, account=AccountId("someone"), role=role, terms=terms(scene.index),
        token_digest=bytes(32),
    )  # fmt: skip

    assert told(answer) == (401, "statement-invalid")


def test_vetting_is_recorded_for_three_years_at_most(scene: Scene) -> None:
    """A slip of the pen does not let somebody in for ever."""
    answer = state(
        scene.index, AccountAct.ENROL, account=AccountId("someone"), role=Role.URGENT,
        terms=terms(scene.index, vetting=3 * 366 + 1), token_digest=bytes(32),
    )  # fmt: skip

    assert told(answer) == (401, "statement-invalid")


@pytest.mark.parametrize("what", [AccountAct.SUSPEND, AccountAct.REINSTATE, AccountAct.PENDING, AccountAct.APPROVE])
@pytest.mark.parametrize("current", [*AccountState, None])
def test_what_may_follow_what(scene: Scene, what: AccountAct, current: AccountState | None) -> None:
    """Every act in every state: done where the table says so, else refused and nothing changed."""
    person = _in_state(scene, current)
    fitting = {
        AccountAct.SUSPEND: {*AccountState} - {AccountState.SUSPENDED},
        AccountAct.REINSTATE: {AccountState.SUSPENDED},
        AccountAct.PENDING: {AccountState.AWAITING_APPROVAL},
        AccountAct.APPROVE: {AccountState.AWAITING_APPROVAL},
    }[what]

    if what is AccountAct.APPROVE:
        if current is None:
            return
        answer = person.approve()
    else:
        answer = act(person, what)

    assert told(answer) == ((200, None) if current in fitting else (404, "account-unknown"))


@pytest.mark.parametrize("enrolled", [False, True])
def test_a_token_in_the_wrong_hands_is_stopped(scene: Scene, enrolled: bool) -> None:
    """Suspended before its device was approved: it enrols nobody, nobody approves it, and only a new token helps."""
    person = opened(scene.index, "nurse-8")
    if enrolled:
        person.enrol()
    assert told(act(person, AccountAct.SUSPEND)) == (200, None)

    assert told(person.enrol()) == (403, "enrolment-refused")
    assert told(person.approve()) == (404, "account-unknown")
    assert told(act(person, AccountAct.REINSTATE)) == (403, "account-not-approved")
    assert told(enrol(scene.index, "nurse-8").sign_in()) == (200, None)


def test_an_account_without_a_device_leaves_nothing_on_the_list(scene: Scene) -> None:
    """There is nothing to take back; else a dishonest administrator, opening accounts, fills every holder's list."""
    person = opened(scene.index, "nurse-9")

    assert told(act(person, AccountAct.DATES, terms=terms(scene.index, vetting=1, training=1))) == (200, None)
    assert told(act(person, AccountAct.SUSPEND)) == (200, None)
    assert listed(scene).names == frozenset()


def _in_state(scene: Scene, wanted: AccountState | None) -> Person:
    person = opened(scene.index, "nurse-7")
    if wanted is None:
        person.account = "nobody"
    if wanted not in (None, AccountState.AWAITING_DEVICE):
        person.enrol()
        if wanted is not AccountState.AWAITING_APPROVAL:
            person.approve()
        if wanted is AccountState.SUSPENDED:
            act(person, AccountAct.SUSPEND)
    return person


# -- the record, and what rests


def test_every_sign_in_and_refusal_and_act_is_a_leaf(scene: Scene) -> None:
    """Who, when, and why it was refused. Of a guess from elsewhere it is not said whose account was tried."""
    before = len(scene.index.tables()["audit_leaves"])
    person = enrol(scene.index)
    person.sign_in(password="wrong wrong wrong")
    person.sign_in(key=OTHER)
    person.sign_in()
    act(person, AccountAct.SUSPEND)
    scene.world.clock.advance(60)
    person.sign_in()
    leaves = [(leaf["action"], leaf["account"], leaf["subject"], leaf["refused"]) for leaf in _leaves(scene)][before:]

    assert leaves == [
        ("opened-account", None, "nurse-1", None),
        ("enrolled", "nurse-1", None, None),
        ("listed-accounts", None, None, None),
        ("approved-device", None, "nurse-1", None),
        ("refused-sign-in", "nurse-1", None, "sign-in-refused"),
        ("refused-sign-in", None, None, "sign-in-refused"),
        ("signed-in", "nurse-1", None, None),
        ("suspended-account", None, "nurse-1", None),
        ("refused-sign-in", "nurse-1", None, "account-suspended"),
    ]


def _leaves(scene: Scene) -> list[dict[str, str]]:
    from tests.integration.index.test_record import leaves

    return leaves(scene.index)


def test_nothing_of_what_signs_somebody_in_rests_in_the_open(scene: Scene) -> None:
    """No password, code secret, token, name or key in any table or log line."""
    person = enrol(scene.index)
    person.sign_in()
    person.sign_in(password="wrong horse battery staple")

    everything = repr(scene.index.tables()) + scene.index.log_lines.getvalue()

    raw = [person.codes.reveal(), person.token.secret.reveal(), person.token.proof, person.key.verify_key.encoding]
    for secret in (PASSWORD, "wrong horse", "nurse-1", "st-elsewhere", *(repr(each)[2:-1] for each in raw)):
        assert secret not in everything


def test_two_at_once_with_one_code_are_one_shift(scene: Scene) -> None:
    """The code is spent in the transaction that opens the shift."""
    import asyncio

    person = enrol(scene.index)
    code = person.code()

    async def both() -> list[int]:
        client = scene.index._public
        bodies = [person.request(code=code).model_dump_json() for _ in range(2)]
        asked = [
            client.post(
                "/v1/sessions",
                content=body,
                headers={"content-type": "application/json", **person.headers(body)},
            )
            for body in bodies
        ]
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert sorted(scene.index.run(both())) == [200, 401]


def test_the_codes_of_signing_in_are_of_the_catalogue() -> None:
    """Each is told with a next step."""
    from signpost.protocol.problems import PROBLEMS

    for code in ("sign-in-refused", "sign-in-too-often", "account-suspended", "vetting-lapsed", "training-lapsed"):
        assert PROBLEMS[ProblemCode(code)].hint


def test_the_dates_of_an_account_are_days(scene: Scene) -> None:
    """As its administrator gave them."""
    person = enrol(scene.index, dates=terms(scene.index, vetting=10, training=20))
    today = dt.datetime.fromtimestamp(NOON, tz=dt.UTC).date()

    assert row(person)["vetting_until"] == (today + dt.timedelta(days=10)).isoformat()
    assert row(person)["training_until"] == (today + dt.timedelta(days=20)).isoformat()
