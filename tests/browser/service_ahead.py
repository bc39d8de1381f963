"""A service whose clock is ahead by as many seconds as a file says, which is read each time that the clock is:
`python -m tests.browser.service_ahead FILE MODULE …`. No service has a switch for it.

A key holder refuses everybody whose list of what is taken back is old by its clock. It fetches one each second here, so
that nobody waits half a minute once the clocks were put forward.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path

from signpost.protocol import revocation
from signpost.service.clock import SystemClock

__all__ = ["seconds_ahead"]


def seconds_ahead(file: Path) -> int:
    """How far ahead the services of a place are."""
    return int(file.read_text() or "0")


def _run(file: Path, module: str, *arguments: str) -> None:
    SystemClock.now = lambda self: int(time.time()) + seconds_ahead(file)  # type: ignore[method-assign]
    revocation.FETCH_SECONDS = 1  # type: ignore[misc]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run(Path(sys.argv[1]), *sys.argv[2:])
