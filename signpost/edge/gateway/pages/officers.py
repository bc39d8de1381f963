"""What the officers' pages share: a reference as it is typed, the one that must be typed again, and what is said where
it is not known whether something was done.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.visit import FieldError, Visit
from signpost.edge.spoken import spoken_name

__all__ = ["CHILD_DATES", "begins", "not_sure", "reference_of", "typed_again"]

CHILD_DATES: Final = frozenset({"date_of_birth"})
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


def not_sure(visit: Visit, *, see: str, path: str) -> Response:
    """The answer did not come, and it may have been done: where to see that."""
    return visit.shown("officers/not_sure.html", status=503, see=see, path=path)
