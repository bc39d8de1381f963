"""Kill -9 of the index in the middle of registrations, again and again: what was acknowledged is there, nothing is half
there, and running the feed again completes it.

A killed process is what this proves. A power cut is another matter: for that the database is opened with
`synchronous=FULL`, which `tests/unit/service` asserts.
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import http.client
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from signpost.edge.client import EvaluatedBatch
from signpost.edge.evaluations import ClassedTag
from signpost.edge.failures import Failure
from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.limits import Limits
from signpost.edge.feeds.reconcile import Counts
from signpost.edge.index_client import Index
from signpost.edge.organisation_keys import FeedKeys, Organisation
from signpost.edge.registering import FeedRun
from signpost.edge.signed_sender import Identity, SignedSender
from signpost.edge.slots import Slot
from signpost.edge.transport import Transport
from signpost.index.keyfile import IndexKeys, make_keys, write_keys
from signpost.index.storage.vault import Vault
from signpost.protocol.classes import Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import BULK_CHILDREN, Change, ChangeRequest, RegisterRequest
from signpost.protocol.oprf import SUITE
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost.protocol.tags import Tag
from signpost.service.clock import SystemClock
from signpost_cli.demo.families import HANDLES, generate_csv
from signpost_cli.demo.world import free_ports
from tests.support.registered import read_registered, settled
from tests.support.running_index import RunningIndex
from tests.support.world import Child, Device, FixedClock, World, chance

_KILLS = 15
_BATCHES = 6
"""In one round."""
_SEED = 20_261_122
_FEED_ROWS = 400


@dataclass
class KillableIndex:
    """An index in a process of its own, over a folder that outlives it."""

    folder: Path
    keys: IndexKeys
    world: World
    feed: Device
    asker: Device
    handle: str
    process: subprocess.Popen[bytes] | None = None
    acknowledged: set[bytes] = field(default_factory=set)
    withdrawn: set[bytes] = field(default_factory=set)

    @classmethod
    def prepare(cls, folder: Path) -> KillableIndex:
        """Keys, a manifest, a council and a hospital, written by an index in this process; then nobody has it open."""
        data = folder / "data"
        keys = make_keys(os.urandom)
        (port,) = free_ports(1)
        world = World(
            credential_key=keys.credential_key(),
            clock=FixedClock(int(time.time())),
            url=f"http://127.0.0.1:{port}",
            _chance=chance(_SEED),
        )
        with RunningIndex(data, keys=keys, world=world) as index:
            index.admit("northtown")
            index.admit("st-elsewhere", Kind.HOSPITAL)
            feed = index.enrol("northtown", Role.FEED)
            asker = index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
            handle = index.handle("northtown")
            write_keys(index.settings.key_file, keys)
        (folder / "manifest.json").write_bytes(world.holders.signed.encoding())
        (folder / "settings.toml").write_text(
            f'port = {port}\npublic_url = "{world.url}"\ndata_dir = "data"\nmanifest = "manifest.json"\n'
            f'manifest_fingerprint = "{world.manifest.fingerprint()}"\nsettling_tick_ms = 50\n'
        )
        return cls(folder, keys, world, feed, asker, handle)

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "signpost.index", "--settings", str(self.folder / "settings.toml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the index did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self) -> tuple[Transport, Index]:
        """The edge's own client of the index, which here does not wait before it tries again."""
        transport = Transport()
        sender = SignedSender(
            transport,
            Identity(self.feed.certificate, self.feed.credential, self.feed.key),
            clock=SystemClock(),
            randomness=os.urandom,
        )

        async def at_once(_: float) -> None:
            await asyncio.sleep(0)

        return transport, Index(self.world.url, sender, sleep=at_once)

    def batch(self) -> RegisterRequest:
        """A batch of registrations of new children, with receipts. Their tags are elements of nobody."""
        self.world.clock.at = int(time.time())
        registrations = [
            self.world.registration(Child(), self.handle, reference=os.urandom(8).hex()) for _ in range(BULK_CHILDREN)
        ]
        return self.world.registering(self.feed, registrations)

    def _answers(self) -> bool:
        parts = urlsplit(self.world.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    # -- looking behind it

    @property
    def database(self) -> Path:
        """Its file."""
        return self.folder / "data" / "index.sqlite"

    def check_whole(self) -> None:
        """Every acknowledged involvement is in the owner's table; what is visible is so with all its tags."""
        owned = read_registered(self.database).owned
        there = {self._number(reference) for reference in self.acknowledged}
        gone = {self._number(reference) for reference in self.withdrawn}
        assert there - gone <= owned, "an acknowledged involvement is not there"
        assert not gone & owned, "a withdrawn involvement is there"

    def _number(self, reference: bytes) -> int:
        return int(Vault(self.keys).involvement(OrganisationId("northtown"), reference))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[KillableIndex]:
    """An index that is ready to be started and killed."""
    prepared = KillableIndex.prepare(tmp_path)
    yield prepared
    if prepared.process is not None and prepared.process.poll() is None:
        prepared.kill()


async def _register_until_killed(
    index: KillableIndex, batches: Sequence[RegisterRequest], acknowledgements: int, seconds: float
) -> None:
    """Kill it so long after so many acknowledgements. Counted, not timed: how fast a machine is says nothing of where
    among the writes it dies.
    """
    transport, client = index.client()
    waiting = iter(batches)
    withdraw_now: list[bytes] = []
    left = acknowledgements
    now = asyncio.Event()

    def acknowledged() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            now.set()

    if not left:
        now.set()

    async def worker() -> None:
        for batch in waiting:
            await client.register(batch)
            index.acknowledged |= {each.reference for each in batch.registrations}
            acknowledged()
            # One of each batch is withdrawn again, so that both kinds of write are under way when it dies.
            gone = batch.registrations[0].reference
            withdraw_now.append(gone)
            change = Change(reference=gone, action="withdraw", ended_on=None, row_digest=None)
            await client.change(ChangeRequest(changes=[change]))
            index.withdrawn.add(gone)
            withdraw_now.remove(gone)
            acknowledged()

    async def killer() -> None:
        await now.wait()
        await asyncio.sleep(seconds)
        index.kill()

    async with transport:
        await asyncio.gather(*(worker() for _ in range(3)), killer(), return_exceptions=True)
    # Those whose withdrawal was not acknowledged may be there or not: nothing was promised of them.
    index.acknowledged -= set(withdraw_now)


def test_what_was_acknowledged_survives_kills_of_the_real_process_and_nothing_is_half_there(
    index: KillableIndex,
) -> None:
    moments = random.Random(_SEED)
    index.start()
    finished = [0]

    for _ in range(_KILLS):
        batches = [index.batch() for _ in range(_BATCHES)]
        # each batch is acknowledged twice, as registered and as changed; the last one is not waited for
        after, seconds = moments.randrange(2 * _BATCHES - 1), moments.uniform(0.0, 0.02)
        asyncio.run(_register_until_killed(index, batches, after, seconds))
        assert index.process is not None
        assert index.process.returncode == -signal.SIGKILL
        index.check_whole()
        finished.append(len(index.withdrawn))
        index.start()

    settled(index.database)
    index.check_whole()
    # The kills fell among the writes, not beside them: some rounds got through less than they had.
    rounds = [after - before for before, after in pairwise(finished)]
    assert sum(each < _BATCHES for each in rounds) > _KILLS // 4
    assert len(index.acknowledged) > _BATCHES * BULK_CHILDREN


@dataclass
class SigningEvaluator:
    """Stands for the key holders: derives tags with the whole key, which only a test may have, and signs as they do."""

    index: KillableIndex

    async def evaluate_batch(self, use: Use, children: Sequence[Sequence[Slot]]) -> EvaluatedBatch:
        self.index.world.clock.at = int(time.time())
        points = sum(len(child) for child in children)
        return EvaluatedBatch(
            epoch=self.index.world.manifest.epoch,
            children=tuple(
                tuple(ClassedTag(slot.place, Tag(SUITE.hash_to_group(slot.x))) for slot in child) for child in children
            ),
            receipts=tuple(self.index.world.receipts(self.index.feed, use, points)),
        )


async def _run_feed(index: KillableIndex, file: Path, keys: FeedKeys, kill_after: float | None) -> Counts | None:
    feed = CSVFeed(
        file,
        today=dt.date(2026, 11, 20),
        handles=Handles(dict.fromkeys(HANDLES.values(), index.handle), own={index.handle}),
        join_key=Secret(os.urandom(32)),
    )
    run = FeedRun(feed, keys=keys, today=dt.date(2026, 11, 20), on_error=lambda _: None, on_step=lambda _: None)
    transport, client = index.client()

    async def killer() -> None:
        if kill_after is not None:
            await asyncio.sleep(kill_after)
            index.kill()

    run.read()
    async with transport:
        killing = asyncio.create_task(killer())
        try:
            counts = await run.compare(client)
            await run.send(counts, Limits(), evaluator=SigningEvaluator(index), index=client, name="csv")
            return counts
        except Failure:
            return None
        finally:
            await killing
            run.close()


def test_running_the_feed_again_after_kills_completes_it(index: KillableIndex, tmp_path: Path) -> None:
    file = tmp_path / "caseload.csv"
    generate_csv(file, _SEED, _FEED_ROWS, today=dt.date(2026, 11, 20))
    with file.open(newline="") as written:
        ends = [row["end"] for row in csv.DictReader(written)]
    # What ended more than twelve months ago is not sent.
    rows = sum(not end or dt.date.fromisoformat(end) >= dt.date(2025, 11, 20) for end in ends)
    organisation = Organisation(
        OrganisationId("northtown"),
        Kind.COUNCIL,
        index.world.organisation_key("northtown").verify_key,
        OpeningKey(Secret(os.urandom(32))).seal_key,
    )
    keys = FeedKeys(organisation, Secret(os.urandom(32)))
    index.start()
    unfinished = 0

    for kill_after in (0.05, 0.15, 0.25, 0.4):
        unfinished += asyncio.run(_run_feed(index, file, keys, kill_after)) is None
        index.check_whole()
        index.start()
    done = asyncio.run(_run_feed(index, file, keys, None))
    again = asyncio.run(_run_feed(index, file, keys, None))

    assert unfinished >= 1
    assert done is not None
    assert done.add + done.unchanged == rows
    assert again is not None
    assert (again.add, again.change, again.end, again.withdraw, again.unchanged) == (0, 0, 0, 0, rows)
    settled(index.database)
    index.check_whole()
    assert len(read_registered(index.database).owned) == rows
