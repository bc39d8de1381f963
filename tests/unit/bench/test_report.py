"""A figure says how sure it is, and a table reads as Markdown."""

from __future__ import annotations

import pytest

from tests.bench.report import Comparison, Table, Verdict
from tests.bench.sampling import Spread, in_turns, ratios


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        ((1.0, 1.1, 1.2, 1.3, 9.0), Verdict.PASS),
        ((2.0, 2.0, 2.0, 2.0, 0.1), Verdict.MISS),
        ((1.0, 1.0, 1.4, 1.5, 1.5), Verdict.UNSURE),
        ((1.0, 1.6), Verdict.UNSURE),
    ],
)
def test_a_verdict_is_of_the_middle_half_of_the_rounds(measured: tuple[float, ...], verdict: Verdict) -> None:
    """One disturbed round decides nothing; rounds on both sides of the aim are not a result."""
    against = Spread((1.0,) * len(measured))

    assert Comparison("x", Spread(measured), against, 1.3).verdict is verdict


def test_without_an_aim_there_is_no_verdict() -> None:
    assert Comparison("x", Spread((9.0,)), Spread((1.0,))).verdict is None


def test_a_ratio_is_taken_within_each_round() -> None:
    """A machine that halves its speed between two rounds changes no ratio."""
    assert ratios(Spread((2.0, 4.0)), Spread((1.0, 2.0))).values == (2.0, 2.0)


def test_what_is_compared_takes_turns_in_alternating_order() -> None:
    said: list[str] = []

    def side(name: str) -> dict[str, float]:
        said.append(name)
        return {name: float(len(said))}

    found = in_turns([lambda: side("one"), lambda: side("other")], rounds=3)

    assert said == ["one", "other", "other", "one", "one", "other"]
    assert found == {"one": Spread((1.0, 4.0, 5.0)), "other": Spread((2.0, 3.0, 6.0))}


def test_a_table_is_markdown_with_each_figure_its_range_and_its_verdict() -> None:
    comparison = Comparison("edge: blind", Spread((0.002, 0.004)), Spread((0.001, 0.001)), 1.3)

    table = str(Table.of("A title", [comparison], against="floor", notes=["A note."]))

    assert table.splitlines() == [
        "### A title",
        "",
        "|             | ms   | floor, ms | ratio (lowest to highest) | aim |      |",
        "|-------------|------|-----------|---------------------------|-----|------|",
        "| edge: blind | 3.00 | 1.00      | 3.00 (2.00 to 4.00)       | 1.3 | MISS |",
        "",
        "A note.",
    ]
