"""`signpost serve …`: becomes a service.

The command line's own process is replaced, so that a service never holds the code that reads identifiers, and whoever
watches the service watches the service itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["SettingsFile", "app", "service_command"]

app = typer.Typer(no_args_is_help=True)

SettingsFile = Annotated[Path, typer.Option("--settings", metavar="FILE", help="The service's settings, as TOML.")]


@app.callback()
def _serve() -> None:
    """Run the index, a key holder or an organisation's gateway, until it is asked to stop.

    A service refuses to start when in doubt, and listens beyond this machine only with a certificate.

    Example:
      signpost serve holder --settings holder-1/settings.toml
    """


@app.command("index")
def index(settings: SettingsFile) -> None:
    """Run the index.

    Example:
      signpost serve index --settings index/settings.toml
    """
    _become(service_command("signpost.index", settings))


@app.command("worker")
def worker(settings: SettingsFile) -> None:
    """Run the index's worker beside it: it escalates notices that are due, and sends mails to desks.

    Only where the index's settings say worker = "apart"; else the index does it itself.

    Example:
      signpost serve worker --settings index/settings.toml
    """
    _become(service_command("signpost.index", settings, "work"))


@app.command("holder")
def holder(settings: SettingsFile) -> None:
    """Run one key holder. It starts locked: its custodian opens it with signpost keys unlock.

    Example:
      signpost serve holder --settings holder-1/settings.toml
    """
    _become(service_command("signpost_keys", settings))


@app.command("gateway")
def gateway(settings: SettingsFile) -> None:
    """Run an organisation's gateway, at which its people sign in. Restarted, everybody signs in again.

    Example:
      signpost serve gateway --settings gateway.toml
    """
    _become(service_command("signpost.edge.gateway", settings))


def service_command(module: str, settings: Path, *arguments: str) -> list[str]:
    """What starts a service's own program with its settings.

    Raises:
        Stop: there is no such settings file.
    """
    if not settings.is_file():
        raise Stop(
            ExitCode.USAGE, f"There is no settings file {settings}.", hint="Name the service's own: --settings FILE"
        )
    # -P: a folder called signpost where the command is typed is not the program.
    return [sys.executable, "-P", "-m", module, *arguments, "--settings", str(settings)]


def _become(command: list[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is the point
