"""What a run prints: one Markdown table a part, each figure beside what it is held against, and whether the aim is met.

A verdict is PASS or MISS when the median is on that side of the aim with 95 % confidence, and UNSURE when it is not:
then the run was too disturbed, or too short, to tell. A figure without an aim has no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.bench.sampling import Spread, ratios

__all__ = ["Comparison", "Table", "Verdict", "microseconds", "milliseconds", "percentile"]


class Verdict(StrEnum):
    """Whether an aim is met."""

    PASS = "PASS"
    MISS = "MISS"
    UNSURE = "UNSURE"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Something measured against something else of the same unit, and the most that their ratio should be."""

    what: str
    measured: Spread
    against: Spread
    aim: float | None = None

    @property
    def ratio(self) -> Spread:
        """Within each round."""
        return ratios(self.measured, self.against)

    @property
    def ratio_text(self) -> str:
        """The median of the ratios, and the lowest and highest."""
        return f"{self.ratio.median:.2f} ({self.ratio.low:.2f} to {self.ratio.high:.2f})"

    @property
    def verdict_text(self) -> str:
        """As a cell of a table."""
        return self.verdict or ""

    @property
    def verdict(self) -> Verdict | None:
        """None without an aim."""
        if self.aim is None:
            return None
        low, high = self.ratio.median_lies_between()
        if high <= self.aim:
            return Verdict.PASS
        return Verdict.MISS if low > self.aim else Verdict.UNSURE


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title, with the notes that a reader of the figures needs."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    @classmethod
    def of(cls, title: str, comparisons: Sequence[Comparison], *, against: str, notes: Sequence[str] = ()) -> Table:
        """A table of comparisons, in milliseconds."""
        rows = [
            (
                each.what,
                milliseconds(each.measured),
                milliseconds(each.against),
                each.ratio_text,
                "" if each.aim is None else f"{each.aim:g}",
                each.verdict_text,
            )
            for each in comparisons
        ]
        return cls(title, ("", "ms", f"{against}, ms", "ratio (lowest to highest)", "aim", ""), rows, notes)

    def __str__(self) -> str:
        lines = [list(self.columns), *map(list, self.rows)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]
        shown = [
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines
        ]
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        parts = [f"### {self.title}", "", shown[0], rule, *shown[1:]]
        if self.notes:
            parts += ["", *self.notes]
        return "\n".join(parts) + "\n"


def milliseconds(spread: Spread) -> str:
    """The median of seconds, in milliseconds with three figures."""
    return _three_figures(spread.median * 1e3)


def microseconds(spread: Spread) -> str:
    """The median of seconds, in microseconds with three figures."""
    return _three_figures(spread.median * 1e6)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _three_figures(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
