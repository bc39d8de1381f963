"""`signpost explain`: which match inputs a child's details give, and why one is absent. Offline: it contacts nobody.

This is the one command that shows what is derived from an identifier, on the asker's own screen. With `--json` it is
for comparing: for a file, one line for each row, `{"id", "register", "lookup", "deep"}`, padding left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.explain import explain as explained
from signpost.edge.explain import shown
from signpost.edge.feeds.cin_feed import cin_children
from signpost.edge.feeds.csv_feed import csv_children
from signpost.edge.feeds.errors import FeedError
from signpost.edge.feeds.model import ChildRow
from signpost.edge.feeds.s903_feed import s903_children
from signpost.edge.feeds.ssd_feed import ssd_children
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.classes import Use
from signpost.protocol.secret import Secret
from signpost.service.clock import system_randomness
from signpost_cli.child_details import checked, today_here
from signpost_cli.child_prompt import details_from
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import HiddenFlag, NameFlag, StdinFlag
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.stops import Stop

__all__ = ["explain"]

_HEADINGS: Final = {Use.REGISTER: "Registering", Use.LOOKUP: "Looking up", Use.DEEP: "Looking up deep"}


class FileFormat(StrEnum):
    """What a file is written in."""

    SSD = "ssd"
    CSV = "csv"
    CIN = "cin"
    S903 = "s903"


def explain(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A feed's file or folder; else one child is asked for.")
    ] = None,
    file_format: Annotated[FileFormat | None, typer.Option("--format", help="What the file is written in.")] = None,
    identity: Annotated[
        Path | None, typer.Option(help="For cin and s903: a CSV file of who the children are.", exists=True)
    ] = None,
    by_name: NameFlag = False,
    stdin: StdinFlag = False,
    hidden: HiddenFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Show which match inputs a child's details give, for registering and for looking up, and why one is absent.

    It contacts nobody, and needs no enrolment. What it prints holds the details themselves: it is for your own screen.

    Example:
      signpost explain
      signpost explain --name
      signpost explain extract.csv --format csv --json
    """
    if file is None:
        with details_from(
            stdin=stdin, hidden=hidden, by_name=by_name, instead="signpost explain --stdin < child.json"
        ) as details:
            child = checked(details, today=today_here())
        _one(child, as_json=as_json)
        return
    if file_format is None:
        raise Stop(ExitCode.USAGE, "The file's format is not named.", hint="Add --format csv, ssd, cin or s903.")
    if identity is not None and file_format not in (FileFormat.CIN, FileFormat.S903):
        raise Stop(ExitCode.USAGE, "--identity is for --format cin and s903: this format has its own in each row.")
    try:
        rejected = _each(_rows(file, file_format, identity), as_json=as_json)
    except FeedError as error:
        raise Stop(ExitCode.USAGE, f"The file cannot be read as this format: {error}.") from None
    if not as_json:
        say(_LEGEND)
    if rejected:
        rows = "1 row has" if rejected == 1 else f"{rejected:,} rows have"
        raise Stop(ExitCode.NEEDS_A_PERSON, f"{rows} errors, listed above.", hint="Mend the extract.")


def _rows(file: Path, file_format: FileFormat, identity: Path | None) -> Iterable[ChildRow]:
    today, join_key = today_here(), Secret(system_randomness(32))
    match file_format:
        case FileFormat.CSV:
            return csv_children(file, today=today)
        case FileFormat.SSD:
            return ssd_children(file, today=today, join_key=join_key)
        case FileFormat.CIN:
            return cin_children(file, today=today, identity=identity, join_key=join_key)
        case FileFormat.S903:
            return s903_children(file, today=today, identity=identity, join_key=join_key)


def _each(rows: Iterable[ChildRow], *, as_json: bool) -> int:
    """Print every row; how many had errors."""
    rejected = 0
    for row in rows:
        if row.errors:
            rejected += 1
            for error in row.errors:
                say(f"{error.row},{error.field},{error.code.value},{error.meaning}")
        if as_json:
            line = {"id": row.local_id, **shown(row.child)}
            answer(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        else:
            answer(f"{row.local_id}:")
            _show(row.child)
    return rejected


def _one(child: ChildDetails, *, as_json: bool) -> None:
    if not as_json:
        _show(child)
        say(_LEGEND)
        return
    absent = {
        use.value: [{"template": each.template.value, "reason": each.reason.value} for each in explanation.absent]
        for use, explanation in explained(child).items()
    }
    answer_json("signpost.explain/1", {**shown(child), "absent": absent})


_LEGEND: Final = """\
Each line is one match input: its template, its class, its tier and its value.
T1: a hit answers CURRENT or PREVIOUS; T2 and T3 answer POSSIBLE and no more.
The birth date stands as year, then the two numbers of day and month in order, so that swapping them does not matter."""


def _show(child: ChildDetails) -> None:
    for use, explanation in explained(child).items():
        answer(f"{_HEADINGS[use]}:")
        for found in explanation.inputs:
            answer(f"  {found.template:<4} {found.match_class:<9} T{int(found.tier)}  {found.value}")
        for absent in explanation.absent:
            answer(f"  {absent.template:<4} absent: {absent.reason}")
