"""A desk that is ready to ask: signed in, its shift open.

A machine signs in by itself, when its shift has run out or is about to. A person is asked: from cold for username,
password, code and a PIN for the shift; from a locked shift for the PIN.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from pathlib import Path
from typing import Final

from signpost.edge.client import transport_from
from signpost.edge.desk import Desk, desk_settings
from signpost.edge.pins import SHORTEST_PIN, pin_fits
from signpost.edge.shift import AgentState, shift_at, unlock_shift
from signpost.edge.signing_in import hold_shift, sign_in
from signpost.protocol.messages import SignInAnswer
from signpost.protocol.purposes import MACHINE_ROLES
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import say
from signpost_cli.secrets_asked import ask, ask_hidden, ask_new_pin
from signpost_cli.stops import Stop

__all__ = ["ask_and_sign_in", "open_desk", "sign_machine_in", "sign_person_in"]

_LOGIN: Final = "signpost login --stdin < FILE"
_SOON_SECONDS: Final = 30 * 60
"""A feed that starts now should not find its shift over in the middle."""


def open_desk(folder: Path) -> Desk:
    """The desk, signed in and open; on a terminal whoever sits there is asked for what that takes.

    Raises:
        Stop: there is no terminal, and somebody would have to be asked.
        Failure: the desk cannot be used, or the index does not let its account in.
    """
    settings = desk_settings(folder)
    if settings.role in MACHINE_ROLES:
        expires_at = Desk.machine_shift_expires_at(folder)
        if expires_at is None or expires_at - SystemClock().now() < _SOON_SECONDS:
            sign_machine_in(folder)
        return Desk.load(folder)
    if _on_a_terminal():
        shift = shift_at(folder)
        if shift is None:
            sys.stderr.write("Nobody is signed in on this device. Sign in for this shift.\n")
            ask_and_sign_in(folder)
        elif shift.state is AgentState.LOCKED:
            unlock_shift(folder, ask_hidden("PIN of this shift: ", instead=_LOGIN))
    return Desk.load(folder)


def sign_machine_in(folder: Path) -> SignInAnswer:
    """Sign a machine in by its device's key, and keep its shift in its files."""
    answer = _sign_in(folder, None, None, None)
    Desk.keep_shift(folder, certificate=answer.certificate, credential=answer.credential)
    return answer


def sign_person_in(folder: Path, *, username: str, password: str, code: str, pin: str) -> SignInAnswer:
    """Sign a person in and give the shift to an agent. Says so where that ended another shift, and where the device
    cannot open what it should.

    Raises:
        Stop: the PIN is none.
        Failure: the index does not let the account in, or did not answer.
    """
    if not pin_fits(pin):
        raise Stop(ExitCode.USAGE, f"A PIN is {SHORTEST_PIN} digits or more, not all the same. Nothing was sent.")
    answer = _sign_in(folder, username, password, code)
    opens = hold_shift(folder, answer, pin)
    if answer.ended_shift_of is not None:
        began = dt.datetime.fromtimestamp(answer.ended_shift_of, tz=dt.UTC).astimezone()
        say(f"Your shift that began at {began:%H:%M on %-d %B} was open still. It is over now.")
        say("  If that was not you, change your password (signpost password) and tell your administrator.")
    if not opens:
        say("This device cannot open your organisation's case references: have it enrolled again.")
    return answer


def ask_and_sign_in(folder: Path) -> SignInAnswer:
    """Ask for username, password, code and a PIN, and sign in."""
    username = ask("Username: ", instead=_LOGIN)
    password = ask_hidden("Password: ", instead=_LOGIN)
    code = ask("One-time code: ", instead=_LOGIN).replace(" ", "")
    return sign_person_in(folder, username=username, password=password, code=code, pin=ask_new_pin(instead=_LOGIN))


def _sign_in(folder: Path, username: str | None, password: str | None, code: str | None) -> SignInAnswer:
    async def signing_in() -> SignInAnswer:
        async with transport_from(desk_settings(folder), folder) as transport:
            return await sign_in(
                folder,
                username=username,
                password=password,
                code=code,
                transport=transport,
                clock=SystemClock(),
                randomness=system_randomness,
            )

    return asyncio.run(signing_in())


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
