"""What libraries and the interpreter say is taken over by the catalogue, without their words.

Messages and tracebacks of others quote values: a request line, a row, an argument. Of each only the library's name, the
exception's class and the place it was raised are kept. uvicorn's access log is off altogether.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from types import TracebackType

from signpost.service.events import ServiceEvent
from signpost.service.log import Log, Loggable, Word

__all__ = ["take_over_logging", "where_raised"]


def take_over_logging(log: Log) -> None:
    """From now on nothing reaches stderr but the catalogue's lines. Called once, first thing in a service's process."""
    logging.basicConfig(handlers=[_Reduced(log)], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn.access").disabled = True

    def uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        log.emit(ServiceEvent.UNEXPECTED, exception=kind, **_place(trace))

    sys.excepthook = uncaught
    sys.unraisablehook = lambda failed: uncaught(failed.exc_type, failed.exc_value, failed.exc_traceback)
    threading.excepthook = lambda failed: uncaught(failed.exc_type, failed.exc_value, failed.exc_traceback)


def where_raised(error: BaseException) -> dict[str, Loggable]:
    """The fields of an exception that may be logged: its class, and the module and line that raised it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return {"exception": type(error), **_place(error.__traceback__)}


class _Reduced(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        self._log.emit(ServiceEvent.LIBRARY_COMPLAINED, library=_word(record.name), exception=kind)


def _place(trace: TracebackType | None) -> dict[str, Loggable]:
    if trace is None:
        return {"module": None, "line": None}
    while trace.tb_next is not None:
        trace = trace.tb_next
    return {"module": _word(trace.tb_frame.f_globals.get("__name__", "")), "line": trace.tb_lineno}


def _word(name: str) -> Word:
    return Word(re.sub(r"[^A-Za-z0-9_.]", "_", name)[:100] or "unknown")
