"""Applications that are made once, and lent to one service after another in the same process.

Making one is what takes longest when a service is opened in a test, and comes out the same each time: its endpoints,
with their models and refusals. What it is made for is a stand-in, which hands on to the service that the application
is lent to, and to nobody while it is made: an application that kept something of a service could not be made here. Its
door, which counts who is inside, is made anew for each.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI

__all__ = ["lent"]


class _StandIn:
    """Whoever it hands on to."""

    __slots__ = ("_whom",)

    def __init__(self) -> None:
        self._whom: object | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whom, name)


_idle: Final[defaultdict[object, list[tuple[FastAPI, list[_StandIn]]]]] = defaultdict(list)


@contextlib.contextmanager
def lent(make: Callable[..., FastAPI], *whom: object, **settings: str) -> Iterator[FastAPI]:
    """What `make(*whom, **settings)` makes, for as long as this lasts."""
    idle = _idle[make, *settings.items()]
    app, stand_ins = idle.pop() if idle else _made(make, len(whom), settings)
    for stand_in, one in zip(stand_ins, whom, strict=True):
        stand_in._whom = one
    try:
        yield app
    finally:
        for stand_in in stand_ins:
            stand_in._whom = None
        app.middleware_stack = None
        idle.append((app, stand_ins))


def _made(make: Callable[..., FastAPI], count: int, settings: dict[str, str]) -> tuple[FastAPI, list[_StandIn]]:
    stand_ins = [_StandIn() for _ in range(count)]
    return make(*stand_ins, **settings), stand_ins
