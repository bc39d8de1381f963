"""Match inputs: what is known of a child gives the same short texts at every organisation (protocol.md B2)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.identifiers import UPN, NHSNumber, upn_check_letter
from signpost.edge.match_inputs import Absent, ChildDetails, Reason, Template, absent_inputs, match_inputs
from signpost.protocol.classes import MatchClass, Tier, Use
from tests.unit.edge.test_identifiers import nhs_numbers, upns

BORN = date(2015, 4, 3)
NHS = NHSNumber.parse("9990000042")
PUPIL = UPN.parse("A950000178301")
FORMER = UPN.parse("H801200001001")
TEMPORARY = UPN.parse(upn_check_letter("95000017830A") + "95000017830A")
ALL_USES = list(Use)


@st.composite
def children(draw: st.DrawFn) -> ChildDetails:
    """Any details that can be known of a child."""
    number = draw(st.none() | nhs_numbers())
    return ChildDetails(
        date_of_birth=draw(st.none() | st.dates(date(2000, 1, 1), date(2026, 1, 1))),
        nhs_number=None if number is None else NHSNumber.parse(number),
        upns=tuple(map(UPN.parse, draw(st.lists(upns(), max_size=4)))),
    )


def test_golden_inputs() -> None:
    """Pinned byte for byte: a change of these changes every tag there is."""
    child = ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(PUPIL,))

    identity, pupil = match_inputs(child, Use.REGISTER)

    assert (identity.template, identity.match_class, identity.tier) == (Template.NHS, MatchClass.IDENTITY, Tier.T1)
    assert identity.value == "9990000042|2015-03-04"
    assert identity.encoded() == (b"\0\0\0\x0bsignpost/v1\0\0\0\x03nhs\0\0\0\x011\0\0\0\x159990000042|2015-03-04")
    assert (pupil.template, pupil.match_class, pupil.tier) == (Template.UPN, MatchClass.PUPIL, Tier.T1)
    assert pupil.encoded() == (b"\0\0\0\x0bsignpost/v1\0\0\0\x03upn\0\0\0\x011\0\0\0\x18A950000178301|2015-03-04")


@pytest.mark.parametrize("use", ALL_USES)
def test_registering_and_looking_up_give_the_same_inputs(use: Use) -> None:
    """The same details meet, whichever side they are on."""
    child = ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(PUPIL,))

    assert match_inputs(child, use) == match_inputs(child, Use.REGISTER)


@pytest.mark.parametrize(
    ("child", "absent"),
    [
        (
            ChildDetails(),
            [(Template.NHS, Reason.NO_DATE_OF_BIRTH), (Template.UPN, Reason.NO_DATE_OF_BIRTH)],
        ),
        (
            ChildDetails(nhs_number=NHS, upns=(PUPIL,)),
            [(Template.NHS, Reason.NO_DATE_OF_BIRTH), (Template.UPN, Reason.NO_DATE_OF_BIRTH)],
        ),
        (
            ChildDetails(date_of_birth=BORN),
            [(Template.NHS, Reason.NO_NHS_NUMBER), (Template.UPN, Reason.NO_UPN)],
        ),
        (
            ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(TEMPORARY,)),
            [(Template.UPN, Reason.TEMPORARY_UPN)],
        ),
        (
            ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(PUPIL, FORMER)),
            [(Template.UPN, Reason.NO_ROOM)],
        ),
    ],
)
def test_what_is_absent_has_its_reason(child: ChildDetails, absent: list[tuple[Template, Reason]]) -> None:
    """So that a person can see which detail would help."""
    assert absent_inputs(child, Use.LOOKUP) == [Absent(template, reason) for template, reason in absent]


def test_a_temporary_upn_leaves_the_place_to_a_permanent_one() -> None:
    """Two children may hold the same temporary one, so it is passed over."""
    child = ChildDetails(date_of_birth=BORN, upns=(TEMPORARY, FORMER))

    assert [found.value for found in match_inputs(child, Use.REGISTER)] == ["H801200001001|2015-03-04"]


@given(children())
def test_every_input_holds_the_birth_date(child: ChildDetails) -> None:
    """An identifier without a birth date confirms nothing."""
    inputs = match_inputs(child, Use.REGISTER)

    if child.date_of_birth is None:
        assert inputs == []
    assert all(str(child.date_of_birth)[:4] in found.value for found in inputs)


@given(children())
def test_swapping_day_and_month_never_changes_an_input(child: ChildDetails) -> None:
    """Where both could be a month."""
    born = child.date_of_birth or BORN
    one = born.replace(day=(born.day - 1) % 12 + 1)
    other = one.replace(month=one.day, day=one.month)

    given, swapped = (
        ChildDetails(date_of_birth=day, nhs_number=child.nhs_number, upns=child.upns) for day in (one, other)
    )

    for use in ALL_USES:
        assert match_inputs(swapped, use) == match_inputs(given, use)


@given(children(), children())
def test_two_inputs_are_equal_only_with_equal_contents(one: ChildDetails, other: ChildDetails) -> None:
    """No two templates, identifiers or dates run into each other."""
    for left in match_inputs(one, Use.LOOKUP):
        for right in match_inputs(other, Use.LOOKUP):
            same = (left.template, left.value) == (right.template, right.value)
            assert (left.encoded() == right.encoded()) == same
