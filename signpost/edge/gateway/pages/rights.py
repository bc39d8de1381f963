"""What a family may have done, with the family there: an objection, a correction, a withdrawn consent, and taking one
of them back (UK GDPR Art. 7(3), 16, 21).

What is shown can be read by them: nothing of the details that were typed, nor whether a child is hidden.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.child import checked
from signpost.edge.gateway.officer_wire import CorrectionGiven, FamilyGiven, ObjectionGiven
from signpost.edge.gateway.pages.officers import child_errors, reference_of, refused
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.rights import correct, end_objection, record_objection, withdraw_consent
from signpost.edge.gateway.wire import ChildGiven
from signpost.edge.match_inputs import match_inputs
from signpost.edge.rights_words import GROUNDS, NOT_UPHELD, NOTHING_FOUND, UPHELD
from signpost.protocol.classes import Use
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.rights import ObjectionAnswer, ObjectionEndRequest, ObjectionGround, RightsReceipt

__all__ = ["PAGES"]

_AGAIN: Final = (
    "It may have been recorded. Do it again: it may stand twice, and then you have a reference of the second."
)
_CORRECT_AGAIN: Final = "It may have been done. Do it again: no entry is then found where it was."
_BEFORE: Final = "was_"
"""Before the name of a field of the details as they are registered, where the right ones are asked for."""


# -- objecting


async def _ask_objection(visit: Visit) -> Response:
    return _objection_form(visit)


def _objection_form(visit: Visit, errors: list[FieldError] | None = None) -> Response:
    return visit.shown(
        "rights/object.html", errors=errors or (), status=422 if errors else 200,
        options=[(ground.value, words) for ground, words in GROUNDS.items()],
    )  # fmt: skip


async def _object(visit: Visit) -> Response:
    errors: list[FieldError] = []
    ground = visit.form.chosen("balanced", ObjectionGround)
    if ground is None:
        errors.append(FieldError("balanced", "Choose how the objection was balanced"))
    errors += visit.pin_errors()
    if errors or ground is None:
        return _objection_form(visit, errors)
    try:
        given = ObjectionGiven(child=visit.form.child(), balanced=ground)
        found = await visit.once(ObjectionAnswer, lambda: record_objection(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(
            visit, problem, see=_AGAIN, path="/rights/object",
            wrong=child_errors, form=lambda wrong: _objection_form(visit, wrong),
        )  # fmt: skip
    return visit.shown("rights/objected.html", objection=found, words_of_it=UPHELD if found.upheld else NOT_UPHELD)


async def _ask_what_back(visit: Visit) -> Response:
    return visit.shown("rights/take_back.html")


async def _take_back(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = reference_of(visit, "objection", errors, what="the reference of an objection or a receipt")
    errors += visit.pin_errors()
    if errors:
        return visit.shown("rights/take_back.html", errors=errors, status=422)
    request = ObjectionEndRequest(objection=name)
    try:
        await visit.once(Nothing, lambda: end_objection(visit.gateway, visit.session, request))
    except Problem as problem:
        see = "It may be taken back. Where you try again and none stands, it was."
        return refused(visit, problem, see=see, path="/rights/take-back")
    return visit.shown("rights/taken_back.html", objection=name)


# -- correcting


async def _ask_registered(visit: Visit) -> Response:
    return visit.shown("rights/registered.html")


async def _correct(visit: Visit) -> Response:
    """First the details as they are registered; with those in the form, the right ones."""
    if visit.form.text("step") != "right":
        return _take_registered(visit)
    kept = [(name, text) for name, text in visit.form.pairs() if name.startswith(_BEFORE)]

    def form(errors: list[FieldError]) -> Response:
        return visit.shown("rights/right.html", errors=errors, status=422, kept=kept)

    if errors := list(visit.pin_errors()):
        return form(errors)
    try:
        registered = ChildGiven.model_validate(
            {name.removeprefix(_BEFORE): text == "yes" if name.endswith("multiple_birth") else text
             for name, text in kept}
        )  # fmt: skip
        checked(registered, today=visit.gateway.today())
    except ValueError:
        raise Problem(ProblemCode.MALFORMED) from None
    try:
        given = CorrectionGiven(registered=registered, right=visit.form.child())
        done = await visit.once(RightsReceipt, lambda: correct(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(visit, problem, see=_CORRECT_AGAIN, path="/rights/correct", wrong=child_errors, form=form)
    return visit.shown("rights/corrected.html", done=done, counted=_counted(done.changed), nothing_found=NOTHING_FOUND)


def _take_registered(visit: Visit) -> Response:
    try:
        child = visit.form.child()
        if not match_inputs(checked(child, today=visit.gateway.today()), Use.OFFICER):
            raise Problem(ProblemCode.NOTHING_TO_ASK)
    except Problem as problem:
        wrong = child_errors(problem)
        if not wrong:
            raise
        return visit.shown("rights/registered.html", errors=wrong, status=422)
    kept = [
        (f"{_BEFORE}{name}", ("yes" if value else "") if isinstance(value, bool) else value)
        for name, value in child.model_dump().items()
    ]
    visit.form = type(visit.form)({})  # the next page's fields have the same names, and begin empty
    return visit.shown("rights/right.html", kept=kept)


# -- withdrawing


async def _ask_withdrawal(visit: Visit) -> Response:
    return visit.shown("rights/withdraw.html")


async def _withdraw(visit: Visit) -> Response:
    def form(errors: list[FieldError]) -> Response:
        return visit.shown("rights/withdraw.html", errors=errors, status=422)

    if errors := list(visit.pin_errors()):
        return form(errors)
    try:
        given = FamilyGiven(child=visit.form.child())
        done = await visit.once(RightsReceipt, lambda: withdraw_consent(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(visit, problem, see=_AGAIN, path="/rights/withdraw", wrong=child_errors, form=form)
    return visit.shown(
        "rights/withdrawn.html", done=done, counted=_counted(done.changed), standing=_counted(done.standing),
        nothing_found=NOTHING_FOUND,
    )  # fmt: skip


def _counted(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


PAGES: Final = (
    Page("/rights/object", show=_ask_objection, take=_object),
    Page("/rights/take-back", show=_ask_what_back, take=_take_back),
    Page("/rights/correct", show=_ask_registered, take=_correct),
    Page("/rights/withdraw", show=_ask_withdrawal, take=_withdraw),
)
