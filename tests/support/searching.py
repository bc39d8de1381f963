"""Looking for a secret in everything that was written and sent, in every form it could have there."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["found_in", "memory_of", "spellings"]


def spellings(secret: bytes) -> frozenset[bytes]:
    """A secret's bytes forwards and backwards; as hexadecimal, decimal, base64 and base64url, wherever in a longer
    text.
    """
    found = set[bytes]()
    for raw in (secret, secret[::-1]):
        found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), str(int.from_bytes(raw, "big")).encode()}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(raw).rstrip(b"="))
            for before in (1, 2):  # inside a longer text base64 begins at one of three places: its whole groups count
                padded = encode(b"\0" * before + raw)
                found.add(padded[4 : len(padded) - 4])
    return frozenset(found)


def found_in(secret: bytes, places: Mapping[str, bytes]) -> list[str]:
    """The names of the places in which the secret stands in some form."""
    forms = spellings(secret)
    return [name for name, raw in places.items() if any(form in raw for form in forms)]


def memory_of(pid: int) -> Iterator[bytes]:
    """Everything in a process's memory that can be written to, region by region.

    Raises:
        PermissionError: this machine does not let one process look into another.
    """
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            addresses, rights, *_ = line.split()
            start, end = (int(address, 16) for address in addresses.split("-"))
            if not rights.startswith("rw"):
                continue
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue  # [vvar] and the like cannot be read
