"""Options that several commands share, so that they are called the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["HiddenFlag", "Home", "NameFlag", "StdinFlag"]

Home = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The desk's folder; else SIGNPOST_HOME, else ~/.config/signpost.")
]
StdinFlag = Annotated[
    bool, typer.Option("--stdin", help="Read the details from stdin: one JSON object, or key=value lines.")
]
NameFlag = Annotated[
    bool, typer.Option("--name", help="Ask for names, date of birth and postcodes; each may be skipped.")
]
HiddenFlag = Annotated[bool, typer.Option("--hidden", help="Do not show what is typed: for a shared screen.")]
