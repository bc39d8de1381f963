"""Whom a machine asks for: a pseudonym that the organisation alone can make again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    LookupAgainRequest,
    OutcomeRequest,
)
from signpost.protocol.named_users import LONGEST_NAME, NOBODY, USER_BYTES, named_in, named_user, users_key
from signpost.protocol.purposes import Purpose, Urgency
from signpost.protocol.secret import Secret

KEY = users_key(Secret(b"r" * 32))


def test_a_pseudonym_is_of_one_size_and_the_same_each_time() -> None:
    """Another name, another organisation or the reference key itself gives another."""
    own = named_user(KEY, "j.smith")

    assert len(own) == USER_BYTES
    assert own == named_user(KEY, "j.smith")
    others = {named_user(KEY, "j.smyth"), named_user(users_key(Secret(b"s" * 32)), "j.smith")}
    assert own not in others
    assert len(others) == 2
    assert KEY.reveal() != b"r" * 32


@pytest.mark.parametrize("spelt", ["J.Smith", " j.smith\n", "\uff4a.smith", "J.SMITH"])
def test_a_name_is_one_however_it_is_spelt(spelt: str) -> None:
    """In capitals, with spaces around, or in wide letters: else one person would have several budgets."""
    assert named_user(KEY, spelt) == named_user(KEY, "j.smith")


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), "two\nlines", "\x1b[A"])
def test_what_is_no_name_names_nobody(name: str) -> None:
    with pytest.raises(ValueError, match="not a user's name"):
        named_user(KEY, name)


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(st.just("user"), inner), max_leaves=4
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_whatever_a_body_holds_it_names_somebody_or_nobody(body: bytes) -> None:
    """And never fails: its model refuses it afterwards, by name."""
    assert len(named_in(body)) == USER_BYTES


def test_a_body_names_whom_its_model_reads() -> None:
    user = bytes(range(16))
    request = LookupAgainRequest(user=user, receipt="K7Q2-94KD")

    assert named_in(request.model_dump_json().encode()) == user
    assert named_in(LookupAgainRequest(receipt="K7Q2-94KD").model_dump_json().encode()) == NOBODY
    assert named_in(b'{"user":"' + to_base64url(user).encode() + b'","user":"AAAA"}') == NOBODY


def test_a_request_in_somebodys_name_is_as_long_as_ones_own() -> None:
    """What goes over the line does not show which of the two it is."""
    named = {"user": b"u" * 16}
    for each in (
        LookupAgainRequest(receipt="K7Q2-94KD"),
        ContactRequest(receipt="K7Q2-94KD", purpose=Purpose.SECTION_47, urgency=Urgency.TODAY),
        ContactStatusRequest(receipt="K7Q2-94KD"),
        OutcomeRequest(receipt="K7Q2-94KD", reached=True, new=True),
    ):
        assert len(each.model_copy(update=named).model_dump_json()) == len(each.model_dump_json())
