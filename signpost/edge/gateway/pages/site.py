"""The pages as one application, beside /api/v1 in the same process and behind the same door.

Every request passes here before a handler sees it: whether there is such a page, for this method and this role; whose
session the cookie names; that a form came from a page of ours; that a PIN was chosen, and was shown again by somebody
who had been away. A bearer token means nothing here, as the cookie means nothing to /api/v1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.events import GatewayEvent
from signpost.edge.gateway.feeds.receiving import pieces_of
from signpost.edge.gateway.pages import (
    accounts,
    administration,
    checking,
    contact,
    coverage,
    desk,
    enrolling,
    feeds,
    glass,
    handles,
    inbox,
    involvements,
    passwords,
    reports,
    reviews,
    rights,
    shields,
    signing_in,
)
from signpost.edge.gateway.pages.cookies import BEFORE, SESSION, given
from signpost.edge.gateway.pages.forms import FormFields, came_from_here, is_of, read_form
from signpost.edge.gateway.pages.headers import ASSET_HEADERS
from signpost.edge.gateway.pages.look import Look
from signpost.edge.gateway.pages.navigation import PLACES, Place
from signpost.edge.gateway.pages.templates import make_templates
from signpost.edge.gateway.pages.visit import Page, Visit
from signpost.edge.gateway.sessions import Session
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.problem_response import problem_response

__all__ = ["PAGES", "Beside", "Pages"]

PAGES: Final[Mapping[str, Page]] = {
    page.path: page
    for pages in (
        signing_in.PAGES, enrolling.PAGES, passwords.PAGES, checking.PAGES, contact.PAGES, inbox.PAGES,
        involvements.PAGES, glass.PAGES, shields.PAGES, desk.PAGES, rights.PAGES, reports.PAGES, reviews.PAGES,
        administration.PAGES, accounts.PAGES, handles.PAGES, feeds.PAGES, coverage.PAGES,
    )
    for page in pages
}  # fmt: skip
_API: Final = ("/api/", "/openapi.json", "/health")
_BEFORE_A_PIN: Final = frozenset({"/", "/sign-in", "/sign-out", "/pin"})
"""What somebody may do who has chosen no PIN yet."""
_UNLOCK: Final = "unlock"
_NOT_KEPT: Final = frozenset({_UNLOCK, "csrf", "once", "pin", "again", "password", "new_password", "code", "token"})
"""What the page that asks for the PIN carries on of no form: its own fields, and what was typed unseen."""
_NOWHERE: Final = Place("", None)


def _is_pages(scope: Scope) -> bool:
    return not str(scope["path"]).startswith(_API)


@final
class Pages:
    """The application. Belongs to one event loop, as its gateway does."""

    def __init__(self, gateway: Gateway, *, look: Look | None = None) -> None:
        self._gateway = gateway
        self._look = look or Look.found()
        self._templates = make_templates()
        if not self._look.has_design_system:
            gateway.log.emit(GatewayEvent.PAGES_WITHOUT_DESIGN_SYSTEM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = self._asset(request) or await self._page(request)
        await response(scope, receive, send)

    def told(self, scope: Scope, problem: Problem) -> ASGIApp:
        """A refusal of the door's: a page for a person, a problem document for a program."""
        if not _is_pages(scope):
            return problem_response(problem)
        headers = Headers(scope=scope)
        return self._visit(headers, _NOWHERE, self._session(headers)).refused(problem)

    def _asset(self, request: Request) -> Response | None:
        asset = self._look.files.get(request.url.path)
        if asset is None or request.method not in ("GET", "HEAD"):
            return None
        return Response(asset.content, 200, ASSET_HEADERS, media_type=asset.media_type)

    async def _page(self, request: Request) -> Response:
        page = PAGES.get(request.url.path)
        place = PLACES[page.path] if page is not None else _NOWHERE
        visit = self._visit(request.headers, place, self._session(request.headers))
        try:
            if page is None:
                raise Problem(ProblemCode.NOT_FOUND)
            _refuse_role(visit)
            if request.method in ("GET", "HEAD"):
                return await self._shown(visit, page)
            return await self._taken(visit, page, request)
        except Problem as problem:
            return visit.refused(problem)

    async def _shown(self, visit: Visit, page: Page) -> Response:
        if page.show is None:
            raise Problem(ProblemCode.NOT_FOUND)
        if visit.signed_in is None and visit.place.roles is not None:
            return visit.goes_to("/sign-in")
        if visit.signed_in is not None and visit.place.path not in _BEFORE_A_PIN:
            if visit.signed_in.pin is None:
                return visit.goes_to("/pin")
            if self._was_left(visit.signed_in):
                return visit.shown("signing_in/unlock.html", action="/unlock", kept=(("to", visit.place.path),))
        return await self._let_in(visit, page.show(visit))

    async def _taken(self, visit: Visit, page: Page, request: Request) -> Response:
        if page.take is None and page.take_files is None:
            raise Problem(ProblemCode.NOT_FOUND if request.method == "POST" else ProblemCode.METHOD_NOT_ALLOWED)
        if request.method != "POST":
            raise Problem(ProblemCode.METHOD_NOT_ALLOWED)
        if not came_from_here(request.headers):  # before its session is missed: a browser sends no cookie with it
            return self._not_from_here(visit)
        if visit.place.roles is not None and visit.signed_in is None:
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        if page.take_files is not None:
            return await self._taken_with_files(visit, page.take_files, request)
        assert page.take is not None
        visit.form = read_form(request.headers, await request.body())
        if not is_of(visit.form, visit.cookie):
            visit.form = FormFields({})
            return self._not_from_here(visit)
        if visit.signed_in is not None and visit.place.path not in _BEFORE_A_PIN:
            if visit.signed_in.pin is None:
                return visit.goes_to("/pin")
            if self._was_left(visit.signed_in):
                errors = visit.pin_typed(_UNLOCK) if visit.form.text(_UNLOCK) else ()
                if errors or not visit.form.text(_UNLOCK):
                    kept = visit.form.pairs(without=_NOT_KEPT)
                    return visit.shown(
                        "signing_in/unlock.html",
                        action=visit.place.path,
                        kept=kept,
                        errors=errors,
                        status=422 if errors else 200,
                    )
                return await self._let_in(visit, page.take(visit), unlocked=True)
        return await self._let_in(visit, page.take(visit))

    async def _taken_with_files(
        self, visit: Visit, take: Callable[[Visit, Request], Awaitable[Response]], request: Request
    ) -> Response:
        """A form with files is not held while somebody shows a PIN: it is thrown away, and sent again."""
        refused: Response | None = None
        if visit.session.pin is None:
            refused = visit.goes_to("/pin")
        elif self._was_left(visit.session):
            refused = visit.shown("signing_in/unlock.html", action="/unlock", kept=(("to", "/feeds"),))
        if refused is not None:
            # Read to its end, for a browser shows no answer before it has said everything.
            async for _ in pieces_of(request):
                pass
            return refused
        return await self._let_in(visit, take(visit, request))

    def _not_from_here(self, visit: Visit) -> Response:
        self._gateway.log.emit(GatewayEvent.FORM_REFUSED)
        return visit.shown("not_from_here.html", status=403)

    async def _let_in(self, visit: Visit, answer: Awaitable[Response], *, unlocked: bool = False) -> Response:
        # A page that needs no PIN does not take the place of one.
        if visit.signed_in is not None and (unlocked or not self._was_left(visit.signed_in)):
            self._gateway.sessions.touch(visit.signed_in)
        return await answer

    def _was_left(self, session: Session) -> bool:
        return self._gateway.sessions.idle_for(session) >= self._gateway.sessions.lock_seconds

    def _session(self, headers: Headers) -> Session | None:
        token = given(headers.get("cookie", ""), SESSION)
        try:
            session = None if token is None else self._gateway.sessions.known(token)
        except Problem:
            return None
        if session is not None and session.pin is None and self._was_left(session):
            self._gateway.sessions.end(session)  # whoever comes by would choose the PIN
            return None
        return session

    def _visit(self, headers: Headers, place: Place, session: Session | None) -> Visit:
        cookies = headers.get("cookie", "")
        return Visit(
            gateway=self._gateway,
            templates=self._templates,
            look=self._look,
            place=place,
            form=FormFields({}),
            signed_in=session,
            cookie=given(cookies, BEFORE if session is None else SESSION),
        )


@final
class Beside:
    """Wraps the web API: what is not its own address is the pages'."""

    def __init__(self, app: ASGIApp, *, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = self._pages if scope["type"] == "http" and _is_pages(scope) else self._app
        await inner(scope, receive, send)


def _refuse_role(visit: Visit) -> None:
    if visit.signed_in is not None and not visit.place.is_for(visit.role, visit.kind):
        raise Problem(ProblemCode.NOT_FOUND)
