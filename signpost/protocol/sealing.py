"""Sealing: what rests or travels so that only its owner can open it.

Three ways, each for one use:

* `seal_with_passphrase`  files of a custodian or administrator (A4, D1): Argon2id (RFC 9106) makes the key, AES-SIV
  (RFC 5297) seals. Layout, as canonical JSON: {"argon2": {m, p, t}, "format", "salt", "sealed"}.
* `SymmetricSealer`  rows of the index under a key outside its database (C2): AES-SIV with label and context as
  associated data. Deterministic: the same value in the same context seals to the same bytes.
* `seal_to` / `open_sealed`  to somebody's public key (A1 shares, case references): HPKE (RFC 9180), base mode,
  DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. The library draws the ephemeral key itself: with the
  clock of the signature library, the one thing in this package that is not an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from signpost.protocol.encoding import (
    EncodingError,
    canonical_json,
    encode,
    from_base64url,
    parse_canonical_json,
    to_base64url,
)
from signpost.protocol.keys import KeyInvalid
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = [
    "SIV_BYTES", "Argon2Cost", "OpeningKey", "SealBroken", "SealKey", "SymmetricSealer", "open_with_passphrase",
    "seal_with_passphrase",
]  # fmt: skip

SIV_BYTES: Final = 16
SALT_BYTES: Final = 16
_FORMAT: Final = "signpost.sealed-file/1"
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class SealBroken(Exception):
    """What was sealed does not open: another key or passphrase, another context, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """Argon2id's cost: memory in KiB, passes, lanes. The default is RFC 9106's second recommended option."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def within_bounds(self) -> bool:
        """Whether a file that claims this cost may be tried: a hostile file must not exhaust memory."""
        return 8 * self.lanes <= self.memory_kib <= 1024 * 1024 and 1 <= self.passes <= 16 and 1 <= self.lanes <= 16


def _passphrase_sealer(passphrase: Secret, salt: bytes, cost: Argon2Cost) -> AESSIV:
    key = hash_secret_raw(
        passphrase.reveal(), salt, cost.passes, cost.memory_kib, cost.lanes, hash_len=64, type=Type.ID
    )
    return AESSIV(key)


def seal_with_passphrase(
    value: Secret, *, passphrase: Secret, salt: bytes, purpose: str, cost: Argon2Cost | None = None
) -> bytes:
    """Seal a value into a file's bytes. `salt` is 16 fresh random bytes; `purpose` must be given again to open it.

    Raises:
        ValueError: the salt is not 16 bytes, or the passphrase is empty.
    """
    if len(salt) != SALT_BYTES or not len(passphrase):
        raise ValueError("sealing needs a passphrase and a salt of 16 bytes")
    cost = cost or Argon2Cost()
    context = encode(Label.SEALED_FILE, purpose)
    sealed = _passphrase_sealer(passphrase, salt, cost).encrypt(value.reveal(), [context])
    return canonical_json(
        {
            "argon2": {"m": cost.memory_kib, "p": cost.lanes, "t": cost.passes},
            "format": _FORMAT,
            "salt": to_base64url(salt),
            "sealed": to_base64url(sealed),
        }
    )


def open_with_passphrase(raw: bytes, *, passphrase: Secret, purpose: str) -> Secret:
    """Open a file's bytes.

    Raises:
        SealBroken: not of this format, the wrong passphrase or purpose, or changed bytes; which, it does not say.
    """
    try:
        document = parse_canonical_json(raw)
        if not isinstance(document, dict) or document.get("format") != _FORMAT or len(document) != 4:
            raise SealBroken("not a sealed file")
        cost = Argon2Cost(document["argon2"]["m"], document["argon2"]["t"], document["argon2"]["p"])
        salt, sealed = from_base64url(document["salt"]), from_base64url(document["sealed"])
        if not cost.within_bounds() or len(salt) != SALT_BYTES or len(document["argon2"]) != 3:
            raise SealBroken("not a sealed file")
        if not len(passphrase):
            raise SealBroken("the seal does not open")
        return Secret(_passphrase_sealer(passphrase, salt, cost).decrypt(sealed, [encode(Label.SEALED_FILE, purpose)]))
    except (EncodingError, KeyError, TypeError, AttributeError, ValueError):
        raise SealBroken("not a sealed file") from None
    except InvalidTag:
        raise SealBroken("the seal does not open") from None


@final
class SymmetricSealer:
    """AES-SIV under one 64-byte key (AES-256). Sealed bytes are 16 longer than the value: SIV ‖ ciphertext."""

    __slots__ = ("_siv",)

    def __init__(self, key: Secret) -> None:
        """From 64 random bytes.

        Raises:
            KeyInvalid: not 64 bytes.
        """
        if len(key) != 64:
            raise KeyInvalid("an AES-SIV key is 64 bytes")
        self._siv = AESSIV(key.reveal())

    def seal(self, value: bytes, label: Label, *context: bytes | str) -> bytes:
        """SIV ‖ ciphertext of a non-empty value."""
        return self._siv.encrypt(value, [encode(label, *context)])

    def open(self, sealed: bytes, label: Label, *context: bytes | str) -> bytes:
        """The value.

        Raises:
            SealBroken: another key, label or context, or changed bytes.
        """
        try:
            return self._siv.decrypt(sealed, [encode(label, *context)])
        except (InvalidTag, ValueError):
            raise SealBroken("the seal does not open") from None


@final
class SealKey:
    """An X25519 public key to seal to; travels as base64url."""

    __slots__ = ("_key", "encoding")

    encoding: bytes

    def __init__(self, raw: bytes) -> None:
        """From 32 bytes.

        Raises:
            KeyInvalid: not 32 bytes.
        """
        try:
            self._key = X25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise KeyInvalid("not an X25519 public key") from None
        self.encoding = raw

    @classmethod
    def parse(cls, text: str) -> SealKey:
        """From base64url text.

        Raises:
            KeyInvalid: not the encoding of a public key.
        """
        try:
            return cls(from_base64url(text))
        except EncodingError:
            raise KeyInvalid("not an X25519 public key") from None

    @property
    def text(self) -> str:
        """Unpadded base64url."""
        return to_base64url(self.encoding)

    def seal(self, value: Secret, label: Label, *context: bytes | str) -> bytes:
        """Encapsulated key ‖ ciphertext, 48 bytes longer than the value; label and context are HPKE's `info`.

        Raises:
            KeyInvalid: the public key is of low order.
        """
        try:
            return _SUITE.encrypt(value.reveal(), self._key, encode(label, *context))
        except ValueError:
            raise KeyInvalid("an X25519 public key of low order") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealKey) and self.encoding == other.encoding

    def __hash__(self) -> int:
        return hash(self.encoding)

    def __repr__(self) -> str:
        return f"<SealKey {self.text}>"


@final
class OpeningKey:
    """An X25519 private key, from its 32 bytes. Does not print."""

    __slots__ = ("_key", "seal_key", "seed")

    seal_key: SealKey
    seed: Secret

    def __init__(self, seed: Secret) -> None:
        """From 32 random bytes.

        Raises:
            KeyInvalid: not 32 bytes.
        """
        if len(seed) != 32:
            raise KeyInvalid("an X25519 seed is 32 bytes")
        self.seed = seed
        self._key = X25519PrivateKey.from_private_bytes(seed.reveal())
        self.seal_key = SealKey(self._key.public_key().public_bytes_raw())

    def open(self, sealed: bytes, label: Label, *context: bytes | str) -> Secret:
        """The value.

        Raises:
            SealBroken: sealed to another key, under another label or context, or changed.
        """
        try:
            return Secret(_SUITE.decrypt(sealed, self._key, encode(label, *context)))
        except (InvalidTag, ValueError):
            raise SealBroken("the seal does not open") from None

    def __repr__(self) -> str:
        return "<OpeningKey>"
