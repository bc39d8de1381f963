"""How any command starts and ends: fast, in plain text, with one exit code, and without repeating what was typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from signpost.edge.failures import CouldNotCheck, DeskMissing, VerificationFailed
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.refusals import RefusalCode, StartRefused
from signpost_cli import main as main_module
from signpost_cli.exit_codes import ExitCode
from signpost_cli.main import COMMANDS, load, run
from signpost_cli.stops import Stop


def every_command(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from every_command(inner, (*path, name))


ALL = [found for name in COMMANDS for found in every_command(load(name), (name,))]


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_help_is_plain_text_with_an_example(
    path: tuple[str, ...], command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == 0

    shown = capsys.readouterr()
    assert "Example:" in shown.out
    assert shown.err == ""
    assert not set("╭│╰\x1b") & set(shown.out)


def test_the_list_of_commands_says_what_each_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    shown = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert name in shown
        assert command.sentence in shown


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("signpost 0.")


@pytest.mark.parametrize(
    "arguments", [["lokup"], ["serve", "index"], ["lookup", "--urgency", "soon"], ["lookup", "--dob"]]
)
def test_a_wrong_command_is_told_with_what_to_type(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == ExitCode.USAGE

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("signpost: ")
    assert "--help" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["lookup", "9990000042"],
        ["lookup", "999 000 0042"],
        ["lookup", "Amelia", "Okafor"],
        ["lookup", "--nhs-number", "9990000042"],
        ["lookup", "--nhs-number=9990000042"],
        ["lookup", "--9990000042"],
        ["lookup", "--urgency", "9990000042"],
        ["9990000042"],
        ["explain", "--format", "2015-04-03"],
        ["lookup", "--home", "x", "A950000178301"],
        ["999", "000", "0042"],
        ["lookup", "--purpose", "3/4/15"],
        ["Amelia"],
        ["serve", "index", "--settings", "9990000042"],
    ],
)
def test_what_was_typed_is_not_repeated(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An identifier typed as an argument by mistake does not stay on the screen or in a job's log."""
    assert run(arguments) == ExitCode.USAGE

    shown = capsys.readouterr()
    for secret in ("9990000042", "'999'", "0042", "Amelia", "Okafor", "2015-04-03", "A950000178301", "3/4/15"):
        assert secret not in shown.out + shown.err


@pytest.mark.parametrize("command", ["lookup", "doctor", "register"])
def test_a_folder_that_is_a_number_is_not_repeated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = ["feed.csv", "--format", "csv"] if command == "register" else []

    assert run([command, *file, "--home", "9990000042"]) != 0

    assert "9990000042" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (
            Stop(ExitCode.REFUSED, "What.", why="Why.", hint="do this"),
            3,
            ["signpost: What.", "  Why: Why.", "  Next: do this"],
        ),
        (Stop(ExitCode.FAILED, "What."), 1, ["signpost: What."]),
        (
            CouldNotCheck("Nobody there.", hint="signpost doctor"),
            6,
            [
                "signpost: No verified, definite answer could be had.",
                "  Why: Nobody there.",
                "  Next: signpost doctor",
            ],
        ),
        (DeskMissing(), 4, ["signpost: This device is not enrolled here."]),
        (VerificationFailed(), 9, ["signpost: Something signed did not verify."]),
    ],
)
def test_a_foreseen_end_says_what_why_and_what_next(
    error: Exception,
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ends_with(error, monkeypatch) == code

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == lines


@pytest.mark.parametrize("error", [Problem(ProblemCode.PASSPHRASE_WRONG), StartRefused(RefusalCode.FILE_UNREADABLE)])
def test_a_refusal_of_a_service_or_a_file_is_foreseen(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends_with(error, monkeypatch) == ExitCode.FAILED
    assert "not foreseen" not in capsys.readouterr().err


def test_an_unforeseen_end_shows_class_and_place_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends_with(ValueError("9990000042"), monkeypatch) == ExitCode.FAILED

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "ValueError at signpost_cli.main:" in shown.err
    assert "9990000042" not in shown.err
    assert "Traceback" not in shown.err


def test_an_interruption_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends_with(KeyboardInterrupt(), monkeypatch) == 130
    assert ends_with(EOFError(), monkeypatch) == 130


def ends_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command that ends with an error."""

    def failing() -> None:
        secret = "9990000042"  # noqa: F841 - a local that no traceback may show
        raise error

    around = typer.Typer()
    around.callback()(lambda: None)
    around.command("doctor")(failing)
    monkeypatch.setattr(main_module, "load", lambda name: typer.main.get_group(around).commands[name])
    return run(["doctor"])


def test_help_loads_none_of_what_the_commands_need() -> None:
    """It is there at once, on a slow machine too."""
    code = (
        "import json, sys\nfrom signpost_cli.main import run\nrun(['--help'])\n"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = json.loads(result.stderr)
    heavy = {"rich", "pydantic", "httpx2", "cryptography", "fastapi", "asyncio", "signpost.edge.client"}
    assert heavy.isdisjoint(loaded)


def test_it_runs_as_a_module_and_as_a_command() -> None:
    environment = {**os.environ, "PYTHONPATH": ""}
    for command in (
        [sys.executable, "-m", "signpost_cli"],
        [str(Path(sys.executable).with_name("signpost"))],
    ):
        shown = subprocess.run([*command, "--version"], capture_output=True, text=True, env=environment, check=True)
        assert shown.stdout.startswith("signpost ")
