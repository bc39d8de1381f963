"""Retiring: what is past its time leaves, all of it, and no byte of it stays in a file (docs/data-held.md)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from signpost.index import retiring
from signpost.index.retiring import past_its_time
from signpost.index.storage.involvements import SqliteInvolvements
from signpost.protocol.calendar import months_before
from signpost.protocol.purposes import Kind, Role, Urgency
from tests.integration.index.conftest import Scene
from tests.integration.index.test_contact import ask, inbox, receipt_of, registered
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex
from tests.support.world import TODAY, changing, whole_child

ADA = whole_child("ada")
DAY = 24 * 60 * 60
LONG_AGO = months_before(TODAY, 12) - dt.timedelta(days=1)


def tick(scene: Scene) -> int:
    """One round."""
    return scene.index.run(scene.index.index.retiring.tick())


def test_work_that_ended_more_than_twelve_months_ago_is_deleted(scene: Scene) -> None:
    """From the owner's table, the hot table and its organisation's own list; the leaf says how many."""
    registered(scene, reference="over", ended_on=LONG_AGO, started_on=dt.date(2024, 1, 2))
    registered(scene, reference="still", ended_on=months_before(TODAY, 12), started_on=dt.date(2024, 1, 2))

    assert tick(scene) == 1
    scene.index.settle()

    tables = scene.index.tables()
    assert len(tables["owned_involvements"]) == 1
    assert {row[2] for row in tables["involvement_tags"] if row[2]} == {tables["owned_involvements"][0][1]}
    assert ("retired", 1) in [(leaf["action"], leaf["rows"]) for leaf in leaves(scene.index)]
    assert tick(scene) == 0


def test_an_involvement_is_gone_after_the_month_that_its_organisation_named(scene: Scene) -> None:
    """Not within it; and with it goes what was told about it."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt, Urgency.WEEK)
    assert len(inbox(scene, scene.worker)) == 1
    [owned] = SqliteInvolvements(reader=scene.index.reader, writer=scene.index.writer, vault=scene.index.vault).after(
        scene.feed.organisation, None, 5
    )
    assert owned.remove_after == "2033-09"

    assert not past_its_time(owned, dt.date(2033, 9, 30))
    assert past_its_time(owned, dt.date(2033, 10, 1))
    scene.world.clock.at = int(dt.datetime(2033, 10, 1, tzinfo=dt.UTC).timestamp())
    assert tick(scene) > 0
    scene.index.settle()
    assert scene.index.tables()["notices"] == []
    assert scene.index.tables()["owned_involvements"] == []


def test_accesses_are_deleted_after_twelve_months(scene: Scene) -> None:
    """By the month, as they are kept: those of the month a year ago still stand."""
    scene.index.look_up(scene.nurse, ADA)
    scene.world.clock.advance(365 * DAY)
    assert tick(scene) == 0
    assert len(scene.index.tables()["access_rows"]) == 12

    scene.world.clock.advance(31 * DAY)
    assert tick(scene) == 12
    assert scene.index.tables()["access_rows"] == []


def test_the_walk_goes_on_where_it_stopped_restarts_included(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row a round: each is looked at once before any is looked at again."""
    monkeypatch.setattr(retiring, "_ROWS", 1)
    with RunningIndex(tmp_path / "data") as index:
        index.admit("northtown")
        feed, handle = index.enrol("northtown", Role.FEED), index.handle("northtown")
        for number in range(4):
            over = {"ended_on": LONG_AGO, "started_on": dt.date(2024, 1, 2)} if number % 2 else {}
            index.register(feed, whole_child(f"child {number}"), handle, reference=f"{number}", **over)
        index.settle()
        gone = sum(index.run(index.index.retiring.tick()) for _ in range(2))
        keys, world = index.keys, index.world
    with RunningIndex(tmp_path / "data", keys=keys, world=world) as index:
        gone += sum(index.run(index.index.retiring.tick()) for _ in range(2))
        assert gone == 2
        assert len(index.tables()["owned_involvements"]) == 2


def test_a_walk_that_does_not_end_for_a_week_shows(scene: Scene) -> None:
    """In the index's health, which `signpost doctor` reads."""
    tick(scene)
    scene.world.clock.advance(7 * DAY)
    assert scene.index.get("/health").json()["deleting_overdue"] is False
    scene.world.clock.advance(1)
    assert scene.index.get("/health").json()["deleting_overdue"] is True
    tick(scene)
    assert scene.index.get("/health").json()["deleting_overdue"] is False


@pytest.mark.parametrize("how", ["retired", "withdrawn"])
def test_no_byte_of_what_is_gone_stays_in_a_file(scene: Scene, how: str) -> None:
    """Neither in the database, nor in its log, nor in a copy of both."""
    registered(scene, reference="over", ended_on=LONG_AGO, started_on=dt.date(2024, 1, 2))
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    tables = scene.index.tables()
    [owned] = tables["owned_involvements"]
    secrets = [owned[2]]
    secrets += [row[0] for row in tables["involvement_tags"] if row[2] == owned[1]]
    secrets += [row[3] for row in tables["tag_bodies"] if row[1] == owned[1]]
    assert len(secrets) == 25

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(scene.index.folder.glob("index.sqlite*")))

    assert all(secret in files() for secret in secrets)
    if how == "withdrawn":
        scene.index.ask(scene.feed, "/v1/involvements/changes", changing("over", "withdraw"))
    else:
        assert tick(scene) == 1
    scene.index.settle()
    tick(scene)

    left = files()
    assert not [secret for secret in secrets if secret in left]


def test_a_file_that_shrinks_gives_its_pages_back(scene: Scene) -> None:
    """So that a copy of it holds nothing that was cut off."""
    feed = scene.index.enrol("southtown", Role.FEED, Kind.COUNCIL)
    for number in range(60):
        scene.index.register(feed, whole_child(f"child {number}"), scene.other_handle, reference=f"{number}")
    scene.index.settle()
    tick(scene)
    before = (scene.index.folder / "index.sqlite").stat().st_size
    for number in range(60):
        scene.index.ask(feed, "/v1/involvements/changes", changing(f"{number}", "withdraw"))
    scene.index.settle()
    scene.world.clock.advance(25 * 60 * 60)
    scene.index.sweep()
    tick(scene)

    assert (scene.index.folder / "index.sqlite").stat().st_size < before
    assert (scene.index.folder / "index.sqlite-wal").stat().st_size == 0
