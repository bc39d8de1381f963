"""Handles on SQLite: sealed whole, found by the numbers of their identifier and their organisation."""

from __future__ import annotations

import json
from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.records import Handle
from signpost.index.storage.record import record
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteHandles"]


@final
class SqliteHandles:
    """The `Handles` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def handles(self, organisation: OrganisationId) -> list[Handle]:
        """As the port says, by identifier."""
        rows = self._reader.execute(
            "SELECT handle, sealed FROM handles WHERE organisation = ?", (self._vault.organisation(organisation),)
        ).fetchall()
        handles = [self._handle(organisation, *row) for row in rows]
        return sorted(handles, key=lambda handle: handle.identifier)

    def owns(self, organisation: OrganisationId, identifier: str) -> bool:
        """As the port says."""
        found = self._reader.execute(
            "SELECT 1 FROM handles WHERE handle = ? AND organisation = ?",
            (self._vault.handle(identifier), self._vault.organisation(organisation)),
        ).fetchone()
        return found is not None

    async def add(self, handle: Handle, *, audit: AuditEvent) -> bool:
        """As the port says."""
        number, organisation = self._vault.handle(handle.identifier), self._vault.organisation(handle.organisation)
        document = {
            "email": handle.email, "hours": handle.hours, "identifier": handle.identifier,
            "out_of_hours": handle.out_of_hours, "telephone": handle.telephone, "title": handle.title,
        }  # fmt: skip
        sealed = self._vault.seal(canonical_json(document), Label.HANDLE_ROW, place(number))

        def add(connection: Connection) -> bool:
            added = connection.execute(
                "INSERT INTO handles VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (number, organisation, sealed)
            )
            if added.rowcount:
                record(connection, self._vault, audit)
            return bool(added.rowcount)

        return await self._writer.submit(add)

    def _handle(self, organisation: OrganisationId, number: int, sealed: bytes) -> Handle:
        return Handle(
            organisation=organisation, **json.loads(self._vault.open(sealed, Label.HANDLE_ROW, place(number)))
        )
