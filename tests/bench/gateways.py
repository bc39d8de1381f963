"""What a lookup at an organisation's gateway costs, and how ten gateways fare on one index.

Alone: by turns, a lookup by the edge in this process, as on a device of one's own, the same by a gateway's web API, and
the same by its pages, from the form that stands there to the answer. What the gateway uses is held against what the
edge does: the rest is the price of having no device, and of a page.

Beside an upload: by the API, at a gateway that takes a large extract in meanwhile (`beside_uploads`).

What is left: Python frees a text without wiping it (`freed_memory`).

Ten: as many gateways, each of an organisation of its own, each with one person who asks again as soon as they are
answered. With holders, index and everybody on one machine there is one machine's work to share: what is looked at is
whether a lookup comes to cost the index more when others ask too.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import secrets
import string
import time
from collections.abc import Iterator, Sequence

import httpx2

from signpost.edge.client import Client
from signpost.protocol.purposes import Urgency
from signpost_cli.demo.families import Person
from tests.bench.beside_uploads import beside, gateway_for_uploads
from tests.bench.freed_memory import copies_in
from tests.bench.gateway_pages import Visitor, Weight
from tests.bench.gateway_process import BY_PAGES, GatewayProcess, gateway
from tests.bench.house import House
from tests.bench.lookups import details, open_client, people
from tests.bench.report import Comparison, Table, percentile
from tests.bench.sampling import Meter, Spread, cpu_seconds, in_turns, on_one_core
from tests.support.people import PASSWORD

__all__ = ["measure"]

_CHILDREN = 40
_LOOKUPS = "/api/v1/lookups"
_BORN = dt.date(2015, 4, 3)
_SOON = 10


def measure(house: House, *, rounds: int, gateways: int, upload_rows: int) -> list[Table]:
    """The tables: of one gateway, beside an upload of so many rows, of what is left in its memory, and of so many."""
    asked = people(_CHILDREN)
    with contextlib.ExitStack() as opened:
        first = opened.enter_context(gateway(house, "gateway-1"))
        alone = opened.enter_context(_signed_in(first, asked))
        by_pages = _ByPages(first, opened.enter_context(httpx2.Client(base_url=first.url, timeout=30)), asked)
        table = _alone(house, alone, by_pages, asked, rounds)
        left = _left(first, [("by the API", alone), ("by the pages", by_pages)], rounds)
        others = [
            opened.enter_context(_signed_in(opened.enter_context(gateway(house, f"gateway-{number}")), asked))
            for number in range(2, gateways + 1)
        ]
        return [
            table,
            _beside_an_upload(house, asked, rounds, upload_rows),
            left,
            _together(house, [alone, *others], rounds),
        ]


class _AtGateway:
    """Somebody signed in at a gateway, by its web API."""

    def __init__(self, at: GatewayProcess, client: httpx2.Client, asked: Sequence[Person]) -> None:
        self.meter = Meter([at.process])
        self._client = client
        self._token = at.signed_in()
        self._bodies = itertools.cycle([_body(child) for child in asked])
        self.waited: list[float] = []

    def ask(self) -> dict[str, float]:
        """One lookup: processor seconds of the gateway, and how long its answer took."""
        body, headers = next(self._bodies), {"authorization": f"Bearer {self._token}"}
        self.meter.read()
        began = time.perf_counter()
        self._client.post(_LOOKUPS, json=body, headers=headers).raise_for_status()
        self.waited.append(time.perf_counter() - began)
        (used,) = self.meter.read()
        return {"gateway": used}

    def ask_by_name(self, forename: str, surname: str) -> None:
        """One lookup of somebody of that name."""
        child = {"forename": forename, "surname": surname, "date_of_birth": _BORN.isoformat()}
        body, headers = {"child": child, "urgency": Urgency.NOW.value}, {"authorization": f"Bearer {self._token}"}
        self._client.post(_LOOKUPS, json=body, headers=headers).raise_for_status()


@contextlib.contextmanager
def _signed_in(at: GatewayProcess, asked: Sequence[Person]) -> Iterator[_AtGateway]:
    with httpx2.Client(base_url=at.url, timeout=30) as client:
        yield _AtGateway(at, client, asked)


class _Edge:
    """The edge in this process."""

    def __init__(self, runner: asyncio.Runner, client: Client, asked: Sequence[Person]) -> None:
        self._runner = runner
        self._client = client
        self._children = itertools.cycle([details(child) for child in asked])
        self.waited: list[float] = []

    def ask(self) -> dict[str, float]:
        """One lookup: processor seconds of the edge."""
        began = time.perf_counter()
        used = cpu_seconds(lambda: self._runner.run(self._ask()))
        self.waited.append(time.perf_counter() - began)
        return {"edge": used}

    async def _ask(self) -> None:
        await self._client.lookup(next(self._children), urgency=Urgency.NOW)


class _ByPages:
    """Somebody signed in at its pages."""

    def __init__(self, at: GatewayProcess, client: httpx2.Client, asked: Sequence[Person]) -> None:
        self.meter = Meter([at.process])
        self._visitor = Visitor(client)
        self._children = itertools.cycle(asked)
        self._visitor.sign_in(BY_PAGES, PASSWORD, at.code())
        self.waited: list[float] = []

    def ask(self) -> dict[str, float]:
        """One lookup: processor seconds of the gateway, and how long its answer took from the form that stood there."""
        child, page = next(self._children), self._visitor.open("/check")
        given = {"nhs_number": child.nhs_number, **_typed(child.date_of_birth)}
        self.meter.read()
        began = time.perf_counter()
        self._visitor.send(page, "/check", given)
        self.waited.append(time.perf_counter() - began)
        (used,) = self.meter.read()
        return {"pages": used}

    def ask_by_name(self, forename: str, surname: str) -> None:
        """One lookup of somebody of that name."""
        given = {"forename": forename, "surname": surname, **_typed(_BORN)}
        self._visitor.send(self._visitor.open("/check/name"), "/check/name", given)

    def weight(self) -> Weight:
        """Of the page on which a child is checked."""
        return self._visitor.weight("/check")


def _alone(house: House, at_gateway: _AtGateway, by_pages: _ByPages, asked: Sequence[Person], rounds: int) -> Table:
    with asyncio.Runner() as runner:
        client = runner.run(open_client(house.add_hospital("gateway-hospital")))
        edge = _Edge(runner, client, asked)
        sides = [edge.ask, at_gateway.ask, by_pages.ask]
        in_turns(sides, rounds=2)
        with on_one_core([*at_gateway.meter.processes, *house.holder_processes, house.index_process]):
            found = in_turns(sides, rounds=rounds)
        for each in (edge, at_gateway, by_pages):
            each.waited.clear()
        in_turns(sides, rounds=max(2, rounds // 4))
        weight = by_pages.weight()
        runner.run(client.__aexit__(None, None, None))
    waited = Spread(tuple(edge.waited))
    return Table.of(
        "A lookup at a gateway, against one by the edge on a device of one's own",
        [
            Comparison("gateway, by its API (processor time)", found["gateway"], found["edge"]),
            Comparison("gateway, by its pages (processor time)", found["pages"], found["edge"]),
            Comparison("answered by the API after (waiting time)", Spread(tuple(at_gateway.waited)), waited),
            Comparison("answered by a page after (waiting time)", Spread(tuple(by_pages.waited)), waited),
        ],
        against="device",
        notes=[
            f"The page on which a child is checked is {weight.page / 1024:.0f} KiB; style sheet, scripts and pictures,",
            f"which a browser keeps for an hour, are {weight.files / 1024:.0f} KiB.",
        ],
    )


def _beside_an_upload(house: House, asked: Sequence[Person], rounds: int, upload_rows: int) -> Table:
    with gateway_for_uploads(house, upload_rows) as (at, uploader), _signed_in(at, asked) as asker:

        def ask() -> float:
            asker.ask()
            return asker.waited[-1]

        ask()
        return beside(uploader, ask, rounds=rounds)


def _left(at: GatewayProcess, roads: Sequence[tuple[str, _AtGateway | _ByPages]], rounds: int) -> Table:
    """A name that nobody has, asked for once by each road, and how many copies of it are found as others ask on."""
    later, rows = max(_SOON, rounds), []
    for what, road in roads:
        texts = [_made_up(), _made_up()]
        road.ask_by_name(*texts)
        counts = [copies_in(at.process, texts)]
        for more in (_SOON, later - _SOON):
            for _ in range(more):
                road.ask()
            counts.append(copies_in(at.process, texts))
        rows.append((what, *("not readable" if count is None else str(count) for count in counts)))
    return Table(
        "A child's forename and surname in the gateway's memory after the answer, where no object has them any more",
        ("", "copies at once", f"after {_SOON} more lookups", f"after {later}"),
        rows,
    )


def _made_up() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


def _together(house: House, everybody: Sequence[_AtGateway], rounds: int) -> Table:
    """Each alone in turn, and then all at once."""
    each = max(2, rounds // 4)
    index = Meter([house.index_process])
    rows = []
    for what, these in (("one gateway", everybody[:1]), (f"{len(everybody)} at once", everybody)):
        for one in these:
            one.waited.clear()
        index.read()
        began = time.perf_counter()
        asyncio.run(_all(these, each))
        seconds = time.perf_counter() - began
        lookups, (used,) = each * len(these), index.read()
        waited = [wait for one in these for wait in one.waited]
        rows.append(
            (
                what,
                f"{lookups / seconds:.0f}",
                f"{percentile(waited, 50) * 1e3:.0f}",
                f"{percentile(waited, 99) * 1e3:.0f}",
                f"{used / lookups * 1e3:.2f}",
            )
        )
    return Table(
        "Gateways on one index, each with one person who asks on and on, all on this machine",
        ("", "lookups a second", "waited, ms (median)", "p99, ms", "index, ms of processor time a lookup"),
        rows,
    )


async def _all(these: Sequence[_AtGateway], each: int) -> None:
    def asks(one: _AtGateway) -> None:
        for _ in range(each):
            one.ask()

    await asyncio.gather(*(asyncio.to_thread(asks, one) for one in these))


def _typed(day: dt.date) -> dict[str, str]:
    """A date of birth as a page asks for it."""
    return {
        "date_of_birth-day": str(day.day), "date_of_birth-month": str(day.month), "date_of_birth-year": str(day.year),
    }  # fmt: skip


def _body(child: Person) -> dict[str, object]:
    given = {"nhs_number": child.nhs_number, "upn": child.upn, "date_of_birth": child.date_of_birth.isoformat()}
    return {"child": given, "urgency": Urgency.NOW.value}
