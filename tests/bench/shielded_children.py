"""Children who are shielded and children who are absent, in a running index, and who asks about them.

Each shielded child was registered and then hidden, over the real endpoints; an absent one never was anywhere. A child's
tags are made once: what is timed does not wait for arithmetic.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from signpost.index.storage.seals import MOST_A_DAY
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.messages import LookupRequest, TaggedPoint
from signpost.protocol.purposes import DeepReason, Kind, Role, Urgency
from tests.bench.lone_index import LoneIndex
from tests.bench.plain_http import Line, request
from tests.support.shielding import shield_request
from tests.support.world import Child, Device, World, body_of, device_purpose, whole_child

__all__ = ["Children", "questioned"]

_COUNCIL, _OTHER_COUNCIL, _HOSPITAL = "north-council", "south-council", "aldate-hospital"


@dataclass
class Children:
    """Threes of two absent children and a shielded one."""

    world: World
    index: LoneIndex
    threes: list[tuple[Child, Child, Child]] = field(default_factory=list)
    first: Child = field(default_factory=lambda: whole_child("asked about first, and not timed"))
    _tags: dict[tuple[Use, str], list[TaggedPoint]] = field(default_factory=dict)

    @classmethod
    def around(cls, index: LoneIndex) -> Children:
        """Nobody yet."""
        return cls(World(credential_key=index.keys.credential_key(), holders=index.holders, url=index.url), index)

    @property
    def port(self) -> int:
        """Where the index listens."""
        return self.index.settings.port

    def admit_and_shield(self, count: int) -> None:
        """So many threes; the last of each is registered by one council and hidden by officers of others."""
        index, world = self.index, self.world
        self.on_time()
        others = [f"{_OTHER_COUNCIL}-{number}" for number in range(-(-count // MOST_A_DAY))]
        councils = [(name, Kind.COUNCIL) for name in (_COUNCIL, *others)]
        for name, kind in (*councils, (_HOSPITAL, Kind.HOSPITAL)):
            key = world.organisation_key(name).verify_key.text
            index.tell("/organisations", organisation=name, kind=kind.value, signing_key=key)
        handle = index.tell("/handles", organisation=_COUNCIL, title="Duty desk", telephone="01632 960001")["handle"]
        feed = world.device(_COUNCIL, Role.FEED)
        officers = [world.device(name, Role.SHIELDING_OFFICER) for name in others]
        with Line.to(self.port) as line:
            for number in range(count):
                child, officer = whole_child(f"shielded {number}"), officers[number // MOST_A_DAY]
                registration = world.registration(child, handle, reference=str(number))
                self._told(line, feed, "/v1/registrations", world.registering(feed, [registration]), 202)
                self._told(line, officer, "/v1/shields", shield_request(world, officer, child), 201)
                self.threes.append((whole_child(f"absent {number}"), whole_child(f"also absent {number}"), child))
        time.sleep(2)  # until the worker has turned

    def triple(self, number: int) -> Sequence[Child]:
        """Two absent children and a shielded one."""
        return self.threes[number % len(self.threes)]

    def asker(self) -> Device:
        """A new account of the hospital."""
        self.on_time()
        return self.world.device(_HOSPITAL, Role.URGENT, Kind.HOSPITAL)

    def on_time(self) -> None:
        """The world's clock is the index's."""
        self.world.clock.at = int(time.time())

    def lookup(self, asker: Device, child: Child, *, deep: DeepReason | None = None) -> LookupRequest:
        """A lookup, paid for anew."""
        use = Use.LOOKUP if deep is None else Use.DEEP
        known = (use, str(child.identity))
        if known not in self._tags:
            self._tags[known] = self.world.tags(use, child)
        return LookupRequest(
            epoch=self.world.manifest.epoch,
            purpose=device_purpose(asker),
            urgency=Urgency.NOW,
            deep=deep,
            tags=self._tags[known],
            receipts=self.world.receipts(asker, use, POINTS[use]),
        )

    def _told(self, line: Line, device: Device, path: str, message: BaseModel, status: int) -> None:
        line.send(questioned(self, device, path, message))
        reply = line.receive()
        if reply.status != status:
            raise RuntimeError(f"{path} answered {reply.status}: {reply.body.decode()}")


def questioned(children: Children, device: Device, path: str, message: BaseModel) -> bytes:
    """A signed request, ready to be sent."""
    children.on_time()
    body = body_of(message)
    return request(path, children.world.signed_headers(device, path, body), body)
