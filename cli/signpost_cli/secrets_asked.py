"""What somebody signs in with, asked for on a terminal or piped in. Never from argv or the environment."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Sequence
from typing import Final

from signpost.edge.pins import pin_fits
from signpost.protocol.passwords import SHORTEST_PASSWORD
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["ask", "ask_hidden", "ask_new_password", "ask_new_pin", "piped"]

_LONGEST: Final = 16_384


def piped(fields: Sequence[str]) -> dict[str, str]:
    """One JSON object on stdin with exactly these fields, each text.

    Raises:
        Stop: it is something else. What was in it is not said.
    """
    try:
        given = json.loads(sys.stdin.read(_LONGEST))
    except ValueError:
        given = None
    if not isinstance(given, dict) or set(given) != set(fields) or not all(isinstance(v, str) for v in given.values()):
        raise Stop(
            ExitCode.USAGE,
            f"On stdin it takes one JSON object with the texts {', '.join(fields)}.",
            hint="From a file that only you can read: < FILE",
        )
    return given


def ask(prompt: str, *, instead: str) -> str:
    """A line that may be seen."""
    _terminal(instead)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def ask_hidden(prompt: str, *, instead: str) -> str:
    """A line that is not shown."""
    _terminal(instead)
    return getpass.getpass(prompt, stream=sys.stderr)


def ask_new_pin(*, instead: str) -> str:
    """A PIN for this shift, of six digits or more.

    Raises:
        Stop: there is no terminal.
    """
    while not pin_fits(pin := ask_hidden("A PIN for this shift, six digits or more: ", instead=instead)):
        sys.stderr.write("  Digits only, six or more, and not all the same.\n")
    return pin


def ask_new_password(*, instead: str) -> str:
    """A new password, twice the same and long enough. How guessable it is, the index judges.

    Raises:
        Stop: there is no terminal.
    """
    sys.stderr.write(
        f"A password of at least {SHORTEST_PASSWORD} characters: three or four unrelated words are easy to remember.\n"
    )
    while True:
        first = ask_hidden("New password: ", instead=instead)
        if len(first) < SHORTEST_PASSWORD:
            sys.stderr.write(f"  That is shorter than {SHORTEST_PASSWORD} characters.\n")
        elif first != ask_hidden("The same again: ", instead=instead):
            sys.stderr.write("  The two differ.\n")
        else:
            return first


def _terminal(instead: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            ExitCode.NEEDS_A_PERSON,
            "There is no terminal to ask on. Nothing was sent.",
            hint=f"From a script: {instead}",
        )
