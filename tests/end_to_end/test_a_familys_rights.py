"""A family's rights, by the commands, through real services: asked, decided, waited for; corrected; withdrawn."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from signpost_cli.demo.families import CSV_COLUMNS
from signpost_cli.demo.world import Completed, Organisation, World
from tests.support.quick_world import QuickWorld

NORTH = Organisation("north-council", "council", "feed-01", "feed")
SOUTH = Organisation("south-council", "council", "duty-7", "practitioner")
OFFICERS = tuple(
    Organisation("north-council", "council", account, "rights-officer", desk=account)
    for account in ("rights-1", "rights-2")
)
TODAY = date.today()  # noqa: DTZ011 - the feed's own day
SETTLED_SECONDS = 2
"""Ten ticks of the settling worker."""
BORN = date(TODAY.year - 9, 4, 3).isoformat()
WRONG = {"nhs_number": "9990000042", "date_of_birth": BORN}
RIGHT = {"nhs_number": "9990000085", "date_of_birth": BORN}
CONSENTED = {"nhs_number": "9990000123", "date_of_birth": BORN}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """North's feed and its two rights officers, and a social worker of South's."""
    with QuickWorld(tmp_path_factory.mktemp("world")) as world:
        world.set_up_services()
        world.enrol_all((NORTH, SOUTH))
        world.add_colleagues(OFFICERS)
        yield world


def _register(world: World, handle: str, *rows: dict[str, str]) -> None:
    """North's feed sends these rows, and they settle."""
    with (world.root / NORTH.name / "caseload.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({"start": (TODAY - timedelta(days=30)).isoformat(), "handle": handle, **row})
    world.must(NORTH.name, "register", "caseload.csv", "--format", "csv")
    time.sleep(SETTLED_SECONDS)


def _rights(world: World, officer: str, *command: str, details: object = None) -> Completed:
    """A command at a rights officer's desk, with the family there."""
    stdin = None if details is None else json.dumps(details)
    piped = () if details is None else ("--stdin",)
    done = world.command(officer, "rights", *command, *piped, stdin=stdin)
    if command[0] in ("correct", "withdraw", "object"):
        time.sleep(SETTLED_SECONDS)
    return done


def _ask(world: World, child: dict[str, str]) -> str:
    """The receipt of a lookup by South's social worker. Asking again by it is not charged."""
    found = world.must(SOUTH.name, "lookup", "--stdin", "--json", stdin=json.dumps(child))
    return str(json.loads(found.stdout)["receipt"])


def _word(world: World, receipt: str) -> str:
    """What they are answered now."""
    found = world.must(SOUTH.name, "lookup", "--again", receipt, "--json")
    return str(json.loads(found.stdout)["answer"])


def test_a_family_asks_has_it_put_right_and_withdraws(world: World) -> None:
    """Every step by the commands, at two desks; nothing that was typed is printed."""
    handle = world.add_handle(NORTH.name, "Front door")
    consented = {"local_id": "2", "basis": "consent", **CONSENTED}
    _register(world, handle, {"local_id": "1", "basis": "statutory", **WRONG}, consented)
    wrong, right, by_consent = (_ask(world, child) for child in (WRONG, RIGHT, CONSENTED))
    assert [_word(world, each) for each in (wrong, right, by_consent)] == ["current", "none", "current"]

    # A report is asked for by one officer, decided by another, and waited for.
    asked = _rights(world, "rights-1", "report", "--json", details=CONSENTED)
    assert asked.code == 0, asked.stderr
    report = json.loads(asked.stdout)["report"]
    assert _rights(world, "rights-1", "decide", report, "--release", "--safe").code == 2
    assert _rights(world, "rights-2", "decide", report, "--release", "--safe").code == 0
    [listed] = json.loads(_rights(world, "rights-2", "report", "--list", "--json").stdout)["reports"]
    assert (listed["report"], listed["decided"]) == (report, True)
    early = _rights(world, "rights-1", "report", "--read", report)
    assert (early.code, early.stdout) == (8, "")

    # What was registered under a wrong number is found by the right one.
    both = {"registered": WRONG, "right": RIGHT}
    corrected = _rights(world, "rights-1", "correct", "--json", details=both)
    assert corrected.code == 0, corrected.stderr
    assert json.loads(corrected.stdout)["changed"] == 1
    assert (_word(world, wrong), _word(world, right)) == ("none", "current")

    # A consent is withdrawn, and the feed that sends the child again is not seen.
    withdrawn = _rights(world, "rights-2", "withdraw", "--json", details=CONSENTED)
    assert withdrawn.code == 0, withdrawn.stderr
    assert json.loads(withdrawn.stdout)["changed"] == 1
    assert _word(world, by_consent) == "none"
    _register(world, handle, {"local_id": "1", "basis": "statutory", **WRONG}, consented)
    assert (_word(world, by_consent), _word(world, right)) == ("none", "current")
    receipt = json.loads(withdrawn.stdout)["receipt"]
    assert _rights(world, "rights-1", "object", "--end", receipt).code == 0
    assert _word(world, by_consent) == "current"

    # An objection that is upheld hides it again; one that is not hides nothing.
    refused = _rights(world, "rights-1", "object", "--ground", "safeguarding-overrides", details=CONSENTED)
    assert (refused.code, _word(world, by_consent)) == (0, "current")
    upheld = _rights(world, "rights-1", "object", "--ground", "no-overriding-ground", details=CONSENTED)
    assert (upheld.code, _word(world, by_consent)) == (0, "none")
    for done in (asked, early, corrected, withdrawn, refused, upheld):
        assert not any(child["nhs_number"] in done.stdout + done.stderr for child in (WRONG, RIGHT, CONSENTED))


def test_who_looks_children_up_upholds_no_rights(world: World) -> None:
    """A practitioner is refused, by the holders already."""
    refused = world.command(SOUTH.name, "rights", "report", "--stdin", stdin=json.dumps(RIGHT))

    assert (refused.code, refused.stdout) == (3, "")
