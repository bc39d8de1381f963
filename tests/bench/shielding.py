"""Whether a shielded child can be told from an absent one by the clock, or by anything else that an asker sees.

*Timing*: lookups over HTTP of a real index, in triples: two absent children and a shielded one. Singly, each is asked
about alone; in bursts, each is several lookups of the same child at once, timed to the last answer and shared out among
them: so somebody would ask who hopes for the worker's help. `paired` says how it is judged.

What is looked for is a three-hundredth of what is waited, so what makes the machine uneven is kept out. Each side of a
triple is three children of its kind, of whom the quickest answer counts: what delays one now and then is not the
child's. All nine are asked in an order drawn anew, after one that is not timed, since the first after a pause is slow.
The asker and the index each have a processor of their own, where there are two, and come before all other work of the
machine, where that is allowed.

*Attacker* (`sessions`): somebody who asks everything there is to ask about a child, knows for half of the children
which they are, and learns from that.

The index's database is in memory where the system offers that (`/dev/shm`): whoever asks sees the disk's noise as well,
which is a hundred times what is looked for here.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.lone_index import LOOKUPS, LoneIndex
from tests.bench.paired import Difference, judged
from tests.bench.plain_http import Line, at_once
from tests.bench.report import Table
from tests.bench.sessions import attacked
from tests.bench.shielded_children import Children, questioned
from tests.support.ceremony import make_holders

__all__ = ["ALLOWED", "measure"]

ALLOWED: Final = 10.0
"""Microseconds: the most that may lie between a shielded and an absent child."""
_BURST: Final = 3
_TRIES: Final = 3
"""Children of each side of a triple, the quickest of whom counts."""
_ONE_ASKER: Final = 1_500
"""Lookups by one account, whose budget they must not use up."""


@dataclass(frozen=True, slots=True)
class Triples:
    """What was waited for each of a triple, in microseconds a lookup."""

    absent: Sequence[float]
    also_absent: Sequence[float]
    shielded: Sequence[float]


def measure(*, triples: int, sessions: int, children: int, folder: Path) -> list[Table]:
    """Both tables. `children` are as many shielded ones, and twice as many absent ones."""
    draw = random.Random(time.time_ns())
    with _in_memory(folder) as quick, _running(quick) as known:
        known.admit_and_shield(children)
        _timed(known, 1, max(2, triples // 20), draw)  # counts for nothing
        rows = [
            _row(what, _timed(known, together, count, draw), count, draw)
            # Twice as many singly: they cost a third.
            for what, together, count in (("singly", 1, 2 * triples), (f"in bursts of {_BURST}", _BURST, triples))
        ]
        attacker = attacked(known, sessions=sessions, draw=draw)
    return [_timing(rows), attacker]


def _timed(known: Children, together: int, triples: int, draw: random.Random) -> Triples:
    """Each triple in an order of its own. All requests of one are made before the first is sent."""
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    of_one = max(1, _ONE_ASKER // ((3 * _TRIES + 1) * together))
    with contextlib.ExitStack() as opened:
        lines = [opened.enter_context(Line.to(known.port)) for _ in range(together)]
        asker = known.asker()
        for number in range(triples):
            if number and number % of_one == 0:
                asker = known.asker()
            threes = [known.triple(number * _TRIES + attempt) for attempt in range(_TRIES)]
            asked = [(side, child) for three in threes for side, child in enumerate(three)]
            draw.shuffle(asked)
            ready = [
                (side, [questioned(known, asker, LOOKUPS, known.lookup(asker, child)) for _ in lines])
                for side, child in [(None, known.first), *asked]
            ]
            quickest = [math.inf] * len(found)
            for side, requests in ready:
                seconds, replies = at_once(lines, requests)
                if any(reply.status != 200 or b'"none"' not in reply.body for reply in replies):
                    raise RuntimeError(f"the index answered {replies[0].status}")
                if side is not None:
                    quickest[side] = min(quickest[side], seconds * 1e6 / together)
            for times, time_of in zip(found, quickest, strict=True):
                times.append(time_of)
    return Triples(*found)


def _row(what: str, triples: Triples, count: int, draw: random.Random) -> tuple[str, ...]:
    measured = _less(triples.shielded, triples.absent)
    same = _less(triples.also_absent, triples.absent)
    added = [difference + ALLOWED for difference in same]
    found, null, injected = (Difference.of(each, draw) for each in (measured, same, added))
    return (
        what,
        f"{count:,}",
        f"{statistics.median(triples.absent):,.0f}",
        *_shown(found),
        *_shown(null),
        *_shown(injected),
        judged(found, null, injected, ALLOWED),
    )


def _less(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [left - right for left, right in zip(one, other, strict=True)]


def _shown(difference: Difference) -> tuple[str, str]:
    return f"{difference.median:+.1f} ({difference.low:+.1f} to {difference.high:+.1f})", f"{difference.p:.3f}"


def _timing(rows: Sequence[tuple[str, ...]]) -> Table:
    return Table(
        f"A lookup of a shielded child against an absent one, waiting time (at most {ALLOWED:g} µs either way)",
        (
            "", "triples", "absent, µs", "shielded - absent, µs (95 %)", "p", "absent - absent, µs (95 %)", "p",
            f"with {ALLOWED:g} µs added", "p", "",
        ),
        rows,
        [
            "Medians of paired differences, their bootstrapped intervals, and the p of Wilcoxon's signed-rank test.",
            "UNSURE where the interval is too wide, where two absent children differ, or where what was added to one",
            "of them was not found: then the machine was too busy to tell.",
        ],
    )  # fmt: skip


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[Children]:
    index = LoneIndex.make(folder / "shielding", make_holders())
    processors, usual = os.sched_getaffinity(0), (os.sched_getscheduler(0), os.sched_getparam(0))
    try:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setaffinity(0, {max(processors)})  # what is started keeps to it
        with index.serving():
            os.sched_setaffinity(0, {min(processors)})
            yield Children.around(index)
    finally:
        os.sched_setaffinity(0, processors)
        os.sched_setscheduler(0, *usual)


@contextlib.contextmanager
def _in_memory(folder: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="signpost-bench-", dir=memory) as quick:
        yield Path(quick)
