"""The rejected rows of a feed: every one to the file that `--errors` names, the first few to the screen.

The file is written beside its place, for its owner only, and moved there once every row was judged: until then an
earlier list stands, and so does whatever else bears that name. It is never one of the feed's own files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO, final

from signpost.edge.feeds.errors import ErrorFile, RowError
from signpost.service.clock import system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import say
from signpost_cli.stops import Stop

__all__ = ["Rejections", "refuse_place", "rejections"]

_SHOWN: Final = 20


@final
class Rejections:
    """Takes every error as it comes; `complete` says that there are no more."""

    def __init__(self, path: Path | None, stream: TextIO | None) -> None:
        self._path = path
        self._file = ErrorFile(stream) if stream is not None else None
        self._first: list[RowError] = []
        self._count = 0
        self.completed = False

    @property
    def cut(self) -> bool:
        """Whether there are more errors than anybody was told of."""
        return self._path is None and self._count > _SHOWN

    def add(self, error: RowError) -> None:
        """Take the next one."""
        self._count += 1
        if len(self._first) < _SHOWN:
            self._first.append(error)
        if self._file is not None:
            self._file.write(error)

    def complete(self) -> None:
        """Every row was judged: the list may take its place."""
        self.completed = True

    def show(self) -> None:
        """Say what was rejected, or where it is listed."""
        if not self._count:
            return
        if self._path is not None and self.completed:
            say(f"{self._count:,} {'error is' if self._count == 1 else 'errors are'} listed in {self._path}.")
            return
        say("row,field,code,meaning")
        for error in self._first:
            say(f"{error.row},{error.field},{error.code.value},{error.meaning}")
        if self._count > len(self._first):
            say(f"… and {self._count - len(self._first):,} more")


@contextmanager
def rejections(path: Path | None, *, inputs: Sequence[Path]) -> Iterator[Rejections]:
    """Rejections that go to a file, or to the screen alone; what they come to is said at the end.

    Raises:
        Stop: the file is one of the feed's own (or in its folder), is no file, or cannot be written.
    """
    if path is None:
        taken = Rejections(None, None)
        try:
            yield taken
        finally:
            taken.show()
        return
    refuse_place(path, inputs=inputs, option="--errors")
    beside = path.with_name(f".{path.name}.{system_randomness(6).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise _refused("The folder of the file that --errors names is not there, or cannot be written.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            taken = Rejections(path, stream)
            try:
                yield taken
            finally:
                stream.flush()
                if taken.completed:
                    beside.replace(path)
                taken.show()
    finally:
        beside.unlink(missing_ok=True)


def refuse_place(path: Path, *, inputs: Sequence[Path], option: str) -> None:
    """Refuse to write where something is read from.

    Raises:
        Stop: the file is one of the feed's own (or in its folder), or is no file.
    """
    if any(_is_of(path, each) for each in inputs):
        raise _refused(f"The file that {option} names is one of the files to be read, or in their folder.", option)
    if path.exists() and not path.is_file():
        raise _refused(f"What {option} names is not a file.", option)


def _is_of(path: Path, source: Path) -> bool:
    if source.is_dir():
        inside = path.resolve().is_relative_to(source.resolve())
        return inside or any(_same(path, each) for each in source.iterdir())
    return _same(path, source)


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _refused(why: str, option: str = "--errors") -> Stop:
    return Stop(ExitCode.USAGE, f"{why} Nothing was sent.", hint=f"Name another with {option}.")
