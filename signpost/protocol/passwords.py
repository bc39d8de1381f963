"""Passwords and PINs: kept as Argon2id hashes, checked in the same time for everybody (protocol.md D2, D3).

A hash is a PHC string that names its own cost; one made at another cost than today's is made again at the next sign-in.
The salt is an argument: nothing here draws randomness. Hashing takes tens of milliseconds and much memory, so callers
do it a few at a time, never in an event loop.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret

from signpost.protocol.secret import Secret

__all__ = [
    "LONGEST_PASSWORD",
    "SHORTEST_PASSWORD",
    "PasswordCost",
    "as_secret",
    "hash_password",
    "hashed_at",
    "password_fits",
]

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
"""In characters. Longer ones are refused, not cut: what is typed is what is checked."""
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id's cost: memory in KiB, passes, lanes. The default is OWASP's second setting, of equal strength to its
    first at less than half the memory: what a service that checks many at once can give.
    """

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


def as_secret(text: str) -> Secret:
    """What is hashed of a password: NFC, so that it does not matter how a keyboard spells é, and nothing else."""
    return Secret(unicodedata.normalize("NFC", text).encode())


def hash_password(password: Secret, *, salt: bytes, cost: PasswordCost | None = None) -> str:
    """The PHC string to keep. `salt` is 16 fresh random bytes.

    Raises:
        ValueError: the salt is not 16 bytes.
    """
    if len(salt) != _SALT_BYTES:
        raise ValueError("a password's salt is 16 bytes")
    cost = cost or PasswordCost()
    return hash_secret(
        password.reveal(), salt, cost.passes, cost.memory_kib, cost.lanes, _HASH_BYTES, Type.ID, ARGON2_VERSION
    ).decode("ascii")


def password_fits(kept: str, password: Secret) -> bool:
    """Whether a password is the one that was kept. What is not a hash of ours fits nothing."""
    try:
        return verify_secret(kept.encode("ascii"), password.reveal(), Type.ID)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def hashed_at(kept: str, cost: PasswordCost) -> bool:
    """Whether a kept hash was made at this cost; one that was not is made again."""
    made = extract_parameters(kept)
    return (made.memory_cost, made.time_cost, made.parallelism) == (cost.memory_kib, cost.passes, cost.lanes)
