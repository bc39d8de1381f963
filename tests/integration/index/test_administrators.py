"""An administrator's account (protocol.md D1): it sees its organisation's accounts and desks, stops an account, and
lets nobody in.
"""

from __future__ import annotations

import pytest

from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.messages import Nothing
from signpost.protocol.own_organisation import AccountSuspendRequest, OwnHandleList
from signpost.protocol.purposes import ENROLLED_ROLES, Kind, Role
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.integration.index.test_signing_in import act, listed, row, told
from tests.support.people import Person, enrol, opened, state
from tests.support.world import NOON, Device

DAY = 86_400
LIST, SUSPEND, HANDLES = "/v1/accounts/list", "/v1/accounts/suspend", "/v1/handles/whole"


@pytest.fixture
def administrator(scene: Scene) -> Device:
    """The hospital's, signed in on a device."""
    return enrol(scene.index, "admin-1", Role.ADMINISTRATOR).device()


@pytest.fixture
def nurse(scene: Scene) -> Person:
    """A colleague of theirs."""
    return enrol(scene.index)


def suspend(scene: Scene, who: Device, account: str) -> tuple[int, str | None]:
    """What an administrator is told who stops an account."""
    return told(scene.index.ask(who, SUSPEND, AccountSuspendRequest(account=account)))


def test_they_see_their_own_organisations_accounts_and_no_others(
    scene: Scene, administrator: Device, nurse: Person
) -> None:
    """By name, with role, state and dates: what the organisation's key is shown, and nothing more."""
    enrol(scene.index, "worker-9", Role.PRACTITIONER, organisation="northtown", kind=Kind.COUNCIL)
    opened(scene.index, "nurse-2")

    answer = scene.index.ask(administrator, LIST, Nothing())

    assert answer.status_code == 200
    assert answer.json()["accounts"] == state(scene.index, AccountAct.LIST).json()["accounts"]
    shown = {each["account"]: (each["role"], each["state"]) for each in answer.json()["accounts"]}
    assert shown == {
        "admin-1": ("administrator", "active"), "nurse-1": ("urgent", "active"),
        "nurse-2": ("urgent", "awaiting-device"),
    }  # fmt: skip


def test_whom_they_stop_is_refused_at_the_next_request_and_named_to_the_key_holders(
    scene: Scene, administrator: Device, nurse: Person
) -> None:
    """As when the organisation's key says so; and that key lets them in again."""
    scene.world.clock.advance(60)
    device = nurse.device()

    assert suspend(scene, administrator, "nurse-1") == (200, None)

    assert told(scene.index.ask(device, "/v1/handles/list", Nothing())) == (403, "revoked")
    assert listed(scene).names
    scene.world.clock.advance(60)
    assert told(nurse.sign_in()) == (403, "account-suspended")
    assert told(act(nurse, AccountAct.REINSTATE)) == (200, None)
    assert told(nurse.sign_in()) == (200, None)


def test_a_token_that_waits_opens_nothing_once_its_account_was_stopped(scene: Scene, administrator: Device) -> None:
    waiting = opened(scene.index, "nurse-2")

    assert suspend(scene, administrator, "nurse-2") == (200, None)

    assert told(waiting.enrol()) == (403, "enrolment-refused")


@pytest.mark.parametrize("account", ["nobody-1", "worker-9", "nurse-1"])
def test_who_is_not_theirs_or_is_stopped_already_cannot_be_stopped(
    scene: Scene, administrator: Device, nurse: Person, account: str
) -> None:
    """Another organisation's account is told of like one that is none; and nothing is done."""
    other = enrol(scene.index, "worker-9", Role.PRACTITIONER, organisation="northtown", kind=Kind.COUNCIL)
    act(nurse, AccountAct.SUSPEND)

    before = scene.index.tables()
    assert suspend(scene, administrator, account) == (404, "account-unknown")

    assert scene.index.tables() == before
    assert row(other)["state"] == "active"


def test_the_record_says_who_saw_and_who_stopped_whom(scene: Scene, administrator: Device, nurse: Person) -> None:
    """The acting account by name; what the organisation's key does names no account of its own."""
    before = len(leaves(scene.index))
    scene.index.ask(administrator, LIST, Nothing())
    scene.index.ask(administrator, HANDLES, Nothing())
    suspend(scene, administrator, "nurse-1")
    act(nurse, AccountAct.REINSTATE)

    told_of = [(leaf["action"], leaf["account"], leaf["subject"]) for leaf in leaves(scene.index)[before:]]

    assert told_of == [
        ("listed-accounts", "admin-1", None),
        ("listed-handles", "admin-1", None),
        ("suspended-account", "admin-1", "nurse-1"),
        ("reinstated-account", None, "nurse-1"),
    ]


def test_they_see_desks_whole_with_what_is_wrong(scene: Scene) -> None:
    """Of their own organisation alone: how each is reached, when it was confirmed, and what there is to do."""
    council = scene.index.enrol("northtown", Role.ADMINISTRATOR)
    fresh = OwnHandleList.model_validate_json(scene.index.ask(council, HANDLES, Nothing()).text)
    assert [(each.handle, each.title, each.telephone) for each in fresh.handles] == [
        (scene.handle, "Duty desk", "01632 960001")
    ]
    assert [each.value for each in fresh.handles[0].faults] == ["no-fallback"]

    scene.world.clock.advance(90 * DAY)
    later = scene.index.enrol("northtown", Role.ADMINISTRATOR)
    stale = OwnHandleList.model_validate_json(scene.index.ask(later, HANDLES, Nothing()).text)

    assert [each.value for each in stale.handles[0].faults] == ["to-confirm", "no-fallback"]
    assert stale.handles[0].confirmed_on == fresh.handles[0].confirmed_on


@pytest.mark.parametrize("path", [LIST, SUSPEND, HANDLES])
@pytest.mark.parametrize("role", sorted(ENROLLED_ROLES - {Role.ADMINISTRATOR}))
def test_nobody_else_may(scene: Scene, role: Role, path: str) -> None:
    """It is on the record that they tried, and nothing else is left."""
    other = scene.index.enrol("st-elsewhere", role, Kind.HOSPITAL)
    message = AccountSuspendRequest(account="nurse-1") if path == SUSPEND else Nothing()

    answer = scene.index.refused_on_record(lambda: scene.index.ask(other, path, message))

    assert told(answer) == (403, "role-refused")


@pytest.mark.parametrize("kind", [Kind.OVERSIGHT, Kind.SHIELDING_DESK])
def test_bodies_that_do_one_thing_are_administered_by_their_key_alone(scene: Scene, kind: Kind) -> None:
    """Whoever watches, and whoever sees what is shielded, does nothing else."""
    scene.index.admit("watchers", kind)
    administrator = scene.index.enrol("watchers", Role.ADMINISTRATOR, kind)

    for path in (LIST, HANDLES):
        assert told(scene.index.ask(administrator, path, Nothing())) == (403, "role-refused")
    assert suspend(scene, administrator, "auditor-1") == (403, "role-refused")


def test_the_same_request_again_is_refused(scene: Scene, administrator: Device, nurse: Person) -> None:
    """A captured one stops nobody a second time, once the key has let them in again."""
    body = AccountSuspendRequest(account="nurse-1").model_dump_json().encode()
    headers = scene.world.signed_headers(administrator, SUSPEND, body)
    assert told(scene.index.ask(administrator, SUSPEND, body, headers=headers)) == (200, None)
    assert told(act(nurse, AccountAct.REINSTATE)) == (200, None)

    assert told(scene.index.ask(administrator, SUSPEND, body, headers=headers)) == (409, "nonce-used")
    assert row(nurse)["state"] == "active"


def test_an_administrators_account_has_no_purposes_and_looks_nobody_up(scene: Scene, administrator: Device) -> None:
    """Nor does its name at the index open accounts: that takes a statement that the organisation's key signed."""
    asked = scene.index.ask(administrator, "/v1/involvements/list", Nothing())
    assert told(asked)[0] in (403, 422)
    forged = state(
        scene.index, AccountAct.REINSTATE, account=AccountId("nurse-1"), key=administrator.key, issued_at=NOON
    )
    assert told(forged) == (401, "statement-invalid")
