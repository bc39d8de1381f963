"""What an index holds of registrations, read from its file behind its back: every one of them is whole."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from signpost.protocol.classes import POINTS, Use
from signpost.service.database import open_reader

__all__ = ["Registered", "read_registered", "settled"]

_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Registered:
    """`owned`: involvements in their owner's table. `found_by`: keys by which a lookup finds one, each with its
    involvement, class and tier.
    """

    owned: frozenset[int]
    found_by: frozenset[tuple[bytes, int, int, int]]


def read_registered(database: Path) -> Registered:
    """What is there now. What is visible is so with all its tags; what is not waits to be."""
    keys = "SELECT key, involvement, class, tier FROM involvement_tags WHERE involvement != 0"
    with closing(open_reader(database)) as reader:
        reader.execute("BEGIN")  # the index may be writing
        owned = frozenset(number for (number,) in reader.execute("SELECT involvement FROM owned_involvements"))
        found_by = frozenset(reader.execute(keys).fetchall())
        bodies = dict(reader.execute("SELECT involvement, count(*) FROM tag_bodies GROUP BY involvement").fetchall())
        (waiting,) = reader.execute("SELECT count(*) FROM inbox").fetchone()
        (broken,) = reader.execute("PRAGMA integrity_check").fetchone()
    visible = Counter(involvement for _, involvement, _, _ in found_by)
    assert broken == "ok"
    assert visible == bodies
    assert set(visible.values()) <= {POINTS[Use.REGISTER]}, "an involvement is half there"
    assert len(owned - set(visible)) <= waiting, "an involvement is neither visible nor waiting to be"
    return Registered(owned, found_by)


def settled(database: Path) -> None:
    """Wait until everything that was acknowledged is visible."""
    with closing(open_reader(database)) as reader:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while reader.execute("SELECT count(*) FROM inbox").fetchone() != (0,):
            assert time.monotonic() < deadline, "the inbox does not empty"
            time.sleep(0.02)
