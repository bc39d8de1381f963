"""`signpost admin …`: what an organisation's administrator and the index's operator do."""

from __future__ import annotations

import typer

from signpost_cli import (
    admin_account,
    admin_contact,
    admin_device,
    admin_exception,
    admin_gateway,
    admin_handle,
    admin_index,
    admin_org,
)

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)
app.add_typer(admin_index.app, name="index")
app.add_typer(admin_org.app, name="org")
app.add_typer(admin_handle.app, name="handle")
app.add_typer(admin_account.app, name="account")
app.add_typer(admin_device.app, name="device")
app.add_typer(admin_gateway.app, name="gateway")
app.add_typer(admin_exception.app, name="exception")
app.add_typer(admin_contact.app, name="contact")


@app.callback()
def _admin() -> None:
    """For administrators: organisations, accounts, handles, devices, gateways and exceptions to budgets.

    An organisation's administrator makes its keys, enrols its people, approves their devices and certifies its gateway.
    The index's operator admits organisations and their handles, over a socket that only the user the index runs as can
    reach.

    Example:
      signpost admin org key new north-council --kind council --out keys
    """
