"""The index's operator, at the socket that only the user the index runs as can reach."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.protocol.problems import ProblemCode
from signpost_cli.exit_codes import ExitCode
from signpost_cli.local_service import LocalService
from signpost_cli.stops import Stop

__all__ = ["IndexSettings", "OperatorSocket", "operator"]

IndexSettings = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="The index's settings: they say where its socket is.")
]
OperatorSocket = Annotated[
    Path | None, typer.Option("--operator-socket", metavar="SOCKET", help="Or the index's operator.sock itself.")
]

_SOCKET: Final = "operator.sock"
_HINTS: Final = {
    ProblemCode.ORGANISATION_UNKNOWN: (
        "signpost admin org list shows which there are; signpost admin org add ORGANISATION.json admits one"
    ),
    ProblemCode.MALFORMED: "Correct what was typed: names are 2 to 64 of a-z, 0-9, dot and hyphen",
}
"""Here it is the operator who asks, and can mend it."""


def operator(settings: Path | None, socket: Path | None) -> LocalService:
    """The index, as its operator speaks to it.

    Raises:
        Stop: neither or both were named, or the settings do not say where the data folder is.
    """
    if (settings is None) == (socket is None):
        raise Stop(
            ExitCode.USAGE,
            "The index is not named.",
            why="Its operator's socket is found by its settings, or by its path.",
            hint="Add --settings FILE or --operator-socket SOCKET, one of the two.",
        )
    found = socket if socket is not None else _socket_of(settings or Path())
    return LocalService(found, name="index", start="signpost serve index --settings FILE", hints=_HINTS)


def _socket_of(settings: Path) -> Path:
    try:
        data_dir = tomllib.loads(settings.read_text())["data_dir"]
        # As the index itself reads it: relative to where the settings stand.
        return settings.absolute().parent / str(data_dir) / _SOCKET
    except OSError:
        raise Stop(ExitCode.USAGE, f"{settings} is missing or cannot be read.", hint="Check the path.") from None
    except (ValueError, KeyError):
        raise Stop(ExitCode.USAGE, f"{settings} is not an index's settings: it names no data_dir.") from None
