"""`python -m tests.bench.matching`: how well children are recognised, against the aims of the project."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from signpost.edge.match_inputs import ChildDetails
from signpost.edge.names import Family, Given
from tests.bench.matching.children import HEAVY, ORDINARY, Population
from tests.bench.matching.evaluate import Share
from tests.bench.matching.febrl import READINGS, Score, febrl4
from tests.bench.matching.leakage import Leak, leaks
from tests.bench.matching.probabilistic import splink
from tests.bench.matching.recall import Outcome, Tally, World, unborn

_AGES: Final = ("under one",)
_NATION: Final = 10.96e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.matching", description=__doc__)
    parser.add_argument("--children", type=int, default=1_000_000, help="how many children there are")
    parser.add_argument("--queries", type=int, default=40_000, help="how many are asked about")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--leakage", type=int, default=5_000_000, help="how many children the buckets are counted of")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of it all: to see that it runs")
    options = parser.parse_args(arguments)
    if options.quick:
        options.children, options.queries, options.leakage = 20_000, 4_000, 100_000
    began = time.monotonic()
    world = World(Population(options.seed, options.children), options.seed, options.queries)
    print(f"{options.children:,} children, {options.queries:,} queries, a fifth about children nobody has registered\n")
    ordinary = world.measure(ORDINARY, numbers=False, tell=_say)
    _show("Demographics only, ordinary slips", ordinary, options.children)
    _show_groups(ordinary)
    heavy = world.measure(HEAVY, numbers=False, tell=_say)
    _show("Demographics only, heavy slips", heavy, options.children)
    numbers = world.measure(ORDINARY, numbers=True, tell=_say)
    _show("With numbers on 75 % of records and 55 % of queries, ordinary slips", numbers, options.children)
    _show_unborn(unborn(options.seed, options.queries // 2))
    _show_baselines(world)
    febrl = {reading: febrl4(area) for reading, area in READINGS.items()}
    for reading, (scores, most) in febrl.items():
        _show_scores(reading, scores, most)
    buckets = list(leaks(options.leakage, options.seed))
    _show_leaks(buckets)
    _show_aims(ordinary, numbers, {reading: scores for reading, (scores, _) in febrl.items()}, buckets)
    _say(f"in {time.monotonic() - began:.0f} s")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _show(title: str, outcome: Outcome, children: int) -> None:
    print(f"*{title}.*\n")
    print("| | recall | another child found | precision | others found per lookup among 11 million |")
    print("|---|---|---|---|---|")
    for depth, tally in outcome.depths.items():
        nation = tally.false.value * _NATION / children
        print(f"| {depth} | {tally.recall} | {tally.false} | {tally.precision} | {nation:.5f} |")
    wrong = outcome.wrong_dates
    lost = wrong.registered - wrong.found
    print(f"\nStored for a child: at most {outcome.most_stored} inputs.")
    print(
        f"Of {wrong.registered:,} queries with a wrong date of birth that find the child with the right one,"
        f" {Share(lost, wrong.registered)} answer NONE: {Share(lost, outcome.depths['T2 or better'].registered)}"
        " of all queries about registered children.\n"
    )


def _show_groups(outcome: Outcome) -> None:
    print("| group | strict T1 recall | another child found |\n|---|---|---|")
    for group, tally in sorted(outcome.groups.items()):
        print(f"| {group} | {tally.recall} | {tally.false} |")
    print()


def _show_unborn(tally: Tally) -> None:
    print("*Registered before birth by the mother's number, asked about after it.*\n")
    print("| | recall | another child found |\n|---|---|---|")
    print(f"| T2, by mother and month | {tally.recall} | {tally.false} |\n")


def _show_baselines(world: World) -> None:
    print("*On the plaintext, ordinary slips.*\n\n| | recall | another child found |\n|---|---|---|")
    for name, key in (("exact forename, surname and birth date", _exact), ("SLK-581", _slk)):
        tally = world.baseline(ORDINARY, key)
        print(f"| {name} | {tally.recall} | {tally.false} |")
    tally = splink(world, ORDINARY, _say)
    print(f"| Splink, its default model | {tally.recall} | {tally.false} |\n")


def _exact(child: ChildDetails) -> str:
    if not child.forename or not child.surname or child.date_of_birth is None:
        return ""
    return f"{child.forename}|{child.surname}|{child.date_of_birth}".casefold()


def _slk(child: ChildDetails) -> str:
    """SLK-581 (AIHW) without sex: letters 2, 3 and 5 of the surname, 2 and 3 of the forename, the birth date."""
    given, family = Given.read(child.forename).call, Family.read(child.surname).joined
    if not given or not family or child.date_of_birth is None:
        return ""
    letters = [family[at : at + 1] or "2" for at in (1, 2, 4)] + [given[at : at + 1] or "2" for at in (1, 2)]
    return f"{''.join(letters)}|{child.date_of_birth}"


def _show_scores(reading: str, scores: Mapping[str, Score], most: float) -> None:
    print(f"*Febrl 4: 5,000 pairs; {reading}.*\n\n| | right | wrong | missed | F1 |\n|---|---|---|---|---|")
    for depth, score in scores.items():
        print(f"| {depth} | {score.right:,} | {score.wrong:,} | {score.missed:,} | {score.f1:.4f} |")
    print(f"\nAt most {most:.4f}: the other pairs have no date of birth on one side or on both.\n")


def _show_leaks(buckets: Sequence[Leak]) -> None:
    print(f"*Buckets, among {buckets[0].children:,} children.*\n")
    print("| key | children with one | in buckets of 5 and more | largest | named by frequency | by guessing |")
    print("|---|---|---|---|---|---|")
    for leak in buckets:
        print(
            f"| {leak.key} | {leak.children:,} | {100 * leak.in_five:.4f} % | {leak.largest} | {leak.aligned:.2e} |"
            f" {leak.guessed:.2e} |"
        )
    print()


def _show_aims(
    ordinary: Outcome, numbers: Outcome, febrl: Mapping[str, Mapping[str, Score]], buckets: Sequence[Leak]
) -> None:
    ungated, *stored = buckets
    gated = [leak.in_five for leak in stored if "gated" in leak.key]
    depths = ordinary.depths
    settled = [tally.recall.value for group, tally in ordinary.groups.items() if group not in _AGES]
    aims = [
        ("T1 recall by keys alone, at least", depths["T1, keys alone"].recall.value, 0.91, True),
        ("T1 false by keys alone, at most", depths["T1, keys alone"].false.value, 3e-4, False),
        ("strict T1 recall, at least", depths["T1, strict"].recall.value, 0.88, True),
        ("strict T1 false, at most", depths["T1, strict"].false.value, 1e-4, False),
        ("T2 recall, at least", depths["T2 or better"].recall.value, 0.95, True),
        ("T2 false, at most", depths["T2 or better"].false.value, 1e-3, False),
        ("T3 recall (deep), at least", depths["T3 or better (deep)"].recall.value, 0.985, True),
        ("T3 false (deep), at most", depths["T3 or better (deep)"].false.value, 5e-3, False),
        ("with numbers, strict T1 recall, at least", numbers.depths["T1, strict"].recall.value, 0.945, True),
        ("with numbers, wrong of 40,000, at most", numbers.depths["T1, strict"].false.value * 40_000, 3, False),
        *(
            (f"Febrl 4, {reading}: F1 at T3, at least", scores["T3 or better (deep)"].f1, 0.94, True)
            for reading, scores in febrl.items()
        ),
        ("gated keys, children in buckets of 5 and more, at most", max(gated), 3e-4, False),
        (
            "any stored key: the same, at most that of name and date",
            max(leak.in_five for leak in stored),
            ungated.in_five,
            False,
        ),
        (
            "any stored key: the largest bucket, at most that of name and date",
            max(leak.largest for leak in stored),
            ungated.largest,
            False,
        ),
        ("stored inputs, at most", ordinary.most_stored, 12, False),
        ("between the best group and the worst, under-ones apart, at most", max(settled) - min(settled), 0.05, False),
    ]
    print("| aim | | measured | |\n|---|---|---|---|")
    for name, measured, aim, least in aims:
        met = measured >= aim if least else measured <= aim
        print(f"| {name} | {aim:g} | {measured:.5g} | {'met' if met else 'MISSED'} |")


if __name__ == "__main__":
    sys.exit(main())
