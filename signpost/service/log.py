"""Logs are a closed catalogue: JSON lines on stderr, each an event of an enum with the fields it declares.

An event has a code, a level and named fields, each of one kind: a number, a yes or no, a member of an enum, a `Word`,
or an exception's class. Free text has no place to go: it does not type-check, and it is refused when it is tried.
What other libraries log is reduced to the library's name and the exception's class (`take_over_logging`): their
messages and tracebacks quote values.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final, TextIO

import structlog

__all__ = ["Event", "Level", "Log", "Loggable", "Word"]


class Level(StrEnum):
    """How much an event matters: `warning` deserves a look by day, `error` wakes somebody."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_WORD: Final = re.compile(r"[A-Za-z0-9_.:@\[\]-]{1,100}")


@dataclass(frozen=True, slots=True)
class Word:
    """A name of ours without spaces: a module, a host, an organisation's id. Wrapping one is a decision to log it."""

    text: str

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.text):
            raise ValueError("not a word that may be logged")


Loggable = int | Enum | Word | type[BaseException] | None
"""What a field may hold. `bool` is an `int`; `None` says that there was none."""


class Event(Enum):
    """The base of a catalogue: `READY = ("ready", Level.INFO, {"port": int})`. An exception's class has kind `type`."""

    def __init__(self, code: str, level: Level, fields: Mapping[str, type[object]] = MappingProxyType({})) -> None:
        if any(code == other.code for other in type(self)):
            raise ValueError(f"event {code} stands twice in the catalogue")
        if reserved := fields.keys() & _RESERVED:
            raise ValueError(f"event {code} uses reserved field names: {sorted(reserved)}")
        self.code: str = code
        self.level: Level = level
        self.fields: Mapping[str, type[object]] = fields


_RESERVED: Final = {"at", "event", "level", "service"}


class Log:
    """Writes events of one service."""

    def __init__(self, service: Word, stream: TextIO | None = None) -> None:
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr if stream is None else stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger("info"),
            service=service.text,
        )

    def emit(self, event: Event, **fields: Loggable) -> None:
        """Writes one line. A stream that is gone is no reason to fail what is being done.

        Raises:
            ValueError: the fields are not exactly those of the event, each of its kind.
        """
        if fields.keys() != event.fields.keys():
            wrong = sorted(fields.keys() ^ event.fields.keys())
            raise ValueError(f"event {event.code} does not have just these fields: {wrong}")
        shown = {name: _shown(event, name, value) for name, value in fields.items()}
        with contextlib.suppress(OSError):
            getattr(self._logger, event.level.value)(event.code, **shown)


def _shown(event: Event, name: str, value: Loggable) -> str | int | None:
    kind = event.fields[name]
    if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise ValueError(f"field {name} of event {event.code} is of another kind")
    match value:
        case Enum():
            return str(value.value)
        case Word():
            return value.text
        case type():
            return value.__qualname__ if value.__module__ == "builtins" else f"{value.__module__}.{value.__qualname__}"
        case int() | None:
            return value
