"""The Rust `voprf` package, which shares no code with ours, agrees with our holders in both directions.

Its outputs serialise as proof (64 bytes) ‖ evaluated elements (32 bytes each).
"""

from __future__ import annotations

import hashlib
import os

import pytest
import voprf.ristretto as rust

from signpost.protocol.group import Element, Scalar, base_multiply, multiply
from signpost.protocol.oprf import SUITE, Proof, ProofFailed, blind
from signpost.protocol.threshold import random_scalar

_INPUTS = [b"a", b"another", b"x" * 300]


def _finalize(value: bytes, unblinded: Element) -> bytes:
    return hashlib.sha512(
        len(value).to_bytes(2, "big") + value + (32).to_bytes(2, "big") + unblinded.encoding + b"Finalize"
    ).digest()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_rust_verifies_our_proofs_and_derives_what_we_derive(count: int) -> None:
    inputs, key = _INPUTS[:count], random_scalar(os.urandom)
    clients, points = zip(*[rust.Client.blind(value) for value in inputs], strict=True)
    blinded = [Element.parse(point.serialize()) for point in points]

    evaluated = SUITE.evaluate(key, blinded)
    proof = SUITE.prove(
        key=key,
        public_key=base_multiply(key),
        blinded=blinded,
        evaluated=evaluated,
        nonce=random_scalar(os.urandom),
    )

    raw = proof.encoding() + b"".join(point.encoding for point in evaluated)
    output = rust.VerifiableBatchOutput.deserialize(raw)
    public_key = rust.PublicKey.deserialize(base_multiply(key).encoding)
    theirs = rust.Client.finalize_batch(clients, output, public_key)
    ours = [_finalize(value, multiply(key, SUITE.hash_to_group(value))) for value in inputs]
    assert theirs == ours


def test_rust_refuses_our_proof_when_one_byte_of_it_is_changed() -> None:
    key = random_scalar(os.urandom)
    client, point = rust.Client.blind(b"a")
    blinded = [Element.parse(point.serialize())]
    evaluated = SUITE.evaluate(key, blinded)
    proof = SUITE.prove(
        key=key,
        public_key=base_multiply(key),
        blinded=blinded,
        evaluated=evaluated,
        nonce=random_scalar(os.urandom),
    )
    changed = bytearray(proof.encoding() + evaluated[0].encoding)
    changed[3] ^= 1

    with pytest.raises(Exception, match=r"(?i)proof|verif|error"):
        client.finalize(
            rust.VerifiableOutput.deserialize(bytes(changed)), rust.PublicKey.deserialize(base_multiply(key).encoding)
        )


def test_we_verify_rusts_batched_proof_and_refuse_it_for_another_key() -> None:
    server = rust.Evaluator(os.urandom(32))
    public_key = Element.parse(server.public_key.serialize())
    factors = [random_scalar(os.urandom) for _ in _INPUTS]
    blinded = [blind(SUITE.hash_to_group(value), factor) for value, factor in zip(_INPUTS, factors, strict=True)]

    raw = server.evaluate_batch([rust.BlindedInput.deserialize(point.encoding) for point in blinded]).serialize()

    proof = Proof.parse(raw[:64])
    evaluated = [Element.parse(raw[at : at + 32]) for at in range(64, len(raw), 32)]
    SUITE.verify(public_key=public_key, blinded=blinded, evaluated=evaluated, proof=proof)
    for value, factor, point in zip(_INPUTS, factors, evaluated, strict=True):
        assert _finalize(value, multiply(factor.inverse(), point)) == server.evaluate_known_input(value)
    with pytest.raises(ProofFailed):
        SUITE.verify(public_key=base_multiply(Scalar.from_int(5)), blinded=blinded, evaluated=evaluated, proof=proof)
