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

from signpost.protocol.encoding import JSON, EncodingError, canonical_json, from_base64url, parse_canonical_json
from signpost.protocol.keys import SigningKey, VerifyKey

__all__ = ["MAX_TOKEN_BYTES", "TokenInvalid", "peek", "read_token", "sign_token"]

MAX_TOKEN_BYTES: Final = 4096
"""Longer ones are refused unread. Signed lists have their own limit."""
_ALGORITHM: Final = "Ed25519"


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
            token.encode("ascii"), OKPKey(key.primitive, key.primitive), algorithms=[_ALGORITHM]
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


def _claims(payload: bytes | None) -> dict[str, JSON]:
    try:
        claims = parse_canonical_json(payload or b"")
    except EncodingError:
        raise TokenInvalid("claims are not canonical JSON") from None
    if not isinstance(claims, dict):
        raise TokenInvalid("claims are not an object")
    return claims
