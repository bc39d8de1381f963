"""Short names that can be said on the telephone: eight Crockford characters in two groups, `L7Q2-94KD`.

Forty random bits. A name opens nothing by itself: a receipt belongs to the account it was given to, a handle to its
organisation. The alphabet has no I, L, O or U to mishear or misread.
"""

from __future__ import annotations

from typing import Final

from signpost.service.clock import Randomness

__all__ = ["speakable"]

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def speakable(randomness: Randomness) -> str:
    """A fresh name."""
    drawn = int.from_bytes(randomness(5), "big")
    characters = [_ALPHABET[drawn >> shift & 31] for shift in range(0, 40, 5)]
    return "".join(characters[:4]) + "-" + "".join(characters[4:])
