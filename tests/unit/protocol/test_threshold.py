"""Sharing, evaluating together and combining: any t of n holders give the same tag, and nothing less does (A, B7)."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost.protocol.group import Element, InvalidElement, InvalidScalar, Scalar, base_multiply, inverses, multiply
from signpost.protocol.oprf import SUITE, Proof, ProofFailed, blind
from signpost.protocol.tags import Tag, combine
from signpost.protocol.threshold import Polynomial, commitment_at, lagrange_at_zero, random_scalar, share_fits
from tests.support.ceremony import Holders, make_holders


def _ask(holders: Holders, number: int, blinded: list[Element]) -> tuple[list[Element], Proof]:
    share = holders.shares[number - 1]
    evaluated = SUITE.evaluate(share, blinded)
    entry = holders.manifest.holder(number)
    assert entry is not None
    return evaluated, SUITE.prove(
        key=share,
        public_key=entry.public_key,
        blinded=blinded,
        evaluated=evaluated,
        nonce=random_scalar(os.urandom),
    )


def _tag(holders: Holders, numbers: tuple[int, ...], value: bytes) -> Tag:
    factor = random_scalar(os.urandom)
    blinded = [blind(SUITE.hash_to_group(value), factor)]
    coefficients = lagrange_at_zero(numbers)
    evaluations = []
    for number in numbers:
        evaluated, proof = _ask(holders, number, blinded)
        entry = holders.manifest.holder(number)
        assert entry is not None
        SUITE.verify(public_key=entry.public_key, blinded=blinded, evaluated=evaluated, proof=proof)
        evaluations.append(evaluated)
    return combine([coefficients[number] for number in numbers], [factor], evaluations)[0]


@pytest.mark.parametrize(("count", "threshold"), [(2, 2), (3, 2), (5, 3), (4, 4)])
def test_any_threshold_of_holders_give_the_one_tag_of_the_whole_key(count: int, threshold: int) -> None:
    holders = make_holders(count, threshold)
    everybody = lagrange_at_zero(range(1, count + 1))
    whole = Scalar.from_int(0)
    for number, share in enumerate(holders.shares, start=1):
        whole = whole + everybody[number] * share

    tags = {_tag(holders, numbers, b"x") for numbers in itertools.permutations(range(1, count + 1), threshold)}

    assert tags == {multiply(whole, SUITE.hash_to_group(b"x"))}
    assert base_multiply(whole) == holders.manifest.public_key


def test_fewer_holders_than_the_threshold_give_another_value() -> None:
    holders = make_holders(3, 3)

    assert _tag(holders, (1, 2), b"x") != _tag(holders, (1, 2, 3), b"x")


def test_different_inputs_give_different_tags_and_the_blind_does_not_matter() -> None:
    holders = make_holders()

    assert _tag(holders, (1, 2), b"x") == _tag(holders, (1, 2), b"x")
    assert _tag(holders, (1, 2), b"x") != _tag(holders, (1, 2), b"y")


def test_a_batch_combines_to_what_its_points_combine_to_alone() -> None:
    """Inverting all factors at once changes no tag and mixes up no order."""
    holders = make_holders()
    coefficients = [lagrange_at_zero((1, 3))[number] for number in (1, 3)]
    factors = [random_scalar(os.urandom) for _ in range(4)]
    blinded = [blind(SUITE.hash_to_group(bytes([n])), factor) for n, factor in enumerate(factors)]
    evaluations = [SUITE.evaluate(holders.shares[number - 1], blinded) for number in (1, 3)]

    tags = combine(coefficients, factors, evaluations)

    assert tags == [_tag(holders, (1, 2), bytes([n])) for n in range(4)]


def test_points_factors_and_holders_that_do_not_belong_together_are_not_combined() -> None:
    point = SUITE.hash_to_group(b"x")
    one = Scalar.from_int(1)

    with pytest.raises(InvalidElement):
        combine([], [one], [])
    for factors, evaluations in (([one], [[point], []]), ([one, one], [[point], [point]]), ([one], [[point]])):
        with pytest.raises(ValueError, match="zip"):
            combine([one, one], factors, evaluations)
    with pytest.raises(InvalidScalar):
        combine([one], [one, Scalar.from_int(0)], [[point, point]])


@given(st.lists(st.integers(1, 2**250), max_size=5))
@settings(max_examples=30)
def test_inverting_together_is_inverting_each(numbers: list[int]) -> None:
    scalars = [Scalar.from_int(number) for number in numbers]

    assert inverses(scalars) == [scalar.inverse() for scalar in scalars]


@given(st.integers(2, 5), st.integers(2, 9))
@settings(max_examples=30)
def test_every_share_fits_its_commitments_and_no_other_share_does(threshold: int, holder: int) -> None:
    polynomial = Polynomial.draw(threshold, os.urandom)
    commitments, share = polynomial.commitments(), polynomial.share_of(holder)

    assert share_fits(share, commitments, holder)
    assert base_multiply(share) == commitment_at(commitments, holder)
    assert not share_fits(share + Scalar.from_int(1), commitments, holder)
    assert not share_fits(share, commitments, holder + 1)
    assert not share_fits(share, commitments[::-1], holder)


@pytest.mark.parametrize("numbers", [(1, 1), (0, 1), (-1, 2)])
def test_holders_are_different_numbers_from_one(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="different numbers"):
        lagrange_at_zero(numbers)


def _proved() -> tuple[Element, list[Element], list[Element], Proof]:
    key = random_scalar(os.urandom)
    blinded = [blind(SUITE.hash_to_group(bytes([n])), random_scalar(os.urandom)) for n in range(3)]
    evaluated = SUITE.evaluate(key, blinded)
    public_key = base_multiply(key)
    proof = SUITE.prove(
        key=key, public_key=public_key, blinded=blinded, evaluated=evaluated, nonce=random_scalar(os.urandom)
    )
    return public_key, blinded, evaluated, proof


def test_a_proof_is_refused_for_another_share_other_points_and_another_order() -> None:
    public_key, blinded, evaluated, proof = _proved()
    other_key, other_blinded, other_evaluated, other_proof = _proved()
    SUITE.verify(public_key=public_key, blinded=blinded, evaluated=evaluated, proof=proof)

    changed = [
        (other_key, blinded, evaluated, proof),
        (public_key, other_blinded, evaluated, proof),
        (public_key, blinded, other_evaluated, proof),
        (public_key, blinded, evaluated, other_proof),
        (public_key, blinded[::-1], evaluated, proof),
        (public_key, blinded[::-1], evaluated[::-1], proof),
        (public_key, blinded[:2], evaluated[:2], proof),
        (public_key, blinded, evaluated[:2], proof),
        (public_key, [], [], proof),
        (public_key, blinded, [*evaluated[:2], Element(bytes(32))], proof),
        (public_key, blinded, [*evaluated[:2], Element(b"\xff" * 32)], proof),
    ]
    for key, points, values, claimed in changed:
        with pytest.raises(ProofFailed):
            SUITE.verify(public_key=key, blinded=points, evaluated=values, proof=claimed)


def test_every_flipped_byte_of_a_proof_or_an_evaluation_is_refused() -> None:
    public_key, blinded, evaluated, proof = _proved()

    for at in range(64):
        raw = bytearray(proof.encoding())
        raw[at] ^= 1 << (at % 8)
        with pytest.raises(ProofFailed):
            SUITE.verify(public_key=public_key, blinded=blinded, evaluated=evaluated, proof=Proof.parse(bytes(raw)))
    for at in range(32):
        raw = bytearray(evaluated[1].encoding)
        raw[at] ^= 1 << (at % 8)
        with pytest.raises(ProofFailed):
            SUITE.verify(
                public_key=public_key,
                blinded=blinded,
                evaluated=[evaluated[0], Element(bytes(raw)), evaluated[2]],
                proof=proof,
            )
