"""What `doctor` finds: each thing that would keep a lookup from being answered is named before somebody needs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from signpost.edge.desk import Desk
from signpost.edge.examination import Condition, Finding, examine
from signpost.edge.transport import Transport
from tests.support.pretend_services import Fault, Pretence, StillClock

WELL, WATCH, ILL = Condition.WELL, Condition.WATCH, Condition.ILL


def findings(pretence: Pretence, folder: Path, *, ahead: int = 0) -> dict[str, Finding]:
    desk = Desk.load(pretence.make_desk(folder / "desk"))
    clock = StillClock(pretence.clock.at + ahead)

    async def look() -> list[Finding]:
        async with Transport(transport=pretence.transport()) as transport:
            return await examine(desk, transport, clock=clock)

    return {finding.what: finding for finding in asyncio.run(look())}


def test_a_desk_in_order_is_found_well(tmp_path: Path) -> None:
    pretence = Pretence()

    found = findings(pretence, tmp_path)

    assert {finding.condition for finding in found.values()} == {WELL}
    assert found["index"].says == "answers; 147 of 153 authorities are up to date"
    assert found["quorum"].says == "3 of 3 key holders serve, and 2 are needed"


def test_nothing_is_signed_and_nothing_charged(tmp_path: Path) -> None:
    pretence = Pretence()

    findings(pretence, tmp_path)

    arrived = [request for service in pretence.arrived.values() for request in service]
    assert arrived
    assert not any("signature" in request.headers for request in arrived)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.SILENT, "it could not be reached"),
        (Fault.NOT_JSON, "did not answer as a key holder does"),
        (Fault.STATUS_LOCKED, "is locked"),
        (Fault.STATUS_WITHOUT_KEY, "has no key"),
        (Fault.STATUS_OF_ANOTHER_MANIFEST, "serves another manifest than this device was enrolled with"),
        (Fault.STATUS_STALE, "has no fresh revocation list, and answers nobody until it has"),
    ],
)
def test_a_key_holder_that_would_not_answer_is_named(tmp_path: Path, fault: Fault, says: str) -> None:
    """One of three is to be watched; two are too many."""
    one = findings(Pretence(faults={2: fault}), tmp_path / "one")
    two = findings(Pretence(faults={2: fault, 3: fault}), tmp_path / "two")

    assert (one["key holder 2"].condition, one["key holder 2"].says) == (ILL, says)
    assert one["quorum"].condition is WATCH
    assert two["quorum"].condition is ILL
    assert two["quorum"].says == "1 of 3 key holders serve, and 2 are needed"


def test_another_manifest_at_enough_holders_is_ill(tmp_path: Path) -> None:
    fault = Fault.STATUS_OF_ANOTHER_MANIFEST
    one = findings(Pretence(faults={2: fault}), tmp_path / "one")
    two = findings(Pretence(faults={2: fault, 3: fault}), tmp_path / "two")

    assert (one["manifest"].condition, two["manifest"].condition) == (WATCH, ILL)


def test_an_index_that_does_not_answer_is_named(tmp_path: Path) -> None:
    assert findings(Pretence(faults={0: Fault.SILENT}), tmp_path)["index"].condition is ILL


@pytest.mark.parametrize(
    ("ahead", "condition", "says"),
    [
        (0, WELL, "agrees with the services'"),
        (5, WELL, "agrees with the services'"),
        (6, ILL, "is 6 seconds fast"),
        (-59, WELL, "agrees with the services'"),
        (-60, ILL, "is 60 seconds slow"),
    ],
)
def test_a_clock_that_would_have_signatures_refused_is_ill(
    tmp_path: Path, ahead: int, condition: Condition, says: str
) -> None:
    found = findings(Pretence(), tmp_path, ahead=ahead)["clock"]

    assert (found.condition, found.says) == (condition, says)


def test_a_shift_and_an_enrolment_that_ran_out_say_how_to_go_on(tmp_path: Path) -> None:
    found = findings(Pretence(), tmp_path, ahead=31 * 24 * 60 * 60)

    assert (found["shift"].condition, found["enrolment"].condition) == (ILL, ILL)
    assert "signpost login" in found["shift"].hint
    assert "signpost admin account enrol" in found["enrolment"].hint


def test_nobody_to_compare_with_is_said(tmp_path: Path) -> None:
    found = findings(Pretence(faults=dict.fromkeys(range(4), Fault.SILENT)), tmp_path)

    assert found["clock"].says == "there was nobody to compare it with"
    assert found["manifest"].says == "is the pinned one; no key holder says which it serves"


def test_what_to_do_next_is_about_the_cause(tmp_path: Path) -> None:
    found = findings(Pretence(faults={0: Fault.SILENT, 1: Fault.SILENT, 2: Fault.SILENT}), tmp_path)

    assert "network" in found["index"].hint
    assert "network" in found["key holder 1"].hint
    assert found["manifest"].says == "is the pinned one, and the one key holder that says which it serves, serves it"
