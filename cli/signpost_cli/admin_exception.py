"""`signpost admin exception …`: an exception to a budget, asked for by an organisation, reviewed by the operator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict

from signpost.edge.atomic_file import replace_file
from signpost.edge.organisation_keys import load_organisation, open_signing_key
from signpost.protocol.budget_exceptions import (
    MOST_FOR_AN_ACCOUNT,
    MOST_FOR_AN_ORGANISATION,
    BudgetException,
    ExceptionReason,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import Nothing
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.admin_account import account_name
from signpost_cli.admin_org import OrgKeys
from signpost_cli.budget_exception_files import RequestFile, YesFlag, counted, decided, read_request, until_text, whose
from signpost_cli.exit_codes import ExitCode
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_passphrase
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    organisation: str
    account: str | None
    reason: ExceptionReason
    lookups: int
    repeats: int
    until: int


class _AllOpen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    exceptions: list[_Open]


@app.callback()
def _exception() -> None:
    """Ask for an exception to a budget, and review one: a family of many children, a major incident.

    An organisation's administrator asks, by a file that they sign. The index's operator approves it here, and each key
    holder's custodian there (signpost keys exception approve). Nobody can approve what they ask for.

    Example:
      signpost admin exception ask ae-desk-1 --reason sibling-group --lookups 30 --hours 8 --org-keys keys
        --out more.txt
    """


@app.command("ask")
def ask(
    reason: Annotated[ExceptionReason, typer.Option(help="Why.")],
    hours: Annotated[int, typer.Option(metavar="N", min=1, help="For how long, from its approval.")],
    org_keys: OrgKeys,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the request.")],
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="Whose; else all of the organisation's together.")
    ] = None,
    lookups: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many lookups more a shift; of the organisation, a day.")
    ] = 0,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many more of them that repeat a detail of one child.")
    ] = 0,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write and sign a request. It contacts nobody: send the file to the operator and the custodians, within a day.

    For an account at most 500 lookups more, 50 repeats and 12 hours; for an organisation 20,000 a day and 168 hours.

    Example:
      signpost admin exception ask ae-desk-1 --reason sibling-group --lookups 30 --hours 8 --org-keys keys
        --out more.txt
    """
    if out.exists():
        raise Stop(ExitCode.USAGE, "That file is there already.", hint="Name another: --out FILE")
    organisation = load_organisation(org_keys)
    asked = BudgetException(
        organisation=organisation.name,
        account=None if account is None else account_name(account),
        reason=reason,
        lookups=lookups,
        repeats=repeats,
        hours=hours,
        issued_at=SystemClock().now(),
        identifier=to_base64url(system_randomness(16)),
    )
    if not asked.within_bounds:
        most = MOST_FOR_AN_ORGANISATION if account is None else MOST_FOR_AN_ACCOUNT
        raise Stop(
            ExitCode.USAGE,
            "It asks for nothing, or for more than may be.",
            why=f"At most {most.lookups:,} lookups, {most.repeats} repeats and {most.hours} hours.",
        )
    key = open_signing_key(org_keys, ask_passphrase(passphrase_file, of="the signing key"))
    try:
        replace_file(out, f"{asked.sign(key)}\n".encode())
    except OSError:
        raise Stop(ExitCode.FAILED, "The file cannot be written.", hint="Check the path.") from None
    say("Send it to the index's operator and to the key holders' custodians. It can be approved within a day, once.")


@app.command("approve")
def approve(
    file: RequestFile,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    yes: YesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what a request asks for, and let it begin. It ends by itself; what is asked by it is on the record.

    Example:
      signpost admin exception approve more.txt --settings index/settings.toml
    """
    index = operator(settings, operator_socket)
    token, asked = read_request(file)
    if not decided(asked, yes=yes):
        raise Stop(
            ExitCode.REFUSED,
            "Nothing was approved.",
            hint="To turn it down for good: signpost admin exception refuse",
        )
    _tell([index.post("/exceptions", {"exception": token}, _Open)], as_json=as_json)


@app.command("refuse")
def refuse(file: RequestFile, settings: IndexSettings = None, operator_socket: OperatorSocket = None) -> None:
    """Turn a request down, on the record. It cannot be approved here any more.

    Example:
      signpost admin exception refuse more.txt --settings index/settings.toml
    """
    index = operator(settings, operator_socket)
    token, asked = read_request(file)
    index.post("/exceptions/refuse", {"exception": token}, Nothing)
    say(f"Turned down: {whose(asked.organisation, asked.account).rstrip(',')}.")


@app.command("list")
def list_exceptions(
    settings: IndexSettings = None, operator_socket: OperatorSocket = None, as_json: JsonFlag = False
) -> None:
    """List the exceptions that run.

    Example:
      signpost admin exception list --settings index/settings.toml
    """
    _tell(operator(settings, operator_socket).get("/exceptions", _AllOpen).exceptions, as_json=as_json)


@app.command("end")
def end(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="The organisation's name.")],
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="Whose; else the organisation's own.")
    ] = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """End an exception before its time: the next lookup goes by the ordinary budget.

    Example:
      signpost admin exception end aldate-hospital ae-desk-1 --settings index/settings.toml
    """
    operator(settings, operator_socket).post(
        "/exceptions/end", {"organisation": organisation, "account": account}, Nothing
    )


def _tell(exceptions: list[_Open], *, as_json: bool) -> None:
    if as_json:
        answer_json("signpost.exceptions/1", {"exceptions": [each.model_dump(mode="json") for each in exceptions]})
        return
    for each in exceptions:
        repeats = f", {each.repeats} repeats" if each.repeats else ""
        answer(
            f"{whose(each.organisation, each.account).rstrip(',')}  {each.reason.value}"
            f"  {counted(each.lookups, each.account)}{repeats}  until {until_text(each.until)}"
        )
    if not exceptions:
        say("No exception runs.")
