"""`python -m tests.bench [--quick | --full] [PART …]`: measures, and prints what docs/explanation/performance.md shows.

A part is `stages`, `feed`, `lookups`, `gateways`, `scale` or `shielding`; all of them without one. It exits 0 when it
ran: a missed aim is a result, not a failure. `--quick` only shows that everything runs; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import feed, gateways, lookups, scale, shielding, stages
from tests.bench.house import house
from tests.bench.report import Table

__all__ = ["main"]

_PARTS = ("stages", "feed", "lookups", "gateways", "scale", "shielding")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    stage_rounds: int
    lookup_rounds: int
    scale_rounds: int
    scale_lookups: int
    feed_rows: Sequence[int]
    stub_rows: Sequence[int]
    keys: Sequence[int]
    triples: int
    sessions: int
    shielded: int
    gateways: int = 10
    upload_rows: int = 20_000


_QUICK = Sizes(2, 2, 2, 1, (12,), (12,), (100, 1_000), 3, 12, 2, 1, 12)
_ORDINARY = Sizes(150, 250, 150, 4, (1_000, 10_000), (1_000, 100_000), scale.SIZES, 4_000, 2_000, 200)
_FULL = Sizes(600, 600, 500, 4, (1_000, 10_000, 100_000), (1_000, 100_000, 300_000), scale.SIZES, 12_000, 6_000, 200)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What a lookup and a feed cost.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(_PARTS)}; all of them without one")
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument("--quick", action="store_true", help="only show that it runs")
    how_much.add_argument("--full", action="store_true", help="more rounds, and 100,000 rows through real holders")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sizes = _QUICK if asked.quick else _FULL if asked.full else _ORDINARY
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory(prefix="signpost-bench-") as folder:
        _run(asked.parts or _PARTS, sizes, Path(folder))
    print(f"Took {time.monotonic() - began:.0f} s.")
    return 0


def _run(parts: Sequence[str], sizes: Sizes, folder: Path) -> None:
    if "stages" in parts:
        _show(stages.measure(rounds=sizes.stage_rounds))
    with contextlib.ExitStack() as opened:
        if {"lookups", "feed", "gateways"} & set(parts):
            running = opened.enter_context(house(folder / "house"))
            if "lookups" in parts:
                _show(lookups.measure(running, folder, rounds=sizes.lookup_rounds))
            if "feed" in parts:
                _show(feed.measure(running, folder, rows=sizes.feed_rows, stub_rows=sizes.stub_rows))
            if "gateways" in parts:
                for table in gateways.measure(
                    running, rounds=sizes.lookup_rounds, gateways=sizes.gateways, upload_rows=sizes.upload_rows
                ):
                    _show(table)
    if "scale" in parts:
        _show(scale.measure(folder / "scale", sizes=sizes.keys, rounds=sizes.scale_rounds, lookups=sizes.scale_lookups))
    if "shielding" in parts:
        for table in shielding.measure(
            triples=sizes.triples, sessions=sizes.sessions, children=sizes.shielded, folder=folder
        ):
            _show(table)


def _show(table: Table) -> None:
    print(table, flush=True)


if __name__ == "__main__":
    sys.exit(main())
