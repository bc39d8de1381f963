"""The feed against the index's list gives add, change, end and withdraw, and stops where it looks wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.limits import Limits, TooManyEnds, TooManyRejected, broken_limits
from signpost.edge.feeds.model import BadRow, GoodRow, Involvement, PassedRow, Row, RowIds
from signpost.edge.feeds.reconcile import ChangedHere, Counts, ListContradictsItself, Reconciliation
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.references import Reference, RowDigest, digest_of_missing, reference, row_digest
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

KEY = Secret(b"reference key of one council 32b")
ENDED = date(2026, 4, 1)


def work(n: int, *, ended: date | None = None, handle: str = "front-door") -> Involvement:
    """The n-th involvement of a council."""
    return Involvement(
        ids=RowIds(local_id=f"L{n}", involvement_id="1"),
        child=ChildDetails(date_of_birth=date(2015, 4, 3), nhs_number=NHSNumber.parse("9990000042")),
        started_on=date(2025, 1, 2),
        ended_on=ended,
        handle=handle,
        basis=Basis.STATUTORY,
        remove_after="2033-09",
    )


def good(n: int, *, ended: date | None = None, handle: str = "front-door") -> GoodRow:
    """Its row, at place n."""
    return GoodRow(n + 2, n, work(n, ended=ended, handle=handle))


def bad(n: int | None) -> BadRow:
    """A bad row, of the n-th involvement where its ids could be read."""
    ids = None if n is None else work(n).ids
    return BadRow(2, 0, (RowError(2, "nhs_number", RowCode.NHS_SCIENTIFIC),), ids)


def listed(*involvements: Involvement) -> list[tuple[Reference, RowDigest]]:
    """The index's own list of what was registered."""
    return sorted((reference(KEY, one.ids), row_digest(KEY, one)) for one in involvements)


def reconcile(
    rows: Iterable[Row], known: list[tuple[Reference, RowDigest]], *, end_missing: bool = False,
    here: Collection[int] = (), send_again: bool = False,
) -> tuple[Reconciliation, Counts]:  # fmt: skip
    """Rows against a list, in which some were ended or handed over at the gateway."""
    plan = Reconciliation(KEY, end_missing=end_missing, send_again=send_again)
    for row in rows:
        plan.take(row)
    changed = {reference(KEY, work(n).ids) for n in here}
    for start in range(0, len(known), 7):
        plan.compare((name, digest, name in changed) for name, digest in known[start : start + 7])
    return plan, plan.counts()


def test_each_row_has_its_fate() -> None:
    """Added, changed, ended, unchanged, and what left the feed withdrawn."""
    known = listed(work(1), work(2), work(3), work(4), work(5, ended=ENDED))
    rows = [good(0), good(1), good(2, handle="early-help"), good(3, ended=ENDED), good(5, ended=ENDED)]

    plan, counts = reconcile(rows, known)

    assert counts == Counts(
        add=1, change=1, end=1, withdraw=1, unchanged=2, held=0, passed_over=0, rejected=0, rows=5, caseload=4
    )
    assert {(found.reference, found.place, found.digest) for found in plan.to_register()} == {
        (reference(KEY, work(0).ids), 0, row_digest(KEY, work(0))),
        (reference(KEY, work(2).ids), 2, row_digest(KEY, work(2, handle="early-help"))),
    }
    assert [(found.reference, found.place, found.digest) for found in plan.to_end()] == [
        (reference(KEY, work(3).ids), 3, row_digest(KEY, work(3, ended=ENDED)))
    ]
    assert list(plan.to_withdraw()) == [reference(KEY, work(4).ids)]
    plan.close()


def test_the_same_file_twice_does_nothing() -> None:
    """Whatever is in it."""
    rows = [good(n, ended=ENDED if n % 3 == 0 else None) for n in range(50)]

    plan, counts = reconcile(rows, listed(*(row.involvement for row in rows)))

    assert counts.unchanged == 50
    assert not [*plan.to_register(), *plan.to_end(), *plan.to_withdraw()]
    plan.close()


def test_what_was_changed_at_the_gateway_stays_and_is_told_by_its_rows() -> None:
    """Where its row is as it was: of one that changes, ends or is gone there is nothing to say."""
    known = listed(*(work(n) for n in range(30)))
    rows: list[Row] = [*(good(n) for n in range(26)), good(26, handle="early-help"), good(27, ended=ENDED), bad(28)]

    plan, counts = reconcile(rows, known, here=range(3, 30))

    assert (counts.unchanged, counts.change, counts.end) == (26, 1, 1)
    assert counts.changed_here == ChangedHere(23, tuple(range(5, 25)))
    assert len([*plan.to_register()]) == 1
    plan.close()


def test_what_was_changed_at_the_gateway_is_registered_again_where_that_is_asked_for() -> None:
    """With what its row ends as well: an end alone would leave it at the desk it was handed to."""
    rows = [good(0), good(1), good(2, ended=ENDED)]

    plan, counts = reconcile(rows, listed(work(0), work(1), work(2)), here=(1, 2), send_again=True)

    assert (counts.unchanged, counts.change, counts.end, counts.changed_here.count) == (1, 2, 0, 0)
    assert {found.reference for found in plan.to_register()} == {reference(KEY, work(n).ids) for n in (1, 2)}
    assert not [*plan.to_end(), *plan.to_withdraw()]
    plan.close()


def test_an_end_with_another_change_is_a_change() -> None:
    """Only where nothing else differs can it be ended without its tags."""
    plan, counts = reconcile([good(1, ended=ENDED, handle="early-help")], listed(work(1)))

    assert (counts.change, counts.end) == (1, 0)
    plan.close()


@pytest.mark.parametrize("ended", [None, date(2026, 4, 2)])
def test_an_end_taken_back_or_moved_is_a_change(ended: date | None) -> None:
    """The index holds an end already, so the row is registered again."""
    plan, counts = reconcile([good(1, ended=ended)], listed(work(1, ended=ENDED)))

    assert counts.change == 1
    plan.close()


def test_a_bad_row_keeps_what_was_registered_of_it() -> None:
    """A typing error must not make a child unknown."""
    plan, counts = reconcile([bad(1), bad(None), bad(9)], listed(work(1), work(2)))

    assert (counts.withdraw, counts.held, counts.rejected, counts.rows) == (1, 2, 3, 3)
    assert list(plan.to_withdraw()) == [reference(KEY, work(2).ids)]
    assert not list(plan.to_register())
    plan.close()


@pytest.mark.parametrize("rows", [[bad(1), good(1)], [good(1), bad(1)]])
def test_a_good_row_counts_for_more_than_a_bad_one_of_the_same_involvement(rows: list[Row]) -> None:
    """In either order."""
    plan, counts = reconcile(rows, [])

    assert (counts.add, counts.held) == (1, 0)
    plan.close()


def test_what_is_passed_over_is_withdrawn_if_it_was_registered() -> None:
    """It would have been removed anyway, and it is no error."""
    plan, counts = reconcile([PassedRow(2, 0), good(2)], listed(work(1), work(2)))

    assert (counts.passed_over, counts.rejected, counts.rows, counts.withdraw) == (1, 0, 1, 1)
    plan.close()


def test_what_left_the_feed_can_be_ended_rather_than_withdrawn() -> None:
    """Once: the next time the digest says that it is so already."""
    known = listed(work(1), work(2))
    plan, counts = reconcile([good(1)], known, end_missing=True)
    (ended,) = plan.to_end()
    assert (counts.end, counts.withdraw, list(plan.to_withdraw())) == (1, 0, [])
    assert (ended.reference, ended.place) == (reference(KEY, work(2).ids), None)
    plan.close()

    known = sorted(
        [(name, digest) for name, digest in known if name != ended.reference] + [(ended.reference, ended.digest)]
    )
    plan, counts = reconcile([good(1)], known, end_missing=True)

    assert ended.digest == digest_of_missing(KEY, ended.reference)
    assert (counts.end, counts.unchanged, counts.caseload) == (0, 1, 1)
    plan.close()


def test_what_was_ended_as_missing_comes_back_as_a_change() -> None:
    """It was in the wrong team's extract for a day."""
    name = reference(KEY, work(1).ids)

    plan, counts = reconcile([good(1)], [(name, digest_of_missing(KEY, name))], end_missing=True)

    assert counts.change == 1
    plan.close()


@pytest.mark.parametrize("rows", [[], [good(1), good(2)]])
def test_a_list_that_names_an_involvement_twice_is_not_relied_on(rows: list[Row]) -> None:
    """Whether or not the feed has it."""
    known = listed(work(1), work(2))

    with pytest.raises(ListContradictsItself):
        reconcile(rows, known + known[:1])


def test_the_order_of_the_list_does_not_matter() -> None:
    """It is the index's own, and comes in pages."""
    rows = [good(n) for n in range(0, 40, 2)]
    known = listed(*(work(n) for n in range(0, 40, 3)))

    plans = [reconcile(rows, order)[0] for order in (known, known[::-1])]
    done = [([*plan.to_register()], [*plan.to_end()], [*plan.to_withdraw()]) for plan in plans]

    assert done[0] == done[1]
    for plan in plans:
        plan.close()


def test_what_is_done_comes_in_an_order_that_is_not_the_files() -> None:
    """Brothers and sisters stand together in a file; the index is not told."""
    plan, _ = reconcile([good(n) for n in range(100)], [])

    found = list(plan.to_register())

    assert [one.reference for one in found] == sorted(one.reference for one in found)
    assert [one.place for one in found] != sorted(one.place for one in found)
    plan.close()


@given(
    st.dictionaries(st.integers(0, 30), st.tuples(st.sampled_from("ab"), st.booleans())),
    st.dictionaries(st.integers(0, 30), st.tuples(st.sampled_from("ab"), st.booleans())),
)
def test_doing_what_is_said_makes_the_index_hold_the_feed(
    now: dict[int, tuple[str, bool]], before: dict[int, tuple[str, bool]]
) -> None:
    """Against a small model: whatever was there before, afterwards the list is that of the feed."""

    def rows(state: dict[int, tuple[str, bool]]) -> list[GoodRow]:
        return [good(n, handle=handle, ended=ENDED if ended else None) for n, (handle, ended) in state.items()]

    index = dict(listed(*(row.involvement for row in rows(before))))
    feed = {row.place: row.involvement for row in rows(now)}
    plan, counts = reconcile(rows(now), sorted(index.items()))

    for register in plan.to_register():
        index[register.reference] = row_digest(KEY, feed[register.place])
        assert index[register.reference] == register.digest
    for end in plan.to_end():
        assert end.place is not None
        ended = feed[end.place]
        assert index[end.reference] == row_digest(KEY, replace(ended, ended_on=None))
        index[end.reference] = row_digest(KEY, ended)
    for name in plan.to_withdraw():
        del index[name]
    plan.close()

    assert index == dict(listed(*feed.values()))
    assert counts.add + counts.change + counts.end + counts.unchanged == len(now)


def counts_of(*, rejected: int = 0, rows: int = 0, end: int = 0, withdraw: int = 0, caseload: int = 0) -> Counts:
    """Counts of which only these matter."""
    return Counts(
        add=0, change=0, end=end, withdraw=withdraw, unchanged=0, held=0, passed_over=0, rejected=rejected, rows=rows,
        caseload=caseload,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "limits", "broken"),
    [
        (counts_of(), Limits(), ()),
        (counts_of(rejected=2, rows=100), Limits(), ()),
        (counts_of(rejected=3, rows=100), Limits(), (TooManyRejected(3, 100, 0.02),)),
        (counts_of(rejected=3, rows=100), Limits(rejected_share=0.03), ()),
        (counts_of(rejected=1, rows=1), Limits(accept_ends=9), (TooManyRejected(1, 1, 0.02),)),
        (counts_of(end=10, withdraw=10, caseload=100), Limits(), ()),
        (counts_of(end=10, withdraw=11, caseload=100), Limits(), (TooManyEnds(21, 100, 0.2),)),
        (counts_of(end=10, withdraw=11, caseload=100), Limits(accept_ends=20), (TooManyEnds(21, 100, 0.2),)),
        (counts_of(end=10, withdraw=11, caseload=100), Limits(accept_ends=21), ()),
        (counts_of(end=10, withdraw=11, caseload=100), Limits(ended_share=0.5), ()),
        (
            counts_of(rejected=3, rows=100, end=21, caseload=100),
            Limits(),
            (TooManyRejected(3, 100, 0.02), TooManyEnds(21, 100, 0.2)),
        ),
    ],
)
def test_a_feed_stops_above_its_limits(counts: Counts, limits: Limits, broken: object) -> None:
    """At a limit it goes on; accepting ends accepts no more than was looked at; all that is broken is told."""
    assert broken_limits(counts, limits) == broken


def test_ended_rows_of_long_ago_do_not_water_down_the_caseload() -> None:
    """Twenty per cent is of what was open, however much history the extract holds."""
    history = [good(n, ended=ENDED) for n in range(90)]
    known = listed(*(row.involvement for row in history), *(work(n) for n in range(90, 100)))

    plan, counts = reconcile(history + [good(n) for n in range(90, 97)], known)

    assert (counts.withdraw, counts.caseload) == (3, 10)
    assert broken_limits(counts, Limits()) == (TooManyEnds(3, 10, 0.2),)
    plan.close()


# -- who is newly added -----------------------------------------------------------------------------------------------


def of(child: int, involvement: int, *, ended: date | None = None, handle: str = "front-door") -> Involvement:
    """One of several pieces of work with a child."""
    ids = RowIds(local_id=f"L{child}", involvement_id=str(involvement))
    return replace(work(child, ended=ended, handle=handle), ids=ids)


def rows_of(*involvements: Involvement) -> list[Row]:
    """Their rows, from row 2 on."""
    return [GoodRow(place + 2, place, each) for place, each in enumerate(involvements)]


def newcomers(rows: Iterable[Row], known: list[tuple[Reference, RowDigest]]) -> list[int]:
    """The rows of the newly added children."""
    plan, _ = reconcile(rows, known)
    found = [each.row for each in plan.newcomers()]
    assert len(found) == plan.newly_added()
    return sorted(found)


def test_a_child_with_two_added_rows_is_newly_added_once_by_the_first_that_is_open() -> None:
    rows = rows_of(of(1, 1, ended=ENDED), of(1, 2), of(2, 1), of(1, 3))

    assert newcomers(rows, []) == [3, 4]


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param([of(1, 1)], [], [2], id="added"),
        pytest.param([of(1, 1, ended=ENDED)], [], [], id="added and ended already"),
        pytest.param([of(1, 1)], [of(1, 1)], [], id="unchanged"),
        pytest.param([of(1, 1, handle="early-help")], [of(1, 1)], [], id="changed"),
        pytest.param([of(1, 1, ended=ENDED)], [of(1, 1)], [], id="ended"),
        pytest.param([of(1, 1), of(1, 2)], [of(1, 1)], [], id="a second piece of work"),
        pytest.param([of(1, 1, ended=ENDED), of(1, 2)], [of(1, 1)], [], id="passed on within the council"),
        pytest.param([of(1, 1, ended=ENDED), of(1, 2)], [of(1, 1, ended=ENDED)], [3], id="come back"),
    ],
)
def test_a_child_is_newly_added_where_nothing_was_open_with_it(
    now: list[Involvement], before: list[Involvement], expected: list[int]
) -> None:
    assert newcomers(rows_of(*now), listed(*before)) == expected


@pytest.mark.parametrize("known", [True, False])
def test_a_bad_row_counts_as_work_only_where_the_list_has_it(known: bool) -> None:
    row = BadRow(2, 0, (RowError(2, "nhs_number", RowCode.NHS_SCIENTIFIC),), of(1, 1).ids)

    found = newcomers([row, GoodRow(3, 1, of(1, 2))], listed(of(1, 1)) if known else [])

    assert found == ([] if known else [3])


def test_newcomers_come_in_no_order_of_the_councils() -> None:
    plan, _ = reconcile(rows_of(*(of(child, 1) for child in range(40))), [])

    rows = [each.row for each in plan.newcomers()]

    assert rows != sorted(rows)
    assert [each.digest for each in plan.newcomers()] == [row_digest(KEY, of(row - 2, 1)) for row in rows]
