"""What a feed's quality comes to: a few lines on the screen, and all of it in the file that `--report` names."""

from __future__ import annotations

import json
from pathlib import Path

from signpost.edge.atomic_file import replace_file
from signpost.edge.feeds.quality import QualityReport
from signpost.edge.feeds.words import quality_lines
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
    for line in quality_lines(report):
        say(f"  {line}")
