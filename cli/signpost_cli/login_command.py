"""`signpost login`, `lock` and `logout`: a shift on this device (protocol.md D2, D3)."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from signpost.edge.client import transport_from
from signpost.edge.desk import Desk, default_folder, desk_settings
from signpost.edge.failures import Failure, SignIn
from signpost.edge.shift import AgentState, Shift, end_shift, lock_shift, shift_at, unlock_shift
from signpost.edge.signing_in import sign_out
from signpost.protocol.purposes import MACHINE_ROLES
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.secrets_asked import ask_hidden, piped
from signpost_cli.shifts import ask_and_sign_in, sign_machine_in, sign_person_in
from signpost_cli.stops import Stop

__all__ = ["lock", "login", "logout"]

_FIELDS = ("username", "password", "code", "pin")


def login(
    home: Home = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read username, password, code and pin from stdin, as one JSON object.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Sign in for one shift: username, password, one-time code, and a PIN for when the shift locks itself.

    The shift's key is then held by an agent that only you can reach, for twelve hours at most. After a quarter of an
    hour of idleness it locks; this command then asks for the PIN alone. There is one shift at a time: if another one of
    yours was open still, wherever it was opened, it is over, and this command says when it began. A machine's account
    signs in by its device's key, and is asked nothing.

    Example:
      signpost login
      signpost login --stdin < shift.json
    """
    folder = home or default_folder()
    settings = desk_settings(folder)
    if settings.role in MACHINE_ROLES:
        expires_at = sign_machine_in(folder).expires_at
    elif stdin:
        given = piped(_FIELDS)
        expires_at = sign_person_in(folder, **given).expires_at
    else:
        shift = shift_at(folder)
        if shift is not None and shift.state is AgentState.LOCKED:
            pin = ask_hidden("PIN of this shift: ", instead="signpost login --stdin < FILE")
            expires_at = unlock_shift(folder, pin).expires_at
        elif shift is not None:
            expires_at = shift.expires_at
            say("You are signed in already.")
        else:
            expires_at = ask_and_sign_in(folder).expires_at
    until = dt.datetime.fromtimestamp(expires_at, tz=dt.UTC)
    if as_json:
        answer_json("signpost.shift/1", {"expires_at": until.isoformat().replace("+00:00", "Z")})
        return
    answer(f"Signed in as {settings.organisation}/{settings.account} until {until.astimezone():%H:%M}.")


def lock(home: Home = None) -> None:
    """Lock the shift on this device: the next command asks for the PIN.

    Example:
      signpost lock
    """
    folder = home or default_folder()
    if shift_at(folder) is None:
        raise SignIn("Nobody is signed in on this device.", hint="signpost login")
    lock_shift(folder)
    say("The shift is locked.")


def logout(home: Home = None) -> None:
    """End the shift: its agent forgets the key and the credential, and the index takes the shift no more.

    A shift that is locked, or that the index cannot be told of, is over on this device all the same; it says so.

    Example:
      signpost logout
    """
    folder = home or default_folder()
    settings = desk_settings(folder)
    if settings.role in MACHINE_ROLES:
        raise Stop(
            ExitCode.USAGE,
            "A machine's shift ends by itself.",
            hint="To stop the machine: signpost admin account suspend NAME",
        )
    shift = shift_at(folder)
    why_untold = None if shift is None else _tell_index(folder, shift)
    if not end_shift(folder) or shift is None:
        say("Nobody was signed in on this device.")
    elif why_untold is None:
        say("The shift is over.")
    else:
        until = dt.datetime.fromtimestamp(shift.expires_at, tz=dt.UTC).astimezone()
        say(f"The shift is over on this device. The index was not told: {why_untold}")
        say(f"  There it ends at {until:%H:%M}, or when you next sign in. Nothing but this device's key could use it.")


def _tell_index(folder: Path, shift: Shift) -> str | None:
    """Have the index end the shift; why not, where it did not."""
    if shift.state is AgentState.LOCKED:
        return "the shift is locked, so nothing signs for it."

    async def telling() -> None:
        async with transport_from(desk_settings(folder), folder) as transport:
            await sign_out(Desk.load(folder), transport=transport, clock=SystemClock(), randomness=system_randomness)

    try:
        asyncio.run(telling())
    except Failure as failure:
        return failure.why
    return None
