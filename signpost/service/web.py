"""The web application every service is built on: FastAPI with its doors shut.

No documentation pages (FastAPI's load scripts from a public CDN), no redirects (they would repeat a Host header), no
telemetry (FastAPI's own exports exception messages when its environment says so). The OpenAPI document at /openapi.json
names every refusal an endpoint can answer with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Scope

from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.bodies import JsonRoute
from signpost.service.door import Door, Road, Told
from signpost.service.log import Log
from signpost.service.problem_response import PROBLEM_JSON, answer_problems, problem_response

__all__ = ["build_app", "refusals"]

_BODY_LIMIT: Final = 256 << 10
"""Bytes. The largest request, 500 changes with their digests, is about 90 KiB."""

_BODY_SECONDS: Final = 10.0
"""The largest body in this time is 26 KiB a second, which a poor mobile line still has."""

_MOST_READING: Final = 2000
"""Bodies at once: half a gigabyte if every one is as large as it may be."""

_MOST_INSIDE: Final = 256
"""Requests at once. At a few milliseconds each, the last of them still waits less than a second or two."""

_ANYWHERE: Final = (
    ProblemCode.MALFORMED,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.REQUEST_TIMEOUT,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.OVERLOADED,
)
"""What the door itself may answer."""


def build_app(
    title: str,
    *,
    version: str,
    log: Log,
    body_limit: int = _BODY_LIMIT,
    body_seconds: float = _BODY_SECONDS,
    most_reading: int = _MOST_READING,
    most_inside: int = _MOST_INSIDE,
    challenge: str = "Signature",
    within: Sequence[Middleware] = (),
    told: Told | None = None,
    roads: Sequence[Road] = (),
) -> FastAPI:
    """An application with the door in front of it, to which a service adds its endpoints. `roads`: for bodies that the
    door does not take in whole.

    An endpoint takes its body as `FromJson[Model]` and names what else it refuses with: `responses=refusals(...)`.
    `within` stands behind the door and before the endpoints; `told` is how the door's own refusals are told, where that
    is not as problem documents.
    """
    app = FastAPI(
        title=title,
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=refusals(),
        telemetry={
            "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
        },
    )  # fmt: skip
    app.router.route_class = JsonRoute
    for inner in within:
        app.add_middleware(inner.cls, *inner.args, **inner.kwargs)
    app.add_middleware(
        Door,
        log=log,
        body_limit=body_limit,
        body_seconds=body_seconds,
        most_reading=most_reading,
        most_inside=most_inside,
        told=told or _as_problem,
        roads=roads,
    )
    answer_problems(app, challenge=challenge)
    return app


def _as_problem(scope: Scope, problem: Problem) -> ASGIApp:
    return problem_response(problem)


def refusals(*codes: ProblemCode) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an endpoint that can refuse with these codes, besides those of the door."""
    by_status: defaultdict[int, list[Problem]] = defaultdict(list)
    for code in dict.fromkeys((*_ANYWHERE, *codes)):
        problem = Problem(code)
        by_status[problem.status].append(problem)
    return {
        status: {
            "description": " / ".join(problem.title for problem in problems),
            "content": {PROBLEM_JSON: {"schema": _schema(status, problems)}},
        }
        for status, problems in sorted(by_status.items())
    }


def _schema(status: int, problems: list[Problem]) -> dict[str, Any]:
    words = {
        "type": {"enum": [str(problem.document()["type"]) for problem in problems]},
        "code": {"enum": [problem.code.value for problem in problems]},
        "title": {"enum": [problem.title for problem in problems]},
        "detail": {"enum": [problem.detail for problem in problems]},
        "hint": {"enum": [problem.hint for problem in problems]},
    }
    place = {"type": "object", "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}}}
    properties = {"status": {"const": status}, **{name: {"type": "string", **each} for name, each in words.items()}}
    return {
        "type": "object",
        "required": list(properties),
        "properties": {**properties, "errors": {"type": "array", "items": place}},
    }
