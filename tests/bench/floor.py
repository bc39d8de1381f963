"""The floor under the group arithmetic: the libsodium operations a step cannot do without, and what they cost alone.

Only operations on group elements are counted: multiplications, base multiplications, additions, and maps from 64 bytes
to the group. Everything else a step does is ours to answer for: SHA-512, scalars, validity checks, Python. The counts
follow RFC 9497 and protocol.md B3 to B7 as written; `tests/unit/bench` compares them with what the code calls.

The cost is measured by calling the library in a loop that does nothing else, in turns with what is compared with it.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import astuple, dataclass
from itertools import cycle
from typing import Final

from signpost.protocol.group import _sodium as library  # the very library the measured code calls
from signpost.protocol.group import base_multiply
from signpost.protocol.threshold import random_scalar

__all__ = ["Floor", "Operations", "blinding", "combining", "evaluating", "library", "verifying"]


@dataclass(frozen=True, slots=True)
class Operations:
    """How many of each."""

    multiplications: int = 0
    base_multiplications: int = 0
    additions: int = 0
    maps: int = 0

    def __add__(self, other: Operations) -> Operations:
        return Operations(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: int) -> Operations:
        return Operations(*(count * times for count in astuple(self)))


def blinding(points: int) -> Operations:
    """B3: each input is mapped to the group (RFC 9380 makes the 64 bytes) and multiplied by its factor."""
    return Operations(multiplications=points, maps=points)


def evaluating(points: int) -> Operations:
    """B5: each point times the share; then one proof: M = Σ w·B, Z = k·M, and the commitments r·G and r·M."""
    return Operations(multiplications=2 * points + 2, base_multiplications=1, additions=points - 1)


def verifying(points: int) -> Operations:
    """B6, of one holder: M = Σ w·B and Z = Σ w·Z_i, then s·G + c·PK_i and s·M + c·Z."""
    return Operations(multiplications=2 * points + 3, base_multiplications=1, additions=2 * (points - 1) + 2)


def combining(points: int, holders: int) -> Operations:
    """B7: for each point, the sum of one multiple of each holder's value."""
    return Operations(multiplications=points * holders, additions=points * (holders - 1))


_OPERANDS: Final = 64
"""Operands that take turns, so that no operation repeats the one before it."""


class Floor:
    """Runs operations and nothing else."""

    def __init__(self) -> None:
        scalars = [random_scalar(os.urandom) for _ in range(_OPERANDS)]
        self._scalars = [scalar.encoding() for scalar in scalars]
        self._elements = [base_multiply(scalar).encoding for scalar in scalars]
        self._uniform = [os.urandom(64) for _ in range(_OPERANDS)]

    def run(self, operations: Operations) -> None:
        """So many of each, one after the other."""
        out = ctypes.create_string_buffer(32)
        multiply = library.crypto_scalarmult_ristretto255
        base_multiply = library.crypto_scalarmult_ristretto255_base
        add = library.crypto_core_ristretto255_add
        from_hash = library.crypto_core_ristretto255_from_hash
        scalars, elements, uniform = cycle(self._scalars), cycle(self._elements), cycle(self._uniform)
        for _ in range(operations.multiplications):
            multiply(out, next(scalars), next(elements))
        for _ in range(operations.base_multiplications):
            base_multiply(out, next(scalars))
        for _ in range(operations.additions):
            add(out, next(elements), next(elements))
        for _ in range(operations.maps):
            from_hash(out, next(uniform))
