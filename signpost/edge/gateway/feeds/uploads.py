"""Feeds by upload at an organisation's gateway: who may bring one, one at a time, and what is told of it.

* A *data officer* brings it, and nobody else: that role looks nobody up, and no role that does brings a caseload
  (docs/decisions/0020). What is registered is registered by the machine account of a feed. What came of it is seen by
  administrators too.
* Before anything is taken in the index is asked, in the officer's own name, for the organisation's handles: who was
  suspended a minute ago is refused there.
* One upload or run at a time: so what is in memory of extracts is one, up to the limit of an upload.
* Nothing is kept between two runs. Whoever has looked at a dry run uploads the same files again to register them.
* A run goes on when the browser goes away. Signing out ends it where nothing was sent yet; an administrator who
  suspends its officer here ends it in any case.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, final

from signpost.edge.gateway.events import GatewayEvent
from signpost.edge.gateway.feeds.asked import AskedFeed, asked_of, check_fields
from signpost.edge.gateway.feeds.history import FeedHistory
from signpost.edge.gateway.feeds.receiving import receive
from signpost.edge.gateway.feeds.run import Run, carry_out
from signpost.edge.gateway.feeds.shown import FeedShown, FeedsShown, FeedState
from signpost.edge.gateway.machine import Machine
from signpost.edge.gateway.sessions import Session
from signpost.edge.organisation_keys import FeedKeys
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import HandleList
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role
from signpost.service.clock import Clock, Randomness
from signpost.service.events import ServiceEvent
from signpost.service.foreign_logging import where_raised
from signpost.service.log import Log

__all__ = ["SEEING_ROLES", "Feeds", "data_officer", "who_sees"]

SEEING_ROLES: Final = frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR})
"""Who sees what came of the organisation's feeds: whoever brings them, and whoever answers for that it is done."""

_NAME_BYTES: Final = 9
_STOP_SECONDS: Final = 8.0
"""For a run to come to the end of what it is at, when the gateway stops: it has ten in all."""


def data_officer(session: Session) -> AccountId:
    """Whose session it is.

    Raises:
        Problem: ROLE_REFUSED: they are no data officer.
    """
    if session.shift.desk.role is not Role.DATA_OFFICER:
        raise Problem(ProblemCode.ROLE_REFUSED)
    return session.account


def who_sees(session: Session) -> None:
    """Refuse whoever does not see what came of feeds.

    Raises:
        Problem: ROLE_REFUSED.
    """
    if session.shift.desk.role not in SEEING_ROLES:
        raise Problem(ProblemCode.ROLE_REFUSED)


@final
class Feeds:
    """Of one organisation. Belongs to one event loop."""

    def __init__(
        self,
        machine: Machine,
        keys: FeedKeys,
        history: FeedHistory,
        *,
        clock: Clock,
        randomness: Randomness,
        log: Log,
        upload_bytes: int = 64 << 20,
    ) -> None:
        """`machine`: by whose account feeds are registered; `keys`: what is in its desk. `upload_bytes`: of one upload,
        all its files together.
        """
        self.upload_bytes = upload_bytes
        self._machine = machine
        self._keys = keys
        self._history = history
        self._clock = clock
        self._randomness = randomness
        self._log = log
        self._current: Run | None = None
        self._task: asyncio.Task[None] | None = None

    # -- for a data officer; what is only seen, for an administrator too

    async def upload(
        self,
        account: AccountId,
        handles: Callable[[], Awaitable[HandleList]],
        content_type: str,
        pieces: AsyncIterator[bytes],
        *,
        also: frozenset[str] = frozenset(),
        before_files: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> FeedShown:
        """Take in an upload, and begin its run. `handles`: the organisation's, asked for in the officer's own name.
        `also` and `before_files`: as `receive`.

        Raises:
            Problem: FEED_RUNNING; UNSUPPORTED_MEDIA_TYPE; MALFORMED, with pointers; FEED_CANCELLED; or what `handles`,
                `pieces` or `before_files` raise. Nothing of it is kept.
        """

        def before(fields: Mapping[str, str]) -> None:
            before_files(fields)
            check_fields(fields)

        run = self._begin(account)
        try:
            listed = await handles()
            received = await receive(
                content_type, pieces, also=also, before_files=before, wanted=lambda: not run.stopping
            )
            try:
                asked = asked_of(received)
            except BaseException:
                received.close()
                raise
        except BaseException:
            self._current = None
            raise
        run.tell(state=FeedState.READING, format=asked.extract.written_in, dry_run=asked.dry_run, missing=asked.missing)
        self._written(run)
        self._log.emit(GatewayEvent.FEED_BEGAN, dry_run=asked.dry_run)
        self._task = asyncio.create_task(self._carry_out(run, asked, listed))
        # Not by the run itself: one that is cancelled at once never comes to its first line.
        self._task.add_done_callback(lambda _: received.close())
        self._task.add_done_callback(self._done)
        return run.now()

    def runs(self) -> FeedsShown:
        """The history, with the run that is under way."""
        current = self._current
        past = self._history.runs()
        if current is None:
            return FeedsShown(feeds=past)
        return FeedsShown(feeds=[current.now(), *(each for each in past if each.feed != current.told.feed)])

    def run(self, name: str) -> FeedShown:
        """One run, as it stands.

        Raises:
            Problem: FEED_UNKNOWN.
        """
        found = next((each for each in self.runs().feeds if each.feed == name), None)
        if found is None:
            raise Problem(ProblemCode.FEED_UNKNOWN)
        return found

    def errors(self, name: str) -> bytes:
        """What was wrong with the rows of a run: a CSV file.

        Raises:
            Problem: FEED_UNKNOWN: there is no such run, or not every row of it was judged.
        """
        listed = self._history.errors(name)
        if listed is None:
            raise Problem(ProblemCode.FEED_UNKNOWN)
        return listed

    def cancel(self, name: str) -> FeedShown:
        """Have the run that is under way end as soon as it can. What was acknowledged stands.

        Raises:
            Problem: FEED_UNKNOWN: it is none that is under way.
        """
        current = self._current
        if current is None or current.told.feed != name:
            raise Problem(ProblemCode.FEED_UNKNOWN)
        current.stopping = True
        return current.now()

    # -- for the gateway

    def signed_out(self, account: AccountId) -> None:
        """Somebody has signed out: their run is cancelled where nothing was sent. One that sends is better at its end
        than half way.
        """
        current = self._current
        if current is not None and current.told.account == account and not current.told.sent:
            current.stopping = True

    def stopped(self, account: AccountId) -> None:
        """Somebody was suspended: their run ends as soon as it can, whatever it has sent."""
        current = self._current
        if current is not None and current.told.account == account:
            current.stopping = True

    def forget_old(self) -> None:
        """Take what is too old out of the history."""
        with contextlib.suppress(OSError):
            self._history.forget_old()

    async def finished(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def stop(self) -> None:
        """The gateway stops: have what is under way end."""
        task = self._task
        if task is None:
            return
        if self._current is not None:
            self._current.stopping = True
        await asyncio.wait({task}, timeout=_STOP_SECONDS)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    # -- inside

    def _begin(self, account: AccountId) -> Run:
        if self._current is not None:
            raise Problem(ProblemCode.FEED_RUNNING)
        name = to_base64url(self._randomness(_NAME_BYTES))
        self._current = Run(FeedShown(feed=name, account=account, began_at=self._clock.now()))
        return self._current

    async def _carry_out(self, run: Run, asked: AskedFeed, listed: HandleList) -> None:
        try:
            await carry_out(
                run, asked, listed,
                machine=self._machine, keys=self._keys, keep_errors=lambda: self._errors_written(run),
                keep=lambda: self._written(run), clock=self._clock, randomness=self._randomness,
            )  # fmt: skip
        except asyncio.CancelledError:
            run.tell(state=FeedState.INTERRUPTED, why="The gateway ended meanwhile.")
            raise
        except Exception as error:  # noqa: BLE001 - nobody waits for it: it is logged by class and place
            self._log.emit(ServiceEvent.UNEXPECTED, **where_raised(error))
            run.tell(state=FeedState.FAILED, why="Something went wrong at the gateway.")
        finally:
            if run.told.state is FeedState.FAILED:
                # It may be that the machine's shift was over: whoever asks next signs it in again.
                self._machine.ended()
            run.tell(ended_at=self._clock.now())
            self._written(run)
            self._log.emit(GatewayEvent.FEED_ENDED, state=run.told.state)
            self._current = None

    def _done(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None
        # What failed among rows may hold itself by its traceback: it does not wait until the collector comes by.
        task.get_loop().call_soon(gc.collect)

    def _written(self, run: Run) -> None:
        try:
            self._history.keep(run.told)
            self._history.forget_old()
        except OSError:
            self._log.emit(GatewayEvent.FEED_NOT_WRITTEN)

    def _errors_written(self, run: Run) -> None:
        try:
            self._history.keep_errors(run.told.feed, run.errors.content())
        except OSError:
            self._log.emit(GatewayEvent.FEED_NOT_WRITTEN)
