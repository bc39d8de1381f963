"""`signpost enrol`: the one use of an enrolment token, by the person it was given to (protocol.md D1)."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import segno
import typer

from signpost.edge.client import transport_with
from signpost.edge.desk import DeskSettings, default_folder
from signpost.edge.signing_in import Chosen, enrol_device
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.one_time_codes import SECRET_BYTES, STEP_SECONDS, code_of, enrolment_uri, typed_secret
from signpost.protocol.secret import Secret
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import answer, say
from signpost_cli.secrets_asked import ask, ask_hidden, ask_new_password, piped
from signpost_cli.stops import Stop

__all__ = ["enrol"]

_INSTEAD = "signpost enrol --stdin --codes-file FILE < enrolment.json"


def enrol(
    home: Home = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read token and password from stdin, as one JSON object.")
    ] = False,
    codes_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the code generator's secret to FILE (0600), for a program that makes codes; else it is shown.",
        ),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate authority to trust instead of the system's.")
    ] = None,
) -> None:
    """Enrol this device with the token that your administrator gave you, and choose what you sign in with.

    It asks for the token and a new password, shows a picture for your authenticator application (and the same as text),
    and asks for the code it then shows. Afterwards the administrator approves the device: signpost admin account
    approve NAME. A token is good once, for a day.

    Example:
      signpost enrol
      signpost enrol --stdin --codes-file codes.secret < enrolment.json
    """
    folder = home or default_folder()
    if (folder / "desk.toml").exists():
        raise Stop(
            ExitCode.FAILED,
            f"There is a desk in {folder} already.",
            hint="To enrol this device anew, move that folder away first. For another desk: --home FOLDER",
        )
    given = piped(("token", "password")) if stdin else None
    token = _token(given["token"] if given else ask_hidden("Enrolment token: ", instead=_INSTEAD))
    password = given["password"] if given else ask_new_password(instead=_INSTEAD)
    secret = Secret(system_randomness(SECRET_BYTES))
    if codes_file is not None:
        _write(codes_file, typed_secret(secret).replace(" ", "") + "\n")
        code = code_of(secret, SystemClock().now() // STEP_SECONDS)
    else:
        _show(secret, token)
        code = ask("The code it shows now: ", instead=_INSTEAD).replace(" ", "")
    settings = asyncio.run(_enrol(folder, token, Chosen(password, secret, code), ca_file and ca_file.absolute()))
    answer(f"{settings.organisation}/{settings.account} is enrolled on this device, in {folder}.")
    say(f"Your administrator approves it: signpost admin account approve {settings.account}")
    say("Then sign in: signpost login")


async def _enrol(folder: Path, token: EnrolmentToken, chosen: Chosen, ca_file: Path | None) -> DeskSettings:
    async with transport_with(ca_file) as transport:
        return await enrol_device(
            folder,
            token,
            chosen,
            ca_file=ca_file,
            transport=transport,
            randomness=system_randomness,
        )


def _token(text: str) -> EnrolmentToken:
    try:
        return EnrolmentToken.parse(text)
    except ValueError:
        raise Stop(
            ExitCode.USAGE,
            "That is not an enrolment token. Nothing was sent.",
            hint="Paste the whole line that begins with signpost-1.",
        ) from None


def _show(secret: Secret, token: EnrolmentToken) -> None:
    picture = io.StringIO()
    uri = enrolment_uri(secret, account=token.account, organisation=token.organisation)
    segno.make(uri, error="l", micro=False).terminal(picture, compact=True)
    sys.stderr.write(picture.getvalue())
    say(f"Point your authenticator application at the picture, or type: {typed_secret(secret)}")


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise Stop(
            ExitCode.USAGE, f"{path} cannot be made. Nothing was sent.", hint="Name a file that is not there yet."
        ) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
