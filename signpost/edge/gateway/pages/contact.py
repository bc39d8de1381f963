"""Call-backs: leaving one by the receipt of one's own answer, what became of it, and what came of it.

What is shown of one depends on the time that has gone by and on what somebody shared, and on nothing else: who
declined, and who did not answer, looks like nobody.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.asking import usual_urgency
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.wire import CallBackGiven
from signpost.edge.spoken import spoken_name
from signpost.protocol.messages import ContactAnswer, ContactStatusRequest, OutcomeRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Purpose, Urgency

__all__ = ["PAGES"]

_OUTCOMES: Final = (
    ("new", "I reached somebody who was new to me"),
    ("known", "I reached somebody of whose work I knew already"),
    ("none", "I did not reach anybody"),
)


async def _leave(visit: Visit) -> Response:
    given = CallBackGiven(
        receipt=receipt_in(visit),
        purpose=visit.form.chosen("purpose", Purpose),
        urgency=visit.form.chosen("urgency", Urgency) or usual_urgency(visit.role),
    )
    left = await visit.once(ContactAnswer, lambda: visit.gateway.ask_for_call_back(visit.session, given))
    return visit.shown("contact/left.html", left=left)


async def _ask(visit: Visit) -> Response:
    return visit.shown("contact/ask.html")


async def _status(visit: Visit) -> Response:
    receipt = spoken_name(visit.form.text("receipt"))
    if receipt is None:
        errors = [FieldError("receipt", "Enter the receipt, as L7Q2-94KD")]
        return visit.shown("contact/ask.html", errors=errors, status=422)
    return await _shown(visit, receipt)


async def _shown(visit: Visit, receipt: str, errors: tuple[FieldError, ...] = ()) -> Response:
    asked = visit.session.client.index.call_back(ContactStatusRequest(receipt=receipt))
    found = await visit.gateway.acted(visit.session, asked)
    return visit.shown(
        "contact/status.html", errors=errors, status=422 if errors else 200, found=found, outcomes=_OUTCOMES
    )


async def _tell_outcome(visit: Visit) -> Response:
    receipt, outcome = receipt_in(visit), visit.form.text("outcome")
    if outcome not in dict(_OUTCOMES):
        return await _shown(visit, receipt, (FieldError("outcome", "Choose what came of it"),))
    told = OutcomeRequest(receipt=receipt, reached=outcome != "none", new=outcome == "new")
    await visit.gateway.acted(visit.session, visit.session.client.index.tell_outcome(told))
    return visit.goes_to("/call-back/noted")


async def _noted(visit: Visit) -> Response:
    return visit.shown("contact/noted.html")


def receipt_in(visit: Visit) -> str:
    """The receipt that a form of ours carries on.

    Raises:
        Problem: MALFORMED.
    """
    receipt = spoken_name(visit.form.text("receipt"))
    if receipt is None:
        raise Problem(ProblemCode.MALFORMED)
    return receipt


PAGES: Final = (
    Page("/call-back", show=_ask, take=_status),
    Page("/call-back/leave", take=_leave),
    Page("/call-back/outcome", take=_tell_outcome),
    Page("/call-back/noted", show=_noted),
)
