"""A feed's memory does not grow with its rows, and what it puts on disk names nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signpost.edge.feeds.model import Feed, GoodRow
from signpost.edge.feeds.reconcile import Reconciliation
from signpost.edge.feeds.s903_feed import S903Feed
from signpost.edge.feeds.ssd_feed import open_ssd
from signpost.edge.identifiers import upn_check_letter
from signpost.protocol.secret import Secret
from signpost_cli.demo.families import HANDLES, caseload, generate_csv, generate_ssd
from tests.unit.edge.feeds.support import JOIN_KEY, KNOWN, TODAY, open_csv

FEW, MANY = 1_000, 10_000
KEY = Secret(b"reference key of one council 32b")
Opened = Callable[[Path, int], Feed]


def _ssd(folder: Path, children: int) -> Feed:
    generate_ssd(folder, 7, children, today=TODAY)
    return open_ssd(folder, today=TODAY, handles=KNOWN, join_key=JOIN_KEY)


def _csv(folder: Path, children: int) -> Feed:
    folder.mkdir()
    generate_csv(folder / "f.csv", 7, children, today=TODAY)
    return open_csv(folder / "f.csv")


def _s903(folder: Path, children: int) -> Feed:
    """An episode now for each child, and one before it that ran into it."""
    folder.mkdir()
    with (folder / "header.csv").open("w") as header, (folder / "episodes.csv").open("w") as episodes:
        header.write("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n")
        episodes.write("CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n")
        for child, works in caseload(7, children, council="NORTH", today=TODAY):
            header.write(f"{works[0].local_id},2,{child.date_of_birth:%d/%m/%Y},WBRI,{_upn(child.number)},,\n")
            start = works[0].started_on
            between = start + (TODAY - start) // 2
            episodes.write(f"{works[0].local_id},{start:%d/%m/%Y},S,C2,N1,U1,{between:%d/%m/%Y},X1\n")
            episodes.write(f"{works[0].local_id},{between:%d/%m/%Y},P,C2,N1,U1,,\n")
    return S903Feed(folder, today=TODAY, handle="children-in-care", identity=None, join_key=JOIN_KEY)


def _upn(number: int) -> str:
    tail = f"999{number:09}"
    return upn_check_letter(tail) + tail


def _read_all(feed: Feed) -> Reconciliation:
    plan = Reconciliation(KEY)
    for row in feed.rows():
        assert isinstance(row, GoodRow)
        plan.take(row)
    again = sum(feed.involvement(one.place).handle != "" for one in plan.to_register())
    assert again == plan.counts().add > 0
    return plan


def _peak(folder: Path, children: int, opened: Opened) -> int:
    feed = opened(folder, children)
    tracemalloc.start()
    try:
        _read_all(feed).close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        feed.close()


@pytest.mark.parametrize("opened", [_ssd, _csv, _s903])
def test_ten_times_the_rows_need_no_more_objects(opened: Opened, tmp_path: Path) -> None:
    """Python's own memory, at its highest, for 250 and 2,500 children."""
    assert _peak(tmp_path / "many", MANY // 4, opened) < 1.5 * _peak(tmp_path / "few", FEW // 4, opened)


_RSS = """
import resource, sys
from pathlib import Path
from tests.unit.edge.feeds.test_memory import _read_all
from tests.unit.edge.feeds.support import JOIN_KEY, KNOWN, TODAY
from signpost.edge.feeds.ssd_feed import open_ssd
_read_all(open_ssd(Path(sys.argv[1]), today=TODAY, handles=KNOWN, join_key=JOIN_KEY)).close()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _resident(folder: Path, children: int) -> int:
    generate_ssd(folder, 7, children, today=TODAY)
    found = subprocess.run(
        [sys.executable, "-c", _RSS, str(folder)], capture_output=True, text=True, check=True, timeout=300
    )
    return int(found.stdout)


def test_ten_times_the_rows_need_no_larger_process(tmp_path: Path) -> None:
    """The whole process, SQLite's caches included, for 1,000 and 10,000 children."""
    assert _resident(tmp_path / "many", MANY) < 1.5 * _resident(tmp_path / "few", FEW)


def _unnamed_files() -> Iterator[bytes]:
    """What is in every file that this process holds open and that has no name."""
    folder = Path("/proc/self/fd")
    for name in os.listdir(folder):  # noqa: PTH208 - the links, not what they lead to
        try:
            if os.readlink(folder / name).endswith(" (deleted)"):  # noqa: PTH115 - it leads nowhere
                yield (folder / name).read_bytes()
        except OSError:
            continue


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it takes Linux to look into unnamed files")
def test_nothing_on_disk_names_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its fullest, the spilled database holds no identifier, id, name or date, and no file is left with a name."""
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    monkeypatch.setattr("signpost.edge.feeds.spill._CACHE_KIB", 64)  # so that it spills early
    feed = _ssd(tmp_path / "feed", FEW)
    plan = Reconciliation(KEY)
    rows = feed.rows()
    for row in rows:
        plan.take(row)
        if row.row == FEW:  # the pass still holds all that it remembers
            break

    spilled = b"".join(_unnamed_files())
    named = list(spill.iterdir())
    plan.close()
    del rows
    feed.close()

    assert named == []
    assert len(spilled) > 100_000
    for child, works in caseload(7, FEW, council="NORTH", today=TODAY):
        ids = [work.involvement_id for work in works] + [works[0].local_id]
        told = [child.nhs_number, child.upn, child.forename, child.surname, child.date_of_birth.isoformat(), *ids]
        assert not [word for word in told if word and word.encode() in spilled]
    assert not [team for pair in HANDLES.items() for team in pair if team.encode() in spilled]
