"""My involvements: one piece of the organisation's own work, named by the organisation's number for it; that it ended,
or that another desk has it.

* There is no list to look through (docs/decisions/0021). The number stands in forms alone, is in no address or title,
  and no longer anywhere once the page is answered.
* What changes something asks for the PIN, since nothing here takes it back: the organisation's own system does.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from starlette.responses import Response

from signpost.edge.dates import DateError, parse_date
from signpost.edge.gateway.own_work import end_work, hand_over_work, see_work
from signpost.edge.gateway.pages.officers import begins, refused
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.pages.wording import Told
from signpost.edge.gateway.wire import WorkEndGiven, WorkHandOverGiven, WorkNamed
from signpost.edge.spoken import spoken_name
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["PAGES"]

_C: Final = ProblemCode
_LONGEST: Final = 200
_NAMING: Final = {
    "local_id": "Enter the child's number as it stands in your records",
    "number": "Enter either the number of the work, or the day it began",
    "start": "Enter the day the work began, or its number",
    "handle": "Enter the desk or team as it stands in your records",
}
_KEPT: Final = ("local_id", "number", "start-day", "start-month", "start-year", "handle")
_NONE: Final = "Your organisation has registered no work that is named like this: check each part"
_WHEN: Final = "Enter a day from 31 days ago to today, and not before the work began"
_SEE: Final = "It may have been done. Look at the work again: it says which desk has it, and whether it has ended."
_OFTEN_ENOUGH: Final = Told(
    "You have done this as often as you may for now",
    "So many pieces of work are looked at, ended or handed over in one shift, and no more.",
    "Go on in your organisation's own system, or wait for your next shift.",
)


async def _ask(visit: Visit) -> Response:
    return _form(visit)


def _form(visit: Visit, errors: tuple[FieldError, ...] = ()) -> Response:
    return visit.shown("involvements/name.html", errors=errors, status=422 if errors else 200)


async def _show(visit: Visit) -> Response:
    if begins(visit):  # from the inbox, which knows the child's number alone
        return _form(visit)
    try:
        work = await see_work(visit.gateway, visit.session, WorkNamed(**_named(visit)))
    except Problem as problem:
        if problem.code is _C.BUDGET_USED:
            return _often_enough(visit, problem)
        errors = _naming_errors(problem)
        if not errors:
            raise
        return _form(visit, errors)
    began = dt.date.fromisoformat(f"{work.started_in}-01")
    return visit.shown(
        "involvements/work.html", work=work, began=began, kept=_kept(visit), case=visit.form.text("local_id")
    )


def _named(visit: Visit) -> dict[str, str]:
    """How it is named.

    Raises:
        Problem: MALFORMED, with the fields that are too long.
    """
    typed = {name: visit.form.text(name) for name in ("local_id", "number", "handle")}
    typed["start"] = visit.form.date("start")
    wrong = tuple(f"/{name}" for name, text in typed.items() if len(text) > _LONGEST)
    if wrong:
        raise Problem(_C.MALFORMED, pointers=wrong)
    return typed


def _naming_errors(problem: Problem) -> tuple[FieldError, ...]:
    """What is wrong with how it is named, where that is what was wrong."""
    if problem.code is _C.REFERENCE_UNKNOWN:
        return (FieldError("local_id", _NONE),)
    names = [pointer.removeprefix("/") for pointer in problem.pointers]
    return tuple(
        FieldError(name, _NAMING[name], "start-day" if name == "start" else "") for name in names if name in _NAMING
    )


def _kept(visit: Visit) -> list[tuple[str, str]]:
    """How it is named, for the next form."""
    return [(name, text) for name in _KEPT if (text := visit.form.text(name))]


def _often_enough(visit: Visit, problem: Problem) -> Response:
    return visit.shown("refused.html", status=problem.status, told=_OFTEN_ENOUGH, code=None)


# -- ending


async def _end(visit: Visit) -> Response:
    if begins(visit):
        return _end_form(visit)
    on, errors = _day(visit)
    errors += visit.pin_errors()
    if errors or on is None:
        return _end_form(visit, errors)
    try:
        given = WorkEndGiven(**_named(visit), ended_on=on)
        await visit.once(Nothing, lambda: end_work(visit.gateway, visit.session, given))
    except Problem as problem:
        if problem.code is _C.PERIOD_INVALID:
            return _end_form(visit, (FieldError("ended_on", _WHEN, "ended_on-day"),))
        return _not_done(visit, problem)
    return visit.goes_to("/involvements/ended")


def _end_form(visit: Visit, errors: tuple[FieldError, ...] = ()) -> Response:
    return visit.shown("involvements/end.html", errors=errors, status=422 if errors else 200, kept=_kept(visit))


def _day(visit: Visit) -> tuple[dt.date | None, tuple[FieldError, ...]]:
    try:
        return parse_date(visit.form.date("ended_on")), ()
    except DateError:
        return None, (FieldError("ended_on", _WHEN, "ended_on-day"),)


def _not_done(visit: Visit, problem: Problem) -> Response:
    """What is said of a change that was not done, or perhaps was.

    Raises:
        Problem: what it was refused for.
    """
    try:
        if problem.code is _C.BUDGET_USED:
            return _often_enough(visit, problem)
        return refused(visit, problem, see=_SEE, path="/involvements")
    finally:
        del problem  # as `refused` does


# -- handing over


async def _hand_over(visit: Visit) -> Response:
    if begins(visit):
        return await _hand_over_form(visit)
    errors: tuple[FieldError, ...] = ()
    desk = spoken_name(visit.form.text("hand_over_to"))
    if desk is None:
        errors += (FieldError("hand_over_to", "Choose the desk that has it from now on"),)
    errors += visit.pin_errors()
    if errors or desk is None:
        return await _hand_over_form(visit, errors)
    try:
        given = WorkHandOverGiven(**_named(visit), hand_over_to=desk)
        await visit.once(Nothing, lambda: hand_over_work(visit.gateway, visit.session, given))
    except Problem as problem:
        return _not_done(visit, problem)
    return visit.goes_to("/involvements/handed-over")


async def _hand_over_form(visit: Visit, errors: tuple[FieldError, ...] = ()) -> Response:
    """The desks are told with the work itself, so it is looked at again."""
    try:
        work = await see_work(visit.gateway, visit.session, WorkNamed(**_named(visit)))
    except Problem as problem:
        if problem.code is _C.BUDGET_USED:
            return _often_enough(visit, problem)
        raise
    return visit.shown(
        "involvements/hand_over.html", errors=errors, status=422 if errors else 200, kept=_kept(visit), work=work
    )


async def _done(visit: Visit) -> Response:
    return visit.shown("involvements/done.html", done=visit.place.path.rpartition("/")[2])


PAGES: Final = (
    Page("/involvements", show=_ask, take=_show),
    Page("/involvements/end", take=_end),
    Page("/involvements/hand-over", take=_hand_over),
    Page("/involvements/ended", show=_done),
    Page("/involvements/handed-over", show=_done),
)
