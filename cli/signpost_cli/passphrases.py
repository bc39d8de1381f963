"""Passphrases: asked for on a terminal, or read from a file of this user's own. Never from argv or the environment,
where other programs and a shell's history would find them.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.protocol.secret import Secret
from signpost.service.files import read_private_file
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["PassphraseFile", "ask_new_passphrase", "ask_passphrase"]

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Read the passphrase from FILE (0600) instead of asking."),
]

_SHORTEST: Final = 12
"""Characters of a new passphrase. Argon2id makes each guess dear; this keeps the guesses many."""


def ask_passphrase(file: Path | None, *, of: str) -> Secret:
    """The passphrase of something that exists: `of` says what, as in "the signing key of this organisation".

    Raises:
        Stop: no terminal and no file; or it is empty.
        StartRefused: the file is missing, or others can read it.
    """
    return _checked(_from_file(file) if file is not None else _asked(f"Passphrase of {of}: "), shortest=1)


def ask_new_passphrase(file: Path | None, *, of: str) -> Secret:
    """A new passphrase: on a terminal it is asked for twice.

    Raises:
        Stop: no terminal and no file; the two differ; or it is shorter than 12 characters.
        StartRefused: the file is missing, or others can read it.
    """
    if file is not None:
        return _checked(_from_file(file), shortest=_SHORTEST)
    first = _checked(_asked(f"New passphrase of {of}: "), shortest=_SHORTEST)
    if first != Secret(_asked("The same again: ").encode()):
        raise Stop(ExitCode.USAGE, "The two passphrases differ.", hint="Run the command again.")
    return first


def _from_file(file: Path) -> str:
    try:
        # One line end at the end is the editor's, not the passphrase's.
        return read_private_file(file).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Stop(ExitCode.USAGE, "The passphrase file is not UTF-8 text.") from None


def _asked(prompt: str) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            ExitCode.NEEDS_A_PERSON,
            "A passphrase is needed, and there is no terminal to ask for it on.",
            hint="Name a file that only you can read: --passphrase-file FILE",
        )
    return getpass.getpass(prompt, stream=sys.stderr)


def _checked(text: str, *, shortest: int) -> Secret:
    if len(text) < shortest:
        what = "The passphrase is empty." if shortest == 1 else f"A new passphrase has at least {shortest} characters."
        raise Stop(ExitCode.USAGE, what, hint="Choose a longer one: several words are easy to remember.")
    return Secret(text.encode())
