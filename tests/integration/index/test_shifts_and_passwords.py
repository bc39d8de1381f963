"""A shift that is over before its time, and a password that its owner changes (protocol.md D2, D4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx2
import pytest
from sqlite_utils.utils import sqlite3

from signpost.protocol.administration import AccountAct, AccountTerms
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.revocation import RevocationList
from signpost.protocol.secret import Secret
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.support.people import PASSWORD, Person, opened, post, state
from tests.support.people import enrol as enrol_now
from tests.support.running_index import RunningIndex
from tests.support.world import Device, whole_child

ADA = whole_child("ada")
HOUR = 3_600
NEW = "copper meadow lantern thimble"
OTHER = SigningKey(Secret(b"o" * 32))


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and, of a refusal, the code."""
    return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None


def asked(scene: Scene, device: Device) -> tuple[int, str | None]:
    """How a lookup on a device goes."""
    return told(scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA)))


def signed_out(scene: Scene, device: Device) -> tuple[int, str | None]:
    """How ending the shift goes."""
    return told(scene.index.ask(device, "/v1/sessions/end", b"{}"))


def act(person: Person, what: AccountAct, **claims: object) -> httpx2.Response:
    """An administrator's act on the account."""
    return state(person.index, what, person.organisation, account=AccountId(person.account), **claims)


def listed(scene: Scene) -> RevocationList:
    """What key holders are told now."""
    token = scene.index.get("/v1/revocations").json()["list"]
    return RevocationList.read(token, scene.world.credential_key.verify_key)


def enrol(index: RunningIndex, *rest: Any, **more: Any) -> Person:
    """Somebody who may sign in, with two codes at once that were not taken yet: of now, and of the next half minute."""
    person = enrol_now(index, *rest, **more)
    index.world.clock.advance(60)
    return person


def feed_of(scene: Scene) -> Person:
    """A machine's account."""
    return enrol(scene.index, "feed-1", Role.FEED, organisation="northtown", kind=Kind.COUNCIL)


OVER = (401, "shift-ended")
DONE = (200, None)


# -- shifts


def test_who_signs_out_is_out_at_the_next_request(scene: Scene) -> None:
    """Whoever kept the credential has nothing; signing in anew, in the same second, opens another shift."""
    person = enrol(scene.index)
    device = person.device()
    assert asked(scene, device) == DONE

    assert signed_out(scene, device) == DONE

    assert asked(scene, device) == OVER
    assert signed_out(scene, device) == OVER
    assert asked(scene, person.device()) == DONE


def test_there_is_one_shift_at_a_time_and_who_signs_in_is_told_of_another(scene: Scene) -> None:
    """Somebody with a copied key, the password and a code is found out by the next sign-in, and put out by it."""
    person = enrol(scene.index)
    copied = person.device()
    began = scene.world.clock.now()
    scene.world.clock.advance(HOUR)

    answer = person.sign_in()

    assert answer.json()["ended_shift_of"] == began
    assert asked(scene, copied) == OVER
    scene.world.clock.advance(SHIFT_SECONDS)
    assert person.sign_in().json()["ended_shift_of"] is None, "that one was over by itself"


def test_two_sign_ins_in_one_second_leave_one_shift(scene: Scene) -> None:
    """Each shift begins at a moment of its own."""
    person = enrol(scene.index)
    first, second = person.device(), person.device()

    assert asked(scene, first) == OVER
    assert asked(scene, second) == DONE


def test_who_signs_in_is_told_of_a_shift_that_was_opened_meanwhile(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two whose every factor was right at one time, with two codes: the later one ends a shift that was not there yet
    when its account was looked at, and must be told of it as of any other.
    """
    person, signing_in = enrol(scene.index), scene.index.index.signing_in
    open_shift, proved_by = signing_in._opened, list[tuple[Any, Any, int]]()

    async def put_off(proved: Any, enrolled: Any, now: int) -> None:
        proved_by.append((proved, enrolled, now))
        raise Problem(ProblemCode.OVERLOADED)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(signing_in, "_opened", put_off)
        for _ in range(2):
            assert person.sign_in().status_code == 503
            person.step = person._next()
            scene.world.clock.advance(1)

    first, second = (scene.index.run(open_shift(*known)) for known in proved_by)

    assert (first.ended_shift_of, second.ended_shift_of) == (None, proved_by[0][2])


def test_a_machines_feeds_may_overlap(scene: Scene) -> None:
    """A long feed is not stopped by one that begins meanwhile; a suspension stops both."""
    feed = feed_of(scene)
    first, second = feed.device(), feed.device()

    def handles() -> list[tuple[int, str | None]]:
        return [told(scene.index.ask(device, "/v1/handles/list", b"{}")) for device in (first, second)]

    assert handles() == [DONE, DONE]
    assert told(act(feed, AccountAct.SUSPEND)) == DONE
    assert handles() == [(403, "revoked"), (403, "revoked")]


@pytest.mark.parametrize("how", ["suspended", "dates"])
def test_a_shift_from_before_an_administrators_act_never_comes_back(scene: Scene, how: str) -> None:
    """Signing in anew takes the account off the list; its old credential must not live again by that."""
    person = enrol(scene.index)
    device = person.device()
    if how == "suspended":
        assert told(act(person, AccountAct.SUSPEND)) == DONE
        assert told(act(person, AccountAct.REINSTATE)) == DONE
    else:
        today = dt.datetime.fromtimestamp(scene.world.clock.now(), tz=dt.UTC).date()
        sooner = AccountTerms(today + dt.timedelta(days=9), today + dt.timedelta(days=9))
        assert told(act(person, AccountAct.DATES, terms=sooner)) == DONE
    assert asked(scene, device) == (403, "revoked")

    assert asked(scene, person.device()) == DONE

    assert listed(scene).names == frozenset()
    assert asked(scene, device) == OVER


def test_what_ended_shifts_is_forgotten_once_they_would_be_over_anyway(scene: Scene) -> None:
    """The list that every holder fetches holds the last half day's acts, not the service's whole history."""
    person = enrol(scene.index)
    device = person.device()
    assert told(act(person, AccountAct.SUSPEND)) == DONE

    scene.world.clock.advance(SHIFT_SECONDS)
    scene.index.sweep()
    assert len(listed(scene).names) == 1, "a holder's clock may be behind"
    scene.world.clock.advance(HOUR)
    scene.index.sweep()

    assert listed(scene).names == frozenset()
    assert scene.index.tables()["ended_shifts"] == []
    assert asked(scene, device) == (401, "credential-expired")
    assert told(person.sign_in()) == (403, "account-suspended")


def test_what_the_operator_took_back_is_not_forgotten(scene: Scene) -> None:
    """Not with the half day, and not by an act of the account's own that would have been."""
    person = enrol(scene.index)
    scene.index.operate("/revocations", {"organisation": "st-elsewhere", "account": person.account})
    assert told(act(person, AccountAct.SUSPEND)) == DONE

    scene.world.clock.advance(2 * SHIFT_SECONDS)
    scene.index.sweep()

    assert len(listed(scene).names) == 1
    assert told(act(person, AccountAct.REINSTATE)) == DONE
    assert told(person.sign_in()) == (403, "revoked")


def test_a_share_that_the_operator_filled_keeps_nobody_from_being_suspended(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the list is for accounts."""
    monkeypatch.setattr("signpost.index.revocations.MOST_TAKEN_BACK", 0)
    person = enrol(scene.index)
    device = person.device()

    full = scene.index.operate("/revocations", {"organisation": "northtown", "account": "someone"})
    assert told(full) == (409, "revocations-full")
    assert told(act(person, AccountAct.SUSPEND)) == DONE
    assert asked(scene, device) == (403, "revoked")


def test_the_list_names_nobody(scene: Scene) -> None:
    """Anybody may fetch it."""
    person = enrol(scene.index)
    assert told(act(person, AccountAct.SUSPEND)) == DONE

    names = listed(scene).names

    assert {len(name) for name in names} == {22}
    assert not any(person.account in name or person.organisation in name for name in names)


# -- passwords


def test_a_password_is_changed_by_its_owner_alone_and_ends_every_shift(scene: Scene) -> None:
    """No administrator takes part. The old one opens nothing from then on; the record says that it was changed."""
    person = enrol(scene.index)
    device = person.device()
    assert told(person.change_password(NEW)) == DONE

    assert asked(scene, device) == OVER
    scene.world.clock.advance(60)
    assert told(person.sign_in()) == (401, "sign-in-refused")
    assert told(person.sign_in(password=NEW)) == DONE
    assert [leaf["action"] for leaf in leaves(scene.index)[-4:]] == [
        "signed-in", "changed-password", "refused-sign-in", "signed-in",
    ]  # fmt: skip
    rows = scene.index.tables()
    assert not any(NEW.encode() in bytes(str(row), "utf-8") for table in rows.values() for row in table)


def test_nothing_less_than_every_factor_changes_a_password(scene: Scene) -> None:
    """In the same words for everything that is wrong, and a weak new one is told only to who knew the old one."""
    person = enrol(scene.index)

    wrong = [
        person.change_password(NEW, password="quiet harbour violin laddes"),
        person.change_password(NEW, code="000000"),
        person.change_password(NEW, key=OTHER),
        person.change_password(NEW, account="nurse-2"),
        person.change_password("weak", password="quiet harbour violin laddes"),
    ]

    assert {answer.content for answer in wrong} == {wrong[0].content}
    assert told(wrong[0]) == (401, "sign-in-refused")
    assert told(person.change_password("nurse-1 nurse-1")) == (422, "password-too-weak")
    assert told(person.sign_in(password=NEW)) == (401, "sign-in-refused")
    assert told(person.sign_in()) == DONE


def test_tries_to_change_a_password_are_counted_with_tries_to_sign_in(scene: Scene) -> None:
    """Else it would be a second door to guess at."""
    person = enrol(scene.index)
    for _ in range(5):
        assert told(person.change_password(NEW, password="wrong wrong wrong"))[0] == 401
        assert told(person.sign_in(password="wrong wrong wrong"))[0] == 401

    assert told(person.change_password(NEW)) == (429, "sign-in-too-often")


def test_a_request_to_change_a_password_is_taken_once_and_is_no_request_to_sign_in(scene: Scene) -> None:
    """The signature is of its address too."""
    person = enrol(scene.index)
    body = person.request().model_dump_json()
    elsewhere = person.headers(body, path="/v1/accounts/password")
    assert told(post(scene.index, "/v1/sessions", body, elsewhere)) == (401, "sign-in-refused")
    code = person.code()
    assert told(person.change_password(NEW, code=code)) == DONE
    assert told(person.change_password(PASSWORD, password=NEW, code=code)) == (401, "sign-in-refused")


def test_accounts_that_may_not_be_used_change_nothing(scene: Scene) -> None:
    """Suspended, not approved, or a machine."""
    waiting = opened(scene.index, "nurse-2")
    assert told(waiting.enrol()) == (202, None)
    scene.world.clock.advance(60)
    assert told(waiting.change_password(NEW)) == (403, "account-not-approved")
    person = enrol(scene.index)
    assert told(act(person, AccountAct.SUSPEND)) == DONE
    assert told(person.change_password(NEW)) == (403, "account-suspended")
    assert told(feed_of(scene).change_password(NEW, password="x", code="000000")) == (401, "sign-in-refused")


def test_a_change_that_fails_on_the_disk_leaves_the_old_password(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It commits with its leaf or not at all: there is always exactly one that opens a shift."""
    person = enrol(scene.index)

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("signpost.index.storage.accounts.record", full)
        assert person.change_password(NEW).status_code == 500

    scene.world.clock.advance(60)
    assert told(person.sign_in(password=NEW)) == (401, "sign-in-refused")
    assert told(person.sign_in()) == DONE
