"""A database of an earlier version. From before there were shields: what it holds is hidden by one as whatever is
registered from then on. From before work was handed over here: its rows open, and are as long as those of today.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from signpost.index.storage import filling
from signpost.index.storage.layouts import ARRIVAL_BYTES_BEFORE, INVOLVEMENT_BYTES_BEFORE
from signpost.index.storage.vault import place
from signpost.protocol.labels import Label
from signpost.protocol.purposes import Basis, Kind, Role
from signpost.service.database import Connection
from tests.integration.index.conftest import Scene, set_scene
from tests.support.running_index import RunningIndex
from tests.support.shielding import add_shield, admit_desk, desk_queue, officer
from tests.support.world import Child, changing, whole_child

ADA = whole_child("ada")
OTHERWISE = replace(whole_child("ada otherwise"), identity=None)
TABLES = (
    "involvement_children", "seals", "seal_tags", "seal_children", "sealed_involvements", "sealed_tags", "desk_items",
    "gathering", "desk_leaves",
)  # fmt: skip
SETTLED_BEFORE = b"\x01" + bytes(47)
HEAD = 21


def as_before(index: RunningIndex) -> None:
    """The database as the version before shields left it."""

    def work(connection: Connection) -> None:
        for table in TABLES:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'seals'")
        for number, sealed in connection.execute("SELECT arrival, sealed FROM inbox").fetchall():
            raw = index.vault.open(sealed, Label.INBOX_ROW)
            narrow = (raw[:HEAD] + raw[HEAD + 9 :]) if raw[0] in (1, 2, 3) else raw[:ARRIVAL_BYTES_BEFORE]
            assert len(narrow) == ARRIVAL_BYTES_BEFORE
            connection.execute(
                "UPDATE inbox SET sealed = ? WHERE arrival = ?", (index.vault.seal(narrow, Label.INBOX_ROW), number)
            )
        for (number,) in connection.execute("SELECT arrival FROM outcomes").fetchall():
            sealed = index.vault.seal(SETTLED_BEFORE, Label.OUTCOME_ROW, place(number))
            connection.execute("UPDATE outcomes SET sealed = ? WHERE arrival = ?", (sealed, number))

    index.run(index.writer.apart(work))
    narrow_owned(index)


def narrow_owned(index: RunningIndex) -> None:
    """The owner's rows as the version before hand-overs left them."""

    def work(connection: Connection) -> None:
        rows = connection.execute("SELECT organisation, involvement, sealed FROM owned_involvements").fetchall()
        for organisation, involvement, sealed in rows:
            at = place(organisation, involvement)
            narrow = index.vault.open(sealed, Label.OWNED_ROW, at)[:INVOLVEMENT_BYTES_BEFORE]
            connection.execute(
                "UPDATE owned_involvements SET sealed = ? WHERE organisation = ? AND involvement = ?",
                (index.vault.seal(narrow, Label.OWNED_ROW, at), organisation, involvement),
            )

    index.run(index.writer.apart(work))


def register(scene: Scene, child: Child, reference: str, *, settled: bool = True) -> None:
    """Southtown registers something of a child whom it has always called the same."""
    called = scene.world.registration(ADA, scene.other_handle, reference="x").child_reference
    registration = scene.world.registration(child, scene.other_handle, reference=reference)
    registration = registration.model_copy(update={"child_reference": called, "basis": Basis.CONSENT})
    request = scene.world.registering(scene.other_feed, [registration])
    assert scene.index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
    if settled:
        scene.index.settle()


def test_what_was_registered_before_there_were_shields_is_hidden_by_one(tmp_path: Path) -> None:
    """All rows of a child, whether they had settled or waited to; and what waits settles."""
    waiting = replace(whole_child("ada, waiting"), identity=None)
    withdrawn = replace(whole_child("ada, withdrawn"), identity=None)
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        admit_desk(index)
        register(scene, ADA, "one")
        register(scene, OTHERWISE, "two")
        register(scene, withdrawn, "four")
        children = index.tables()["involvement_children"]
        register(scene, waiting, "three", settled=False)
        for reference, how in (("one", "end"), ("four", "withdraw")):
            change = changing(reference, how)  # type: ignore[arg-type]
            assert index.ask(scene.other_feed, "/v1/involvements/changes", change).status_code == 202
        as_before(index)

    with RunningIndex(tmp_path / "data", keys=index.keys, world=index.world) as index:
        filled = index.tables()["involvement_children"]
        assert set(filled) < set(children)
        assert len(filled) == 2, "what is withdrawn is about to go"
        index.settle()
        ours, desk = officer(index), index.enrol("shielding-desk", Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK)
        assert [index.look_up(scene.nurse, child) for child in (ADA, OTHERWISE, waiting)] == [
            "previous", "current", "current",
        ]  # fmt: skip
        add_shield(index, ours, Child(identity=ADA.identity))

        assert [index.look_up(scene.nurse, child) for child in (ADA, OTHERWISE, waiting, withdrawn)] == ["none"] * 4
        index.settle()
        assert {item["work"] for item in desk_queue(index, desk)} == {"looked-up", "registered"}
        index.world.clock.advance(2 * 24 * 60 * 60)
        index.sweep()
        assert index.tables()["outcomes"] == []


def test_rows_of_before_open_and_are_as_long_as_todays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, however many: the length of a row says nothing of what was done with it."""
    monkeypatch.setattr(filling, "_AT_ONCE", 2)
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        for number in range(5):
            register(scene, ADA, str(number), settled=False)
        held = index.index.involvements._involvements.after(scene.other_feed.organisation, None, 10)
        narrow_owned(index)

    with RunningIndex(tmp_path / "data", keys=index.keys, world=index.world) as index:
        assert index.index.involvements._involvements.after(scene.other_feed.organisation, None, 10) == held
        register(scene_of(index, scene), ADA, "5", settled=False)
        sizes = index.reader.execute("SELECT length(sealed) FROM owned_involvements").fetchall()
    assert (len(held), len(sizes), len(set(sizes))) == (5, 6, 1)


def scene_of(index: RunningIndex, scene: Scene) -> Scene:
    """The same people, after a restart."""
    return replace(scene, index=index)
