"""On a real terminal, with a family beside it: what a rights officer is asked, and that it leaves the screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.protocol.purposes import Kind, Role
from signpost.protocol.rights import CorrectRequest, ReportAsked, RightsReceipt
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run
from tests.unit.cli.test_on_a_terminal import Terminal

REPORT = "K7Q2-104D"


@pytest.fixture
def pretence() -> Pretence:
    """A council's rights officer."""
    first = free_port_run(4)
    return Pretence(
        role=Role.RIGHTS_OFFICER, kind=Kind.COUNCIL, port=first, index_port=first + 3,
        clock=StillClock(int(time.time())),
    )  # fmt: skip


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Closed again."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_a_report_is_asked_for_and_the_details_are_gone(
    pretence: Pretence, tmp_path: Path, terminals: list[Terminal]
) -> None:
    """What stays is a reference and a day."""
    home, now = pretence.make_desk(tmp_path / "desk"), int(time.time())
    pretence.says["/v1/rights/reports"] = ReportAsked(
        report=REPORT, asked_at=now, release_at=now + 28 * 86_400, decided=False
    )
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("rights", "report", home=home))
        terminal.expect("NHS number: ")
        terminal.type("999 000 0042\n")
        terminal.expect("Date of birth: ")
        terminal.type("3 April 2015\n")
        assert terminal.end() == 0

    screen = "\n".join(terminal.screen())
    assert screen.startswith(f"The report is asked for. Its reference is {REPORT}.")
    assert "999 000" not in screen
    assert "3 April 2015" not in screen


def test_what_is_said_of_a_holder_keeps_no_details_on_the_screen(
    pretence: Pretence, tmp_path: Path, terminals: list[Terminal]
) -> None:
    """It is said when they have gone: whatever is printed between them moves what is to be cleared."""
    home, now = pretence.make_desk(tmp_path / "desk"), int(time.time())
    pretence.faults = {1: Fault.WRONG_SHARE}
    pretence.says["/v1/rights/reports"] = ReportAsked(
        report=REPORT, asked_at=now, release_at=now + 28 * 86_400, decided=False
    )
    screen = ""
    with pretence.on_loopback():
        for _ in range(20):  # which two of the three holders are asked is drawn
            pretence.clock = StillClock(int(time.time()))
            terminals.append(terminal := Terminal("rights", "report", home=home))
            terminal.expect("NHS number: ")
            terminal.type("999 000 0042\n")
            terminal.expect("Date of birth: ")
            terminal.type("3 April 2015\n")
            ended, screen = terminal.end(), "\n".join(terminal.screen())
            assert ended == 0, screen
            if "Tell the operator." in screen:
                break

    assert "Tell the operator." in screen
    assert "999 000" not in screen
    assert "3 April 2015" not in screen


def test_a_correction_asks_for_the_wrong_details_then_for_the_right_ones(
    pretence: Pretence, tmp_path: Path, terminals: list[Terminal]
) -> None:
    """All of them, each of which may be skipped; neither stays."""
    home = pretence.make_desk(tmp_path / "desk")
    pretence.says["/v1/rights/corrections"] = RightsReceipt(receipt=REPORT, at=1, changed=0, standing=0)
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("rights", "correct", home=home))
        for heading, surname in (("as they are registered", "Quill"), ("the right ones", "Quilliam")):
            terminal.expect(heading)
            for question, typed in (
                ("Forename", "Zebedee"), ("Middle name", ""), ("Surname", surname), ("Date of birth", "3 April 2015"),
                ("Postcode", "ZZ99 3AA"), ("Previous postcode", ""), ("One of twins", ""), ("NHS number", ""),
                ("UPN", ""),
            ):  # fmt: skip
                terminal.expect(question)
                terminal.raw = terminal.raw.replace(question, "")
                terminal.type(f"{typed}\n")
        assert terminal.end() == 0

    screen = "\n".join(terminal.screen())
    assert "Corrected: 0 entries" in screen
    assert "Check the details as they are registered." in screen
    for typed in ("Zebedee", "Quill", "ZZ99"):
        assert typed not in screen
    sent = CorrectRequest.model_validate_json(pretence.heard[0][1])
    assert {point.tag for point in sent.tags}.isdisjoint(point.tag for point in sent.right)


def test_whoever_interrupts_the_questions_is_told_that_nothing_was_sent(
    pretence: Pretence, tmp_path: Path, terminals: list[Terminal]
) -> None:
    """And what was typed is gone."""
    home = pretence.make_desk(tmp_path / "desk")
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("rights", "withdraw", home=home))
        terminal.expect("NHS number: ")
        terminal.type("999 000 0042\n")
        terminal.expect("Date of birth: ")
        terminal.interrupt()
        assert terminal.end() == 130

    screen = "\n".join(terminal.screen())
    assert "Interrupted. Nothing was sent." in screen
    assert "999 000" not in screen
