"""The public door: what anybody may read, and what its published description promises."""

from __future__ import annotations

from typing import Any

import pytest

from signpost.protocol.problems import PROBLEMS
from tests.integration.index.conftest import Scene

SIGNED = {
    "/v1/lookups": "200",
    "/v1/registrations": "202",
    "/v1/involvements/changes": "202",
    "/v1/involvements/list": "200",
    "/v1/involvements/own": "200",
    "/v1/involvements/own/end": "202",
    "/v1/involvements/own/hand-over": "200",
    "/v1/handles/list": "200",
    "/v1/feeds/finished": "202",
    "/v1/lookups/again": "200",
    "/v1/record": "200",
    "/v1/sessions/end": "200",
    "/v1/contact/asks": "200",
    "/v1/contact/status": "200",
    "/v1/contact/outcomes": "200",
    "/v1/contact/break-glass": "200",
    "/v1/inbox": "200",
    "/v1/inbox/replies": "200",
    "/v1/reviews/list": "200",
    "/v1/reviews": "200",
    "/v1/shields": "201",
    "/v1/shields/approve": "200",
    "/v1/shields/status": "200",
    "/v1/shields/end": "200",
    "/v1/shields/identity-ended": "200",
    "/v1/desk/queue": "200",
    "/v1/desk/resolve": "200",
    "/v1/desk/call-backs": "200",
    "/v1/desk/record": "200",
    "/v1/rights/reports": "201",
    "/v1/rights/reports/list": "200",
    "/v1/rights/reports/decide": "200",
    "/v1/rights/reports/read": "200",
    "/v1/rights/objections": "201",
    "/v1/rights/objections/end": "200",
    "/v1/rights/corrections": "200",
    "/v1/rights/withdrawals": "200",
    "/v1/accounts/list": "200",
    "/v1/accounts/suspend": "200",
    "/v1/handles/whole": "200",
}
PAID_FOR = {
    "/v1/lookups", "/v1/registrations", "/v1/shields", "/v1/shields/identity-ended", "/v1/rights/reports",
    "/v1/rights/objections", "/v1/rights/corrections", "/v1/rights/withdrawals",
}  # fmt: skip
"""By the holders' receipts."""
UNSIGNED = {"/v1/accounts/statements", "/v1/enrolments", "/v1/sessions", "/v1/accounts/password"}
OPEN = {"/health", "/v1/coverage", "/v1/revocations", "/v1/manifest"}


def described(scene: Scene) -> dict[str, Any]:
    """The published description."""
    document: dict[str, Any] = scene.index.get("/openapi.json").json()
    return document


def test_anybody_may_know_that_it_is_up(scene: Scene) -> None:
    """And no more."""
    answer = scene.index.get("/health")

    assert (answer.status_code, answer.json()) == (200, {"state": "serving", "deleting_overdue": False})
    assert answer.headers["cache-control"] == "no-store"


def test_the_description_is_of_every_endpoint(scene: Scene) -> None:
    """These and no others."""
    paths = described(scene)["paths"]

    assert {path: next(iter(methods)) for path, methods in paths.items()} == {
        **dict.fromkeys(SIGNED, "post"),
        **dict.fromkeys(UNSIGNED, "post"),
        **dict.fromkeys(OPEN, "get"),
    }
    assert all(len(methods) == 1 for methods in paths.values())


@pytest.mark.parametrize(("path", "status"), SIGNED.items())
def test_every_refusal_is_described(scene: Scene, path: str, status: str) -> None:
    """Each endpoint names its answer's schema, its body's, and every refusal by its code."""
    operation = described(scene)["paths"][path]["post"]

    assert "$ref" in operation["responses"][status]["content"]["application/json"]["schema"]
    assert "schema" in operation["requestBody"]["content"]["application/json"]
    codes = {
        code
        for number, response in operation["responses"].items()
        if number != status
        for code in response["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"]
    }
    assert codes <= set(PROBLEMS)
    assert {"signature-missing", "nonce-used", "revoked", "role-refused", "malformed", "overloaded"} <= codes
    assert ("receipt-spent" in codes) == (path in PAID_FOR)


@pytest.mark.parametrize("path", SIGNED)
def test_a_stranger_learns_nothing_but_that_a_signature_is_missing(scene: Scene, path: str) -> None:
    """Whatever they send, of whatever shape."""
    before = scene.index.tables()
    for body in (b"{}", b"", b"[" * 1000, b'{"epoch":1}', b"\xff\xfe"):
        answer = scene.index.public("POST", path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-missing")
    assert scene.index.tables() == before


def test_what_is_not_there_is_refused_by_name(scene: Scene) -> None:
    """As problem documents, like everything else."""
    assert scene.index.get("/v1/children").json()["code"] == "not-found"
    assert scene.index.get("/v1/lookups").json()["code"] == "method-not-allowed"
    assert scene.index.public("POST", "/v1/lookups", content=b"x" * 300_000).json()["code"] == "body-too-large"
    xml = scene.index.public("POST", "/v1/lookups", content=b"<x/>", headers={"content-type": "text/xml"})
    assert (xml.status_code, xml.json()["code"]) == (415, "unsupported-media-type")
    for page in ("/docs", "/redoc"):
        assert scene.index.get(page).status_code == 404
