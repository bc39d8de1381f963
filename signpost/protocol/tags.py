"""Tags: what a match input becomes, and how one rests.

A `Tag` is Y = k · HashToGroup(x), a group element (B7). It is made at the edge, travels to the index, is wrapped at
once and forgotten (C2). At rest it is W = AES-SIV(k_at, Y, aad = suite ‖ epoch), 48 bytes: the first 16 are the
synthetic IV, a pseudo-random function of Y, and serve as the equality key; the other 32 are what rotation needs and
rest apart. A stolen database then names nobody, even with every key share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NewType, final

from signpost.protocol.encoding import encode
from signpost.protocol.group import ELEMENT_BYTES, Element, InvalidElement, Scalar, inverses, multiply, sum_of
from signpost.protocol.labels import Label
from signpost.protocol.sealing import SIV_BYTES, SealBroken, SymmetricSealer

__all__ = [
    "SUITE_NAME",
    "BlindedPoint",
    "Tag",
    "TagKey",
    "WrappedTag",
    "Wrapper",
    "combine",
    "join_points",
    "parse_points",
]

SUITE_NAME: Final = "ristretto255-SHA512"

BlindedPoint = NewType("BlindedPoint", Element)
"""B = r · H2C(x): says nothing of x."""
Tag = NewType("Tag", Element)
"""Y = k · H2C(x)."""
TagKey = NewType("TagKey", bytes)
"""The 16-byte equality key of a wrapped tag."""


@dataclass(frozen=True, slots=True, repr=False)
class WrappedTag:
    """A tag at rest: `key` is 16 bytes, `body` 32."""

    key: TagKey
    body: bytes


@final
class Wrapper:
    """Wraps tags under one at-rest key, one epoch and one use (involvements, access rows, lookup rows)."""

    __slots__ = ("_context", "_label", "_sealer")

    def __init__(self, sealer: SymmetricSealer, label: Label, epoch: int) -> None:
        self._sealer = sealer
        self._label = label
        self._context = encode(SUITE_NAME, epoch.to_bytes(4, "big"))

    def wrap(self, tag: Tag) -> WrappedTag:
        """W of C2, in its two parts."""
        sealed = self._sealer.seal(tag.encoding, self._label, self._context)
        return WrappedTag(TagKey(sealed[:SIV_BYTES]), sealed[SIV_BYTES:])

    def unwrap(self, wrapped: WrappedTag) -> Tag:
        """The tag again, for rotation.

        Raises:
            SealBroken: another key, epoch or use, or changed bytes.
        """
        raw = self._sealer.open(wrapped.key + wrapped.body, self._label, self._context)
        try:
            return Tag(Element.parse(raw))
        except InvalidElement:
            raise SealBroken("what was wrapped is not a tag") from None


def parse_points(raw: bytes) -> list[Element]:
    """The elements of a concatenation of 32-byte encodings.

    Raises:
        InvalidElement: a part is not canonical or is the identity, or the length is not a multiple of 32.
    """
    if len(raw) % ELEMENT_BYTES:
        raise InvalidElement("not whole points")
    return [Element.parse(raw[at : at + ELEMENT_BYTES]) for at in range(0, len(raw), ELEMENT_BYTES)]


def join_points(points: list[Element]) -> bytes:
    """The concatenation that `parse_points` reads."""
    return b"".join(point.encoding for point in points)


def combine(
    coefficients: Sequence[Scalar], factors: Sequence[Scalar], evaluations: Sequence[Sequence[Element]]
) -> list[Tag]:
    """Y = Σ (λ_i · r⁻¹) · Z_i for each point of a batch: unblinding and Lagrange interpolation in one pass (B7).

    `coefficients` are the public λ_i of the holders; `evaluations` has one list of Z_i a holder, in the same order;
    `factors` are the points' r, in the order of each list. Only verified evaluations may come here (B6).

    Raises:
        InvalidElement: there are no evaluations, or a sum is the identity.
        InvalidScalar: a factor is zero.
    """
    if not evaluations:
        raise InvalidElement("no evaluations")
    tags = []
    for unblind, point in zip(inverses(factors), zip(*evaluations, strict=True), strict=True):
        parts = [multiply(own * unblind, value) for own, value in zip(coefficients, point, strict=True)]
        tags.append(Tag(sum_of(parts)))
    return tags
