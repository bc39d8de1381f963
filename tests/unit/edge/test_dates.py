"""Dates are read in three spellings, or refused; a birthday reaches the index only as a school year."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signpost.edge.dates import DateCode, DateError, birth_key, check_birth_date, parse_date, remove_after

TODAY = date(2026, 5, 1)
_DATES = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    "text",
    ["2015-04-03", "03/04/2015", "3/4/2015", "3 April 2015", "03 apr 2015", " 3  APRIL  2015 "],
)
def test_a_date_is_read_day_first(text: str) -> None:
    """The three spellings of one day are one day."""
    assert parse_date(text) == date(2015, 4, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", DateCode.DATE_FORMAT),
        ("2015-4-3", DateCode.DATE_FORMAT),
        ("20150403", DateCode.DATE_FORMAT),
        ("03.04.2015", DateCode.DATE_FORMAT),
        ("03-04-2015", DateCode.DATE_FORMAT),
        ("2015/04/03", DateCode.DATE_FORMAT),
        ("3 Avril 2015", DateCode.DATE_FORMAT),
        ("April 3 2015", DateCode.DATE_FORMAT),
        ("٢٠١٥-٠٤-٠٣", DateCode.DATE_FORMAT),
        ("03/04/15", DateCode.DATE_TWO_DIGIT_YEAR),
        ("3/4/15", DateCode.DATE_TWO_DIGIT_YEAR),
        ("30/02/2015", DateCode.DATE_IMPOSSIBLE),
        ("04/13/2015", DateCode.DATE_IMPOSSIBLE),
        ("29 February 2015", DateCode.DATE_IMPOSSIBLE),
        ("2015-00-03", DateCode.DATE_IMPOSSIBLE),
        ("0000-01-01", DateCode.DATE_IMPOSSIBLE),
    ],
)
def test_any_other_text_is_refused_by_name(text: str, code: DateCode) -> None:
    """No guess is made at what was meant, and the error holds only the code."""
    with pytest.raises(DateError) as refused:
        parse_date(text)

    assert refused.value.code is code
    assert refused.value.args == (code.value,)


@given(_DATES)
def test_a_date_reads_back_from_each_spelling(day: date) -> None:
    """Writing and reading are inverse."""
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day:%d/%m/%Y}") == day
    assert parse_date(f"{day.day} {day:%B} {day.year}") == day


@given(st.text(max_size=20))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    """Whatever is not a date is a DateError."""
    with contextlib.suppress(DateError):
        parse_date(text)


def test_a_birth_lies_between_1900_and_today() -> None:
    """Born today is possible; tomorrow and the century before last are not."""
    assert check_birth_date(TODAY, today=TODAY) == TODAY
    assert check_birth_date(date(1900, 1, 1), today=TODAY) == date(1900, 1, 1)
    with pytest.raises(DateError, match="DOB_FUTURE"):
        check_birth_date(date(2026, 5, 2), today=TODAY)
    with pytest.raises(DateError, match="DOB_BEFORE_1900"):
        check_birth_date(date(1899, 12, 31), today=TODAY)


def test_golden_birth_keys() -> None:
    """Pinned: a change of these changes every tag there is."""
    assert birth_key(date(2015, 4, 3)) == "2015-03-04"
    assert birth_key(date(2015, 3, 4)) == "2015-03-04"
    assert birth_key(date(2015, 12, 12)) == "2015-12-12"
    assert birth_key(date(2015, 4, 13)) == "2015-04-13"


@given(_DATES)
def test_swapping_day_and_month_never_changes_a_birth_key(day: date) -> None:
    """Where both could be a month."""
    assume(day.day <= 12)

    assert birth_key(day) == birth_key(date(day.year, day.day, day.month))


@given(_DATES, _DATES)
def test_two_dates_share_a_birth_key_only_when_swapped(one: date, other: date) -> None:
    """Nothing else is let fall together."""
    same = one == other or (one.year, one.day, one.month) == (other.year, other.month, other.day)

    assert (birth_key(one) == birth_key(other)) == same


@pytest.mark.parametrize(
    ("born", "by_consent", "month"),
    [
        (date(2015, 4, 3), False, "2033-09"),
        (date(2015, 4, 3), True, "2040-09"),
        (date(2015, 8, 31), False, "2033-09"),
        (date(2015, 9, 1), False, "2033-09"),
        (date(2015, 9, 2), False, "2034-09"),
        (date(2015, 12, 31), False, "2034-09"),
        (date(2016, 2, 29), True, "2041-09"),
    ],
)
def test_an_involvement_is_removed_on_the_first_of_september_after_the_18th_birthday(
    born: date, by_consent: bool, month: str
) -> None:
    """The 25th by consent. A birthday on 1 September rounds to itself."""
    assert remove_after(born, by_consent=by_consent) == month


@given(_DATES, st.booleans())
def test_the_month_of_removal_is_the_first_september_not_before_the_birthday(born: date, by_consent: bool) -> None:
    """Checked against the definition, in days."""
    years = 25 if by_consent else 18
    leap_day = (born.month, born.day) == (2, 29)
    birthday = date(born.year + years, 3, 1) if leap_day else born.replace(year=born.year + years)

    removed = date(int(remove_after(born, by_consent=by_consent)[:4]), 9, 1)

    assert birthday <= removed
    assert removed.replace(year=removed.year - 1) < birthday
