"""RFC 6238 Appendix B: one-time codes by the clock. Its table is of eight digits; ours are the last six of them."""

from __future__ import annotations

import pytest

from signpost.protocol.one_time_codes import CODE_DIGITS, STEP_SECONDS, code_of, step_of
from signpost.protocol.secret import Secret

_SECRET = Secret(b"12345678901234567890")
# Appendix B, the rows of SHA-1: seconds since the epoch, and the code.
_CODES = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), _CODES)
def test_codes_of_the_table(seconds: int, code: str) -> None:
    assert code_of(_SECRET, seconds // STEP_SECONDS, digits=8) == code
    assert code_of(_SECRET, seconds // STEP_SECONDS) == code[-CODE_DIGITS:]


@pytest.mark.parametrize(("seconds", "code"), _CODES[1:])
@pytest.mark.parametrize("late", [-STEP_SECONDS, 0, STEP_SECONDS])
def test_a_code_is_taken_one_step_early_or_late(seconds: int, code: str, late: int) -> None:
    """RFC 6238 §5.2: one step for the way, and for clocks that differ."""
    assert step_of(_SECRET, code[-CODE_DIGITS:], now=seconds + late, after=-1) == seconds // STEP_SECONDS


@pytest.mark.parametrize("late", [-2 * STEP_SECONDS, 2 * STEP_SECONDS])
def test_a_code_is_not_taken_two_steps_away(late: int) -> None:
    assert step_of(_SECRET, "081804", now=1_111_111_109 + late, after=-1) is None


def test_a_code_is_taken_once() -> None:
    """§5.2: the second use of a code, and any code earlier than one that was used, is refused."""
    now, step = 1_111_111_109, 1_111_111_109 // STEP_SECONDS

    assert step_of(_SECRET, "081804", now=now, after=step - 1) == step
    assert step_of(_SECRET, "081804", now=now, after=step) is None
    assert step_of(_SECRET, code_of(_SECRET, step - 1), now=now, after=step) is None
    assert step_of(_SECRET, code_of(_SECRET, step + 1), now=now, after=step) == step + 1


@pytest.mark.parametrize("typed", ["", "81804", "0081804", "07081804", "08180a", "٠٨١٨٠٤", "081 804"])
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert step_of(_SECRET, typed, now=1_111_111_109, after=-1) is None
