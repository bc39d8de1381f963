"""Using an enrolment token at a page: the token, then the code generator and a password.

The code generator's secret is drawn here, shown once as a picture and as text, and carried on in the form, in the
browser: the gateway keeps neither it nor the token. The picture is markup of the page itself; nothing secret is ever in
an address.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Final

import segno
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.pages.wording import told
from signpost.edge.gateway.wire import EnrolmentGiven
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.one_time_codes import SECRET_BYTES, enrolment_uri, typed_secret
from signpost.protocol.passwords import SHORTEST_PASSWORD
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.secret import Secret

__all__ = ["PAGES"]


async def _ask(visit: Visit) -> Response:
    return visit.shown("enrolling/token.html")


async def _codes(visit: Visit) -> Response:
    token = _token_in(visit)
    if token is None:
        errors = [FieldError("token", "Paste the whole line that begins with signpost-1.")]
        return visit.shown("enrolling/token.html", errors=errors, status=422)
    return _chosen(visit, token, Secret(visit.gateway.randomness(SECRET_BYTES)), ())


def _chosen(visit: Visit, token: EnrolmentToken, secret: Secret, errors: tuple[FieldError, ...]) -> Response:
    uri = enrolment_uri(secret, account=token.account, organisation=token.organisation)
    picture = io.BytesIO()
    segno.make(uri, error="l", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=False, scale=5, light="#fff", svgclass=None, lineclass=None
    )
    return visit.shown(
        "enrolling/codes.html",
        errors=errors,
        status=422 if errors else 200,
        token=visit.form.text("token"),
        secret=base64.b32encode(secret.reveal()).decode(),
        typed=typed_secret(secret),
        picture=Markup(picture.getvalue().decode()),  # noqa: S704 - made here, of digits and squares
        enrolled=token.account,
        shortest=SHORTEST_PASSWORD,
    )


async def _enrol(visit: Visit) -> Response:
    token, secret = _token_in(visit), _secret_in(visit)
    if token is None or secret is None:
        raise Problem(ProblemCode.MALFORMED)
    password, code = visit.form.secret("password"), visit.form.text("code").replace(" ", "")
    errors = list[FieldError]()
    if not password:
        errors.append(FieldError("password", "Enter a password"))
    elif visit.form.secret("again") != password:
        errors.append(FieldError("again", "Enter the same password again"))
    try:
        given = EnrolmentGiven(
            token=visit.form.text("token"), password=password or "-", code_secret=visit.form.text("secret"), code=code
        )
    except ValidationError as invalid:
        wrong = {str(each["loc"][0]) for each in invalid.errors(include_input=False) if each["loc"]}
        if "code" in wrong:
            errors.append(FieldError("code", "Enter the 6 digits that your authenticator shows"))
        if "password" in wrong and password:
            errors.append(FieldError("password", told(Problem(ProblemCode.PASSWORD_TOO_WEAK)).next))
        return _chosen(visit, token, secret, tuple(errors))
    if errors:
        return _chosen(visit, token, secret, tuple(errors))
    try:
        await visit.gateway.enrol(given)
    except Problem as problem:
        field = _FIELD_OF.get(problem.code)
        if field is None:
            raise
        words = told(problem)
        return _chosen(visit, token, secret, (FieldError(field, f"{words.what} {words.next}"),))
    return visit.goes_to("/enrol/done")


_FIELD_OF: Final = {ProblemCode.PASSWORD_TOO_WEAK: "password", ProblemCode.SIGN_IN_REFUSED: "code"}


async def _done(visit: Visit) -> Response:
    return visit.shown("enrolling/done.html")


def _token_in(visit: Visit) -> EnrolmentToken | None:
    try:
        return EnrolmentToken.parse(visit.form.text("token"))
    except ValueError:
        return None


def _secret_in(visit: Visit) -> Secret | None:
    try:
        raw = base64.b32decode(visit.form.text("secret"))
    except binascii.Error:
        return None
    return Secret(raw) if len(raw) == SECRET_BYTES else None


PAGES: Final = (
    Page("/enrol", show=_ask, take=_codes),
    Page("/enrol/codes", take=_enrol),
    Page("/enrol/done", show=_done),
)
