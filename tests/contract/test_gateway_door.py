"""Whatever is sent to a gateway, it answers as it publishes, by name, without repeating anything, and never with an
error of its own making.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost.protocol.purposes import Role
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

_SIGNED_IN = {
    "DELETE /api/v1/sessions", "POST /api/v1/lookups", "POST /api/v1/lookups/again", "POST /api/v1/call-backs",
    "POST /api/v1/call-backs/status", "POST /api/v1/call-backs/outcomes", "GET /api/v1/inbox",
    "POST /api/v1/involvements/own", "POST /api/v1/involvements/own/end", "POST /api/v1/involvements/own/hand-over",
    "POST /api/v1/inbox/{receipt}/reply", "POST /api/v1/break-glass", "GET /api/v1/coverage",
    "GET /api/v1/accounts", "POST /api/v1/accounts/suspend", "GET /api/v1/handles",
}  # fmt: skip
_PROGRAMS = {
    "GET /api/v1/involvements", "PUT /api/v1/involvements", "POST /api/v1/involvements/withdraw",
    "POST /api/v1/involvements/complete",
}  # fmt: skip
_OFFICERS = {
    "POST /api/v1/shields", "POST /api/v1/shields/approve", "POST /api/v1/shields/status", "POST /api/v1/shields/end",
    "POST /api/v1/shields/identity-ended", "GET /api/v1/desk/queue", "POST /api/v1/desk/resolve",
    "POST /api/v1/desk/call-backs", "POST /api/v1/rights/reports", "GET /api/v1/rights/reports",
    "POST /api/v1/rights/reports/decide", "POST /api/v1/rights/reports/read", "POST /api/v1/rights/objections",
    "POST /api/v1/rights/objections/end", "POST /api/v1/rights/corrections", "POST /api/v1/rights/withdrawals",
    "GET /api/v1/reviews", "POST /api/v1/reviews/close",
}  # fmt: skip
_FEEDS = {
    "POST /api/v1/feeds", "GET /api/v1/feeds", "GET /api/v1/feeds/{feed}", "GET /api/v1/feeds/{feed}/errors",
    "DELETE /api/v1/feeds/{feed}",
}  # fmt: skip
_BY_SESSION = _SIGNED_IN | _OFFICERS | _FEEDS
_OPEN = {"POST /api/v1/enrolments", "POST /api/v1/sessions", "POST /api/v1/password", "GET /health"}
_FAST = settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
_MARKER = "Zebedee-4711"


class Scene:
    """A gateway with people signed in, and its organisation's program."""

    def __init__(self, gateway: WholeGateway) -> None:
        self.gateway = gateway
        self.schema: dict[str, Any] = gateway.request("GET", "/openapi.json").json()
        self.programs = [gateway.with_program(), gateway.with_case_system()]
        self.users = [
            gateway.enrol("worker-1"),
            gateway.enrol("night-1", Role.URGENT),
            gateway.enrol("shields-1", Role.SHIELDING_OFFICER),
            gateway.enrol("rights-1", Role.RIGHTS_OFFICER),
            gateway.enrol("data-1", Role.DATA_OFFICER),
            gateway.enrol("admin-1", Role.ADMINISTRATOR),
        ]
        self.tokens = [gateway.token(user) for user in self.users]

    def send(self, method: str, path: str, body: bytes, token: str | None) -> httpx2.Response:
        """A request whatever it holds."""

        async def sent() -> httpx2.Response:
            headers = {"content-type": "application/json"} | (
                {} if token is None else {"authorization": f"Bearer {token}"}
            )
            road = httpx2.ASGITransport(app=self.gateway.app)
            async with httpx2.AsyncClient(transport=road, base_url="http://gateway") as client:
                return await client.request(method, path, content=body, headers=headers)

        return self.gateway.index.run(sent())

    def alive(self, number: int) -> str:
        """A session of that person's: a new one where a generated request has ended it. The last are the programs'."""
        if number >= len(self.tokens):
            return self.programs[number - len(self.tokens)]
        if self.gateway.request("GET", "/api/v1/coverage", token=self.tokens[number]).status_code != 200:
            self.tokens[number] = self.gateway.token(self.users[number])
        return self.tokens[number]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One gateway for the whole module."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    with open_whole_gateway(folder) as gateway:
        yield Scene(gateway)


def _operations(scene: Scene) -> list[Any]:
    published = schemathesis.openapi.from_dict(scene.schema)
    return [found.ok() for found in published.get_all_operations() if isinstance(found, Ok)]


def _answered_by_name(scene: Scene, answer: httpx2.Response, label: str) -> None:
    assert answer.status_code < 500 or answer.json()["code"] == "could-not-check", answer.text
    method, path = label.split()
    published = scene.schema["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in published
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert PROBLEMS[ProblemCode(answer.json()["code"])].status == answer.status_code


def test_the_published_paths_are_these(scene: Scene) -> None:
    """And a session's token is how one is known there."""
    assert {operation.label for operation in _operations(scene)} == _BY_SESSION | _PROGRAMS | _OPEN
    assert scene.schema["openapi"].startswith("3.1")
    assert scene.schema["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for label in _BY_SESSION | _PROGRAMS:
        method, path = label.split()
        assert scene.schema["paths"][path][method.lower()]["security"] == [{"HTTPBearer": []}]


def test_no_address_takes_anything_but_the_name_of_a_notice_or_of_a_feed_and_a_cursor(scene: Scene) -> None:
    """Whatever stands in an address stands in somebody's log: a cursor is a random word of ten minutes."""
    for label in _BY_SESSION | _PROGRAMS | _OPEN:
        method, path = label.split()
        parameters = scene.schema["paths"][path][method.lower()].get("parameters", [])
        named = {(each["in"], each["name"]) for each in parameters}
        assert named <= {("header", "Idempotency-Key"), ("path", "receipt"), ("path", "feed"), ("query", "cursor")}


@pytest.fixture(scope="module")
def cases(scene: Scene) -> list[tuple[str, schemathesis.Case[Any]]]:
    """What the schema generates for each operation: the same whoever sends it, so it is generated once."""
    generated: list[tuple[str, schemathesis.Case[Any]]] = []
    for operation in _operations(scene):

        @_FAST
        @given(case=operation.as_strategy())
        def keep(case: schemathesis.Case[Any]) -> None:
            generated.append((operation.label, case))  # noqa: B023 - called at once

        keep()
    assert {label for label, _ in generated} == _BY_SESSION | _PROGRAMS | _OPEN
    return generated


@pytest.mark.parametrize(
    "who",
    [None, 0, 1, 2, 3, 4, 5, 6, 7],
    ids=[
        "a stranger",
        "a social worker",
        "somebody on urgent duty",
        "a shielding officer",
        "a rights officer",
        "a data officer",
        "an administrator",
        "the program",
        "the case system",
    ],
)
def test_whatever_the_schema_generates_is_answered_as_published(
    scene: Scene, cases: list[tuple[str, schemathesis.Case[Any]]], who: int | None
) -> None:
    for label, case in cases:
        token = None if who is None else scene.alive(who)
        body = b"" if case.method in ("GET", "DELETE") else _body(case)
        path = "/api/v1/inbox/M2XF-7RTA/reply" if "inbox/" in case.path else case.formatted_path
        _answered_by_name(scene, scene.send(case.method, path, body, token), label)


def _body(case: schemathesis.Case[Any]) -> bytes:
    try:
        return json.dumps(case.body).encode()
    except TypeError:
        return b""


_json = st.none() | st.booleans() | st.integers() | st.just(_MARKER) | st.lists(st.just(_MARKER), max_size=2)


@given(
    field=st.sampled_from(["nhs_number", "upn", "date_of_birth", "surname", "postcode", "mother_nhs_number", _MARKER]),
    value=_json,
    around=st.booleans(),
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_detail_that_is_refused_is_never_repeated(scene: Scene, field: str, value: object, around: bool) -> None:
    child: dict[str, object] = {"date_of_birth": "2018-03-04", field: value}
    document: dict[str, object] = {"child": child, "urgency": "today"} | ({_MARKER: value} if around else {})

    answer = scene.send("POST", "/api/v1/lookups", json.dumps(document).encode(), scene.alive(0))

    _answered_by_name(scene, answer, "POST /api/v1/lookups")
    assert _MARKER not in answer.text
    assert _MARKER not in str(answer.headers)
    assert _MARKER not in scene.gateway.log_lines.getvalue()
