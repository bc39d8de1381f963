"""What a whole lookup costs each party, against the same question put to the plain service.

The edge is in this process; the three holders, the index and the plain service (`plain_service.py`) have their own; all
speak on loopback. A round asks Signpost about one child, then the plain service, then does the group arithmetic of
such a lookup alone (`stages.py`). From what each party used, that is taken away; the rest (HTTP, signatures,
receipts, JSON, SQLite) is held against what the plain service and its client used for one question.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.signed_sender import SignedSender
from signpost.edge.transport import Transport
from signpost.protocol.keys import SigningKey
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.demo.families import Person, person
from tests.bench import plain_service
from tests.bench.enrolment import Enrolled, enrol
from tests.bench.families_csv import SEED
from tests.bench.house import House
from tests.bench.plain_service import PlainAnswer, PlainLookup, salted_hash
from tests.bench.processes import free_port, running
from tests.bench.report import Comparison, Table, milliseconds, percentile
from tests.bench.sampling import Meter, Spread, cpu_seconds, in_turns, on_one_core
from tests.bench.stages import THRESHOLD, Stage, stages
from tests.support.askers import new_key

__all__ = ["AIM", "details", "measure", "open_client", "people"]

AIM = 4.0
"""The most that everything but group arithmetic should cost, as a multiple of the plain service's."""


_CHILDREN = 40


def measure(house: House, folder: Path, *, rounds: int) -> Table:
    """A lookup a round of Signpost and of the plain service, in turns; then some more, on all cores, to time them."""
    children = [details(child) for child in people(_CHILDREN)]
    credential_key = new_key()
    asker = enrol("aldate-hospital", Kind.HOSPITAL, Role.URGENT, credential_key=credential_key)
    with asyncio.Runner() as runner, _plain(folder, asker, credential_key, children) as (url, process):
        signpost = _Signpost(runner, house, children)
        plain = _Plain(runner, url, process, asker, children)
        in_turns([signpost.ask, plain.ask], rounds=2)
        with on_one_core([*signpost.meter.processes, process]):
            found = in_turns([signpost.ask, plain.ask, _arithmetic(stages())], rounds=rounds)
        signpost.waited.clear()
        plain.waited.clear()
        in_turns([signpost.ask, plain.ask], rounds=max(2, rounds // 4))
        signpost.close()
        plain.close()
    return _table(found, signpost.waited, plain.waited)


def _arithmetic(steps: Sequence[Stage]) -> Callable[[], dict[str, float]]:
    def measured() -> dict[str, float]:
        used = {"edge arithmetic": 0.0, "holder arithmetic": 0.0}
        for step in steps:
            used[f"{step.party} arithmetic"] += cpu_seconds(step.work)
        return used

    return measured


class _Signpost:
    """The edge, and what everybody it asks uses."""

    def __init__(self, runner: asyncio.Runner, house: House, children: Sequence[ChildDetails]) -> None:
        self._runner = runner
        self._children = itertools.cycle(children)
        self._client = runner.run(open_client(house.add_hospital()))
        self.meter = Meter([*house.holder_processes, house.index_process])
        self.waited: list[float] = []

    def ask(self) -> dict[str, float]:
        """One lookup: processor seconds of the edge, of the index, and of one holder."""
        child = next(self._children)
        began = time.perf_counter()
        edge = cpu_seconds(lambda: self._runner.run(self._ask(child)))
        self.waited.append(time.perf_counter() - began)
        *holders, index = self.meter.read()
        return {"edge": edge, "holder": sum(holders) / THRESHOLD, "index": index}

    def close(self) -> None:
        """Let go of the connections."""
        self._runner.run(self._client.__aexit__(None, None, None))

    async def _ask(self, child: ChildDetails) -> None:
        answer = await self._client.lookup(child, urgency=Urgency.NOW)
        if answer.faults:
            raise RuntimeError("a holder did not answer")


class _Plain:
    """The plain service's client, and what the service uses."""

    def __init__(
        self, runner: asyncio.Runner, url: str, process: int, asker: Enrolled, children: Sequence[ChildDetails]
    ) -> None:
        self._runner = runner
        self._url = url
        self._children = itertools.cycle(children)
        self._transport = runner.run(_transport())
        self._sender = SignedSender(self._transport, asker.identity, clock=SystemClock(), randomness=system_randomness)
        self._meter = Meter([process])
        self.waited: list[float] = []

    def ask(self) -> dict[str, float]:
        """One question: processor seconds of the client and of the service."""
        child = next(self._children)
        began = time.perf_counter()
        client = cpu_seconds(lambda: self._runner.run(self._ask(child)))
        self.waited.append(time.perf_counter() - began)
        (service,) = self._meter.read()
        return {"plain client": client, "plain service": service}

    def close(self) -> None:
        """Let go of the connection."""
        self._runner.run(self._transport.close())

    async def _ask(self, child: ChildDetails) -> None:
        body = PlainLookup(purpose=Purpose.VITAL_INTERESTS, hash=_hash(child)).model_dump_json().encode()
        reply = await self._sender.post(self._url, plain_service.PATH, body, seconds=30)
        PlainAnswer.model_validate_json(reply.body)


@contextlib.contextmanager
def _plain(
    folder: Path, asker: Enrolled, credential_key: SigningKey, children: Sequence[ChildDetails]
) -> Iterator[tuple[str, int]]:
    port = free_port()
    hashes = [os.urandom(32) for _ in range(10_000)] + [_hash(child) for child in children[::2]]
    url = plain_service.prepare(
        folder / "plain", port=port, asker=asker, credential_key=credential_key.verify_key, hashes=hashes
    )
    arguments = ["tests.bench.plain_service", str(folder / "plain")]
    with running(arguments, port=port, log=folder / "plain-log") as process:
        yield url, process


async def open_client(desk: Path) -> Client:
    """A desk's client, to be left by its `__aexit__`."""
    return await Client(Desk.load(desk)).__aenter__()


async def _transport() -> Transport:
    return Transport()


_SALT = os.urandom(16)


def _hash(child: ChildDetails) -> bytes:
    assert child.nhs_number is not None
    assert child.date_of_birth is not None
    return salted_hash(_SALT, child.nhs_number.reveal(), child.date_of_birth.isoformat())


def people(count: int) -> list[Person]:
    """So many made-up children with an NHS number."""
    today = datetime.now(tz=ZoneInfo("Europe/London")).date()
    people = (person(SEED, number, today=today) for number in itertools.count())
    return list(itertools.islice((child for child in people if child.nhs_number), count))


def details(child: Person) -> ChildDetails:
    """What is asked by: date of birth, NHS number, and UPN where there is one."""
    return ChildDetails(
        date_of_birth=child.date_of_birth,
        nhs_number=NHSNumber.parse(child.nhs_number),
        upns=(UPN.parse(child.upn),) if child.upn else (),
    )


def _table(found: Mapping[str, Spread], waited: Sequence[float], plain_waited: Sequence[float]) -> Table:
    holders = found["holder"].scaled(THRESHOLD)
    arithmetic = _sum(found["edge arithmetic"], found["holder arithmetic"].scaled(THRESHOLD))
    everybody = _sum(found["edge"], holders, found["index"])
    parts = [
        ("edge, the whole lookup", found["edge"], found["edge arithmetic"], found["plain client"]),
        ("each holder, the whole request", found["holder"], found["holder arithmetic"], found["plain service"]),
        ("index, the whole request", found["index"], None, found["plain service"]),
        ("everybody together", everybody, arithmetic, _sum(found["plain client"], found["plain service"])),
    ]
    rows = []
    for what, whole, part, plain in parts:
        rest = whole if part is None else _less(whole, part)
        compared = Comparison(what, rest, plain, AIM)
        rows.append(
            (
                what,
                milliseconds(whole),
                "" if part is None else milliseconds(part),
                milliseconds(rest),
                milliseconds(plain),
                compared.ratio_text,
                f"{AIM:g}",
                compared.verdict_text,
            )
        )
    return Table(
        "One lookup, processor time of each party, against a plain salted SHA-256 on the same stack",
        ("", "whole, ms", "arithmetic, ms", "the rest, ms", "plain, ms", "the rest / plain", "aim", ""),
        rows,
        [_latency("Signpost", waited), _latency("the plain service", plain_waited)],
    )


def _latency(whom: str, waited: Sequence[float]) -> str:
    """A sentence on waiting, with every party on this one machine."""
    median, worst = percentile(waited, 50) * 1e3, percentile(waited, 99) * 1e3
    return f"The asker waits for {whom}: median {median:.1f} ms, p99 {worst:.1f} ms."


def _sum(*spreads: Spread) -> Spread:
    return Spread(tuple(map(sum, zip(*(spread.values for spread in spreads), strict=True))))


def _less(whole: Spread, part: Spread) -> Spread:
    return Spread(tuple(one - other for one, other in zip(whole.values, part.values, strict=True)))
