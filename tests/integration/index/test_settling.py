"""The settling worker (protocol.md C3): a fixed number of rows a tick, in order, all of a batch or nothing of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
from collections.abc import Sequence

import pytest

from signpost.index import settle
from signpost.index.events import IndexEvent
from signpost.index.storage import upkeep
from signpost.index.storage.layouts import OUTCOME_SETTLED
from signpost.index.ticking import meanwhile
from signpost.protocol.labels import Label
from signpost.protocol.messages import Change, ChangeRequest
from signpost.service.log import Log, Word
from tests.integration.index.conftest import Scene
from tests.support.running_index import RunningIndex
from tests.support.world import NOON, TODAY, reference_of, whole_child

ADA = whole_child("ada")


def register(scene: Scene, names: Sequence[str]) -> None:
    """Northtown registers a child under each name."""
    for start in range(0, len(names), 21):
        batch = [
            scene.world.registration(whole_child(name), scene.handle, reference=name)
            for name in names[start : start + 21]
        ]
        answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, batch))
        assert answer.status_code == 202


def visible(index: RunningIndex) -> int:
    """How many involvements hold tags."""
    return len({row[:2] for row in index.tables()["tag_bodies"]})


def test_a_tick_takes_a_fixed_number_oldest_first(scene: Scene) -> None:
    """The rest waits for the next one."""
    register(scene, [f"child {n}" for n in range(settle.BATCH + 5)])

    assert scene.index.run(scene.index.index.settling.tick()) == settle.BATCH
    assert scene.index.look_up(scene.nurse, whole_child("child 0")) == "current"
    assert scene.index.look_up(scene.nurse, whole_child(f"child {settle.BATCH}")) == "none"
    assert scene.index.run(scene.index.index.settling.tick()) == 5 + 2, "and the two lookups"
    assert scene.index.look_up(scene.nurse, whole_child(f"child {settle.BATCH}")) == "current"
    assert scene.index.run(scene.index.index.settling.tick()) == 1, "the third"
    assert scene.index.run(scene.index.index.settling.tick()) == 0


def test_every_arrival_leaves_one_outcome_of_one_size(scene: Scene) -> None:
    """A registration, a replacement, an end, a withdrawal, and an end of nothing any more."""
    register(scene, ["one", "two"])
    register(scene, ["one"])
    changes = [
        Change(reference=reference_of("one"), action="end", ended_on=TODAY, row_digest=bytes(16)),
        Change(reference=reference_of("two"), action="withdraw", ended_on=None, row_digest=None),
    ]
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=changes))
    arrivals = [row[0] for row in scene.index.tables()["inbox"]]

    assert scene.index.settle() == 5

    outcomes = scene.index.tables()["outcomes"]
    assert [row[0] for row in outcomes] == arrivals
    assert {(len(sealed), forget_at) for _, sealed, forget_at in outcomes} == {(528, NOON + 24 * 3600)}
    for arrival, sealed, _ in outcomes:
        context = arrival.to_bytes(8, "big")
        assert scene.index.vault.open(sealed, Label.OUTCOME_ROW, context) == OUTCOME_SETTLED


def test_every_waiting_row_is_of_one_size(scene: Scene) -> None:
    """Who reads the file cannot tell a withdrawal from a registration."""
    register(scene, ["one"])
    change = Change(reference=reference_of("one"), action="withdraw", ended_on=None, row_digest=None)
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=[change]))

    assert {len(sealed) for _, sealed in scene.index.tables()["inbox"]} == {646}


def test_what_becomes_visible_is_the_tag_its_class_its_tier_and_its_end(scene: Scene) -> None:
    """And, with each of them, the key of the involvement's own identity tag."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one", ended_on=TODAY)
    scene.index.settle()

    rows = [row for row in scene.index.tables()["involvement_tags"] if row[0] != b"\xff" * 16]

    identity = [row[0] for row in rows if row[3] == 1]
    assert len(identity) == 1
    assert {row[6] for row in rows} == set(identity)
    assert {dt.date.fromordinal(row[5]) for row in rows} == {TODAY}
    assert sorted(row[3:5] for row in rows) == sorted(
        [(1, 1), (2, 1), *[(3, 1)] * 2, (4, 1), *[(4, 2)] * 2, (5, 1), (6, 2), *[(7, 3)] * 3]
    )


def test_a_batch_that_fails_changes_nothing_and_is_taken_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in the middle of it."""
    register(scene, ["one", "two"])
    before = scene.index.tables()

    def fails(*_: object) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as broken:
        broken.setattr(upkeep, "record", fails)
        with pytest.raises(RuntimeError):
            scene.index.settle()

    assert scene.index.tables() == before
    assert scene.index.settle() == 2
    assert visible(scene.index) == 2


def test_settling_goes_on_after_a_restart(scene: Scene) -> None:
    """What was acknowledged before it settles when the index is there again; what had settled does not settle twice."""
    register(scene, [f"child {n}" for n in range(settle.BATCH + 5)])
    scene.index.run(scene.index.index.settling.tick())
    scene.index.close()

    with RunningIndex(scene.index.folder, keys=scene.index.keys, world=scene.world) as again:
        assert again.settle() == 5
        assert visible(again) == settle.BATCH + 5
        assert len(again.tables()["outcomes"]) == settle.BATCH + 5


def test_the_worker_ticks_while_the_index_serves(scene: Scene) -> None:
    """Without being asked, until the index stops."""
    register(scene, ["one"])

    async def serve_a_while() -> None:
        settled = asyncio.Event()

        async def tick() -> None:
            if await scene.index.index.settling.tick():
                settled.set()

        log = Log(Word("index"), io.StringIO())
        async with meanwhile(tick, seconds=0.01, failed=IndexEvent.SETTLING_FAILED, log=log):
            await settled.wait()

    scene.index.run(asyncio.wait_for(serve_a_while(), 10))

    assert visible(scene.index) == 1


def test_a_tick_that_fails_is_logged_and_the_next_one_comes() -> None:
    """By the exception's class alone: what it says is not written down."""
    lines = io.StringIO()

    async def serve_a_while() -> None:
        ticks = 0
        enough = asyncio.Event()

        async def tick() -> None:
            nonlocal ticks
            ticks += 1
            if ticks < 3:
                raise ValueError("something about a child")
            enough.set()

        async with meanwhile(tick, seconds=0.001, failed=IndexEvent.SETTLING_FAILED, log=Log(Word("index"), lines)):
            await enough.wait()

    asyncio.run(asyncio.wait_for(serve_a_while(), 10))

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["event"], line["exception"]) for line in told] == [("settling-failed", "ValueError")] * 2
    assert "something about a child" not in lines.getvalue()
