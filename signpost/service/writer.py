"""One thread writes, and many writes share one commit.

Rules:
- Work is a function of the writing connection. Whatever has queued up while the last commit was on its way to the disk
  runs as one transaction; nothing waits for company.
- Each piece of work stands in a savepoint of its own: when it raises, only it is undone, and the exception goes to its
  own caller. Its neighbours commit.
- A caller hears nothing before the commit has returned. When the commit fails, everybody in it hears `WriteLost`.
- Work whose caller gave up before its turn is not run; once begun it commits, whatever becomes of its caller.
- Closing runs what is queued, then closes the connection. Later work is refused with `WriterClosed`.

Work must not commit, roll back or open a transaction itself (`with connection:` does), and must not hand in more work
and wait for it. Constraints are checked at once, never deferred to the commit, where they would fail the neighbours.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

from signpost.service.database import Connection
from signpost.service.events import ServiceEvent
from signpost.service.log import Log

__all__ = ["WriteLost", "Writer", "WriterClosed"]

T = TypeVar("T")

_MOST_TOGETHER: Final = 256
"""Pieces of work in one commit: bounds how long the first waits for the last, and what one failed commit undoes."""


class WriteLost(Exception):
    """The transaction that held this work did not commit: nothing of it is there."""


class WriterClosed(Exception):
    """The writer has been closed and takes no more work."""


class _Piece(Generic[T]):
    """One piece of work and where its outcome goes. The outcome waits here until the commit has returned."""

    __slots__ = ("_error", "_future", "_value", "_work", "apart")

    def __init__(self, work: Callable[[Connection], T], future: Future[T], *, apart: bool) -> None:
        self.apart = apart
        self._work = work
        self._future = future
        self._error: BaseException | None = None
        self._value: T | None = None

    def begin(self) -> bool:
        """Whether anybody still waits for it. From now on it cannot be cancelled."""
        return self._future.set_running_or_notify_cancel()

    def run(self, connection: Connection) -> None:
        """Does the work in a savepoint. Raises only when the whole transaction is lost."""
        connection.execute("SAVEPOINT piece")
        try:
            self._value = self._work(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is its caller's
            connection.execute("ROLLBACK TO piece")
            self._error = error
        connection.execute("RELEASE piece")

    def run_apart(self, connection: Connection) -> None:
        """Does the work outside any transaction."""
        try:
            self._value = self._work(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is its caller's
            self._error = error
        self.committed()

    def committed(self) -> None:
        if self._error is not None:
            self.failed(self._error)
        else:
            self._future.set_result(self._value)  # type: ignore[arg-type]  # set by run()

    def failed(self, error: BaseException) -> None:
        if isinstance(error, StopIteration):
            # An asyncio future does not take one, and its caller would wait for ever.
            error = RuntimeError("work raised StopIteration")
        self._future.set_exception(error)


class Writer:
    """The one thread that writes. Takes over the connection and closes it."""

    def __init__(self, connection: Connection, log: Log) -> None:
        self._connection = connection
        self._log = log
        self._queue: queue.SimpleQueue[_Piece[Any] | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        # A daemon: a process that ends without closing is not held up; what it loses was never acknowledged.
        self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[Connection], T]) -> T:
        """Runs the work and waits, without holding up the event loop, until it is on the disk.

        Raises:
            WriteLost: its transaction did not commit.
            WriterClosed: the writer takes no more work.
            Exception: whatever the work raised; nothing of it is there.
        """
        return await asyncio.wrap_future(self._hand_in(work))

    async def apart(self, work: Callable[[Connection], T]) -> T:
        """As `submit`, outside any transaction: for what SQLite does not do in one. It keeps its own promises.

        Raises:
            WriterClosed: the writer takes no more work.
            Exception: whatever the work raised.
        """
        return await asyncio.wrap_future(self._hand_in(work, apart=True))

    def run(self, work: Callable[[Connection], T]) -> T:
        """As `submit`, for a thread that may wait: a command line, a test. Never the event loop's.

        Raises:
            WriteLost, WriterClosed, Exception: as `submit`.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("work that waits for more work would wait for ever")
        return self._hand_in(work).result()

    def close(self) -> None:
        """Runs what is queued, then closes the connection. A second call does nothing."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_in(self, work: Callable[[Connection], T], *, apart: bool = False) -> Future[T]:
        future: Future[T] = Future()
        with self._door:
            if self._closed:
                raise WriterClosed
            self._queue.put(_Piece(work, future, apart=apart))
        return future

    def _serve(self) -> None:
        with contextlib.closing(self._connection):
            while pieces := self._next():
                self._write(pieces)

    def _next(self) -> list[_Piece[Any]]:
        """Waits for a piece, then takes whatever else is there. Empty when the writer is closed and all is done."""
        pieces: list[_Piece[Any]] = []
        with contextlib.suppress(queue.Empty):
            while len(pieces) < _MOST_TOGETHER:
                piece = self._queue.get(block=not pieces)
                if piece is None:
                    self._queue.put(None)  # nothing follows it: it is met again once these are written
                    break
                pieces.append(piece)
        return pieces

    def _write(self, pieces: list[_Piece[Any]]) -> None:
        begun = [piece for piece in pieces if piece.begin()]
        if together := [piece for piece in begun if not piece.apart]:
            self._write_together(together)
        for piece in begun:
            if piece.apart:
                piece.run_apart(self._connection)

    def _write_together(self, pieces: list[_Piece[Any]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for piece in pieces:
                piece.run(self._connection)
            self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            self._lose(pieces, error)
        else:
            for piece in pieces:
                piece.committed()

    def _lose(self, pieces: list[_Piece[Any]], error: BaseException) -> None:
        with contextlib.suppress(Exception):
            self._connection.rollback()  # does nothing when SQLite already has
        for piece in pieces:
            lost = WriteLost()
            lost.__cause__ = error
            piece.failed(lost)
        self._log.emit(ServiceEvent.WRITE_LOST, exception=type(error), pieces=len(pieces))
