"""The chain of the record: what makes a leaf that is changed, left out or moved show (protocol.md C7).

chain_n = H(chain_(n-1), leaf_n), and chain_0 is 32 zero bytes. The index writes it and an auditor follows it, each by
this. Whoever knows the last link knows, by it, everything before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from signpost.protocol.keys import digest
from signpost.protocol.labels import Label

__all__ = ["CHAIN_START", "chain", "follows"]

CHAIN_START: Final = bytes(32)


def chain(previous: bytes, leaf: bytes) -> bytes:
    """The link that a leaf adds: 32 bytes."""
    return digest(Label.AUDIT_LEAF, previous, leaf)


def follows(links: Iterable[tuple[bytes, bytes]], *, after: bytes = CHAIN_START) -> bool:
    """Whether each (leaf, link) follows from the one before it, and the first from `after`: the start of the record."""
    previous = after
    for leaf, link in links:
        if chain(previous, leaf) != link:
            return False
        previous = link
    return True
