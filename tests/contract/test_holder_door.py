"""Whatever is sent to a key holder, it answers as it publishes, and never with an error of its own making."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost.protocol.purposes import Role
from signpost_keys.events import HolderEvent
from tests.support.fake_index import FakeIndex
from tests.support.one_holder import OneHolder, open_holder
from tests.support.serving_holder import HOSPITAL, make_serving_holder

PUBLIC = {
    "POST /v1/evaluations", "GET /health", "GET /v1/status", "GET /v1/identity", "GET /v1/manifest",
    "POST /v1/ceremony",
}  # fmt: skip
CUSTODY = {
    "GET /identity", "GET /status", "POST /unlock", "POST /lock", "POST /admissions", "GET /admissions", "POST /roster",
    "POST /exceptions", "GET /exceptions", "POST /exceptions/end",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    """The schema of a holder that serves, in a process of its own."""
    with FakeIndex() as index:
        holder = make_serving_holder(tmp_path_factory.mktemp("h") / "h", index)
        with holder.process:
            holder.open()
            yield schemathesis.openapi.from_url(f"{holder.process.url}/openapi.json")


def test_every_answer_is_one_that_was_published(published: schemathesis.BaseSchema) -> None:
    """Whatever is sent to any endpoint: no 5xx, a documented status, its media type, and a body of its schema."""
    operations = [found.ok() for found in published.get_all_operations() if isinstance(found, Ok)]
    assert {operation.label for operation in operations} == PUBLIC

    for operation in operations:

        @settings(max_examples=30, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def answers(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate()

        answers()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneHolder]:
    with open_holder(tmp_path_factory.mktemp("holder") / "h") as one:
        one.unlock()
        one.take_revocations()
        one.admit(HOSPITAL)
        yield one


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
_evaluation = st.fixed_dictionaries(
    {
        "epoch": st.just(1) | _json,
        "generation": st.just(1) | _json,
        "kind": st.sampled_from(["lookup", "deep", "x"]) | _json,
    },
    optional={"points": st.binary(max_size=900).map(lambda raw: raw.hex()) | _json, "more": _json},
)
_bodies = (
    st.binary(max_size=60)
    | _json.map(lambda value: json.dumps(value).encode())
    | _evaluation.map(lambda value: json.dumps(value).encode())
)


def _answered_by_name(answer: httpx2.Response) -> None:
    if answer.status_code == 200:
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert PROBLEMS[ProblemCode(answer.json()["code"])].status == answer.status_code


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_bodies)
@example(b"[" * 50_000)
@example(b'{"epoch": ' + b"9" * 5_000 + b"}")
def test_whatever_an_enrolled_device_signs_is_answered_by_name(one: OneHolder, body: bytes) -> None:
    """Past the signature, where a stranger's nonsense never comes, nonsense is refused as well."""
    device = HOSPITAL.device("triage-07", Role.URGENT, index_key=one.index_key, now=one.clock.at)

    _answered_by_name(one.evaluate(device, body))


@pytest.mark.parametrize("path", ["/v1/ceremony", "/v1/evaluations"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_bodies)
def test_whatever_anybody_sends_is_answered_by_name(one: OneHolder, path: str, body: bytes) -> None:
    _answered_by_name(one.request("POST", path, content=body, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("path", ["/unlock", "/admissions", "/roster"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_bodies)
def test_whatever_comes_over_the_custodians_socket_is_answered_by_name(one: OneHolder, path: str, body: bytes) -> None:
    _answered_by_name(one.at_custody("POST", path, content=body, headers={"content-type": "application/json"}))


def test_the_custodians_endpoints_are_not_public(one: OneHolder) -> None:
    """What opens a holder is on its socket and nowhere else, and the other way round."""
    for application, paths in ((one.public, PUBLIC), (one.custody, CUSTODY)):
        listed = {
            f"{method.upper()} {path}" for path, methods in application.openapi()["paths"].items() for method in methods
        }
        assert listed == paths
    for label in CUSTODY - PUBLIC:
        method, path = label.split()
        assert one.request(method, path).status_code == 404


def test_every_event_has_a_code_and_no_room_for_an_account(one: OneHolder) -> None:
    """An organisation may be named in the log; who asked within it may not."""
    assert len({event.code for event in HolderEvent}) == len(HolderEvent)
    for event in HolderEvent:
        assert not {"account", "points", "nonce", "passphrase", "share", "message", "url"} & set(event.fields)
