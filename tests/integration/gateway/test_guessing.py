"""Whoever guesses at a gateway: what is counted, whom it keeps out, and what it tells."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signpost.edge.gateway.coming_in import MOST_COMING_IN
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.messages import PasswordRequest
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import sign_sign_in
from tests.support.people import PASSWORD, enrol
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

_MOST = 10


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def attempt(gateway: WholeGateway, account: str, *, password: str | None = None, code: str = "000000") -> str | None:
    """A try to sign in by the web API; the code of its refusal. Without a password it is a guess."""
    given = {"account": account, "password": password or "a guess at it", "code": code}
    code_of_it: str | None = gateway.request("POST", "/api/v1/sessions", given).json().get("code")
    return code_of_it


def enrolling(gateway: WholeGateway, token: EnrolmentToken, *, code: str | None = None) -> str | None:
    """A try to use a token there; the code of its refusal."""
    user = User(token.account, token.role, Secret(bytes(20)))
    given = {
        "token": token.text(), "password": user.password, "code": code or gateway.code(user),
        "code_secret": base64.b32encode(user.codes.reveal()).decode(),
    }  # fmt: skip
    answer = gateway.request("POST", "/api/v1/enrolments", given)
    return None if answer.status_code == 202 else str(answer.json()["code"])


def change_password(gateway: WholeGateway, worker: User) -> tuple[int, str | None]:
    """A new password, on every factor."""
    given = {
        "account": worker.account, "password": worker.password, "code": gateway.code(worker),
        "new_password": "copper lantern seven tides",
    }  # fmt: skip
    answer = gateway.request("POST", "/api/v1/password", given)
    return answer.status_code, answer.json().get("code")


def test_names_that_are_made_up_keep_nobody_from_signing_in_or_enrolling(gateway: WholeGateway) -> None:
    """All who use a gateway come from one address: who guesses there would keep all of them out."""
    worker = gateway.enrol("worker-1")

    for number in range(2 * _MOST):
        assert attempt(gateway, f"nobody-{number}") == "sign-in-refused"

    assert attempt(gateway, worker.account, password=worker.password, code=gateway.code(worker)) is None
    gateway.enrol("worker-2")


def test_tokens_that_are_made_up_keep_nobody_from_enrolling(gateway: WholeGateway) -> None:
    """They come from the gateway's address, as everybody's who enrols there do. Nobody guesses one."""
    waiting = gateway.open_account("worker-1", Role.PRACTITIONER)
    guess = replace(waiting, secret=Secret(bytes(16)))

    for number in range(2 * _MOST):
        named = replace(guess, account=AccountId("worker-1" if number % 2 else f"nobody-{number}"))
        assert enrolling(gateway, named, code="000000") == "enrolment-refused"

    assert enrolling(gateway, waiting) is None


def test_whoever_has_a_token_tries_ten_codes_in_five_minutes_and_no_more(gateway: WholeGateway) -> None:
    token = gateway.open_account("worker-1", Role.PRACTITIONER)

    told = [enrolling(gateway, token, code="000000") for _ in range(_MOST + 1)]

    assert told == ["sign-in-refused"] * _MOST + ["sign-in-too-often"]


@pytest.mark.parametrize("role", [Role.PRACTITIONER, None], ids=["of the gateway", "of nobody"])
def test_a_name_that_is_none_is_refused_as_often_as_one_that_is(gateway: WholeGateway, role: Role | None) -> None:
    """Else ten tries would tell which names are accounts."""
    if role is not None:
        gateway.enrol("somebody-1", role)

    told = [attempt(gateway, "somebody-1") for _ in range(_MOST + 2)]

    assert told == ["sign-in-refused"] * _MOST + ["sign-in-too-often"] * 2


def test_whoever_guesses_at_a_gateway_keeps_nobody_from_their_own_device(gateway: WholeGateway) -> None:
    """An account that is enrolled on a device is not counted by what is tried at a gateway."""
    person = enrol(gateway.index, "officer-9", Role.PRACTITIONER, organisation="northtown", kind=Kind.COUNCIL)
    for _ in range(2 * _MOST):
        attempt(gateway, "officer-9")

    assert person.sign_in().status_code == 200


def test_a_gateway_that_was_taken_back_changes_no_password(gateway: WholeGateway) -> None:
    worker = gateway.enrol("worker-1")
    certificate = gateway.files.certified.certificate.identifier

    assert gateway.index.operate("/revocations", {"certificate_identifier": certificate}).status_code == 200

    assert change_password(gateway, worker) == (403, "revoked")
    assert attempt(gateway, worker.account, password=PASSWORD, code=gateway.code(worker)) == "revoked"


def test_a_gateway_whose_certificate_has_ended_changes_no_password(gateway: WholeGateway) -> None:
    worker = gateway.enrol("worker-1")
    gateway.index.world.clock.advance(31 * 86_400)

    assert change_password(gateway, worker) == (401, "certificate-expired")


def test_a_password_of_a_gateways_account_is_not_changed_without_its_certificate(gateway: WholeGateway) -> None:
    """The gateway's key alone is not enough: it may have been taken back."""
    worker, world = gateway.enrol("worker-1"), gateway.index.world
    request = PasswordRequest(
        organisation="northtown", account=worker.account, password=worker.password, code=gateway.code(worker),
        new_password="copper lantern seven tides",
    )  # fmt: skip
    body = request.model_dump_json().encode()
    path = "/v1/accounts/password"
    headers = sign_sign_in(
        url=world.url + path, body=body, key=gateway.files.key, created=world.clock.now(),
        nonce=to_base64url(world.randomness(16)),
    )  # fmt: skip

    reply = gateway.index.run(gateway.transport.post(world.url, path, headers=headers, body=body, seconds=5.0))

    assert (reply.status, b"gateway-invalid" in reply.body) == (401, True)


def test_who_signs_in_takes_no_place_of_those_who_are_signed_in(gateway: WholeGateway) -> None:
    """So many come in at once; who comes then is told to try again, and everybody else is answered."""
    worker = gateway.token(gateway.enrol("worker-1"))

    async def at_once() -> tuple[list[int], int]:
        given = {"account": "nobody-1", "password": "a guess at it", "code": "000000"}
        tries = [
            asyncio.ensure_future(gateway.requesting("POST", "/api/v1/sessions", given))
            for _ in range(MOST_COMING_IN + 3)
        ]
        asked = await gateway.requesting("GET", "/api/v1/coverage", token=worker)
        return [(await each).status_code for each in tries], asked.status_code

    answers, asked = gateway.index.run(at_once())

    assert answers.count(503) >= 3
    assert asked == 200
