"""An organisation's own rows are never visited (protocol.md C2, C5): not filtered out, but not there to be read.

Otherwise a council could register a child and watch its own registration, by the time it takes, vanish behind a shield.
"""

from __future__ import annotations

from collections.abc import Callable

from signpost.index.storage.lookups import hits_statement
from signpost.index.storage.schema import SENTINEL_KEY, SENTINEL_ORGANISATION
from signpost.protocol.tags import TagKey
from tests.integration.index.conftest import Scene
from tests.support.running_index import RunningIndex
from tests.support.world import whole_child

ADA = whole_child("ada")


def steps(index: RunningIndex, read: Callable[[], object]) -> int:
    """How many steps SQLite's virtual machine takes, once the statement is prepared and the schema read."""
    read()
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    index.reader.set_progress_handler(count, 1)
    try:
        read()
    finally:
        index.reader.set_progress_handler(None, 1)
    return taken


def keys_in(index: RunningIndex) -> list[TagKey]:
    """The twelve keys that one registration left."""
    return [row[0] for row in index.tables()["involvement_tags"] if row[0] != SENTINEL_KEY]


def test_the_plan_is_two_ranges_of_the_primary_key_for_each_tag(scene: Scene) -> None:
    """Twelve times below and above the asker's own number: no scan, no sort, no other table."""
    statement = hits_statement(12)

    plan = scene.index.reader.execute(
        f"EXPLAIN QUERY PLAN {statement}", (5, *(bytes([n]) * 16 for n in range(12)))
    ).fetchall()

    details = [row[3] for row in plan if row[3] not in ("COMPOUND QUERY", "LEFT-MOST SUBQUERY", "UNION ALL")]
    below = "SEARCH involvement_tags USING PRIMARY KEY (key=? AND organisation<?)"
    above = "SEARCH involvement_tags USING PRIMARY KEY (key=? AND organisation>?)"
    assert details == [below, above] * 12


def test_the_statement_has_no_other_condition() -> None:
    """A key and a side of the asker's own number: nothing else is asked of a row."""
    conditions = [part.split(" WHERE ")[1] for part in hits_statement(12).split(" UNION ALL ")]

    assert conditions == [f"key = ?{at + 2} AND organisation {side} ?1" for at in range(12) for side in "<>"]


def test_own_rows_cost_no_step(scene: Scene) -> None:
    """With nothing there, and with every key held by up to three own involvements: the very same number of steps."""
    scene.index.register(scene.other_feed, whole_child("ben"), scene.other_handle, reference="background")
    scene.index.settle()
    absent = [TagKey(bytes([n]) * 16) for n in range(1, 13)]
    lookups = scene.index.index.lookup._lookups
    own = scene.feed.organisation
    counts = [steps(scene.index, lambda: lookups.hits(absent, asking=own))]

    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    present = sorted(set(keys_in(scene.index)) - {row[0] for row in _of_southtown(scene)})
    assert len(present) == 12
    for reference in ("one", "two", "three"):
        scene.index.register(scene.feed, ADA, scene.handle, reference=reference)
        scene.index.settle()
        assert lookups.hits(present, asking=own) == []
        counts.append(steps(scene.index, lambda: lookups.hits(present, asking=own)))

    assert len(set(counts)) == 1


def test_a_key_after_all_others_costs_no_less(scene: Scene) -> None:
    """The table ends with a row of its own, so a key that would stand last takes the steps of any other."""
    lookups = scene.index.index.lookup._lookups
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
    scene.index.settle()

    first = [TagKey(bytes(15) + bytes([n])) for n in range(12)]
    last = [TagKey(b"\xff" * 15 + bytes([n])) for n in range(12)]

    assert (SENTINEL_KEY, SENTINEL_ORGANISATION) in {row[:2] for row in scene.index.tables()["involvement_tags"]}
    assert steps(scene.index, lambda: lookups.hits(first, asking=scene.feed.organisation)) == steps(
        scene.index, lambda: lookups.hits(last, asking=scene.feed.organisation)
    )


def _of_southtown(scene: Scene) -> list[tuple[object, ...]]:
    number = scene.index.vault.organisation(scene.other_feed.organisation)
    return [row for row in scene.index.tables()["involvement_tags"] if row[1] == number]
