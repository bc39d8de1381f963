"""Signing keys, keyed digests and plain hashes: the only doors to them.

Ed25519 (RFC 8032) signs; HMAC-SHA-256 (RFC 2104) makes references and padding that only the key's owner can make again;
SHA-256 names documents. Every input is `encode`d with a label first, so no use can stand in for another.
Public keys travel as unpadded base64url of their 32 bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, final

from cryptography.exceptions import InvalidSignature as _InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signpost.protocol.encoding import EncodingError, encode, from_base64url, to_base64url
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = ["KeyInvalid", "SignatureWrong", "SigningKey", "VerifyKey", "digest", "keyed_digest", "same"]

KEY_BYTES: Final = 32


class KeyInvalid(ValueError):
    """Bytes that are not a key of the expected form."""


class SignatureWrong(Exception):
    """An Ed25519 signature does not verify."""


def keyed_digest(key: Secret, *fields: bytes | str) -> bytes:
    """HMAC-SHA-256 of the encoded fields, 32 bytes. The first field is a `Label`."""
    return hmac.digest(key.reveal(), encode(*fields), "sha256")


def digest(*fields: bytes | str) -> bytes:
    """SHA-256 of the encoded fields, 32 bytes. The first field is a `Label`."""
    return hashlib.sha256(encode(*fields)).digest()


def same(left: bytes, right: bytes) -> bool:
    """Whether two byte strings are equal, in time that depends on their lengths only."""
    return hmac.compare_digest(left, right)


@final
class VerifyKey:
    """An Ed25519 public key."""

    __slots__ = ("_key", "encoding")

    encoding: bytes

    def __init__(self, raw: bytes) -> None:
        """From 32 bytes.

        Raises:
            KeyInvalid: not the encoding of a public key.
        """
        try:
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise KeyInvalid("not an Ed25519 public key") from None
        self.encoding = raw

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """From base64url text.

        Raises:
            KeyInvalid: not the encoding of a public key.
        """
        try:
            return cls(from_base64url(text))
        except EncodingError:
            raise KeyInvalid("not an Ed25519 public key") from None

    @property
    def text(self) -> str:
        """Unpadded base64url."""
        return to_base64url(self.encoding)

    @property
    def primitive(self) -> Ed25519PublicKey:
        """The key as the `cryptography` library holds it, for the token and signature libraries."""
        return self._key

    def thumbprint(self) -> str:
        """RFC 7638 thumbprint of the key as an OKP JWK: SHA-256, base64url."""
        jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{self.text}"}}'
        return to_base64url(hashlib.sha256(jwk.encode()).digest())

    def verify(self, signature: bytes, label: Label, *fields: bytes | str) -> None:
        """Check a signature made by `SigningKey.sign` over the same label and fields.

        Raises:
            SignatureWrong: it was made by another key or over something else.
        """
        try:
            self._key.verify(signature, encode(label, *fields))
        except _InvalidSignature:
            raise SignatureWrong("the signature does not verify") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and self.encoding == other.encoding

    def __hash__(self) -> int:
        return hash(self.encoding)

    def __repr__(self) -> str:
        return f"<VerifyKey {self.text}>"


@final
class SigningKey:
    """An Ed25519 private key, from its 32-byte seed. Does not print."""

    __slots__ = ("_key", "_seed", "verify_key")

    verify_key: VerifyKey

    def __init__(self, seed: Secret) -> None:
        """From a seed of 32 random bytes.

        Raises:
            KeyInvalid: not 32 bytes.
        """
        if len(seed) != KEY_BYTES:
            raise KeyInvalid("an Ed25519 seed is 32 bytes")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.verify_key = VerifyKey(self._key.public_key().public_bytes_raw())

    @property
    def seed(self) -> Secret:
        """The seed, for sealing into a file."""
        return self._seed

    @property
    def primitive(self) -> Ed25519PrivateKey:
        """The key as the `cryptography` library holds it, for the token and signature libraries."""
        return self._key

    def sign(self, label: Label, *fields: bytes | str) -> bytes:
        """A 64-byte signature over the encoded label and fields."""
        return self._key.sign(encode(label, *fields))

    def __repr__(self) -> str:
        return "<SigningKey>"
