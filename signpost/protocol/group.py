"""The group: ristretto255, prime order, over libsodium.

All arithmetic with secret scalars is libsodium's constant-time code; Python only moves bytes. An `Element` is a
canonical encoding that is not the identity: `Element.parse` is the one road from untrusted bytes, and every
multiplication refuses a non-canonical encoding or an identity result again. A `Scalar` does not print.

Encodings: an element and a scalar are 32 bytes each (RFC 9496; scalars little-endian, reduced modulo the order).
libsodium 1.0.18 or later is taken from the system, else from the copy that the `rbcl` wheel carries.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from signpost.protocol.secret import Secret

__all__ = [
    "ELEMENT_BYTES", "ORDER", "Element", "InvalidElement", "InvalidScalar", "Scalar",
    "add", "base_multiply", "element_from_hash", "inverses", "multiply", "sum_of",
]  # fmt: skip

ELEMENT_BYTES: Final = 32
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""ℓ, the group's order (RFC 9496 §4). Used for public numbers only: Lagrange coefficients, canonical checks."""

_IDENTITY: Final = bytes(ELEMENT_BYTES)
# Sonames of libsodium 1.0.18 (23) and 1.0.19 onwards (26), and what macOS calls it. ctypes.util.find_library is not
# used: it starts a compiler or ldconfig in a subprocess.
_SYSTEM_NAMES: Final = (
    "libsodium.so.26",
    "libsodium.so.23",
    "libsodium.26.dylib",
    "libsodium.23.dylib",
    "libsodium.dylib",
)


class InvalidElement(ValueError):
    """Bytes that are not a canonical group element, or that are the identity."""


class InvalidScalar(ValueError):
    """Bytes that are not a canonical scalar, or are zero where zero is refused."""


def _load() -> ctypes.CDLL:
    for name in _SYSTEM_NAMES:
        try:
            library = ctypes.CDLL(name)
            library.crypto_core_ristretto255_bytes  # noqa: B018 - absent before 1.0.18
        except (OSError, AttributeError):
            continue
        return library
    return _load_from_wheel()


def _load_from_wheel() -> ctypes.CDLL:
    from rbcl._sodium import _sodium  # its import writes the library to a temporary file and loads it

    Path(_sodium._name).unlink(missing_ok=True)  # the mapping stays; the file need not
    library: ctypes.CDLL = _sodium
    return library


_sodium: Final = _load()
if _sodium.sodium_init() < 0:
    raise OSError("libsodium could not start")

_multiply = _sodium.crypto_scalarmult_ristretto255
_base_multiply = _sodium.crypto_scalarmult_ristretto255_base
_add = _sodium.crypto_core_ristretto255_add
_from_hash = _sodium.crypto_core_ristretto255_from_hash
_is_valid = _sodium.crypto_core_ristretto255_is_valid_point
_scalar_reduce = _sodium.crypto_core_ristretto255_scalar_reduce
_scalar_add = _sodium.crypto_core_ristretto255_scalar_add
_scalar_sub = _sodium.crypto_core_ristretto255_scalar_sub
_scalar_mul = _sodium.crypto_core_ristretto255_scalar_mul
_scalar_invert = _sodium.crypto_core_ristretto255_scalar_invert

_Buffer = ctypes.c_char * 32
for _function, _arguments in (
    (_multiply, 3), (_base_multiply, 2), (_add, 3), (_from_hash, 2), (_is_valid, 1), (_scalar_reduce, 2),
    (_scalar_add, 3), (_scalar_sub, 3), (_scalar_mul, 3), (_scalar_invert, 2),
):  # fmt: skip
    _function.argtypes = [ctypes.c_char_p] * _arguments
    _function.restype = ctypes.c_int
for _function in (_scalar_reduce, _scalar_add, _scalar_sub, _scalar_mul):
    _function.restype = None


@final
class Element:
    """A group element other than the identity: 32 canonical bytes. Compared and hashed by its encoding."""

    __slots__ = ("encoding",)

    encoding: bytes

    def __init__(self, encoding: bytes) -> None:
        """For values that libsodium has just produced; untrusted bytes go through `parse`."""
        self.encoding = encoding

    @classmethod
    def parse(cls, raw: bytes) -> Element:
        """An element from untrusted bytes.

        Raises:
            InvalidElement: not 32 bytes, not canonical, not on the group, or the identity.
        """
        if len(raw) != ELEMENT_BYTES or raw == _IDENTITY or _is_valid(raw) != 1:
            raise InvalidElement("not a canonical group element")
        return cls(raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self.encoding == other.encoding

    def __hash__(self) -> int:
        return hash(self.encoding)

    def __repr__(self) -> str:
        # A tag is as telling as an identifier to whoever holds the key: no element is ever shown.
        return "<Element>"


@final
class Scalar:
    """An integer modulo the order, 32 bytes little-endian. May be secret, so it never prints."""

    __slots__ = ("_secret",)

    def __init__(self, encoding: bytes) -> None:
        self._secret = Secret(encoding)

    @classmethod
    def parse(cls, raw: bytes) -> Scalar:
        """A non-zero scalar from bytes.

        Raises:
            InvalidScalar: not 32 bytes, not reduced, or zero.
        """
        scalar = cls.parse_any(raw)
        if scalar.is_zero():
            raise InvalidScalar("not a non-zero scalar")
        return scalar

    @classmethod
    def parse_any(cls, raw: bytes) -> Scalar:
        """A scalar from bytes; zero is allowed (a proof's challenge or response may be it).

        Raises:
            InvalidScalar: not 32 bytes or not reduced.
        """
        # Compared with its own reduction, in constant time: a share of the key comes this way when it is unsealed.
        if len(raw) != 32 or cls.from_uniform(raw + bytes(32)) != cls(raw):
            raise InvalidScalar("not a canonical scalar")
        return cls(raw)

    @classmethod
    def from_uniform(cls, raw: bytes) -> Scalar:
        """64 uniform bytes reduced modulo the order: uniform to within 2^-260.

        Raises:
            InvalidScalar: not 64 bytes.
        """
        if len(raw) != 64:
            raise InvalidScalar("64 uniform bytes are needed")
        out = _Buffer()
        _scalar_reduce(out, raw)
        return cls(out.raw)

    @classmethod
    def from_int(cls, value: int) -> Scalar:
        """A *public* integer modulo the order."""
        return cls((value % ORDER).to_bytes(32, "little"))

    def encoding(self) -> bytes:
        """The 32 bytes; a place to look at in a review."""
        return self._secret.reveal()

    def is_zero(self) -> bool:
        """Whether this is zero."""
        return self._secret == Secret(bytes(32))

    def __add__(self, other: Scalar) -> Scalar:
        return _scalar_operation(_scalar_add, self, other)

    def __sub__(self, other: Scalar) -> Scalar:
        return _scalar_operation(_scalar_sub, self, other)

    def __mul__(self, other: Scalar) -> Scalar:
        return _scalar_operation(_scalar_mul, self, other)

    def inverse(self) -> Scalar:
        """The multiplicative inverse.

        Raises:
            InvalidScalar: zero has none.
        """
        out = _Buffer()
        if _scalar_invert(out, self.encoding()) != 0:
            raise InvalidScalar("zero has no inverse")
        return Scalar(out.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scalar) and self._secret == other._secret

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<Scalar>"


def _scalar_operation(function: ctypes._NamedFuncPointer, left: Scalar, right: Scalar) -> Scalar:
    out = _Buffer()
    function(out, left.encoding(), right.encoding())
    return Scalar(out.raw)


def inverses(scalars: Sequence[Scalar]) -> list[Scalar]:
    """The multiplicative inverse of each, for the price of one and three products each (Montgomery's trick).

    An inversion costs as much as half a multiplication of an element; a product, a fiftieth of that.

    Raises:
        InvalidScalar: one of them is zero.
    """
    before, product = [], Scalar.from_int(1)
    for scalar in scalars:
        before.append(product)
        product = product * scalar
    rest = product.inverse()
    found = []
    for scalar, product_before in zip(reversed(scalars), reversed(before), strict=True):
        found.append(rest * product_before)
        rest = rest * scalar
    return found[::-1]


def multiply(scalar: Scalar, element: Element) -> Element:
    """scalar · element, in constant time.

    Raises:
        InvalidElement: the encoding is not canonical, or the product is the identity.
    """
    out = _Buffer()
    if _multiply(out, scalar.encoding(), element.encoding) != 0:
        raise InvalidElement("not a canonical group element, or the product is the identity")
    return Element(out.raw)


def base_multiply(scalar: Scalar) -> Element:
    """scalar · G, in constant time.

    Raises:
        InvalidElement: the scalar is zero.
    """
    out = _Buffer()
    if _base_multiply(out, scalar.encoding()) != 0:
        raise InvalidElement("zero times the generator is the identity")
    return Element(out.raw)


def add(left: Element, right: Element) -> Element:
    """left + right.

    Raises:
        InvalidElement: an encoding is not canonical, or the sum is the identity.
    """
    out = _Buffer()
    if _add(out, left.encoding, right.encoding) != 0 or out.raw == _IDENTITY:
        raise InvalidElement("not a canonical group element, or the sum is the identity")
    return Element(out.raw)


def sum_of(elements: list[Element]) -> Element:
    """The sum of one or more elements.

    Raises:
        InvalidElement: as `add`.
        IndexError: there are none.
    """
    total = elements[0]
    for element in elements[1:]:
        total = add(total, element)
    return total


def element_from_hash(uniform: bytes) -> Element:
    """The element that 64 uniform bytes map to (RFC 9496 §4.3.4).

    Raises:
        InvalidElement: not 64 bytes, or (with probability 2^-252) the identity.
    """
    if len(uniform) != 64:
        raise InvalidElement("64 uniform bytes are needed")
    out = _Buffer()
    _from_hash(out, uniform)
    if out.raw == _IDENTITY:
        raise InvalidElement("the identity")
    return Element(out.raw)
