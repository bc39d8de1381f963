"""Registering a feed: read, reconcile with what the index holds of ours, send what changed (protocol.md B4, C1).

What may follow what: every row is read and judged before anything is sent; then the plan is shown (a dry run) or
checked against its limits; then batches of 21 children are evaluated and registered, a few at a time; then ends and
withdrawals; last, that the feed finished. A batch is acknowledged or it is not there: running the same feed again does
what is left. Memory does not grow with the feed: rows are read again by their place when their turn comes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, Protocol, TypeVar, final

from signpost.edge.case_reference import seal_case_reference
from signpost.edge.client import EvaluatedBatch
from signpost.edge.feeds.errors import FeedError, FileCode, RowError
from signpost.edge.feeds.limits import Broken, Limits, broken_limits
from signpost.edge.feeds.model import BadRow, Feed, Involvement, Row
from signpost.edge.feeds.reconcile import Counts, EndOf, Newcomer, Reconciliation, Register
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.edge.organisation_keys import FeedKeys
from signpost.edge.references import Reference, RowDigest, child_reference, reference, row_digest
from signpost.edge.slots import Slot, registration_slots
from signpost.protocol.classes import Use
from signpost.protocol.messages import (
    BULK_CHILDREN,
    MAX_CHANGES,
    Change,
    ChangeRequest,
    InvolvementSummary,
    RegisterRequest,
    Registration,
    TaggedPoint,
    WriteReceipt,
)

__all__ = ["Evaluator", "FeedRun", "FeedStopped", "OwnIndex", "Step", "registration_of", "slots_of"]

_IN_FLIGHT: Final = 3
"""Batches under way at once: enough that the edge, the holders and the index all have work."""
_COMPARED_AT_ONCE: Final = 50
"""Of a page of the index's list, before others are served: two milliseconds."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Evaluator(Protocol):
    """Turns slots into tags through the key holders: a `Client`."""

    async def evaluate_batch(self, use: Use, children: Sequence[Sequence[Slot]]) -> EvaluatedBatch:
        """The tags of up to 21 children. Raises a `Failure` when too few holders answer truly."""


class OwnIndex(Protocol):
    """What a feed asks of the index in the organisation's own name: an `Index`. Each raises a `Failure`."""

    async def register(self, request: RegisterRequest) -> WriteReceipt:
        """Register or replace involvements; durable when it returns."""

    async def change(self, request: ChangeRequest) -> WriteReceipt:
        """End or withdraw involvements; durable when it returns."""

    def involvements(self) -> AsyncIterator[Sequence[InvolvementSummary]]:
        """The organisation's own list, in pages."""

    async def feed_finished(self, feed_format: str) -> WriteReceipt:
        """Say that a feed ran to its end."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress, for the eye: how much of what is done."""

    what: str
    done: int
    total: int


class FeedStopped(Exception):
    """Its limits stopped the feed before anything was sent."""

    def __init__(self, broken: tuple[Broken, ...]) -> None:
        super().__init__("its limits stopped the feed before anything was sent")
        self.broken = broken


@final
class FeedRun:
    """One run of one feed. `read`, then `compare`, then (unless it is a dry run) `send`."""

    def __init__(
        self,
        feed: Feed,
        *,
        keys: FeedKeys,
        today: dt.date,
        end_missing: bool = False,
        send_again: bool = False,
        on_error: Callable[[RowError], None],
        on_row: Callable[[Row], None] = lambda _: None,
        on_step: Callable[[Step], None],
    ) -> None:
        self._feed = feed
        self._keys = keys
        self._today = today
        self._on_error = on_error
        self._on_row = on_row
        self._on_step = on_step
        self._plan = Reconciliation(keys.reference_key, end_missing=end_missing, send_again=send_again)

    def close(self) -> None:
        """Let go of the files, and forget everything."""
        self._plan.close()
        self._feed.close()

    def read(self) -> None:
        """Read and judge every row.

        Raises:
            FeedError: the file cannot be read as a feed.
        """
        size = self._feed.size
        for row in self._feed.rows():
            if isinstance(row, BadRow):
                for error in row.errors:
                    self._on_error(error)
            self._plan.take(row)
            self._on_row(row)
            self._on_step(Step("Reading", min(row.place, size), size))
        self._on_step(Step("Reading", size, size))

    async def compare(self, index: OwnIndex) -> Counts:
        """What the feed changes, against the index's own list."""
        async for page in index.involvements():
            for some in _batched(page, _COMPARED_AT_ONCE):
                self._plan.compare(
                    (Reference(each.reference), RowDigest(each.row_digest), each.changed_here) for each in some
                )
                await asyncio.sleep(0)
        return self._plan.counts()

    async def send(self, counts: Counts, limits: Limits, *, evaluator: Evaluator, index: OwnIndex, name: str) -> None:
        """Send what changed.

        Raises:
            FeedStopped: its limits do not allow it; nothing was sent.
            FeedError: the file was changed while it was being read; what was sent stands.
            Failure: a service did not answer or refused; what was acknowledged stands, and running again does the rest.
        """
        if broken := broken_limits(counts, limits):
            raise FeedStopped(broken)
        await self._register(counts.add + counts.change, evaluator, index)
        await self._change(counts.end + counts.withdraw, index)
        await index.feed_finished(name)

    def newly_added(self) -> int:
        """How many children the feed newly adds, once it was compared."""
        return self._plan.newly_added()

    def newcomers(self) -> Iterator[Newcomer]:
        """The newly added children, in an order that is none of the council's."""
        return self._plan.newcomers()

    def child(self, newcomer: Newcomer) -> ChildDetails:
        """The details of one of them, read again.

        Raises:
            FeedError: the file was changed while it was being read.
        """
        return self._read_again(newcomer).child

    async def _register(self, total: int, evaluator: Evaluator, index: OwnIndex) -> None:
        done = 0
        batches = _batched(self._plan.to_register(), BULK_CHILDREN)

        async def worker() -> None:
            nonlocal done
            # One event loop: the shared iterator is never advanced twice at once.
            for batch in batches:
                await self._send_batch(batch, evaluator, index)
                done += len(batch)
                self._on_step(Step("Registering", done, total))

        async with _all_or_first_failure() as tasks:
            for _ in range(_IN_FLIGHT):
                tasks.create_task(worker())

    async def _send_batch(self, batch: Sequence[Register], evaluator: Evaluator, index: OwnIndex) -> None:
        involvements = await _one_by_one(self._read_again, batch)
        slots = await _one_by_one(lambda involvement: slots_of(involvement, keys=self._keys), involvements)
        evaluated = await evaluator.evaluate_batch(Use.REGISTER, slots)
        registrations = await _one_by_one(
            lambda at: registration_of(involvements[at], batch[at].digest, evaluated.tags(at), keys=self._keys),
            range(len(batch)),
        )
        await index.register(
            RegisterRequest(epoch=evaluated.epoch, registrations=registrations, receipts=list(evaluated.receipts))
        )

    def _read_again(self, item: Register | Newcomer) -> Involvement:
        involvement = self._feed.involvement(item.place)
        if row_digest(self._keys.reference_key, involvement) != item.digest:
            raise FeedError(FileCode.FILE_CHANGED, "the feed")
        return involvement

    async def _change(self, total: int, index: OwnIndex) -> None:
        done = 0
        items: Iterator[EndOf | Reference] = chain(self._plan.to_end(), self._plan.to_withdraw())
        for batch in _batched(items, MAX_CHANGES):
            await index.change(ChangeRequest(changes=await _one_by_one(self._change_of, batch)))
            done += len(batch)
            self._on_step(Step("Ending", done, total))

    def _change_of(self, item: EndOf | Reference) -> Change:
        if isinstance(item, EndOf):
            return Change(reference=item.reference, action="end", ended_on=self._end_date(item), row_digest=item.digest)
        return Change(reference=item, action="withdraw", ended_on=None, row_digest=None)

    def _end_date(self, item: EndOf) -> dt.date:
        if item.place is None:
            return self._today
        involvement = self._feed.involvement(item.place)
        if involvement.ended_on is None:
            raise FeedError(FileCode.FILE_CHANGED, "the feed")
        return involvement.ended_on


def slots_of(involvement: Involvement, *, keys: FeedKeys) -> list[Slot]:
    """The 12 slots of an involvement: the same each time it is sent."""
    name = reference(keys.reference_key, involvement.ids)
    return registration_slots(
        match_inputs(involvement.child, Use.REGISTER), reference=name, organisation_secret=keys.reference_key
    )


def registration_of(
    involvement: Involvement, digest: RowDigest, tags: list[TaggedPoint], *, keys: FeedKeys
) -> Registration:
    """An involvement as the index takes it."""
    sealed = seal_case_reference(involvement.ids.local_id, to=keys.sealing_key, organisation=keys.organisation.name)
    return Registration(
        reference=reference(keys.reference_key, involvement.ids),
        child_reference=child_reference(keys.reference_key, involvement.ids),
        row_digest=digest,
        handle=involvement.handle,
        # The month is enough: work that begins at birth would tell the index a birthday.
        started_on=involvement.started_on.replace(day=1),
        ended_on=involvement.ended_on,
        basis=involvement.basis,
        sealed_case_reference=sealed,
        remove_after=involvement.remove_after,
        tags=tags,
    )


def _batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


async def _one_by_one(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """What the work gives for each. In between, the event loop serves whoever else waits: at a gateway, somebody who
    stands beside a child.
    """
    done = []
    for item in items:
        done.append(work(item))
        await asyncio.sleep(0)
    return done


class _all_or_first_failure(asyncio.TaskGroup):  # noqa: N801 - it reads as the block it is
    """A task group that raises its first failure itself, not a group of one."""

    async def __aexit__(self, *args: object) -> None:
        try:
            await super().__aexit__(*args)  # type: ignore[arg-type]
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
