"""Registering a feed, with an evaluator and an index that are fakes: what is sent, when, and what a failure leaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from signpost.edge.case_reference import open_case_reference, seal_case_reference
from signpost.edge.client import EvaluatedBatch
from signpost.edge.evaluations import ClassedTag
from signpost.edge.failures import CouldNotCheck
from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.errors import FeedError, RowError
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.limits import Limits, TooManyRejected
from signpost.edge.feeds.model import Involvement
from signpost.edge.feeds.reconcile import Counts, ListContradictsItself, Reconciliation
from signpost.edge.organisation_keys import FeedKeys, Organisation
from signpost.edge.references import Reference, RowDigest
from signpost.edge.registering import FeedRun, FeedStopped, Step
from signpost.edge.slots import Slot
from signpost.protocol.classes import Use, fits_profile
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import (
    BULK_CHILDREN,
    ChangeRequest,
    InvolvementSummary,
    RegisterRequest,
    Registration,
    WriteReceipt,
)
from signpost.protocol.oprf import SUITE
from signpost.protocol.purposes import Kind
from signpost.protocol.sealing import OpeningKey, SealBroken
from signpost.protocol.secret import Secret
from signpost.protocol.tags import Tag
from signpost_cli.demo.families import CSV_COLUMNS, HANDLES, generate_csv

_TODAY = dt.date(2026, 11, 20)
_RECEIPT = WriteReceipt(receipt="7Q2K-94KD", accepted=1, at=1)
_HANDLE_OF = {name: f"{'0' * 4}-{number:04}" for number, name in enumerate(HANDLES.values())}


@dataclass
class FakeIndex:
    """Holds what was registered, as an index does for its owner; can be told to fail at its nth write."""

    held: dict[bytes, Registration] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    changes: list[tuple[str, dt.date | None]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    fail_at: int | None = None
    listed_twice: bool = False
    page: int = 7

    async def register(self, request: RegisterRequest) -> WriteReceipt:
        self._maybe_fail()
        self.batches.append(len(request.registrations))
        for registration in request.registrations:
            assert fits_profile(Use.REGISTER, [tag.place for tag in registration.tags])
            self.held[registration.reference] = registration
        return _RECEIPT

    async def change(self, request: ChangeRequest) -> WriteReceipt:
        for change in request.changes:
            self.changes.append((change.action, change.ended_on))
            if change.action == "withdraw":
                del self.held[change.reference]
            else:
                assert change.row_digest is not None
                assert change.ended_on is not None
                held = self.held[change.reference]
                # As the index does: an end is never moved later.
                ended_on = min(change.ended_on, held.ended_on or change.ended_on)
                self.held[change.reference] = held.model_copy(
                    update={"ended_on": ended_on, "row_digest": change.row_digest}
                )
        return _RECEIPT

    async def involvements(self) -> AsyncIterator[Sequence[InvolvementSummary]]:
        summaries = [
            InvolvementSummary(reference=each.reference, row_digest=each.row_digest) for each in self.held.values()
        ]
        for at in range(0, len(summaries), self.page):
            yield summaries[at : at + self.page]
        if self.listed_twice:
            yield summaries[:1]

    async def feed_finished(self, feed_format: str) -> WriteReceipt:
        self.finished.append(feed_format)
        return _RECEIPT

    def _maybe_fail(self) -> None:
        if self.fail_at is not None and len(self.batches) >= self.fail_at:
            raise CouldNotCheck("The index gave no answer.")


@dataclass
class FakeEvaluator:
    """Hashes inputs to the group and leaves it at that; remembers what it was asked."""

    asked: list[bytes] = field(default_factory=list)

    async def evaluate_batch(self, use: Use, children: Sequence[Sequence[Slot]]) -> EvaluatedBatch:
        assert use is Use.REGISTER
        assert len(children) <= BULK_CHILDREN
        self.asked += [slot.x for child in children for slot in child]
        await asyncio.sleep(0)
        return EvaluatedBatch(
            epoch=1,
            children=tuple(
                tuple(ClassedTag(slot.place, Tag(SUITE.hash_to_group(slot.x))) for slot in child) for child in children
            ),
            receipts=("r" * 20, "s" * 20),
        )


@dataclass
class Waiting:
    """Somebody else whom the event loop serves; how much was done between two of their turns, at the most."""

    now: int = 0
    most: int = 0
    done: int = 0

    def did(self) -> None:
        self.done += 1
        self.now += 1
        self.most = max(self.most, self.now)

    async def waits(self) -> None:
        while True:
            self.now = 0
            await asyncio.sleep(0)


@dataclass
class Council:
    """A council's keys and folder, and an index that remembers it."""

    folder: Path
    opening: OpeningKey = field(default_factory=lambda: OpeningKey(Secret(os.urandom(32))))
    reference_key: Secret = field(default_factory=lambda: Secret(os.urandom(32)))
    index: FakeIndex = field(default_factory=FakeIndex)
    evaluator: FakeEvaluator = field(default_factory=FakeEvaluator)
    errors: list[RowError] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    beside: list[Waiting] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "caseload.csv"

    def write(self, children: int, *, first: int = 0, seed: int = 7) -> list[str]:
        """Write a generated caseload; its lines, the header first."""
        generate_csv(self.file, seed, children, today=_TODAY, first=first)
        return self.file.read_text().splitlines()

    def keep(self, lines: list[str]) -> None:
        self.file.write_text("\n".join(lines) + "\n")

    def run(self, *, limits: Limits | None = None, send: bool = True, end_missing: bool = False) -> Counts:
        organisation = Organisation(
            OrganisationId("north-council"),
            Kind.COUNCIL,
            SigningKey(Secret(os.urandom(32))).verify_key,
            self.opening.seal_key,
        )
        feed = CSVFeed(
            self.file,
            today=_TODAY,
            handles=Handles(_HANDLE_OF, own=frozenset(_HANDLE_OF.values())),
            join_key=Secret(os.urandom(32)),
        )
        run = FeedRun(
            feed,
            keys=FeedKeys(organisation, self.reference_key),
            today=_TODAY,
            end_missing=end_missing,
            on_error=self.errors.append,
            on_step=self.steps.append,
        )

        async def whole() -> Counts:
            others = [asyncio.create_task(each.waits()) for each in self.beside]  # noqa: F841 - held while it runs
            run.read()
            counts = await run.compare(self.index)
            if send:
                await run.send(counts, limits or Limits(), evaluator=self.evaluator, index=self.index, name="csv")
            return counts

        try:
            return asyncio.run(whole())
        finally:
            run.close()


@pytest.fixture
def council(tmp_path: Path) -> Council:
    """A council with an empty folder, of which the index knows nothing."""
    return Council(tmp_path)


def _end(line: str, day: str) -> str:
    cells = line.split(",")
    cells[CSV_COLUMNS.index("end")] = day
    return ",".join(cells)


def test_a_feed_is_sent_in_batches_and_the_same_file_again_sends_nothing(council: Council) -> None:
    rows = len(council.write(60)) - 1

    first = council.run()
    again = council.run()

    assert (first.add, first.unchanged, first.rejected) == (rows, 0, 0)
    assert sum(council.index.batches) == rows
    assert set(council.index.batches[:-1]) == {BULK_CHILDREN}
    assert (again.add, again.change, again.end, again.withdraw, again.unchanged) == (0, 0, 0, 0, rows)
    assert council.index.finished == ["csv", "csv"]
    assert len(council.evaluator.asked) == 12 * rows


def test_who_else_is_served_waits_for_no_more_than_a_few_rows(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a gateway they stand beside a child. Whole batches and pages are made, compared and ended in between."""
    waiting, looked_at = Waiting(), Waiting()
    read_again, compare_one = CSVFeed.involvement, Reconciliation._compare_one

    def reads(feed: CSVFeed, place: int) -> Involvement:
        waiting.did()
        return read_again(feed, place)

    def compares(plan: Reconciliation, name: Reference, listed: RowDigest, *, changed_here: bool) -> None:
        looked_at.did()
        compare_one(plan, name, listed, changed_here=changed_here)

    monkeypatch.setattr(CSVFeed, "involvement", reads)
    monkeypatch.setattr(Reconciliation, "_compare_one", compares)
    header, *rows = council.write(150)
    council.index.page = len(rows)
    council.beside = [waiting, looked_at]
    council.run()
    assert waiting.done == len(rows)
    council.keep([header, *(_end(row, "2026-11-19") for row in rows)])

    council.run(limits=Limits(accept_ends=len(rows)))

    assert looked_at.done == len(rows)
    assert len(council.index.changes) > 60
    assert waiting.most <= 3  # one of each batch that is under way
    assert looked_at.most <= 50


def test_a_dry_run_says_the_same_and_sends_nothing(council: Council) -> None:
    rows = len(council.write(30)) - 1

    counts = council.run(send=False)

    assert counts.add == rows
    assert council.index == FakeIndex()
    assert council.evaluator.asked == []


def test_an_end_that_was_added_is_an_end_and_needs_no_evaluation(council: Council) -> None:
    header, *rows = council.write(40)
    open_rows = [at for at, row in enumerate(rows) if not row.split(",")[CSV_COLUMNS.index("end")]]
    council.run()
    asked = len(council.evaluator.asked)
    rows[open_rows[0]] = _end(rows[open_rows[0]], "2026-11-19")
    council.keep([header, *rows])

    counts = council.run()

    assert (counts.end, counts.change, counts.add) == (1, 0, 0)
    assert council.index.changes == [("end", dt.date(2026, 11, 19))]
    assert len(council.evaluator.asked) == asked
    assert council.run().unchanged == len(rows)


def test_a_corrected_identifier_registers_the_same_involvement_and_child_again(council: Council) -> None:
    header, *rows = council.write(25)
    council.run()
    before = dict(council.index.held)
    at = CSV_COLUMNS.index("date_of_birth")
    cells = rows[3].split(",")
    cells[at] = (dt.date.fromisoformat(cells[at]) - dt.timedelta(days=1)).isoformat()
    same_child = [n for n, row in enumerate(rows) if row.split(",")[0] == cells[0]]
    for n in same_child:
        parts = rows[n].split(",")
        parts[at] = cells[at]
        rows[n] = ",".join(parts)
    council.keep([header, *rows])

    counts = council.run()

    assert counts.change == len(same_child)
    assert counts.add == counts.withdraw == 0
    changed = [name for name, now in council.index.held.items() if now.row_digest != before[name].row_digest]
    assert len(changed) == len(same_child)
    for name in changed:
        assert council.index.held[name].child_reference == before[name].child_reference


@pytest.mark.parametrize(("end_missing", "action"), [(False, "withdraw"), (True, "end")])
def test_a_row_that_left_the_file_is_withdrawn_or_by_choice_ended_once(
    council: Council, end_missing: bool, action: str
) -> None:
    lines = council.write(40)
    council.run()
    council.keep(lines[:-1])

    counts = council.run(end_missing=end_missing)
    again = council.run(end_missing=end_missing)

    assert (counts.end + counts.withdraw, counts.add) == (1, 0)
    assert council.index.changes == [(action, _TODAY if end_missing else None)]
    assert again.end == again.withdraw == 0


def test_work_that_ended_before_it_left_the_file_is_named_once_and_keeps_its_end(council: Council) -> None:
    """The index's list has no dates: it is the index that keeps the earlier end, and nothing else is needed."""
    header, *rows = council.write(40)
    lately = (_TODAY - dt.timedelta(days=200)).isoformat()  # what ended more than a year ago is not sent at all
    rows[0] = _end(rows[0], ended := max(rows[0].split(",")[CSV_COLUMNS.index("start")], lately))
    council.keep([header, *rows])
    council.run()
    council.keep([header, *rows[1:]])

    counts = council.run(end_missing=True)
    again = council.run(end_missing=True)

    assert (counts.end, counts.add, counts.change) == (1, 0, 0)
    assert council.index.changes == [("end", _TODAY)]
    assert dt.date.fromisoformat(ended) in {each.ended_on for each in council.index.held.values()}
    assert _TODAY not in {each.ended_on for each in council.index.held.values()}
    assert (again.end, again.unchanged) == (0, len(rows) - 1)


def test_too_many_ends_stop_the_feed_before_anything_is_sent_until_they_are_accepted(council: Council) -> None:
    lines = council.write(40)
    council.run()
    held, batches = dict(council.index.held), list(council.index.batches)
    council.keep(lines[:20])
    gone = len(lines) - 20

    with pytest.raises(FeedStopped):
        council.run()
    assert council.index.held == held
    assert council.index.batches == batches
    assert council.index.changes == []
    with pytest.raises(FeedStopped):
        council.run(limits=Limits(accept_ends=gone - 1))
    assert council.run(limits=Limits(accept_ends=gone)).withdraw == gone


def test_too_many_bad_rows_stop_the_feed_and_a_few_do_not(council: Council) -> None:
    header, *rows = council.write(60)
    bad = rows[0].replace("999", "998", 1)
    council.keep([header, bad, *rows[1:]])
    counts = council.run()
    assert counts.rejected == 1
    assert len(council.index.held) == len(rows) - 1

    council.keep([header, *(row.replace("999", "998", 1) for row in rows[:9]), *rows[9:]])
    held = dict(council.index.held)
    with pytest.raises(FeedStopped) as stopped:
        council.run()
    assert [type(each) for each in stopped.value.broken] == [TooManyRejected]
    assert council.index.held == held


def test_a_bad_row_of_a_registered_child_keeps_what_was_registered(council: Council) -> None:
    header, *rows = council.write(60)
    council.run()
    council.keep([header, rows[0].replace("999", "998", 1), *rows[1:]])

    counts = council.run()

    assert (counts.rejected, counts.held, counts.withdraw) == (1, 1, 0)
    assert len(council.index.held) == len(rows)


@pytest.mark.parametrize("fail_at", [0, 1, 2])
def test_a_feed_that_failed_on_the_way_is_completed_by_running_it_again(council: Council, fail_at: int) -> None:
    rows = len(council.write(80)) - 1
    council.index.fail_at = fail_at
    with pytest.raises(CouldNotCheck):
        council.run()
    done = len(council.index.held)
    assert done < rows
    assert council.index.finished == []

    council.index.fail_at = None
    counts = council.run()

    assert (counts.add, counts.unchanged) == (rows - done, done)
    assert len(council.index.held) == rows
    assert council.index.finished == ["csv"]


def test_a_file_that_changes_between_reading_and_sending_stops_the_feed(council: Council) -> None:
    council.write(30)
    original = council.index.involvements

    async def changed() -> AsyncIterator[Sequence[InvolvementSummary]]:
        async for page in original():
            yield page
        raw = council.file.read_bytes()
        council.file.write_bytes(raw.replace(b"2026-", b"2025-"))

    council.index.involvements = changed  # type: ignore[method-assign]

    with pytest.raises(FeedError):
        council.run()


def test_an_index_that_names_an_involvement_twice_is_not_believed(council: Council) -> None:
    council.write(20)
    council.run()
    council.index.listed_twice = True

    with pytest.raises(ListContradictsItself):
        council.run()


def test_what_is_sent_holds_no_id_in_clear_and_the_case_reference_opens_for_the_council_only(council: Council) -> None:
    header, *rows = council.write(5)
    council.run()

    sent = b"".join(each.model_dump_json().encode() for each in council.index.held.values())
    ids = {row.split(",")[0] for row in rows}
    opened = {
        open_case_reference(each.sealed_case_reference, key=council.opening, organisation="north-council")
        for each in council.index.held.values()
    }

    assert opened == ids
    for row in rows:
        for cell in row.split(",")[:2]:
            assert not cell or cell.encode() not in sent
    with pytest.raises(SealBroken):
        open_case_reference(
            next(iter(council.index.held.values())).sealed_case_reference, key=council.opening, organisation="other"
        )
    assert header


def test_work_that_begins_at_birth_does_not_tell_the_index_the_birthday(council: Council) -> None:
    header, *rows = council.write(30)
    cells = rows[0].split(",")
    cells[CSV_COLUMNS.index("date_of_birth")] = cells[CSV_COLUMNS.index("start")] = "2026-03-17"
    cells[CSV_COLUMNS.index("end")] = ""
    council.keep([header, ",".join(cells)])

    council.run()

    assert [each.started_on for each in council.index.held.values()] == [dt.date(2026, 3, 1)]


def test_sealed_case_references_are_of_one_length_whatever_the_id() -> None:
    key = OpeningKey(Secret(os.urandom(32)))
    sealed = [seal_case_reference(text, to=key.seal_key, organisation="a") for text in ("1", "x" * 64, "é" * 32)]

    assert {len(each) for each in sealed} == {113}
    assert [open_case_reference(each, key=key, organisation="a") for each in sealed] == ["1", "x" * 64, "é" * 32]
    with pytest.raises(ValueError, match="too long"):
        seal_case_reference("é" * 33, to=key.seal_key, organisation="a")


def test_progress_only_goes_forward_and_ends_at_the_whole(council: Council) -> None:
    council.write(50)
    council.run()

    for what in ("Reading", "Registering"):
        done = [step.done for step in council.steps if step.what == what]
        assert done == sorted(done)
        assert done[-1] == next(step.total for step in council.steps if step.what == what)
