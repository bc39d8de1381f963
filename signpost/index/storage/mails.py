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
        await self._writer.submit(lambda connection: _run(connection, "DELETE FROM mails WHERE mail = ?", number))

    async def later(self, number: int, *, due_at: int) -> None:
        """As the port says."""
        await self._writer.submit(
            lambda connection: _run(connection, "UPDATE mails SET due_at = ? WHERE mail = ?", due_at, number)
        )


def _run(connection: Connection, statement: str, *values: int) -> None:
    connection.execute(statement, values)
