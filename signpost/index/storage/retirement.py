"""Retiring on SQLite: a walk through the owner's table in its own order, whose place is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from signpost.index.arrivals import Arrival, Withdrawn
from signpost.index.audit import AuditEvent
from signpost.index.records import InvolvementNumber, OrganisationNumber, OwnedInvolvement
from signpost.index.storage.layouts import pack_arrival, unpack_involvement
from signpost.index.storage.record import record
from signpost.index.storage.vault import Vault, place
from signpost.protocol.labels import Label
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteRetirement"]

_ACCESSES: Final = 2_000
"""Rows of accesses in one round."""
_PAGES: Final = 1_000
"""Free pages given back in one go: four megabytes."""


@final
class SqliteRetirement:
    """The `Retirement` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    async def retire(
        self, most: int, *, now: int, past: Callable[[OwnedInvolvement], bool], accesses_before: int,
        audit: Callable[[int], AuditEvent],
    ) -> int:  # fmt: skip
        """As the port says."""
        # Looked at by the reader, so that the writer is held up only where something goes.
        after = self._reader.execute("SELECT organisation, involvement FROM retirement").fetchone() or (-1, -1)
        rows = self._reader.execute(
            "SELECT organisation, involvement, sealed FROM owned_involvements"
            " WHERE (organisation, involvement) > (?, ?) ORDER BY organisation, involvement LIMIT ?",
            (*after, most),
        ).fetchall()
        due = [row[:2] for row in rows if past(self._owned(*row))]
        last = rows[-1][:2] if len(rows) == most else None
        old = self._reader.execute("SELECT 1 FROM access_rows WHERE month < ? LIMIT 1", (accesses_before,)).fetchone()

        def retire(connection: Connection) -> int:
            gone = 0
            for organisation, involvement in due:
                # It may have been registered anew meanwhile.
                row = connection.execute(
                    "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                    (organisation, involvement),
                ).fetchone()
                if row is None or not past(self._owned(organisation, involvement, row[0])):
                    continue
                gone += 1
                connection.execute(
                    "DELETE FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                    (organisation, involvement),
                )
                arrival = Arrival(OrganisationNumber(organisation), InvolvementNumber(involvement), Withdrawn())
                connection.execute(
                    "INSERT INTO inbox (sealed) VALUES (?)",
                    (self._vault.seal(pack_arrival(arrival), Label.INBOX_ROW),),
                )
            if old is not None:
                gone += connection.execute(
                    "DELETE FROM access_rows WHERE (key, access) IN"
                    " (SELECT key, access FROM access_rows WHERE month < ? LIMIT ?)",
                    (accesses_before, _ACCESSES),
                ).rowcount
            organisation, involvement = last or (-1, -1)
            connection.execute(
                "INSERT INTO retirement VALUES (0, ?1, ?2, ?3) ON CONFLICT (walk) DO UPDATE SET organisation = ?1,"
                " involvement = ?2, walked_at = CASE WHEN ?1 = -1 THEN ?3 ELSE walked_at END",
                (organisation, involvement, now),
            )
            if gone:
                record(connection, self._vault, audit(gone))
            return gone

        return await self._writer.submit(retire)

    async def tidy(self) -> None:
        """As the port says."""

        def tidy(connection: Connection) -> None:
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
            # Where somebody reads, the next round does it.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        await self._writer.apart(tidy)

    def walked_at(self, now: int) -> int:
        """As the port says."""
        row = self._reader.execute("SELECT walked_at FROM retirement").fetchone()
        return now if row is None else int(row[0])

    def _owned(self, organisation: int, involvement: int, sealed: bytes) -> OwnedInvolvement:
        return unpack_involvement(self._vault.open(sealed, Label.OWNED_ROW, place(organisation, involvement)))
