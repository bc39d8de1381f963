"""What a feed changes: the council's rows now, against the index's own list of what was registered before.

For each involvement, of the rows and the list together:
* in the feed only: add. In both, digests equal: unchanged.
* in both, and the listed digest is that of the row without its end: end. In both and otherwise different: change, which
  registers it again under the same reference.
* in both, and unchanged, but whoever answers for it ended it or handed it over at the gateway: it is left so, and said;
  or (by choice) a change, so that it stands as the row has it again. By that choice an end is a change as well.
* in the list only: withdraw, or (by choice) end today.
* a bad row whose ids could be read keeps what was registered of it: a typing error must not make a child unknown.

A child is newly added where the feed adds open work with it, and the list has none that was open until now: whoever
asks about newly added children asks about each once, and about nobody the council has worked with all along.

Pure: the list is an argument. References and digests are HMACs; they rest in a private database, so memory is flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, assert_never

from signpost.edge.feeds.model import BadRow, GoodRow, PassedRow, Row
from signpost.edge.feeds.spill import private_database
from signpost.edge.references import (
    Reference,
    RowDigest,
    child_reference,
    digest_of_missing,
    digest_without_end,
    reference,
    row_digest,
)
from signpost.protocol.secret import Secret

__all__ = ["ChangedHere", "Counts", "EndOf", "ListContradictsItself", "Newcomer", "Reconciliation", "Register"]

_ROWS_NAMED: Final = 20
"""Rows that are named by their numbers: so many can be looked at."""
_NEWCOMERS: Final = """
FROM feed AS one WHERE one.state = :add AND one.open AND NOT EXISTS (
    SELECT 1 FROM feed AS other WHERE other.child = one.child AND (
        other.listed AND (other.open OR other.state <> :unchanged)
        OR other.state = :add AND other.open AND (other.row, other.reference) < (one.row, one.reference)
    )
)
"""
"""The first added row of each child of whom nothing was open. What ended before this run, and has not moved, is no
matter: the family has come back.
"""


class ListContradictsItself(Exception):
    """The index's list names an involvement twice: it cannot be relied on."""


class _State(IntEnum):
    """What is to be done about a row of the feed, as it stands in the private database."""

    ADD = 0
    CHANGE = 1
    END = 2
    UNCHANGED = 3
    HELD = 4


_NEWCOMER_STATES: Final = {"add": _State.ADD, "unchanged": _State.UNCHANGED}


@dataclass(frozen=True, slots=True)
class Register:
    """Register the good row at `place` (`Feed.involvement`): a new involvement, or the same one changed.

    The digest is that of the row when it was compared; where the row read again has another, the file was changed.
    """

    reference: Reference
    place: int
    digest: RowDigest


@dataclass(frozen=True, slots=True)
class EndOf:
    """End an involvement: on the date of the good row at `place`, or, where that is None (the row is gone), today."""

    reference: Reference
    place: int | None
    digest: RowDigest


@dataclass(frozen=True, slots=True)
class ChangedHere:
    """What was ended or handed over at the gateway, while its row stayed as it was: how many, and the first rows."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A newly added child: the number of its first added row, where that row is, and its digest."""

    row: int
    place: int
    digest: RowDigest


@dataclass(frozen=True, slots=True)
class Counts:
    """What the feed comes to. `caseload`: what was registered and open before, as far as the feed can tell."""

    add: int
    change: int
    end: int
    withdraw: int
    unchanged: int
    held: int
    passed_over: int
    rejected: int
    rows: int
    caseload: int
    changed_here: ChangedHere = ChangedHere(0, ())

    @property
    def rejected_share(self) -> float:
        """Of all rows that were read and not passed over."""
        return self.rejected / self.rows if self.rows else 0.0

    @property
    def ended_share(self) -> float:
        """Ends and withdrawals, of the caseload."""
        return (self.end + self.withdraw) / self.caseload if self.caseload else 0.0


class Reconciliation:
    """Take every row, then compare with the list, then read what is to be done, in the order of references.

    That order is no order of the council's: who stands beside whom in the file is not told to the index.
    """

    def __init__(self, reference_key: Secret, *, end_missing: bool = False, send_again: bool = False) -> None:
        """`end_missing`: an involvement that left the feed is ended today rather than withdrawn. `send_again`: what was
        ended or handed over at the gateway is registered again as its row has it.
        """
        self._key = reference_key
        self._end_missing = end_missing
        self._send_again = send_again
        # feed: what the council has now; open_digest is the row's digest without its end, place where it starts, child
        # the child's reference, listed whether the index has it, here whether it was changed at the gateway since.
        # missing: what the list has and the feed has not.
        self._database = private_database(
            "CREATE TABLE feed (reference BLOB PRIMARY KEY, digest BLOB, open_digest BLOB, place INTEGER, open INTEGER,"
            " state INTEGER, child BLOB, row INTEGER, listed INTEGER, here INTEGER DEFAULT 0) WITHOUT ROWID",
            # Read in its order, so that no newcomer is sorted in memory.
            "CREATE INDEX feed_by_child ON feed (child)",
            "CREATE TABLE missing (reference BLOB PRIMARY KEY) WITHOUT ROWID",
        )
        self._rows = self._rejected = self._passed_over = self._caseload = 0

    def take(self, row: Row) -> None:
        """Note one row of the feed."""
        match row:
            case GoodRow(row=number, place=place, involvement=involvement):
                self._rows += 1
                name, child = reference(self._key, involvement.ids), child_reference(self._key, involvement.ids)
                digest = row_digest(self._key, involvement)
                ended = involvement.ended_on is not None
                without_end = digest_without_end(self._key, involvement) if ended else digest
                self._database.execute(
                    "INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
                    (name, digest, without_end, place, not ended, _State.ADD, child, number),
                )
            case BadRow(left_out=True):
                pass  # reported; its row comes by itself
            case BadRow(row=number, ids=ids):
                self._rows += 1
                self._rejected += 1
                if ids is not None:
                    # a good row of the same involvement, earlier or later, counts for more
                    self._database.execute(
                        "INSERT OR IGNORE INTO feed VALUES (?, NULL, NULL, NULL, 1, ?, ?, ?, 0, 0)",
                        (reference(self._key, ids), _State.HELD, child_reference(self._key, ids), number),
                    )
            case PassedRow():
                self._passed_over += 1
            case _:
                assert_never(row)

    def compare(self, page: Iterable[tuple[Reference, RowDigest, bool]]) -> None:
        """Compare with the next page of the index's list, in whatever order it comes, after every row was taken. The
        third of each: whether it was ended or handed over at the gateway.

        Raises:
            ListContradictsItself: it names an involvement again.
        """
        for name, digest, changed_here in page:
            self._compare_one(name, digest, changed_here=changed_here)

    def counts(self) -> Counts:
        """What the feed comes to, once the whole list was compared."""
        # Not by GROUP BY, which would sort every row, in memory.
        states = {
            state: self._database.execute("SELECT count(*) FROM feed WHERE state = ?", (state,)).fetchone()[0]
            for state in _State
        }
        (missing,) = self._database.execute("SELECT count(*) FROM missing").fetchone()
        return Counts(
            add=states[_State.ADD],
            change=states[_State.CHANGE],
            end=states[_State.END] + (missing if self._end_missing else 0),
            withdraw=0 if self._end_missing else missing,
            unchanged=states[_State.UNCHANGED],
            held=states[_State.HELD],
            passed_over=self._passed_over,
            rejected=self._rejected,
            rows=self._rows,
            caseload=self._caseload,
            changed_here=self._changed_here(),
        )

    def to_register(self) -> Iterator[Register]:
        """Involvements to add or change."""
        rows = self._database.execute(
            "SELECT reference, place, digest FROM feed WHERE state IN (?, ?) ORDER BY reference",
            (_State.ADD, _State.CHANGE),
        )
        return (Register(Reference(name), place, RowDigest(digest)) for name, place, digest in rows)

    def to_end(self) -> Iterator[EndOf]:
        """Involvements to end: those whose row has an end now and, by choice, those whose row is gone."""
        rows = self._database.execute(
            "SELECT reference, place, digest FROM feed WHERE state = ? ORDER BY reference", (_State.END,)
        )
        for name, place, digest in rows:
            yield EndOf(Reference(name), place, RowDigest(digest))
        if self._end_missing:
            for name in self._missing():
                yield EndOf(name, None, digest_of_missing(self._key, name))

    def to_withdraw(self) -> Iterator[Reference]:
        """Involvements whose row is gone."""
        return iter(()) if self._end_missing else self._missing()

    def newly_added(self) -> int:
        """How many children are newly added."""
        (count,) = self._database.execute(f"SELECT count(*) {_NEWCOMERS}", _NEWCOMER_STATES).fetchone()
        return int(count)

    def newcomers(self) -> Iterator[Newcomer]:
        """The newly added children, each once, in the order of their references."""
        rows = self._database.execute(
            f"SELECT one.row, one.place, one.digest {_NEWCOMERS} ORDER BY one.child", _NEWCOMER_STATES
        )
        return (Newcomer(row, place, RowDigest(digest)) for row, place, digest in rows)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def _changed_here(self) -> ChangedHere:
        left = "FROM feed WHERE here AND state = ?"
        (count,) = self._database.execute(f"SELECT count(*) {left}", (_State.UNCHANGED,)).fetchone()
        rows = self._database.execute(f"SELECT row {left} ORDER BY row LIMIT ?", (_State.UNCHANGED, _ROWS_NAMED))
        return ChangedHere(count, tuple(row for (row,) in rows))

    def _compare_one(self, name: Reference, listed: RowDigest, *, changed_here: bool) -> None:
        row = self._database.execute(
            "SELECT digest, open_digest, open, state FROM feed WHERE reference = ?", (name,)
        ).fetchone()
        if row is None:
            if not self._end_missing or listed != digest_of_missing(self._key, name):
                self._caseload += 1
                added = self._database.execute("INSERT OR IGNORE INTO missing VALUES (?)", (name,))
                if added.rowcount == 0:
                    raise ListContradictsItself("the index's list names an involvement twice")
            return
        digest, open_digest, is_open, state = row
        if state == _State.HELD:
            self._caseload += 1
            self._database.execute("UPDATE feed SET listed = 1 WHERE reference = ?", (name,))
            return
        if state != _State.ADD:
            raise ListContradictsItself("the index's list names an involvement twice")
        if listed == digest:
            now = _State.UNCHANGED
        elif listed == open_digest:
            now = _State.END
        else:
            now = _State.CHANGE
        if changed_here and self._send_again:
            now = _State.CHANGE
        self._caseload += bool(is_open) or now is _State.END
        self._database.execute(
            "UPDATE feed SET state = ?, listed = 1, here = ? WHERE reference = ?", (now, changed_here, name)
        )

    def _missing(self) -> Iterator[Reference]:
        rows = self._database.execute("SELECT reference FROM missing ORDER BY reference")
        return (Reference(name) for (name,) in rows)
