"""Revocations on SQLite: whether somebody is revoked is asked by number; the list itself is unsealed only to be
signed.
"""

from __future__ import annotations

import json
from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.ports import Revoked
from signpost.index.storage.record import record
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteRevocations", "restore", "revoke"]


def revoke(connection: Connection, vault: Vault, entry: Revoked, *, forget_at: int | None) -> None:
    """Put an entry on the list, in the transaction of whatever it belongs to, until then; null: the operator took it
    back. Of two the later stands, and what the operator took back stays so.
    """
    number = vault.revocation(entry)
    document = canonical_json({"account": entry.account, "certificate": entry.certificate})
    connection.execute(
        "INSERT INTO revocations VALUES (?, ?, ?) ON CONFLICT (revocation) DO UPDATE"
        # MAX of a null and a number is null in SQLite.
        " SET forget_at = MAX(forget_at, excluded.forget_at)",
        (number, vault.seal(document, Label.REVOCATION_ROW, place(number)), forget_at),
    )


def restore(connection: Connection, vault: Vault, entry: Revoked, *, anew: bool = False) -> None:
    """Take an entry off the list, where it is on it. What the operator took back comes off for another device alone.

    Raises:
        Problem: REVOKED, and it is not `anew`.
    """
    number = vault.revocation(entry)
    row = connection.execute("SELECT forget_at FROM revocations WHERE revocation = ?", (number,)).fetchone()
    if row is not None and row[0] is None and not anew:
        raise Problem(ProblemCode.REVOKED)
    connection.execute("DELETE FROM revocations WHERE revocation = ?", (number,))


@final
class SqliteRevocations:
    """The `Revocations` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def revoked(self, *entries: Revoked) -> bool:
        """As the port says."""
        return any(
            self._reader.execute(
                "SELECT 1 FROM revocations WHERE revocation = ?", (self._vault.revocation(entry),)
            ).fetchone()
            for entry in entries
        )

    def entries(self) -> list[Revoked]:
        """As the port says."""
        rows = self._reader.execute("SELECT revocation, sealed FROM revocations").fetchall()
        return [self._entry(*row) for row in rows]

    def taken_back(self) -> int:
        """As the port says."""
        (count,) = self._reader.execute("SELECT count(*) FROM revocations WHERE forget_at IS NULL").fetchone()
        return int(count)

    async def revoke(self, entry: Revoked, *, audit: AuditEvent) -> None:
        """As the port says."""

        def work(connection: Connection) -> None:
            revoke(connection, self._vault, entry, forget_at=None)
            record(connection, self._vault, audit)

        await self._writer.submit(work)

    def _entry(self, number: int, sealed: bytes) -> Revoked:
        document = json.loads(self._vault.open(sealed, Label.REVOCATION_ROW, place(number)))
        if document["account"] is None:
            return Revoked(certificate=document["certificate"])
        organisation, account = document["account"]
        return Revoked(account=(OrganisationId(organisation), AccountId(account)))
