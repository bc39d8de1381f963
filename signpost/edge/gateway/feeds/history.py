"""The history of feeds, on the gateway's disk: for each run its numbers, and the list of what was wrong with its rows.

    feeds/NAME.json   a `FeedShown`
    feeds/NAME.csv    row, field, code, meaning: as `signpost register --errors` writes it

* 0600 in a folder of 0700. No value of a row is in either, and no name of a file.
* A run is kept for `DAYS` days, and no more than `MOST` of them: whichever is less.
* A run is written down when it begins, and before it sends: what is found unended at the next start was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from pydantic import ValidationError

from signpost.edge.atomic_file import replace_file
from signpost.edge.failures import DeskUnusable
from signpost.edge.gateway.feeds.shown import UNDER_WAY, FeedShown, FeedState
from signpost.service.clock import Clock
from signpost.service.files import private_folder
from signpost.service.refusals import StartRefused

__all__ = ["DAYS", "MOST", "FeedHistory"]

DAYS: Final = 35
"""A month and some days: last month's run can be compared with this month's."""
MOST: Final = 100
_FOLDER: Final = "feeds"
_DAY_SECONDS: Final = 86_400
_AGAIN: Final = "Upload the same files again: that does what is left."


@final
class FeedHistory:
    """Of one gateway. Belongs to one process."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        """`folder`: the gateway's.

        Raises:
            DeskUnusable: it is open to others, or cannot be written.
        """
        try:
            self._folder = private_folder(folder / _FOLDER)
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        self._clock = clock
        try:
            self._runs = {run.feed: run for run in self._read()}
            self._mark_interrupted()
            self._clear()
        except OSError:
            raise DeskUnusable("The gateway's history of feeds cannot be written.") from None

    def keep(self, run: FeedShown) -> None:
        """Write a run down, in the place of what was written of it before. Raises OSError."""
        self._runs[run.feed] = run
        replace_file(self._folder / f"{run.feed}.json", run.model_dump_json().encode())

    def keep_errors(self, name: str, listed: bytes) -> None:
        """Write down what was wrong with the rows of a run. Raises OSError."""
        replace_file(self._folder / f"{name}.csv", listed)

    def runs(self) -> list[FeedShown]:
        """What is not too old, the newest first."""
        since = self._clock.now() - DAYS * _DAY_SECONDS
        runs = [run for run in reversed(self._runs.values()) if run.began_at > since]
        return sorted(runs, key=lambda run: run.began_at, reverse=True)[:MOST]

    def errors(self, name: str) -> bytes | None:
        """The list of a run's errors; null where there is none."""
        if all(run.feed != name for run in self.runs()):
            return None
        try:
            return (self._folder / f"{name}.csv").read_bytes()
        except OSError:
            return None

    def forget_old(self) -> None:
        """Take away what is too old. Raises OSError."""
        kept = {run.feed for run in self.runs()}
        if self._runs.keys() != kept:
            self._runs = {name: run for name, run in self._runs.items() if name in kept}
            self._clear()

    def _clear(self) -> None:
        """Take away every file but those of the runs that are kept, whatever it is: the folder is ours alone."""
        kept = {run.feed for run in self.runs()}
        for path in self._folder.iterdir():
            if path.stem not in kept or path.suffix not in (".json", ".csv"):
                path.unlink(missing_ok=True)

    def _mark_interrupted(self) -> None:
        for run in list(self._runs.values()):
            if run.state in UNDER_WAY:
                told = {"state": FeedState.INTERRUPTED, "why": "The gateway ended meanwhile.", "hint": _AGAIN}
                self.keep(run.model_copy(update={**told, "ended_at": self._clock.now()}))

    def _read(self) -> Iterator[FeedShown]:
        for path in self._folder.glob("*.json"):
            try:
                run = FeedShown.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue
            if run.feed == path.stem:
                yield run
