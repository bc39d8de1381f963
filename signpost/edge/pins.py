"""The PIN of a session: what somebody who is signed in already shows again, before an act that cannot be taken back and
when they come back to a screen they left.

It is kept as a keyed digest, under a key drawn for it, in the memory that holds the session's own key as well: whoever
reads that has what the PIN guards. Ten wrong ones, and the session is over.
"""

from __future__ import annotations

from typing import Final, final

from signpost.protocol.keys import keyed_digest, same
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret
from signpost.service.clock import Randomness

__all__ = ["MOST_WRONG", "SHORTEST_PIN", "Pin", "pin_fits"]

SHORTEST_PIN: Final = 6
MOST_WRONG: Final = 10


def pin_fits(pin: str) -> bool:
    """Whether a PIN may be one: digits, and not one of them again and again."""
    return pin.isascii() and pin.isdigit() and len(pin) >= SHORTEST_PIN and len(set(pin)) > 1


@final
class Pin:
    """Of one session."""

    __slots__ = ("_digest", "_key", "_wrong")

    def __init__(self, chosen: str, *, randomness: Randomness) -> None:
        """`chosen` fits (`pin_fits`)."""
        self._key = Secret(randomness(32))
        self._digest = self._of(chosen)
        self._wrong = 0

    def right(self, typed: str) -> bool:
        """Whether it is this PIN. Another is counted, one that is right starts the count again."""
        if not self.spent and same(self._of(typed), self._digest):
            self._wrong = 0
            return True
        self._wrong += 1
        return False

    @property
    def spent(self) -> bool:
        """Whether so many were wrong that none is right any more."""
        return self._wrong >= MOST_WRONG

    @property
    def left(self) -> int:
        """Tries that are left."""
        return MOST_WRONG - self._wrong

    def _of(self, pin: str) -> bytes:
        return keyed_digest(self._key, Label.GATEWAY_PIN, pin)
