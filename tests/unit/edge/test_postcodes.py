"""Postcodes: read once, cut at the right places, never shown."""

from __future__ import annotations

import pytest

from signpost.edge.identifiers import IdentifierError
from signpost.edge.postcodes import Postcode


@pytest.mark.parametrize(
    ("text", "whole", "district", "area"),
    [
        ("M1 1AE", "M11AE", "M1", "M"),
        ("ls1 4ab", "LS14AB", "LS1", "LS"),
        ("LS14AB", "LS14AB", "LS1", "LS"),
        (" ls14 - 4ab ", "LS144AB", "LS14", "LS"),
        ("SW1A 1AA", "SW1A1AA", "SW1A", "SW"),
        ("W1A 0AX", "W1A0AX", "W1A", "W"),
        ("EC1A 1BB", "EC1A1BB", "EC1A", "EC"),
    ],
)
def test_a_postcode_is_read_in_any_spelling(text: str, whole: str, district: str, area: str) -> None:
    """And cut before its last three letters, and after its first letters."""
    home = Postcode.parse(text)

    assert home is not None
    assert (home.reveal(), home.district, home.area) == (whole, district, area)


@pytest.mark.parametrize("text", ["", "  ", "ZZ99 3VZ", "zz993cz", "ZZ99"])
def test_no_home_is_no_postcode(text: str) -> None:
    """Nothing, and what the NHS writes for no fixed abode."""
    assert Postcode.parse(text) is None


@pytest.mark.parametrize(
    "text", ["LS1", "LS1 4A", "LS1 4CA", "LS1 4IK", "L", "14 High Street", "LS1 4ABX", "ŁS1 4AB", "1LS 4AB"]
)
def test_what_is_not_of_its_form_is_refused_without_being_shown(text: str) -> None:
    """By a code."""
    with pytest.raises(IdentifierError, match=r"\APOSTCODE_SHAPE\Z"):
        Postcode.parse(text)


def test_a_postcode_does_not_print() -> None:
    """Whatever is done to show it."""
    home = Postcode.parse("LS1 4AB")

    assert "LS" not in f"{home} {home!r}"


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("LS1 4AB", ["LS14BA", "LS41AB", "SL14AB"]),
        ("LS11 1AA", ["SL111AA"]),
        ("M1 2AA", ["M21AA"]),
        ("SW1A 2AN", ["SW1A2NA", "WS1A2AN"]),
        ("M1 1AA", []),
    ],
)
def test_a_slip_swaps_two_neighbours_of_one_kind(text: str, slips: list[str]) -> None:
    """From the end; nothing that is not of a postcode's form, and not the postcode itself."""
    home = Postcode.parse(text)

    assert home is not None
    assert [slip.reveal() for slip in home.slips()] == slips
