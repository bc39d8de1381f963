"""What a form sends: urlencoded fields, few and small, taken only where it came from a page of ours.

* Another site's page cannot send one: the browser says where it comes from (`Sec-Fetch-Site`; where a browser does not
  say that, `Origin`), and every form holds a token (`csrf`) that is a digest of the browser's own cookie, which the
  other site does not know.
* A form does not print: it may hold a child's details.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar, final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from signpost.edge.gateway.wire import ChildGiven
from signpost.protocol.encoding import from_base64url, to_base64url
from signpost.protocol.keys import digest, same
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["CSRF", "FormFields", "came_from_here", "form_token", "is_of", "read_form"]

_LONGEST_BODY: Final = 16 << 10
"""Bytes: a child's details, the longest enrolment token, and room."""
_MOST_FIELDS: Final = 64
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_LONGEST_DETAIL: Final = 200
CSRF: Final = "csrf"
_Choice = TypeVar("_Choice", bound=StrEnum)


@final
class FormFields:
    """The fields of one form that was sent; of one that is shown for the first time, none."""

    __slots__ = ("_fields", "raw")

    def __init__(self, fields: dict[str, list[str]], raw: bytes = b"") -> None:
        self._fields = fields
        self.raw = raw
        """As it came, by which the same request is known again."""

    def text(self, name: str) -> str:
        """What was typed or chosen, without the spaces around it; empty where it was not sent.

        Raises:
            Problem: MALFORMED: it was sent twice.
        """
        return self.secret(name).strip()

    def secret(self, name: str) -> str:
        """The same as it was typed, spaces and all: a password.

        Raises:
            Problem: MALFORMED: it was sent twice.
        """
        found = self._fields.get(name, [""])
        if len(found) != 1:
            raise Problem(ProblemCode.MALFORMED)
        return found[0]

    def all(self, name: str) -> list[str]:
        """What was chosen of several."""
        return list(self._fields.get(name, []))

    def chosen(self, name: str, among: type[_Choice]) -> _Choice | None:
        """Which of a catalogue's members was chosen; null where none was.

        Raises:
            Problem: MALFORMED: it is none of them.
        """
        text = self.text(name)
        if text and text not in list(among):
            raise Problem(ProblemCode.MALFORMED)
        return among(text) if text else None

    def pairs(self, *, without: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
        """Every field, to be carried on in another form."""
        return [(name, value) for name, values in self._fields.items() if name not in without for value in values]

    def date(self, name: str) -> str:
        """A date typed in three fields, day first; the year alone where the other two are empty."""
        parts = [self.text(f"{name}-{part}") for part in ("day", "month", "year")]
        return parts[2] if not (parts[0] or parts[1]) else "/".join(parts)

    def child(self) -> ChildGiven:
        """What was typed of a child. A field that is too long is not of its form.

        Raises:
            Problem: MALFORMED, with a pointer to it.
        """
        typed = {name: self.text(name) for name in ChildGiven.model_fields if name in self._fields}
        for name in ("date_of_birth", "expected_date_of_birth"):
            if f"{name}-year" in self._fields:
                typed[name] = self.date(name)
        multiple = typed.pop("multiple_birth", "") == "yes"
        wrong = tuple(f"/child/{name}" for name, text in typed.items() if len(text) > _LONGEST_DETAIL)
        if wrong:
            raise Problem(ProblemCode.MALFORMED, pointers=wrong)
        return ChildGiven.model_validate({**typed, "multiple_birth": multiple})

    def __repr__(self) -> str:
        return "<FormFields>"


def read_form(headers: Headers, body: bytes) -> FormFields:
    """The fields of a body.

    Raises:
        Problem: UNSUPPORTED_MEDIA_TYPE; BODY_TOO_LARGE; MALFORMED.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _MEDIA_TYPE:
        raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
    if len(body) > _LONGEST_BODY:
        raise Problem(ProblemCode.BODY_TOO_LARGE)
    fields: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        ):
            fields.setdefault(name, []).append(value)
    except ValueError:
        raise Problem(ProblemCode.MALFORMED) from None
    return FormFields(fields, body)


def came_from_here(headers: Headers) -> bool:
    """Whether a page of this very origin sent it.

    Our pages tell no referrer, so a browser names no origin with their forms either ("null"): what counts is
    `Sec-Fetch-Site`, which no page can write itself.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "null").lower()
    named = origin != "null"
    if named and origin.removeprefix("https://").removeprefix("http://") != headers.get("host", "").lower():
        return False
    return site == "same-origin" if site is not None else named


def form_token(cookie: str) -> str:
    """What stands in every form of the browser that has this cookie."""
    return to_base64url(digest(Label.GATEWAY_FORM, from_base64url(cookie)))


def is_of(fields: FormFields, cookie: str | None) -> bool:
    """Whether a form holds the token of that browser."""
    return cookie is not None and same(fields.text(CSRF).encode(), form_token(cookie).encode())
