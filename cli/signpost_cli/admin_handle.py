"""`signpost admin handle …`: how an organisation's teams are reached. A handle's name is made by the index, opaque."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer
from pydantic import BaseModel, ConfigDict

from signpost.protocol.messages import HandleId
from signpost_cli.exit_codes import ExitCode
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.output import JsonFlag, answer, answer_json
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
    telephone: str
    email: str | None = None
    hours: str | None = None
    out_of_hours: str | None = None


class _Handles(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    handles: list[_Handle]


@app.callback()
def _handle() -> None:
    """Add and list the handles by which an organisation's teams are reached.

    Example:
      signpost admin handle add north-council --title "Front Door" --telephone "0113 496 0001" --settings index.toml
    """


@app.command("add")
def add(
    organisation: OrganisationName,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="The team, as its own people call it. Never a person's name.")
    ],
    telephone: Annotated[str, typer.Option(metavar="NUMBER", help="The team's number in hours.")],
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="The team's shared mailbox.")] = None,
    hours: Annotated[
        str | None, typer.Option(metavar="TEXT", help="When it is staffed; else Monday to Friday, 9 to 17.")
    ] = None,
    out_of_hours: Annotated[
        str | None, typer.Option(metavar="HANDLE", help="The handle that answers at other times.")
    ] = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a handle, and print its name, which goes into the feed or its handles file.

    Example:
      signpost admin handle add north-council --title "Front Door" --telephone "0113 496 0001" --settings index.toml
    """
    if not _TELEPHONE.fullmatch(telephone):
        raise Stop(ExitCode.USAGE, "A telephone number has digits, spaces, + and ( ) only, and at least three digits.")
    fields = dict(zip(_FIELDS, (title, telephone, email, hours, out_of_hours), strict=True))
    added = operator(settings, operator_socket).post("/handles", {"organisation": organisation, **fields}, _Added)
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
        answer(f"{each.handle}  {each.title}  {each.telephone}")
