"""Who signs in takes no place of those who are signed in: so many come in at once, and the next is told to try again.

Signing in waits for the index, which hashes a password for each try. Without a limit of its own somebody who tries
again and again, with whatever names, would take all the places that the door has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["MOST_COMING_IN", "ComingIn"]

MOST_COMING_IN: Final = 32
"""At once. A large council's morning is a few a second, each for less than one; the door has 256 places."""


@final
class ComingIn:
    """The places of those who enrol, sign in and change a password."""

    def __init__(self, most: int = MOST_COMING_IN) -> None:
        self._free = most

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of them, for as long as this lasts.

        Raises:
            Problem: OVERLOADED.
        """
        if self._free == 0:
            raise Problem(ProblemCode.OVERLOADED)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
