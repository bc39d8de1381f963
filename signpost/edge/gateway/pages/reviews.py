"""The emergencies in which a duty line was shown, for the rights officer who looks at each, once."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.officers import begins, reference_of, refused
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.rights import close_review, reviews
from signpost.protocol.messages import Nothing, ReviewRequest
from signpost.protocol.problems import Problem

__all__ = ["PAGES"]

_OPTIONS: Final = [("yes", "Yes, it was rightly done"), ("no", "No, it was not")]


async def _list(visit: Visit) -> Response:
    found = await reviews(visit.gateway, visit.session)
    return visit.shown("reviews/list.html", reviews=found.reviews)


async def _close(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = reference_of(visit, "reference", errors, what="a review's reference")
    if begins(visit):
        return visit.shown("reviews/close.html", reference=name, options=_OPTIONS)
    answer = visit.form.text("justified")
    if answer not in dict(_OPTIONS):
        errors.append(FieldError("justified", "Choose whether it was rightly done"))
    errors += visit.pin_errors()
    if errors:
        return visit.shown("reviews/close.html", errors=errors, status=422, reference=name, options=_OPTIONS)
    request = ReviewRequest(reference=name, justified=answer == "yes")
    try:
        await visit.once(Nothing, lambda: close_review(visit.gateway, visit.session, request))
    except Problem as problem:
        return refused(visit, problem, see="It may be closed. See which wait still.", path="/reviews")
    return visit.goes_to("/reviews")


PAGES: Final = (Page("/reviews", show=_list), Page("/reviews/close", take=_close))
