"""The organisation's own program at its gateway: it registers and withdraws, is answered row by row, and looks nobody
up.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import DeskUnusable
from signpost.edge.gateway.machine import Machine
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.purposes import Role, Urgency
from tests.support.elsewhere import client_of
from tests.support.hidden_elsewhere import hide_elsewhere
from tests.support.people import state
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

NUMBER = "9990000018"
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, before it has a program."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


class Scene:
    """Northtown's program, and a colleague in Southtown."""

    def __init__(self, gateway: WholeGateway) -> None:
        self.gateway = gateway
        self.token = gateway.with_program()
        self.handle = gateway.index.handle("northtown")
        self.colleague: Client = client_of(gateway, "southtown", Role.PRACTITIONER)

    def row(self, **changed: str) -> dict[str, str]:
        """An involvement of a made-up child's."""
        return {
            "local_id": "case 17", "start": "2025-01-06", "handle": self.handle, "nhs_number": NUMBER,
            "date_of_birth": "2018-03-04", **changed,
        }  # fmt: skip

    def put(self, *rows: dict[str, str], **headers: str) -> httpx2.Response:
        """Register them, and let it settle."""
        answer = self.gateway.request(
            "PUT", "/api/v1/involvements", {"involvements": list(rows)}, token=self.token, **headers
        )
        self.gateway.index.settle()
        return answer

    def post(self, path: str, document: object) -> httpx2.Response:
        """Another of the program's requests."""
        answer = self.gateway.request("POST", path, document, token=self.token)
        self.gateway.index.settle()
        return answer

    def get(self, path: str) -> httpx2.Response:
        """What the program only asks."""
        return self.gateway.request("GET", path, token=self.token)

    def seen(self) -> str:
        """What the colleague elsewhere is answered about the child."""
        return self.gateway.index.run(self.colleague.lookup(CHILD, urgency=Urgency.TODAY)).word


@pytest.fixture
def scene(gateway: WholeGateway) -> Scene:
    """The gateway with its program."""
    return Scene(gateway)


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def test_what_the_program_registers_is_found_and_what_it_ends_or_withdraws_is_not(scene: Scene) -> None:
    [registered] = scene.put(scene.row()).json()["involvements"]
    assert (registered["outcome"], registered["errors"], registered["left_out"]) == ("registered", [], [])
    assert scene.seen() == "current"

    assert scene.put(scene.row(end="2025-09-01")).status_code == 200
    assert scene.seen() == "previous"

    named = {"local_id": "case 17", "start": "2025-01-06", "handle": scene.handle}
    assert told(scene.post("/api/v1/involvements/withdraw", {"involvements": [named]})) == (200, None)
    assert scene.seen() == "none"
    assert told(scene.post("/api/v1/involvements/withdraw", {"involvements": [named]})) == (404, "reference-unknown")


def test_the_same_row_twice_is_one_involvement(scene: Scene) -> None:
    """As if a file had been read again; and two of one request that are one are refused, and nothing is sent."""
    scene.put(scene.row())
    scene.put(scene.row())
    owned = scene.gateway.index.tables()["owned_involvements"]
    assert len(owned) == 1

    assert told(scene.put(scene.row(), scene.row())) == (422, "reference-repeated")
    assert scene.gateway.index.tables()["owned_involvements"] == owned


def test_the_program_reads_back_what_was_registered_by_the_references_it_was_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time, whatever became of it elsewhere: a child who is hidden is there as before."""
    monkeypatch.setattr("signpost.edge.gateway.program._PAGE", 2)
    rows = scene.put(*(scene.row(local_id=f"case {number}") for number in range(5))).json()["involvements"]
    told_of = {row["reference"] for row in rows}
    hide_elsewhere(scene.gateway, CHILD)
    assert scene.seen() == "none"

    found, cursor, pages = list[str](), "", 0
    while pages == 0 or cursor:
        listed = scene.get(f"/api/v1/involvements?cursor={cursor}" if cursor else "/api/v1/involvements").json()
        found += [each["reference"] for each in listed["involvements"]]
        cursor, pages = listed["next"] or "", pages + 1

    assert (len(found), set(found), pages) == (5, told_of, 3)


def test_a_cursor_says_nothing_and_is_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signpost.edge.gateway.program._PAGE", 1)
    rows = scene.put(scene.row(local_id="a"), scene.row(local_id="b")).json()["involvements"]

    cursor = scene.get("/api/v1/involvements").json()["next"]

    assert cursor not in {row["reference"] for row in rows}
    assert told(scene.get(f"/api/v1/involvements?cursor={cursor}")) == (200, None)
    assert told(scene.get(f"/api/v1/involvements?cursor={'A' * 22}")) == (422, "malformed")
    scene.gateway.index.world.clock.advance(600)
    assert told(scene.get(f"/api/v1/involvements?cursor={cursor}")) == (422, "malformed")


def test_nobody_who_looks_children_up_reads_the_list(scene: Scene) -> None:
    """Nor does an officer: a caseload is read by its own feed."""
    for name, role in (("worker-1", Role.PRACTITIONER), ("anna", Role.RIGHTS_OFFICER)):
        token = scene.gateway.token(scene.gateway.enrol(name, role))
        assert told(scene.gateway.request("GET", "/api/v1/involvements", token=token)) == (401, "not-signed-in")


def test_each_row_has_its_own_fate_and_a_bad_one_stops_no_other(scene: Scene) -> None:
    """By the codes of a feed's errors file, and without what was in it."""
    answer = scene.put(
        scene.row(local_id="a"),
        scene.row(local_id="b", nhs_number="9990000019"),
        scene.row(local_id="c", handle="7RTA-M2XF"),
        scene.row(local_id="d", postcode="nowhere"),
        scene.row(local_id="e", end="2023-01-01", start="2022-01-01"),
    )

    rows = answer.json()["involvements"]
    assert [row["outcome"] for row in rows] == ["registered", "refused", "refused", "registered", "passed-over"]
    assert rows[1]["errors"] == [{"field": "nhs_number", "code": "NHS_CHECK_DIGIT"}]
    assert rows[2]["errors"][0]["field"] == "handle"
    assert rows[3]["left_out"] == [{"field": "postcode", "code": "POSTCODE_SHAPE"}]
    assert "9990000019" not in answer.text
    assert len(scene.gateway.index.tables()["owned_involvements"]) == 2


def test_a_request_that_is_sent_again_is_answered_as_before(scene: Scene) -> None:
    key = {"idempotency-key": "k"}
    first = scene.put(scene.row(), **key)
    charged = scene.gateway.holders[0].kept()["organisation_meters"]

    assert scene.put(scene.row(), **key).content == first.content
    assert scene.gateway.holders[0].kept()["organisation_meters"] == charged
    assert told(scene.put(scene.row(local_id="other"), **key)) == (422, "idempotency-key-reused")


def test_the_program_looks_nobody_up_and_nobody_else_registers(scene: Scene) -> None:
    worker = scene.gateway.token(scene.gateway.enrol("worker-1"))
    question = {"child": {"nhs_number": NUMBER, "date_of_birth": "2018-03-04"}, "urgency": "today"}

    assert told(scene.post("/api/v1/lookups", question)) == (401, "not-signed-in")
    for token in (worker, "A" * 43, ""):
        answer = scene.gateway.request("PUT", "/api/v1/involvements", {"involvements": [scene.row()]}, token=token)
        assert told(answer) == (401, "not-signed-in")


def test_a_gateway_without_a_program_takes_none(gateway: WholeGateway) -> None:
    answer = gateway.request("POST", "/api/v1/involvements/complete", {}, token="A" * 43)

    assert told(answer) == (401, "not-signed-in")


def test_what_was_sent_counts_once_it_is_said_to_be_complete(scene: Scene) -> None:
    """For the coverage that every answer carries."""
    worker = scene.gateway.token(scene.gateway.enrol("worker-1"))

    def up_to_date() -> int:
        return int(scene.gateway.request("GET", "/api/v1/coverage", token=worker).json()["up_to_date"])

    scene.put(scene.row())
    assert up_to_date() == 0
    assert scene.post("/api/v1/involvements/complete", {}).status_code == 200
    assert up_to_date() == 1


def test_the_programs_machine_signs_in_again_by_itself_and_is_stopped_by_a_suspension(scene: Scene) -> None:
    """Its shift is in memory alone; and a suspension stops the next request."""
    scene.put(scene.row())
    scene.gateway.index.world.clock.advance(13 * 3600)
    scene.gateway.keep_time()
    assert scene.put(scene.row(basis="consent")).status_code == 200
    assert not (scene.gateway.files.folder.parent / "program" / "credential.jwt").exists()

    account = AccountId("case-system")
    assert state(scene.gateway.index, AccountAct.SUSPEND, "northtown", account=account).status_code == 200
    assert told(scene.put(scene.row())) == (403, "revoked")
    assert told(scene.put(scene.row())) == (403, "account-suspended")


def test_ids_that_are_none_withdraw_nothing(scene: Scene) -> None:
    scene.put(scene.row())
    named = {"local_id": "case 17", "start": "no day", "handle": scene.handle}

    answer = scene.post("/api/v1/involvements/withdraw", {"involvements": [named]})

    assert told(answer) == (422, "malformed")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/involvements/0/start"]
    assert scene.seen() == "current"


def test_a_persons_desk_is_no_programs(gateway: WholeGateway, tmp_path: Path) -> None:
    files = gateway.files
    settings = files.certified.desk_settings(AccountId("worker-1"), Role.PRACTITIONER, ca_file=None)
    manifest = (files.folder / "manifest.json").read_bytes()
    Desk.make(tmp_path / "desk", settings=settings, manifest=manifest, device=files.key)

    with pytest.raises(DeskUnusable, match="of another role"):
        Machine(
            tmp_path / "desk", Role.FEED, transport=gateway.transport, clock=gateway.index.world.clock,
            randomness=os.urandom,
        )  # fmt: skip
