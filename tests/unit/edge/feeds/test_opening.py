"""A feed that cannot be opened leaves none of its files open, whatever went wrong and however far it had come."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.feeds import spill
from signpost.edge.feeds.cin_feed import CINFeed
from signpost.edge.feeds.model import Feed
from signpost.edge.feeds.s903_feed import S903Feed
from signpost.edge.feeds.spill import DatabaseFull, in_memory
from signpost.edge.feeds.ssd_feed import open_ssd
from tests.unit.edge.feeds.support import JOIN_KEY, KNOWN, TODAY

_HANDLE = "front-door"
_ROWS = 600
"""So that the places of none of these files' rows are held in `_SMALL`."""
_SMALL = 5 * 4096


def _lines(header: str, line: Callable[[int], str]) -> str:
    return "\n".join([header, *(line(nth) for nth in range(_ROWS))]) + "\n"


def _ssd(folder: Path) -> Feed:
    """A folder of which the persons' linked numbers are more than there is room for."""
    folder.mkdir()
    (folder / "ssd_person.csv").write_text("pers_person_id,pers_common_child_id,pers_dob\n7,9990000018,2018-03-04\n")
    (folder / "ssd_involvements.csv").write_text(
        "invo_involvements_id,invo_person_id,invo_professional_team,invo_involvement_start_date,"
        "invo_involvement_end_date\n1,7,Front Door,2025-01-06,\n"
    )
    (folder / "ssd_linked_identifiers.csv").write_text(
        _lines("link_person_id,link_identifier_type,link_identifier_value", lambda nth: f"{nth},UPN,A950000178301")
    )
    return open_ssd(folder, today=TODAY, handles=KNOWN, join_key=JOIN_KEY)


def _identity(folder: Path) -> Path:
    path = folder / "identity.csv"
    path.write_text(_lines("local_id,nhs_number", lambda nth: f"{nth},9990000018"))
    return path


def _cin(folder: Path) -> Feed:
    """A census, with an identity file of more children than there is room for."""
    folder.mkdir()
    census = folder / "cin.xml"
    census.write_text("<Message><Children></Children></Message>")
    return CINFeed(census, today=TODAY, handle=_HANDLE, identity=_identity(folder), join_key=JOIN_KEY)


def _s903(folder: Path) -> Feed:
    """A return, with an identity file of more children than there is room for."""
    _return(folder, episodes=1)
    return S903Feed(folder, today=TODAY, handle=_HANDLE, identity=_identity(folder), join_key=JOIN_KEY)


def _episodes(folder: Path) -> Feed:
    """A return of more episodes than there is room for."""
    _return(folder, episodes=_ROWS)
    return S903Feed(folder, today=TODAY, handle=_HANDLE, identity=None, join_key=JOIN_KEY)


def _return(folder: Path, *, episodes: int) -> None:
    folder.mkdir()
    (folder / "header.csv").write_text("CHILD,SEX,DOB,UPN\n17,1,04/03/2018,\n")
    started = (date.fromordinal(TODAY.toordinal() - nth).strftime("%d/%m/%Y") for nth in range(episodes))
    (folder / "episodes.csv").write_text(
        "CHILD,DECOM,DEC,REC\n" + "".join(f"{nth},{day},,\n" for nth, day in enumerate(started))
    )


def _open_in(folder: Path) -> list[str]:
    """The files of a folder that this process has open."""
    links = (each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return [link.name for link in links if link.is_relative_to(folder)]


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What is let go of is let go of by its owner: no collector comes by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it takes Linux to look at open files")
@pytest.mark.parametrize("opened", [_ssd, _cin, _s903, _episodes])
@pytest.mark.usefixtures("uncollected")
def test_a_feed_with_more_rows_than_there_is_memory_for_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], Feed]
) -> None:
    """At a gateway an open file is an extract that is still in memory."""
    monkeypatch.setattr(spill, "MOST_BYTES", _SMALL)

    with in_memory(), pytest.raises(DatabaseFull):
        opened(tmp_path / "extract")

    assert _open_in(tmp_path) == []
