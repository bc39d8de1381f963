"""`signpost keys exception …`: what a custodian decides of an organisation's request for an exception (D6)."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict

from signpost.protocol.messages import Nothing
from signpost_cli.budget_exception_files import RequestFile, YesFlag, counted, decided, read_request, until_text, whose
from signpost_cli.exit_codes import ExitCode
from signpost_cli.keys_custody_commands import local_holder
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.serve_commands import SettingsFile
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    organisation: str
    account: str | None
    lookups: int
    until: int


class _AllOpen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    exceptions: list[_Open]


@app.callback()
def _exception() -> None:
    """Review an organisation's request for an exception to its budget at this holder.

    Example:
      signpost keys exception approve more.txt --settings holder-1/settings.toml
    """


@app.command("approve")
def approve(file: RequestFile, settings: SettingsFile, yes: YesFlag = False, as_json: JsonFlag = False) -> None:
    """Show what a request asks for, and let it run at this holder. It ends by itself.

    Example:
      signpost keys exception approve more.txt --settings holder-1/settings.toml
    """
    holder = local_holder(settings)
    token, asked = read_request(file)
    if not decided(asked, yes=yes):
        raise Stop(ExitCode.REFUSED, "Nothing was approved.")
    _tell([holder.post("/exceptions", {"exception": token}, _Open)], as_json=as_json)


@app.command("list")
def list_exceptions(settings: SettingsFile, as_json: JsonFlag = False) -> None:
    """List the exceptions that run at this holder.

    Example:
      signpost keys exception list --settings holder-1/settings.toml
    """
    _tell(local_holder(settings).get("/exceptions", _AllOpen).exceptions, as_json=as_json)


@app.command("end")
def end(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="The organisation's name.")],
    settings: SettingsFile,
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="Whose; else the organisation's own.")
    ] = None,
) -> None:
    """End an exception at this holder before its time.

    Example:
      signpost keys exception end aldate-hospital ae-desk-1 --settings holder-1/settings.toml
    """
    local_holder(settings).post("/exceptions/end", {"organisation": organisation, "account": account}, Nothing)


def _tell(exceptions: list[_Open], *, as_json: bool) -> None:
    if as_json:
        answer_json("signpost.keys-exceptions/1", {"exceptions": [each.model_dump() for each in exceptions]})
        return
    for each in exceptions:
        answer(
            f"{whose(each.organisation, each.account).rstrip(',')}  {counted(each.lookups, each.account)}"
            f"  until {until_text(each.until)}"
        )
    if not exceptions:
        say("No exception runs here.")
