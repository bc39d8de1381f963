"""The handles file: from the names of a council's teams to its handles."""

from __future__ import annotations

from pathlib import Path

import pytest

from signpost.edge.feeds.errors import FeedError, FileCode, RowCode
from signpost.edge.feeds.handles import Handles, read_handles
from signpost_cli.demo.families import HANDLES, write_handles


def test_a_handles_file_reads_back(tmp_path: Path) -> None:
    """Team names are matched without regard to case and spacing."""
    write_handles(tmp_path / "h.csv")

    handles = Handles(read_handles(tmp_path / "h.csv"), own=HANDLES.values())

    assert handles.of_team(" front   DOOR") == "front-door"
    assert handles.of_team("front-door") is None
    assert handles.of_handle("front-door") == "front-door"
    assert handles.of_handle("Front Door") == "front-door"
    assert handles.of_team("nobody") is None
    assert handles.unknown() == 0


def test_handles_that_are_not_the_organisations_are_counted(tmp_path: Path) -> None:
    """So that a wrong file shows before every row of a team is refused."""
    write_handles(tmp_path / "h.csv", {"North": "north", "South": "sooth"})

    handles = Handles(read_handles(tmp_path / "h.csv"), own=["north", "south"])

    assert handles.unknown() == 1
    assert handles.of_team("South") is None
    assert handles.why_not("SOUTH") is RowCode.HANDLE_NOT_YOURS
    assert handles.why_not("West") is RowCode.HANDLE_UNKNOWN


def test_the_same_team_twice_with_one_handle_is_no_matter(tmp_path: Path) -> None:
    """The second row says nothing new."""
    (tmp_path / "h.csv").write_text("team,handle\nNorth,n\nnorth,n\n")

    assert read_handles(tmp_path / "h.csv") == {"north": "n"}


@pytest.mark.parametrize(
    ("rows", "code", "where"),
    [
        ("North,n\nnorth,m\n", FileCode.TEAM_TWICE, "handles, row 3"),
        ("North,\n", FileCode.HANDLE_BLANK, "handles, row 2"),
        ("North,n\n,n\n", FileCode.HANDLE_BLANK, "handles, row 3"),
        ("North,n,more\n", FileCode.HANDLE_BLANK, "handles, row 2"),
    ],
)
def test_a_handles_file_in_doubt_is_refused(rows: str, code: FileCode, where: str, tmp_path: Path) -> None:
    """It decides who is rung, so nothing in it is guessed."""
    (tmp_path / "h.csv").write_text("team,handle\n" + rows)

    with pytest.raises(FeedError) as refused:
        read_handles(tmp_path / "h.csv")

    assert (refused.value.code, refused.value.where) == (code, where)
