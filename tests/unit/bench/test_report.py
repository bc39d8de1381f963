"""A figure says how sure it is, and a table reads as Markdown."""

from __future__ import annotations

import pytest

from tests.bench.report import Comparison, Table, Verdict
from tests.bench.sampling import Spread, in_turns, ratios


@pytest.mark.parametrize(
    ("ratios_of_rounds", "verdict"),
    [
        ((1.0,) * 30 + (9.0,) * 10, Verdict.PASS),
        ((2.0,) * 30 + (0.1,) * 10, Verdict.MISS),
        ((1.0,) * 21 + (2.0,) * 19, Verdict.UNSURE),
        ((1.0, 1.1, 1.2), Verdict.PASS),
        ((1.0, 1.1, 1.6), Verdict.UNSURE),
    ],
    ids=["disturbed but under", "disturbed but over", "on both sides", "few and under", "few and on both sides"],
)
def test_a_verdict_is_of_the_median_and_only_when_that_is_sure(
    ratios_of_rounds: tuple[float, ...], verdict: Verdict
) -> None:
    """Some disturbed rounds decide nothing; rounds as often on one side as on the other are not a result."""
    against = Spread((1.0,) * len(ratios_of_rounds))

    assert Comparison("x", Spread(ratios_of_rounds), against, 1.3).verdict is verdict


def test_the_median_of_a_known_distribution_is_found_between_its_bounds() -> None:
    """For 100 rounds the bounds are the 41st and the 61st value, as the sign test has them."""
    assert Spread(tuple(float(value) for value in range(1, 101))).median_lies_between() == (41.0, 61.0)


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
