"""The gateway's web API, before a whole index and real key holders: signing in, the one question, contact, and what is
never said.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import from_base64url
from signpost.protocol.messages import ContactRequest
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Purpose, Role, Urgency
from signpost.protocol.secret import Secret
from tests.support.elsewhere import client_of, register
from tests.support.people import PASSWORD, state
from tests.support.whole_gateway import IDLE_SECONDS, WholeGateway, open_whole_gateway

NUMBER = "9990000018"
BORN = "2018-03-04"
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))
QUESTION = {"child": {"nhs_number": NUMBER, "date_of_birth": BORN}, "urgency": "today"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def token(gateway: WholeGateway) -> str:
    """A social worker's session."""
    return gateway.token(gateway.enrol("worker-1"))


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def look_up(gateway: WholeGateway, token: str, **changed: Any) -> httpx2.Response:
    """The question of a made-up child."""
    return gateway.request("POST", "/api/v1/lookups", {**QUESTION, **changed}, token=token)


# -- signing in


def test_somebody_uses_their_token_is_approved_and_signs_in(gateway: WholeGateway) -> None:
    """All of it at the gateway and by their administrator; before the approval they are told to wait for it."""
    words = gateway.open_account("worker-2", Role.PRACTITIONER)
    secret = Secret(b"s" * 20)
    clock = gateway.index.world.clock
    answer = gateway.request(
        "POST", "/api/v1/enrolments",
        {"token": words.text(), "password": PASSWORD, "code_secret": base64.b32encode(b"s" * 20).decode(),
         "code": code_of(secret, clock.now() // STEP_SECONDS)},
    )  # fmt: skip
    assert told(answer) == (202, None)

    def sign_in() -> httpx2.Response:
        clock.advance(STEP_SECONDS)
        gateway.keep_time()
        code = code_of(secret, clock.now() // STEP_SECONDS)
        return gateway.request("POST", "/api/v1/sessions", {"account": "worker-2", "password": PASSWORD, "code": code})

    assert told(sign_in()) == (403, "account-not-approved")
    gateway.index.run(gateway.administrator.approve(AccountId("worker-2")))
    opened = sign_in()

    assert opened.status_code == 201
    said = opened.json()
    assert (said["account"], said["role"], said["kind"]) == ("worker-2", "practitioner", "council")
    assert said["purposes"][0] == "s17"
    assert said["idle_seconds"] == IDLE_SECONDS
    assert said["opens_case_references"]
    assert look_up(gateway, said["session"]).json()["answer"] == "none"


@pytest.mark.parametrize(
    "spoilt",
    [{"password": "another one"}, {"code": "000000"}, {"account": "nobody-1"}],
    ids=lambda each: next(iter(each)),
)
def test_who_gives_a_wrong_factor_is_told_the_same_whichever_it_was(
    gateway: WholeGateway, spoilt: dict[str, str]
) -> None:
    worker = gateway.enrol("worker-1")
    given = {"account": worker.account, "password": worker.password, "code": gateway.code(worker), **spoilt}

    answer = gateway.request("POST", "/api/v1/sessions", given)

    assert told(answer) == (401, "sign-in-refused")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_ends_by_idleness_by_its_shift_and_by_signing_out(gateway: WholeGateway) -> None:
    worker, clock = gateway.enrol("worker-1"), gateway.index.world.clock
    idle = gateway.token(worker)
    clock.advance(IDLE_SECONDS - 1)
    assert gateway.request("GET", "/api/v1/inbox", token=idle).status_code == 200
    clock.advance(IDLE_SECONDS)
    assert told(gateway.request("GET", "/api/v1/inbox", token=idle)) == (401, "not-signed-in")

    over = gateway.token(worker)
    for _ in range(12 * 6):
        clock.advance(600)
        gateway.request("GET", "/api/v1/coverage", token=over)
    assert told(gateway.request("GET", "/api/v1/coverage", token=over)) == (401, "not-signed-in")

    out = gateway.token(worker)
    assert told(gateway.request("DELETE", "/api/v1/sessions", token=out)) == (200, None)
    assert told(gateway.request("DELETE", "/api/v1/sessions", token=out)) == (401, "not-signed-in")


@pytest.mark.parametrize("given", [None, "x" * 43, "", "é", "AAAA", "A" * 5000])
def test_without_a_session_nothing_is_answered(gateway: WholeGateway, given: str | None) -> None:
    headers = {} if given is None else {"authorization": f"Bearer {given}".encode("latin-1")}

    for method, path, document in (
        ("POST", "/api/v1/lookups", QUESTION), ("GET", "/api/v1/inbox", None), ("DELETE", "/api/v1/sessions", None),
    ):  # fmt: skip
        answer = gateway.request(method, path, document, **headers)  # type: ignore[arg-type]
        assert told(answer) == (401, "not-signed-in")


def test_a_sessions_token_is_random_and_a_digest_of_it_is_all_that_is_kept(gateway: WholeGateway) -> None:
    """256 bits, another one each time; and the gateway could not tell it again."""
    worker = gateway.enrol("worker-1")
    tokens = {gateway.token(worker) for _ in range(3)}

    assert {len(from_base64url(token)) for token in tokens} == {32}
    assert len(tokens) == 3
    kept = set(gateway.gateway.sessions._sessions)
    assert not kept & {from_base64url(token) for token in tokens}


def test_signing_in_again_ends_the_session_before(gateway: WholeGateway) -> None:
    """One shift at a time: and the gateway keeps no key of one that is over."""
    worker = gateway.enrol("worker-1")
    first, second = gateway.token(worker), gateway.token(worker)

    assert told(look_up(gateway, first)) == (401, "not-signed-in")
    assert look_up(gateway, second).status_code == 200
    assert len(gateway.gateway.sessions) == 1


def test_a_session_that_the_index_ended_is_forgotten(gateway: WholeGateway, token: str) -> None:
    """A suspension stops the next request, and the session with it."""
    assert state(gateway.index, AccountAct.SUSPEND, "northtown", account=AccountId("worker-1")).status_code == 200

    assert told(gateway.request("GET", "/api/v1/inbox", token=token)) == (403, "revoked")
    assert told(gateway.request("GET", "/api/v1/inbox", token=token)) == (401, "not-signed-in")


def test_a_new_password_ends_the_session_and_opens_the_next(gateway: WholeGateway) -> None:
    """On every factor of the present ones; a weak one is refused to whoever gave them."""
    worker = gateway.enrol("worker-1")
    token = gateway.token(worker)

    def change(**changed: str) -> httpx2.Response:
        given = {
            "account": worker.account, "password": worker.password, "code": gateway.code(worker),
            "new_password": "copper lantern seven tides", **changed,
        }  # fmt: skip
        return gateway.request("POST", "/api/v1/password", given)

    assert told(change(password="another one")) == (401, "sign-in-refused")
    assert told(change(new_password="worker-1")) == (422, "password-too-weak")
    assert told(change()) == (200, None)

    assert told(look_up(gateway, token)) == (401, "not-signed-in")
    worker.password = "copper lantern seven tides"
    assert look_up(gateway, gateway.token(worker)).status_code == 200


# -- the one question


def test_a_child_who_is_known_elsewhere_is_current_and_one_who_is_not_is_none(
    gateway: WholeGateway, token: str
) -> None:
    """In answers of one length, with the same fields and headers."""
    none = look_up(gateway, token)
    register(gateway, "southtown", CHILD)
    current = look_up(gateway, token)

    assert (none.json()["answer"], current.json()["answer"]) == ("none", "current")
    assert len(none.content) == len(current.content) == 256
    assert list(none.json()) == list(current.json())
    assert dict(none.headers) == dict(current.headers)
    again = gateway.request("POST", "/api/v1/lookups/again", {"receipt": none.json()["receipt"]}, token=token)
    assert again.json()["answer"] == "current"


@pytest.mark.parametrize(
    ("child", "pointers"),
    [
        ({"nhs_number": "9990000019"}, ["/child/nhs_number"]),
        ({"upn": "A12"}, ["/child/upn"]),
        ({"date_of_birth": "04/03/18"}, ["/child/date_of_birth"]),
        ({"date_of_birth": "2999-01-01"}, ["/child/date_of_birth"]),
        ({"postcode": "nowhere", "surname": "\x1b[A"}, ["/child/surname", "/child/postcode"]),
        ({"nhs_number": NUMBER, "mother_nhs_number": NUMBER}, ["/child/mother_nhs_number"]),
        ({"expected_date_of_birth": "2030-01-01"}, ["/child/expected_date_of_birth"]),
    ],
)
def test_a_detail_that_is_not_of_its_form_is_named_and_not_repeated(
    gateway: WholeGateway, token: str, child: dict[str, str], pointers: list[str]
) -> None:
    answer = look_up(gateway, token, child=child)

    assert told(answer) == (422, "malformed")
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert not any(value in answer.text for value in child.values())


def test_details_that_give_nothing_to_ask_are_refused_and_nothing_is_charged(gateway: WholeGateway, token: str) -> None:
    before = gateway.holders[0].kept()["account_meters"]

    assert told(look_up(gateway, token, child={"forename": "Ada"})) == (422, "nothing-to-ask")
    assert gateway.holders[0].kept()["account_meters"] == before


def test_a_purpose_that_the_role_has_not_is_refused(gateway: WholeGateway, token: str) -> None:
    assert told(look_up(gateway, token, purpose="s46")) == (403, "purpose-refused")


def test_what_could_not_be_checked_is_never_a_none(gateway: WholeGateway, token: str) -> None:
    """Key holders whose list is too old answer nobody; and the log says that, and nothing else."""
    gateway.index.world.clock.advance(301)
    for holder in gateway.holders:
        holder.clock.at = gateway.index.world.clock.now()

    answer = look_up(gateway, token)

    assert told(answer) == (503, "could-not-check")
    assert "not a no" in answer.json()["detail"]
    assert json.loads(gateway.log_lines.getvalue().splitlines()[-1])["event"] == "could-not-check"


def test_many_who_ask_at_once_are_each_given_their_own_answer(gateway: WholeGateway) -> None:
    """Of their own child, and by a receipt that is theirs alone."""
    register(gateway, "southtown", CHILD)
    tokens = [gateway.token(gateway.enrol(f"worker-{number}")) for number in range(5)]
    unknown = {"child": {"nhs_number": "9990000026", "date_of_birth": BORN}, "urgency": "today"}
    asked = [(token, question) for token in tokens for question in (QUESTION, unknown)]

    async def all_at_once() -> list[httpx2.Response]:
        return list(
            await asyncio.gather(
                *(gateway.requesting("POST", "/api/v1/lookups", question, token=token) for token, question in asked)
            )
        )

    answers = [answer.json() for answer in gateway.index.run(all_at_once())]

    assert [answer["answer"] for answer in answers] == ["current", "none"] * 5
    assert len({answer["receipt"] for answer in answers}) == 10
    theirs, others = answers[0]["receipt"], tokens[1]
    again = gateway.request("POST", "/api/v1/lookups/again", {"receipt": theirs}, token=others)
    assert told(again) == (404, "lookup-unknown")


# -- sent again


def test_the_same_request_under_one_key_is_answered_once(gateway: WholeGateway, token: str) -> None:
    """And charged once: the answer is given again, for ten minutes, to this session."""

    def asked(key: str, **changed: Any) -> httpx2.Response:
        return gateway.request(
            "POST", "/api/v1/lookups", {**QUESTION, **changed}, token=token, **{"idempotency-key": key}
        )

    first = asked("k-1")
    charged = gateway.holders[0].kept()["account_meters"]
    assert asked("k-1").content == first.content
    assert gateway.holders[0].kept()["account_meters"] == charged
    assert asked("k-2").content != first.content
    other = {"nhs_number": "9990000026", "date_of_birth": BORN}
    assert told(asked("k-1", child=other)) == (422, "idempotency-key-reused")
    assert told(asked("not a key")) == (422, "malformed")
    gateway.index.world.clock.advance(600)
    gateway.keep_time()
    assert asked("k-1").content != first.content


def test_two_at_once_under_one_key_are_one(gateway: WholeGateway, token: str) -> None:
    async def both() -> list[httpx2.Response]:
        asked = [
            gateway.requesting("POST", "/api/v1/lookups", QUESTION, token=token, **{"idempotency-key": "k"})
            for _ in range(2)
        ]
        return list(await asyncio.gather(*asked))

    first, second = gateway.index.run(both())

    assert first.status_code == 200
    assert first.content == second.content


def test_a_refusal_is_not_remembered(gateway: WholeGateway, token: str) -> None:
    """What could not be checked may be asked again, under the same key."""
    receipt = look_up(gateway, token).json()["receipt"]
    wanted = {"receipt": receipt, "urgency": "today", "purpose": "s46"}
    key = {"idempotency-key": "k"}
    assert told(gateway.request("POST", "/api/v1/call-backs", wanted, token=token, **key)) == (403, "purpose-refused")
    assert told(gateway.request("POST", "/api/v1/call-backs", wanted, token=token, **key)) == (403, "purpose-refused")


def test_the_same_key_of_another_session_is_another(gateway: WholeGateway, token: str) -> None:
    other = gateway.token(gateway.enrol("worker-2"))
    answers = [
        gateway.request("POST", "/api/v1/lookups", QUESTION, token=each, **{"idempotency-key": "k"})
        for each in (token, other)
    ]

    assert answers[0].json()["receipt"] != answers[1].json()["receipt"]


@pytest.mark.parametrize(("given", "back"), [("abc-1.2_3", "abc-1.2_3"), ("two words", None), ("x" * 65, None)])
def test_a_request_id_comes_back_where_it_is_of_its_form(gateway: WholeGateway, given: str, back: str | None) -> None:
    answer = gateway.request("GET", "/health", **{"x-request-id": given})

    assert answer.headers.get("x-request-id") == back
    assert answer.headers["cache-control"] == "no-store"


# -- contact


def test_a_call_back_reaches_the_desk_elsewhere_and_its_answer_comes_back(gateway: WholeGateway, token: str) -> None:
    register(gateway, "southtown", CHILD)
    receipt = look_up(gateway, token).json()["receipt"]

    asked = gateway.request("POST", "/api/v1/call-backs", {"receipt": receipt, "urgency": "today"}, token=token)
    gateway.index.settle()

    assert asked.status_code == 201
    colleague = client_of(gateway, "southtown", Role.PRACTITIONER)
    notices = gateway.index.run(colleague.index.inbox()).notices
    assert [each.urgency for each in notices] == [Urgency.TODAY]
    status = gateway.request("POST", "/api/v1/call-backs/status", {"receipt": receipt}, token=token).json()
    assert (status["state"], status["handles"]) == ("pending", [])
    outcome = {"receipt": receipt, "reached": True, "new": True}
    assert told(gateway.request("POST", "/api/v1/call-backs/outcomes", outcome, token=token)) == (200, None)


def test_the_inbox_shows_ones_own_case_reference_and_a_reply_is_taken_once(gateway: WholeGateway, token: str) -> None:
    register(gateway, "northtown", CHILD, local_id="case 17")
    colleague = client_of(gateway, "southtown", Role.PRACTITIONER)

    async def ask() -> None:
        answer = await colleague.lookup(CHILD, urgency=Urgency.TODAY)
        await colleague.index.ask_for_call_back(
            ContactRequest(receipt=answer.receipt, purpose=Purpose.SECTION_17, urgency=Urgency.TODAY)
        )

    gateway.index.run(ask())
    gateway.index.settle()

    (notice,) = gateway.request("GET", "/api/v1/inbox", token=token).json()["notices"]
    assert notice["case_reference"] == "case 17"
    assert "southtown" not in json.dumps(notice)
    path = f"/api/v1/inbox/{notice['notice']}/reply"
    wrong = {"reply": "share", "reason": "no-consent"}
    assert told(gateway.request("POST", path, wrong, token=token)) == (422, "malformed")
    assert told(gateway.request("POST", path, {"reply": "share"}, token=token)) == (200, None)
    assert told(gateway.request("POST", path, {"reply": "share"}, token=token))[0] in (404, 409)


def test_in_an_emergency_an_urgent_role_is_shown_the_duty_line(gateway: WholeGateway) -> None:
    """By a purpose that is one; a practitioner is not."""
    register(gateway, "southtown", CHILD)
    urgent = gateway.token(gateway.enrol("night-1", Role.URGENT))
    receipt = look_up(gateway, urgent, urgency="now").json()["receipt"]

    shown = gateway.request("POST", "/api/v1/break-glass", {"receipt": receipt}, token=urgent)

    assert shown.status_code == 201, shown.text
    assert shown.json()["handles"][0]["telephone"] == "01632 960001"
    worker = gateway.token(gateway.enrol("worker-1"))
    receipt = look_up(gateway, worker).json()["receipt"]
    refused = gateway.request("POST", "/api/v1/break-glass", {"receipt": receipt}, token=worker)
    assert told(refused)[0] == 403


def test_coverage_and_health_are_told(gateway: WholeGateway, token: str) -> None:
    assert gateway.request("GET", "/api/v1/coverage", token=token).json() == {"expected": 2, "up_to_date": 0}
    ends = gateway.files.certified.certificate.expires_at
    assert gateway.request("GET", "/health").json() == {"state": "serving", "certified_until": ends}
