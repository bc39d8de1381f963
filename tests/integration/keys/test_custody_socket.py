"""What a custodian asks of a running holder, and what the holder then logs: never a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.protocol.credentials import OrganisationId
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.roster import Roster
from tests.support.askers import Organisation, new_key
from tests.support.one_holder import PASSPHRASE, OneHolder, open_holder

HOSPITAL = Organisation(OrganisationId("st-aldate-hospital"))
KEY = HOSPITAL.signing_key.verify_key.text


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneHolder]:
    with open_holder(tmp_path / "holder") as one:
        yield one


def _admitting(**changed: object) -> dict[str, object]:
    return {"organisation": "st-aldate-hospital", "signing_key": KEY, "budget": 120_000, **changed}


def test_the_passphrase_opens_it_and_lock_closes_it(one: OneHolder) -> None:
    text = PASSPHRASE.reveal().decode()

    states = [
        one.request("GET", "/health").json(),
        one.at_custody("POST", "/unlock", json={"passphrase": text}).json(),
        one.request("GET", "/health").json(),
        one.at_custody("POST", "/lock").json(),
        one.request("GET", "/health").json(),
    ]

    assert [each["state"] for each in states] == ["locked", "serving", "serving", "locked", "locked"]


@pytest.mark.parametrize("when", ["locked", "open"])
def test_a_wrong_passphrase_changes_nothing(one: OneHolder, when: str) -> None:
    if when == "open":
        one.unlock()
    before = (one.kept(), one.request("GET", "/health").json())

    answer = one.at_custody("POST", "/unlock", json={"passphrase": "four words of another"})

    assert (answer.status_code, answer.json()["code"]) == (403, "passphrase-wrong")
    assert (one.kept(), one.request("GET", "/health").json()) == before


def test_a_sealed_file_that_others_can_read_is_not_opened(one: OneHolder) -> None:
    one.holder.custody.folder.identity.chmod(0o604)

    answer = one.at_custody("POST", "/unlock", json={"passphrase": PASSPHRASE.reveal().decode()})

    assert answer.json()["code"] == "internal"
    (logged,) = [json.loads(line) for line in one.log_text.getvalue().splitlines()]
    assert (logged["event"], logged["code"]) == ("file-refused", "file-open-to-others")
    assert one.request("GET", "/health").json() == {"state": "locked"}


def test_an_organisation_is_admitted_by_its_own_key(one: OneHolder) -> None:
    one.unlock()
    one.take_revocations()
    device = HOSPITAL.device("triage-07", Role.URGENT, index_key=one.index_key, now=one.clock.at)
    assert one.evaluate(device).json()["code"] == "organisation-unknown"

    answer = one.at_custody("POST", "/admissions", json=_admitting())

    assert (answer.status_code, answer.json()) == (200, {})
    assert one.evaluate(device).status_code == 200
    assert one.at_custody("GET", "/admissions").json() == {
        "organisations": [{"organisation": "st-aldate-hospital", "budget": 120_000}]
    }


def test_admitting_again_sets_the_budget_anew(one: OneHolder) -> None:
    one.at_custody("POST", "/admissions", json=_admitting())

    one.at_custody("POST", "/admissions", json=_admitting(budget=0))

    (admitted,) = one.at_custody("GET", "/admissions").json()["organisations"]
    assert admitted["budget"] == 0


def test_another_key_replaces_an_organisations_only_when_that_is_meant(one: OneHolder) -> None:
    """A forged organisation.json must not quietly take the place of the real one."""
    one.unlock()
    one.take_revocations()
    one.at_custody("POST", "/admissions", json=_admitting())
    other = Organisation(HOSPITAL.name, Kind.HOSPITAL, new_key())
    forged = _admitting(signing_key=other.signing_key.verify_key.text)
    before = one.kept()

    refused = one.at_custody("POST", "/admissions", json=forged)

    assert (refused.status_code, refused.json()["code"]) == (409, "already-exists")
    assert one.kept() == before
    device = other.device("triage-07", Role.URGENT, index_key=one.index_key, now=one.clock.at)
    assert one.evaluate(device).json()["code"] == "certificate-invalid"
    assert one.at_custody("POST", "/admissions", json={**forged, "replace_key": True}).status_code == 200
    assert one.evaluate(device).status_code == 200


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"signing_key": "short"}, "key-invalid", "/signing_key"),
        ({"signing_key": "-" * 43}, "key-invalid", "/signing_key"),
        ({"organisation": "St Aldate"}, "malformed", "/organisation"),
        ({"organisation": ""}, "malformed", "/organisation"),
        ({"budget": -1}, "malformed", "/budget"),
        ({"budget": "12"}, "malformed", "/budget"),
        ({"budget": 2**63}, "malformed", "/budget"),
    ],
)
def test_a_malformed_admission_is_refused_by_its_place(
    one: OneHolder, changed: dict[str, object], code: str, pointer: str
) -> None:
    before = one.kept()

    answer = one.at_custody("POST", "/admissions", json=_admitting(**changed))

    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert [place["pointer"] for place in answer.json()["errors"]] == [pointer]
    assert one.kept() == before


def test_a_holder_with_a_key_approves_no_roster(one: OneHolder) -> None:
    one.unlock()
    roster = Roster(bytes(16), 2, ())

    answer = one.at_custody("POST", "/roster", json={"roster": roster.canonical().decode()})

    assert answer.json()["code"] == "already-exists"


def test_its_identity_is_public_and_the_same_everywhere(one: OneHolder) -> None:
    at_custody, in_public = one.at_custody("GET", "/identity").json(), one.request("GET", "/v1/identity").json()

    assert at_custody == in_public
    assert in_public == {
        "signing_key": one.holders.signing_keys[0].verify_key.text,
        "sealing_key": one.holders.opening_keys[0].seal_key.text,
        "url": one.url,
    }


def test_nothing_it_answers_or_logs_holds_a_secret(one: OneHolder) -> None:
    """Whatever is asked of it, locked and open: no share, no private key, no passphrase."""
    text = PASSPHRASE.reveal().decode()
    answers = []
    for _ in range(2):
        for path in ("/health", "/v1/status", "/v1/identity", "/v1/manifest", "/openapi.json"):
            answers.append(one.request("GET", path).text)
        for path in ("/identity", "/status", "/admissions", "/openapi.json"):
            answers.append(one.at_custody("GET", path).text)
        answers.append(one.at_custody("POST", "/unlock", json={"passphrase": text}).text)
        answers.append(one.at_custody("POST", "/unlock", json={"passphrase": 1, text: text}).text)
    everything = "".join(answers) + one.log_text.getvalue()

    assert text not in everything
    for secret in (
        one.holders.shares[0].encoding(),
        one.holders.signing_keys[0].seed.reveal(),
        one.holders.opening_keys[0].seed.reveal(),
    ):
        assert secret.hex() not in everything
        assert repr(secret) not in everything
