"""What is sealed opens for its owner, in its context, unchanged; and for nobody and nothing else (A4, C2)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from signpost.protocol.encoding import canonical_json
from signpost.protocol.group import Scalar, base_multiply
from signpost.protocol.keys import KeyInvalid
from signpost.protocol.labels import Label
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
from signpost.protocol.tags import Tag, TagKey, Wrapper

CHEAP = Argon2Cost(memory_kib=8, passes=1, lanes=1)
_VALUE = Secret(b"the share of a key, 32 bytes long")
_PASSPHRASE = Secret(b"correct horse")


def _sealed() -> bytes:
    return seal_with_passphrase(_VALUE, passphrase=_PASSPHRASE, salt=bytes(16), purpose="share", cost=CHEAP)


def test_a_passphrase_opens_what_it_sealed_for_the_same_purpose() -> None:
    assert open_with_passphrase(_sealed(), passphrase=_PASSPHRASE, purpose="share") == _VALUE


@pytest.mark.parametrize(
    ("passphrase", "purpose"), [(b"correct hors", "share"), (b"correct horse", "identity"), (b"", "share")]
)
def test_another_passphrase_or_purpose_opens_nothing(passphrase: bytes, purpose: str) -> None:
    with pytest.raises(SealBroken):
        open_with_passphrase(_sealed(), passphrase=Secret(passphrase), purpose=purpose)


def test_every_flipped_byte_of_a_sealed_file_is_refused() -> None:
    sealed = _sealed()

    for at in range(len(sealed)):
        raw = bytearray(sealed)
        raw[at] ^= 1
        with pytest.raises(SealBroken):
            open_with_passphrase(bytes(raw), passphrase=_PASSPHRASE, purpose="share")


@pytest.mark.parametrize(
    "cost",
    [
        {"m": 2**21, "p": 1, "t": 1},
        {"m": 8, "p": 1, "t": 99},
        {"m": 8, "p": 99, "t": 1},
        {"m": 0, "p": 1, "t": 1},
        {"m": "8"},
    ],
)
def test_a_hostile_file_cannot_make_opening_it_cost_more_than_a_bound(cost: dict[str, Any]) -> None:
    fields = json.loads(_sealed())
    fields["argon2"] = cost

    with pytest.raises(SealBroken):
        open_with_passphrase(canonical_json(fields), passphrase=_PASSPHRASE, purpose="share")


def test_the_default_cost_is_the_second_recommended_option_of_rfc_9106() -> None:
    assert Argon2Cost() == Argon2Cost(memory_kib=65536, passes=3, lanes=4)
    assert replace(Argon2Cost(), passes=2) != Argon2Cost()


@pytest.mark.parametrize(("passphrase", "salt"), [(b"", bytes(16)), (b"x", bytes(15))])
def test_sealing_needs_a_passphrase_and_a_whole_salt(passphrase: bytes, salt: bytes) -> None:
    with pytest.raises(ValueError, match="needs a passphrase"):
        seal_with_passphrase(_VALUE, passphrase=Secret(passphrase), salt=salt, purpose="share", cost=CHEAP)


def test_hpke_opens_for_the_key_it_was_sealed_to_in_its_context_only() -> None:
    mine, theirs = OpeningKey(Secret(os.urandom(32))), OpeningKey(Secret(os.urandom(32)))
    sealed = mine.seal_key.seal(_VALUE, Label.CASE_REFERENCE, "council")

    assert mine.open(sealed, Label.CASE_REFERENCE, "council") == _VALUE
    assert len(sealed) == len(_VALUE) + 48
    assert mine.seal_key.seal(_VALUE, Label.CASE_REFERENCE, "council") != sealed
    for key, label, context in (
        (theirs, Label.CASE_REFERENCE, "council"),
        (mine, Label.CEREMONY_SHARE, "council"),
        (mine, Label.CASE_REFERENCE, "police"),
    ):
        with pytest.raises(SealBroken):
            key.open(sealed, label, context)
    with pytest.raises(SealBroken):
        mine.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), Label.CASE_REFERENCE, "council")
    with pytest.raises(SealBroken):
        mine.open(b"short", Label.CASE_REFERENCE, "council")


def test_a_public_key_of_low_order_is_refused_when_sealed_to() -> None:
    with pytest.raises(KeyInvalid):
        SealKey(bytes(32)).seal(_VALUE, Label.CASE_REFERENCE)


def test_rows_seal_alike_in_the_same_context_and_open_in_no_other() -> None:
    sealer = SymmetricSealer(Secret(os.urandom(64)))

    sealed = sealer.seal(b"row", Label.OWNED_ROW, "a", "b")

    assert sealed == sealer.seal(b"row", Label.OWNED_ROW, "a", "b")
    assert sealer.open(sealed, Label.OWNED_ROW, "a", "b") == b"row"
    for label, context in ((Label.INBOX_ROW, ("a", "b")), (Label.OWNED_ROW, ("ab",)), (Label.OWNED_ROW, ("a", "c"))):
        with pytest.raises(SealBroken):
            sealer.open(sealed, label, *context)


def test_a_tag_wraps_to_an_equality_key_and_a_body_and_back() -> None:
    """The same tag wraps alike in one epoch and use, and to nothing in common in another."""
    key = Secret(os.urandom(64))
    tag = Tag(base_multiply(Scalar.from_int(7)))
    wrapper = Wrapper(SymmetricSealer(key), Label.TAG_AT_REST, epoch=1)

    wrapped = wrapper.wrap(tag)

    assert (len(wrapped.key), len(wrapped.body)) == (16, 32)
    assert wrapper.wrap(tag) == wrapped
    assert wrapper.unwrap(wrapped) == tag
    assert tag.encoding not in wrapped.key + wrapped.body
    others = [
        Wrapper(SymmetricSealer(key), Label.TAG_AT_REST, epoch=2),
        Wrapper(SymmetricSealer(key), Label.ACCESS_TAG_AT_REST, epoch=1),
        Wrapper(SymmetricSealer(Secret(os.urandom(64))), Label.TAG_AT_REST, epoch=1),
    ]
    for other in others:
        assert other.wrap(tag).key != wrapped.key
        with pytest.raises(SealBroken):
            other.unwrap(wrapped)
    with pytest.raises(SealBroken):
        wrapper.unwrap(replace(wrapped, key=TagKey(bytes(16))))
