"""An unusual share of `none` or `possible` is a leaf for auditors, once the day is over, and says no answer (D6)."""

from __future__ import annotations

import json
from typing import Any

from signpost.index.unusual import FEWEST
from signpost.protocol.labels import Label
from tests.integration.index.conftest import Scene
from tests.integration.index.test_budgets import DAY, another, ask, used
from tests.integration.index.test_record import leaves
from tests.support.world import Child


def told(scene: Scene) -> list[dict[str, Any]]:
    """The leaves that say so."""
    return [leaf for leaf in leaves(scene.index) if leaf["action"].startswith("unusual")]


def counted(scene: Scene) -> list[tuple[int, int, int]]:
    """Lookups, nones and possibles of each account's day."""
    found = []
    for name, sealed, _ in scene.index.tables()["answers"]:
        day = json.loads(scene.index.vault.open(sealed, Label.ANSWERS_ROW, name))
        found.append((day["lookups"], day["none"], day["possible"]))
    return found


def test_a_shift_of_guesses_is_told_to_auditors_when_the_day_is_over(scene: Scene) -> None:
    """Not before, and once; and nothing is left of the counts."""
    for number in range(60):
        assert used(ask(scene, scene.worker, another(number))) is None
    scene.index.sweep()
    assert told(scene) == []
    assert counted(scene) == [(60, 60, 0)]

    scene.world.clock.advance(DAY)
    scene.index.sweep()

    (leaf,) = told(scene)
    said = {name: value for name, value in leaf.items() if value is not None and name not in ("access", "at", "user")}
    assert said == {"action": "unusual-none", "organisation": "northtown", "subject": scene.worker.account}
    assert leaf["at"] == scene.world.clock.now()
    assert counted(scene) == []
    scene.index.sweep()
    assert len(told(scene)) == 1


def test_possible_again_and_again_is_told_too(scene: Scene) -> None:
    """By its own word."""
    for number in range(FEWEST):
        child = Child(probable=f"probable {number}")
        scene.index.register(scene.other_feed, child, scene.other_handle, reference=f"child {number}")
        scene.index.settle()
        assert scene.index.look_up(scene.worker, child) == "possible"

    scene.world.clock.advance(DAY)
    scene.index.sweep()

    assert [leaf["action"] for leaf in told(scene)] == ["unusual-possible"]


def test_what_is_found_and_a_few_lookups_are_nobodys_business(scene: Scene) -> None:
    """No leaf: neither for a score of children who are known, nor for a few who are not."""
    for number in range(FEWEST):
        scene.index.register(scene.other_feed, another(number), scene.other_handle, reference=f"child {number}")
        scene.index.settle()
        assert scene.index.look_up(scene.nurse, another(number)) == "current"
        if number < FEWEST - 1:
            ask(scene, scene.worker, another(1_000 + number))
    assert sorted(counted(scene)) == [(FEWEST - 1, FEWEST - 1, 0), (FEWEST, 0, 0)]

    scene.world.clock.advance(DAY)
    scene.index.sweep()

    assert told(scene) == []
    assert counted(scene) == []


def test_a_refused_lookup_is_not_counted(scene: Scene) -> None:
    """What is not kept leaves nothing here either."""
    for number in range(61):
        ask(scene, scene.worker, another(number))

    assert counted(scene) == [(60, 60, 0)]
