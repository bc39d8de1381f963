"""Streams: the answer on stdout, everything else on stderr, and nothing drawn where it could not be seen."""

from __future__ import annotations

import io
import sys

import pytest

from signpost_cli.output import Progress, answer, answer_json, bold, say


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_the_answer_and_the_talk_are_two_streams(capsys: pytest.CaptureFixture[str]) -> None:
    answer("the answer")
    say("the talk")

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("the answer\n", "the talk\n")


def test_json_is_one_line_and_starts_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    answer_json("signpost.test/1", {"name": "Zoë", "count": 3})

    assert capsys.readouterr().out == '{"schema":"signpost.test/1","name":"Zoë","count":3}\n'


@pytest.mark.usefixtures("drawing")
def test_bold_is_for_terminals() -> None:
    assert bold("NONE", Terminal()) == "\x1b[1mNONE\x1b[0m"
    assert bold("NONE", io.StringIO()) == "NONE"
    assert bold("NONE", Terminal(), plain=True) == "NONE"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", ""), ("NO_COLOR", "1"), ("TERM", "dumb")])
@pytest.mark.usefixtures("drawing")
def test_bold_is_switched_off_by_the_environment(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    assert bold("NONE", Terminal()) == "NONE"


class Seconds:
    """A clock that goes on by as much each time it is read."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._at = 0.0

    def __call__(self) -> float:
        self._at += self._step
        return self._at


LONG = 2.0
"""Seconds between two looks at the clock: work of which progress is shown at once."""


def test_progress_is_a_line_every_ten_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Registering", total=311, seconds=Seconds(LONG)) as progress:
        for _ in range(14):
            progress.advance(21)
        progress.advance(17)

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [f"Registering: {tenth}0 %" for tenth in range(1, 11)]


def test_progress_of_little_skips_what_it_jumps_over(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Registering", total=3, seconds=Seconds(LONG)) as progress:
        for _ in range(3):
            progress.advance()

    assert capsys.readouterr().err.splitlines() == ["Registering: 30 %", "Registering: 60 %", "Registering: 100 %"]


@pytest.mark.usefixtures("drawing")
@pytest.mark.parametrize("screen", [Terminal(), io.StringIO()])
def test_work_of_under_a_second_shows_nothing(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten lines that come all at once tell nobody anything."""
    monkeypatch.setattr(sys, "stderr", screen)

    with Progress("Reading", total=10, seconds=Seconds(0.09)) as progress:
        for _ in range(10):
            progress.advance()

    assert screen.getvalue() == ""


def test_progress_starts_where_the_work_is_when_it_has_lasted_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Reading", total=10, seconds=Seconds(0.25)) as progress:
        for _ in range(6):
            progress.advance()

    assert capsys.readouterr().err.splitlines() == ["Reading: 40 %", "Reading: 50 %", "Reading: 60 %"]


def test_progress_of_nothing_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Registering", total=0):
        pass

    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("drawing")
def test_progress_is_a_bar_on_a_terminal_and_lines_where_plain_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for plain in (False, True):
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)

        with Progress("Registering", total=10, plain=plain, seconds=Seconds(LONG)) as progress:
            progress.advance(10)

        assert ("Registering: 100 %" in screen.getvalue()) is plain
        assert ("100%" in screen.getvalue()) is not plain
