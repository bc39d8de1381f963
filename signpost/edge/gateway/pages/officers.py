"""What the officers' pages share: a reference as it is typed, the one that must be typed again, and what is shown where
an act was refused, or it is not known whether it was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.visit import FieldError, Visit, field_errors
from signpost.edge.spoken import spoken_name
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["begins", "child_errors", "reference_of", "refused", "typed_again"]

_CHILD_DATES: Final = frozenset({"date_of_birth"})
"""Of a child's details, those that are typed in three fields."""


def begins(visit: Visit) -> bool:
    """Whether a form came from the list before, to be asked the rest: nothing is done by that."""
    return visit.form.text("begin") == "yes"


def reference_of(visit: Visit, name: str, errors: list[FieldError], *, what: str) -> str:
    """A reference that was typed, or stood in the form; where it is none that is among the errors."""
    found = spoken_name(visit.form.text(name))
    if found is None:
        errors.append(FieldError(name, f"Enter {what}, as L7Q2-94KD"))
        return ""
    return found


def typed_again(visit: Visit, name: str) -> tuple[FieldError, ...]:
    """None where the same reference was typed again: before what cannot be taken back."""
    if name and spoken_name(visit.form.text("again")) == name:
        return ()
    return (FieldError("again", "Type the reference again, to go on"),)


def child_errors(problem: Problem) -> tuple[FieldError, ...]:
    """What is wrong with a child's details, where that is what was wrong."""
    if problem.code is ProblemCode.NOTHING_TO_ASK:
        return (FieldError("nhs_number", f"{problem.detail} {problem.hint}"),)
    return field_errors(problem, dates=_CHILD_DATES)


def refused(
    visit: Visit,
    problem: Problem,
    *,
    see: str,
    path: str,
    wrong: Callable[[Problem], Sequence[FieldError]] = lambda _: (),
    form: Callable[[list[FieldError]], Response] | None = None,
) -> Response:
    """The page for an act that was refused. Where the answer did not come it may have been done: what to `see`, and
    the `path` to it. Where its fields are `wrong`, the `form` again.

    Raises:
        Problem: the refusal itself, where it is neither.
    """
    if problem.code is ProblemCode.COULD_NOT_CHECK:
        return visit.shown("officers/not_sure.html", status=503, see=see, path=path)
    errors = list(wrong(problem))
    if form is None or not errors:
        try:
            raise problem
        finally:
            del problem  # else its traceback, which has the frames of the request, would have itself
    return form(errors)
