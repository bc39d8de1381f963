"""`signpost admin index …`: the index's own keys. The work is done by the index's program, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import typer

from signpost_cli.output import JsonFlag, answer, answer_json
from signpost_cli.serve_commands import SettingsFile, service_command

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _index() -> None:
    """Make and show the index's own keys.

    Example:
      signpost admin index new --settings index/settings.toml
    """


@app.command("new")
def new(settings: SettingsFile, as_json: JsonFlag = False) -> None:
    """Make the index's keys, outside its database, and print the public one that custodians pin.

    Keys that are there already stay as they are.

    Example:
      signpost admin index new --settings index/settings.toml
    """
    _run("new-keys", settings, as_json=as_json)


@app.command("show")
def show(settings: SettingsFile, as_json: JsonFlag = False) -> None:
    """Print the index's public key, which custodians pin in their holders' settings.

    Example:
      signpost admin index show --settings index/settings.toml --json
    """
    _run("show-keys", settings, as_json=as_json)


def _run(order: str, settings: Path, *, as_json: bool) -> None:
    ended = subprocess.run(service_command("signpost.index", settings, order), stdout=subprocess.PIPE, check=False)
    if ended.returncode != 0:
        raise typer.Exit(ended.returncode)
    key = json.loads(ended.stdout)["credential_key"]
    if as_json:
        answer_json("signpost.index-identity/1", {"credential_key": key})
    else:
        answer(f"credential key  {key}")
