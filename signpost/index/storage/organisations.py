"""Organisations on SQLite: their numbers in clear, what they are called sealed, as canonical JSON."""

from __future__ import annotations

import json
from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.records import Organisation, OrganisationNumber
from signpost.index.storage.record import record
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.keys import VerifyKey
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteOrganisations", "organisation_named"]


@final
class SqliteOrganisations:
    """The `Organisations` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def organisation(self, name: OrganisationId) -> Organisation | None:
        """As the port says."""
        return organisation_named(self._reader, self._vault, self._vault.organisation(name))

    def organisations(self) -> list[Organisation]:
        """As the port says, by name."""
        rows = self._reader.execute("SELECT organisation, sealed FROM organisations").fetchall()
        return sorted((_organisation(self._vault, *row) for row in rows), key=lambda organisation: organisation.name)

    async def admit(self, organisation: Organisation, *, audit: AuditEvent) -> None:
        """As the port says."""
        number = self._vault.organisation(organisation.name)
        document = {
            "kind": organisation.kind.value, "name": organisation.name, "signing_key": organisation.signing_key.text,
        }  # fmt: skip
        sealed = self._vault.seal(canonical_json(document), Label.ORGANISATION_ROW, place(number))

        def admit(connection: Connection) -> None:
            added = connection.execute(
                "INSERT INTO organisations VALUES (?, ?) ON CONFLICT DO NOTHING", (number, sealed)
            )
            if not added.rowcount:
                raise Problem(ProblemCode.ALREADY_EXISTS)
            record(connection, self._vault, audit)

        await self._writer.submit(admit)


def organisation_named(connection: Connection, vault: Vault, number: OrganisationNumber) -> Organisation | None:
    """The organisation of a pseudonym."""
    row = connection.execute("SELECT sealed FROM organisations WHERE organisation = ?", (number,)).fetchone()
    return None if row is None else _organisation(vault, number, row[0])


def _organisation(vault: Vault, number: int, sealed: bytes) -> Organisation:
    document = json.loads(vault.open(sealed, Label.ORGANISATION_ROW, place(number)))
    return Organisation(
        OrganisationId(document["name"]), Kind(document["kind"]), VerifyKey.parse(document["signing_key"])
    )
