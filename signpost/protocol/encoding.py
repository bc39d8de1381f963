"""Encodings that have one form only.

Every byte string that is hashed, signed or evaluated is made here, so that two parties who mean the same thing
always write the same bytes, and two different things never share an encoding:

* `encode(...)`  each field prefixed by its length (4 bytes, big-endian); no field can run into the next.
* `canonical_json(...)`  sorted keys, no spaces, ASCII only; what signatures over documents cover.
* `to_base64url` / `from_base64url`  RFC 4648 §5 without padding; any other spelling of the same bytes is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import NoReturn

__all__ = [
    "JSON",
    "EncodingError",
    "canonical_json",
    "encode",
    "from_base64url",
    "parse_canonical_json",
    "to_base64url",
]

JSON = str | int | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]


class EncodingError(ValueError):
    """A value is not in the one form the protocol allows."""


def encode(*fields: bytes | str) -> bytes:
    """Length-prefixed concatenation: for each field, its length in 4 bytes (big-endian), then the field (UTF-8).

    Raises:
        EncodingError: a field is longer than 2^32 - 1 bytes.
    """
    parts: list[bytes] = []
    for field in fields:
        raw = field.encode() if isinstance(field, str) else field
        if len(raw) >> 32:
            raise EncodingError("a field is too long to encode")
        parts.append(len(raw).to_bytes(4, "big"))
        parts.append(raw)
    return b"".join(parts)


def canonical_json(value: JSON) -> bytes:
    """The one JSON spelling of `value`: sorted keys, no white space, ASCII escapes; no floats exist here."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def parse_canonical_json(raw: bytes) -> JSON:
    """Parse JSON that must already be in its canonical spelling.

    Raises:
        EncodingError: not JSON, or another spelling of it (a repeated key, a space, another order).
    """
    try:
        value: JSON = json.loads(raw, parse_float=_no_float)
        again = canonical_json(value)
    except (ValueError, RecursionError):
        raise EncodingError("not canonical JSON") from None
    if again != raw:
        raise EncodingError("not canonical JSON")
    return value


def _no_float(_text: str) -> NoReturn:
    raise EncodingError("not canonical JSON")


def to_base64url(raw: bytes) -> str:
    """RFC 4648 §5, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url text.

    Raises:
        EncodingError: padding, a foreign character, or spare bits that are not zero.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise EncodingError("not unpadded base64url") from None
    if to_base64url(raw) != text:
        raise EncodingError("not unpadded base64url")
    return raw
