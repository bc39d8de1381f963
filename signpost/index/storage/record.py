"""The record on SQLite: each leaf sealed, beside its link of the chain, in the transaction of what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from signpost.index.audit import AuditEvent
from signpost.index.requests import Signed
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault
from signpost.protocol.labels import Label
from signpost.protocol.record import CHAIN_START, chain
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["EVERYBODYS", "THE_DESKS", "Chain", "SqliteRecord", "record"]


@dataclass(frozen=True, slots=True)
class Chain:
    """A record: its table, and the label that its leaves are sealed under."""

    table: str
    label: Label


EVERYBODYS: Final = Chain("audit_leaves", Label.AUDIT_ROW)
THE_DESKS: Final = Chain("desk_leaves", Label.DESK_AUDIT_ROW)
"""Of shields and of the independent desk: that and when a council shields a child is not for every auditor."""


def record(connection: Connection, vault: Vault, event: AuditEvent, *, of: Chain = EVERYBODYS) -> None:
    """Add a leaf to a record."""
    last = connection.execute(f"SELECT link FROM {of.table} ORDER BY sequence DESC LIMIT 1").fetchone()  # noqa: S608 - two names
    leaf = event.leaf()
    connection.execute(
        f"INSERT INTO {of.table} (sealed, link) VALUES (?, ?)",  # noqa: S608 - two names
        (vault.seal(leaf, of.label), chain(CHAIN_START if last is None else last[0], leaf)),
    )


@final
class SqliteRecord:
    """The `Record` port."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault, of: Chain = EVERYBODYS) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._of = of

    def leaves(self, after: int, limit: int) -> tuple[bytes, list[tuple[int, bytes, bytes]]]:
        """As the port says."""
        table, label = self._of.table, self._of.label
        before = self._reader.execute(f"SELECT link FROM {table} WHERE sequence = ?", (after,)).fetchone()  # noqa: S608
        rows = self._reader.execute(
            f"SELECT sequence, sealed, link FROM {table} WHERE sequence > ? ORDER BY sequence LIMIT ?",  # noqa: S608
            (after, limit),
        ).fetchall()
        found = [(number, self._vault.open(sealed, label), link) for number, sealed, link in rows]
        return (CHAIN_START if before is None else before[0]), found

    async def note(self, audit: AuditEvent, *, signed: Signed | None) -> None:
        """As the port says."""

        def note(connection: Connection) -> None:
            if signed is not None:
                spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit, of=self._of)

        await self._writer.submit(note)
