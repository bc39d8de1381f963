"""Encodings have one form only: decode and encode undo each other, and no other spelling is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.protocol.encoding import (
    JSON,
    EncodingError,
    canonical_json,
    encode,
    from_base64url,
    parse_canonical_json,
    to_base64url,
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.binary()), st.lists(st.binary()))
def test_two_lists_of_fields_share_an_encoding_only_when_they_are_the_same(
    left: list[bytes], right: list[bytes]
) -> None:
    assert (encode(*left) == encode(*right)) == (left == right)


def test_the_layout_of_an_encoding_is_four_bytes_of_length_then_the_field() -> None:
    assert encode("ab", b"", b"\xff") == b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01\xff"


@given(st.binary())
def test_base64url_reads_back(raw: bytes) -> None:
    assert from_base64url(to_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "A A", "AA\n", "+/+/", "é", "AAA="])
def test_any_other_spelling_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        from_base64url(text)


@given(_json)
def test_canonical_json_reads_back_to_the_same_bytes(value: JSON) -> None:
    raw = canonical_json(value)

    assert parse_canonical_json(raw) == value
    assert canonical_json(parse_canonical_json(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b"1.0", b"NaN", b"[1,]", b"", b"\xff", '"é"'.encode(), b" 1"],
)
def test_any_other_spelling_of_json_is_refused(raw: bytes) -> None:
    with pytest.raises(EncodingError):
        parse_canonical_json(raw)


def test_json_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(EncodingError):
        parse_canonical_json(b"[" * 100_000 + b"]" * 100_000)
