"""Whether a shielded child can be told from an absent one by the clock, or by anything else that an asker sees.

*Timing*: lookups over HTTP of a real index, in triples in random order: two absent children and a shielded one. Singly,
each triple is three lookups one after the other; in bursts, each of the three is several lookups of the same child at
once, timed to the last answer and shared out among them: so somebody would ask who hopes for the worker's help.
`paired` says how it is judged.

*Attacker* (`sessions`): somebody who asks everything there is to ask about a child, knows for half of the children
which they are, and learns from that.

The index's database is in memory where the system offers that (`/dev/shm`): whoever asks sees the disk's noise as well,
which is a hundred times what is looked for here.
"""

from __future__ import annotations

import contextlib
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
_ONE_ASKER: Final = 200
"""Triples by one account, whose budget they must not use up."""


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
            _row(what, _timed(known, together, triples, draw), draw)
            for what, together in (("singly", 1), (f"in bursts of {_BURST}", _BURST))
        ]
        attacker = attacked(known, sessions=sessions, draw=draw)
    return [_timing(rows, triples), attacker]


def _timed(known: Children, together: int, triples: int, draw: random.Random) -> Triples:
    """Each triple in an order of its own. All requests of one are made before the first is sent."""
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    with contextlib.ExitStack() as opened:
        lines = [opened.enter_context(Line.to(known.port)) for _ in range(together)]
        asker = known.asker()
        for number in range(triples):
            if number and number % _ONE_ASKER == 0:
                asker = known.asker()
            sides = list(enumerate(known.triple(number)))
            draw.shuffle(sides)
            ready = [
                (side, [questioned(known, asker, LOOKUPS, known.lookup(asker, child)) for _ in lines])
                for side, child in sides
            ]
            for side, requests in ready:
                seconds, replies = at_once(lines, requests)
                if any(reply.status != 200 or b'"none"' not in reply.body for reply in replies):
                    raise RuntimeError(f"the index answered {replies[0].status}")
                found[side].append(seconds * 1e6 / together)
    return Triples(*found)


def _row(what: str, triples: Triples, draw: random.Random) -> tuple[str, ...]:
    measured = _less(triples.shielded, triples.absent)
    same = _less(triples.also_absent, triples.absent)
    added = [difference + ALLOWED for difference in same]
    found, null, injected = (Difference.of(each, draw) for each in (measured, same, added))
    return (
        what,
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


def _timing(rows: Sequence[tuple[str, ...]], triples: int) -> Table:
    return Table(
        f"A lookup of a shielded child against an absent one, waiting time, {triples:,} triples "
        f"(at most {ALLOWED:g} µs either way)",
        (
            "", "absent, µs", "shielded - absent, µs (95 %)", "p", "absent - absent, µs (95 %)", "p",
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
    with index.serving():
        yield Children.around(index)


@contextlib.contextmanager
def _in_memory(folder: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="signpost-bench-", dir=memory) as quick:
        yield Path(quick)
