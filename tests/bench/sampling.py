"""How figures are taken: everything that is compared is measured in turns, in the same run.

Rules:
- Cost is processor time, not waiting time, unless a figure says "latency": other work on the machine counts for little.
- What is compared takes turns, in rounds as short as can be, and every other round in the opposite order, so that a
  machine that speeds up or slows down (heat, neighbours, clock) does so for both. A ratio is taken within a round.
- Processes that would work at the same time are held to one core while their cost is taken: on many machines two cores
  share what does the arithmetic, and the same multiplication then costs twice the processor time.
- A figure is the median of its rounds, shown with the lowest and highest.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Meter", "Spread", "cpu_seconds", "in_turns", "on_one_core", "peak_memory", "process_cpu", "ratios"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The rounds of one figure, in its own unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The lowest round."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The highest round."""
        return max(self.values)

    def median_lies_between(self) -> tuple[float, float]:
        """Where the true median lies, with 95 % confidence (order statistics: the sign test's interval).

        Fewer than six rounds say no more than their lowest and highest.
        """
        ordered = sorted(self.values)
        count = len(ordered)
        if count < 6:
            return ordered[0], ordered[-1]
        reach = 0.98 * math.sqrt(count)  # 1.96 standard deviations of a binomial of one half
        return ordered[max(0, math.floor(count / 2 - reach))], ordered[min(count - 1, math.ceil(count / 2 + reach))]

    def scaled(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(tuple(value * factor for value in self.values))


def in_turns(sides: Sequence[Callable[[], Mapping[str, float]]], *, rounds: int) -> dict[str, Spread]:
    """Runs each side once a round; each gives what it measured, by name. One spread a name, round by round."""
    found: dict[str, list[float]] = {}
    gc.collect()
    for number in range(rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            for name, value in side().items():
                found.setdefault(name, []).append(value)
    return {name: Spread(tuple(values)) for name, values in found.items()}


def ratios(measured: Spread, against: Spread) -> Spread:
    """The ratio within each round."""
    return Spread(tuple(one / other for one, other in zip(measured.values, against.values, strict=True)))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor seconds that this process spends on one call of `work`."""
    before = time.process_time()
    work()
    return time.process_time() - before


def process_cpu(pid: int) -> float:
    """Processor seconds a running process has used so far, all its threads together, in the system's share too."""
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3) on Linux: CPUCLOCK_SCHED of that process


class Meter:
    """What running processes use, from one reading to the next."""

    def __init__(self, processes: Sequence[int]) -> None:
        self.processes = processes
        self._before = [process_cpu(process) for process in processes]

    def read(self) -> list[float]:
        """Processor seconds of each since the last reading. What one does after its answer has left is not lost: the
        next reading has it.
        """
        now = [process_cpu(process) for process in self.processes]
        used = [after - before for after, before in zip(now, self._before, strict=True)]
        self._before = now
        return used


@contextlib.contextmanager
def on_one_core(processes: Iterable[int]) -> Iterator[None]:
    """Holds this process and those to one core, all their threads, for as long as the context lasts."""
    allowed = os.sched_getaffinity(0)
    everybody = [os.getpid(), *processes]
    _hold(everybody, {max(allowed)})
    try:
        yield
    finally:
        _hold(everybody, allowed)


def _hold(processes: Iterable[int], cores: set[int]) -> None:
    for process in processes:
        for thread in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.sched_setaffinity(int(thread.name), cores)


def peak_memory(pid: int) -> int:
    """The most memory a process has held so far, in bytes; 0 once it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
