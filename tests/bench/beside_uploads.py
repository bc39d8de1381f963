"""How long whoever looks a child up at a gateway waits, while the same gateway has a large extract uploaded.

In turns: lookups with nothing beside them, lookups while a dry run reads and compares so many rows, and lookups while
the same rows are sent, which is then cancelled. Everybody is on one machine: while rows are sent, key holders and index
work for them as well, on the same cores.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx2

from signpost.protocol.credentials import AccountId
from signpost.protocol.purposes import Role
from signpost_cli.demo.families import HANDLES, write_handles
from tests.bench.families_csv import write_rows
from tests.bench.gateway_process import BY_API, GatewayProcess, made_gateway
from tests.bench.house import House
from tests.bench.report import Table, percentile

__all__ = ["Uploader", "beside", "gateway_for_uploads"]

_NAME: Final = "gateway-uploads"
_OFFICER: Final = AccountId("data-1")
_FEEDS: Final = "/api/v1/feeds"
_TURNS: Final = 2
_SECONDS: Final = 300


@dataclass(frozen=True)
class Uploader:
    """A data officer signed in at a gateway, with an extract of so many rows."""

    client: httpx2.Client
    token: str
    rows: int
    files: dict[str, Path] = field(repr=False)

    def upload(self, *, dry_run: bool) -> str:
        """The extract is taken; the name of its run."""
        with contextlib.ExitStack() as opened:
            files = {into: opened.enter_context(path.open("rb")) for into, path in self.files.items()}
            asked = {"format": "csv", "dry_run": "yes" if dry_run else "no"}
            answer = self.client.post(_FEEDS, data=asked, files=files, headers=self._headers()).raise_for_status()
        return str(answer.json()["feed"])

    def state(self, run: str) -> str:
        """How far a run is."""
        answer = self.client.get(f"{_FEEDS}/{run}", headers=self._headers()).raise_for_status()
        return str(answer.json()["state"])

    def cancel(self, run: str) -> None:
        """It ends, and is over when this returns."""
        self.client.delete(f"{_FEEDS}/{run}", headers=self._headers()).raise_for_status()
        while self.state(run) == "registering":
            time.sleep(0.05)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@contextlib.contextmanager
def gateway_for_uploads(house: House, rows: int) -> Iterator[tuple[GatewayProcess, Uploader]]:
    """The gateway of a council that looks up and uploads."""
    made = made_gateway(house, _NAME, frozenset({Role.URGENT, Role.DATA_OFFICER}))
    made.add_feed_desk()
    handle = house.index.tell("/handles", organisation=_NAME, title="Duty desk", telephone="0113 496 0001")["handle"]
    handles, extract = house.root / f"{_NAME}-handles.csv", house.root / f"{_NAME}-extract.csv"
    write_handles(handles, dict.fromkeys(HANDLES.values(), handle))
    write_rows(extract, rows, council="UPLOADS", today=datetime.now(tz=ZoneInfo("Europe/London")).date())
    with made.serving() as at, httpx2.Client(base_url=at.url, timeout=_SECONDS) as client:
        made.enrol({BY_API: Role.URGENT, _OFFICER: Role.DATA_OFFICER}, at=at)
        yield at, Uploader(client, at.signed_in(_OFFICER), rows, {"extract": extract, "handles": handles})


def beside(uploader: Uploader, ask: Callable[[], float], *, rounds: int) -> Table:
    """`ask`: one lookup, and how long it took in seconds."""
    alone, reading, sending = list[float](), list[float](), list[float]()
    each = max(2, rounds // _TURNS)
    for _ in range(_TURNS):
        alone += [ask() for _ in range(each)]
        run = uploader.upload(dry_run=True)
        while uploader.state(run) in ("reading", "comparing"):
            reading.append(ask())
        alone += [ask() for _ in range(each)]
        run = uploader.upload(dry_run=False)
        while uploader.state(run) in ("reading", "comparing"):
            time.sleep(0.05)
        for _ in range(each):
            if uploader.state(run) != "registering":
                break
            sending.append(ask())
        else:
            uploader.cancel(run)
    rows = [("nothing", alone), (f"a dry run of {uploader.rows:,} rows", reading), ("the same rows, sent", sending)]
    return Table(
        "A lookup at a gateway by its API, beside an upload at the same gateway",
        ("beside", "lookups", "waited, ms (median)", "p95, ms", "median, against nothing", "p95, against nothing"),
        [_cells(what, waited, alone) for what, waited in rows],
    )


def _cells(what: str, waited: Sequence[float], alone: Sequence[float]) -> tuple[str, ...]:
    if not waited:
        return (what, "0", "", "", "", "")
    figures = [(percentile(waited, at), percentile(alone, at)) for at in (50, 95)]
    return (
        what,
        str(len(waited)),
        *(f"{these * 1e3:.1f}" for these, _ in figures),
        *("" if waited is alone else f"{these / others:.2f}" for these, others in figures),
    )
