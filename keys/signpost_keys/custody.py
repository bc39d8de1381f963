"""Custody: a holder's secrets at rest, and the passphrase that opens them (protocol.md A4).

What is sealed under what:

    passphrase ──Argon2id──► identity.sealed: signing seed (32) ‖ opening seed (32) ‖ rest key (64)
                                     rest key ──AES-SIV──► share.sealed     the key share (32)
                                     rest key ──AES-SIV──► ceremony.sealed  a ceremony under way

So a share is opened by the passphrase alone, while a ceremony may be sealed after every step without keeping the
passphrase in memory. A holder starts `LOCKED` and knows no secret; opening checks that the share is the one the
manifest names (share · G = PK_i) before anything is served. A wrong passphrase changes nothing. Locking drops the
memory's only references; Python cannot promise that the bytes are gone from the process's memory before it ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self, final

from signpost.protocol.group import InvalidElement, InvalidScalar, Scalar, base_multiply
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.labels import Label
from signpost.protocol.manifest import HolderEntry, ManifestInvalid, SignedManifest
from signpost.protocol.messages import HolderIdentity, HolderState
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.sealing import (
    Argon2Cost,
    OpeningKey,
    SealBroken,
    SealKey,
    SymmetricSealer,
    open_with_passphrase,
    seal_with_passphrase,
)
from signpost.protocol.secret import Secret
from signpost.service.files import read_private_file
from signpost.service.refusals import RefusalCode, StartRefused
from signpost_keys.folder import HolderFolder

__all__ = ["Custody", "KeyShare", "OpenedIdentity", "PublicIdentity", "make_identity"]

_PURPOSE: Final = "signpost-key-holder-identity/1"
_SEED: Final = 32
_REST_KEY: Final = 64


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """What a holder is known by."""

    signing_key: VerifyKey
    sealing_key: SealKey

    def at(self, url: str) -> HolderIdentity:
        """The form in which it is published and goes into a roster, with the holder's address."""
        return HolderIdentity(sealing_key=self.sealing_key.text, signing_key=self.signing_key.text, url=url)


@final
class OpenedIdentity:
    """What the passphrase opened: a holder's private keys, and the sealer of its other files. Does not print."""

    __slots__ = ("_sealer", "opening_key", "signing_key")

    def __init__(self, secret: Secret) -> None:
        """From the sealed 128 bytes."""
        raw = secret.reveal()
        self.signing_key: Final = SigningKey(Secret(raw[:_SEED]))
        self.opening_key: Final = OpeningKey(Secret(raw[_SEED : 2 * _SEED]))
        self._sealer = SymmetricSealer(Secret(raw[2 * _SEED :]))

    @property
    def public(self) -> PublicIdentity:
        return PublicIdentity(self.signing_key.verify_key, self.opening_key.seal_key)

    def seal_ceremony(self, state: bytes) -> bytes:
        """A ceremony's state, for its file."""
        return self._sealer.seal(state, Label.CEREMONY_AT_REST)

    def open_ceremony(self, sealed: bytes) -> bytes:
        """A ceremony's state.

        Raises:
            SealBroken: another holder's file, or a changed one.
        """
        return self._sealer.open(sealed, Label.CEREMONY_AT_REST)

    def seal_share(self, share: Scalar, manifest: SignedManifest) -> bytes:
        """A key share, for its file, bound to its manifest."""
        return self._sealer.seal(share.encoding(), Label.SHARE_AT_REST, manifest.manifest.fingerprint())

    def open_share(self, sealed: bytes, manifest: SignedManifest) -> Scalar:
        """The key share of that manifest.

        Raises:
            SealBroken: another holder's or manifest's file, or a changed one.
            InvalidScalar: what was sealed is not a share.
        """
        return Scalar.parse(self._sealer.open(sealed, Label.SHARE_AT_REST, manifest.manifest.fingerprint()))

    def __repr__(self) -> str:
        return "<OpenedIdentity>"


@dataclass(frozen=True, slots=True)
class KeyShare:
    """A share that is open and belongs to its manifest: s_i with s_i · G = PK_i."""

    share: Scalar
    entry: HolderEntry
    signed: SignedManifest

    @classmethod
    def checked(cls, share: Scalar, signed: SignedManifest, signing_key: VerifyKey) -> Self:
        """The one road to a share that is served.

        Raises:
            Problem: KEY_MISMATCH when the manifest does not name this holder, or names another share's public key.
        """
        entry = next((entry for entry in signed.manifest.holders if entry.signing_key == signing_key), None)
        try:
            if entry is not None and base_multiply(share) == entry.public_key:
                return cls(share, entry, signed)
        except InvalidElement:
            pass
        raise Problem(ProblemCode.KEY_MISMATCH)


def make_identity(
    folder: HolderFolder, passphrase: Secret, randomness: Callable[[int], bytes], *, cost: Argon2Cost | None = None
) -> PublicIdentity:
    """Makes a holder's keys and seals them in its folder. Argon2id's `cost` has a default that no setting changes.

    Raises:
        FileExistsError: the folder has an identity already, and it stays.
        StartRefused: the folder is open to others.
    """
    if folder.identity.exists():
        raise FileExistsError(folder.identity)
    secret = Secret(randomness(2 * _SEED + _REST_KEY))
    public = OpenedIdentity(secret).public
    # The sealed file goes last: until it is there, the identity can be made again.
    document = {"sealing_key": public.sealing_key.text, "signing_key": public.signing_key.text}
    folder.replace(folder.public_identity, json.dumps(document, sort_keys=True).encode() + b"\n")
    sealed = seal_with_passphrase(secret, passphrase=passphrase, salt=randomness(16), purpose=_PURPOSE, cost=cost)
    folder.replace(folder.identity, sealed)
    return public


@final
class Custody:
    """A holder's secrets: locked, open without a key, or serving. One event loop uses it.

    `identity` and `manifest` are public and there from the start. `opened` and `key` are there only while it is open.
    """

    def __init__(self, folder: HolderFolder, *, url: str) -> None:
        """Reads what may be read without a passphrase.

        Raises:
            StartRefused: there is no identity, a file is open to others, or the manifest is not this holder's.
        """
        self.folder: Final = folder
        self.url: Final = url
        self.identity: Final = _read_public_identity(folder)
        read_private_file(folder.identity)
        self.manifest: SignedManifest | None = _read_manifest(folder)
        if self.manifest is not None:
            self._refuse_unless_named(self.manifest, folder)
        self.opened: OpenedIdentity | None = None
        self.key: KeyShare | None = None

    @property
    def state(self) -> HolderState:
        """In one word, for anybody."""
        if self.opened is None:
            return "locked"
        return "no-key" if self.key is None else "serving"

    @property
    def number(self) -> int | None:
        """This holder's number in its manifest; None before there is one."""
        if self.manifest is None:
            return None
        keys = [entry.signing_key for entry in self.manifest.manifest.holders]
        return keys.index(self.identity.signing_key) + 1

    def open_files(self, passphrase: Secret) -> tuple[OpenedIdentity, KeyShare | None]:
        """What the passphrase opens, checked; changes nothing. Takes a third of a second and 64 MiB: Argon2id.

        Raises:
            Problem: PASSPHRASE_WRONG, or KEY_MISMATCH when share, manifest and identity do not belong together.
            StartRefused: a file is missing or open to others.
        """
        try:
            secret = open_with_passphrase(
                read_private_file(self.folder.identity), passphrase=passphrase, purpose=_PURPOSE
            )
        except SealBroken:
            raise Problem(ProblemCode.PASSPHRASE_WRONG) from None
        opened = OpenedIdentity(secret)
        if opened.public != self.identity:
            raise Problem(ProblemCode.KEY_MISMATCH)
        if not self.folder.share.exists():
            return opened, None
        if self.manifest is None:
            raise Problem(ProblemCode.KEY_MISMATCH)
        try:
            share = opened.open_share(read_private_file(self.folder.share), self.manifest)
        except (SealBroken, InvalidScalar):
            raise Problem(ProblemCode.KEY_MISMATCH) from None
        return opened, KeyShare.checked(share, self.manifest, self.identity.signing_key)

    def unlock(self, opened: OpenedIdentity, key: KeyShare | None) -> None:
        """Takes what `open_files` gave."""
        self.opened, self.key = opened, key

    def lock(self) -> None:
        """Forgets every secret."""
        self.opened = self.key = None

    def accept(self, share: Scalar, signed: SignedManifest) -> None:
        """Keeps the outcome of a ceremony: on the disk first, then in memory.

        Raises:
            Problem: HOLDER_LOCKED; KEY_MISMATCH when the share is not the manifest's; ALREADY_EXISTS when there is a
                key.
        """
        if self.opened is None:
            raise Problem(ProblemCode.HOLDER_LOCKED)
        if self.key is not None:
            raise Problem(ProblemCode.ALREADY_EXISTS)
        key = KeyShare.checked(share, signed, self.identity.signing_key)
        # The manifest first: a share without one would not open. A crash in between leaves the ceremony to be finished.
        self.folder.replace(self.folder.manifest, signed.encoding())
        self.folder.replace(self.folder.share, self.opened.seal_share(share, signed))
        self.manifest, self.key = signed, key

    def _refuse_unless_named(self, signed: SignedManifest, folder: HolderFolder) -> None:
        entry = next((e for e in signed.manifest.holders if e.signing_key == self.identity.signing_key), None)
        if entry is None:
            raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=folder.manifest, details=("holders: not_this_one",))
        if entry.url != self.url:
            # Requests are signed for the address in the manifest; under another one none would ever verify.
            raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=folder.manifest, details=("public_url: differs",))


def _read_public_identity(folder: HolderFolder) -> PublicIdentity:
    if not folder.identity.exists() or not folder.public_identity.exists():
        raise StartRefused(RefusalCode.KEYS_MISSING, path=folder.path)
    try:
        fields = json.loads(read_private_file(folder.public_identity))
        return PublicIdentity(VerifyKey.parse(fields["signing_key"]), SealKey.parse(fields["sealing_key"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=folder.public_identity) from None


def _read_manifest(folder: HolderFolder) -> SignedManifest | None:
    if not folder.manifest.exists():
        return None
    try:
        return SignedManifest.verify(read_private_file(folder.manifest))
    except ManifestInvalid:
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=folder.manifest) from None
