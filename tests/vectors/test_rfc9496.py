"""RFC 9496 Appendix A: multiples of the generator, and encodings that must be refused."""

from __future__ import annotations

import pytest

from signpost.protocol.group import ORDER, Element, InvalidElement, InvalidScalar, Scalar, add, base_multiply, multiply

# Appendix A.1: the generator times 1 to 5 (times 0 is the identity, which we refuse).
_MULTIPLES = [
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
]
# Appendix A.2, one or more of each kind: non-canonical, negative, non-square x^2, negative x*y, s = -1.
_REFUSED = [
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize(("times", "encoding"), list(enumerate(_MULTIPLES, start=1)))
def test_multiples_of_the_generator(times: int, encoding: str) -> None:
    generator = Element.parse(bytes.fromhex(_MULTIPLES[0]))

    assert base_multiply(Scalar.from_int(times)).encoding.hex() == encoding
    assert multiply(Scalar.from_int(times), generator).encoding.hex() == encoding


@pytest.mark.parametrize("encoding", [*_REFUSED, "00" * 32, "", "e2", _MULTIPLES[0] + "00"])
def test_bytes_that_are_no_element_are_refused_wherever_they_enter(encoding: str) -> None:
    raw = bytes.fromhex(encoding)

    with pytest.raises(InvalidElement):
        Element.parse(raw)
    if len(raw) == 32:  # a later step that is handed them all the same refuses too
        with pytest.raises(InvalidElement):
            multiply(Scalar.from_int(7), Element(raw))


def test_a_sum_or_product_that_is_the_identity_is_refused() -> None:
    generator = base_multiply(Scalar.from_int(1))

    with pytest.raises(InvalidElement):
        add(generator, base_multiply(Scalar.from_int(-1)))
    with pytest.raises(InvalidElement):
        multiply(Scalar.from_int(0), generator)
    with pytest.raises(InvalidElement):
        base_multiply(Scalar.from_int(ORDER))


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_scalars_are_reduced_and_not_zero(value: int) -> None:
    with pytest.raises(InvalidScalar):
        Scalar.parse(value.to_bytes(32, "little"))
