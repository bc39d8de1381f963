"""Handles on SQLite: sealed whole, found by the numbers of their identifier and their organisation."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
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

__all__ = ["SqliteHandles", "handles_of"]


@final
class SqliteHandles:
    """The `Handles` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def handles(self, organisation: OrganisationId) -> list[Handle]:
        """As the port says, by identifier."""
        return handles_of(self._reader, self._vault, organisation)

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
        sealed = self._sealed(handle)

        def add(connection: Connection) -> bool:
            added = connection.execute(
                "INSERT INTO handles VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (number, organisation, sealed)
            )
            if added.rowcount:
                record(connection, self._vault, audit)
            return bool(added.rowcount)

        return await self._writer.submit(add)

    async def change(
        self, organisation: OrganisationId, change: Callable[[Mapping[str, Handle]], Sequence[Handle]], *,
        audit: AuditEvent,
    ) -> None:  # fmt: skip
        """As the port says."""

        def apply(connection: Connection) -> None:
            handles = {handle.identifier: handle for handle in handles_of(connection, self._vault, organisation)}
            for changed in change(handles):
                connection.execute(
                    "UPDATE handles SET sealed = ? WHERE handle = ?",
                    (self._sealed(changed), self._vault.handle(changed.identifier)),
                )
            record(connection, self._vault, audit)

        await self._writer.submit(apply)

    def _sealed(self, handle: Handle) -> bytes:
        document = {
            "confirmed_on": None if handle.confirmed_on is None else handle.confirmed_on.isoformat(),
            "consent_only": handle.consent_only, "privacy_office": handle.privacy_office,
            "email": handle.email, "handed_over_to": handle.handed_over_to, "hours": handle.hours,
            "identifier": handle.identifier, "out_of_hours": handle.out_of_hours, "telephone": handle.telephone,
            "title": handle.title,
        }  # fmt: skip
        number = self._vault.handle(handle.identifier)
        return self._vault.seal(canonical_json(document), Label.HANDLE_ROW, place(number))


def handles_of(connection: Connection, vault: Vault, organisation: OrganisationId) -> list[Handle]:
    """An organisation's handles, by identifier."""
    rows = connection.execute(
        "SELECT handle, sealed FROM handles WHERE organisation = ?", (vault.organisation(organisation),)
    ).fetchall()
    return sorted((_handle(vault, organisation, *row) for row in rows), key=lambda handle: handle.identifier)


def _handle(vault: Vault, organisation: OrganisationId, number: int, sealed: bytes) -> Handle:
    document = json.loads(vault.open(sealed, Label.HANDLE_ROW, place(number)))
    # Rows of before handles were confirmed have no such day.
    confirmed_on = document.pop("confirmed_on", None)
    return Handle(
        organisation=organisation,
        confirmed_on=None if confirmed_on is None else dt.date.fromisoformat(confirmed_on),
        **document,
    )
