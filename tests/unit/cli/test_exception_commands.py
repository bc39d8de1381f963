"""`signpost admin exception` and `signpost keys exception`: asked for in a file, reviewed by somebody else."""

# ruff: noqa: F811 - fixtures of another file
from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from signpost.edge.organisation_keys import load_organisation
from signpost.protocol.budget_exceptions import BudgetException
from signpost_cli import budget_exception_files
from signpost_cli.main import run
from tests.unit.cli.test_admin_commands import SETTINGS, Operator, here, new_keys, operator  # noqa: F401 - fixtures

ASK = [
    "admin", "exception", "ask", "worker-1", "--reason", "sibling-group", "--lookups", "30", "--hours", "8",
    "--org-keys", "keys", "--passphrase-file", "passphrase",
]  # fmt: skip


def asked(*more: str) -> int:
    """Ask, into a file."""
    return run([*ASK, "--out", "more.txt", *more])


def test_what_is_asked_is_signed_into_a_file_of_ones_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no file is written over."""
    new_keys()
    capsys.readouterr()

    assert asked() == 0

    said = BudgetException.read((here / "more.txt").read_text().strip(), load_organisation(here / "keys").signing_key)
    assert (said.organisation, said.account, said.lookups, said.hours) == ("north-council", "worker-1", 30, 8)
    assert stat.S_IMODE((here / "more.txt").stat().st_mode) == 0o600
    assert "within a day, once" in capsys.readouterr().err
    assert asked() == 2


@pytest.mark.parametrize(
    "more", [["--lookups", "501"], ["--hours", "13"], ["--lookups", "0"], ["--repeats", "51"], ["--reason", "curious"]]
)
def test_more_than_may_be_is_refused(more: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_keys()

    assert asked(*more) == 2
    assert not (here / "more.txt").exists()


def test_a_reviewer_is_shown_it_and_says_yes(
    here: Path,
    operator: Operator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a terminal nothing is approved but with --yes."""
    new_keys()
    asked()
    token = (here / "more.txt").read_text().strip()
    operator.exception = {
        "organisation": "north-council", "account": "worker-1", "reason": "sibling-group", "lookups": 30, "repeats": 0,
        "until": 1_790_078_400,
    }  # fmt: skip
    capsys.readouterr()

    assert run(["admin", "exception", "approve", "more.txt", *SETTINGS]) == 5
    shown = capsys.readouterr().err
    assert "north-council/worker-1 asks for 30 lookups more a shift, for 8 hours: sibling group." in shown
    assert operator.asked == []

    assert run(["admin", "exception", "approve", "more.txt", "--yes", "--json", *SETTINGS]) == 0
    assert operator.asked[-1] == ("/exceptions", {"exception": token})
    assert json.loads(capsys.readouterr().out)["exceptions"] == [operator.exception]

    assert run(["admin", "exception", "list", *SETTINGS]) == 0
    assert capsys.readouterr().out.startswith("north-council/worker-1  sibling-group  30 lookups more a shift  until ")
    assert run(["admin", "exception", "refuse", "more.txt", *SETTINGS]) == 0
    assert operator.asked[-1] == ("/exceptions/refuse", {"exception": token})
    assert run(["admin", "exception", "end", "north-council", "worker-1", *SETTINGS]) == 0
    assert operator.asked[-1] == ("/exceptions/end", {"organisation": "north-council", "account": "worker-1"})


@pytest.mark.parametrize(("typed", "sent"), [("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False)])
def test_on_a_terminal_only_yes_approves(
    typed: str,
    sent: bool,
    here: Path,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Keyboard:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    class Screen:
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None: ...

    new_keys()
    asked()
    operator.exception = {
        "organisation": "north-council", "account": None, "reason": "sibling-group", "lookups": 1, "repeats": 2,
        "until": 1,
    }  # fmt: skip

    class Terminal:
        stdin, stderr = Keyboard(), Screen()

    monkeypatch.setattr(budget_exception_files, "sys", Terminal)

    assert run(["admin", "exception", "approve", "more.txt", *SETTINGS]) == (0 if sent else 3)
    assert bool(operator.asked) is sent


@pytest.mark.parametrize("text", ["", "not a request", "a.b.c", "é", "x" * 10_000])
def test_what_is_no_request_is_refused_with_nothing_sent(text: str, here: Path, operator: Operator) -> None:
    (here / "more.txt").write_text(text)

    assert run(["admin", "exception", "approve", "more.txt", "--yes", *SETTINGS]) == 2
    assert run(["admin", "exception", "refuse", "more.txt", *SETTINGS]) == 2
    assert operator.asked == []


def test_where_nothing_runs_it_says_so(here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["admin", "exception", "list", *SETTINGS]) == 0
    assert capsys.readouterr() == ("", "No exception runs.\n")
    assert _json(capsys, "admin", "exception", "list", "--json", *SETTINGS) == []


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)["exceptions"]
