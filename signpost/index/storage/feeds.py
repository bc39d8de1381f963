"""Feeds on SQLite: one time for each organisation, by its pseudonym."""

from __future__ import annotations

from collections.abc import Collection
from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.requests import Signed
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault
from signpost.protocol.credentials import OrganisationId
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteFeeds"]


@final
class SqliteFeeds:
    """The `Feeds` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    async def finished(self, *, signed: Signed, audit: AuditEvent) -> None:
        """As the port says."""
        number = self._vault.organisation(signed.asker.organisation)

        def finished(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            connection.execute(
                "INSERT INTO feeds VALUES (?, ?) "
                "ON CONFLICT (organisation) DO UPDATE SET finished_at = excluded.finished_at",
                (number, signed.at),
            )
            record(connection, self._vault, audit)

        await self._writer.submit(finished)

    def up_to_date(self, organisations: Collection[OrganisationId], *, since: int) -> int:
        """As the port says."""
        expected = {self._vault.organisation(organisation) for organisation in organisations}
        rows = self._reader.execute("SELECT organisation FROM feeds WHERE finished_at >= ?", (since,)).fetchall()
        return len(expected.intersection(number for (number,) in rows))
