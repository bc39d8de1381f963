"""The record on SQLite: each leaf sealed, beside its link of the chain, in the transaction of what it tells of."""

from __future__ import annotations

from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.requests import Signed
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault
from signpost.protocol.labels import Label
from signpost.protocol.record import CHAIN_START, chain
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

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def leaves(self, after: int, limit: int) -> tuple[bytes, list[tuple[int, bytes, bytes]]]:
        """As the port says."""
        before = self._reader.execute("SELECT link FROM audit_leaves WHERE sequence = ?", (after,)).fetchone()
        rows = self._reader.execute(
            "SELECT sequence, sealed, link FROM audit_leaves WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        ).fetchall()
        found = [(number, self._vault.open(sealed, Label.AUDIT_ROW), link) for number, sealed, link in rows]
        return (CHAIN_START if before is None else before[0]), found

    async def note(self, audit: AuditEvent, *, signed: Signed | None) -> None:
        """As the port says."""

        def note(connection: Connection) -> None:
            if signed is not None:
                spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)

        await self._writer.submit(note)
