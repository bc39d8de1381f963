"""Fail-over between key holders: what is false, missing or refused never reaches a tag; another is asked instead."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from signpost.edge.desk import Desk
from signpost.edge.evaluations import BlindedBatch, combined
from signpost.edge.failures import BudgetUsed, CouldNotCheck, Failure, Refused, SignIn
from signpost.edge.holders_client import Holders, Patience, Quorum
from signpost.edge.match_inputs import EncodedInput
from signpost.edge.signed_sender import SignedSender
from signpost.edge.slots import Slot
from signpost.edge.transport import Transport
from signpost.protocol.classes import MatchClass, Place, Tier, Use
from signpost.protocol.group import multiply
from signpost.protocol.oprf import SUITE
from signpost.protocol.receipts import holder_of
from tests.support.pretend_services import Fault, Pretence

_Result = TypeVar("_Result")

SLOTS = [Slot(Place(MatchClass.STRONG, Tier.T1), EncodedInput(bytes([n]))) for n in range(12)]
IMPATIENT = {use: Patience(before_another=0.02, in_all=0.2) for use in Use}

FALSE = [
    Fault.WRONG_SHARE,
    Fault.SWAPPED_PROOF,
    Fault.FLIPPED_BYTE,
    Fault.SWAPPED_VALUES,
    Fault.IDENTITY,
    Fault.NOT_CANONICAL,
    Fault.ONE_VALUE_SHORT,
    Fault.ANOTHER_HOLDERS_NUMBER,
    Fault.ANOTHER_GENERATION,
    Fault.RECEIPT_OF_ANOTHER_BATCH,
    Fault.RECEIPT_OF_ANOTHER_ACCOUNT,
    Fault.RECEIPT_OF_ANOTHER_USE,
    Fault.RECEIPT_OF_FEWER_POINTS,
    Fault.RECEIPT_RUN_OUT,
    Fault.RECEIPT_OF_ANOTHER_KEY,
]
ABSENT = [
    Fault.SILENT,
    Fault.SLOW,
    Fault.LOCKED,
    Fault.WITHOUT_KEY,
    Fault.OVERLOADED,
    Fault.BUDGET_USED,
    Fault.CREDENTIAL_EXPIRED,
    Fault.EPOCH_UNKNOWN,
    Fault.UNKNOWN_REFUSAL,
    Fault.NOT_JSON,
    Fault.REDIRECT,
    Fault.ENDLESS,
]


async def at_once(work: Callable[[], _Result], *, points: int) -> _Result:
    return work()


def evaluate(pretence: Pretence, folder: Path, *, times: int = 1) -> list[tuple[BlindedBatch, Quorum]]:
    """So many batches, one after another, by one client."""
    desk = Desk.load(pretence.make_desk(folder / "desk"))

    async def ask() -> list[tuple[BlindedBatch, Quorum]]:
        async with Transport(transport=pretence.transport()) as transport:
            holders = Holders(
                desk.manifest,
                SignedSender(transport, desk.identity, clock=pretence.clock, randomness=os.urandom),
                organisation=desk.organisation,
                account=desk.account,
                clock=pretence.clock,
                randomness=os.urandom,
                compute=at_once,
                patience=IMPATIENT,
            )
            batches = [BlindedBatch.blind(Use.LOOKUP, SLOTS, os.urandom) for _ in range(times)]
            return [(batch, await holders.evaluate(batch)) for batch in batches]

    return asyncio.run(ask())


def assert_true_tags(pretence: Pretence, batch: BlindedBatch, quorum: Quorum) -> None:
    key = pretence.whole_key()
    expected = [multiply(key, SUITE.hash_to_group(slot.x)).encoding for slot in SLOTS]
    assert [each.tag.encoding for each in combined(batch, quorum.evaluations)] == expected


@pytest.mark.parametrize("fault", FALSE)
@pytest.mark.parametrize("holder", [1, 2, 3])
def test_a_false_answer_names_its_holder_and_another_is_asked(tmp_path: Path, fault: Fault, holder: int) -> None:
    """Whatever is false in it, its values and its receipt are not used, and the tags come out true."""
    pretence = Pretence(faults={holder: fault})

    for batch, quorum in evaluate(pretence, tmp_path, times=3):
        assert_true_tags(pretence, batch, quorum)
        assert holder not in {evaluation.holder for evaluation in quorum.evaluations}
        assert {holder_of(receipt) for receipt in quorum.receipts} == {1, 2, 3} - {holder}
        assert all(fault.false and fault.holder == holder for fault in quorum.faults)


@pytest.mark.parametrize("fault", ABSENT)
def test_one_that_does_not_answer_is_replaced(tmp_path: Path, fault: Fault) -> None:
    pretence = Pretence(faults={2: fault})

    for batch, quorum in evaluate(pretence, tmp_path, times=3):
        assert_true_tags(pretence, batch, quorum)
        assert {evaluation.holder for evaluation in quorum.evaluations} == {1, 3}
        assert not any(fault.false for fault in quorum.faults)


@pytest.mark.parametrize("fault", [*FALSE, *ABSENT])
def test_two_that_fail_are_one_too_many(tmp_path: Path, fault: Fault) -> None:
    """With t = 2 of 3 there is then no answer, and it is raised."""
    pretence = Pretence(faults={1: fault, 3: Fault.SILENT})

    with pytest.raises(CouldNotCheck) as raised:
        evaluate(pretence, tmp_path)

    assert "Fewer than 2 of 3 key holders gave a true answer" in raised.value.why
    assert "ey holder 1: " in raised.value.why
    assert "key holder 3: it could not be reached" in raised.value.why


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault.BUDGET_USED, BudgetUsed),
        (Fault.CREDENTIAL_EXPIRED, SignIn),
        (Fault.REVOKED, SignIn),
        (Fault.ROLE_REFUSED, Refused),
        (Fault.LOCKED, CouldNotCheck),
        (Fault.SLOW, CouldNotCheck),
    ],
)
def test_a_reason_that_enough_share_is_the_reason(tmp_path: Path, fault: Fault, failure: type[Failure]) -> None:
    """When two of three refuse for the same thing about the asker, no third could help, and that is what is said."""
    pretence = Pretence(faults={1: fault, 2: fault})

    with pytest.raises(failure):
        evaluate(pretence, tmp_path)


def test_one_holders_word_that_the_budget_is_used_is_not_believed_alone(tmp_path: Path) -> None:
    """One holder cannot make a working asker believe that they may not ask."""
    pretence = Pretence(faults={1: Fault.BUDGET_USED, 2: Fault.SILENT})

    with pytest.raises(CouldNotCheck):
        evaluate(pretence, tmp_path)


def test_each_holder_is_asked_about_equally_often(tmp_path: Path) -> None:
    """So that no holder's budget runs down before the others'."""
    pretence = Pretence()

    evaluate(pretence, tmp_path, times=30)

    counts = [len(pretence.arrived[number]) for number in (1, 2, 3)]
    assert sum(counts) == 60
    assert min(counts) > 7  # 20 are expected; so few happen once in some hundred thousand runs


def test_one_that_failed_is_asked_last_for_a_while(tmp_path: Path) -> None:
    """A feed does not wait for a dead holder with every batch."""
    pretence = Pretence(faults={1: Fault.LOCKED})

    evaluate(pretence, tmp_path, times=15)

    assert len(pretence.arrived[1]) <= 1


def test_every_holder_is_sent_the_same_points_and_nothing_else(tmp_path: Path) -> None:
    pretence = Pretence(faults={1: Fault.LOCKED, 2: Fault.LOCKED})

    with pytest.raises(CouldNotCheck):
        evaluate(pretence, tmp_path)

    bodies = {arrived.body for number in (1, 2, 3) for arrived in pretence.arrived[number]}
    assert len(bodies) == 1


def test_a_batch_and_an_evaluation_do_not_print(tmp_path: Path) -> None:
    ((batch, quorum),) = evaluate(Pretence(), tmp_path)

    shown: Any = f"{batch!r} {quorum!r}"

    assert quorum.receipts[0] not in shown
    assert "Scalar" not in shown
