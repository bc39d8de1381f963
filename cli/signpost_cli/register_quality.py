"""What a feed's quality comes to: a few lines on the screen, and all of it in the file that `--report` names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signpost.edge.atomic_file import replace_file
from signpost.edge.feeds.quality import QualityReport
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import say
from signpost_cli.stops import Stop

__all__ = ["tell_quality", "write_quality"]


def write_quality(report: QualityReport, path: Path) -> None:
    """Replace the file, for its owner only.

    Raises:
        Stop: its folder is not there, or cannot be written.
    """
    try:
        replace_file(path, json.dumps(report.as_json(), indent=2).encode() + b"\n")
    except OSError:
        raise Stop(
            ExitCode.USAGE,
            "The file that --report names cannot be written. Nothing was sent.",
            hint="Name another: --report report.json",
        ) from None


def tell_quality(report: QualityReport) -> None:
    """Say what a person would want to mend, and how well the children can be found."""
    if not report.children:
        return
    say(f"Of {report.children:,} children:")
    for line in _lines(report):
        say(f"  {line}")


_NAMES: Final = {
    "nhs_number": "NHS number", "upn": "permanent UPN", "postcode": "postcode", "previous_postcode": "earlier one",
}  # fmt: skip


def _lines(report: QualityReport) -> Iterator[str]:
    def share(count: int) -> str:
        return f"{100 * count / report.children:5.1f} %"

    yield f"{share(report.with_t1_input)} can be confirmed by what is known of them; the others only found as possible"
    yield " · ".join(f"{name} {share(report.with_detail[field]).strip()}" for field, name in _NAMES.items())
    odd = (
        (report.unnamed, "without a forename"),
        (report.unborn, "not yet born"),
        (report.temporary_upns, "with a temporary UPN"),
        (report.default_birthdays, "born on 1 January, which often means that the day is not known"),
        (report.likely_duplicates, "who may stand under two ids"),
        (report.likely_twins, "who may be twins"),
        (sum(report.check_failures.values()), "rows whose check digit or letter does not match"),
    )
    yield from (f"{count:,} {what}" for count, what in odd if count)
