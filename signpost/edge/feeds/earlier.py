"""What a row may not do to an earlier one: be the same involvement again, or say that the child is somebody else."""

from __future__ import annotations

from signpost.edge.feeds.cells import canonical_id
from signpost.edge.feeds.errors import RowCode, RowError
from signpost.edge.feeds.model import BadRow, GoodRow, Row
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.secret import Secret

__all__ = ["Seen", "against_earlier"]


class Seen:
    """Remembers what a pass has met: whether a thing comes for the first time, and whether it still is what it was."""

    def __init__(self, join_key: Secret) -> None:
        self._join_key = join_key
        # what was met (HMAC of its ids), and an HMAC of what it was like
        self._database = private_database("CREATE TABLE seen (key BLOB PRIMARY KEY, was BLOB) WITHOUT ROWID")

    def first(self, *ids: str) -> bool:
        """Whether these ids come for the first time."""
        key = row_key(self._join_key, *ids)
        return bool(self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, NULL)", (key,)).rowcount == 1)

    def agrees(self, ids: tuple[str, ...], content: tuple[str, ...]) -> bool:
        """Whether these ids come for the first time, or with the same content as then."""
        key, now = row_key(self._join_key, *ids), row_key(self._join_key, *content)
        if self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, now)).rowcount == 1:
            return True
        (was,) = self._database.execute("SELECT was FROM seen WHERE key = ?", (key,)).fetchone()
        return bool(was == now)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()


def against_earlier(row: Row, seen: Seen, *, column: str) -> Row:
    """The row, or a refusal that names the column of its id."""
    if not isinstance(row, GoodRow):
        return row
    ids = row.involvement.ids
    local_id = canonical_id(ids.local_id)
    if not seen.first("row", local_id, canonical_id(ids.involvement_id)):
        code = RowCode.DUPLICATE_ROW
    elif not seen.agrees(("child", local_id), _identity(row.involvement.child)):
        code = RowCode.IDENTITY_DIFFERS
    else:
        return row
    return BadRow(row.row, row.place, (RowError(row.row, column, code),), ids)


def _identity(child: ChildDetails) -> tuple[str, ...]:
    return (
        child.date_of_birth.isoformat() if child.date_of_birth else "",
        child.nhs_number.reveal() if child.nhs_number else "",
        *(upn.reveal() for upn in child.upns),
    )
