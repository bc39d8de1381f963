"""What an evaluation answers, and every way in which one is refused: by name, and with nothing changed (B5, D2, D4,
D6).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from sqlite_utils.utils import sqlite3

from signpost.protocol.classes import Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import from_base64url, to_base64url
from signpost.protocol.messages import EvaluationResponse
from signpost.protocol.oprf import SUITE, Proof, ProofFailed
from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.receipts import EvaluationReceipt, batch_hash
from signpost.protocol.tags import join_points, parse_points
from signpost_keys import evaluate as evaluate_module
from tests.support.askers import Device, Organisation, new_key
from tests.support.one_holder import NOON, OneHolder, open_holder, some_points

HOSPITAL = Organisation(OrganisationId("st-aldate-hospital"))
COUNCIL = Organisation(OrganisationId("wessex-council"), Kind.COUNCIL)
STRANGER = Organisation(OrganisationId("elsewhere-council"), Kind.COUNCIL)

TWELVE = join_points(some_points(12))


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneHolder]:
    """A holder that serves a hospital and a council."""
    with open_holder(tmp_path / "holder") as one:
        one.unlock()
        one.take_revocations()
        one.admit(HOSPITAL)
        one.admit(COUNCIL)
        yield one


def nurse(one: OneHolder) -> Device:
    return HOSPITAL.device("triage-07", Role.URGENT, index_key=one.index_key, now=one.clock.at)


def social_worker(one: OneHolder, account: str = "duty-3") -> Device:
    return COUNCIL.device(account, Role.PRACTITIONER, index_key=one.index_key, now=one.clock.at)


def feed(one: OneHolder) -> Device:
    return COUNCIL.device("feed", Role.FEED, index_key=one.index_key, now=one.clock.at)


def refused(answer: httpx2.Response, code: ProblemCode) -> None:
    """The answer is this problem and nothing else."""
    words = PROBLEMS[code]
    assert (answer.status_code, answer.json()["code"]) == (words.status, code.value)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) - {"errors"} == {"type", "title", "status", "code", "detail", "hint"}


# -- what is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("use", "count"), [(Use.LOOKUP, 12), (Use.DEEP, 24)])
def test_every_point_is_multiplied_by_the_share_and_one_proof_covers_all(one: OneHolder, use: Use, count: int) -> None:
    points = some_points(count)

    answer = one.evaluate(nurse(one), one.body(use=use, points=join_points(points)))

    assert answer.status_code == 200
    response = EvaluationResponse.model_validate_json(answer.content)
    evaluated = parse_points(response.evaluations)
    assert evaluated == SUITE.evaluate(one.holders.shares[0], points)
    key = one.holders.manifest.holders[0].public_key
    SUITE.verify(public_key=key, blinded=points, evaluated=evaluated, proof=Proof.parse(response.proof))
    with pytest.raises(ProofFailed):
        SUITE.verify(public_key=key, blinded=points[::-1], evaluated=evaluated, proof=Proof.parse(response.proof))
    assert (response.holder, response.epoch, response.generation) == (1, 1, 1)
    assert one.charged(HOSPITAL.name) == count


@pytest.mark.parametrize("children", [1, 2, 21])
def test_a_feed_has_up_to_21_children_evaluated_at_once(one: OneHolder, children: int) -> None:
    points = join_points(some_points(12 * children))

    answer = one.evaluate(feed(one), one.body(use=Use.REGISTER, points=points))

    assert answer.status_code == 200
    assert one.charged(COUNCIL.name) == 12 * children


@pytest.mark.parametrize(("use", "minutes"), [(Use.LOOKUP, 10), (Use.DEEP, 10), (Use.REGISTER, 60)])
def test_the_receipt_says_what_was_charged_to_whom_and_runs_out(one: OneHolder, use: Use, minutes: int) -> None:
    """B5: holder, organisation, account, kind, points, a hash of the batch, epoch, expiry and a nonce, signed."""
    device = feed(one) if use is Use.REGISTER else social_worker(one)
    count = 24 if use is Use.DEEP else 12
    points = join_points(some_points(count))

    answers = [one.evaluate(device, one.body(use=use, points=points)) for _ in range(2)]

    key = one.holders.manifest.holders[0].signing_key
    first, second = (EvaluationReceipt.read(answer.json()["receipt"], key) for answer in answers)
    assert first == EvaluationReceipt(
        holder=1,
        organisation=COUNCIL.name,
        account=device.asker.account,
        use=use,
        points=count,
        batch=batch_hash(points),
        epoch=1,
        issued_at=NOON,
        expires_at=NOON + 60 * minutes,
        identifier=first.identifier,
    )
    assert len(from_base64url(first.identifier)) == 16
    assert second == replace(first, identifier=second.identifier)
    assert second.identifier != first.identifier


def test_every_point_is_charged_before_it_is_evaluated(one: OneHolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the arithmetic fails, nobody gets an answer, and the charge stays."""

    def fails(*arguments: object) -> None:
        assert one.charged(HOSPITAL.name) == 12
        raise RuntimeError("the arithmetic failed")

    monkeypatch.setattr(evaluate_module, "_evaluate", fails)

    answer = one.evaluate(nurse(one))

    refused(answer, ProblemCode.INTERNAL)
    assert one.charged(HOSPITAL.name) == 12
    assert "arithmetic" not in answer.text + one.log_text.getvalue()


# -- what is refused --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """A request that must be refused: what is sent, and the name of the refusal."""

    code: ProblemCode
    send: Callable[[OneHolder], httpx2.Response]


def _altered(one: OneHolder, change: Callable[[dict[str, str]], None], body: bytes | None = None) -> httpx2.Response:
    """A request whose headers, or whose body, were changed after it was signed."""
    own = one.body()
    headers = nurse(one).sign(f"{one.url}/v1/evaluations", own, now=one.clock.at)
    change(headers)
    return one.request("POST", "/v1/evaluations", content=own if body is None else body, headers=headers)


def _replayed(one: OneHolder) -> httpx2.Response:
    device, body, nonce = nurse(one), one.body(points=TWELVE), to_base64url(os.urandom(16))
    assert one.evaluate(device, body, nonce=nonce).status_code == 200
    return one.evaluate(device, body, nonce=nonce)


def _signed_at(seconds: int) -> Callable[[OneHolder], httpx2.Response]:
    def send(one: OneHolder) -> httpx2.Response:
        body = one.body()
        headers = nurse(one).sign(f"{one.url}/v1/evaluations", body, now=one.clock.at + seconds)
        return one.request("POST", "/v1/evaluations", content=body, headers=headers)

    return send


def _to_another_holder(one: OneHolder) -> httpx2.Response:
    body = one.body()
    headers = nurse(one).sign(f"{one.holders.manifest.holders[1].url}/v1/evaluations", body, now=one.clock.at)
    return one.request("POST", "/v1/evaluations", content=body, headers=headers)


def _with_a_query(one: OneHolder) -> httpx2.Response:
    body = one.body()
    headers = nurse(one).sign(f"{one.url}/v1/evaluations", body, now=one.clock.at)
    return one.request("POST", "/v1/evaluations?x=1", content=body, headers=headers)


def _revoked(one: OneHolder) -> httpx2.Response:
    device = nurse(one)
    one.take_revocations(certificates=(device.certificate.identifier,))
    return one.evaluate(device)


def _stale(one: OneHolder) -> httpx2.Response:
    one.clock.at += 301
    return one.evaluate(nurse(one))


def _locked(one: OneHolder) -> httpx2.Response:
    one.holder.custody.lock()
    return one.evaluate(nurse(one))


def _other_device_credential(one: OneHolder) -> httpx2.Response:
    """The certificate of one device with the credential of another device of the same account."""
    return one.evaluate(replace(nurse(one), credential=nurse(one).credential))


def _not_yet(one: OneHolder) -> httpx2.Response:
    device = nurse(one)
    return one.evaluate(replace(device, credential=replace(device.credential, issued_at=one.clock.at + 60)))


def _lookup(**changed: object) -> Callable[[OneHolder], httpx2.Response]:
    return lambda one: one.evaluate(nurse(one), one.body(**changed))  # type: ignore[arg-type]


def _as_feed(**changed: object) -> Callable[[OneHolder], httpx2.Response]:
    return lambda one: one.evaluate(feed(one), one.body(use=Use.REGISTER, **changed))  # type: ignore[arg-type]


def _with_last(encoding: bytes) -> bytes:
    """Twelve points of which the last one is this."""
    return TWELVE[:-32] + encoding


_C = ProblemCode
REFUSALS = {
    # D4: the signature
    "no signature": Refusal(_C.SIGNATURE_MISSING, lambda one: one.request("POST", "/v1/evaluations", content=one.body(),
        headers={"content-type": "application/json"})),
    "only the signature missing": Refusal(_C.SIGNATURE_MISSING,
        lambda one: _altered(one, lambda headers: headers.__delitem__("Signature"))),
    "replayed": Refusal(_C.NONCE_USED, _replayed),
    "signed too long ago": Refusal(_C.SIGNATURE_STALE, _signed_at(-61)),
    "signed in the future": Refusal(_C.SIGNATURE_STALE, _signed_at(6)),
    "another body": Refusal(_C.SIGNATURE_INVALID, lambda one: _altered(one, lambda headers: None, one.body())),
    "another digest": Refusal(_C.SIGNATURE_INVALID,
        lambda one: _altered(one, lambda headers: headers.update({"Content-Digest": "sha-256=:AAAA:"}))),
    "for another holder": Refusal(_C.SIGNATURE_INVALID, _to_another_holder),
    "with a query added": Refusal(_C.SIGNATURE_INVALID, _with_a_query),
    "by another device": Refusal(_C.SIGNATURE_INVALID, lambda one: one.evaluate(replace(nurse(one), key=new_key()))),
    # D2: the chain
    "certificate run out": Refusal(_C.CERTIFICATE_EXPIRED, lambda one: one.evaluate(nurse(one).enrolled_until(NOON))),
    "credential run out": Refusal(_C.CREDENTIAL_EXPIRED, lambda one: one.evaluate(nurse(one).signed_in_until(NOON))),
    "credential not begun": Refusal(_C.CREDENTIAL_INVALID, _not_yet),
    "certificate by another organisation": Refusal(_C.CERTIFICATE_INVALID,
        lambda one: one.evaluate(replace(nurse(one), organisation_key=COUNCIL.signing_key))),
    "credential by another index": Refusal(_C.CREDENTIAL_INVALID,
        lambda one: one.evaluate(replace(nurse(one), index_key=new_key()))),
    "credential of another device": Refusal(_C.CREDENTIAL_MISMATCH, _other_device_credential),
    "organisation not admitted": Refusal(_C.ORGANISATION_UNKNOWN, lambda one: one.evaluate(
        STRANGER.device("duty-1", Role.PRACTITIONER, index_key=one.index_key, now=NOON))),
    "revoked": Refusal(_C.REVOKED, _revoked),
    "revocation list too old": Refusal(_C.REVOCATIONS_STALE, _stale),
    # what is asked
    "a feed that looks up": Refusal(_C.ROLE_REFUSED, lambda one: one.evaluate(feed(one))),
    "a nurse who registers": Refusal(_C.ROLE_REFUSED, _lookup(kind="register")),
    "nobody is an officer yet": Refusal(_C.ROLE_REFUSED, _lookup(kind="officer")),
    "eleven points": Refusal(_C.POINTS_COUNT, _lookup(points=TWELVE[32:])),
    "thirteen points": Refusal(_C.POINTS_COUNT, _lookup(points=TWELVE + TWELVE[:32])),
    "two children in one lookup": Refusal(_C.POINTS_COUNT, _lookup(points=TWELVE + TWELVE)),
    "a deep lookup of twelve": Refusal(_C.POINTS_COUNT, _lookup(kind="deep", points=TWELVE)),
    "half a point": Refusal(_C.POINTS_COUNT, _lookup(points=TWELVE[:-16])),
    "a feed's thirteen points": Refusal(_C.POINTS_COUNT, _as_feed(points=TWELVE + TWELVE[:32])),
    "more than a bulk batch": Refusal(_C.MALFORMED, _as_feed(points=TWELVE * 22)),
    "another epoch": Refusal(_C.EPOCH_UNKNOWN, _lookup(epoch=2)),
    "another generation": Refusal(_C.EPOCH_UNKNOWN, _lookup(generation=2)),
    "the identity": Refusal(_C.POINT_INVALID, _lookup(points=_with_last(bytes(32)))),
    "a point that is not canonical": Refusal(_C.POINT_INVALID, _lookup(points=_with_last(b"\xff" * 32))),
    "a negative point": Refusal(_C.POINT_INVALID, _lookup(points=_with_last(b"\x01" + bytes(31)))),
    "a field too many": Refusal(_C.MALFORMED, _lookup(child="x")),
    "an unknown kind": Refusal(_C.MALFORMED, _lookup(kind="guess")),
    "an epoch that is no number": Refusal(_C.MALFORMED, _lookup(epoch="1")),
    "not JSON": Refusal(_C.MALFORMED, lambda one: one.evaluate(nurse(one), b"{")),
    # the holder
    "locked": Refusal(_C.HOLDER_LOCKED, _locked),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_by_name_and_nothing_is_changed(one: OneHolder, name: str) -> None:
    """No nonce is spent, no point is charged and no file is touched by a request that is refused."""
    case = REFUSALS[name]
    if case.code is ProblemCode.NONCE_USED:
        case.send(one)  # the first of the pair is served: what it charged stands
    before = one.kept()

    answer = case.send(one)

    if case.code is ProblemCode.NONCE_USED:
        assert one.charged(HOSPITAL.name) == 24
    else:
        assert one.kept() == before
    refused(answer, case.code)


def test_a_holder_without_a_key_says_so(tmp_path: Path) -> None:
    with open_holder(tmp_path / "holder", with_key=False) as one:
        one.unlock()

        refused(one.evaluate(nurse(one)), ProblemCode.HOLDER_WITHOUT_KEY)
        refused(one.request("GET", "/v1/manifest"), ProblemCode.HOLDER_WITHOUT_KEY)


def test_every_flipped_byte_of_a_request_is_refused(one: OneHolder) -> None:
    """A byte of the body, of either statement or of the signature: whichever it is, the request is nobody's."""
    body = one.body(points=TWELVE)
    headers = nurse(one).sign(f"{one.url}/v1/evaluations", body, now=one.clock.at)
    before = one.kept()

    for place in range(0, len(body), 7):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        answer = one.request("POST", "/v1/evaluations", content=changed, headers=headers)
        assert 400 <= answer.status_code < 500
    for name in ("signpost-enrolment", "signpost-credential", "Signature", "Signature-Input"):
        value = headers[name]
        for place in range(0, len(value), 5):
            changed_value = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            answer = one.request(
                "POST", "/v1/evaluations", content=body, headers={**headers, name: changed_value.encode("latin-1")}
            )
            assert 400 <= answer.status_code < 500, (name, place)

    assert one.kept() == before


# -- the budget -------------------------------------------------------------------------------------------------------


def test_an_account_is_refused_when_its_shift_is_used_up_and_nothing_is_charged(tmp_path: Path) -> None:
    """D6: here two lookups a shift, of which this holder allows two thirds; then 429 with when to come back."""
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 3}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)
        device = social_worker(one)
        assert [one.evaluate(device).status_code for _ in range(2)] == [200, 200]
        before = one.kept()
        one.clock.at += 60

        answer = one.evaluate(device)

        refused(answer, ProblemCode.BUDGET_USED)
        assert answer.headers["retry-after"] == str(12 * 3_600 - 60)
        assert one.kept() == before
        assert one.evaluate(social_worker(one, "duty-4")).status_code == 200
        (logged,) = [line for line in one.log_text.getvalue().splitlines() if "budget-refused" in line]
        assert json.loads(logged)["limit"] == "account"
        assert "duty-3" not in logged


def test_a_budget_is_the_accounts_whatever_device_or_session_it_uses(tmp_path: Path) -> None:
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 3}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)

        answers = [one.evaluate(social_worker(one)) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_a_new_shift_brings_a_new_budget(tmp_path: Path) -> None:
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 2}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)
        assert [one.evaluate(social_worker(one)).status_code for _ in range(2)] == [200, 429]

        one.clock.at += 12 * 3_600
        one.take_revocations()

        assert one.evaluate(social_worker(one)).status_code == 200


def test_an_organisation_is_bounded_by_what_its_custodian_set(one: OneHolder) -> None:
    """A feed has no budget of its own; its council's bounds it, and is its people's as well."""
    one.admit(COUNCIL, budget=300)
    assert one.evaluate(feed(one), one.body(use=Use.REGISTER, points=TWELVE * 21)).status_code == 200

    over = one.evaluate(feed(one), one.body(use=Use.REGISTER, points=TWELVE * 5))

    refused(over, ProblemCode.BUDGET_USED)
    assert over.headers["retry-after"] == str(12 * 3_600)  # midnight
    assert one.charged(COUNCIL.name) == 252
    assert one.evaluate(social_worker(one)).status_code == 200
    assert one.evaluate(nurse(one)).status_code == 200


def test_an_organisation_with_a_budget_of_nothing_is_served_nothing(one: OneHolder) -> None:
    one.admit(COUNCIL, budget=0)

    answer = one.evaluate(social_worker(one))

    refused(answer, ProblemCode.BUDGET_USED)
    assert "retry-after" not in answer.headers


def test_concurrent_requests_together_do_not_exceed_the_budget(tmp_path: Path) -> None:
    """Forty requests at once, a budget for ten: ten are answered, and ten are charged."""
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 15}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)
        device = social_worker(one)

        async def at_once() -> list[httpx2.Response]:
            body = one.body(points=TWELVE)
            return await asyncio.gather(*(one.evaluate_async(device, body) for _ in range(40)))

        answers = one.runner.run(at_once())

        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 30
        assert one.charged(COUNCIL.name) == 120


def test_one_request_sent_forty_times_at_once_is_served_once(one: OneHolder) -> None:
    device, body = nurse(one), one.body(points=TWELVE)
    headers = device.sign(f"{one.url}/v1/evaluations", body, now=one.clock.at)

    async def at_once() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=one.public), base_url=one.url) as client:
            sending = (client.post("/v1/evaluations", content=body, headers=headers) for _ in range(40))
            return await asyncio.gather(*sending)

    answers = one.runner.run(at_once())

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 39
    assert one.charged(HOSPITAL.name) == 12


def test_meters_outlive_a_restart(tmp_path: Path) -> None:
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 2}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)
        device, holders, index_key = social_worker(one), one.holders, one.index_key
        assert one.evaluate(device).status_code == 200
        folder = one.holder.custody.folder

    with open_holder(
        tmp_path / "holder", holders=holders, folder=folder, index_key=index_key, budgets={"practitioner_lookups": 2}
    ) as again:
        refused(again.evaluate(device), ProblemCode.HOLDER_LOCKED)
        again.unlock()
        refused(again.evaluate(device), ProblemCode.REVOCATIONS_STALE)
        again.take_revocations()

        refused(again.evaluate(device), ProblemCode.BUDGET_USED)


def test_when_the_database_fails_nobody_is_answered(one: OneHolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The meter fails closed: what cannot be charged is not evaluated."""
    evaluated: list[object] = []
    monkeypatch.setattr(evaluate_module, "_evaluate", lambda *given: evaluated.append(given))
    _break(one, "DROP TABLE account_meters")

    answer = one.evaluate(nurse(one))

    refused(answer, ProblemCode.INTERNAL)
    assert evaluated == []
    assert one.charged(HOSPITAL.name) == 0


def test_when_the_writer_is_gone_nobody_is_answered(one: OneHolder) -> None:
    one.holder.store._writer.close()

    refused(one.evaluate(nurse(one)), ProblemCode.INTERNAL)


def _break(one: OneHolder, statement: str) -> None:
    database = sqlite3.connect(one.holder.custody.folder.database, isolation_level=None)
    database.execute(statement)
    database.close()


def test_what_is_over_is_forgotten(one: OneHolder) -> None:
    """Nonces go after 65 seconds, an account's meter after 12 hours, an organisation's after its day."""
    one.evaluate(nurse(one))
    counts = []

    for passed in (65, 66, 12 * 3_600, 86_400):
        one.runner.run(one.holder.store.sweep(now=NOON + passed))
        kept = one.kept()
        names = ("nonces", "account_meters", "organisation_meters")
        counts.append(tuple(len(kept[name]) for name in names))  # type: ignore[arg-type]

    assert counts == [(1, 1, 1), (0, 1, 1), (0, 0, 0), (0, 0, 0)]


def test_nothing_of_a_request_is_kept_but_who_and_how_many(one: OneHolder) -> None:
    """No point, no evaluation and no receipt is on the disk or in the log."""
    points = join_points(some_points(12))
    answer = one.evaluate(nurse(one), one.body(points=points)).json()

    folder = one.holder.custody.folder.path
    everything = b"".join(path.read_bytes() for path in folder.iterdir()) + one.log_text.getvalue().encode()

    found = [points[at : at + 32] for at in range(0, len(points), 32)]
    evaluated = from_base64url(answer["evaluations"])
    found += [evaluated[at : at + 32] for at in range(0, len(evaluated), 32)]
    for raw in found:
        assert raw not in everything
        assert raw.hex().encode() not in everything
        assert to_base64url(raw).encode() not in everything
    assert answer["receipt"].encode() not in everything
