"""The record on SQLite: each leaf sealed, beside its link of the chain, in the transaction of what it tells of."""

from __future__ import annotations

from typing import final

from signpost.index.audit import CHAIN_START, AuditEvent, chain
from signpost.index.requests import Signed
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault
from signpost.protocol.labels import Label
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteRecord", "record"]


def record(connection: Connection, vault: Vault, event: AuditEvent) -> None:
    """Add a leaf to the record."""
    last = connection.execute("SELECT link FROM audit_leaves ORDER BY sequence DESC LIMIT 1").fetchone()
    leaf = event.leaf()
    connection.execute(
        "INSERT INTO audit_leaves (sealed, link) VALUES (?, ?)",
        (vault.seal(leaf, Label.AUDIT_ROW), chain(CHAIN_START if last is None else last[0], leaf)),
    )


@final
class SqliteRecord:
    """The `Record` port."""

    def __init__(self, *, writer: Writer, vault: Vault) -> None:
        self._writer = writer
        self._vault = vault

    async def note(self, audit: AuditEvent, *, signed: Signed | None) -> None:
        """As the port says."""

        def note(connection: Connection) -> None:
            if signed is not None:
                spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)

        await self._writer.submit(note)
