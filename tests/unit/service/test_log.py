"""Nothing is logged but the events of a catalogue, with their fields and no others."""

from __future__ import annotations

import io
import json
import sys
from enum import StrEnum
from typing import cast

import pytest

from signpost.service.log import Event, Level, Log, Loggable, Word


class Colour(StrEnum):
    """A field's kind."""

    RED = "red"


class Lamps(Event):
    """A catalogue."""

    LIT = ("lamp-lit", Level.INFO, {"number": int, "colour": Colour, "room": Word, "dimmed": bool})
    BROKEN = ("lamp-broken", Level.ERROR, {"exception": type})
    COUNTED = ("lamps-counted", Level.WARNING)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Log:
    return Log(Word("house"), stream)


def test_an_event_is_one_line_of_json(log: Log, stream: io.StringIO) -> None:
    log.emit(Lamps.LIT, number=3, colour=Colour.RED, room=Word("hall.east"), dimmed=False)
    log.emit(Lamps.COUNTED)

    lit, counted = map(json.loads, stream.getvalue().splitlines())

    assert lit.pop("at").endswith("Z")
    assert lit == {
        "service": "house",
        "event": "lamp-lit",
        "level": "info",
        "number": 3,
        "colour": "red",
        "room": "hall.east",
        "dimmed": False,
    }
    assert (counted["event"], counted["level"]) == ("lamps-counted", "warning")


def test_of_an_exception_only_its_class_is_logged(log: Log, stream: io.StringIO) -> None:
    log.emit(Lamps.BROKEN, exception=type(ValueError("the red lamp")))
    log.emit(Lamps.BROKEN, exception=json.JSONDecodeError)
    log.emit(Lamps.BROKEN, exception=None)

    shown = [json.loads(line)["exception"] for line in stream.getvalue().splitlines()]

    assert shown == ["ValueError", "json.decoder.JSONDecodeError", None]


def test_free_text_does_not_type_check_and_is_refused(log: Log, stream: io.StringIO) -> None:
    """The type checker would call the ignore below unused if it let a string through."""
    with pytest.raises(ValueError, match="room"):
        log.emit(Lamps.LIT, number=3, colour=Colour.RED, room="the red lamp", dimmed=False)  # type: ignore[arg-type]

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"note": Word("x")}, id="unknown"),
        pytest.param({"exception": ValueError, "note": 3}, id="one too many"),
        pytest.param({}, id="missing"),
        pytest.param({"exception": 3}, id="of another kind"),
    ],
)
def test_fields_that_are_not_the_events_own_are_refused(
    log: Log, stream: io.StringIO, fields: dict[str, Loggable]
) -> None:
    with pytest.raises(ValueError, match="lamp-broken"):
        log.emit(Lamps.BROKEN, **fields)

    assert stream.getvalue() == ""


def test_a_refused_field_is_not_quoted(log: Log) -> None:
    """The error of a wrong field names the field and the event, not what was in it."""
    with pytest.raises(ValueError, match="number") as refused:
        log.emit(Lamps.LIT, number=cast(int, "heirloom"), colour=Colour.RED, room=Word("hall"), dimmed=True)

    assert "heirloom" not in str(refused.value)


def test_a_number_is_no_yes_or_no_and_the_reverse(log: Log) -> None:
    with pytest.raises(ValueError, match="dimmed"):
        log.emit(Lamps.LIT, number=3, colour=Colour.RED, room=Word("hall"), dimmed=1)
    with pytest.raises(ValueError, match="number"):
        log.emit(Lamps.LIT, number=True, colour=Colour.RED, room=Word("hall"), dimmed=True)


@pytest.mark.parametrize("text", ["", "two words", "a\nb", "né", 'a"b', "x" * 101])
def test_a_word_is_not_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="word") as refused:
        Word(text)

    assert not text.strip() or text not in str(refused.value)


def test_a_catalogue_names_an_event_once() -> None:
    """Two members of one code would silently be one."""
    with pytest.raises(ValueError, match="stands twice"):

        class Twice(Event):
            ON = ("lamp-on", Level.INFO)
            OFF = ("lamp-on", Level.ERROR)


def test_a_catalogue_leaves_the_lines_own_names_alone() -> None:
    with pytest.raises(ValueError, match="reserved"):

        class Reserved(Event):
            ON = ("lamp-on", Level.INFO, {"level": int})


def test_a_stream_that_is_gone_fails_nothing() -> None:
    """A service whose stderr was closed goes on answering."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    Log(Word("house"), Gone()).emit(Lamps.COUNTED)


def test_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Log(Word("house"), sys.stderr).emit(Lamps.COUNTED)

    shown = capsys.readouterr()

    assert shown.out == ""
    assert json.loads(shown.err)["event"] == "lamps-counted"
