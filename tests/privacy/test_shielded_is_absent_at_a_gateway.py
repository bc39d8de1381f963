"""Through an organisation's gateway a shielded child and one nobody knows are told apart by nothing: not the answer,
nor what a call-back or a broken glass says, nor a line of the gateway's log.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Role
from tests.support.hidden_elsewhere import ABSENT, HIDDEN, SEEN, know_two_and_hide_one
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

BORN = dt.date(2018, 3, 4)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, before an index where Southtown works with two children and has had one of them hidden."""
    with open_whole_gateway(tmp_path) as whole:
        know_two_and_hide_one(whole, child)
        yield whole


def child(number: str) -> ChildDetails:
    """A made-up child, by number and birth date."""
    return ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=BORN)


def flattened(answer: httpx2.Response, receipt: str) -> tuple[int, dict[str, str], int, Any]:
    """All that an answer tells: status, headers, length and body, with its own random names made one."""
    text = answer.text.replace(receipt, "RECEIPT")
    return answer.status_code, dict(answer.headers), len(answer.content), json.loads(text)


Told = dict[str, list[object]]
"""By number: what each answer told, and what the gateway's log says."""


def told_of(
    gateway: WholeGateway, token: str, urgency: str, *follows: str, **named: str
) -> tuple[Told, set[tuple[int, ...]]]:
    """Of each of the three: a lookup, looked at again, a call-back, and, once that has settled, what else follows; and
    the statuses there were.
    """
    told: Told = {}
    statuses = set()
    for number in (HIDDEN, ABSENT, SEEN):
        gateway.log_lines.seek(0)
        gateway.log_lines.truncate()
        question = {"child": {"nhs_number": number, "date_of_birth": BORN.isoformat()}, "urgency": urgency, **named}
        first = gateway.request("POST", "/api/v1/lookups", question, token=token)
        receipt = first.json()["receipt"]
        follow = {"receipt": receipt, **named}
        answers = [first, gateway.request("POST", "/api/v1/lookups/again", follow, token=token)]
        answers.append(gateway.request("POST", "/api/v1/call-backs", {**follow, "urgency": urgency}, token=token))
        gateway.index.settle()
        answers += [gateway.request("POST", f"/api/v1/{each}", follow, token=token) for each in follows]
        told[number] = [*(flattened(answer, receipt) for answer in answers), gateway.log_lines.getvalue()]
        statuses.add(tuple(answer.status_code for answer in answers))
    return told, statuses


def test_a_shielded_child_is_told_of_like_one_nobody_knows(gateway: WholeGateway) -> None:
    """In the answer, in the answer again, in a call-back and its status, and where a duty line is asked for."""
    token = gateway.token(gateway.enrol("night-1", Role.URGENT))

    told, _ = told_of(gateway, token, "now", "call-backs/status", "break-glass")

    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] != told[ABSENT]


def test_a_shielded_child_is_told_of_like_one_nobody_knows_to_a_case_management_system(gateway: WholeGateway) -> None:
    """In the answer, in the answer again, in a call-back and its status."""
    told, statuses = told_of(gateway, gateway.with_case_system(), "today", "call-backs/status", user="worker-1")

    assert statuses == {(200, 200, 201, 200)}
    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] != told[ABSENT]
