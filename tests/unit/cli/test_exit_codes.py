"""Exit codes are a promise to scripts: their numbers and meanings stay."""

from __future__ import annotations

import json

import pytest

from signpost.edge.failures import Outcome
from signpost_cli.exit_codes import ExitCode
from signpost_cli.main import run


def test_the_numbers_stay() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "REFUSED": 3,
        "SIGN_IN": 4,
        "NEEDS_A_PERSON": 5,
        "COULD_NOT_CHECK": 6,
        "BUDGET_USED": 7,
        "PENDING": 8,
        "VERIFICATION_FAILED": 9,
        "INTERRUPTED": 130,
    }


def test_every_failure_of_the_edge_has_its_code() -> None:
    assert {outcome.name for outcome in Outcome} <= {code.name for code in ExitCode}


def test_the_help_page_lists_every_code_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "exit-codes"]) == 0

    shown = capsys.readouterr().out
    assert [line.split(maxsplit=1) for line in shown.splitlines()] == [
        [str(int(code)), code.sentence] for code in ExitCode
    ]


def test_the_help_page_is_there_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "exit-codes", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "signpost.exit-codes/1"
    assert {"code": 6, "name": "could-not-check", "meaning": "Could not check. This is not a no."} in shown[
        "exit_codes"
    ]
