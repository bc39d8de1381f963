"""One run of one feed at the gateway: read, compare, and unless it is a dry run send, as `signpost register` does.

* Rows are read and judged in a thread, so that whoever looks a child up meanwhile is answered; what is sent is sent
  from the event loop.
* Whatever it needs to remember of the extract is in memory alone (`spill.in_memory`), and is let go of with the run.
* It is cancelled between two rows or two batches: what was acknowledged stands, as when the gateway is killed.
* How it ended is told in words and numbers. No exception outlives it: a traceback has the rows it was raised among.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Final, TypeVar, final
from zoneinfo import ZoneInfo

from signpost.edge.failures import CouldNotCheck, Failure
from signpost.edge.feeds.errors import FeedError
from signpost.edge.feeds.extract import Extract, HandleUnfit, Missing, open_extract
from signpost.edge.feeds.handles import Handles, read_handles
from signpost.edge.feeds.limits import Limits, TooManyEnds, broken_limits
from signpost.edge.feeds.model import Feed
from signpost.edge.feeds.quality import Quality
from signpost.edge.feeds.reconcile import Counts, ListContradictsItself
from signpost.edge.feeds.spill import DatabaseFull, in_memory
from signpost.edge.feeds.words import changed_here_line, counts_line, quality_lines, sentence
from signpost.edge.gateway.feeds.asked import AskedFeed
from signpost.edge.gateway.feeds.listing import ErrorList
from signpost.edge.gateway.feeds.shown import CountsShown, FeedShown, FeedState
from signpost.edge.gateway.machine import Machine
from signpost.edge.organisation_keys import FeedKeys
from signpost.edge.registering import FeedRun, Step
from signpost.protocol.messages import HandleList
from signpost.protocol.secret import Secret
from signpost.service.clock import Clock, Randomness

__all__ = ["Run", "carry_out"]

_ENGLAND: Final = ZoneInfo("Europe/London")
_AGAIN: Final = "Upload the same files again: that does what is left."
_TOO_MANY: Final = (
    "There are more rows or involvements than a gateway takes.", "Register them with the command: signpost register",
)  # fmt: skip
_MEND: Final = "Mend it, or choose another format, and upload it again."
_STATES: Final = {
    "Reading": FeedState.READING, "Registering": FeedState.REGISTERING, "Ending": FeedState.ENDING,
}  # fmt: skip

_Result = TypeVar("_Result")


@final
@dataclass(slots=True)
class Run:
    """What is known of a run, while it lasts."""

    told: FeedShown
    stopping: bool = False
    """Somebody has cancelled it: it ends at the next row or batch."""
    step: Step | None = None
    errors: ErrorList = field(default_factory=ErrorList, repr=False)

    def tell(self, **changed: object) -> None:
        """Something else is known of it."""
        self.told = self.told.model_copy(update=changed)

    def now(self) -> FeedShown:
        """As it stands."""
        step = self.step
        if step is None:
            return self.told
        return self.told.model_copy(update={"state": _STATES[step.what], "done": step.done, "total": step.total})

    def at(self, step: Step) -> None:
        """How far it is.

        Raises:
            Ended: it was cancelled.
        """
        self.step = step
        self.go_on()

    def go_on(self) -> None:
        """Raises Ended where it was cancelled."""
        if self.stopping:
            raise Ended(FeedState.CANCELLED)


class Ended(Exception):
    """It has ended before its end: why, and what to do next, in words."""

    def __init__(self, state: FeedState, why: str = "", hint: str = "") -> None:
        super().__init__(state.value)
        self.state = state
        self.why = why
        self.hint = hint


async def carry_out(
    run: Run,
    asked: AskedFeed,
    listed: HandleList,
    *,
    machine: Machine,
    keys: FeedKeys,
    keep_errors: Callable[[], None],
    keep: Callable[[], None],
    clock: Clock,
    randomness: Randomness,
) -> None:
    """Run it to whatever end it has. `listed`: the organisation's handles. `keep_errors`: called in a thread, once
    every row was judged. `keep`: called before anything is sent: whatever becomes of the gateway, it is known that
    something may have been. What comes of it is told to `run`.
    """
    try:
        with in_memory():
            state = await _run(
                run, asked, listed,
                machine=machine, keys=keys, keep_errors=keep_errors, keep=keep, clock=clock, randomness=randomness,
            )  # fmt: skip
        run.tell(state=state)
    except Ended as ended:
        run.tell(state=ended.state, why=ended.why, hint=ended.hint or (_AGAIN if run.told.sent else ""))
    except ListContradictsItself:
        why = "The index's list of your involvements contradicts itself."
        run.tell(state=FeedState.FAILED, why=why, hint="Tell whoever runs the gateway: signpost doctor")
    except Failure as failure:
        # That a question about a child had no answer is lookup's way of saying it.
        why = failure.why if isinstance(failure, CouldNotCheck) else f"{failure.what} {failure.why}".strip()
        run.tell(state=FeedState.FAILED, why=why, hint=_AGAIN if run.told.sent else "Upload it again later.")
    except DatabaseFull:
        why, hint = _TOO_MANY
        run.tell(state=FeedState.FAILED, why=why, hint=hint)
    except FeedError as error:
        run.tell(state=FeedState.UNREADABLE, why=f"{error}.", hint=_AGAIN if run.told.sent else _MEND)
    finally:
        run.step = None


async def _run(
    run: Run, asked: AskedFeed, listed: HandleList, *, machine: Machine, keys: FeedKeys,
    keep_errors: Callable[[], None], keep: Callable[[], None], clock: Clock, randomness: Randomness,
) -> FeedState:  # fmt: skip
    today = dt.datetime.fromtimestamp(clock.now(), tz=_ENGLAND).date()
    limits = Limits(accept_ends=asked.accept_ends)
    run.tell(state=FeedState.READING)
    client = await machine.client()
    with ExitStack() as held:
        quality = held.enter_context(closing(Quality(Secret(randomness(32)))))

        def opened() -> Feed:
            # Held from within the thread: whoever waits for it may be gone by then.
            return held.enter_context(closing(_opened(run, asked.extract, listed, today, Secret(randomness(32)))))

        feed = FeedRun(
            await _in_thread(run, opened), keys=keys, today=today, end_missing=asked.missing is Missing.END,
            send_again=asked.send_again, on_error=run.errors.add, on_row=quality.take, on_step=run.at,
        )  # fmt: skip
        held.callback(feed.close)
        await _in_thread(run, feed.read)
        run.step = None
        run.tell(
            state=FeedState.COMPARING, errors=run.errors.count, errors_listed=run.errors.listed,
            quality=tuple(line.strip() for line in quality_lines(quality.report())),
        )  # fmt: skip
        await _in_thread(run, keep_errors)
        run.go_on()
        counts = await feed.compare(client.index)
        _tell_counts(run, counts, limits, dry_run=True)
        if asked.dry_run:
            return FeedState.LOOKED_AT
        if run.told.broken:
            return FeedState.STOPPED
        run.go_on()
        run.tell(sent=True, state=FeedState.REGISTERING)
        keep()
        await feed.send(counts, limits, evaluator=client, index=client.index, name=asked.extract.written_in.value)
        _tell_counts(run, counts, limits, dry_run=False)
        return FeedState.REGISTERED


def _opened(run: Run, extract: Extract, listed: HandleList, today: dt.date, join_key: Secret) -> Feed:
    by_team = None if extract.handles is None else read_handles(extract.handles)
    handles = Handles(by_team, own=listed.handles, consent_only=listed.consent_only)
    run.tell(unknown_handles=handles.unknown())
    return open_extract(extract, today=today, handles=handles, join_key=join_key)


def _tell_counts(run: Run, counts: Counts, limits: Limits, *, dry_run: bool) -> None:
    broken = broken_limits(counts, limits)
    run.tell(
        counts=CountsShown.of(counts),
        summary=counts_line(counts, limits, dry_run=dry_run),
        changed_here=changed_here_line(counts.changed_here),
        broken=tuple(sentence(each) for each in broken),
        ends=next((each.ends for each in broken if isinstance(each, TooManyEnds)), None),
    )


async def _in_thread(run: Run, work: Callable[[], _Result]) -> _Result:
    """What the work gives. It is over when this returns or raises, whatever happens meanwhile: nothing that it reads is
    closed below it, and nothing that it opens is left open.

    Raises:
        Ended: it was cancelled, or a file cannot be read as a feed.
    """

    def told() -> _Result | Ended:
        # Caught there: an exception that crosses from a thread is held by what carries it, with its frames' rows.
        try:
            run.go_on()
            return work()
        except Ended as ended:
            return Ended(ended.state)
        except FeedError as error:
            return Ended(FeedState.UNREADABLE, f"{error}.", _MEND)
        except HandleUnfit as unfit:
            return Ended(FeedState.UNREADABLE, f"The handle: {unfit.why.meaning}.", "Name another handle.")
        except DatabaseFull:
            return Ended(FeedState.UNREADABLE, *_TOO_MANY)

    working = asyncio.get_running_loop().run_in_executor(None, contextvars.copy_context().run, told)
    try:
        await asyncio.wait({working})
    except asyncio.CancelledError:
        run.stopping = True
        await asyncio.wait({working})
        raise
    result = working.result()
    if isinstance(result, Ended):
        raise Ended(result.state, result.why, result.hint)
    return result
