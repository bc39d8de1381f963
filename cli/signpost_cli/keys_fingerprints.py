"""Fingerprints that people compare by voice: the only thing that stands between a custodian and a forged file.

A fingerprint is not shown next to the question for it: what is typed must come from the other person.
"""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["FingerprintFlag", "confirm_fingerprint"]

FingerprintFlag = Annotated[
    str | None,
    typer.Option(
        "--fingerprint", metavar="TEXT", help="The fingerprint, or its first 16 characters, as it was read out."
    ),
]

_LEAST: Final = 16
"""Characters that must be compared: 96 bits, which nobody can make another file meet. All that is given is compared."""


def confirm_fingerprint(actual: str, typed: str | None, *, question: str) -> None:
    """Goes on only if what was read out is this fingerprint.

    Raises:
        Stop: it is another one, it is too short, or there is nobody to ask.
    """
    if typed is None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Stop(
                ExitCode.NEEDS_A_PERSON,
                "A fingerprint must be compared, and there is no terminal to ask on.",
                hint="Give what was read out: --fingerprint=TEXT",
            )
        typed = str(typer.prompt(question, err=True))
    typed = typed.strip()
    if len(typed) < _LEAST:
        raise Stop(ExitCode.USAGE, f"At least {_LEAST} characters of the fingerprint are compared.")
    if not actual.startswith(typed):
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            "The file has another fingerprint.",
            why="It is not the one whose fingerprint was read out, or a letter was misheard.",
            hint="Compare again by telephone; capitals matter. If it still differs, use this file for nothing.",
        )
