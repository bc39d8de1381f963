"""Breaking the glass: in an emergency, a duty line at once. It is confirmed by typing the receipt and by the PIN, is
recorded, and is reviewed by somebody else.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.asking import purposes_offered
from signpost.edge.gateway.pages.contact import receipt_in
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.wire import GlassGiven
from signpost.edge.spoken import spoken_name
from signpost.protocol.messages import GlassAnswer
from signpost.protocol.purposes import Purpose

__all__ = ["PAGES"]


async def _confirm(visit: Visit) -> Response:
    return _asked(visit, receipt_in(visit), ())


def _asked(visit: Visit, receipt: str, errors: tuple[FieldError, ...]) -> Response:
    return visit.shown(
        "glass/confirm.html",
        errors=errors,
        status=422 if errors else 200,
        receipt=receipt,
        purposes=purposes_offered(visit),
    )


async def _break(visit: Visit) -> Response:
    receipt = receipt_in(visit)
    errors = visit.pin_errors()
    if spoken_name(visit.form.text("typed")) != receipt:
        errors = (FieldError("typed", "Type the receipt as it stands above"), *errors)
    if errors:
        return _asked(visit, receipt, errors)
    given = GlassGiven(receipt=receipt, purpose=visit.form.chosen("purpose", Purpose))
    shown = await visit.once(GlassAnswer, lambda: visit.gateway.break_glass(visit.session, given))
    return visit.shown("glass/line.html", shown=shown)


PAGES: Final = (
    Page("/break-glass/confirm", take=_confirm),
    Page("/break-glass", take=_break),
)
