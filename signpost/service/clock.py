"""Time and chance, handed in.

Everything that decides takes `now` and `randomness` as arguments; only this module asks the operating system for them,
so that a test can hold both still.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "Randomness", "SystemClock", "system_randomness"]

Randomness = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""


class Clock(Protocol):
    """What the time is."""

    def now(self) -> int:
        """Whole seconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> int:
        """Whole seconds since 1970-01-01T00:00:00Z."""
        return int(time.time())


def system_randomness(length: int) -> bytes:
    """`length` bytes from the operating system's generator."""
    return os.urandom(length)
