"""A case-management system at its organisation's gateway: it looks up in its users' names, and no name goes further."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.edge.failures import DeskUnusable
from signpost.edge.gateway.case_system import CaseSystem
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.organisation_keys import load_users_key
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.named_users import named_user
from tests.integration.index.test_at_rest import everything_stored
from tests.integration.index.test_record import leaves
from tests.support.elsewhere import register
from tests.support.people import state
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

NUMBER = "9990000018"
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))
USER = "Zebedee.Marker"


@dataclass
class Scene:
    """Northtown's gateway with its case-management system."""

    gateway: WholeGateway
    token: str

    def post(self, path: str, document: object, token: str | None = None) -> httpx2.Response:
        """A request; the system's, unless another's token is given."""
        return self.gateway.request("POST", f"/api/v1{path}", document, token=token or self.token)

    def look_up(self, **changed: Any) -> httpx2.Response:
        """The question of a made-up child, in a user's name."""
        child = {"nhs_number": NUMBER, "date_of_birth": "2018-03-04"}
        given = {"user": USER, "child": child, "urgency": "today", **changed}
        return self.post("/lookups", {name: value for name, value in given.items() if value is not None})

    def pseudonym(self, name: str = USER) -> str:
        """As the organisation makes it again of its own keys."""
        return to_base64url(named_user(load_users_key(self.gateway.administrator.folder), name))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A fresh one."""
    with open_whole_gateway(tmp_path) as whole:
        yield Scene(whole, whole.with_case_system())


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def test_it_is_answered_in_a_users_name_and_the_record_has_their_pseudonym(scene: Scene) -> None:
    """In answers as long as everybody's; the organisation makes the pseudonym again from its own keys."""
    none = scene.look_up()
    register(scene.gateway, "southtown", CHILD)
    current = scene.look_up(user=" zebedee.MARKER ")

    assert (none.json()["answer"], current.json()["answer"]) == ("none", "current")
    assert len(none.content) == len(current.content) == 256
    asked = [leaf for leaf in leaves(scene.gateway.index) if leaf["action"] == "looked-up"]
    assert [(leaf["account"], leaf["user"]) for leaf in asked] == [("case-lookups", scene.pseudonym())] * 2


def test_a_call_back_goes_all_its_way_by_the_same_user(scene: Scene) -> None:
    register(scene.gateway, "southtown", CHILD)
    receipt = scene.look_up().json()["receipt"]
    named = {"user": USER, "receipt": receipt}

    assert told(scene.post("/call-backs", {**named, "urgency": "week"})) == (201, None)
    assert scene.post("/call-backs/status", named).json()["state"] == "pending"
    assert told(scene.post("/call-backs/outcomes", {**named, "reached": False, "new": False})) == (200, None)
    assert scene.post("/lookups/again", named).json()["answer"] == "current"
    other = {**named, "user": "somebody.else"}
    assert told(scene.post("/call-backs/status", other)) == (404, "call-back-unknown")
    assert told(scene.post("/lookups/again", other)) == (404, "lookup-unknown")


@pytest.mark.parametrize("user", [None, "", "   ", "x" * 129, "two\nlines"])
def test_each_of_its_requests_names_a_user(scene: Scene, user: str | None) -> None:
    """Refused here, before anything is evaluated; and what was no name is not repeated."""
    before = scene.gateway.holders[0].kept()["account_meters"]

    answer = scene.look_up(user=user)

    assert told(answer) == (422, "malformed")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/user"]
    assert scene.gateway.holders[0].kept()["account_meters"] == before


def test_somebody_who_has_signed_in_asks_in_nobody_elses_name(scene: Scene) -> None:
    session = scene.gateway.token(scene.gateway.enrol("worker-1"))
    question = {"child": {"nhs_number": NUMBER, "date_of_birth": "2018-03-04"}, "urgency": "today"}

    assert told(scene.post("/lookups", {**question, "user": USER}, session)) == (422, "malformed")
    assert scene.post("/lookups", question, session).json()["answer"] == "none"


@pytest.mark.parametrize("changed", [{"urgency": "now"}, {"purpose": "vital-interests"}, {"deep": "name-unsure"}])
def test_nothing_urgent_and_nothing_deep_is_asked(scene: Scene, changed: dict[str, str]) -> None:
    """Nor is a point of it charged."""
    assert scene.look_up().status_code == 200
    before = scene.gateway.holders[0].kept()["account_meters"]

    assert scene.look_up(**changed).status_code == 403
    assert scene.gateway.holders[0].kept()["account_meters"] == before


def test_its_token_opens_nothing_else(scene: Scene) -> None:
    """Neither what a session may do, nor what the program that registers may."""
    receipt = scene.look_up().json()["receipt"]
    for method, path, document in (
        ("GET", "/inbox", None), ("DELETE", "/sessions", None), ("GET", "/accounts", None),
        ("POST", "/break-glass", {"receipt": receipt}), ("PUT", "/involvements", {"involvements": []}),
        ("POST", "/involvements/complete", None),
    ):  # fmt: skip
        answer = scene.gateway.request(method, f"/api/v1{path}", document, token=scene.token)
        assert told(answer)[0] in (401, 422), path
    assert told(scene.post("/involvements/complete", None)) == (401, "not-signed-in")


def test_a_token_that_is_not_its_own_is_nobodys(scene: Scene) -> None:
    question = {"user": USER, "child": {"nhs_number": NUMBER, "date_of_birth": "2018-03-04"}, "urgency": "today"}

    for token in ("x" * 43, "A" * 43, ""):
        assert told(scene.gateway.request("POST", "/api/v1/lookups", question, token=token)) == (401, "not-signed-in")


def test_a_shift_that_ended_is_opened_again_by_itself(scene: Scene) -> None:
    """And one that was stopped by its administrator is not."""
    assert scene.look_up().status_code == 200
    scene.gateway.index.world.clock.advance(13 * 3600)
    scene.gateway.keep_time()
    assert scene.look_up().status_code == 200

    state(scene.gateway.index, AccountAct.SUSPEND, "northtown", account=AccountId("case-lookups"))

    assert told(scene.look_up()) == (403, "revoked")
    scene.gateway.index.world.clock.advance(60)
    assert told(scene.look_up()) == (403, "account-suspended")


def test_no_users_name_is_anywhere_but_in_the_request(scene: Scene) -> None:
    """Neither at the index, opened or sealed, nor in the gateway's files, log lines or answers."""
    answers = [scene.look_up(), scene.look_up(deep="name-unsure"), scene.look_up(child={"nhs_number": "1"})]

    index, folder = scene.gateway.index, scene.gateway.files.folder.parent
    everything = [
        index.opened_rows(), everything_stored(index.folder), index.log_lines.getvalue().encode(),
        scene.gateway.log_lines.getvalue().encode(), *(answer.content for answer in answers),
        *(file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.suffix != ".sock"),
    ]  # fmt: skip

    assert not any(spelt in each for each in everything for spelt in (b"Zebedee", b"zebedee"))
    assert scene.pseudonym().encode() in index.opened_rows()


def test_a_feeds_desk_is_not_a_case_management_systems(scene: Scene) -> None:
    """Each of the two has its own account: one registers, one looks up."""
    scene.gateway.with_program()
    desk = scene.gateway.files.folder.parent / "program"
    clock = scene.gateway.index.world.clock

    with pytest.raises(DeskUnusable) as refused:
        CaseSystem(
            desk, b"d" * 32, transport=scene.gateway.transport, clock=clock, elapsed=lambda: 0.0,
            randomness=scene.gateway.index.world.randomness,
        )  # fmt: skip

    assert "case-management" in refused.value.hint


def test_its_desk_has_nothing_else_of_the_organisations_keys(scene: Scene) -> None:
    """What names its users; not what names registrations or opens case references."""
    desk = scene.gateway.files.folder.parent / "lookups"

    keys = {"users.key", "reference.key", "sealing.key", "signing.sealed"}
    assert keys & {file.name for file in desk.iterdir()} == {"users.key"}
