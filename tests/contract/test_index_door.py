"""Whatever is sent to the index, it answers as it publishes, by name, and never with an error of its own making.

Three times over: by strangers, from the published schema; by an enrolled device that signs what the schema generates,
so that it comes past the door; and by a device that signs nonsense.
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

from signpost.protocol.messages import LookupRequest
from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost.protocol.purposes import Kind, Role
from tests.support.running_index import RunningIndex
from tests.support.world import Device, whole_child

_SIGNED = {
    "POST /v1/lookups", "POST /v1/registrations", "POST /v1/involvements/changes", "POST /v1/involvements/list",
    "POST /v1/involvements/own", "POST /v1/involvements/own/end", "POST /v1/involvements/own/hand-over",
    "POST /v1/handles/list", "POST /v1/feeds/finished", "POST /v1/lookups/again", "POST /v1/record",
    "POST /v1/sessions/end", "POST /v1/contact/asks", "POST /v1/contact/status", "POST /v1/contact/outcomes",
    "POST /v1/contact/break-glass", "POST /v1/inbox", "POST /v1/inbox/replies", "POST /v1/reviews/list",
    "POST /v1/reviews", "POST /v1/shields", "POST /v1/shields/approve", "POST /v1/shields/status",
    "POST /v1/shields/end", "POST /v1/shields/identity-ended", "POST /v1/desk/queue", "POST /v1/desk/resolve",
    "POST /v1/desk/call-backs", "POST /v1/desk/record", "POST /v1/rights/reports", "POST /v1/rights/reports/list",
    "POST /v1/rights/reports/decide", "POST /v1/rights/reports/read", "POST /v1/rights/objections",
    "POST /v1/rights/objections/end", "POST /v1/rights/corrections", "POST /v1/rights/withdrawals",
    "POST /v1/accounts/list", "POST /v1/accounts/suspend", "POST /v1/handles/whole",
}  # fmt: skip
_UNSIGNED = {"POST /v1/accounts/statements", "POST /v1/enrolments", "POST /v1/sessions", "POST /v1/accounts/password"}
"""What carries no credential: who sends it says who they are in another way."""
_OPEN = {"GET /health", "GET /v1/revocations", "GET /v1/coverage", "GET /v1/manifest"}
_OPERATOR = {"/identity", "/organisations", "/handles", "/handles/list", "/revocations"}
_FAST = settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


class Scene:
    """An index with one council and one hospital, each with a device."""

    def __init__(self, index: RunningIndex) -> None:
        index.admit("northtown")
        index.admit("st-elsewhere", Kind.HOSPITAL)
        self.index = index
        self.devices = [
            index.enrol("northtown", Role.FEED),
            index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL),
            index.enrol("northtown", Role.ADMINISTRATOR),
        ]
        self.handle = index.handle("northtown")
        self.schema: dict[str, Any] = index.get("/openapi.json").json()

    def send(self, case: schemathesis.Case[Any], device: Device | None) -> httpx2.Response:
        """A generated case, as a stranger or as a device that signs it."""
        path = case.formatted_path
        if device is None or case.method != "POST":
            body = b"" if case.method == "GET" else _body(case)
            headers = {**dict(case.headers or {}), "content-type": "application/json"}
            return self.index.public(case.method, path, content=body, headers=_plain(headers))
        return self.index.ask(device, path, _body(case))


def _plain(headers: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1", "replace"), str(value).encode("latin-1", "replace")) for name, value in headers.items()
    ]


def _body(case: schemathesis.Case[Any]) -> bytes:
    try:
        return json.dumps(case.body).encode()
    except TypeError:
        return b""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One index for the whole module: nothing that is sent here is taken."""
    folder: Path = tmp_path_factory.mktemp("index")
    with RunningIndex(folder / "data") as index:
        yield Scene(index)


def _operations(scene: Scene) -> list[Any]:
    published = schemathesis.openapi.from_dict(scene.schema)
    return [found.ok() for found in published.get_all_operations() if isinstance(found, Ok)]


def _answered_by_name(scene: Scene, answer: httpx2.Response, label: str) -> None:
    assert answer.status_code < 500, answer.text
    method, path = label.split()
    published = scene.schema["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in published
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert PROBLEMS[ProblemCode(answer.json()["code"])].status == answer.status_code


def test_the_published_paths_are_these_and_none_is_the_operators(scene: Scene) -> None:
    labels = {operation.label for operation in _operations(scene)}

    assert labels == _SIGNED | _UNSIGNED | _OPEN
    for path in _OPERATOR:
        assert scene.index.public("POST", path, json={}).status_code == 404
        assert scene.index.public("GET", path).status_code == 404


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
    assert {label for label, _ in generated} == _SIGNED | _UNSIGNED | _OPEN
    return generated


@pytest.mark.parametrize("who", ["a stranger", "a feed", "a nurse", "an administrator"])
def test_whatever_the_schema_generates_is_answered_as_published(
    scene: Scene, cases: list[tuple[str, schemathesis.Case[Any]]], who: str
) -> None:
    feed, nurse, administrator = scene.devices
    device = {"a stranger": None, "a feed": feed, "a nurse": nurse, "an administrator": administrator}[who]

    for label, case in cases:
        _answered_by_name(scene, scene.send(case, device), label)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(path=st.sampled_from(sorted(_SIGNED)), value=_json)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_nonsense_that_a_device_signs_is_answered_by_name(scene: Scene, path: str, value: object) -> None:
    for device in scene.devices:
        answer = scene.index.ask(device, path.split()[1], json.dumps(value).encode())
        if answer.status_code not in (200, 201, 202):
            _answered_by_name(scene, answer, path)


@given(at=st.lists(st.integers(0, 12), min_size=1, max_size=4), value=_json)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_good_lookup_with_one_place_spoilt_is_answered_by_name_and_repeats_nothing(
    scene: Scene, at: list[int], value: object
) -> None:
    nurse = scene.devices[1]
    good = json.loads(scene.index.world.lookup(nurse, whole_child("a")).model_dump_json())
    spoilt = _spoil(good, at, value)

    answer = scene.index.ask(nurse, "/v1/lookups", json.dumps(spoilt).encode())

    if answer.status_code != 200:
        _answered_by_name(scene, answer, "POST /v1/lookups")
        assert good["tags"][0]["tag"] not in answer.text
        assert LookupRequest.__name__ not in answer.text


def _spoil(document: Any, at: list[int], value: object) -> Any:
    if not at or not isinstance(document, dict | list) or not document:
        return value
    first, rest = at[0], at[1:]
    if isinstance(document, list):
        place = first % len(document)
        return [_spoil(each, rest, value) if number == place else each for number, each in enumerate(document)]
    name = sorted(document)[first % len(document)]
    return {key: _spoil(each, rest, value) if key == name else each for key, each in document.items()}
