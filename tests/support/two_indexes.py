"""Two indexes that differ in one thing only, asked the same, step by step, and watched.

Rules:
- One world stands around both: the same clock, holders, organisations and devices; and both hold the same keys. Chance
  begins anew, alike in both, before and after everything that an index does: so it draws the same where it draws as
  often, and what is made afterwards does not hang on how often that was.
- What is asked is made once and sent to both: the same bytes under the same signature.
- What an act lets be seen is kept whole (`Seen`): the answer in every byte and header; every statement with its values,
  so every row that is written; the steps of SQLite's virtual machine, on the reader's connection and on the writer's;
  every line of Python of this project, in the event loop's thread and in the writer's; how much chance was drawn; what
  was logged.
- Their databases are not written through to the disk: nothing here is about a power cut.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel

import signpost
from signpost.index.keyfile import make_keys
from signpost.protocol.purposes import Kind
from tests.integration.index.conftest import Scene, set_scene
from tests.support.running_index import RunningIndex
from tests.support.world import Device, World, body_of, chance

__all__ = ["NO_LIMITS", "Seen", "TwoIndexes", "differences", "watched"]

T = TypeVar("T")

_MOST_STEPS = 1_000_000
"""Of one act."""
_OURS = str(Path(signpost.__file__).parent)
_LINK_OF_THE_CHAIN = re.compile(r"x'[0-9a-f]{64}'\)$", re.IGNORECASE)


NO_LIMITS = {
    "practitioner_lookups": 2_000, "urgent_lookups": 2_000, "urgent_overdraft_lookups": 20_000,
    "organisation_lookups": 1_000_000, "repeats_of_an_account": 1_000_000, "repeats_of_an_organisation": 1_000_000,
    "found_a_day": 10_000, "own_work_seen": 2_000, "own_work_changed": 2_000,
}  # fmt: skip
"""Settings of an index that is asked more than anybody would be let ask."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that an act let be seen or measured. `*_lines` are empty where they were not watched."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    drawn: bytes
    """What chance would have given next: as much was drawn before where it is the same."""
    logged: str
    statements: tuple[str, ...]
    reader_steps: int
    writer_steps: int
    loop_lines: tuple[tuple[str, int], ...]
    writer_lines: tuple[tuple[str, int], ...]


def differences(one: Seen, other: Seen) -> list[str]:
    """In what they differ, by name; nothing of a value, which may be a thousand lines."""
    return [field.name for field in fields(Seen) if getattr(one, field.name) != getattr(other, field.name)]


class _SteppedIndex(RunningIndex):
    """An index that begins each thing it does with chance of its own, numbered from `seed` on."""

    seed = 0
    drawn = b""
    """What chance would have given next when the last thing was done: as much was drawn before where it is the same."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """As `RunningIndex` does."""
        self.step()
        try:
            return super().run(work)
        finally:
            self.drawn = self.world.randomness(16)
            self.step()

    def step(self) -> None:
        """Chance anew."""
        self.seed += 1
        self.world.reseed(self.seed)


class TwoIndexes:
    """`one` and `other`, over folders of their own. `limits` are settings that are to be other than usual."""

    def __init__(self, folder: Path, **limits: int) -> None:
        keys = make_keys(chance(1).randbytes)
        self.world = World(credential_key=keys.credential_key())
        self._seeds = itertools.count(_MOST_STEPS, _MOST_STEPS)
        with contextlib.ExitStack() as opened:
            self.one, self.other = (
                opened.enter_context(_SteppedIndex(folder / name, keys=keys, world=self.world, **limits))  # type: ignore[arg-type]
                for name in ("one", "other")
            )
            self._opened = opened.pop_all()
        for index in (self.one, self.other):
            index.run(index.writer.apart(lambda connection: connection.execute("PRAGMA synchronous = OFF")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()

    def set_scene(self) -> Scene:
        """The usual scene in both; of the two, which are alike, the devices of the first."""
        for organisation in ("northtown", "southtown", "st-elsewhere"):
            self.world.organisation_key(organisation)  # drawn once, and not by the first index only
        scene, other = self.each(set_scene)
        assert (scene.handle, scene.other_handle) == (other.handle, other.other_handle)
        return scene

    def admit(self, organisation: str, kind: Kind = Kind.COUNCIL) -> None:
        """Admit another organisation to both."""
        self.world.organisation_key(organisation)
        self.each(lambda index: index.admit(organisation, kind))

    def each(self, act: Callable[[RunningIndex], T]) -> tuple[T, T]:
        """The act in both, under the same chance."""
        seed = next(self._seeds)
        return self._under(seed, self.one, act), self._under(seed, self.other, act)

    def alike(self, act: Callable[[RunningIndex], T]) -> T:
        """The act in both, and what both of them gave."""
        one, other = self.each(act)
        assert one == other
        return one

    def ask(self, device: Device, path: str, message: BaseModel | bytes) -> httpx2.Response:
        """One request to both, which answer the same."""
        one, other = self.asked(device, path, message)
        assert (one.status_code, one.headers, one.content) == (other.status_code, other.headers, other.content), path
        return one

    def asked(self, device: Device, path: str, message: BaseModel | bytes) -> tuple[httpx2.Response, httpx2.Response]:
        """One request to both, and both answers."""
        body, headers = self._signed(device, path, message)
        return self.each(lambda index: index.ask(device, path, body, headers=headers))

    def watch(self, device: Device, path: str, message: BaseModel | bytes, *, lines: bool) -> tuple[Seen, Seen]:
        """One request to both, and all that is seen of it in each."""
        body, headers = self._signed(device, path, message)
        return self.each(
            lambda index: watched(index, lambda: index.ask(device, path, body, headers=headers), lines=lines)
        )

    def _signed(self, device: Device, path: str, message: BaseModel | bytes) -> tuple[bytes, dict[str, str]]:
        body = message if isinstance(message, bytes) else body_of(message)
        return body, self.world.signed_headers(device, path, body)

    def _under(self, seed: int, index: _SteppedIndex, act: Callable[[RunningIndex], T]) -> T:
        index.seed = seed
        index.step()
        return act(index)


def watched(index: RunningIndex, act: Callable[[], httpx2.Response], *, lines: bool) -> Seen:
    """An act of one index, watched; with `lines`, line by line, which takes several times as long."""
    statements: list[str] = []
    reader, writer = _Steps(), _Steps()
    in_loop, in_writer = _Lines(), _Lines()
    connections: list[tuple[Any, _Steps]] = [(index.reader, reader), (index.writer._connection, writer)]
    logged = index.log_lines.tell()
    for connection, steps in connections:
        connection.set_trace_callback(statements.append)
        connection.set_progress_handler(steps, 1)
    try:
        with contextlib.ExitStack() as traced:
            if lines:
                traced.enter_context(_tracing_writer(index, in_writer))
                traced.enter_context(in_loop.tracing())
            answer = act()
    finally:
        for connection, _ in connections:
            connection.set_trace_callback(None)
            connection.set_progress_handler(None, 1)
    assert isinstance(index, _SteppedIndex)
    index.log_lines.seek(logged)
    return Seen(
        status=answer.status_code,
        headers=tuple(sorted(answer.headers.items())),
        body=answer.content,
        drawn=index.drawn,
        logged=re.sub(r'"at": "[^"]*"', '"at"', index.log_lines.read()),
        statements=tuple(_without_link(statement) for statement in statements),
        reader_steps=reader.taken,
        writer_steps=writer.taken,
        loop_lines=tuple(in_loop.lines),
        writer_lines=tuple(in_writer.lines),
    )


def _without_link(statement: str) -> str:
    """The link of a leaf hangs on all leaves before it, which may differ where what went before does."""
    return _LINK_OF_THE_CHAIN.sub("link)", statement) if statement.startswith("INSERT INTO audit_leaves") else statement


class _Steps:
    """Counts the steps of SQLite's virtual machine."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> int:
        self.taken += 1
        return 0


class _Lines:
    """Notes the lines of this project that one thread runs."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []
        self._ours: dict[CodeType, bool] = {}

    @contextlib.contextmanager
    def tracing(self) -> Iterator[None]:
        """In this thread, in every function that is entered from now on."""
        before = sys.gettrace()
        sys.settrace(self._entered)
        try:
            yield
        finally:
            sys.settrace(before)

    def begin(self, _: object) -> None:
        """Work for the writer, after which its thread is watched."""
        sys.settrace(self._entered)

    def end(self, _: object) -> None:
        """And no longer."""
        sys.settrace(None)

    def _entered(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        code = frame.f_code
        ours = self._ours.get(code)
        if ours is None:
            ours = self._ours[code] = code.co_filename.startswith(_OURS)
        return self._line if ours else None

    def _line(self, frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        if event == "line":
            self.lines.append((frame.f_code.co_filename, frame.f_lineno))
        return self._line


@contextlib.contextmanager
def _tracing_writer(index: RunningIndex, lines: _Lines) -> Iterator[None]:
    """The writer's thread is watched from a piece of work of its own to another: what stands between is whole."""
    index.writer.run(lines.begin)
    try:
        yield
    finally:
        index.writer.run(lines.end)
