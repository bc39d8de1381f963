"""Another password, on every factor of the present ones. All the account's shifts are over afterwards."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from starlette.responses import Response

from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.pages.wording import told
from signpost.edge.gateway.wire import PasswordGiven
from signpost.protocol.passwords import SHORTEST_PASSWORD
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["PAGES"]


async def _ask(visit: Visit) -> Response:
    return _form(visit, ())


async def _change(visit: Visit) -> Response:
    new = visit.form.secret("new_password")
    errors = [
        FieldError(name, words)
        for name, words in (
            ("account", "Enter the name of your account"),
            ("password", "Enter your present password"),
            ("code", "Enter the code that your authenticator shows"),
            ("new_password", "Enter a new password"),
        )
        if not visit.form.secret(name)
    ]
    if new and visit.form.secret("again") != new:
        errors.append(FieldError("again", "Enter the same new password again"))
    if errors:
        return _form(visit, tuple(errors))
    try:
        given = PasswordGiven(
            account=visit.form.text("account").lower(),
            password=visit.form.secret("password"),
            code=visit.form.text("code").replace(" ", ""),
            new_password=new,
        )
        await visit.gateway.change_password(given)
    except ValidationError as invalid:
        wrong = {str(each["loc"][0]) for each in invalid.errors(include_input=False) if each["loc"]}
        weak = wrong == {"new_password"}
        return _refused(visit, ProblemCode.PASSWORD_TOO_WEAK if weak else ProblemCode.SIGN_IN_REFUSED)
    except Problem as problem:
        if problem.code is ProblemCode.COULD_NOT_CHECK:
            raise
        return _refused(visit, problem.code)
    return visit.goes_to("/password/changed")


def _refused(visit: Visit, code: ProblemCode) -> Response:
    words = told(Problem(code))
    field = "new_password" if code is ProblemCode.PASSWORD_TOO_WEAK else "account"
    return _form(visit, (FieldError(field, f"{words.what} {words.next}"),))


def _form(visit: Visit, errors: tuple[FieldError, ...]) -> Response:
    return visit.shown(
        "passwords/change.html", errors=errors, status=422 if errors else 200, shortest=SHORTEST_PASSWORD
    )


async def _changed(visit: Visit) -> Response:
    return visit.shown("passwords/changed.html")


PAGES: Final = (
    Page("/password", show=_ask, take=_change),
    Page("/password/changed", show=_changed),
)
