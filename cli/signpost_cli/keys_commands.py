"""`signpost keys …`: what a custodian does with a key holder (protocol.md A1 to A4, B5)."""

from __future__ import annotations

import typer

from signpost_cli.keys_ceremony_commands import approve, ceremony, new, roster
from signpost_cli.keys_custody_commands import admit, admitted, lock, status, unlock
from signpost_cli.keys_exception_commands import app as exceptions

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """For a key holder's custodian: make, open and watch over the key.

    Once: new, roster, approve, ceremony. At every start: unlock. When an organisation joins: admit.
    When it needs more for a while: exception.

    Example:
      signpost keys status --settings holder-1/settings.toml
    """


app.command("new")(new)
app.command("roster")(roster)
app.command("approve")(approve)
app.command("ceremony")(ceremony)
app.command("status")(status)
app.command("unlock")(unlock)
app.command("lock")(lock)
app.command("admit")(admit)
app.command("admitted")(admitted)
app.add_typer(exceptions, name="exception")
