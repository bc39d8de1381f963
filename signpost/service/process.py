"""A service's process: closed to others, silent but for its catalogue, and ended with a code that says why.

New files are for this user only and there are no core dumps: one would hold every key in memory. (Refusing debuggers as
well takes `prctl(PR_SET_DUMPABLE)`, which only `ctypes` reaches and this package does not use: a service runs under a
user of its own.)
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

import uvicorn

from signpost.service.events import ServiceEvent
from signpost.service.foreign_logging import take_over_logging
from signpost.service.log import Log, Word
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["run_service"]

_FAILED: Final = 1
_MALFORMED: Final = 2
_INTERRUPTED: Final = 130

Main = Callable[[Log], Coroutine[Any, Any, None]]


def run_service(name: Word, main: Main) -> int:
    """Runs `main(log)` in an event loop (uvloop where there is one) and gives the exit code.

    0 when it was asked to stop, 2 when the settings are malformed, 1 for every other refusal to start, 130 when it was
    interrupted before it served.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is a descriptor; 1,024 is usual, and few
    log = Log(name)
    take_over_logging(log)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(main(log))
    except StartRefused as refused:
        log.emit(ServiceEvent.START_REFUSED, code=refused.code)
        sys.stderr.write(f"signpost: {refused}\n{refused.hint}\n")
        return _MALFORMED if refused.code is RefusalCode.SETTINGS_MALFORMED else _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    # `log_config=None`: reading the configuration would otherwise set up uvicorn's own log, on stdout and stderr.
    return uvicorn.Config("", log_config=None).get_loop_factory()
