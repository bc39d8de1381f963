"""The wire: what is not of its form is refused, what is reads back, and no refusal repeats a value."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from signpost.protocol.classes import (
    DEEP_PROFILE,
    LOOKUP_PROFILE,
    MATERNAL_PROFILES,
    POINTS,
    PROFILES,
    REGISTER_PROFILE,
    MatchClass,
    Place,
    Tier,
    Use,
    fits_profile,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import (
    CASE_REFERENCE_BYTES,
    EvaluationRequest,
    LookupRequest,
    RegisterRequest,
    Registration,
    TaggedPoint,
)
from signpost.protocol.problems import PROBLEMS, Problem, ProblemCode
from signpost.protocol.purposes import GATEWAYS, Basis, Kind, Purpose, Role, Urgency, purposes_of


def _tags() -> list[TaggedPoint]:
    return [TaggedPoint.of(each, os.urandom(32)) for each in LOOKUP_PROFILE]


def _lookup() -> LookupRequest:
    return LookupRequest(
        epoch=1,
        purpose=Purpose.SECTION_47,
        urgency=Urgency.NOW,
        deep=None,
        tags=_tags(),
        receipts=["r" * 20, "s" * 20],
    )


def _register() -> RegisterRequest:
    registration = Registration(
        reference=os.urandom(16),
        child_reference=os.urandom(16),
        row_digest=os.urandom(16),
        handle="7Q2K-94KD",
        started_on=dt.date(2026, 1, 5),
        ended_on=None,
        basis=Basis.STATUTORY,
        sealed_case_reference=os.urandom(CASE_REFERENCE_BYTES),
        remove_after="2033-09",
        tags=_tags(),
    )
    return RegisterRequest(epoch=1, registrations=[registration], receipts=["r" * 20])


@pytest.mark.parametrize(
    "message",
    [_lookup(), _register(), EvaluationRequest(epoch=1, generation=1, kind=Use.LOOKUP, points=os.urandom(384))],
    ids=lambda message: type(message).__name__,
)
def test_a_message_reads_back_to_the_same_bytes(message: BaseModel) -> None:
    raw = message.model_dump_json()

    again = type(message).model_validate_json(raw)

    assert again == message
    assert again.model_dump_json() == raw


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("epoch",), "1"),
        (("epoch",), 0),
        (("epoch",), 1.0),
        (("epoch",), True),
        (("purpose",), "curiosity-9990000042"),
        (("urgency",), None),
        (("tags",), []),
        (("receipts",), []),
        (("receipts", 0), "no spaces here"),
        (("tags", 3, "tag"), "9990000042"),
        (("tags", 3, "tag"), "A" * 44),
        (("tags", 3, "tag"), "A" * 42 + "B"),
        (("tags", 3, "tag"), None),
        (("tags", 3, "class"), "9990000042"),
        (("tags", 3, "tier"), 0),
        (("tags", 3, "tier"), 4),
        (("tags", 3, "tier"), "1"),
        (("tags", 3, "tier"), 1.0),
        (("tags", 3, "tier"), True),
        (("tags", 3, "tier"), None),
        (("tags", 3, "more"), 1),
        (("deep",), "curiosity-9990000042"),
        (("deep",), True),
        (("more",), 1),
    ],
)
def test_what_is_not_of_its_form_is_refused_without_its_value(at: tuple[str | int, ...], value: object) -> None:
    fields: Any = json.loads(_lookup().model_dump_json())
    place = fields
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = value

    with pytest.raises(ValidationError) as caught:
        LookupRequest.model_validate_json(json.dumps(fields))
    assert "9990000042" not in str(caught.value)
    assert "9990000042" not in repr(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"handle": "7Q2K94KD"},
        {"handle": "7Q2I-94KD"},
        {"started_on": "05/01/2026"},
        {"started_on": 20260105},
        {"remove_after": "2033-13"},
        {"basis": "curiosity"},
        {"reference": to_base64url(bytes(15))},
        {"sealed_case_reference": to_base64url(bytes(CASE_REFERENCE_BYTES - 1))},
    ],
)
def test_a_registration_that_is_not_of_its_form_is_refused(change: dict[str, object]) -> None:
    fields = json.loads(_register().model_dump_json())
    fields["registrations"][0].update(change)

    with pytest.raises(ValidationError):
        RegisterRequest.model_validate_json(json.dumps(fields))


def test_profiles_hold_the_fixed_points_and_only_their_own_counts_fit() -> None:
    assert len(LOOKUP_PROFILE) == POINTS[Use.LOOKUP] == 12
    assert len(REGISTER_PROFILE) == POINTS[Use.REGISTER] == 12
    assert len(DEEP_PROFILE) == POINTS[Use.DEEP] == 24
    assert all(len(MATERNAL_PROFILES[use]) == POINTS[use] for use in MATERNAL_PROFILES)
    assert fits_profile(Use.LOOKUP, LOOKUP_PROFILE)
    assert fits_profile(Use.LOOKUP, [IDENTITY, *LOOKUP_PROFILE[1:]])
    assert fits_profile(Use.LOOKUP, MATERNAL_PROFILES[Use.LOOKUP])
    assert not fits_profile(Use.LOOKUP, [IDENTITY, IDENTITY, *LOOKUP_PROFILE[2:]])
    assert not fits_profile(Use.REGISTER, LOOKUP_PROFILE)
    assert not fits_profile(Use.DEEP, LOOKUP_PROFILE)
    assert not fits_profile(Use.LOOKUP, LOOKUP_PROFILE[:-1])
    assert fits_profile(Use.OFFICER, LOOKUP_PROFILE)
    assert not fits_profile(Use.OFFICER, REGISTER_PROFILE)


@pytest.mark.parametrize("use", PROFILES)
def test_another_tier_in_one_place_does_not_fit(use: Use) -> None:
    profile = PROFILES[use]

    for at, place in enumerate(profile):
        for tier in set(Tier) - {place.tier}:
            assert not fits_profile(use, [*profile[:at], Place(place.match_class, tier), *profile[at + 1 :]])


IDENTITY = Place(MatchClass.IDENTITY, Tier.T1)
STRONG = Place(MatchClass.STRONG, Tier.T1)


@given(st.lists(st.sampled_from([IDENTITY, *sorted(set(LOOKUP_PROFILE))]), min_size=11, max_size=13))
def test_no_other_counts_fit(places: list[Place]) -> None:
    counted = Counter(STRONG if each == IDENTITY else each for each in places)
    expected = counted == Counter(LOOKUP_PROFILE) and places.count(IDENTITY) <= 1

    assert fits_profile(Use.LOOKUP, places) == expected


def test_every_refusal_has_words_a_status_and_a_next_step() -> None:
    assert set(PROBLEMS) == set(ProblemCode)
    for code in ProblemCode:
        document = Problem(code).document()
        assert set(document) == {"type", "title", "status", "code", "detail", "hint"}
        assert 400 <= Problem(code).status < 600
        assert str(document["detail"]).endswith(".")
        assert str(document["hint"])
    with_pointer = Problem(ProblemCode.HANDLE_UNKNOWN, pointers=("/registrations/3/handle",)).document()
    assert with_pointer["errors"] == [{"pointer": "/registrations/3/handle"}]


def test_every_purpose_has_its_legal_gateway_and_a_feed_has_none() -> None:
    assert set(GATEWAYS) == set(Purpose)
    assert all(gateway.law and gateway.roles and gateway.kinds for gateway in GATEWAYS.values())
    assert all(purposes_of(Role.FEED, kind) == () for kind in Kind)
