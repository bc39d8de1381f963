"""References and digests: stable for the council, meaningless to everybody else (protocol.md C1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from signpost.edge.feeds.model import Involvement, RowIds
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.references import (
    child_reference,
    digest_of_missing,
    digest_without_end,
    reference,
    row_digest,
)
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

KEY = Secret(b"reference key of one council 32b")
OTHER_KEY = Secret(b"reference key of another council")
IDS = RowIds(local_id="L1", involvement_id="I1")
CHILD = ChildDetails(
    date_of_birth=date(2015, 4, 3), nhs_number=NHSNumber.parse("9990000042"), upns=(UPN.parse("A950000178301"),)
)
WORK = Involvement(
    ids=IDS,
    child=CHILD,
    started_on=date(2025, 1, 2),
    ended_on=None,
    handle="front-door",
    basis=Basis.STATUTORY,
    remove_after="2033-09",
)


def test_every_name_is_16_bytes_and_differs() -> None:
    """By kind and by key, so that no name tells anything of another."""
    names = [
        *(reference(key, IDS) for key in (KEY, OTHER_KEY)),
        *(child_reference(key, IDS) for key in (KEY, OTHER_KEY)),
        *(row_digest(key, WORK) for key in (KEY, OTHER_KEY)),
        digest_of_missing(KEY, reference(KEY, IDS)),
    ]

    assert {len(name) for name in names} == {16}
    assert len(set(names)) == len(names)


def test_a_child_keeps_its_reference_through_all_its_involvements() -> None:
    """A corrected identity and a shield hold together by it."""
    other = RowIds(local_id="L1", involvement_id="I2")

    assert child_reference(KEY, IDS) == child_reference(KEY, other)
    assert reference(KEY, IDS) != reference(KEY, other)


def test_ids_do_not_run_into_each_other() -> None:
    """`L1` with `1I` is not `L11` with `I`."""
    assert reference(KEY, RowIds(local_id="L1", involvement_id="1I")) != reference(
        KEY, RowIds(local_id="L11", involvement_id="I")
    )


@pytest.mark.parametrize("text", ["42", "0042", "42.0"])
def test_zeros_that_a_spreadsheet_took_do_not_change_a_reference(text: str) -> None:
    """Else the whole caseload would be withdrawn and added again."""
    assert reference(KEY, RowIds(local_id=text, involvement_id="7")) == reference(
        KEY, RowIds(local_id="42", involvement_id="007")
    )


@pytest.mark.parametrize(
    "changed",
    [
        replace(WORK, handle="early-help"),
        replace(WORK, started_on=date(2025, 1, 3)),
        replace(WORK, ended_on=date(2025, 1, 3)),
        replace(WORK, basis=Basis.CONSENT),
        replace(WORK, remove_after="2034-09"),
        replace(WORK, child=replace(CHILD, date_of_birth=date(2015, 5, 4))),
        replace(WORK, child=replace(CHILD, nhs_number=NHSNumber.parse("9990000131"))),
        replace(WORK, child=replace(CHILD, nhs_number=None)),
        replace(WORK, child=replace(CHILD, upns=())),
    ],
)
def test_whatever_the_index_would_hold_changes_the_digest(changed: Involvement) -> None:
    """So a change is seen, and sent."""
    assert row_digest(KEY, changed) != row_digest(KEY, WORK)


def test_what_the_index_would_not_see_does_not_change_the_digest() -> None:
    """A second UPN that finds no place, a swapped day and month: nothing to send."""
    for child in (
        replace(CHILD, upns=(*CHILD.upns, UPN.parse("H801200001001"))),
        replace(CHILD, date_of_birth=date(2015, 3, 4)),
    ):
        assert row_digest(KEY, replace(WORK, child=child)) == row_digest(KEY, WORK)


def test_the_digest_without_its_end_is_that_of_the_open_row() -> None:
    """By this a council sees that only an end was added."""
    assert digest_without_end(KEY, replace(WORK, ended_on=date(2026, 1, 1))) == row_digest(KEY, WORK)
