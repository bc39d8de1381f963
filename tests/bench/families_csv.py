"""A feed of exactly so many rows, of the demonstration's pretend children."""

from __future__ import annotations

import csv
from datetime import date
from itertools import islice
from pathlib import Path

from signpost_cli.demo.families import CSV_COLUMNS, caseload, csv_row

__all__ = ["SEED", "write_rows"]

SEED = 20260401
_DISTINCT = 10_000


def write_rows(path: Path, rows: int, *, council: str, today: date) -> None:
    """Writes a CSV feed of the council's: one row an involvement, each child once or twice.

    Beyond 10,000 rows the same children come again under other local ids: making new ones would take longer than
    registering them.
    """
    involvements = (
        csv_row(child, work)
        for child, works in caseload(SEED, _DISTINCT, council=council, today=today)
        for work in works
    )
    distinct = list(islice(involvements, min(rows, _DISTINCT)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number in range(rows):
            again, at = divmod(number, len(distinct))
            row = distinct[at]
            writer.writerow({**row, "local_id": f"{row['local_id']}-{again}"})
