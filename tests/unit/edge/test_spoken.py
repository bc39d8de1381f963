"""Receipts and references as they are said and typed."""

from __future__ import annotations

import pytest

from signpost.edge.spoken import spoken_name


@pytest.mark.parametrize("typed", ["K7Q1-94K0", "k7q194k0", " K7Q1 94K0 ", "k7qi-94ko", "K7QL-94KO"])
def test_a_reference_is_read_however_it_is_typed(typed: str) -> None:
    assert spoken_name(typed) == "K7Q1-94K0"


@pytest.mark.parametrize("typed", ["", "K7Q1", "K7Q1-94KU", "K7Q1--94K0", "K7Q1-94K00", "K7Q1-94K\u0660"])
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert spoken_name(typed) is None
