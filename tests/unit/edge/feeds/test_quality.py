"""How good a feed is: counts of children, and never a child."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.model import BadRow, GoodRow, Involvement, PassedRow, RowIds
from signpost.edge.feeds.quality import Quality, QualityReport
from signpost.edge.identifiers import UPN, IdentifierCode, NHSNumber, upn_check_letter
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.postcodes import Postcode
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

NHS = NHSNumber.parse("9990000042")
HOME = Postcode.parse("LS1 4AB")
assert HOME is not None
ADA = ChildDetails(date_of_birth=date(2015, 4, 3), nhs_number=NHS, forename="Ada", surname="Okonkwo", postcodes=(HOME,))


def good(local_id: str, child: ChildDetails, work: str = "1") -> GoodRow:
    """A row of somebody's."""
    involvement = Involvement(
        ids=RowIds(local_id=local_id, involvement_id=work),
        child=child,
        started_on=date(2025, 1, 1),
        ended_on=None,
        handle="L7Q2-94KD",
        basis=Basis.STATUTORY,
        remove_after="2033-09",
    )
    return GoodRow(2, 100, involvement)


def report(*rows: GoodRow | BadRow | PassedRow) -> QualityReport:
    """What these rows come to."""
    quality = Quality(Secret(b"k" * 32))
    try:
        for row in rows:
            quality.take(row)
        return quality.report()
    finally:
        quality.close()


def test_a_child_counts_once_however_many_rows_it_has() -> None:
    found = report(good("1", ADA), good("01", ADA, "2"), good("2", replace(ADA, nhs_number=None, forename="Bo")))

    assert (found.rows, found.good_rows, found.children) == (3, 3, 2)
    assert found.with_detail["nhs_number"] == 1
    assert found.with_detail["postcode"] == 2


def test_rows_are_counted_by_their_fate_and_errors_by_their_code() -> None:
    digit = RowError(3, "nhs_number", IdentifierCode.NHS_CHECK_DIGIT)
    left_out = RowError(4, "postcode", IdentifierCode.POSTCODE_SHAPE)

    found = report(
        good("1", ADA),
        BadRow(3, 0, (digit, RowError(3, "start", RowCode.START_MISSING))),
        BadRow(4, 0, (left_out,), left_out=True),
        BadRow(5, 0, (RowError(5, "local_id", RowCode.DUPLICATE_ROW),)),
        PassedRow(6, 0),
    )

    assert (found.rows, found.good_rows, found.rejected_rows, found.passed_over_rows) == (4, 1, 2, 1)
    assert found.check_failures == {"nhs_number": 1, "upn": 0}
    assert found.duplicate_rows == 1
    assert found.errors["POSTCODE_SHAPE"] == 1


def test_one_number_or_one_name_at_one_home_under_two_ids_is_a_likely_duplicate() -> None:
    assert report(good("1", ADA), good("2", replace(ADA, surname="Other"))).likely_duplicates == 1
    assert report(good("1", ADA), good("2", replace(ADA, nhs_number=None))).likely_duplicates == 1


def test_another_forename_at_the_same_home_and_date_is_a_likely_twin() -> None:
    twin = replace(ADA, forename="Daniel", nhs_number=None)
    sister = replace(twin, date_of_birth=date(2017, 4, 4))

    assert report(good("1", ADA), good("2", twin), good("3", sister)).likely_twins == 1
    assert report(good("1", ADA), good("2", twin)).likely_duplicates == 0


@pytest.mark.parametrize(
    ("child", "what"),
    [
        (replace(ADA, upns=(UPN.parse(upn_check_letter("95000017830A") + "95000017830A"),)), "temporary_upns"),
        (replace(ADA, date_of_birth=date(2015, 1, 1)), "default_birthdays"),
        (replace(ADA, forename="Baby 1"), "unnamed"),
        (ChildDetails(mother_nhs_number=NHS, expected_on=date(2027, 1, 1)), "unborn"),
        (ChildDetails(date_of_birth=date(2015, 4, 3), postcodes=(HOME,)), "without_t1_input"),
        (ADA, "with_t1_input"),
    ],
)
def test_what_is_odd_is_counted(child: ChildDetails, what: str) -> None:
    assert getattr(report(good("1", child)), what) == 1
    assert what == "with_t1_input" or getattr(report(good("1", ADA)), what) == 0


def test_it_holds_counts_and_shares_and_nothing_of_a_child() -> None:
    told = json.dumps(report(good("case-77", ADA)).as_json())

    assert json.loads(told)["schema"] == "signpost.quality/1"
    assert json.loads(told)["shares"]["t1_input"] == 1.0
    assert not any(value in told for value in ("Ada", "Okonkwo", "9990000042", "LS1", "case-77", "2015"))


def test_an_empty_feed_has_no_shares() -> None:
    assert report().as_json()["shares"] == {"t1_input": None}
