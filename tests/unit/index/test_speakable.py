"""Names that can be said on the telephone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from signpost.index.speakable import speakable
from signpost.protocol.messages import HandleId, SpokenReceipt


@given(st.binary(min_size=5, max_size=5))
def test_every_name_is_a_receipt_and_a_handle(drawn: bytes) -> None:
    """Whatever was drawn, the name is of the form that the wire demands."""
    name = speakable(lambda length: drawn)

    assert TypeAdapter(SpokenReceipt).validate_python(name) == TypeAdapter(HandleId).validate_python(name)


@given(st.binary(min_size=5, max_size=5), st.binary(min_size=5, max_size=5))
def test_all_forty_bits_are_in_the_name(one: bytes, other: bytes) -> None:
    """Different bits, different names."""
    assert (speakable(lambda length: one) == speakable(lambda length: other)) == (one == other)
