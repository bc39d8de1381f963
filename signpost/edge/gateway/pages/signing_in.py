"""Signing in at a page: account, password and one-time code, then a PIN for this session; and signing out.

The session's token is drawn when the index has given a shift, and goes into the cookie then. Until a PIN is chosen the
session opens no other page.
"""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from starlette.responses import Response

from signpost.edge.gateway.pages.navigation import PLACES, home_of
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.pages.wording import told
from signpost.edge.gateway.sessions import Way
from signpost.edge.gateway.wire import SignInGiven
from signpost.edge.pins import SHORTEST_PIN, Pin, pin_fits
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["PAGES"]

_FORM: Final = "signing_in/sign_in.html"
_REQUIRED: Final = (
    ("account", "Enter the name of your account"),
    ("password", "Enter your password"),
    ("code", "Enter the code that your authenticator shows"),
)


async def _home(visit: Visit) -> Response:
    if visit.signed_in is None:
        return visit.goes_to("/sign-in")
    return visit.goes_to("/pin" if visit.signed_in.pin is None else home_of(visit.role, visit.kind))


async def _ask(visit: Visit) -> Response:
    return visit.shown(_FORM)


async def _sign_in(visit: Visit) -> Response:
    missing = [FieldError(name, words) for name, words in _REQUIRED if not visit.form.text(name)]
    if missing:
        return visit.shown(_FORM, errors=missing, status=422)
    try:
        given = SignInGiven(
            account=visit.form.text("account").lower(),
            password=visit.form.secret("password"),
            code=visit.form.text("code").replace(" ", ""),
        )
    except ValidationError:
        # No account, password or code is of that form: said as of any that do not belong together.
        return _refused(visit, Problem(ProblemCode.SIGN_IN_REFUSED))
    try:
        opened = await visit.gateway.sign_in(given, way=Way.PAGES)
    except Problem as problem:
        if problem.code is ProblemCode.COULD_NOT_CHECK:
            raise
        return _refused(visit, Problem(problem.code))
    visit.signs_in(opened.session)
    return visit.goes_to("/pin")


def _refused(visit: Visit, problem: Problem) -> Response:
    words = told(problem)
    return visit.shown(_FORM, errors=[FieldError("account", f"{words.what} {words.next}")], status=403)


async def _ask_pin(visit: Visit) -> Response:
    if visit.session.pin is not None:
        return visit.goes_to(home_of(visit.role, visit.kind))
    return _pin_form(visit, [])


async def _choose_pin(visit: Visit) -> Response:
    if visit.session.pin is not None:  # it is chosen once: whoever finds a screen open cannot choose another
        return visit.goes_to(home_of(visit.role, visit.kind))
    chosen, errors = visit.form.text("pin"), list[FieldError]()
    if not pin_fits(chosen):
        errors.append(FieldError("pin", f"Enter a PIN of {SHORTEST_PIN} digits or more, not all the same"))
    elif visit.form.text("again") != chosen:
        errors.append(FieldError("again", "Enter the same PIN again"))
    if errors:
        return _pin_form(visit, errors)
    visit.session.pin = Pin(chosen, randomness=visit.gateway.randomness)
    return visit.goes_to(home_of(visit.role, visit.kind))


def _pin_form(visit: Visit, errors: list[FieldError]) -> Response:
    return visit.shown(
        "signing_in/pin.html",
        errors=errors,
        status=422 if errors else 200,
        shortest=SHORTEST_PIN,
        ended_shift_of=visit.session.shift.ended_shift_of,
    )


async def _unlocked(visit: Visit) -> Response:
    """Whoever comes here has shown the PIN, or need not."""
    back = PLACES.get(visit.form.text("to"))
    mine = back is not None and back.roles is not None and back.is_for(visit.role, visit.kind)
    return visit.goes_to(back.path if back is not None and mine else home_of(visit.role, visit.kind))


async def _go_home(visit: Visit) -> Response:
    return visit.goes_to(home_of(visit.role, visit.kind))


async def _sign_out(visit: Visit) -> Response:
    session = visit.session
    visit.signs_out()
    try:
        await visit.gateway.sign_out(session)
    except Problem:
        # Here it is over whatever the index says; there it ends with the shift.
        return visit.shown("signing_in/signed_out.html", sure=False)
    return visit.shown("signing_in/signed_out.html", sure=True)


PAGES: Final = (
    Page("/", show=_home),
    Page("/sign-in", show=_ask, take=_sign_in),
    Page("/pin", show=_ask_pin, take=_choose_pin),
    Page("/unlock", show=_go_home, take=_unlocked),
    Page("/sign-out", take=_sign_out),
)
