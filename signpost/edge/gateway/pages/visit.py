"""One request for a page, and what its handler may answer with.

A handler gets a visit, calls the same methods of the gateway as the web API does, and answers with a template, or with
another page's fixed path once something has changed. Nothing typed into a form outlives the visit.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar, final

from jinja2 import Environment
from markupsafe import Markup
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.events import GatewayEvent
from signpost.edge.gateway.pages.cookies import BEFORE, SESSION, dropped, set_to
from signpost.edge.gateway.pages.forms import CSRF, FormFields, form_token
from signpost.edge.gateway.pages.headers import PAGE_HEADERS
from signpost.edge.gateway.pages.look import Look
from signpost.edge.gateway.pages.navigation import PLACES, Place, menu_of
from signpost.edge.gateway.pages.wording import FIELDS, ROLES, told
from signpost.edge.gateway.refusals import ends_session
from signpost.edge.gateway.remembered import GivenAnswer
from signpost.edge.gateway.sessions import Session
from signpost.protocol.encoding import to_base64url
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role

__all__ = ["PAGE_BYTES", "FieldError", "Page", "Visit", "field_errors"]

PAGE_BYTES: Final = 16 << 10
"""A page is so long, or twice or more times: whoever watches the encrypted line reads no answer from its length, nor
what became of a call-back."""
_ONCE: Final = "once"
_ONCE_FORM: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in our own words. `anchor`: the id of the input to go to, where it is not the
    field's name.
    """

    field: str
    words: str
    anchor: str = ""

    @property
    def href(self) -> str:
        """Where the error summary leads."""
        return f"#{self.anchor or self.field}"


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of a form, as a template asks for them."""

    each: tuple[FieldError, ...] = ()

    def of(self, name: str) -> dict[str, str] | None:
        """A field's error message, as the Design System's macros take it."""
        return next(({"text": error.words} for error in self.each if error.field == name), None)

    def __iter__(self) -> Iterator[FieldError]:
        return iter(self.each)

    def __bool__(self) -> bool:
        return bool(self.each)


@final
@dataclass(slots=True, repr=False)
class Visit:
    """A request that was let in: its place is there, and for whoever asks."""

    gateway: Gateway
    templates: Environment
    look: Look
    place: Place
    form: FormFields
    signed_in: Session | None
    cookie: str | None
    """The token of the browser's session, or of its forms before it has one."""
    headers: list[tuple[str, str]] = field(default_factory=list)

    # -- who asks

    @property
    def session(self) -> Session:
        """Whoever is signed in.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        if self.signed_in is None:
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        return self.signed_in

    @property
    def role(self) -> Role:
        """Their role."""
        return self.session.shift.desk.role

    @property
    def kind(self) -> Kind:
        """The kind of their organisation."""
        return self.session.shift.desk.settings.kind

    @property
    def now(self) -> int:
        """Epoch seconds."""
        return self.gateway.clock.now()

    @property
    def today(self) -> dt.date:
        """Today, in universal time."""
        return dt.datetime.fromtimestamp(self.now, tz=dt.UTC).date()

    def pin_errors(self) -> tuple[FieldError, ...]:
        """Empty where the form's `pin` is the session's PIN: before an act that cannot be taken back. An empty one is
        no try.

        Raises:
            Problem: NOT_SIGNED_IN: there were too many wrong ones, and the session is over.
        """
        return self.pin_typed("pin")

    def pin_typed(self, name: str) -> tuple[FieldError, ...]:
        """The same of a field of another name."""
        session = self.session
        assert session.pin is not None  # nobody gets further than choosing one
        if not self.form.text(name):
            return (FieldError(name, "Enter your PIN"),)
        if session.pin.right(self.form.text(name)):
            return ()
        if session.pin.spent:
            self.gateway.sessions.end(session)
            self.gateway.log.emit(GatewayEvent.PINS_SPENT)
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        return (FieldError(name, f"That is not your PIN. You can try {session.pin.left} more times"),)

    # -- what is answered

    def shown(
        self, template: str, *, errors: Sequence[FieldError] = (), status: int = 200, **values: object
    ) -> Response:
        """A page. With `errors` its title begins with "Error", and a summary of them has the focus."""
        token = self._token()
        common = {
            "account": None if self.signed_in is None else self.signed_in.account,
            "errors": Errors(tuple(errors)),
            "form": self.form,
            "form_fields": self._form_fields(token),
            "look": self.look,
            "menu": () if self.signed_in is None or self.signed_in.pin is None else menu_of(self.role, self.kind),
            "now": self.now,
            "organisation": self.gateway.organisation,
            "out_of_hours": self.gateway.out_of_hours,
            "place": self.place,
            "role_words": None if self.signed_in is None else ROLES.get(self.role, self.role.value),
            "timeouts": self._timeouts(),
        }
        body = self.templates.get_template(template).render({**common, **values}).encode()
        padded = body.ljust(-(-len(body) // PAGE_BYTES) * PAGE_BYTES)
        return self._response(Response(padded, status, PAGE_HEADERS, media_type="text/html"))

    def goes_to(self, path: str) -> Response:
        """On to another page, once something has changed. The path is one of ours: nothing of a request is in it."""
        assert path in PLACES
        return self._response(Response(None, 303, {**PAGE_HEADERS, "location": path}))

    def refused(self, problem: Problem) -> Response:
        """A refusal in plain words. That a child could not be checked is a page of its own, and never a "no"."""
        if ends_session(problem) or problem.code is ProblemCode.NOT_SIGNED_IN:
            self._forget_session()
        status = 403 if problem.status == 401 else problem.status  # there is no challenge that a browser could answer
        if problem.code is ProblemCode.COULD_NOT_CHECK and self.place.is_about_a_child:
            return self.shown("could_not_check.html", status=status)
        return self.shown("refused.html", status=status, told=told(problem), code=problem.code)

    async def once(self, model: type[_Model], act: Callable[[], Awaitable[_Model]]) -> _Model:
        """What an act gives; the same form sent again is given the same, and nothing is done twice.

        Raises:
            Problem: what the act raises; OVERLOADED.
        """

        async def answer() -> GivenAnswer:
            return GivenAnswer(200, (await act()).model_dump_json().encode())

        key = self.form.text(_ONCE)  # the forms of one page have the same
        if not _ONCE_FORM.fullmatch(key):
            return await act()
        try:
            given = await self.session.remembered.answered(
                f"{self.place.path}:{key}", ("POST", self.place.path, self.form.raw), answer
            )
        except Problem as problem:
            if problem.code is not ProblemCode.IDEMPOTENCY_KEY_REUSED:
                raise
            # Somebody went back in the browser, and asks something else by the same form.
            return await act()
        return model.model_validate_json(given.body)

    # -- signing in and out

    def signs_in(self, token: str) -> None:
        """The browser's session from now on. What it had before is taken back."""
        self.headers = [("set-cookie", set_to(SESSION, token)), ("set-cookie", dropped(BEFORE))]

    def signs_out(self) -> None:
        """The browser has none any more, and keeps nothing of ours."""
        self._forget_session()
        self.headers.append(("clear-site-data", '"cache", "storage"'))

    # -- inside

    def _forget_session(self) -> None:
        self.signed_in = self.cookie = None
        self.headers.append(("set-cookie", dropped(SESSION)))

    def _token(self) -> str:
        """The browser's own token, by which its forms are known: a new one, where it has none."""
        if self.cookie is None:
            self.cookie = to_base64url(self.gateway.randomness(32))
            self.headers.append(("set-cookie", set_to(BEFORE, self.cookie)))
        return self.cookie

    def _form_fields(self, token: str) -> Markup:
        hidden = Markup('<input type="hidden" name="{}" value="{}">')
        return Markup("").join(
            hidden.format(name, value)
            for name, value in ((CSRF, form_token(token)), (_ONCE, to_base64url(self.gateway.randomness(16))))
        )

    def _timeouts(self) -> dict[str, int] | None:
        if self.signed_in is None:
            return None
        return {
            "lock_seconds": self.gateway.sessions.lock_seconds,
            "idle_seconds": int(self.gateway.sessions.idle_seconds),
            "expires_at": self.signed_in.shift.expires_at,
        }

    def _response(self, response: Response) -> Response:
        for name, value in self.headers:
            response.headers.append(name, value)
        return response


@dataclass(frozen=True, slots=True)
class Page:
    """What answers at a place: `show` for GET, `take` for a form. `take_files` instead, for a form with files: it sees
    the request before anything of its body is read, and the form's token is for it to check.
    """

    path: str
    show: Callable[[Visit], Awaitable[Response]] | None = None
    take: Callable[[Visit], Awaitable[Response]] | None = None
    take_files: Callable[[Visit, Request], Awaitable[Response]] | None = None


def field_errors(problem: Problem, *, dates: frozenset[str] = frozenset()) -> tuple[FieldError, ...]:
    """The fields that a malformed request names by its pointers. `dates`: those typed in three fields."""
    names = [pointer.rpartition("/")[2] for pointer in problem.pointers]
    return tuple(
        FieldError(name, FIELDS[name], f"{name}-day" if name in dates else "") for name in names if name in FIELDS
    )
