"""An identifier is taken only with a right check digit or letter, and never shows itself."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signpost.edge.identifiers import (
    UPN,
    IdentifierCode,
    IdentifierError,
    NHSNumber,
    nhs_check_digit,
    upn_check_letter,
)

_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_ARABIC = {ord(str(n)): 0x660 + n for n in range(10)}
"""To the digits of another script, which Python would take for numbers too."""
_SIX_DIGITS = st.text("0123456789", min_size=6, max_size=6)


@st.composite
def nhs_numbers(draw: st.DrawFn) -> str:
    """A valid NHS number of the test range."""
    nine = "999" + draw(_SIX_DIGITS)
    check = nhs_check_digit(nine)
    assume(check is not None and nine + str(check) != "9" * 10)
    return nine + str(check)


@st.composite
def upns(draw: st.DrawFn) -> str:
    """A valid UPN, permanent or temporary."""
    tail = draw(st.text("0123456789", min_size=11, max_size=11)) + draw(st.sampled_from("0123456789" + _LETTERS))
    return upn_check_letter(tail) + tail


@pytest.mark.parametrize("text", ["9990000042", "999 000 0042", "  999 000 0042\n"])
def test_an_nhs_number_may_be_spaced_3_3_4(text: str) -> None:
    """Ten digits, run together or spaced, are the same number."""
    assert NHSNumber.parse(text).reveal() == "9990000042"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", IdentifierCode.NHS_NOT_DIGITS),
        ("99900O0042", IdentifierCode.NHS_NOT_DIGITS),
        ("999-000-0042", IdentifierCode.NHS_NOT_DIGITS),
        ("9990 000 042", IdentifierCode.NHS_NOT_DIGITS),
        ("999  000 0042", IdentifierCode.NHS_NOT_DIGITS),
        ("9990000042".translate(_ARABIC), IdentifierCode.NHS_NOT_DIGITS),
        ("999000004", IdentifierCode.NHS_LENGTH),
        ("99900000420", IdentifierCode.NHS_LENGTH),
        ("9990000043", IdentifierCode.NHS_CHECK_DIGIT),
        ("9876543210", IdentifierCode.NHS_DUMMY),
        ("1234567881", IdentifierCode.NHS_DUMMY),
        ("987 654 3210", IdentifierCode.NHS_DUMMY),
        *((digit * 10, IdentifierCode.NHS_DUMMY) for digit in "0123456789"),
    ],
)
def test_what_is_no_nhs_number_is_refused_by_name(text: str, code: IdentifierCode) -> None:
    """Each way of being wrong has its own code, and the error holds nothing else."""
    with pytest.raises(IdentifierError) as refused:
        NHSNumber.parse(text)

    assert refused.value.code is code
    assert refused.value.args == (code.value,)


def test_a_sum_that_leaves_ten_has_no_check_digit() -> None:
    """One number in eleven does not exist: no tenth digit makes it valid."""
    nine = next(n for n in (f"999{i:06}" for i in range(100)) if nhs_check_digit(n) is None)

    for digit in "0123456789":
        with pytest.raises(IdentifierError, match="NHS_CHECK_DIGIT"):
            NHSNumber.parse(nine + digit)


@given(nhs_numbers(), st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_digit_in_an_nhs_number_is_always_refused(number: str, place: int, digit: str) -> None:
    """No slip of one digit turns one child's number into another's."""
    assume(number[place] != digit)
    slipped = number[:place] + digit + number[place + 1 :]

    with pytest.raises(IdentifierError):
        NHSNumber.parse(slipped)


@given(nhs_numbers(), st.integers(0, 8))
def test_two_neighbours_swapped_in_an_nhs_number_are_always_refused(number: str, place: int) -> None:
    """Nor does swapping two neighbouring digits."""
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    with pytest.raises(IdentifierError):
        NHSNumber.parse(swapped)


@given(nhs_numbers())
def test_an_nhs_number_reads_back_as_it_was_written(number: str) -> None:
    """Spaced or not, it reads as itself, and says its last four digits only when asked."""
    parsed = NHSNumber.parse(f"{number[:3]} {number[3:6]} {number[6:]}")

    assert parsed == NHSNumber.parse(number)
    assert hash(parsed) == hash(NHSNumber.parse(number))
    assert parsed.reveal() == number
    assert parsed.last_four == number[-4:]


@pytest.mark.parametrize("text", ["A950000178301", "H801200001001", " h801200001001 "])
def test_published_upns_pass(text: str) -> None:
    """The two published examples have the right check letter; case does not matter."""
    assert UPN.parse(text).reveal() == text.strip().upper()
    assert not UPN.parse(text).temporary


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", IdentifierCode.UPN_LENGTH),
        ("A95000017830", IdentifierCode.UPN_LENGTH),
        ("A9500001783011", IdentifierCode.UPN_LENGTH),
        ("A950 00178301", IdentifierCode.UPN_SHAPE),
        ("I950000178301", IdentifierCode.UPN_SHAPE),
        ("O950000178301", IdentifierCode.UPN_SHAPE),
        ("S950000178301", IdentifierCode.UPN_SHAPE),
        ("1950000178301", IdentifierCode.UPN_SHAPE),
        ("A95000017830I", IdentifierCode.UPN_SHAPE),
        ("A95000O178301", IdentifierCode.UPN_SHAPE),
        ("A95000017830ſ", IdentifierCode.UPN_SHAPE),
        ("B950000178301", IdentifierCode.UPN_CHECK_LETTER),
        ("A950000178302", IdentifierCode.UPN_CHECK_LETTER),
    ],
)
def test_what_is_no_upn_is_refused_by_name(text: str, code: IdentifierCode) -> None:
    """Each way of being wrong has its own code."""
    with pytest.raises(IdentifierError) as refused:
        UPN.parse(text)

    assert refused.value.code is code


def test_a_upn_that_ends_in_a_letter_is_temporary() -> None:
    """A letter counts by its place among the 23 (A is 0), and marks a number that one school made up."""
    tail = "95000017830A"
    upn = UPN.parse(upn_check_letter(tail) + tail)

    assert upn.temporary
    assert upn_check_letter(tail) == upn_check_letter("950000178300")


@given(upns(), st.integers(1, 11), st.sampled_from("0123456789"))
def test_one_wrong_digit_in_a_upn_is_always_refused(upn: str, place: int, digit: str) -> None:
    """23 is prime and above nine, so no slip of one digit keeps the letter."""
    assume(upn[place] != digit)

    with pytest.raises(IdentifierError):
        UPN.parse(upn[:place] + digit + upn[place + 1 :])


@given(upns())
def test_a_upn_reads_back_as_it_was_written(upn: str) -> None:
    """In either case it reads as itself."""
    assert UPN.parse(upn.lower()).reveal() == upn


@given(st.text(max_size=16))
def test_no_text_is_taken_that_does_not_re_encode_to_itself(text: str) -> None:
    """Whatever parses has one spelling; everything else is an IdentifierError and no other failure."""
    for kind in (NHSNumber, UPN):
        try:
            value = kind.parse(text).reveal()
        except IdentifierError:
            continue
        assert kind.parse(value).reveal() == value


def test_an_nhs_number_is_no_upn() -> None:
    """Two kinds of identifier are never equal."""
    assert NHSNumber.parse("9990000042") != UPN.parse("A950000178301")
    assert NHSNumber.parse("9990000042") != "9990000042"
