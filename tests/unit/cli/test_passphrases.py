"""Passphrases come from a person or a private file, and from nowhere else."""

from __future__ import annotations

import getpass
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from signpost.protocol.secret import Secret
from signpost.service.refusals import StartRefused
from signpost_cli import passphrases
from signpost_cli.exit_codes import ExitCode
from signpost_cli.passphrases import ask_new_passphrase, ask_passphrase
from signpost_cli.stops import Stop

WORDS = "four words of a test"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.touch(mode=0o600)
    path.write_text(WORDS + "\n")
    return path


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person at a terminal types, one line after another."""
    typed: list[str] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    # pytest puts its own streams into sys between a fixture and its test
    monkeypatch.setattr(passphrases, "sys", SimpleNamespace(stdin=Terminal(), stderr=Terminal()))
    monkeypatch.setattr(getpass, "getpass", lambda prompt, stream: typed.pop(0))
    return typed


def test_a_file_gives_it_without_its_line_end(file: Path) -> None:
    assert ask_passphrase(file, of="a test") == Secret(WORDS.encode())
    file.write_text(f"  {WORDS} \r\n")
    assert ask_passphrase(file, of="a test") == Secret(f"  {WORDS} ".encode())


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)

    with pytest.raises(StartRefused):
        ask_passphrase(file, of="a test")


def test_without_a_terminal_nothing_is_asked_and_the_flag_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(WORDS))

    with pytest.raises(Stop) as raised:
        ask_passphrase(None, of="a test")

    assert raised.value.code is ExitCode.NEEDS_A_PERSON
    assert "--passphrase-file" in raised.value.hint


def test_a_person_is_asked_once_for_what_exists(person: list[str]) -> None:
    person.append("short")

    assert ask_passphrase(None, of="a test") == Secret(b"short")


def test_a_person_is_asked_twice_for_a_new_one(person: list[str]) -> None:
    person += [WORDS, WORDS]

    assert ask_new_passphrase(None, of="a test") == Secret(WORDS.encode())
    assert person == []


def test_two_that_differ_are_none(person: list[str]) -> None:
    person += [WORDS, WORDS + "."]

    with pytest.raises(Stop, match="differ"):
        ask_new_passphrase(None, of="a test")


def test_a_new_one_that_is_short_is_refused(person: list[str], file: Path) -> None:
    person.append("eleven char")
    with pytest.raises(Stop, match="at least 12"):
        ask_new_passphrase(None, of="a test")
    file.write_text("eleven char\n")
    with pytest.raises(Stop, match="at least 12"):
        ask_new_passphrase(file, of="a test")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00"])
def test_a_file_without_one_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(Stop) as raised:
        ask_passphrase(file, of="a test")

    assert raised.value.code is ExitCode.USAGE
