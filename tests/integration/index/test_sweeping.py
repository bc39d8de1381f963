"""Sweeping: what has run out goes, is overwritten, and nothing goes early."""

from __future__ import annotations

from signpost.protocol.receipts import BULK_SECONDS, LOOKUP_SECONDS
from signpost.protocol.signatures import WINDOW_SECONDS
from tests.integration.index.conftest import Scene
from tests.support.world import whole_child

ADA = whole_child("ada")
DAY = 24 * 60 * 60
MARGIN = 5 * 60


def left(scene: Scene) -> dict[str, int]:
    """How many rows there are of each kind that runs out."""
    tables = scene.index.tables()
    return {name: len(tables[name]) for name in ("spent_nonces", "spent_receipts", "lookup_rows", "outcomes")}


def test_each_kind_goes_when_it_has_run_out(scene: Scene) -> None:
    """Nonces after their window, receipts a little after they expire, lookup and outcome rows after a day."""
    clock = scene.world.clock
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    scene.index.look_up(scene.nurse, ADA)

    assert scene.index.sweep() == 0
    assert left(scene) == {"spent_nonces": 2, "spent_receipts": 4, "lookup_rows": 1, "outcomes": 1}
    clock.advance(WINDOW_SECONDS + 5)
    assert scene.index.sweep() == 2
    clock.advance(LOOKUP_SECONDS + MARGIN - WINDOW_SECONDS - 5)
    assert scene.index.sweep() == 2
    clock.advance(BULK_SECONDS - LOOKUP_SECONDS)
    assert scene.index.sweep() == 2
    assert left(scene) == {"spent_nonces": 0, "spent_receipts": 0, "lookup_rows": 1, "outcomes": 1}
    clock.advance(DAY - BULK_SECONDS - MARGIN)
    # and with them both meters, the day's answers, and what was counted of the account's shift; of the organisation's
    # month not yet; nor an outcome that nobody has gathered for the independent desk
    assert scene.index.sweep() == 1 + 2 + 1 + 12
    assert left(scene)["outcomes"] == 1
    scene.index.run(scene.index.index.gathering.tick())
    assert scene.index.sweep() == 1
    assert set(left(scene).values()) == {0}
    assert len(scene.index.tables()["repeats"]) == 12
    clock.advance(31 * DAY)
    assert scene.index.sweep() == 12


def test_a_sweep_that_finds_nothing_leaves_no_trace(scene: Scene) -> None:
    """Not even a leaf."""
    before = scene.index.tables()

    assert scene.index.sweep() == 0
    assert scene.index.tables() == before


def test_what_was_swept_is_overwritten(scene: Scene) -> None:
    """Once the log is folded into the database, no byte of the row is in either."""
    scene.index.look_up(scene.nurse, ADA)
    ((name, sealed, _),) = scene.index.tables()["lookup_rows"]
    scene.world.clock.advance(2 * DAY)
    scene.index.sweep()
    scene.index.close()

    stored = b"".join(path.read_bytes() for path in scene.index.folder.glob("index.sqlite*"))
    assert name not in stored
    assert sealed not in stored
    assert sealed[100:140] not in stored
