"""Signed tokens: JWTs (RFC 7519) with `alg: Ed25519` (RFC 9864), a `typ` of their own, and nothing optional.

A token is read only together with the key that must have signed it and the `typ` it must have, so a token of one kind
can never pass for another, and no token chooses its own key or algorithm. Expiry is the caller's check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from signpost.protocol.encoding import JSON, EncodingError, canonical_json, from_base64url, parse_canonical_json
from signpost.protocol.keys import SigningKey, VerifyKey

__all__ = [
    "IDENTIFIER_BYTES",
    "LAST_MOMENT",
    "MAX_TOKEN_BYTES",
    "TokenInvalid",
    "peek",
    "read_identifier",
    "read_seconds",
    "read_token",
    "sign_token",
]

MAX_TOKEN_BYTES: Final = 4096
"""Longer ones are refused unread. Signed lists have their own limit."""
_ALGORITHM: Final = "Ed25519"
IDENTIFIER_BYTES: Final = 16
"""Of a claim that names its token."""
LAST_MOMENT: Final = 253_402_214_400
"""The last day of the year 9999: what every calendar can still show."""


class _Registry(JWSRegistry):
    """The library's own limit on a payload would undercut ours, which is checked before it."""

    max_payload_length = 16 * 1024 * 1024


_REGISTRY: Final = _Registry(algorithms=[_ALGORITHM])


class TokenInvalid(Exception):
    """Not a token of the expected kind, or not signed by the expected key."""


def sign_token(claims: Mapping[str, JSON], *, typ: str, key: SigningKey) -> str:
    """A compact JWS over the canonical JSON of the claims."""
    header = {"alg": _ALGORITHM, "typ": typ}
    return jws.serialize_compact(
        header, canonical_json(claims), OKPKey(key.primitive, key.primitive), algorithms=[_ALGORITHM]
    )


def read_token(token: str, *, typ: str, key: VerifyKey, limit: int = MAX_TOKEN_BYTES) -> dict[str, JSON]:
    """The claims of a token.

    Raises:
        TokenInvalid: another kind, another key, changed, too long, or claims that are not one canonical JSON object.
    """
    if len(token) > limit:
        raise TokenInvalid("too long")
    try:
        signed = jws.deserialize_compact(
            token.encode("ascii"), OKPKey(key.primitive, key.primitive), registry=_REGISTRY
        )
        # The library takes any spelling of the same bytes; we take one, so that no changed token is ever accepted.
        for segment in token.split("."):
            from_base64url(segment)
    except (JoseError, EncodingError, ValueError, TypeError):
        raise TokenInvalid("not signed by the expected key") from None
    if signed.headers() != {"alg": _ALGORITHM, "typ": typ}:
        raise TokenInvalid("another kind of token")
    return _claims(signed.payload)


def peek(token: str, claim: str) -> str | None:
    """A text claim of a token that is *not yet verified*: only to find which key must have signed it."""
    if len(token) > MAX_TOKEN_BYTES:
        return None
    try:
        value = _claims(from_base64url(token.split(".")[1])).get(claim)
    except (EncodingError, TokenInvalid, IndexError):
        return None
    return value if isinstance(value, str) else None


def read_identifier(value: JSON) -> str:
    """A claim that names its token: 16 random bytes in base64url.

    Raises:
        TokenInvalid: it is not of that form.
    """
    try:
        if isinstance(value, str) and len(from_base64url(value)) == IDENTIFIER_BYTES:
            return value
    except EncodingError:
        pass
    raise TokenInvalid("a claim is not of its form")


def read_seconds(value: JSON) -> int:
    """A claim that is a moment, in epoch seconds.

    Raises:
        TokenInvalid: it is not of that form, or beyond the year 9999.
    """
    if type(value) is not int or not 0 <= value < LAST_MOMENT:
        raise TokenInvalid("a claim is not of its form")
    return value


def _claims(payload: bytes | None) -> dict[str, JSON]:
    try:
        claims = parse_canonical_json(payload or b"")
    except EncodingError:
        raise TokenInvalid("claims are not canonical JSON") from None
    if not isinstance(claims, dict):
        raise TokenInvalid("claims are not an object")
    return claims
