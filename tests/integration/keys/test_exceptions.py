"""An exception to a budget at a key holder: signed by the organisation, approved by the custodian (protocol.md D6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.budget_exceptions import APPROVABLE_SECONDS, BudgetException, ExceptionReason
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import to_base64url
from tests.integration.keys.test_evaluations import COUNCIL, HOSPITAL, STRANGER, nurse, social_worker
from tests.support.askers import Organisation
from tests.support.one_holder import OneHolder, open_holder

ACCOUNT = "duty-3"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneHolder]:
    """A holder that allows a social worker two lookups a shift: two thirds of three."""
    with open_holder(tmp_path / "holder", budgets={"practitioner_lookups": 3, "urgent_lookups": 3}) as one:
        one.unlock()
        one.take_revocations()
        one.admit(COUNCIL)
        yield one


def request(one: OneHolder, number: int = 1, *, lookups: int = 3, whole: bool = False) -> BudgetException:
    """What the council asks."""
    return BudgetException(
        organisation=COUNCIL.name,
        account=None if whole else AccountId(ACCOUNT),
        reason=ExceptionReason.MAJOR_INCIDENT,
        lookups=lookups,
        repeats=0,
        hours=8,
        issued_at=one.clock.at,
        identifier=to_base64url(number.to_bytes(16, "big")),
    )


def approve(one: OneHolder, asked: BudgetException, by: Organisation = COUNCIL) -> httpx2.Response:
    """The custodian's word."""
    return one.at_custody("POST", "/exceptions", json={"exception": asked.sign(by.signing_key)})


def answered(one: OneHolder, account: str = ACCOUNT) -> int:
    """How many lookups an account is served until its budget is used."""
    count = 0
    while one.evaluate(social_worker(one, account)).status_code == 200:
        count += 1
    return count


def test_it_adds_its_share_of_what_was_asked_for_to_that_account_alone(one: OneHolder) -> None:
    """Two thirds of three here, as of every budget: whoever chooses their holders gains nothing."""
    assert answered(one) == 2

    assert approve(one, request(one)).status_code == 200

    assert answered(one) == 2
    assert answered(one, "duty-4") == 2
    (logged,) = [line for line in one.log_text.getvalue().splitlines() if "exception-approved" in line]
    assert json.loads(logged)["lookups"] == 3
    assert ACCOUNT not in logged


def test_it_ends_by_itself_and_on_the_custodians_word(one: OneHolder) -> None:
    approve(one, request(one))
    shown = {"organisation": "wessex-council", "account": ACCOUNT, "lookups": 3, "until": one.clock.at + 8 * 3_600}
    assert one.at_custody("GET", "/exceptions").json() == {"exceptions": [shown]}
    end = {"organisation": "wessex-council", "account": ACCOUNT}
    assert answered(one) == 4

    assert one.at_custody("POST", "/exceptions/end", json=end).status_code == 200
    assert one.at_custody("POST", "/exceptions/end", json=end).json()["code"] == "exception-unknown"
    assert one.at_custody("GET", "/exceptions").json() == {"exceptions": []}

    approve(one, request(one, 2))
    one.clock.at += 8 * 3_600
    one.take_revocations()
    assert one.at_custody("GET", "/exceptions").json() == {"exceptions": []}
    assert answered(one) == 0


def test_an_organisations_adds_to_its_day(one: OneHolder) -> None:
    """And an organisation that is served nothing stays so."""
    one.admit(COUNCIL, budget=24)
    assert answered(one) == 2
    assert answered(one, "duty-4") == 0

    approve(one, request(one, whole=True))
    assert answered(one, "duty-4") == 2

    one.admit(COUNCIL, budget=0)
    assert answered(one, "duty-5") == 0


def test_an_overdraft_begins_behind_it(one: OneHolder) -> None:
    """The custodian is not told of an overdraft for what was approved."""
    one.admit(HOSPITAL)
    asked = replace(request(one), organisation=HOSPITAL.name, account=nurse(one).asker.account)
    approve(one, asked, HOSPITAL)

    assert [one.evaluate(nurse(one)).status_code for _ in range(4)] == [200] * 4
    assert "overdraft-used" not in one.log_text.getvalue()
    one.evaluate(nurse(one))
    assert "overdraft-used" in one.log_text.getvalue()


def test_a_request_is_approved_once_within_a_day_and_by_its_own_organisations_key(one: OneHolder) -> None:
    """Whatever is refused leaves nothing."""

    def refusal(asked: BudgetException, by: Organisation = COUNCIL) -> str:
        before = one.kept()
        answer = approve(one, asked, by)
        assert one.kept() == before
        return str(answer.json()["code"])

    first = request(one)
    assert refusal(first, STRANGER) == "exception-invalid"
    assert refusal(replace(first, organisation=STRANGER.name), STRANGER) == "organisation-unknown"
    assert refusal(replace(first, lookups=501)) == "exception-invalid"
    assert approve(one, first).status_code == 200
    assert refusal(first) == "nonce-used"
    assert refusal(request(one, 2)) == "exception-open"
    one.clock.at += APPROVABLE_SECONDS + 1
    assert refusal(first) == "exception-invalid"
