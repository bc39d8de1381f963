"""Feeds by upload, for data officers: the form, how far a run is, the history, and the errors file. Administrators see
the same without the form.

* A form with files is taken as it comes (`gateway.feeds.receiving`); its token is checked before the first file.
* A dry run is what the form does unless something else is chosen. Nothing is kept of it: to register, the same files
  are uploaded again, and the PIN is shown: an extract can withdraw all that an organisation has registered.
* A run's page is read again by its own link. No page loads itself anew: that would take the place somebody reads at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from signpost.edge.feeds.extract import FeedFormat
from signpost.edge.gateway.events import GatewayEvent
from signpost.edge.gateway.feeds.history import DAYS
from signpost.edge.gateway.feeds.listing import csv_file
from signpost.edge.gateway.feeds.receiving import pieces_of
from signpost.edge.gateway.feeds.shown import UNDER_WAY, FeedShown, FeedState
from signpost.edge.gateway.pages.forms import CSRF, FormFields, is_of
from signpost.edge.gateway.pages.headers import PAGE_HEADERS
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit, field_errors
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role

__all__ = ["PAGES"]

_FORMATS: Final = (
    (FeedFormat.SSD.value, "Standard Safeguarding Dataset: its CSV files, or one joined file"),
    (FeedFormat.CSV.value, "Signpost's own CSV"),
    (FeedFormat.CIN.value, "CIN census, an XML file"),
    (FeedFormat.S903.value, "SSDA903 return: its header and episodes"),
)
_STATES: Final[Mapping[FeedState, str]] = {
    FeedState.RECEIVING: "Being uploaded",
    FeedState.READING: "Reading the extract",
    FeedState.COMPARING: "Comparing it with what is registered",
    FeedState.REGISTERING: "Registering",
    FeedState.ENDING: "Ending and withdrawing",
    FeedState.LOOKED_AT: "Dry run: nothing was sent",
    FeedState.REGISTERED: "Registered",
    FeedState.STOPPED: "Stopped by its limits: nothing was sent",
    FeedState.UNREADABLE: "The extract cannot be read",
    FeedState.FAILED: "Did not reach its end",
    FeedState.CANCELLED: "Cancelled",
    FeedState.INTERRUPTED: "Interrupted",
}
# What a form with files has besides the upload's own fields: its token, what names it, and the PIN.
_OF_FORMS: Final = frozenset({CSRF, "once", "pin"})


async def _feeds(visit: Visit) -> Response:
    return _form(visit)


def _form(visit: Visit, errors: tuple[FieldError, ...] = ()) -> Response:
    runs = visit.gateway.feeds(visit.session).runs().feeds
    return visit.shown(
        "feeds/feeds.html",
        errors=errors,
        status=422 if errors else 200,
        formats=_FORMATS,
        runs=runs,
        states=_STATES,
        under_way=bool(runs) and runs[0].state in UNDER_WAY,
        most=(visit.gateway.upload_bytes or 0) >> 20,
        days=DAYS,
        may_upload=visit.role is Role.DATA_OFFICER,
    )


async def _upload(visit: Visit, request: Request) -> Response:
    wrong_pin: tuple[FieldError, ...] = ()

    def check(fields: Mapping[str, str]) -> None:
        nonlocal wrong_pin
        visit.form = FormFields({name: [fields.get(name, "")] for name in (CSRF, "pin")})
        if not is_of(visit.form, visit.cookie):
            raise Problem(ProblemCode.FORM_REFUSED)
        if fields.get("dry_run", "yes") != "yes":
            wrong_pin = visit.pin_errors()
        visit.form = FormFields({})
        if wrong_pin:
            raise Problem(ProblemCode.MALFORMED, pointers=("/pin",))

    content_type = request.headers.get("content-type", "")
    try:
        await visit.gateway.upload_feed(
            visit.session, content_type, pieces_of(request), also=_OF_FORMS, before_files=check
        )
    except Problem as problem:
        errors = wrong_pin or field_errors(problem)
        if problem.code is ProblemCode.FORM_REFUSED:
            visit.gateway.log.emit(GatewayEvent.FORM_REFUSED)
            return visit.shown("not_from_here.html", status=403)
        if not errors:
            raise
        return _form(visit, errors)
    return visit.goes_to("/feeds/run")


async def _latest(visit: Visit) -> Response:
    """The run that is under way; else the last one there was."""
    runs = visit.gateway.feeds(visit.session).runs().feeds
    return _run(visit, runs[0]) if runs else visit.goes_to("/feeds")


async def _chosen(visit: Visit) -> Response:
    return _run(visit, visit.gateway.feeds(visit.session).run(visit.form.text("feed")))


def _run(visit: Visit, run: FeedShown) -> Response:
    share = 100 * run.done // run.total if run.total else None
    return visit.shown(
        "feeds/run.html",
        run=run,
        words=_STATES[run.state],
        under_way=run.state in UNDER_WAY,
        share=share,
        may_upload=visit.role is Role.DATA_OFFICER,
    )


async def _errors(visit: Visit) -> Response:
    answer = csv_file(visit.gateway.feeds(visit.session).errors(visit.form.text("feed")))
    answer.headers.update(PAGE_HEADERS)
    return answer


async def _cancel(visit: Visit) -> Response:
    visit.gateway.cancel_feed(visit.session, visit.form.text("feed"))
    return visit.goes_to("/feeds/run")


PAGES: Final = (
    Page("/feeds", show=_feeds),
    Page("/feeds/upload", take_files=_upload),
    Page("/feeds/run", show=_latest, take=_chosen),
    Page("/feeds/errors", take=_errors),
    Page("/feeds/cancel", take=_cancel),
)
