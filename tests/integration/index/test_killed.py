"""Kill -9 at random moments: what was acknowledged is there, nothing is half there, and the same feed completes it.

What this tests is a process that dies. What a power cut needs, `synchronous=FULL`, is asserted when the database is
opened (`signpost.service.database`).
"""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from dataclasses import replace
from pathlib import Path

from signpost.index.storage.schema import SENTINEL_KEY
from signpost.protocol.messages import RegisterRequest
from signpost.protocol.record import follows
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_record import record
from tests.support.running_index import RunningIndex
from tests.support.world import reference_of, whole_child

MOMENTS = 50
BATCHES = 6
ROWS = 2
"""Rows in a batch."""
SEED = 20_251_013

Feed = list[tuple[list[str], RegisterRequest]]


def reopened(scene: Scene) -> Scene:
    """The same scene around an index that was started again."""
    return replace(scene, index=RunningIndex(scene.index.folder, keys=scene.index.keys, world=scene.world))


def make_feed(scene: Scene, story: int) -> Feed:
    """The batches of a feed, each with the names of its rows."""
    feed = []
    for number in range(BATCHES):
        names = [f"{story}/{number}/{row}" for row in range(ROWS)]
        rows = [scene.world.registration(whole_child(name), scene.handle, reference=name) for name in names]
        feed.append((names, scene.world.registering(scene.feed, rows)))
    return feed


def send(scene: Scene, feed: Feed, told: int) -> None:
    """Send a feed and settle between its batches, telling the number of each batch once it is acknowledged."""
    for number, (_, request) in enumerate(feed):
        assert scene.index.ask(scene.feed, "/v1/registrations", request).status_code == 202
        os.write(told, bytes([number]))
        scene.index.run(scene.index.index.settling.tick())


def send_until_killed(scene: Scene, feed: Feed, seconds: float, story: int) -> set[int]:
    """Start an index in a process of its own, send it the feed, and kill it so long after its first acknowledgement.
    Which batches it had acknowledged.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The other threads Python may warn of are the test runner's; the child needs nothing that they could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            scene.world.reseed(SEED + story)  # its signatures must not bear the nonces that ours will
            send(reopened(scene), feed, writing)
        finally:
            os._exit(0)
    os.close(writing)
    acknowledged = set(os.read(reading, 1))
    assert acknowledged == {0}
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while told := os.read(reading, 64):
        acknowledged |= set(told)
    os.close(reading)
    return acknowledged


def assert_nothing_is_half_there(index: RunningIndex) -> None:
    """Every involvement that is visible has twelve tags, twelve bodies and an owner's row, and the record is whole."""
    tables = index.tables()
    owned = {row[:2] for row in tables["owned_involvements"]}
    tags = [(row[1], row[2], row[0]) for row in tables["involvement_tags"] if row[0] != SENTINEL_KEY]

    assert sorted(tags) == sorted(row[:3] for row in tables["tag_bodies"])
    assert {row[:2] for row in tables["tag_bodies"]} == owned
    assert len(tags) == 12 * len(owned)
    assert tables["inbox"] == []
    assert follows(record(index))


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    """Fifty feeds, each killed somewhere else; after each, the index opens, holds every acknowledged involvement whole
    and no other half, and completes the feed when it is sent again.
    """
    draw = random.Random(SEED)
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
    interrupted = 0
    undisturbed = 0.08  # seconds, until one feed was sent without being killed: the kills are to fall within that

    nowhere = os.open(os.devnull, os.O_WRONLY)
    for story in range(MOMENTS):
        feed = make_feed(scene, story)
        acknowledged = send_until_killed(scene, feed, draw.uniform(0.0, undisturbed), story)
        interrupted += len(acknowledged) < BATCHES

        scene = reopened(scene)
        with scene.index as index:
            index.settle()
            assert_nothing_is_half_there(index)
            there = references(scene)
            for number, (names, _) in enumerate(feed):
                present = {reference_of(name) in there for name in names}
                assert len(present) == 1
                assert present == {True} or number not in acknowledged
            name = draw.choice(draw.choice(feed)[0])
            word = index.look_up(scene.nurse, whole_child(name))
            assert word == ("current" if reference_of(name) in there else "none")

            began = time.monotonic()
            send(scene, feed, nowhere)
            undisturbed = time.monotonic() - began
            index.settle()
            assert_nothing_is_half_there(index)
            assert references(scene) >= {reference_of(name) for names, _ in feed for name in names}
            assert len(references(scene)) == (story + 1) * BATCHES * ROWS

    os.close(nowhere)
    assert interrupted > MOMENTS // 4


def references(scene: Scene) -> set[bytes]:
    """What Northtown's own list holds."""
    own = scene.index.index.involvements._involvements
    return {owned.reference for owned in own.after(scene.feed.organisation, None, 10_000)}
