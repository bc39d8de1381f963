"""RFC 9497 Appendix A.1, ristretto255-SHA512, modes OPRF and VOPRF: every published figure comes out of our code.

`Finalize` and `DeriveKeyPair` are not part of the product (protocol.md B7), so they are written here, from the RFC.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from signpost.protocol.group import Element, Scalar, base_multiply, multiply
from signpost.protocol.oprf import Mode, Proof, Suite, blind, expand_message_xmd

_SUITES = json.loads((Path(__file__).parent / "rfc9497-ristretto255-sha512.json").read_text())
_CASES = [
    pytest.param(suite, vector, id=f"mode-{suite['mode']}-vector-{number}")
    for suite in _SUITES
    for number, vector in enumerate(suite["vectors"], start=1)
]


def _list(text: str) -> list[bytes]:
    return [bytes.fromhex(part) for part in text.split(",")]


def _derive_key(suite: Suite, seed: bytes, info: bytes) -> Scalar:
    """RFC 9497 §3.2.1 for a counter of 0, which all published vectors use."""
    message = seed + len(info).to_bytes(2, "big") + info + b"\0"
    return Scalar.from_uniform(expand_message_xmd(message, b"DeriveKeyPair" + suite.context, 64))


def _finalize(value: bytes, factor: Scalar, evaluated: Element) -> bytes:
    """RFC 9497 §3.3.1."""
    unblinded = multiply(factor.inverse(), evaluated).encoding
    return hashlib.sha512(
        len(value).to_bytes(2, "big") + value + len(unblinded).to_bytes(2, "big") + unblinded + b"Finalize"
    ).digest()


def test_the_published_file_holds_both_modes_and_a_batch() -> None:
    """Nothing below can pass by there being nothing to test."""
    assert [suite["mode"] for suite in _SUITES] == [0, 1]
    assert [len(suite["vectors"]) for suite in _SUITES] == [2, 3]
    assert _SUITES[1]["vectors"][2]["Batch"] == 2


@pytest.mark.parametrize("suite", _SUITES, ids=lambda suite: f"mode-{suite['mode']}")
def test_the_key_derives_from_the_published_seed(suite: dict[str, Any]) -> None:
    ours = Suite(Mode(suite["mode"]))

    key = _derive_key(ours, bytes.fromhex(suite["seed"]), bytes.fromhex(suite["keyInfo"]))

    assert key.encoding().hex() == suite["skSm"]
    if "pkSm" in suite:
        assert base_multiply(key).encoding.hex() == suite["pkSm"]


@pytest.mark.parametrize(("suite", "vector"), _CASES)
def test_blinding_evaluating_and_unblinding_give_the_published_figures(
    suite: dict[str, Any], vector: dict[str, Any]
) -> None:
    ours, key = Suite(Mode(suite["mode"])), Scalar.parse(bytes.fromhex(suite["skSm"]))
    inputs, factors = _list(vector["Input"]), [Scalar.parse(raw) for raw in _list(vector["Blind"])]

    blinded = [blind(ours.hash_to_group(value), factor) for value, factor in zip(inputs, factors, strict=True)]
    evaluated = ours.evaluate(key, blinded)
    outputs = [_finalize(*parts) for parts in zip(inputs, factors, evaluated, strict=True)]

    assert [point.encoding for point in blinded] == _list(vector["BlindedElement"])
    assert [point.encoding for point in evaluated] == _list(vector["EvaluationElement"])
    assert outputs == _list(vector["Output"])


@pytest.mark.parametrize(("suite", "vector"), [case for case in _CASES if "Proof" in case.values[1]])  # type: ignore[operator]
def test_proving_gives_the_published_proof_and_it_verifies(suite: dict[str, Any], vector: dict[str, Any]) -> None:
    ours, key = Suite(Mode(suite["mode"])), Scalar.parse(bytes.fromhex(suite["skSm"]))
    public_key = Element.parse(bytes.fromhex(suite["pkSm"]))
    blinded = [Element.parse(raw) for raw in _list(vector["BlindedElement"])]
    evaluated = [Element.parse(raw) for raw in _list(vector["EvaluationElement"])]
    published = Proof.parse(bytes.fromhex(vector["Proof"]["proof"]))

    proof = ours.prove(
        key=key,
        public_key=public_key,
        blinded=blinded,
        evaluated=evaluated,
        nonce=Scalar.parse(bytes.fromhex(vector["Proof"]["r"])),
    )

    assert proof.encoding().hex() == vector["Proof"]["proof"]
    ours.verify(public_key=public_key, blinded=blinded, evaluated=evaluated, proof=published)
