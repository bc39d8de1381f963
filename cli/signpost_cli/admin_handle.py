"""`signpost admin handle …`: how an organisation's teams are reached. A handle's name is made by the index, opaque."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer
from pydantic import BaseModel, ConfigDict

from signpost.edge.words import FAULTS
from signpost.protocol.messages import HandleId
from signpost.protocol.own_organisation import HandleFault
from signpost_cli.administrator_account import as_administrator
from signpost_cli.exit_codes import ExitCode
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, printable, say
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

OrganisationName = Annotated[str, typer.Argument(metavar="ORGANISATION", help="The organisation's name.")]

_TELEPHONE: Final = re.compile(r"(?=(?:[^0-9]*[0-9]){3})[0-9 +()]{3,40}")

_FIELDS: Final = ("title", "telephone", "email", "hours", "out_of_hours")


class _Added(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    handle: HandleId


class _Handle(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    handle: HandleId
    title: str
    telephone: str | None = None
    email: str | None = None
    hours: str | None = None
    out_of_hours: str | None = None
    consent_only: bool = False
    confirmed_on: str | None = None
    handed_over_to: str | None = None


class _Handles(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    handles: list[_Handle]


class _Wrong(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    organisation: str
    handle: HandleId
    title: str
    confirmed_on: str | None = None
    faults: list[str]


class _AllWrong(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    handles: list[_Wrong]


class _Done(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


HandleName = Annotated[str, typer.Argument(metavar="HANDLE", help="The handle, as R5A0-2GTB.")]


@app.callback()
def _handle() -> None:
    """Keep the handles by which an organisation's teams are reached: add, change, confirm, hand over, check.

    Example:
      signpost admin handle add north-council --title "Front Door" --telephone "0113 496 0001" --settings index.toml
    """


@app.command("add")
def add(
    organisation: OrganisationName,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="The team, as its own people call it. Never a person's name.")
    ],
    telephone: Annotated[str | None, typer.Option(metavar="NUMBER", help="The team's number in hours.")] = None,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="The team's shared mailbox.")] = None,
    hours: Annotated[
        str | None, typer.Option(metavar="TEXT", help="When it is staffed; else Monday to Friday, 9 to 17.")
    ] = None,
    out_of_hours: Annotated[
        str | None, typer.Option(metavar="HANDLE", help="The handle that answers at other times.")
    ] = None,
    consent_only: Annotated[
        bool,
        typer.Option("--consent-only", help="A sensitive service's: by consent or for significant harm alone."),
    ] = False,
    privacy_office: Annotated[
        bool,
        typer.Option("--privacy-office", help="Of whoever reviews the organisation's broken glasses: mailed of them."),
    ] = False,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a handle, and print its name, which goes into the feed or its handles file.

    It needs a telephone, an email, or both, and counts as confirmed today.

    Example:
      signpost admin handle add north-council --title "Front Door" --telephone "0113 496 0001" --settings index.toml
    """
    if telephone is None and email is None:
        raise Stop(ExitCode.USAGE, "A handle needs a telephone number or an email address, or both.")
    _refuse_no_number(telephone)
    fields = dict(zip(_FIELDS, (title, telephone, email, hours, out_of_hours), strict=True))
    added = operator(settings, operator_socket).post(
        "/handles",
        {"organisation": organisation, **fields, "consent_only": consent_only, "privacy_office": privacy_office},
        _Added,
    )
    if as_json:
        answer_json("signpost.handle/1", {"handle": added.handle})
    else:
        answer(added.handle)


@app.command("list")
def list_handles(
    organisation: OrganisationName,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    as_json: JsonFlag = False,
) -> None:
    """List an organisation's handles.

    Example:
      signpost admin handle list north-council --settings index/settings.toml
    """
    listed = operator(settings, operator_socket).post("/handles/list", {"organisation": organisation}, _Handles)
    if as_json:
        answer_json("signpost.handles/1", listed.model_dump(mode="json"))
        return
    for each in listed.handles:
        consent = "  by consent or for significant harm alone" if each.consent_only else ""
        answer(f"{each.handle}  {each.title}  {_reached(each)}{consent}")


def _reached(handle: _Handle) -> str:
    if handle.handed_over_to is not None:
        return f"handed over to {handle.handed_over_to}"
    return handle.telephone or handle.email or ""


@app.command("change")
def change(
    organisation: OrganisationName,
    handle: HandleName,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The team, as its own people call it.")] = None,
    telephone: Annotated[str | None, typer.Option(metavar="NUMBER", help='Its number; "" for none.')] = None,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help='Its shared mailbox; "" for none.')] = None,
    hours: Annotated[str | None, typer.Option(metavar="TEXT", help='When it is staffed; "" for the usual.')] = None,
    out_of_hours: Annotated[
        str | None, typer.Option(metavar="HANDLE", help='The handle that answers at other times; "" for none.')
    ] = None,
    consent_only: Annotated[
        bool | None,
        typer.Option("--consent-only/--any-basis", help="Whether it is a sensitive service's, from its next feed on."),
    ] = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """Change what a handle says, which confirms all of it. Its name stays, so no feed needs to know.

    Example:
      signpost admin handle change north-council R5A0-2GTB --telephone "0113 496 0002" --settings index.toml
    """
    said: dict[str, str | bool | None] = {
        name: value or None
        for name, value in zip(_FIELDS, (title, telephone, email, hours, out_of_hours), strict=True)
        if value is not None
    }
    if consent_only is not None:
        said["consent_only"] = consent_only
    if not said:
        raise Stop(
            ExitCode.USAGE,
            "There is nothing to change.",
            hint="If it is right as it stands: signpost admin handle confirm",
        )
    if "title" in said and said["title"] is None:
        raise Stop(ExitCode.USAGE, "A handle has a title.")
    _refuse_no_number(telephone or None)
    operator(settings, operator_socket).post(
        "/handles/change", {"organisation": organisation, "handle": handle, **said}, _Done
    )


@app.command("confirm")
def confirm(
    organisation: OrganisationName,
    handles: Annotated[list[str], typer.Argument(metavar="HANDLE...", help="The handles, as R5A0-2GTB.")],
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """Note that handles are right as they stand: somebody rang, and the team answered. All of them, or none.

    Example:
      signpost admin handle confirm north-council R5A0-2GTB --settings index.toml
    """
    operator(settings, operator_socket).post(
        "/handles/confirm", {"organisation": organisation, "handles": handles}, _Done
    )


@app.command("hand-over")
def hand_over(
    organisation: OrganisationName,
    handle: HandleName,
    to: Annotated[
        str | None, typer.Option(metavar="HANDLE", help="The handle that answers for it from now on.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Take a hand-over back: it answers for itself again.")] = False,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """Let another handle answer for all of one's work, what is registered for it later too. A team closed, or moved.

    Nothing is registered again: a feed may go on naming the old handle.

    Example:
      signpost admin handle hand-over north-council R5A0-2GTB --to 7QH2-K0PX --settings index.toml
    """
    if (to is None) != back:
        raise Stop(ExitCode.USAGE, "Name the handle that answers from now on with --to, or --back.")
    operator(settings, operator_socket).post(
        "/handles/hand-over", {"organisation": organisation, "handle": handle, "to": to}, _Done
    )


@app.command("check")
def check(
    organisation: Annotated[
        str | None, typer.Argument(metavar="ORGANISATION", help="The organisation's name; else all of them.")
    ] = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    as_json: JsonFlag = False,
) -> None:
    """List the handles with which something is wrong, a line for each fault, and end with code 5 where there are any.

    Unconfirmed for long, not to be rung, with nobody out of hours, or with a circle of handles for out of hours.

    Example:
      signpost admin handle check --settings index.toml
    """
    wrong = operator(settings, operator_socket).post("/handles/check", {"organisation": organisation}, _AllWrong)
    if as_json:
        answer_json("signpost.handle-check/1", wrong.model_dump(mode="json"))
    for each in () if as_json else wrong.handles:
        for fault in each.faults:
            answer(f"{each.organisation}  {each.handle}  {each.title}  {_words_of(fault)}")
    if wrong.handles:
        raise typer.Exit(ExitCode.NEEDS_A_PERSON)
    if not as_json:
        say("Nothing is wrong with any handle.")


@app.command("own")
def own(home: Home = None, as_json: JsonFlag = False) -> None:
    """Your own organisation's handles, for an administrator who is signed in here, and what is wrong with each; code 5
    where anything is.

    The index's operator changes and confirms them: tell them what is right.

    Example:
      signpost admin handle own
    """
    found = as_administrator(home, lambda index: index.whole_handles()).handles
    if as_json:
        answer_json("signpost.own-handles/1", {"handles": [each.model_dump(mode="json") for each in found]})
    for each in () if as_json else found:
        confirmed = "never confirmed" if each.confirmed_on is None else f"confirmed on {each.confirmed_on:%-d %B %Y}"
        reached = (each.handed_over_to and f"handed over to {each.handed_over_to}") or each.telephone or each.email
        answer(f"{each.handle}  {printable(each.title)}  {printable(reached or '')}  {confirmed}")
        for fault in each.faults:
            answer(f"  {FAULTS[fault]}")
    if any(each.faults for each in found):
        raise typer.Exit(ExitCode.NEEDS_A_PERSON)


def _words_of(fault: str) -> str:
    """A fault in words; one that this version does not know as the index names it."""
    return FAULTS[HandleFault(fault)] if fault in set(HandleFault) else fault


def _refuse_no_number(telephone: str | None) -> None:
    if telephone is not None and not _TELEPHONE.fullmatch(telephone):
        raise Stop(ExitCode.USAGE, "A telephone number has digits, spaces, + and ( ) only, and at least three digits.")
