"""Claims that several kinds of signed statement have in common, each read in one way only.

A claim that is not of its form is `TokenInvalid`, whoever signed it; what it held is not said.
"""

from __future__ import annotations

from collections.abc import Mapping

from signpost.protocol.encoding import JSON
from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.tokens import TokenInvalid

__all__ = ["confirmed_key", "exactly", "key_confirmation", "text_in"]


def exactly(claims: Mapping[str, JSON], names: set[str]) -> Mapping[str, JSON]:
    """The claims, which are these and no others.

    Raises:
        TokenInvalid: one is missing, or there is another.
    """
    if set(claims) != names:
        raise TokenInvalid("a claim is missing or unknown")
    return claims


def text_in(value: JSON) -> str:
    """Text of 1 to 128 characters.

    Raises:
        TokenInvalid: it is none.
    """
    if not isinstance(value, str) or not 0 < len(value) <= 128:
        raise TokenInvalid("a claim is not of its form")
    return value


def key_confirmation(key: VerifyKey) -> JSON:
    """The key that a statement is about, as RFC 7800 writes it (`cnf` with a `jwk` of RFC 8037)."""
    return {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": key.text}}


def confirmed_key(confirmation: JSON) -> VerifyKey:
    """The key in such a `cnf`.

    Raises:
        TokenInvalid: there is none.
    """
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) and len(confirmation) == 1 else None
    if not isinstance(jwk, dict) or set(jwk) != {"crv", "kty", "x"}:
        raise TokenInvalid("no key")
    if jwk["crv"] != "Ed25519" or jwk["kty"] != "OKP" or not isinstance(jwk["x"], str):
        raise TokenInvalid("no key")
    try:
        return VerifyKey.parse(jwk["x"])
    except KeyInvalid:
        raise TokenInvalid("no key") from None
