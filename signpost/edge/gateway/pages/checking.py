"""Checking a child: what is known of them is typed, and the answer is the response to that, at the same address.

* The details are in the form's body and in this one response's memory: in no address, title or redirect, and in nothing
  that is kept.
* An answer is one of four words, said in the same way whatever lies behind it. What could not be checked is no answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.child import checked
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit, field_errors
from signpost.edge.gateway.pages.wording import URGENCY
from signpost.edge.gateway.wire import LookupGiven
from signpost.edge.words import BY_YEAR, law, which_child
from signpost.protocol.messages import LookupAnswer
from signpost.protocol.problems import Problem
from signpost.protocol.purposes import Purpose, Role, Urgency, purposes_of

__all__ = ["PAGES"]

_DATES: Final = frozenset({"date_of_birth"})


def _asking(template: str) -> Callable[[Visit], Awaitable[Response]]:
    async def ask(visit: Visit) -> Response:
        return _form(visit, template)

    return ask


def _form(visit: Visit, template: str, errors: tuple[FieldError, ...] = ()) -> Response:
    return visit.shown(
        template,
        errors=errors,
        status=422 if errors else 200,
        purposes=[(purpose.value, law(purpose)) for purpose in purposes_of(visit.role, visit.kind)],
        urgencies=[(urgency.value, URGENCY[urgency]) for urgency in Urgency],
        urgency=usual_urgency(visit.role),
    )


def _answering(template: str, required: tuple[tuple[str, str, str], ...]) -> Callable[[Visit], Awaitable[Response]]:
    """`required`: field, what to enter where it is empty, and the id of its input."""

    async def answer(visit: Visit) -> Response:
        child = visit.form.child()
        missing = tuple(
            FieldError(name, words, anchor) for name, words, anchor in required if not str(getattr(child, name))
        )
        if missing:
            return _form(visit, template, missing)
        try:
            today = dt.datetime.fromtimestamp(visit.now, tz=dt.UTC).date()
            details = checked(child, today=today)
            given = LookupGiven(
                child=child,
                purpose=visit.form.chosen("purpose", Purpose),
                urgency=visit.form.chosen("urgency", Urgency) or usual_urgency(visit.role),
            )
            found = await visit.once(LookupAnswer, lambda: visit.gateway.look_up(visit.session, given))
        except Problem as problem:
            errors = field_errors(problem, dates=_DATES)
            if not errors:
                raise
            return _form(visit, template, errors)
        return told_answer(visit, found, which_child(details), by_year=details.year_of_birth is not None)

    return answer


def told_answer(visit: Visit, found: LookupAnswer, about: str, *, by_year: bool = False) -> Response:
    """The answer, and what can be done next."""
    return visit.shown(
        "checking/answer.html",
        found=found,
        about=about,
        by_year=BY_YEAR if by_year else None,
        urgent=visit.role is Role.URGENT,
    )


def usual_urgency(role: Role) -> Urgency:
    """How soon somebody of that role needs to know, where they do not say."""
    return Urgency.NOW if role is Role.URGENT else Urgency.TODAY


PAGES: Final = (
    Page(
        "/check",
        show=_asking("checking/by_nhs_number.html"),
        take=_answering(
            "checking/by_nhs_number.html",
            (
                ("nhs_number", "Enter the NHS number", ""),
                ("date_of_birth", "Enter the date of birth", "date_of_birth-day"),
            ),
        ),
    ),
)
