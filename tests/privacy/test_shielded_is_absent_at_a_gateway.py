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
from signpost.edge.shield_inputs import inputs_to_hide
from signpost.protocol.purposes import Role
from signpost.protocol.shielding import ShieldAddRequest, ShieldReason
from tests.support.elsewhere import client_of, register
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

HIDDEN, ABSENT, SEEN = "9990000018", "9990000026", "9990000034"
BORN = dt.date(2018, 3, 4)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, before an index where Southtown works with two children and has had one of them hidden."""
    with open_whole_gateway(tmp_path) as whole:
        for number in (HIDDEN, SEEN):
            register(whole, "southtown", child(number), local_id=number[-3:])
        officer = client_of(whole, "southtown", Role.SHIELDING_OFFICER)

        async def hide() -> None:
            batch = await officer.shield_tags(inputs_to_hide(child(HIDDEN)))
            await officer.index.add_shield(
                ShieldAddRequest(
                    epoch=batch.epoch, reason=ShieldReason.FLEEING_ABUSE, review_on=dt.date(2026, 3, 1), shield=None,
                    tags=batch.tags(0), receipts=list(batch.receipts),
                )
            )  # fmt: skip

        whole.index.run(hide())
        whole.index.settle()
        yield whole


def child(number: str) -> ChildDetails:
    """A made-up child, by number and birth date."""
    return ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=BORN)


def flattened(answer: httpx2.Response, receipt: str) -> tuple[int, dict[str, str], int, Any]:
    """All that an answer tells: status, headers, length and body, with its own random names made one."""
    text = answer.text.replace(receipt, "RECEIPT")
    return answer.status_code, dict(answer.headers), len(answer.content), json.loads(text)


def test_a_shielded_child_is_told_of_like_one_nobody_knows(gateway: WholeGateway) -> None:
    """In the answer, in the answer again, in a call-back and its status, and where a duty line is asked for."""
    token = gateway.token(gateway.enrol("night-1", Role.URGENT))
    told: dict[str, list[object]] = {}
    for number in (HIDDEN, ABSENT, SEEN):
        gateway.log_lines.seek(0)
        gateway.log_lines.truncate()
        question = {"child": {"nhs_number": number, "date_of_birth": BORN.isoformat()}, "urgency": "now"}
        first = gateway.request("POST", "/api/v1/lookups", question, token=token)
        receipt = first.json()["receipt"]
        follow = {"receipt": receipt}
        answers = [first, gateway.request("POST", "/api/v1/lookups/again", follow, token=token)]
        answers.append(gateway.request("POST", "/api/v1/call-backs", {**follow, "urgency": "now"}, token=token))
        gateway.index.settle()
        answers.append(gateway.request("POST", "/api/v1/call-backs/status", follow, token=token))
        answers.append(gateway.request("POST", "/api/v1/break-glass", follow, token=token))
        told[number] = [flattened(answer, receipt) for answer in answers]
        told[number].append(gateway.log_lines.getvalue())

    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] != told[ABSENT]


def test_a_shielded_child_is_told_of_like_one_nobody_knows_to_a_case_management_system(gateway: WholeGateway) -> None:
    """In the answer, in the answer again, in a call-back and its status."""
    token = gateway.with_case_system()
    told: dict[str, list[object]] = {}
    statuses = set()
    for number in (HIDDEN, ABSENT, SEEN):
        gateway.log_lines.seek(0)
        gateway.log_lines.truncate()
        named = {"user": "worker-1"}
        question = {"child": {"nhs_number": number, "date_of_birth": BORN.isoformat()}, "urgency": "today", **named}
        first = gateway.request("POST", "/api/v1/lookups", question, token=token)
        receipt = first.json()["receipt"]
        follow = {"receipt": receipt, **named}
        answers = [first, gateway.request("POST", "/api/v1/lookups/again", follow, token=token)]
        answers.append(gateway.request("POST", "/api/v1/call-backs", {**follow, "urgency": "today"}, token=token))
        gateway.index.settle()
        answers.append(gateway.request("POST", "/api/v1/call-backs/status", follow, token=token))
        told[number] = [flattened(answer, receipt) for answer in answers]
        told[number].append(gateway.log_lines.getvalue())
        statuses.add(tuple(answer.status_code for answer in answers))

    assert statuses == {(200, 200, 201, 200)}
    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] != told[ABSENT]
