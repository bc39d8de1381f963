"""Names: what is done to one twice is done to it once, and no name is kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.names import Family, Given, canonical, expected_sharers, fold, letters, sound, soundex

NAMES = st.sampled_from(["Kate", "Mohammed Ali", "O'Neill-Hale", "de la Cruz", "Zo\u00eb", "Baby 1"]) | st.text(
    max_size=20
)


@given(NAMES)
def test_normalising_again_changes_nothing(text: str) -> None:
    """Of letters, of a given name, of a surname, of folding and of a pet form."""
    words = letters(text)
    given_name, family = Given.read(text), Family.read(text)

    assert letters(" ".join(words)) == words
    # A title or a placeholder that a second reading would take for one stands alone after the first.
    assert Given.read(given_name.call).call in (given_name.call, "")
    assert fold(fold(family.joined)) == fold(family.joined)
    assert fold(canonical(given_name.call)) == canonical(given_name.call)
    assert all(re.fullmatch("[A-Z]+", word) for word in words)


def test_folding_what_is_empty_or_a_letter_leaves_it() -> None:
    """No name is folded away."""
    assert [fold(name) for name in ("", "E", "H", "LEE", "EH")] == ["", "E", "H", "LI", "EH"]


def test_a_name_always_has_a_sound() -> None:
    """Where the code is silent, the letters stand for themselves."""
    assert sound("H") == "H"
    assert soundex("ROBERT") == "R163"


def test_a_commoner_name_has_more_sharers() -> None:
    """And a birthday that stands for "not known" ten times as many."""
    rare = expected_sharers("BEATRIS", "OKONKVO", birth_key="2015-03-04")
    common = expected_sharers("OLIVER", "SMIT", birth_key="2015-03-04")

    assert rare < 0.03 < 0.1 < common < 1
    assert expected_sharers("OLIVER", "SMIT", birth_key="2015-01-01") == 10 * common


@pytest.mark.parametrize(
    "mark", "'`\u00b4\u0384\u1fbd\u1fbf\u1ffd\u1ffe\u02bb\u02bc\u2018\u2019\u2032\uff07\u055a\ua78c"
)
def test_whatever_stands_for_an_apostrophe_parts_nothing(mark: str) -> None:
    """O'Neill is one word, of whichever keyboard."""
    assert letters(f"O{mark}Neill") == ["ONEILL"]
