"""A family's report: asked for with the family there, decided by a colleague, and read 28 days later.

* Whoever decides sees neither the child nor the report. Neither of the two answers is suggested.
* What is shown of a report can be read by the family: no code of law, and no organisation's name. The council's own
  file has the code: it is in the JSON.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.officer_wire import FamilyGiven
from signpost.edge.gateway.pages.headers import PAGE_HEADERS
from signpost.edge.gateway.pages.officers import begins, child_errors, reference_of, refused
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.rights import ask_for_report, decide_report, read_report, reports
from signpost.edge.rights_page import page_of
from signpost.edge.rights_words import (
    ABOUT,
    EXEMPTIONS,
    KEPT_BACK,
    MORE_RIGHTS,
    NOBODY_LOOKED,
    NOBODY_WORKS,
    WHO_LOOKED,
    WHO_WORKS,
    access_line,
    involvement_line,
)
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.rights import Exemption, Report, ReportAsked, ReportDecisionRequest, ReportReadRequest

__all__ = ["PAGES"]

_A_REPORT: Final = "a report's reference"
_ASK_AGAIN: Final = "It may have been recorded. See your council's reports; where it is not there, ask again."
_ALL: Final = "all"
_NOT_WHO_LOOKED: Final = "not-who-looked"
_NOTHING: Final = "nothing"
_TOLD: Final = (
    (_ALL, "Who works with the child, and who looked: nobody could be found or harmed by seeing it"),
    (_NOT_WHO_LOOKED, "Who works with the child, and not who looked"),
    (_NOTHING, "Neither"),
)
"""What may be told, as whoever decides chooses it. None is suggested."""


async def _list(visit: Visit) -> Response:
    found = await reports(visit.gateway, visit.session)
    return visit.shown("rights/reports.html", reports=found.reports)


async def _ask_whose(visit: Visit) -> Response:
    return visit.shown("rights/ask.html")


async def _ask(visit: Visit) -> Response:
    def form(errors: list[FieldError]) -> Response:
        return visit.shown("rights/ask.html", errors=errors, status=422)

    if errors := list(visit.pin_errors()):
        return form(errors)
    try:
        given = FamilyGiven(child=visit.form.child())
        asked = await visit.once(ReportAsked, lambda: ask_for_report(visit.gateway, visit.session, given))
    except Problem as problem:
        return refused(visit, problem, see=_ASK_AGAIN, path="/rights", wrong=child_errors, form=form)
    return visit.shown("rights/asked.html", asked=asked)


# -- deciding


async def _decide(visit: Visit) -> Response:
    errors: list[FieldError] = []
    name = reference_of(visit, "report", errors, what=_A_REPORT)
    if begins(visit):
        return _decision_form(visit, name)
    told, exemption = visit.form.text("told"), visit.form.chosen("exemption", Exemption)
    if told not in dict(_TOLD):
        errors.append(FieldError("told", "Choose what the family may be told"))
    elif (told == _ALL) is not (exemption is None):
        why = "Choose no reason where nothing is kept back" if told == _ALL else "Choose why something is kept back"
        errors.append(FieldError("exemption", why))
    errors += visit.pin_errors()
    if errors:
        return _decision_form(visit, name, errors)
    request = ReportDecisionRequest(
        report=name, decision="refuse" if told == _NOTHING else "release", safe_to_show=told == _ALL,
        exemption=exemption,
    )  # fmt: skip
    try:
        await visit.once(Nothing, lambda: decide_report(visit.gateway, visit.session, request))
    except Problem as problem:
        return refused(visit, problem, see="It may be decided. See your council's reports.", path="/rights")
    return visit.goes_to("/rights")


def _decision_form(visit: Visit, name: str, errors: list[FieldError] | None = None) -> Response:
    exemptions = [("", "Nothing is kept back"), *((each.value, words) for each, words in EXEMPTIONS.items())]
    return visit.shown(
        "rights/decide.html", errors=errors or (), status=422 if errors else 200, report=name, options=_TOLD,
        exemptions=exemptions,
    )  # fmt: skip


# -- reading


async def _read(visit: Visit) -> Response:
    return _told(visit, await _found(visit))


async def _download(visit: Visit) -> Response:
    """The same as a file: a page for the family to keep, or the JSON for the council's own file."""
    found = await _found(visit)
    if visit.form.text("as") == "json":
        return _file(found.model_dump_json(indent=2) + "\n", "application/json", "report.json")
    return _file(page_of(found), "text/html", "report.html")


async def _found(visit: Visit) -> Report:
    name = reference_of(visit, "report", [], what=_A_REPORT)
    if not name:
        raise Problem(ProblemCode.REPORT_UNKNOWN)
    return await read_report(visit.gateway, visit.session, ReportReadRequest(report=name))


def _told(visit: Visit, found: Report) -> Response:
    works = None if found.involvements is None else [involvement_line(each) for each in found.involvements]
    looked = None if found.accesses is None else [access_line(each) for each in found.accesses]
    return visit.shown(
        "rights/report.html", report=found, about=ABOUT, kept_back=KEPT_BACK, more_rights=MORE_RIGHTS,
        parts_of_report=(
            (WHO_WORKS, ("Who", "Since", "Until"), works, NOBODY_WORKS),
            (WHO_LOOKED, ("When", "Who", "Why"), looked, NOBODY_LOOKED),
        ),
    )  # fmt: skip


def _file(text: str, media_type: str, name: str) -> Response:
    headers = {**PAGE_HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(text, 200, headers, media_type=media_type)


PAGES: Final = (
    Page("/rights", show=_list),
    Page("/rights/ask", show=_ask_whose, take=_ask),
    Page("/rights/decide", take=_decide),
    Page("/rights/read", take=_read),
    Page("/rights/download", take=_download),
)
