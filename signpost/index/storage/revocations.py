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


def revoke(connection: Connection, vault: Vault, entry: Revoked, *, taken_back: bool = False) -> None:
    """Put an entry on the list, in the transaction of whatever it belongs to. Again changes nothing, but that what the
    operator took back stays so (`taken_back`).
    """
    number = vault.revocation(entry)
    document = canonical_json(
        {"account": entry.account, "certificate": entry.certificate, **({"taken_back": True} if taken_back else {})}
    )
    sealed = vault.seal(document, Label.REVOCATION_ROW, place(number))
    if taken_back:
        connection.execute("INSERT OR REPLACE INTO revocations VALUES (?, ?)", (number, sealed))
    else:
        connection.execute("INSERT OR IGNORE INTO revocations VALUES (?, ?)", (number, sealed))


def restore(connection: Connection, vault: Vault, entry: Revoked, *, anew: bool = False) -> None:
    """Take an entry off the list, where it is on it. What the operator took back comes off for another device alone.

    Raises:
        Problem: REVOKED, and it is not `anew`.
    """
    number = vault.revocation(entry)
    row = connection.execute("SELECT sealed FROM revocations WHERE revocation = ?", (number,)).fetchone()
    if row is None:
        return
    if not anew and "taken_back" in json.loads(vault.open(row[0], Label.REVOCATION_ROW, place(number))):
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

    async def revoke(self, entry: Revoked, *, audit: AuditEvent) -> None:
        """As the port says."""

        def work(connection: Connection) -> None:
            revoke(connection, self._vault, entry, taken_back=True)
            record(connection, self._vault, audit)

        await self._writer.submit(work)

    def _entry(self, number: int, sealed: bytes) -> Revoked:
        document = json.loads(self._vault.open(sealed, Label.REVOCATION_ROW, place(number)))
        if document["account"] is None:
            return Revoked(certificate=document["certificate"])
        organisation, account = document["account"]
        return Revoked(account=(OrganisationId(organisation), AccountId(account)))
