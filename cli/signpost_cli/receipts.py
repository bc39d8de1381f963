"""Receipts and references as they are typed on the command line."""

from __future__ import annotations

from signpost.edge.spoken import spoken_name
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["spoken"]


def spoken(text: str, what: str = "a receipt") -> str:
    """A receipt, a notice's or a handle's name, however it is said or typed (`spoken_name`).

    Raises:
        Stop: it is none.
    """
    name = spoken_name(text)
    if name is None:
        raise Stop(ExitCode.USAGE, f"That is not {what}. Nothing was sent.", hint="As L7Q2-94KD.")
    return name
