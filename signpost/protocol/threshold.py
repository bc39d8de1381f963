"""Sharing a key: polynomials, Feldman commitments, Lagrange coefficients (protocol.md A1, A2, B7).

A dealer's polynomial f has degree t - 1 and secret coefficients; it commits to each as f_j · G. Holder i's share of it
is f(i), which anybody can check against the commitments: f(i) · G = Σ i^j · (f_j · G). Holders are numbered from 1.
Holder numbers, their powers and the Lagrange coefficients are public; the rest is `Scalar`s and stays in libsodium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from signpost.protocol.group import ORDER, Element, InvalidElement, Scalar, base_multiply, multiply, sum_of

__all__ = [
    "MAX_HOLDERS",
    "Polynomial",
    "Randomness",
    "commitment_at",
    "lagrange_at_zero",
    "random_scalar",
    "share_fits",
]

Randomness = Callable[[int], bytes]
"""Gives that many bytes nobody can predict; the callers pass the operating system's."""

MAX_HOLDERS: Final = 32
"""More separate bodies than any service would have; keeps hostile rosters small."""


def random_scalar(randomness: Randomness) -> Scalar:
    """A uniform non-zero scalar."""
    while (scalar := Scalar.from_uniform(randomness(64))).is_zero():
        pass
    return scalar


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A dealer's secret polynomial, constant term first."""

    coefficients: tuple[Scalar, ...]

    @classmethod
    def draw(cls, threshold: int, randomness: Randomness) -> Polynomial:
        """A random polynomial of degree `threshold` - 1."""
        return cls(tuple(random_scalar(randomness) for _ in range(threshold)))

    def commitments(self) -> tuple[Element, ...]:
        """f_j · G for every coefficient, constant term first."""
        return tuple(base_multiply(coefficient) for coefficient in self.coefficients)

    def share_of(self, holder: int) -> Scalar:
        """f(holder), by Horner's rule."""
        at = Scalar.from_int(holder)
        value = self.coefficients[-1]
        for coefficient in reversed(self.coefficients[:-1]):
            value = value * at + coefficient
        return value


def commitment_at(commitments: Sequence[Element], holder: int) -> Element:
    """f(holder) · G from public commitments alone.

    Raises:
        InvalidElement: a commitment is not an element, or the sum is the identity.
    """
    parts = [commitments[0]]
    for power, commitment in enumerate(commitments[1:], start=1):
        parts.append(multiply(Scalar.from_int(pow(holder, power, ORDER)), commitment))
    return sum_of(parts)


def share_fits(share: Scalar, commitments: Sequence[Element], holder: int) -> bool:
    """Feldman's check (A2): whether a share is the dealer's polynomial at this holder."""
    try:
        return base_multiply(share) == commitment_at(commitments, holder)
    except InvalidElement:
        return False


def lagrange_at_zero(holders: Iterable[int]) -> dict[int, Scalar]:
    """λ_i for each of a set of holders: Σ λ_i · f(i) = f(0). Public numbers.

    Raises:
        ValueError: a number repeats or is not from 1 up.
    """
    numbers = list(holders)
    if len(set(numbers)) != len(numbers) or any(number < 1 for number in numbers):
        raise ValueError("holders are different numbers from 1 up")
    coefficients = {}
    for i in numbers:
        top = bottom = 1
        for j in numbers:
            if j != i:
                top = top * j % ORDER
                bottom = bottom * (j - i) % ORDER
        coefficients[i] = Scalar.from_int(top * pow(bottom, -1, ORDER))
    return coefficients
