"""The scene of most facts about the index: two councils with feeds, and a hospital that asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from signpost.protocol.purposes import Kind, Role
from tests.support.running_index import RunningIndex
from tests.support.world import Device, World


@dataclass(frozen=True)
class Scene:
    """An index, and who is around it. `feed` and `worker` are Northtown's, `other_feed` is Southtown's."""

    index: RunningIndex
    feed: Device
    handle: str
    worker: Device
    other_feed: Device
    other_handle: str
    nurse: Device

    @property
    def world(self) -> World:
        """Everybody around the index."""
        return self.index.world


def set_scene(index: RunningIndex) -> Scene:
    """Admit and enrol everybody."""
    index.admit("northtown")
    index.admit("southtown")
    index.admit("st-elsewhere", Kind.HOSPITAL)
    return Scene(
        index=index,
        feed=index.enrol("northtown", Role.FEED),
        handle=index.handle("northtown"),
        worker=index.enrol("northtown", Role.PRACTITIONER),
        other_feed=index.enrol("southtown", Role.FEED),
        other_handle=index.handle("southtown"),
        nurse=index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL),
    )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A fresh scene."""
    with RunningIndex(tmp_path / "data") as index:
        yield set_scene(index)
