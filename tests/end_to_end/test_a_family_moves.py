"""A family moves, by the commands, through real services: the new council asks, and the old one can answer it."""

from __future__ import annotations

import base64
import csv
import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from signpost.edge.shift import end_shift
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.secret import Secret
from signpost_cli.demo.families import CSV_COLUMNS
from signpost_cli.demo.world import PIN, Completed, Organisation, World
from tests.support.quick_world import QuickWorld

NORTH = Organisation("north-council", "council", "feed-01", "feed")
SOUTH = Organisation("south-council", "council", "feed-01", "feed")
AUDIT = Organisation("national-audit", "oversight", "auditor-1", "auditor")
TODAY = date.today()  # noqa: DTZ011 - the feed's own day
PASSWORD = "copper meadow lantern thimble"
SETTLED_SECONDS = 2
"""Ten ticks of the settling worker."""

SISTER, BROTHER, STRANGER = (
    {"local_id": "1", "nhs_number": "9990000042", "date_of_birth": date(TODAY.year - 9, 4, 3).isoformat()},
    {"local_id": "2", "nhs_number": "9990000085", "date_of_birth": date(TODAY.year - 6, 8, 21).isoformat()},
    {"local_id": "3", "nhs_number": "9990000123", "date_of_birth": date(TODAY.year - 4, 1, 9).isoformat()},
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two councils, each with a feed and a social worker, and an auditor. North works with a sister and her brother."""
    with QuickWorld(tmp_path_factory.mktemp("world")) as world:
        world.set_up_services()
        world.enrol_all((NORTH, SOUTH, AUDIT))
        try:
            for council in (NORTH, SOUTH):
                _enrol_social_worker(world, council)
            _write(world, NORTH, SISTER, BROTHER)
            world.must(NORTH.name, "register", "caseload.csv", "--format", "csv")
            time.sleep(SETTLED_SECONDS)
            yield world
        finally:
            for council in (NORTH, SOUTH):
                end_shift(world.root / council.name / "duty")


def _enrol_social_worker(world: World, council: Organisation) -> None:
    """A second account of the council's, on a desk `duty` beside the feed's, and signed in."""
    name, later = council.name, (TODAY + timedelta(days=300)).isoformat()
    administering = ("--org-keys", "keys", "--index", world.url("index"), "--passphrase-file", "passphrase")
    made = world.must(
        name, "admin", "account", "enrol", "duty-7", "--role", "practitioner", "--vetting-until", later,
        "--training-until", later, "--json", *administering, f"--fingerprint={world.manifest_fingerprint}",
        "--out-of-hours", "0113 496 0000",
    )  # fmt: skip
    given = {"token": json.loads(made.stdout)["token"], "password": PASSWORD}
    world.must(name, "enrol", "--stdin", "--codes-file", "codes.secret", "--home", "duty", stdin=json.dumps(given))
    world.must(name, "admin", "account", "approve", "duty-7", *administering)
    codes = Secret(base64.b32decode((world.root / name / "codes.secret").read_text().strip()))
    step = int(time.time()) // STEP_SECONDS + 1
    signing_in = {"username": "duty-7", "password": PASSWORD, "code": code_of(codes, step), "pin": PIN}
    world.must(name, "login", "--stdin", "--home", "duty", stdin=json.dumps(signing_in))


def _write(world: World, council: Organisation, *children: dict[str, str]) -> Path:
    path = world.root / council.name / "caseload.csv"
    handle = world.add_handle(council.name, f"Front door of {council.name}")
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, CSV_COLUMNS, restval="")
        rows.writeheader()
        for child in children:
            work = {"start": (TODAY - timedelta(days=30)).isoformat(), "handle": handle, "basis": "statutory"}
            rows.writerow({**work, **child})
    return path


def _duty(world: World, council: Organisation, *command: str) -> Completed:
    """A command typed at the social worker's desk."""
    return world.command(council.name, *command, "--home", "duty")


def test_the_old_council_can_answer_the_new_one(world: World) -> None:
    """South takes the sister and brother on, and a third child whom nobody knows."""
    _write(world, SOUTH, SISTER, BROTHER, STRANGER)

    done = world.must(
        SOUTH.name, "register", "caseload.csv", "--format", "csv", "--ask-elsewhere", "s17", "--ask-as", "duty",
        "--asked", "asked.csv",
    )  # fmt: skip

    assert "Asked elsewhere about 3 newly added children: call-backs are left." in done.stdout
    with (world.root / SOUTH.name / "asked.csv").open(newline="") as file:
        receipts = {int(row["row"]): row["receipt"] for row in csv.DictReader(file)}
    assert sorted(receipts) == [2, 3, 4]
    time.sleep(SETTLED_SECONDS)

    # North is told twice: by role, kind and purpose, and by no name.
    inbox = _duty(world, NORTH, "inbox", "--json")
    assert inbox.code == 0, inbox.stderr
    notices = json.loads(inbox.stdout)["notices"]
    assert sorted(notice["case_reference"] for notice in notices) == ["1", "2"]
    assert {(notice["role"], notice["kind"], notice["purpose"], notice["urgency"]) for notice in notices} == {
        ("practitioner", "council", "s17", "week")
    }
    assert "south" not in inbox.stdout + inbox.stderr
    # South's own desk is told of nothing it asked.
    assert json.loads(_duty(world, SOUTH, "inbox", "--json").stdout)["notices"] == []

    sisters = next(notice["notice"] for notice in notices if notice["case_reference"] == "1")
    assert _duty(world, NORTH, "reply", sisters, "--share").code == 0
    answered = json.loads(_duty(world, SOUTH, "contact", "status", receipts[2], "--json").stdout)
    assert answered["state"] == "answered"
    assert [handle["title"] for handle in answered["handles"]] == ["Front door of north-council"]
    # Who has not answered, and who knows nobody, look the same.
    waiting = [_duty(world, SOUTH, "contact", "status", receipts[row], "--json") for row in (3, 4)]
    assert [found.code for found in waiting] == [8, 8]
    assert {json.loads(found.stdout)["state"] for found in waiting} == {"pending"}


def test_the_record_names_the_person_and_not_the_feed(world: World) -> None:
    """Each lookup and each call-back is an act of the social worker's account."""
    for action in ("looked-up", "asked-for-call-back"):
        listed = json.loads(world.must(AUDIT.name, "audit", "list", "--action", action, "--json").stdout)["leaves"]
        assert [(leaf["organisation"], leaf["account"]) for leaf in listed] == [(SOUTH.name, "duty-7")] * 3


def test_a_feed_asks_nothing_in_its_own_name(world: World) -> None:
    """Though it be named as the desk to ask as."""
    asked = ("--ask-elsewhere", "s17", "--ask-as", "desk", "--asked", "more.csv")

    refused = world.command(SOUTH.name, "register", "caseload.csv", "--format", "csv", *asked)

    assert (refused.code, refused.stdout) == (3, "")
    assert "An account of this role looks nobody up." in refused.stderr
    assert not (world.root / SOUTH.name / "more.csv").exists()


def test_another_councils_desk_is_not_asked_as(world: World) -> None:
    """Nobody is made to account for another council's family."""
    asked = ("--ask-elsewhere", "s17", "--ask-as", f"../{NORTH.name}/duty", "--asked", "more.csv")

    refused = world.command(SOUTH.name, "register", "caseload.csv", "--format", "csv", *asked)

    assert (refused.code, refused.stdout) == (2, "")
    assert "is of another organisation" in refused.stderr
