"""Signing in at a gateway: the index gives a shift to the session's key, on the account's own password and code, and
for as long as the organisation's word lasts (D2).
"""

from __future__ import annotations

import json
from dataclasses import replace

import httpx2
import pytest

from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, ShiftCredential
from signpost.protocol.device_opening import open_organisation_key
from signpost.protocol.encoding import from_base64url
from signpost.protocol.messages import SignInAnswer
from signpost.protocol.purposes import Role
from tests.integration.index.conftest import Scene
from tests.support.askers import new_key
from tests.support.gateways import Gateway, enrol_at
from tests.support.people import Person, enrol, opened, state
from tests.support.world import Device

DONE = (200, None)
MINUTE = 60


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def asked(scene: Scene, device: Device) -> tuple[int, str | None]:
    """What a request of a session is told."""
    return told(scene.index.ask(device, "/v1/inbox", b"{}"))


def test_somebody_at_the_gateway_has_a_shift_of_their_sessions_key(scene: Scene) -> None:
    """For twelve hours and the purposes of the role; and the organisation's sealing key opens for the gateway."""
    gateway = Gateway(scene.index)
    nurse = enrol_at(gateway)
    scene.world.clock.advance(MINUTE)
    key = new_key()
    now = scene.world.clock.now()

    answer = SignInAnswer.model_validate_json(gateway.sign_in(nurse, gateway.session(nurse, key)).text)

    shift = ShiftCredential.read(answer.credential, scene.world.credential_key.verify_key)
    assert shift.device_thumbprint == key.verify_key.thumbprint()
    assert (shift.role, shift.expires_at) == (Role.URGENT, now + SHIFT_SECONDS)
    assert answer.sealing_key is not None
    opened_key = open_organisation_key(
        answer.sealing_key, device=gateway.key, organisation=shift.organisation, account=shift.account
    )
    assert opened_key.seed == scene.world.sealing_key("st-elsewhere").seed


def test_a_session_asks_and_another_ends_it(scene: Scene) -> None:
    """One shift at a time, at a gateway too; and who signs out is out."""
    gateway = Gateway(scene.index)
    nurse = enrol_at(gateway)
    scene.world.clock.advance(MINUTE)
    first = gateway.signed_in(nurse)
    assert asked(scene, first) == DONE

    scene.world.clock.advance(MINUTE)
    second = gateway.signed_in(nurse)

    assert asked(scene, first) == (401, "shift-ended")
    assert asked(scene, second) == DONE
    assert told(scene.index.ask(second, "/v1/sessions/end", b"{}")) == DONE
    assert asked(scene, second) == (401, "shift-ended")


def test_two_of_one_gateway_each_have_their_own(scene: Scene) -> None:
    """A session's key is of one account: signing the other's chain with it is refused."""
    gateway = Gateway(scene.index)
    nurse, doctor = enrol_at(gateway), enrol_at(gateway, "doctor-2")
    scene.world.clock.advance(MINUTE)
    of_the_nurse, of_the_doctor = gateway.signed_in(nurse), gateway.signed_in(doctor)

    assert asked(scene, of_the_nurse) == asked(scene, of_the_doctor) == DONE
    borrowed = replace(of_the_doctor, key=of_the_nurse.key)
    assert asked(scene, borrowed) == (401, "signature-invalid")
    mixed = replace(of_the_doctor, credential=of_the_nurse.credential)
    assert asked(scene, mixed) == (401, "credential-mismatch")


def test_the_shift_is_no_longer_than_the_session_or_the_gateways_certificate(scene: Scene) -> None:
    gateway = Gateway(scene.index, session_seconds=30 * MINUTE, lasts=40 * MINUTE)
    nurse = enrol_at(gateway)
    ends = []
    for _ in range(2):
        scene.world.clock.advance(11 * MINUTE)
        credential = gateway.signed_in(nurse).credential
        ends.append(json.loads(from_base64url(credential.split(".")[1]))["exp"] - scene.world.clock.now())

    assert ends == [29 * MINUTE, 18 * MINUTE]


def test_a_session_that_is_dated_later_gives_no_longer_shift(scene: Scene) -> None:
    """The gateway's hours count from when the factors were right. Else whoever has its key could date a session to the
    end of the day, and until then sign the same key one short session after another.
    """
    gateway = Gateway(scene.index, session_seconds=30 * MINUTE)
    nurse = enrol_at(gateway)
    scene.world.clock.advance(MINUTE)
    now = scene.world.clock.now()
    later = now + SHIFT_SECONDS - 30 * MINUTE
    session = gateway.session(nurse, new_key(), issued_at=later, expires_at=later + 30 * MINUTE)

    answer = gateway.sign_in(nurse, session)

    assert answer.json()["expires_at"] == now + 30 * MINUTE


def _by_the_gateway_alone(gateway: Gateway, nurse: Person) -> httpx2.Response:
    return nurse.sign_in()


def _of_another_account(gateway: Gateway, nurse: Person) -> httpx2.Response:
    return gateway.sign_in(nurse, gateway.session(nurse, new_key(), account=AccountId("doctor-2")))


def _too_long(gateway: Gateway, nurse: Person) -> httpx2.Response:
    later = gateway.index.world.clock.now() + SHIFT_SECONDS + 1
    return gateway.sign_in(nurse, gateway.session(nurse, new_key(), expires_at=later))


def _over(gateway: Gateway, nurse: Person) -> httpx2.Response:
    now = gateway.index.world.clock.now()
    return gateway.sign_in(nurse, gateway.session(nurse, new_key(), issued_at=now - 60, expires_at=now))


def _of_another_role(gateway: Gateway, nurse: Person) -> httpx2.Response:
    gateway.certificate = replace(gateway.certificate, roles=frozenset({Role.PRACTITIONER}))
    return gateway.sign_in(nurse, gateway.session(nurse, new_key()))


def _run_out(gateway: Gateway, nurse: Person) -> httpx2.Response:
    now = gateway.index.world.clock.now()
    gateway.certificate = replace(gateway.certificate, expires_at=now)
    return gateway.sign_in(nurse, gateway.session(nurse, new_key(), expires_at=now))


def _taken_back(gateway: Gateway, nurse: Person) -> httpx2.Response:
    gateway.index.operate("/revocations", {"certificate_identifier": gateway.certificate.identifier})
    return gateway.sign_in(nurse, gateway.session(nurse, new_key()))


def _wrong_password(gateway: Gateway, nurse: Person) -> httpx2.Response:
    return gateway.sign_in(nurse, gateway.session(nurse, new_key(), account=AccountId("x-1")), password="not the one")


@pytest.mark.parametrize(
    ("attempt", "refusal"),
    [
        (_by_the_gateway_alone, (401, "gateway-invalid")),
        (_of_another_account, (401, "session-invalid")),
        (_too_long, (401, "session-invalid")),
        (_over, (401, "session-invalid")),
        (_of_another_role, (401, "gateway-invalid")),
        (_run_out, (401, "certificate-expired")),
        (_taken_back, (403, "revoked")),
        (_wrong_password, (401, "sign-in-refused")),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_no_shift_is_opened_where_the_gateway_may_not(scene: Scene, attempt: object, refusal: tuple[int, str]) -> None:
    """By name, once every factor was right; where one was not, nothing more is said. A right attempt then opens one."""
    gateway = Gateway(scene.index)
    nurse, as_it_was = enrol_at(gateway), gateway.certificate
    scene.world.clock.advance(MINUTE)
    assert callable(attempt)

    answer = attempt(gateway, nurse)

    assert told(answer) == refusal
    gateway.certificate = as_it_was
    if attempt is not _taken_back:
        assert gateway.sign_in(nurse, gateway.session(nurse, new_key())).status_code == 200


def test_who_has_a_device_of_their_own_does_not_sign_in_at_a_gateway(scene: Scene) -> None:
    """Whoever runs the gateway has their password and code, and not their device."""
    gateway = Gateway(scene.index)
    nurse = enrol(scene.index)
    scene.world.clock.advance(MINUTE)
    session = gateway.session(nurse, new_key())

    by_the_gateway = gateway.sign_in(nurse, session, key=gateway.key)
    by_their_device = gateway.sign_in(nurse, session)

    assert told(by_the_gateway) == (401, "sign-in-refused")
    assert told(by_their_device) == (401, "gateway-invalid")


def test_another_organisations_gateway_signs_nobody_in(scene: Scene) -> None:
    here, there = Gateway(scene.index), Gateway(scene.index, "northtown")
    nurse = enrol_at(here)
    scene.world.clock.advance(MINUTE)
    there.certificate = replace(there.certificate, organisation=here.certificate.organisation, key=here.key.verify_key)

    assert told(there.sign_in(nurse, here.session(nurse, new_key()))) == (401, "gateway-invalid")


@pytest.mark.parametrize("what", ["gateway", "account", "suspension"])
def test_what_is_taken_back_stops_the_next_request(scene: Scene, what: str) -> None:
    """The gateway's certificate by its identifier: everybody there. An account: whoever's it is."""
    gateway = Gateway(scene.index)
    nurse, doctor = enrol_at(gateway), enrol_at(gateway, "doctor-2")
    scene.world.clock.advance(MINUTE)
    sessions = [gateway.signed_in(person) for person in (nurse, doctor)]

    match what:
        case "gateway":
            scene.index.operate("/revocations", {"certificate_identifier": gateway.certificate.identifier})
        case "account":
            scene.index.operate("/revocations", {"organisation": "st-elsewhere", "account": "nurse-7"})
        case _:
            assert told(state(scene.index, AccountAct.SUSPEND, account=AccountId("nurse-7"))) == DONE

    assert asked(scene, sessions[0]) == (403, "revoked")
    assert asked(scene, sessions[1]) == ((403, "revoked") if what == "gateway" else DONE)


def test_an_account_for_a_device_cannot_be_approved_for_a_gateway_unseen(scene: Scene) -> None:
    """The organisation's word says which: the index changes neither into the other."""
    gateway = Gateway(scene.index)
    nurse = opened(scene.index, "nurse-9")
    assert nurse.enrol().status_code == 202
    assert nurse.approve().status_code == 200
    scene.world.clock.advance(MINUTE)

    assert told(gateway.sign_in(nurse, gateway.session(nurse, new_key()))) == (401, "gateway-invalid")
    assert nurse.sign_in().status_code == 200
