"""What is wrong with a handle is found before somebody rings in vain."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.index.handle_faults import faults_of, standing_for
from signpost.index.records import Handle
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.own_organisation import HandleFault

TODAY = dt.date(2026, 11, 1)
DESK = Handle(
    identifier="AAAA-AAAA",
    organisation=OrganisationId("northtown"),
    title="Duty desk",
    telephone="01632 960001",
    email="desk@northtown.example",
    hours=None,
    out_of_hours="BBBB-BBBB",
    confirmed_on=TODAY,
)
NIGHT = replace(DESK, identifier="BBBB-BBBB", out_of_hours=None)


def faults(*handles: Handle) -> list[str]:
    """Of the first."""
    return [fault.value for fault in faults_of(handles[0], {each.identifier: each for each in handles}, today=TODAY)]


def test_a_handle_that_is_right_has_no_fault() -> None:
    assert faults(DESK, NIGHT) == []


@pytest.mark.parametrize(
    ("days", "found"),
    [(0, []), (89, []), (90, ["to-confirm"]), (103, ["to-confirm"]), (104, ["unconfirmed"]), (4000, ["unconfirmed"])],
)
def test_a_handle_is_chased_and_then_marked(days: int, found: list[str]) -> None:
    """After ninety days, and a fortnight later."""
    assert faults(replace(DESK, confirmed_on=TODAY - dt.timedelta(days=days)), NIGHT) == found


@pytest.mark.parametrize(
    ("handles", "found"),
    [
        ((replace(DESK, confirmed_on=None), NIGHT), ["unconfirmed"]),
        ((NIGHT,), ["no-fallback"]),
        ((replace(DESK, telephone=None), NIGHT), ["no-telephone"]),
        ((replace(DESK, telephone=None), replace(NIGHT, telephone=None)), ["no-telephone", "unreachable"]),
        ((replace(NIGHT, telephone=None),), ["no-telephone", "unreachable", "no-fallback"]),
        ((DESK, replace(NIGHT, out_of_hours="AAAA-AAAA")), ["circular-fallback"]),
        # A circle further on is the fault of those who are in it.
        (
            (replace(DESK, identifier="CCCC-CCCC"), replace(NIGHT, out_of_hours="AAAA-AAAA"), DESK),
            [],
        ),
        # Who answers for the night desk counts, and it answers for the day desk.
        (
            (DESK, replace(NIGHT, handed_over_to="AAAA-AAAA")),
            ["circular-fallback"],
        ),
        ((replace(DESK, handed_over_to="BBBB-BBBB", telephone=None, confirmed_on=None), NIGHT), []),
    ],
)
def test_what_is_wrong_is_named(handles: tuple[Handle, ...], found: list[str]) -> None:
    assert faults(*handles) == found


def test_the_last_of_several_hand_overs_answers() -> None:
    """And a handle that was not handed over answers for itself."""
    third = replace(DESK, identifier="CCCC-CCCC")
    handles = {
        each.identifier: each
        for each in (
            replace(DESK, handed_over_to="BBBB-BBBB"),
            replace(NIGHT, handed_over_to="CCCC-CCCC"),
            third,
        )
    }

    assert standing_for("AAAA-AAAA", handles) == third
    assert standing_for("CCCC-CCCC", handles) == third


@given(st.lists(st.sampled_from(["A", "B", "C", "D", None]), min_size=4, max_size=4))
def test_whatever_leads_where_the_check_ends(fallbacks: list[str | None]) -> None:
    """Any wiring of fallbacks, circles of several included; who is in a circle is said to be, and nobody else."""
    names = "ABCD"
    handles = {
        name: replace(DESK, identifier=name, out_of_hours=then) for name, then in zip(names, fallbacks, strict=True)
    }

    for name in names:
        found = faults_of(handles[name], handles, today=TODAY)
        then, seen = handles[name].out_of_hours, set()
        while then is not None and then not in seen:
            seen.add(then)
            then = handles[then].out_of_hours
        assert (HandleFault.CIRCULAR_FALLBACK in found) == (name in seen)
        assert (HandleFault.NO_FALLBACK in found) == (handles[name].out_of_hours is None)
