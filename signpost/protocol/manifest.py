"""The manifest: which holders serve which key, signed by all of them (protocol.md A3).

It is public. Its fingerprint is what an edge is given at enrolment, outside the index; from then on the edge accepts
only this manifest or a successor of it, and never an older one. Everything in it can be recomputed from the
commitments, and is: a manifest whose public keys do not follow from its commitments is refused, whoever signed it.

The signed bytes are `encode(Label.MANIFEST, canonical JSON)`; the document's form is that of `SignedManifest.encoding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from signpost.protocol.encoding import EncodingError, canonical_json, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.group import Element, InvalidElement
from signpost.protocol.keys import KeyInvalid, SignatureWrong, SigningKey, VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.tags import SUITE_NAME
from signpost.protocol.threshold import MAX_HOLDERS, commitment_at

__all__ = ["HolderEntry", "Manifest", "ManifestInvalid", "SignedManifest", "accept_successor", "valid_url"]

_FORMAT: Final = "signpost.manifest/1"
_SIGNED_FORMAT: Final = "signpost.signed-manifest/1"


class ManifestInvalid(Exception):
    """A manifest is not of its form, not signed by all its holders, or not a successor of the one that is trusted."""


def valid_url(text: object) -> bool:
    """Whether text is a plain absolute http(s) address with a host and no path, query, fragment or user."""
    if not isinstance(text, str) or len(text) > 256 or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and text == f"{parts.scheme}://{parts.netloc}"
    )


@dataclass(frozen=True, slots=True)
class HolderEntry:
    """One holder as the manifest names it: number from 1, address, Ed25519 key, and its public key PK_i = s_i · G."""

    number: int
    url: str
    signing_key: VerifyKey
    public_key: Element


@dataclass(frozen=True, slots=True)
class Manifest:
    """{suite, sequence, epoch, generation, t, n, PK, PK_1..PK_n, commitments, holders, predecessor}."""

    sequence: int
    epoch: int
    generation: int
    threshold: int
    commitments: tuple[Element, ...]
    holders: tuple[HolderEntry, ...]
    predecessor: str | None

    @property
    def public_key(self) -> Element:
        """PK = k · G, the commitment to the constant term."""
        return self.commitments[0]

    def holder(self, number: int) -> HolderEntry | None:
        """The holder of that number."""
        return self.holders[number - 1] if 1 <= number <= len(self.holders) else None

    def canonical(self) -> bytes:
        """The one byte string that stands for this manifest."""
        return canonical_json(
            {
                "commitments": [to_base64url(commitment.encoding) for commitment in self.commitments],
                "epoch": self.epoch,
                "format": _FORMAT,
                "generation": self.generation,
                "holders": [
                    {
                        "number": holder.number,
                        "public_key": to_base64url(holder.public_key.encoding),
                        "signing_key": holder.signing_key.text,
                        "url": holder.url,
                    }
                    for holder in self.holders
                ],
                "predecessor": self.predecessor,
                "public_key": to_base64url(self.public_key.encoding),
                "sequence": self.sequence,
                "suite": SUITE_NAME,
                "threshold": self.threshold,
            }
        )

    def fingerprint(self) -> str:
        """What reaches an edge outside the index: SHA-256, base64url, 43 characters."""
        return to_base64url(digest(Label.MANIFEST_FINGERPRINT, self.canonical()))

    def sign(self, key: SigningKey) -> bytes:
        """One holder's signature."""
        return key.sign(Label.MANIFEST, self.canonical())

    @classmethod
    def parse(cls, document: object) -> Manifest:
        """From parsed JSON; every public key is recomputed from the commitments.

        Raises:
            ManifestInvalid: not of its form, or inconsistent.
        """
        try:
            return cls._parse(_exactly(document, _MANIFEST_FIELDS))
        except (EncodingError, InvalidElement, KeyInvalid, TypeError, ValueError, KeyError, IndexError):
            raise ManifestInvalid("the manifest is not of its form") from None

    @classmethod
    def _parse(cls, fields: Mapping[str, Any]) -> Manifest:
        commitments = tuple(Element.parse(from_base64url(text)) for text in fields["commitments"])
        holders = tuple(
            HolderEntry(
                number=_whole(entry["number"]),
                url=entry["url"],
                signing_key=VerifyKey.parse(entry["signing_key"]),
                public_key=Element.parse(from_base64url(entry["public_key"])),
            )
            for entry in (_exactly(entry, _HOLDER_FIELDS) for entry in fields["holders"])
        )
        predecessor = fields["predecessor"]
        manifest = cls(
            sequence=_whole(fields["sequence"]),
            epoch=_whole(fields["epoch"]),
            generation=_whole(fields["generation"]),
            threshold=_whole(fields["threshold"]),
            commitments=commitments,
            holders=holders,
            predecessor=predecessor,
        )
        consistent = (
            fields["format"] == _FORMAT
            and fields["suite"] == SUITE_NAME
            and fields["public_key"] == to_base64url(manifest.public_key.encoding)
            and (predecessor is None or len(from_base64url(predecessor)) == 32)
            and 2 <= manifest.threshold <= len(holders) <= MAX_HOLDERS
            and len(commitments) == manifest.threshold
            and [holder.number for holder in holders] == list(range(1, len(holders) + 1))
            and all(valid_url(holder.url) for holder in holders)
            and len({holder.signing_key for holder in holders}) == len(holders)
            and all(holder.public_key == commitment_at(commitments, holder.number) for holder in holders)
        )
        if not consistent:
            raise ManifestInvalid("the manifest contradicts itself")
        return manifest


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest with every holder's signature, each filed under its Ed25519 key in base64url."""

    manifest: Manifest
    signatures: Mapping[str, bytes]

    def encoding(self) -> bytes:
        """The document that is published and carried, as canonical JSON."""
        return canonical_json(
            {
                "format": _SIGNED_FORMAT,
                "manifest": parse_canonical_json(self.manifest.canonical()),
                "signatures": {key: to_base64url(signature) for key, signature in self.signatures.items()},
            }
        )

    @classmethod
    def verify(cls, raw: bytes) -> SignedManifest:
        """A manifest that all its holders signed. Whether it is *the* one, its fingerprint tells.

        Raises:
            ManifestInvalid: not of its form, or a holder's signature is missing or wrong.
        """
        try:
            fields = _exactly(parse_canonical_json(raw), {"format", "manifest", "signatures"})
            if fields["format"] != _SIGNED_FORMAT:
                raise ManifestInvalid("the manifest is not of its form")
            signatures = {key: from_base64url(text) for key, text in fields["signatures"].items()}
            manifest = Manifest.parse(fields["manifest"])
            for key, signature in signatures.items():
                VerifyKey.parse(key).verify(signature, Label.MANIFEST, manifest.canonical())
        except (EncodingError, KeyInvalid, TypeError, AttributeError):
            raise ManifestInvalid("the manifest is not of its form") from None
        except SignatureWrong:
            raise ManifestInvalid("a signature on the manifest is wrong") from None
        if not {holder.signing_key.text for holder in manifest.holders} <= set(signatures):
            raise ManifestInvalid("a holder has not signed the manifest")
        return cls(manifest, signatures)


def accept_successor(trusted: Manifest, candidate: SignedManifest) -> Manifest:
    """The candidate, if it may follow the manifest that is trusted now (A3).

    It must name its predecessor, count one up, never step back in epoch or generation, and be signed by at least the
    previous threshold of the previous holders. All its own holders, so every continuing one, have signed already.

    Raises:
        ManifestInvalid: it may not.
    """
    successor = candidate.manifest
    previous_keys = {holder.signing_key.text for holder in trusted.holders}
    if successor.predecessor != trusted.fingerprint() or successor.sequence != trusted.sequence + 1:
        raise ManifestInvalid("the manifest does not follow the one that is trusted")
    if (successor.epoch, successor.generation) <= (trusted.epoch, trusted.generation):
        raise ManifestInvalid("the manifest is older than the one that is trusted")
    if len(previous_keys & set(candidate.signatures)) < trusted.threshold:
        raise ManifestInvalid("too few of the previous holders signed the manifest")
    return successor


_MANIFEST_FIELDS: Final = {
    "commitments", "epoch", "format", "generation", "holders", "predecessor", "public_key", "sequence", "suite",
    "threshold",
}  # fmt: skip
_HOLDER_FIELDS: Final = {"number", "public_key", "signing_key", "url"}


def _exactly(value: object, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise ManifestInvalid("a field is missing or unknown")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 1 <= value < 2**31:
        raise ManifestInvalid("a number is out of range")
    return value
