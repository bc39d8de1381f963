"""`signpost password`: another password, on every factor of the present ones (protocol.md D2)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from signpost.edge.client import transport_from
from signpost.edge.desk import default_folder, desk_settings
from signpost.edge.shift import end_shift
from signpost.edge.signing_in import change_password
from signpost.protocol.purposes import MACHINE_ROLES
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import answer, say
from signpost_cli.secrets_asked import ask, ask_hidden, ask_new_password, piped
from signpost_cli.stops import Stop

__all__ = ["password"]

_INSTEAD = "signpost password --stdin < FILE"


def password(
    home: Home = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read password, code and new_password from stdin, as one JSON object.")
    ] = False,
) -> None:
    """Change the password you sign in with: it asks for the present one, a one-time code and the new one, twice.

    No administrator is needed. Every shift of yours that is open is over afterwards, wherever it was opened. If you
    have forgotten the present one, your administrator enrols you anew: signpost admin account enrol NAME.

    Example:
      signpost password
      signpost password --stdin < passwords.json
    """
    folder = home or default_folder()
    if desk_settings(folder).role in MACHINE_ROLES:
        raise Stop(ExitCode.USAGE, "A machine's account has no password.", hint="Its device's key signs it in.")
    if stdin:
        given = piped(("password", "code", "new_password"))
    else:
        given = {
            "password": ask_hidden("Present password: ", instead=_INSTEAD),
            "code": ask("One-time code: ", instead=_INSTEAD).replace(" ", ""),
            "new_password": ask_new_password(instead=_INSTEAD),
        }
    asyncio.run(_change(folder, **given))
    end_shift(folder)
    answer("Your password is changed.")
    say("Every shift of yours is over. Sign in again, with the next one-time code: signpost login")


async def _change(folder: Path, *, password: str, code: str, new_password: str) -> None:
    async with transport_from(desk_settings(folder), folder) as transport:
        await change_password(
            folder,
            password=password,
            code=code,
            new_password=new_password,
            transport=transport,
            clock=SystemClock(),
            randomness=system_randomness,
        )
