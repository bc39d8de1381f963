"""What both services log. Each adds a catalogue of its own; there is no other way to write a line."""

from __future__ import annotations

from enum import StrEnum

from signpost.service.log import Event, Level, Word
from signpost.service.refusals import RefusalCode

__all__ = ["Scheme", "ServiceEvent"]


class Scheme(StrEnum):
    """How the public address is spoken to."""

    HTTP = "http"
    HTTPS = "https"


class ServiceEvent(Event):
    """The door's own events."""

    READY = ("ready", Level.INFO, {"scheme": Scheme, "host": Word, "port": int, "admin_socket": bool})
    """Both addresses answer. `port` is the one chosen where the settings said 0."""
    STOPPING = ("stopping", Level.INFO)
    STOPPED = ("stopped", Level.INFO)
    START_REFUSED = ("start-refused", Level.ERROR, {"code": RefusalCode})
    UNEXPECTED = ("unexpected", Level.ERROR, {"exception": type, "module": Word, "line": int})
    """A request ended in an exception nobody foresaw: answered 500, and where it was raised."""
    WRITE_LOST = ("write-lost", Level.ERROR, {"exception": type, "pieces": int})
    """A transaction did not commit; each of its callers was told so."""
    LIBRARY_COMPLAINED = ("library-complained", Level.WARNING, {"library": Word, "exception": type})
    """A library logged a warning or an error. What it said is not kept."""
