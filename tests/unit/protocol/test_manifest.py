"""The manifest: signed by all, consistent in itself, and followed only by what its holders agreed to (A3)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from signpost.protocol.encoding import canonical_json, to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.manifest import Manifest, ManifestInvalid, SignedManifest, accept_successor
from signpost.protocol.secret import Secret
from tests.support.ceremony import Holders, make_holders


@pytest.fixture(scope="module")
def holders() -> Holders:
    """Three holders, two of whom must answer."""
    return make_holders(3, 2)


def _sign(manifest: Manifest, keys: list[SigningKey]) -> SignedManifest:
    return SignedManifest(manifest, {key.verify_key.text: manifest.sign(key) for key in keys})


def _successor(of: Holders, **changes: Any) -> Manifest:
    defaults = {"sequence": 2, "generation": 2, "predecessor": of.manifest.fingerprint()}
    return replace(of.manifest, **{**defaults, **changes})


def test_a_manifest_reads_back_to_the_same_bytes(holders: Holders) -> None:
    raw = holders.signed.encoding()

    again = SignedManifest.verify(raw)

    assert again.manifest == holders.manifest
    assert again.encoding() == raw
    assert len(holders.manifest.fingerprint()) == 43


def test_a_manifest_that_one_holder_has_not_signed_is_refused(holders: Holders) -> None:
    with pytest.raises(ManifestInvalid, match="not signed"):
        SignedManifest.verify(_sign(holders.manifest, holders.signing_keys[:2]).encoding())


def test_every_flipped_byte_of_a_signed_manifest_is_refused(holders: Holders) -> None:
    raw = holders.signed.encoding()

    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        with pytest.raises(ManifestInvalid):
            SignedManifest.verify(bytes(changed))


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 3},
        {"threshold": 1},
        {"sequence": 0},
        {"epoch": "1"},
        {"suite": "other"},
        {"format": "signpost.manifest/2"},
        {"predecessor": "AA"},
        {"holders": []},
        {"commitments": []},
        {"more": 1},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused_whoever_signed_it(
    holders: Holders, change: dict[str, Any]
) -> None:
    fields = {**json.loads(holders.manifest.canonical()), **change}

    with pytest.raises(ManifestInvalid):
        Manifest.parse(fields)


def test_a_public_key_that_does_not_follow_from_the_commitments_is_refused(holders: Holders) -> None:
    fields = json.loads(holders.manifest.canonical())
    fields["holders"][0]["public_key"] = fields["holders"][1]["public_key"]

    with pytest.raises(ManifestInvalid, match="contradicts"):
        Manifest.parse(fields)


def test_a_successor_of_the_same_holders_is_accepted(holders: Holders) -> None:
    successor = _successor(holders)

    assert accept_successor(holders.manifest, _sign(successor, holders.signing_keys)) == successor


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 1},
        {"sequence": 3},
        {"generation": 1},
        {"predecessor": None},
        {"predecessor": to_base64url(bytes(32))},
    ],
)
def test_what_does_not_follow_or_steps_back_is_not_accepted(holders: Holders, changes: dict[str, Any]) -> None:
    signed = _sign(_successor(holders, **changes), holders.signing_keys)

    with pytest.raises(ManifestInvalid):
        accept_successor(holders.manifest, signed)


def test_new_holders_need_a_threshold_of_the_old_ones_signatures(holders: Holders) -> None:
    """Somebody who replaces every holder with their own is stopped, however many of their own sign."""
    new_keys = [SigningKey(Secret(os.urandom(32))) for _ in range(3)]
    entries = tuple(
        replace(entry, signing_key=key.verify_key)
        for entry, key in zip(holders.manifest.holders, new_keys, strict=True)
    )
    successor = _successor(holders, holders=entries)

    for old in (0, 1):
        with pytest.raises(ManifestInvalid, match="too few"):
            accept_successor(holders.manifest, _sign(successor, new_keys + holders.signing_keys[:old]))
    assert accept_successor(holders.manifest, _sign(successor, new_keys + holders.signing_keys[:2])) == successor


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", canonical_json({"format": "x", "manifest": 1, "signatures": 2})]
)
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(ManifestInvalid):
        SignedManifest.verify(raw)
