"""What the browser stands before: a whole Signpost on the loopback, with two councils' gateways and people at them.

One for the whole suite: making it takes longer than any walk through it. Walks therefore share it: each takes children
and people of its own, and whoever kills a service brings it back. Its services' clocks can be put forward, never back:
what is typed at a terminal keeps this machine's time, so the walks that do so are the suite's last.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

import httpx2

from signpost_cli.demo.families import (
    HANDLES,
    POPULATION,
    Work,
    caseload,
    csv_row,
    generate_csv,
    person,
    write_handles,
)
from signpost_cli.demo.families import Person as Child
from signpost_cli.demo.gateways import PretendGateway
from signpost_cli.demo.people import Person
from signpost_cli.demo.world import APART, Organisation, World
from tests.browser.service_ahead import seconds_ahead
from tests.support.quick_world import QuickWorld

__all__ = ["PEOPLE", "PIN", "RARE", "Place", "WorldAhead", "open_place"]

PIN: Final = "314159"
_SEED: Final = 7
_CHILDREN: Final = 120
_NORTH: Final = Organisation("north-council", "council", "feed-01", "feed")
_SOUTH: Final = Organisation("south-council", "council", "feed-01", "feed")
_DESK: Final = Organisation("shielding-desk", "shielding-desk", "desk-1", "shielding-officer")
_EAST: Final = Organisation("east-council", "council", "feed-01", "feed")
_PATIENT: Final = "idle_minutes = 60\nlock_seconds = 900\n"
"""A walk may come back to somebody's window long after another one was there."""
_SETTINGS: Final = {
    "north-council": f'{_PATIENT}program_desk = "../north-council/desk"\n',
    "south-council": f'{_PATIENT}program_desk = "../south-council/desk"\n',
    "east-council": "idle_minutes = 60\nlock_seconds = 5\n",
}
_AGE_SECONDS: Final = 60
"""Of a key holder's list of what is taken back: far less than it may be, and than a clock is put forward by."""
_PATIENCE_SECONDS: Final = 20.0
_SETTLED_SECONDS: Final = 2.0
"""Ten ticks of the settling worker, which makes what was registered visible."""

PEOPLE: Final = {
    # those of the demo, whose names stand in the tutorial
    "north-council": (
        ("social-worker-1", "practitioner"), ("night-duty-1", "urgent"), ("shielding-1", "shielding-officer"),
        ("rights-officer-1", "rights-officer"),
        # further officers
        ("rights-officer-2", "rights-officer"), ("administrator-1", "administrator"), ("data-1", "data-officer"),
        # who signs in and out, changes a password, has only a keyboard; with scripts and without
        ("leaver-1", "practitioner"), ("leaver-2", "practitioner"), ("renewer-1", "practitioner"),
        ("renewer-2", "practitioner"), ("keys-1", "practitioner"), ("keys-2", "practitioner"),
    ),
    "south-council": (("social-worker-2", "practitioner"), ("shielding-2", "shielding-officer")),
    "shielding-desk": (("desk-2", "shielding-officer"),),
    # somebody who leaves their screen: this gateway locks after a few seconds
    "east-council": (("away-1", "practitioner"),),
}  # fmt: skip
"""Each gateway's accounts, with their roles."""


_PROGRAMS: Final = {
    "index": ("signpost.index",),
    "worker": ("signpost.index", "work"),
    "holder": ("signpost_keys",),
    "gateway": ("signpost.edge.gateway",),
}
RARE: Final = Child(
    number=POPULATION, nhs_number="", upn="", forename="Philippa", middle_name="", surname="Thistlethwaite",
    date_of_birth=dt.date(2015, 5, 14), sex="F", postcode="S6 3TY", previous_postcode="",
)  # fmt: skip
"""Registered by the southern council without a number, under a name that few have."""


@final
class WorldAhead(QuickWorld):
    """A world whose services' clocks can be put forward."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._ahead = root / "ahead"
        self._ahead.write_text("0")
        # Nothing falls due before a walk has seen that it is late: it starts the worker itself.
        self.index_settings = APART

    def starting(self, what: str, settings: Path) -> list[str]:
        program = (sys.executable, "-m", "tests.browser.service_ahead", str(self._ahead), *_PROGRAMS[what])
        return [*program, "--settings", str(settings)]

    def now(self) -> float:
        """The services' time, in epoch seconds."""
        return time.time() + seconds_ahead(self._ahead)

    def put_forward(self, by: dt.timedelta) -> None:
        """It is so much later for every service, at once. Waits until the key holders answer again."""
        later = self._ahead.with_suffix(".new")
        later.write_text(str(seconds_ahead(self._ahead) + int(by.total_seconds())))
        later.replace(self._ahead)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while any(self._is_behind(name) for name in self.holder_names):
            assert time.monotonic() < deadline, "a key holder never heard of the new time"
            time.sleep(0.1)

    def _is_behind(self, holder: str) -> bool:
        status = httpx2.get(f"{self.url(holder)}/v1/status", timeout=_PATIENCE_SECONDS).json()
        return int(status["revocations_age_seconds"]) > _AGE_SECONDS


@dataclass(slots=True)
class Place:
    """The world, its gateways, who uses them, and the children whom the southern council has registered."""

    world: WorldAhead
    gateways: dict[str, PretendGateway]
    people: dict[str, Person]
    """By account: each name is used at one gateway alone."""
    current: list[Child]
    """Whom the southern council works with now, with an NHS number and a UPN. A walk takes its own from the end."""
    previous: list[Child]
    north_handles: Path
    """The northern council's handles file, by which its extracts are uploaded."""
    _unknown: int = field(default=POPULATION - 1)

    @property
    def today(self) -> dt.date:
        """The day of the council's file."""
        return _today()

    def url_of(self, account: str) -> str:
        """Where somebody signs in."""
        council = next(name for name, people in PEOPLE.items() if account in dict(people))
        return self.gateways[council].url

    def work_of(self, child: Child) -> Work:
        """What the southern council does with a child whom it works with now."""
        ((_, works),) = caseload(_SEED, 1, council="SOUTH", today=self.today, first=child.number)
        return next(work for work in works if work.ended_on is None)

    def unknown_child(self) -> Child:
        """Somebody whom nobody has registered, and whom no other walk asks about."""
        while True:
            self._unknown -= 1
            child = person(_SEED, self._unknown, today=_today())
            if child.nhs_number:
                return child


@contextlib.contextmanager
def open_place(root: Path) -> Iterator[Place]:
    """Everything, running; the southern council has registered its children, and everybody is enrolled."""
    with WorldAhead(root) as world:
        world.set_up_services()
        world.enrol_without_signing_in((_NORTH, _SOUTH, _DESK, _EAST))
        gateways = {name: PretendGateway(world, name) for name in PEOPLE}
        with ThreadPoolExecutor() as threads:
            registered = threads.submit(_register, world)
            enrolled = [
                threads.submit(_staffed, gateways[name], people, _SETTINGS.get(name, _PATIENT))
                for name, people in PEOPLE.items()
            ]
            people = {each.account: each for staff in enrolled for each in staff.result()}
            handles = threads.submit(_northern_handles, world)
            current, previous = registered.result()
        for each in people.values():
            each.telephone = world.now
        time.sleep(_SETTLED_SECONDS)
        yield Place(world, gateways, people, current, previous, handles.result())


def _staffed(gateway: PretendGateway, people: Sequence[tuple[str, str]], settings: str) -> list[Person]:
    """The gateway, running, and everybody enrolled at it."""
    gateway.set_up(sorted({role for _, role in people}), settings=settings)
    return [gateway.enrol(account, role) for account, role in people]


def _register(world: World) -> tuple[list[Child], list[Child]]:
    """Those with current work at the southern council, and those with work that has ended."""
    folder = world.root / _SOUTH.name
    rare = Work(
        involvement_id="",
        local_id="SOUTH-R",
        team="Front Door",
        started_on=_today() - dt.timedelta(days=90),
        ended_on=None,
    )
    generate_csv(folder / "caseload.csv", _SEED, _CHILDREN, today=_today(), extra=[csv_row(RARE, rare)])
    night = world.add_handle(_SOUTH.name, "Emergency duty team")
    handle = world.add_handle(_SOUTH.name, "Duty social worker", out_of_hours=night)
    write_handles(folder / "handles.csv", dict.fromkeys(HANDLES.values(), handle))
    world.must(_SOUTH.name, "register", "caseload.csv", "--format", "csv", "--handles", "handles.csv")
    found: tuple[list[Child], list[Child]] = ([], [])
    for child, works in caseload(_SEED, _CHILDREN, council="SOUTH", today=_today()):
        if child.nhs_number and child.upn:
            found[all(work.ended_on for work in works)].append(child)
    return found


def _northern_handles(world: World) -> Path:
    """Of a council that has registered nobody yet."""
    file = world.root / _NORTH.name / "handles.csv"
    handle = world.add_handle(_NORTH.name, "Front door")
    write_handles(file, dict.fromkeys(HANDLES.values(), handle))
    return file


def _today() -> dt.date:
    return dt.date.today()  # noqa: DTZ011 - the feed's own day
