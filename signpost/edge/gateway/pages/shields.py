"""A council's shielding officer: hide a child, approve what another council hides, see how one's own shields stand, and
have one end (protocol.md C4).

An officer is told of their own request alone. A postcode is asked for only where the danger knows it already: of the
new address there is no field. Whatever decides something asks for the PIN; what cannot be taken back, for the reference
again.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.dates import DateError, parse_date
from signpost.edge.gateway.officer_wire import IdentityEndedGiven, KnownGiven, OldIdentityGiven, ShieldGiven
from signpost.edge.gateway.pages.officers import begins, child_errors, reference_of, refused, typed_again
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.shields import approve_shield, end_identity, end_shield, hide_child, shield_status
from signpost.edge.shield_words import ANOTHERS_NUMBER, END_REASONS, OLD_IDENTITY_WARNING, OLD_NUMBER, REASONS
from signpost.edge.shielding import NOTHING_OF_THE_OLD, NOTHING_TO_HIDE_BY
from signpost.edge.spoken import spoken_name
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.shielding import (
    ShieldAnswer,
    ShieldEndReason,
    ShieldEndRequest,
    ShieldReason,
    ShieldRequest,
    ShieldStatusRequest,
)

__all__ = ["PAGES"]

_A_SHIELD: Final = "a shield's reference"
_LONGEST: Final = 200
_SEE: Final = "It may have been done. See how your shields stand; where it is not there, do it again."
_TOO_LATE: Final = "Enter a day from tomorrow to two years from today"


async def _status(visit: Visit) -> Response:
    found = await shield_status(visit.gateway, visit.session, ShieldStatusRequest(shield=None))
    return visit.shown(
        "shields/status.html", shields=found.shields, reasons_of_shields=REASONS, end_reasons=END_REASONS
    )


# -- hiding


async def _ask_whom(visit: Visit) -> Response:
    return _hide_form(visit)


def _hide_form(visit: Visit, errors: list[FieldError] | None = None) -> Response:
    return visit.shown(
        "shields/hide.html", errors=errors or (), status=422 if errors else 200,
        options=[(reason.value, f"{words[:1].upper()}{words[1:]}") for reason, words in REASONS.items()],
    )  # fmt: skip


async def _hide(visit: Visit) -> Response:
    if begins(visit):
        return _hide_form(visit)
    errors: list[FieldError] = []
    reason = visit.form.chosen("reason", ShieldReason)
    if reason is None:
        errors.append(FieldError("reason", "Choose why the child must not be found"))
    own = reference_of(visit, "shield", errors, what=_A_SHIELD) if visit.form.text("shield") else None
    review_on = None
    if typed := visit.form.date("review_on").strip("/"):
        try:
            review_on = parse_date(typed)
        except DateError:
            errors.append(FieldError("review_on", _TOO_LATE, "review_on-day"))
    if own is not None and typed:
        errors.append(FieldError("review_on", "Leave this empty: the shield keeps its own day", "review_on-day"))
    errors += visit.pin_errors()
    if errors or reason is None:
        return _hide_form(visit, errors)
    try:
        given = ShieldGiven(child=_known(visit), reason=reason, review_on=review_on, shield=own)
        hidden = await visit.once(ShieldAnswer, lambda: hide_child(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(
            visit, problem, see=_SEE, path="/shields",
            wrong=lambda problem: _field_errors(problem, nothing=NOTHING_TO_HIDE_BY),
            form=lambda wrong: _hide_form(visit, wrong),
        )  # fmt: skip
    return visit.shown(
        "shields/hidden.html", shield=hidden, reason=REASONS[hidden.reason], added=own is not None,
        other_reason=None if hidden.reason is reason else REASONS[hidden.reason],
        by_name=given.child.nhs_number == "" or given.child.date_of_birth.isdecimal(),
    )  # fmt: skip


def _known(visit: Visit) -> KnownGiven:
    child = visit.form.child()
    postcodes = {name: visit.form.text(name) for name in ("known_postcode", "other_known_postcode")}
    wrong = tuple(f"/child/{name}" for name, text in postcodes.items() if len(text) > _LONGEST)
    if wrong:
        raise Problem(ProblemCode.MALFORMED, pointers=wrong)
    shared = child.model_dump(exclude={"postcode", "previous_postcode"})
    return KnownGiven.model_validate({**shared, **postcodes})


def _field_errors(problem: Problem, *, nothing: str) -> list[FieldError]:
    """What is wrong with the details, where that is what was wrong."""
    match problem.code:
        case ProblemCode.NOTHING_TO_ASK:
            return [FieldError("nhs_number", nothing)]
        case ProblemCode.REVIEW_DATE:
            return [FieldError("review_on", _TOO_LATE, "review_on-day")]
        case ProblemCode.TAGS_PROFILE:
            return [FieldError("nhs_number", f"{ANOTHERS_NUMBER} {OLD_NUMBER}")]
        case _:
            return list(child_errors(problem))


# -- approving


async def _ask_which(visit: Visit) -> Response:
    return visit.shown("shields/approve.html")


async def _approve(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = reference_of(visit, "shield", errors, what=_A_SHIELD)
    what = visit.form.text("what")
    if what not in ("hides", "ends"):
        errors.append(FieldError("what", "Choose what you approve"))
    if what == "ends":
        errors += typed_again(visit, name)
    errors += visit.pin_errors()
    if errors:
        return visit.shown("shields/approve.html", errors=errors, status=422)
    request = ShieldRequest(shield=name, ends=what == "ends")
    try:
        await visit.once(ShieldAnswer, lambda: approve_shield(visit.gateway, visit.session, request))
    except Problem as problem:
        see = "It may have been approved. Where you try again and nothing waits, it was."
        return refused(visit, problem, see=see, path="/shields/approve")
    return visit.shown("shields/approved.html", shield=name, ends=request.ends)


# -- ending


async def _end(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = reference_of(visit, "shield", errors, what=_A_SHIELD)
    options = [(reason.value, f"{words[:1].upper()}{words[1:]}") for reason, words in END_REASONS.items()]
    if begins(visit):
        return visit.shown("shields/end.html", shield=name, options=options)
    why = visit.form.chosen("why", ShieldEndReason)
    if why is None:
        errors.append(FieldError("why", "Choose why it is to end"))
    errors += visit.pin_errors()
    if errors or why is None:
        return visit.shown("shields/end.html", errors=errors, status=422, shield=name, options=options)
    request = ShieldEndRequest(shield=name, why=why)
    try:
        await visit.once(ShieldAnswer, lambda: end_shield(visit.gateway, visit.session, request))
    except Problem as problem:
        return refused(visit, problem, see=_SEE, path="/shields")
    return visit.goes_to("/shields")


async def _identity_ended(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = spoken_name(visit.form.text("shield")) or ""
    if begins(visit):
        return _identity_form(visit, name)
    errors += [*typed_again(visit, name), *visit.pin_errors()]
    if errors:
        return _identity_form(visit, name, errors)
    try:
        old = OldIdentityGiven(**visit.form.child().model_dump(include=set(OldIdentityGiven.model_fields)))
        given = IdentityEndedGiven(shield=name, child=old)
        await visit.once(ShieldAnswer, lambda: end_identity(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(
            visit, problem, see=_SEE, path="/shields",
            wrong=lambda problem: _field_errors(problem, nothing=NOTHING_OF_THE_OLD),
            form=lambda wrong: _identity_form(visit, name, wrong),
        )  # fmt: skip
    return visit.shown("shields/identity_ended.html", shield=name)


def _identity_form(visit: Visit, name: str, errors: list[FieldError] | None = None) -> Response:
    return visit.shown(
        "shields/old_identity.html", errors=errors or (), status=422 if errors else 200, shield=name,
        warning=OLD_IDENTITY_WARNING,
    )  # fmt: skip


PAGES: Final = (
    Page("/shields", show=_status),
    Page("/shields/hide", show=_ask_whom, take=_hide),
    Page("/shields/approve", show=_ask_which, take=_approve),
    Page("/shields/end", take=_end),
    Page("/shields/identity-ended", take=_identity_ended),
)
