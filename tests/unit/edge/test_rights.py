"""Rights from an officer's desk: what is evaluated and sent, and what is sent again when an answer is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from signpost.edge import rights
from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import CouldNotCheck, NothingToAsk
from signpost.edge.holders_client import HolderFault
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.transport import Transport
from signpost.protocol.classes import Use
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import EvaluationRequest, Nothing
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.rights import (
    CorrectRequest,
    ObjectionEndRequest,
    ReportAsked,
    ReportDecisionRequest,
    RightsReceipt,
)
from signpost.service.clock import system_randomness
from tests.support.pretend_services import NOON, Fault, Pretence
from tests.support.world import chance

T = TypeVar("T")

CHILD = ChildDetails(nhs_number=NHSNumber.parse("999 000 0042"), date_of_birth=dt.date(2015, 4, 3), surname="Quill")
RIGHT = ChildDetails(
    nhs_number=NHSNumber.parse("999 000 0042"), date_of_birth=dt.date(2015, 4, 3), forename="Ada", surname="Quilliam"
)
RECEIPT = RightsReceipt(receipt="K7Q2-94KD", at=NOON, changed=1, standing=0)
ASKED = ReportAsked(report="K7Q2-94KD", asked_at=NOON, release_at=NOON + 28 * 86_400, decided=False)


@pytest.fixture
def pretence() -> Pretence:
    """A council's rights officer."""
    return Pretence(role=Role.RIGHTS_OFFICER, kind=Kind.COUNCIL)


def do(pretence: Pretence, folder: Path, work: Callable[[Client], Awaitable[T]], *, seed: int | None = None) -> T:
    """Do it at this officer's desk. Of the seed, where there is one, it depends which holders are asked."""

    async def doing() -> T:
        desk = Desk.load(pretence.make_desk(folder / "desk"))
        transport = Transport(transport=pretence.transport())
        randomness = system_randomness if seed is None else chance(seed).randbytes
        async with Client(desk, clock=pretence.clock, transport=transport, randomness=randomness) as client:
            return await work(client)

    return asyncio.run(doing())


def quiet(fault: HolderFault) -> None:
    """Nobody is told."""


def test_a_holder_sees_an_officers_twelve_points_whatever_they_are_for(pretence: Pretence, tmp_path: Path) -> None:
    """A report's, and both of a correction's."""
    pretence.says |= {"/v1/rights/reports": ASKED, "/v1/rights/corrections": RECEIPT}

    do(pretence, tmp_path / "one", lambda client: rights.ask_for_report(client, CHILD, on_fault=quiet))
    do(pretence, tmp_path / "two", lambda client: rights.correct(client, CHILD, RIGHT, on_fault=quiet))

    arrived = [each for number in (1, 2, 3) for each in pretence.arrived[number] if each.body]
    seen = [EvaluationRequest.model_validate_json(each.body) for each in arrived]
    assert len(seen) == 3 * 2  # three evaluations, at two holders each
    assert {(each.kind, len(each.points)) for each in seen} == {(Use.OFFICER, 12 * 32)}


def test_the_right_details_are_tags_that_a_lookup_would_find(pretence: Pretence, tmp_path: Path) -> None:
    """The same child's number gives the same tag on both sides, whatever it is held as."""
    pretence.says["/v1/rights/corrections"] = RECEIPT

    do(pretence, tmp_path, lambda client: rights.correct(client, CHILD, RIGHT, on_fault=quiet))

    sent = CorrectRequest.model_validate_json(pretence.heard[0][1])
    shared = {to_base64url(point.tag) for point in sent.tags} & {to_base64url(point.tag) for point in sent.right}
    assert len(shared) == 1


def test_a_report_whose_answer_was_lost_is_asked_for_again_in_the_same_words(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index knows the body again, and gives the same report."""
    monkeypatch.setattr("signpost.edge.index_client._PAUSES", (0.0, 0.0))
    pretence.says["/v1/rights/reports"] = ASKED
    pretence.drop_replies = 1

    assert do(pretence, tmp_path, lambda client: rights.ask_for_report(client, CHILD, on_fault=quiet)) == ASKED
    first, again = pretence.heard
    assert first == again


@pytest.mark.parametrize("what", ["decide", "end"])
def test_what_is_done_once_is_not_sent_again_once_it_arrived(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It is said that nobody knows whether it was done."""
    monkeypatch.setattr("signpost.edge.index_client._PAUSES", (0.0, 0.0))
    pretence.says |= {"/v1/rights/reports/decide": Nothing(), "/v1/rights/objections/end": Nothing()}
    pretence.drop_replies = 1
    decision = ReportDecisionRequest(report="K7Q2-94KD", decision="release", safe_to_show=True, exemption=None)
    end = ObjectionEndRequest(objection="K7Q2-94KD")

    def work(client: Client) -> Awaitable[None]:
        return client.index.decide_report(decision) if what == "decide" else client.index.end_objection(end)

    with pytest.raises(CouldNotCheck):
        do(pretence, tmp_path, work)
    assert len(pretence.heard) == 1


def test_details_that_say_nothing_are_not_sent(pretence: Pretence, tmp_path: Path) -> None:
    """Neither the wrong ones nor the right ones."""
    nothing = ChildDetails(surname="Quill")
    for registered, right in ((nothing, CHILD), (CHILD, nothing)):
        with pytest.raises(NothingToAsk):
            do(
                pretence, tmp_path / str(right is nothing),
                lambda client: rights.correct(client, registered, right, on_fault=quiet),  # noqa: B023 - at once
            )  # fmt: skip
    assert pretence.heard == []


def test_a_holder_that_lied_is_named_to_whoever_asks(pretence: Pretence, tmp_path: Path) -> None:
    """The answer does not need it; the operator is to know."""
    pretence.says["/v1/rights/withdrawals"] = RECEIPT
    pretence.faults[1] = Fault.FLIPPED_BYTE
    faults: list[HolderFault] = []

    seeds = itertools.count()
    while not pretence.arrived[1]:
        do(pretence, tmp_path, lambda client: rights.withdraw_consent(client, CHILD, on_fault=faults.append),
           seed=next(seeds))  # fmt: skip

    assert [fault.false for fault in faults] == [True]
