"""The demo's world, whose commands need not load the program anew each time.

A command is a process of its own still, with its folder, its environment and its three streams, and does all that
`signpost …` does from `main` on; but it is forked from a process that has loaded every command's code, which is most of
the work of a short one. Services are started as ever. That the program is found and loads what it needs when it is
started from nothing is shown where it is (tests/end_to_end/test_first_steps.py, tests/unit/cli/test_main.py).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from signpost_cli.demo.world import COMMAND_SECONDS, Completed, World
from signpost_cli.main import COMMANDS, main

__all__ = ["QuickWorld"]

_LOADED: Final = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload([__name__, *sorted({f"signpost_cli.{command.module}" for command in COMMANDS.values()})])
_ON_ERROR: Final = {1: "strict", 2: "backslashreplace"}
_one_at_a_time: Final = threading.Lock()
"""Around beginning and ending: `multiprocessing` asks after all its processes at both."""


class QuickWorld(World):
    """A `World` that types faster."""

    def command(self, folder: str, *arguments: str, stdin: str | None = None) -> Completed:
        """As `World.command` does."""
        where = self.root / folder
        ends = [_LOADED.Pipe(duplex=False) for _ in range(3)]
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = ends
        environment = {**self._environment, "SIGNPOST_HOME": str(where / "desk")}
        process = _LOADED.Process(
            target=_typed, args=(arguments, where, environment, theirs_in, theirs_out, theirs_err)
        )
        with _one_at_a_time:
            process.start()
        for end in (theirs_in, theirs_out, theirs_err):
            end.close()
        with ThreadPoolExecutor(3) as threads:
            threads.submit(_write, ours_in, (stdin or "").encode())
            said, told = threads.submit(_read, ours_out), threads.submit(_read, ours_err)
            try:
                shown = said.result(COMMAND_SECONDS).decode(), told.result(COMMAND_SECONDS).decode()
            except TimeoutError:
                process.kill()
                raise
        with _one_at_a_time:
            process.join()
        assert process.exitcode is not None
        return Completed(process.exitcode, *shown)


def _write(end: Connection, raw: bytes) -> None:
    """All of it, unless the command has ended before it read so much."""
    with end, contextlib.suppress(BrokenPipeError), os.fdopen(end.fileno(), "wb", closefd=False) as stream:
        stream.write(raw)


def _read(end: Connection) -> bytes:
    with end, os.fdopen(end.fileno(), "rb", closefd=False) as stream:
        return stream.read()


def _typed(arguments: tuple[str, ...], where: Path, environment: Mapping[str, str], *streams: Connection) -> None:
    """In the forked process: what the interpreter does before `main`, and `main`."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False, errors=_ON_ERROR[number]) for number in (1, 2))
    os.chdir(where)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["signpost", *arguments]
    main()
