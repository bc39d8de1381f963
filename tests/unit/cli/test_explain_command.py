"""`signpost explain`: what a child's details give, on the asker's own screen, contacting nobody."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from signpost.edge.match_inputs import Template
from signpost_cli.main import run

HEADER = "local_id,nhs_number,upn,date_of_birth,start,end,handle\n"


@pytest.fixture(autouse=True)
def nobody_to_contact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it contacted somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("SIGNPOST_HOME", str(tmp_path / "no-desk"))


def test_one_child_is_explained_for_each_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("nhs_number=999 000 0042\ndate_of_birth=3 April 2015"))

    assert run(["explain", "--stdin"]) == 0

    shown, said = capsys.readouterr()
    assert "T1: a hit answers CURRENT or PREVIOUS" in said
    assert "birth date stands as year, then the two numbers of day and month in order" in said
    for heading in ("Registering:", "Looking up:", "Looking up deep:"):
        assert heading in shown
    assert "  nhs  identity  T1  9990000042|2015-03-04" in shown
    assert "  upn  absent: no UPN" in shown


def test_one_child_is_explained_to_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"nhs_number":"9990000042","date_of_birth":"2015-04-03"}'))

    assert run(["explain", "--stdin", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "signpost.explain/1"
    assert shown["lookup"] == [{"template": "nhs", "value": "9990000042|2015-03-04", "class": "identity", "tier": 1}]
    assert {"template": "upn", "reason": "no UPN"} in shown["absent"]["lookup"]
    assert {each["template"] for each in shown["absent"]["lookup"]} == set(Template) - {Template.NHS}


def test_each_row_of_a_file_is_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "feed.csv"
    file.write_text(
        HEADER
        + "A1,9990000042,A950000178301,2015-04-03,2026-01-05,,front-door\nA2,,,2016-05-17,2026-01-05,,front-door\n"
    )

    assert run(["explain", str(file), "--format", "csv", "--json"]) == 0

    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(first) == ["id", "register", "lookup", "deep"]
    assert (first["id"], second["id"]) == ("A1", "A2")
    assert [each["template"] for each in first["register"]] == ["nhs", "upn"]
    assert second["register"] == []


def test_a_row_that_is_wrong_is_told_by_row_field_and_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "feed.csv"
    file.write_text(HEADER + "A1,9990000043,,2015-04-03,2026-01-05,,front-door\n")

    assert run(["explain", str(file), "--format", "csv", "--json"]) == 5

    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"id": "A1", "register": [], "lookup": [], "deep": []}
    assert "2,nhs_number,NHS_CHECK_DIGIT,the check digit does not match" in shown.err
    assert "9990000043" not in shown.err


def test_a_file_needs_a_format_and_must_be_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "feed.csv"
    file.write_text("name,date\nAmelia,2015-04-03\n")

    assert run(["explain", str(file)]) == 2
    assert "--format csv" in capsys.readouterr().err
    assert run(["explain", str(file), "--format", "csv"]) == 2
    shown = capsys.readouterr().err
    assert "local_id" in shown
    assert "Amelia" not in shown


def test_a_reader_that_leaves_is_told_of(tmp_path: Path) -> None:
    """`explain … | head -1` ends with a word, and never in silence."""
    read, write = os.pipe()
    os.close(read)
    details = tmp_path / "details"
    details.write_text("nhs_number=9990000042\ndate_of_birth=2015-04-03")

    with details.open() as stdin:
        ended = subprocess.run(
            [sys.executable, "-m", "signpost_cli", "explain", "--stdin"],
            stdin=stdin,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    os.close(write)

    assert ended.returncode == 1
    assert ended.stderr == "signpost: Not all of it was printed: whoever read it closed the pipe.\n"


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert run(["explain"]) == 5
