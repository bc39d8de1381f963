"""What a lookup costs the index, as the hot table grows: the whole signed request, from its arrival to its answer.

One index for each size runs at the same time, and they are asked in turns by the same device, one request at a time.
Each request is a lookup of 12 tags: a quarter of them are registered and the rest are not. Latency is what the asker
waits for on loopback, the commit to the disk included; it is not signing time, which the asker spends before.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

from signpost.edge.transport import Transport
from signpost.protocol.classes import LOOKUP_PROFILE
from signpost.protocol.encoding import to_base64url
from signpost.protocol.group import base_multiply
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.signatures import sign_request
from signpost.protocol.tags import Tag
from signpost.protocol.threshold import random_scalar
from tests.bench.enrolment import enrol
from tests.bench.lone_index import LOOKUPS, LoneIndex
from tests.bench.report import Comparison, Table, milliseconds, percentile
from tests.bench.sampling import Meter, Spread, in_turns
from tests.support.ceremony import make_holders

__all__ = ["AIM", "SIZES", "measure"]

SIZES = (10_000, 1_000_000, 10_000_000)
AIM = 1.3
"""The most that a lookup among ten million keys should cost, as a multiple of one among ten thousand."""
_KNOWN, _UNKNOWN = 300, 900
_REGISTERED = 3
"""Tags of each request that somebody has registered."""


def measure(folder: Path, *, sizes: Sequence[int], rounds: int, lookups: int) -> Table:
    """Builds an index of each size, and asks them in turns: so many lookups each a round."""
    holders = make_holders()
    known, unknown = _tags(_KNOWN), _tags(_UNKNOWN)
    indexes, seconds = [], []
    for size in sizes:
        index = LoneIndex.make(folder / str(size), holders)
        began = time.perf_counter()
        index.fill(size, known)
        seconds.append(time.perf_counter() - began)
        indexes.append(index)
    with contextlib.ExitStack() as running, asyncio.Runner() as runner:
        sides = [
            _Side(runner, index, running.enter_context(index.serving()), known, unknown, lookups) for index in indexes
        ]
        for side in sides:
            side.warm_up()
        found = in_turns([side.ask for side in sides], rounds=rounds)
        for side in sides:
            side.close()
    return _table(sizes, indexes, seconds, sides, found)


class _Side:
    """One index, and the device that asks it."""

    def __init__(
        self,
        runner: asyncio.Runner,
        index: LoneIndex,
        process: int,
        known: Sequence[Tag],
        unknown: Sequence[Tag],
        lookups: int,
    ) -> None:
        self._runner = runner
        self._index = index
        self._meter = Meter([process])
        self._known = known
        self._unknown = unknown
        self._lookups = lookups
        self._asker = enrol("aldate-hospital", Kind.HOSPITAL, Role.URGENT, credential_key=index.keys.credential_key())
        index.admit(self._asker)
        self._transport = runner.run(_opened())
        self.latencies: list[float] = []

    @property
    def name(self) -> str:
        """By which its figures are found."""
        return self._index.folder.name

    def warm_up(self) -> None:
        """A few lookups that count for nothing."""
        self._runner.run(self._ask(min(self._lookups, 10)))
        self._meter.read()

    def ask(self) -> dict[str, float]:
        """One round: processor seconds of the index for one lookup, and what the asker waited (the median)."""
        waited = self._runner.run(self._ask(self._lookups))
        (used,) = self._meter.read()
        self.latencies += waited
        return {f"cpu {self.name}": used / self._lookups, f"waited {self.name}": Spread(tuple(waited)).median}

    def close(self) -> None:
        """Let go of the connection."""
        self._runner.run(self._transport.close())

    async def _ask(self, times: int) -> list[float]:
        waited = []
        for _ in range(times):
            body = self._index.question(self._asker, self._drawn())
            headers = self._signed(body)
            began = time.perf_counter()
            reply = await self._transport.post(self._index.url, LOOKUPS, headers=headers, body=body, seconds=30)
            waited.append(time.perf_counter() - began)
            if reply.status != 200 or b'"none"' in reply.body:
                raise RuntimeError(f"the index answered {reply.status}")
        return waited

    def _drawn(self) -> list[Tag]:
        tags = random.sample(self._known, _REGISTERED)
        tags += random.sample(self._unknown, len(LOOKUP_PROFILE) - _REGISTERED)
        return tags

    def _signed(self, body: bytes) -> dict[str, str]:
        identity = self._asker.identity
        return sign_request(
            method="POST",
            url=self._index.url + LOOKUPS,
            body=body,
            certificate=identity.certificate,
            credential=identity.credential,
            key=identity.key,
            created=int(time.time()),
            nonce=to_base64url(os.urandom(16)),
        )


async def _opened() -> Transport:
    return Transport()


def _tags(count: int) -> list[Tag]:
    return [Tag(base_multiply(random_scalar(os.urandom))) for _ in range(count)]


def _table(
    sizes: Sequence[int],
    indexes: Sequence[LoneIndex],
    seconds: Sequence[float],
    sides: Sequence[_Side],
    found: dict[str, Spread],
) -> Table:
    rows = []
    least = indexes[0].folder.name
    for size, index, built, side in zip(sizes, indexes, seconds, sides, strict=True):
        compared = Comparison("", found[f"cpu {side.name}"], found[f"cpu {least}"], AIM)
        waited = Comparison("", found[f"waited {side.name}"], found[f"waited {least}"], AIM)
        first = side.name == least
        rows.append(
            (
                f"{size:,} keys",
                milliseconds(compared.measured),
                "" if first else compared.ratio_text,
                "" if first else compared.verdict_text,
                f"{percentile(side.latencies, 50) * 1e3:.1f}",
                f"{percentile(side.latencies, 99) * 1e3:.1f}",
                "" if first else waited.ratio_text,
                "" if first else waited.verdict_text,
                f"{index.settings.database.stat().st_size / 1e6:,.0f} MB, {built:.0f} s",
            )
        )
    return Table(
        f"A lookup at the index, the whole request, against {sizes[0]:,} keys (aim {AIM:g})",
        ("", "CPU ms", "ratio", "", "p50 ms", "p99 ms", "ratio of medians", "", "database, made in"),
        rows,
    )
