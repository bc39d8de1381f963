"""Where a list goes on, as whoever reads it is told: a random word, that says nothing and is good for ten minutes.

What it stands for is the index's own place in its list, a keyed hash that names an involvement. A cursor stands in an
address, and so in somebody's log; that name does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from signpost.protocol.encoding import to_base64url
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Randomness

__all__ = ["CURSOR", "Cursors"]

CURSOR: Final = r"^[A-Za-z0-9_-]{22}$"
_BYTES: Final = 16
_SECONDS: Final = 600.0
_MOST: Final = 1_000
"""At once: the oldest is forgotten for a new one."""


@final
class Cursors:
    """Of one reader. In memory alone: restart the gateway, and a list is read from its beginning."""

    def __init__(self, *, elapsed: Callable[[], float], randomness: Randomness) -> None:
        """`elapsed`: seconds of a clock that neither goes back nor stands still."""
        self._elapsed = elapsed
        self._randomness = randomness
        self._known: dict[str, tuple[bytes, float]] = {}

    def made(self, place: bytes) -> str:
        """A cursor that goes on after this place."""
        since = self._elapsed() - _SECONDS
        self._known = {cursor: each for cursor, each in self._known.items() if each[1] > since}
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        cursor = to_base64url(self._randomness(_BYTES))
        self._known[cursor] = (place, self._elapsed())
        return cursor

    def place(self, cursor: str) -> bytes:
        """What it goes on after. It may be used again: an answer that was lost is asked for again.

        Raises:
            Problem: MALFORMED: there is none such, or it is older than ten minutes.
        """
        known = self._known.get(cursor)
        if known is None or known[1] <= self._elapsed() - _SECONDS:
            raise Problem(ProblemCode.MALFORMED, pointers=("/cursor",))
        return known[0]
