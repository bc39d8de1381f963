"""A session's PIN: which may be one, and how often it may be tried."""

from __future__ import annotations

import os
import pickle

import pytest

from signpost.edge.pins import MOST_WRONG, Pin, pin_fits


@pytest.mark.parametrize("pin", ["314159", "0000001", "9" * 40 + "1"])
def test_six_digits_that_are_not_all_one_may_be_a_pin(pin: str) -> None:
    assert pin_fits(pin)


@pytest.mark.parametrize("pin", ["", "31415", "111111", "31415a", "٣١٤١٥٩", "314159 ", "-31415"])
def test_anything_else_may_not(pin: str) -> None:
    assert not pin_fits(pin)


def test_the_right_pin_is_right_and_starts_the_count_again() -> None:
    pin = Pin("314159", randomness=os.urandom)
    for _ in range(MOST_WRONG - 1):
        assert not pin.right("271828")
    assert pin.left == 1

    assert pin.right("314159")

    assert pin.left == MOST_WRONG
    assert not pin.spent


def test_after_ten_wrong_ones_none_is_right() -> None:
    pin = Pin("314159", randomness=os.urandom)
    for _ in range(MOST_WRONG):
        pin.right("271828")

    assert pin.spent
    assert not pin.right("314159")


def test_a_pin_shows_nowhere() -> None:
    pin = Pin("314159", randomness=os.urandom)

    assert "314159" not in repr(pin) + str(pin)
    with pytest.raises(TypeError):
        pickle.dumps(pin)
