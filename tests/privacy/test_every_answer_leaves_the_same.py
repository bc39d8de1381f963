"""What a lookup leaves at the index does not depend on its answer, but in what is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.protocol.purposes import Role
from tests.integration.index.conftest import Scene, set_scene
from tests.support.running_index import RunningIndex
from tests.support.world import Child, whole_child


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A child whom another council works with, and one who may be another's."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        index.register(scene.other_feed, whole_child("known"), scene.other_handle, reference="known")
        index.register(scene.other_feed, Child(probable="near"), scene.other_handle, reference="near")
        index.settle()
        yield scene


def test_none_current_and_possible_leave_rows_of_one_number_and_size(scene: Scene) -> None:
    """In every table, the counts of the day's answers among them."""

    def left_by(child: Child, word: str) -> dict[str, list[tuple[Any, ...]]]:
        asker = scene.index.enrol("northtown", Role.PRACTITIONER)
        before = scene.index.tables()
        assert scene.index.look_up(asker, child) == word
        after = scene.index.tables()
        return {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}

    def shape(rows: list[tuple[Any, ...]]) -> list[list[str]]:
        return sorted(
            [str(len(cell)) if isinstance(cell, bytes | str) else type(cell).__name__ for cell in row] for row in rows
        )

    absent = left_by(whole_child("absent"), "none")
    known = left_by(whole_child("known"), "current")
    near = left_by(Child(probable="near"), "possible")

    for name in absent:
        assert len(absent[name]) == len(known[name]) == len(near[name]), name
        assert shape(absent[name]) == shape(known[name]) == shape(near[name]), name
