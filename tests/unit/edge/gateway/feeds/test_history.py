"""The history of feeds on the disk: as long as it is said to be, and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from signpost.edge.failures import DeskUnusable
from signpost.edge.gateway.feeds.history import DAYS, MOST, FeedHistory
from signpost.edge.gateway.feeds.shown import FeedShown, FeedState

NOON = 1_760_356_800
DAY = 86_400


@dataclass
class Clock:
    """Stands where it is put."""

    at: int = NOON

    def now(self) -> int:
        return self.at


def run(nth: int, *, began_at: int = NOON, state: FeedState = FeedState.LOOKED_AT) -> FeedShown:
    """A run of that number."""
    return FeedShown(feed=f"run-{nth:08d}", account="data-1", began_at=began_at, state=state)


def names(history: FeedHistory) -> list[str]:
    return [each.feed for each in history.runs()]


def test_what_is_kept_is_there_when_the_gateway_starts_again(tmp_path: Path) -> None:
    """The newest first; and the later of two that began in one second before the other."""
    history = FeedHistory(tmp_path, clock=Clock())
    for nth, began_at in ((1, NOON - 60), (2, NOON), (3, NOON)):
        history.keep(run(nth, began_at=began_at))
    history.keep_errors("run-00000001", b"row,field,code,meaning\n")

    assert names(history) == ["run-00000003", "run-00000002", "run-00000001"]
    again = FeedHistory(tmp_path, clock=Clock())
    assert sorted(names(again)) == sorted(names(history))
    assert again.runs()[-1] == run(1, began_at=NOON - 60)
    assert again.errors("run-00000001") == b"row,field,code,meaning\n"
    assert again.errors("run-00000002") is None


def test_a_run_that_had_not_ended_was_interrupted(tmp_path: Path) -> None:
    FeedHistory(tmp_path, clock=Clock()).keep(run(1, state=FeedState.REGISTERING))

    (told,) = FeedHistory(tmp_path, clock=Clock(NOON + 5)).runs()

    assert (told.state, told.ended_at) == (FeedState.INTERRUPTED, NOON + 5)
    assert told.hint == "Upload the same files again: that does what is left."


def test_it_is_bounded_in_days_and_in_number(tmp_path: Path) -> None:
    """What is past either goes with its list."""
    clock = Clock()
    history = FeedHistory(tmp_path, clock=clock)
    for nth in range(MOST + 2):
        history.keep(run(nth, began_at=NOON + nth))
        history.keep_errors(f"run-{nth:08d}", b"")
    history.forget_old()
    assert len(history.runs()) == MOST
    assert len(list((tmp_path / "feeds").iterdir())) == 2 * MOST
    assert history.errors("run-00000001") is None

    clock.at = NOON + 50 + DAYS * DAY
    assert len(history.runs()) == MOST - 49
    clock.at += DAY
    history.forget_old()
    assert list((tmp_path / "feeds").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", run(1).model_dump_json().encode()])
def test_what_is_none_of_it_is_taken_away_at_the_start(tmp_path: Path, content: bytes) -> None:
    """A file of another form, one half written, and one under another name."""
    FeedHistory(tmp_path, clock=Clock())
    for name in ("run-00000009.json", "run-00000009.csv", ".run-00000009.json.ab", "notes.txt"):
        (tmp_path / "feeds" / name).write_bytes(content)

    assert names(FeedHistory(tmp_path, clock=Clock())) == []
    assert list((tmp_path / "feeds").iterdir()) == []


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir(mode=0o755)

    with pytest.raises(DeskUnusable):
        FeedHistory(tmp_path, clock=Clock())
