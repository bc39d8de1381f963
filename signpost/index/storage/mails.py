"""Mails that wait, on SQLite: whom they are for is sealed."""

from __future__ import annotations

from typing import final

from signpost.index.ports import WaitingMail
from signpost.index.storage.delivery import opened_mail
from signpost.index.storage.vault import Vault
from signpost.protocol.labels import Label
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteMails"]


@final
class SqliteMails:
    """The `Mails` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def due(self, most: int, *, now: int) -> list[WaitingMail]:
        """As the port says."""
        rows = self._reader.execute(
            "SELECT mail, sealed FROM mails WHERE due_at <= ? AND forget_at > ? ORDER BY due_at LIMIT ?",
            (now, now, most),
        ).fetchall()
        return [WaitingMail(number, *opened_mail(self._vault.open(sealed, Label.MAIL_ROW))) for number, sealed in rows]

    async def done(self, number: int) -> None:
        """As the port says."""

        def done(connection: Connection) -> None:
            connection.execute("DELETE FROM mails WHERE mail = ?", (number,))

        await self._writer.submit(done)

    async def claim(self, number: int, *, now: int, due_at: int) -> bool:
        """As the port says."""

        def claim(connection: Connection) -> bool:
            claimed = connection.execute(
                "UPDATE mails SET due_at = ? WHERE mail = ? AND due_at <= ?", (due_at, number, now)
            )
            return bool(claimed.rowcount)

        return await self._writer.submit(claim)
