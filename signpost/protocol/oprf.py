"""RFC 9497 over ristretto255-SHA512: hash to group, blind, evaluate, prove, verify.

What may follow what: an input is hashed to the group and blinded; a holder evaluates and proves; the proof is verified
*before* anything is unblinded. Steps B3, B5 and B6 of protocol.md. `Finalize` is left out on purpose (B7): the tag is
the element that Finalize would hash, so that the whole index can be re-keyed.

Every constant is the RFC's; its Appendix A.1 vectors pass (tests/vectors).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from signpost.protocol.group import (
    Element,
    InvalidElement,
    InvalidScalar,
    Scalar,
    add,
    base_multiply,
    element_from_hash,
    multiply,
    sum_of,
)

__all__ = [
    "MAX_BATCH", "PROOF_BYTES", "SUITE", "Mode", "Proof", "ProofFailed", "Suite", "blind", "expand_message_xmd",
]  # fmt: skip

PROOF_BYTES: Final = 64
MAX_BATCH: Final = 65_535
"""The composites number their points in two bytes (RFC 9497 §2.2.1)."""

_BLOCK_BYTES: Final = 128  # SHA-512's input block
_HASH_BYTES: Final = 64


class ProofFailed(Exception):
    """A proof of evaluation does not verify: the holder used another key, or the values were changed."""


class Mode(IntEnum):
    """The RFC's mode byte (§3.1)."""

    OPRF = 0x00
    VOPRF = 0x01


@dataclass(frozen=True, slots=True)
class Proof:
    """A DLEQ proof (c, s), 64 bytes: c in the first 32, s in the last 32, each a reduced scalar."""

    challenge: Scalar
    response: Scalar

    def encoding(self) -> bytes:
        """c ‖ s."""
        return self.challenge.encoding() + self.response.encoding()

    @classmethod
    def parse(cls, raw: bytes) -> Proof:
        """From untrusted bytes.

        Raises:
            ProofFailed: not 64 bytes, or a scalar that is not reduced.
        """
        if len(raw) != PROOF_BYTES:
            raise ProofFailed("a proof is 64 bytes")
        try:
            return cls(Scalar.parse_any(raw[:32]), Scalar.parse_any(raw[32:]))
        except InvalidScalar:
            raise ProofFailed("a proof's scalars must be reduced") from None


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """RFC 9380 §5.3.1 with SHA-512: `length` uniform bytes from a message under a domain separation tag.

    Raises:
        ValueError: a tag over 255 bytes, or more than 255 blocks asked for.
    """
    blocks = -(-length // _HASH_BYTES)
    if blocks > 255 or len(dst) > 255:
        raise ValueError("too long to expand")
    dst_prime = dst + bytes([len(dst)])
    first = hashlib.sha512(bytes(_BLOCK_BYTES) + message + length.to_bytes(2, "big") + b"\0" + dst_prime).digest()
    block = hashlib.sha512(first + b"\x01" + dst_prime).digest()
    out = block
    for index in range(2, blocks + 1):
        mixed = bytes(left ^ right for left, right in zip(first, block, strict=True))
        block = hashlib.sha512(mixed + bytes([index]) + dst_prime).digest()
        out += block
    return out[:length]


def _prefixed(raw: bytes) -> bytes:
    """I2OSP(len, 2) ‖ raw, as RFC 9497 writes it."""
    return len(raw).to_bytes(2, "big") + raw


class Suite:
    """The functions of one mode; they differ only in their domain separation tags."""

    __slots__ = ("_composite_dst", "_group_dst", "_scalar_dst", "context")

    def __init__(self, mode: Mode) -> None:
        self.context: Final = b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"
        self._group_dst: Final = b"HashToGroup-" + self.context
        self._scalar_dst: Final = b"HashToScalar-" + self.context
        self._composite_dst: Final = _prefixed(b"Seed-" + self.context)

    def hash_to_group(self, value: bytes) -> Element:
        """HashToGroup (§4.1)."""
        return element_from_hash(expand_message_xmd(value, self._group_dst, 64))

    def hash_to_scalar(self, value: bytes) -> Scalar:
        """HashToScalar (§4.1)."""
        return Scalar.from_uniform(expand_message_xmd(value, self._scalar_dst, 64))

    def evaluate(self, key: Scalar, blinded: Sequence[Element]) -> list[Element]:
        """BlindEvaluate's multiplication: key · each point.

        Raises:
            InvalidElement: a point is not canonical or is the identity.
        """
        return [multiply(key, point) for point in blinded]

    def prove(
        self,
        *,
        key: Scalar,
        public_key: Element,
        blinded: Sequence[Element],
        evaluated: Sequence[Element],
        nonce: Scalar,
    ) -> Proof:
        """GenerateProof (§2.2.1) for A = G, B = public key: one proof for the whole batch.

        `nonce` is a fresh uniform scalar: using one twice for different batches gives the key away.
        """
        weights = self._weights(public_key, blinded, evaluated)
        m = sum_of([multiply(weight, point) for weight, point in zip(weights, blinded, strict=True)])
        z = multiply(key, m)  # ComputeCompositesFast: the prover knows the key
        challenge = self._challenge(public_key, m, z, base_multiply(nonce), multiply(nonce, m))
        return Proof(challenge, nonce - challenge * key)

    def verify(
        self, *, public_key: Element, blinded: Sequence[Element], evaluated: Sequence[Element], proof: Proof
    ) -> None:
        """VerifyProof (§2.2.2).

        Raises:
            ProofFailed: the proof is of another key, other points or another order of them; or a point is no element.
        """
        if not blinded or len(blinded) != len(evaluated) or len(blinded) > MAX_BATCH:
            raise ProofFailed("the batch is empty, too long, or of two lengths")
        try:
            weights = self._weights(public_key, blinded, evaluated)
            m = sum_of([multiply(weight, point) for weight, point in zip(weights, blinded, strict=True)])
            z = sum_of([multiply(weight, point) for weight, point in zip(weights, evaluated, strict=True)])
            t2 = add(base_multiply(proof.response), multiply(proof.challenge, public_key))
            t3 = add(multiply(proof.response, m), multiply(proof.challenge, z))
        except InvalidElement:
            raise ProofFailed("a point is not a group element") from None
        if self._challenge(public_key, m, z, t2, t3) != proof.challenge:
            raise ProofFailed("the proof does not verify")

    def _weights(self, public_key: Element, blinded: Sequence[Element], evaluated: Sequence[Element]) -> list[Scalar]:
        """The random linear combination of ComputeComposites (§2.2.1)."""
        seed = hashlib.sha512(_prefixed(public_key.encoding) + self._composite_dst).digest()
        head = _prefixed(seed)
        return [
            self.hash_to_scalar(
                head + index.to_bytes(2, "big") + _prefixed(point.encoding) + _prefixed(value.encoding) + b"Composite"
            )
            for index, (point, value) in enumerate(zip(blinded, evaluated, strict=True))
        ]

    def _challenge(self, public_key: Element, m: Element, z: Element, t2: Element, t3: Element) -> Scalar:
        parts = (public_key, m, z, t2, t3)
        return self.hash_to_scalar(b"".join(_prefixed(part.encoding) for part in parts) + b"Challenge")


SUITE: Final = Suite(Mode.VOPRF)
"""The suite Signpost uses, everywhere."""


def blind(hashed: Element, factor: Scalar) -> Element:
    """B = r · H2C(x) (B3). `factor` is fresh, uniform and non-zero; it is what unblinding needs."""
    return multiply(factor, hashed)
