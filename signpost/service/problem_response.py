"""How a refusal looks on the wire: application/problem+json (RFC 9457), for whatever was raised.

The body holds the words of the catalogue and, for a malformed request, where in it: JSON pointers made of *our* field
names and list positions, each with a code. A caller's own text (a value, an unknown field's name, a dictionary's key)
ends the pointer before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["PROBLEM_JSON", "answer_problems", "problem_response"]

PROBLEM_JSON: Final = "application/problem+json"

_BY_STATUS: Final = {
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.BODY_TOO_LARGE,
    415: ProblemCode.UNSUPPORTED_MEDIA_TYPE,
}

_BODY_LEFT: Final = frozenset({ProblemCode.BODY_TOO_LARGE, ProblemCode.REQUEST_TIMEOUT})


def problem_response(problem: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a refusal, with the headers its status asks for."""
    return _response(problem, problem.document(), dict(headers or {}))


def answer_problems(app: FastAPI, *, challenge: str = "Signature") -> None:
    """Every refusal of the application is answered as a problem, FastAPI's own included. `challenge` is how whoever is
    not known may say who they are (RFC 9110 §11.6.1).
    """

    async def refused(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return problem_response(problem, headers={"WWW-Authenticate": challenge} if problem.status == 401 else {})

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problem = Problem(ProblemCode.MALFORMED)
        document = problem.document()
        document["errors"] = _places(error, _own_names(app))
        return _response(problem, document, {})

    async def unroutable(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        fallback = ProblemCode.MALFORMED if error.status_code < 500 else ProblemCode.INTERNAL
        headers = {"Allow": ", ".join(_allowed(app, request))} if error.status_code == 405 else {}
        return problem_response(Problem(_BY_STATUS.get(error.status_code, fallback)), headers=headers)

    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, unroutable)


def _allowed(app: FastAPI, request: Request) -> list[str]:
    # RFC 9110 §10.2.1: all methods of the address. Starlette names those of the first endpoint that stands there.
    return [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.router.routes)
    ]


def _response(problem: Problem, document: dict[str, object], headers: dict[str, str]) -> Response:
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", "Signature")  # RFC 9110 §15.5.2 wants one
    if problem.code in _BODY_LEFT:
        headers["Connection"] = "close"  # what is left of the body is not worth reading
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(body, problem.status, headers, media_type=PROBLEM_JSON)


def _places(error: RequestValidationError, own: frozenset[str]) -> list[dict[str, str]]:
    return [
        {"pointer": pointer, "code": code}
        for pointer, code in dict.fromkeys((_pointer(each["loc"], own), str(each["type"])) for each in error.errors())
    ]


def _pointer(location: tuple[int | str, ...], own: frozenset[str]) -> str:
    steps = location[1:] if location[:1] == ("body",) else location
    pointer = ""
    for step in steps:
        if isinstance(step, str) and step not in own:
            break
        pointer += f"/{step}"
    return pointer


def _own_names(app: FastAPI) -> frozenset[str]:
    """Every field name that stands in the published schema, and where parameters come from."""
    names = getattr(app.state, "own_names", None)
    if names is None:
        names = app.state.own_names = frozenset(_named(app.openapi())) | {"query", "path", "header"}
    assert isinstance(names, frozenset)
    return names


def _named(schema: Any) -> set[str]:
    names: set[str] = set()
    match schema:
        case dict():
            if isinstance(properties := schema.get("properties"), dict):
                names.update(properties)
            if "in" in schema and isinstance(name := schema.get("name"), str):
                names.add(name)
            for value in schema.values():
                names |= _named(value)
        case list():
            for value in schema:
                names |= _named(value)
    return names
