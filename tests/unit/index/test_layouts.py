"""The byte layouts of sealed rows: nothing is lost, and everything is of one size."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.index.arrivals import Arrival, Asked, Ended, Looked, Registered, Withdrawn
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber, OwnedInvolvement, StoredTag
from signpost.index.requests import Acknowledgement
from signpost.index.storage.layouts import (
    INVOLVEMENT_BYTES_BEFORE,
    pack_acknowledgement,
    pack_arrival,
    pack_involvement,
    pack_lookup,
    unpack_acknowledgement,
    unpack_arrival,
    unpack_involvement,
    widened_involvement,
)
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.messages import CASE_REFERENCE_BYTES, AnswerWord
from signpost.protocol.purposes import Basis, Kind, Purpose, Role
from signpost.protocol.tags import TagKey, WrappedTag

exactly = st.binary
numbers = st.integers(0, 2**63 - 2)
stored_tags = st.builds(
    StoredTag,
    st.builds(Place, st.sampled_from(MatchClass), st.sampled_from(Tier)),
    st.builds(WrappedTag, exactly(min_size=16, max_size=16).map(TagKey), exactly(min_size=32, max_size=32)),
)
twelve = st.lists(stored_tags, min_size=12, max_size=12).map(tuple)
twenty_four = st.lists(stored_tags, min_size=24, max_size=24).map(tuple)
involvements = st.builds(
    OwnedInvolvement,
    reference=exactly(min_size=16, max_size=16),
    child_reference=exactly(min_size=16, max_size=16),
    row_digest=exactly(min_size=16, max_size=16),
    handle=st.from_regex(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", fullmatch=True).map(str),
    started_on=st.dates(),
    ended_on=st.none() | st.dates(),
    basis=st.sampled_from(Basis),
    sealed_case_reference=exactly(min_size=CASE_REFERENCE_BYTES, max_size=CASE_REFERENCE_BYTES),
    remove_after=st.from_regex(r"[0-9]{4}-(0[1-9]|1[0-2])", fullmatch=True),
    handed_to=st.none() | st.from_regex(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", fullmatch=True).map(str),
    ended_here=st.booleans(),
)
arrivals = st.builds(
    Arrival,
    numbers.map(OrganisationNumber),
    numbers.map(InvolvementNumber),
    st.builds(Registered, twelve, st.none() | st.dates(), numbers.map(ChildNumber), st.booleans())
    | st.builds(Ended, st.dates())
    | st.just(Withdrawn()),
)
names = st.from_regex(r"[a-z][a-z0-9.-]{1,63}", fullmatch=True)
questions = st.builds(Asked, exactly(min_size=16, max_size=16)) | st.builds(
    Looked,
    lookup=exactly(min_size=16, max_size=16),
    organisation=names.map(OrganisationId),
    account=names.map(AccountId),
    role=st.sampled_from(Role),
    kind=st.sampled_from(Kind),
    purpose=st.sampled_from(Purpose),
    at=st.integers(0, 2**40),
)


@given(involvements)
def test_an_owners_row_comes_back_whole(owned: OwnedInvolvement) -> None:
    """What was packed is what is unpacked, in 193 bytes."""
    packed = pack_involvement(owned)

    assert unpack_involvement(packed) == owned
    assert len(packed) == 193


@given(involvements)
def test_an_owners_row_of_before_is_one_that_nothing_was_done_with_here(owned: OwnedInvolvement) -> None:
    """It ended after the month of removal, in 183 bytes."""
    narrow = pack_involvement(owned)[:INVOLVEMENT_BYTES_BEFORE]

    wide = widened_involvement(narrow)

    assert INVOLVEMENT_BYTES_BEFORE == 183
    assert unpack_involvement(wide) == replace(owned, handed_to=None, ended_here=False)
    assert len(wide) == 193
    assert widened_involvement(wide) == wide


@given(arrivals | questions)
def test_an_arrival_comes_back_whole(arrival: Arrival | Asked | Looked) -> None:
    """A registration, an end, a withdrawal, a call-back and a lookup come back as they were, all of one size."""
    packed = pack_arrival(arrival)

    assert unpack_arrival(packed) == arrival
    assert len(packed) == 630


def test_an_arrival_of_an_unknown_kind_is_refused() -> None:
    """What a newer version wrote is not taken for a withdrawal."""
    with pytest.raises(ValueError, match="does not know"):
        unpack_arrival(b"\x09" + bytes(629))


@given(st.sampled_from(["current", "previous", "possible", "none"]), twelve | twenty_four)
def test_a_lookup_row_is_of_one_size(answer: AnswerWord, tags: tuple[StoredTag, ...]) -> None:
    """Whatever the answer was, and whether it was a deep one."""
    assert len(pack_lookup(answer, tags)) == 1_201


@given(st.integers(0, 2**40))
def test_an_acknowledgement_comes_back_whole(at: int) -> None:
    """The receipt and its time."""
    acknowledged = Acknowledgement("L7Q2-94KD", at)

    assert unpack_acknowledgement(pack_acknowledgement(acknowledged)) == acknowledged


def test_day_numbers_keep_their_order() -> None:
    """An earlier day has a smaller number, in the hot table too."""
    early = pack_involvement(owned_from(dt.date(1999, 12, 31)))
    late = pack_involvement(owned_from(dt.date(2000, 1, 1)))

    assert early < late


def owned_from(started_on: dt.date) -> OwnedInvolvement:
    """An involvement of which only the start matters."""
    return OwnedInvolvement(
        bytes(16),
        bytes(16),
        bytes(16),
        "0000-0000",
        started_on,
        None,
        Basis.CONSENT,
        bytes(CASE_REFERENCE_BYTES),
        "2030-01",
    )
