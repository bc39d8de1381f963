"""An administrator at the gateway: what they see, whom they stop, and what they cannot do there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.administration import AccountAct
from signpost.protocol.purposes import Role
from tests.integration.index.test_record import leaves
from tests.support.people import state
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway


@dataclass
class Scene:
    """Northtown's gateway, a social worker of theirs, and an administrator who is signed in."""

    gateway: WholeGateway
    worker: User
    token: str

    def get(self, path: str, token: str | None = None) -> httpx2.Response:
        """What somebody is shown; the administrator, unless another is named."""
        return self.gateway.request("GET", path, token=token or self.token)

    def suspend(self, account: str, token: str | None = None) -> httpx2.Response:
        """Stop an account."""
        return self.gateway.request("POST", "/api/v1/accounts/suspend", {"account": account}, token=token or self.token)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A fresh one."""
    with open_whole_gateway(tmp_path) as whole:
        worker = whole.enrol("worker-1")
        yield Scene(whole, worker, whole.token(whole.enrol("admin-1", Role.ADMINISTRATOR)))


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def test_they_are_shown_accounts_and_desks(scene: Scene) -> None:
    """Accounts with role, state and dates; desks with when each was confirmed and what is wrong."""
    handle = scene.gateway.index.handle("northtown")

    accounts, handles = scene.get("/api/v1/accounts").json()["accounts"], scene.get("/api/v1/handles").json()["handles"]

    assert [(each["account"], each["role"], each["state"]) for each in accounts] == [
        ("admin-1", "administrator", "active"), ("worker-1", "practitioner", "active"),
    ]  # fmt: skip
    assert {"vetting_until", "training_until"} < set(accounts[0])
    assert [(each["handle"], each["faults"]) for each in handles] == [(handle, ["no-fallback"])]
    assert handles[0]["confirmed_on"] is not None


def test_whom_they_stop_is_signed_out_here_at_once_and_cannot_sign_in(scene: Scene) -> None:
    """The session's key does not wait for their next request; and the record names who stopped whom."""
    theirs = scene.gateway.token(scene.worker)
    sessions = len(scene.gateway.gateway.sessions)

    assert told(scene.suspend("worker-1")) == (200, None)

    assert len(scene.gateway.gateway.sessions) == sessions - 1
    assert told(scene.get("/api/v1/inbox", theirs)) == (401, "not-signed-in")
    given = {"account": "worker-1", "password": scene.worker.password, "code": scene.gateway.code(scene.worker)}
    assert told(scene.gateway.request("POST", "/api/v1/sessions", given)) == (403, "account-suspended")
    stopped = [leaf for leaf in leaves(scene.gateway.index) if leaf["action"] == "suspended-account"]
    assert [(leaf["account"], leaf["subject"]) for leaf in stopped] == [("admin-1", "worker-1")]
    assert told(scene.suspend("worker-1")) == (404, "account-unknown")


def test_the_organisations_key_lets_them_in_again_and_nothing_at_the_gateway_does(scene: Scene) -> None:
    """No address of the gateway's opens, approves, reinstates or prolongs an account."""
    scene.suspend("worker-1")
    published = scene.get("/openapi.json").json()["paths"]
    of_accounts = {path for path in published if path.startswith("/api/v1/accounts")}
    assert of_accounts == {"/api/v1/accounts", "/api/v1/accounts/suspend"}

    again = state(scene.gateway.index, AccountAct.REINSTATE, "northtown", account=scene.worker.account)

    assert again.status_code == 200
    assert scene.get("/api/v1/inbox", scene.gateway.token(scene.worker)).status_code == 200


def test_nobody_else_is_shown_or_stops_anything(scene: Scene) -> None:
    """By the index's word: the gateway is not asked to know who may."""
    theirs = scene.gateway.token(scene.worker)

    for path in ("/api/v1/accounts", "/api/v1/handles"):
        assert told(scene.get(path, theirs)) == (403, "role-refused")
    assert told(scene.suspend("admin-1", theirs)) == (403, "role-refused")
    assert scene.get("/api/v1/accounts").status_code == 200


def test_an_administrator_asks_about_nobody(scene: Scene) -> None:
    """The role has no purpose; nothing is charged."""
    before = scene.gateway.holders[0].kept()["account_meters"]
    question = {"child": {"nhs_number": "9990000018", "date_of_birth": "2018-03-04"}, "urgency": "today"}

    answer = scene.gateway.request("POST", "/api/v1/lookups", question, token=scene.token)

    assert answer.status_code == 403
    assert told(scene.get("/api/v1/inbox")) == (403, "role-refused")
    assert scene.gateway.holders[0].kept()["account_meters"] == before
