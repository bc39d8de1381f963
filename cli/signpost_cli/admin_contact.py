"""`signpost admin contact …`: what the index's operator does about call-backs. It sees no child, and of askers and
desks their organisations alone.
"""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict

from signpost.edge.moments import shown_time
from signpost.protocol.messages import Nothing
from signpost_cli.moments import iso
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.output import JsonFlag, answer, answer_json
from signpost_cli.receipts import spoken

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Held(_Read):
    organisation: str
    notice: str
    told_at: int


class _AllHeld(_Read):
    held: list[_Held]


class _Outcomes(_Read):
    organisation: str
    told: int
    reached: int
    new: int


class _AllOutcomes(_Read):
    outcomes: list[_Outcomes]


class _Reviews(_Read):
    organisation: str
    open: int
    late: int


class _AllReviews(_Read):
    reviews: list[_Reviews]


@app.callback()
def _contact() -> None:
    """Look at notices that were held back, and at what contact comes to.

    An organisation whose registrations of one day find more call-backs than a day brings has the rest held back:
    whoever registers invented children must not learn who is asked about. Ring that organisation, then release them or
    not.

    Example:
      signpost admin contact held --settings index/settings.toml
    """


@app.command("held")
def held(settings: IndexSettings = None, operator_socket: OperatorSocket = None, as_json: JsonFlag = False) -> None:
    """List the notices that are held back, the oldest first: of which organisation, and since when.

    Example:
      signpost admin contact held --settings index/settings.toml
    """
    found = operator(settings, operator_socket).get("/contact/held", _AllHeld).held
    if as_json:
        rows = [{"organisation": each.organisation, "notice": each.notice, "at": iso(each.told_at)} for each in found]
        answer_json("signpost.held/1", {"held": rows})
        return
    if not found:
        answer("No notice is held back.")
    for each in found:
        answer(f"{each.notice}  {each.organisation}  since {shown_time(each.told_at)}")


@app.command("release")
def release(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Whose notice it is.")],
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="The notice, as held lists it.")],
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """Let a held notice go to its desk.

    Example:
      signpost admin contact release north-council M2XF-7RTA --settings index/settings.toml
    """
    name = spoken(notice, "a notice")
    operator(settings, operator_socket).post(
        "/contact/release", {"organisation": organisation, "notice": name}, Nothing
    )
    answer(f"{name} is released.")


@app.command("outcomes")
def outcomes(settings: IndexSettings = None, operator_socket: OperatorSocket = None, as_json: JsonFlag = False) -> None:
    """Show how many call-backs of the last four weeks reached somebody, and how many of those were news.

    By the organisation that left them, and only where more than ten were told.

    Example:
      signpost admin contact outcomes --settings index/settings.toml
    """
    found = operator(settings, operator_socket).get("/contact/outcomes", _AllOutcomes).outcomes
    if as_json:
        answer_json("signpost.outcomes/1", {"outcomes": [each.model_dump() for each in found]})
        return
    if not found:
        answer("No organisation has told more than ten outcomes.")
    for each in found:
        answer(f"{each.organisation}  {each.told} told, {each.reached} reached, {each.new} of them new")


@app.command("reviews")
def reviews(settings: IndexSettings = None, operator_socket: OperatorSocket = None, as_json: JsonFlag = False) -> None:
    """Count the broken glasses that nobody has reviewed, by organisation, and how many of them are late.

    Example:
      signpost admin contact reviews --settings index/settings.toml
    """
    found = operator(settings, operator_socket).get("/contact/reviews", _AllReviews).reviews
    if as_json:
        answer_json("signpost.open-reviews/1", {"reviews": [each.model_dump() for each in found]})
        return
    if not found:
        answer("Every broken glass has been reviewed.")
    for each in found:
        answer(f"{each.organisation}  {each.open} to review, {each.late} of them late")
