"""Checking a child: what is known of them is typed, and the answer is the response to that, at the same address.

* The details are in the form's body and in this one response's memory: in no address, title or redirect, and in nothing
  that is kept. Where asking more tolerantly may help, the answer's own form carries them on, in the browser.
* An answer is one of four words, said in the same way whatever lies behind it. What could not be checked is no answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.child import checked
from signpost.edge.gateway.pages.asking import purposes_offered, urgencies_offered, usual_urgency
from signpost.edge.gateway.pages.navigation import PLACES
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit, field_errors
from signpost.edge.gateway.pages.wording import DEEP
from signpost.edge.gateway.wire import ChildGiven, LookupGiven
from signpost.edge.spoken import spoken_name
from signpost.edge.words import BY_YEAR, which_child
from signpost.protocol.messages import LookupAnswer
from signpost.protocol.problems import Problem
from signpost.protocol.purposes import DeepReason, Purpose, Role, Urgency

__all__ = ["PAGES"]

_Handler = Callable[[Visit], Awaitable[Response]]
_Required = tuple[tuple[str, str, str], ...]
"""Of each: a field (or two, of which one will do), what to enter where it is empty, and the id of its input."""

_DATES: Final = frozenset({"date_of_birth", "expected_date_of_birth"})
_DEEP: Final = [(reason.value, DEEP[reason]) for reason in DeepReason]
_BORN: Final = ("date_of_birth", "Enter the date of birth", "date_of_birth-day")
_BY_NUMBER: Final[_Required] = (("nhs_number", "Enter the NHS number", ""), _BORN)
_BY_UPN: Final[_Required] = (("upn", "Enter the UPN", ""), _BORN)
_BY_MOTHER: Final[_Required] = (
    ("mother_nhs_number", "Enter the mother's NHS number", ""),
    (
        "expected_date_of_birth|date_of_birth",
        "Enter when the child is expected, or was born",
        "expected_date_of_birth-day",
    ),
)
_BY_NAME: Final[_Required] = (
    ("forename", "Enter the forename", ""),
    ("surname", "Enter the surname", ""),
    ("date_of_birth", "Enter the date of birth, or its year alone", "date_of_birth-day"),
)


def _asks(template: str) -> _Handler:
    async def ask(visit: Visit) -> Response:
        return _form(visit, template, ())

    return ask


def _answers(template: str, required: _Required) -> _Handler:
    async def answer(visit: Visit) -> Response:
        child = visit.form.child()
        missing = tuple(
            FieldError(names.partition("|")[0], words, anchor)
            for names, words, anchor in required
            if not any(getattr(child, name) for name in names.split("|"))
        )
        if missing:
            return _form(visit, template, missing)
        try:
            return await _answered(visit, child, deep=None)
        except Problem as problem:
            errors = field_errors(problem, dates=_DATES)
            if not errors:
                raise
            return _form(visit, template, errors)

    return answer


async def _answer_deep(visit: Visit) -> Response:
    """The details come from the answer's own form, as they were typed before."""
    child, deep = visit.form.child(), visit.form.chosen("deep", DeepReason)
    if deep is None:
        errors = [FieldError("deep", "Choose why you ask more tolerantly")]
        return visit.shown(
            "checking/deep.html", errors=errors, status=422, carried=_carried(visit, child), reasons_for_deep=_DEEP
        )
    return await _answered(visit, child, deep=deep)


async def _answered(visit: Visit, child: ChildGiven, *, deep: DeepReason | None) -> Response:
    details = checked(child, today=visit.today)
    given = LookupGiven(
        child=child,
        purpose=visit.form.chosen("purpose", Purpose),
        urgency=visit.form.chosen("urgency", Urgency) or usual_urgency(visit.role),
        deep=deep,
    )
    found = await visit.once(LookupAnswer, lambda: visit.gateway.look_up(visit.session, given))
    # With a number alone there is nothing to be tolerant about.
    tolerant = found.answer in ("possible", "none") and deep is None and bool(child.forename or child.surname)
    return _told(
        visit,
        found,
        which_child(details),
        by_year=BY_YEAR if details.year_of_birth is not None else None,
        carried=_carried(visit, child) if tolerant else [],
    )


def _carried(visit: Visit, child: ChildGiven) -> list[tuple[str, str]]:
    details = [(name, str(getattr(child, name))) for name in ChildGiven.model_fields if name != "multiple_birth"]
    chosen = [(name, visit.form.text(name)) for name in ("purpose", "urgency")]
    return [(name, text) for name, text in (*details, *chosen) if text]


async def _answer_again(visit: Visit) -> Response:
    receipt = spoken_name(visit.form.text("receipt"))
    if receipt is None:
        errors = [FieldError("receipt", "Enter the receipt, as L7Q2-94KD")]
        return visit.shown("checking/again.html", errors=errors, status=422, by_mother=_may_ask_by_mother(visit))
    found = await visit.gateway.look_again(visit.session, receipt)
    return _told(visit, found, "child of this receipt", by_year=None, carried=[])


async def _ask_again(visit: Visit) -> Response:
    return visit.shown("checking/again.html", by_mother=_may_ask_by_mother(visit))


def _form(visit: Visit, template: str, errors: tuple[FieldError, ...]) -> Response:
    return visit.shown(
        template,
        errors=errors,
        status=422 if errors else 200,
        purposes=purposes_offered(visit),
        urgencies=urgencies_offered(),
        urgency=usual_urgency(visit.role),
        by_mother=_may_ask_by_mother(visit),
    )


def _may_ask_by_mother(visit: Visit) -> bool:
    return visit.role in (PLACES["/check/mother"].roles or ())


def _told(
    visit: Visit, found: LookupAnswer, about: str, *, by_year: str | None, carried: list[tuple[str, str]]
) -> Response:
    return visit.shown(
        "checking/answer.html",
        found=found,
        about=about,
        by_year=by_year,
        carried=carried,
        reasons_for_deep=_DEEP,
        glass=visit.role is Role.URGENT and found.answer in ("current", "previous"),
        purposes=purposes_offered(visit),
        purpose=visit.form.text("purpose"),
        urgencies=urgencies_offered(),
        urgency=usual_urgency(visit.role),
    )


PAGES: Final = (
    Page("/check", show=_asks("checking/by_nhs_number.html"), take=_answers("checking/by_nhs_number.html", _BY_NUMBER)),
    Page("/check/upn", show=_asks("checking/by_upn.html"), take=_answers("checking/by_upn.html", _BY_UPN)),
    Page("/check/name", show=_asks("checking/by_name.html"), take=_answers("checking/by_name.html", _BY_NAME)),
    Page("/check/mother", show=_asks("checking/by_mother.html"), take=_answers("checking/by_mother.html", _BY_MOTHER)),
    Page("/check/deep", take=_answer_deep),
    Page("/check/again", show=_ask_again, take=_answer_again),
)
