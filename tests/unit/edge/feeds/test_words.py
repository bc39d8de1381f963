"""What whoever runs a feed is told of work that was ended or handed over at the gateway."""

from __future__ import annotations

import pytest

from signpost.edge.feeds.reconcile import ChangedHere
from signpost.edge.feeds.words import changed_here_line

THEY_WERE = "pieces of work were ended or handed over at the gateway, and the extract has them as they were"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (ChangedHere(0, ()), ""),
        (
            ChangedHere(1, (7,)),
            "1 piece of work was ended or handed over at the gateway, and the extract has it as it was: row 7.",
        ),
        (
            ChangedHere(2, (7, 12)),
            f"2 {THEY_WERE}: rows 7, 12.",
        ),
        (
            ChangedHere(1_234, (7, 12)),
            f"1,234 {THEY_WERE}: rows 7, 12 and 1,232 more.",
        ),
    ],
)
def test_how_many_and_which_rows(found: ChangedHere, line: str) -> None:
    assert changed_here_line(found) == line
