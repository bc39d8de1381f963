"""What registering a feed costs: rows a second, and the most memory the registering process holds.

Up to 10,000 rows, `signpost register` is run as a council runs it, against three real holders and a real index on the
same machine. At 100,000 rows that would measure group arithmetic for half an hour, so a STUB EVALUATOR stands in for
the holders (`stub_feed.py`), and for the index as well: what is left is the registering process's own work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.bench.families_csv import write_rows
from tests.bench.house import House
from tests.bench.processes import Finished, finished
from tests.bench.report import Table, Verdict

__all__ = ["AIM", "measure"]

AIM = 16_000_000
"""How many bytes more than the smallest feed any other may take: flat, but for the allocator and the two private
databases of a run, each of which fills a cache of 4 MiB once there are rows enough.
"""


@dataclass(frozen=True, slots=True)
class _Run:
    rows: int
    evaluator: str
    done: Finished


def measure(house: House, folder: Path, *, rows: Sequence[int], stub_rows: Sequence[int]) -> Table:
    """Registers a feed of each size for a council of its own, and one of each other size with the stub."""
    runs = [_Run(count, "three holders", _register(house, count)) for count in rows]
    runs += [_Run(count, "STUB", _register_stub(folder, count)) for count in stub_rows]
    return Table(
        f"Registering a feed (memory: at most {AIM / 1e6:.0f} MB above the fewest rows)",
        ("rows", "evaluator", "seconds", "rows a second", "CPU ms a row", "peak memory, MB", "above the fewest", ""),
        [_cells(run, runs) for run in runs],
        [_NOTE],
    )


_NOTE = "Processor time and memory are the registering process's; with the STUB there are no services, and no group."


def _register(house: House, rows: int) -> Finished:
    desk = house.add_council(f"council-{rows}")
    write_rows(desk / "feed.csv", rows, council=f"C{rows}", today=_today())
    command = ["signpost_cli", "register", "feed.csv", "--format", "csv", "--handles", "handles.csv", "--home", "."]
    return finished(command, folder=desk)


def _register_stub(folder: Path, rows: int) -> Finished:
    write_rows(folder / "feed.csv", rows, council=f"S{rows}", today=_today())
    return finished(["tests.bench.stub_feed", str(folder / "feed.csv")], folder=Path.cwd())


def _cells(run: _Run, runs: Sequence[_Run]) -> tuple[str, ...]:
    least = min((other for other in runs if other.evaluator == run.evaluator), key=lambda other: other.rows)
    more = run.done.peak_memory - least.done.peak_memory
    return (
        f"{run.rows:,}",
        run.evaluator,
        f"{run.done.seconds:.1f}",
        f"{run.rows / run.done.seconds:,.0f}",
        f"{run.done.cpu_seconds / run.rows * 1e3:.2f}",
        f"{run.done.peak_memory / 1e6:.0f}",
        "" if run is least else f"{more / 1e6:+.0f}",
        "" if run is least else Verdict.PASS if more <= AIM else Verdict.MISS,
    )


def _today() -> date:
    return datetime.now(tz=ZoneInfo("Europe/London")).date()
