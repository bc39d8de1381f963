"""`signpost doctor`: 0 when a lookup could be answered now, else 1, and what is wrong by name."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from signpost_cli.main import run
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run


@pytest.fixture
def pretence() -> Pretence:
    first = free_port_run(4)
    return Pretence(port=first, index_port=first + 3, clock=StillClock(int(time.time())))


@pytest.mark.parametrize(
    ("faults", "code", "named"),
    [
        ({}, 0, "well   quorum: 3 of 3"),
        ({2: Fault.STATUS_LOCKED}, 0, "ill    key holder 2: is locked"),
        ({2: Fault.STATUS_LOCKED, 3: Fault.SILENT}, 1, "ill    key holder 3: it could not be reached"),
        ({0: Fault.SILENT}, 1, "ill    index: it could not be reached"),
    ],
)
def test_it_ends_with_whether_a_lookup_could_be_answered(
    pretence: Pretence,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    faults: dict[int, Fault],
    code: int,
    named: str,
) -> None:
    pretence.faults = faults
    home = pretence.make_desk(tmp_path / "desk")

    with pretence.on_loopback():
        assert run(["doctor", "--home", str(home)]) == code

    assert named in capsys.readouterr().out


def test_what_it_does_not_test_is_said(pretence: Pretence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = pretence.make_desk(tmp_path / "desk")

    with pretence.on_loopback():
        run(["doctor", "--home", str(home)])

    assert "Not tested: whether this device has been revoked." in capsys.readouterr().err


def test_a_program_is_told_the_same(pretence: Pretence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = pretence.make_desk(tmp_path / "desk")

    with pretence.on_loopback():
        assert run(["doctor", "--home", str(home), "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["healthy"]) == ("signpost.doctor/1", True)
    assert [check["what"] for check in shown["checks"]] == [
        "desk",
        "enrolment",
        "shift",
        "clock",
        "index",
        "key holder 1",
        "key holder 2",
        "key holder 3",
        "quorum",
        "manifest",
    ]


def test_a_desk_that_cannot_be_used_is_the_first_thing_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--home", str(tmp_path)]) == 1

    assert capsys.readouterr().out.startswith("ill    desk: This device is not enrolled here.")
