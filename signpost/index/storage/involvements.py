"""The owner's table and the inbox on SQLite.

An organisation's rows stand in the order of their involvements' numbers: fixed, the same for everybody who has the key,
and of no meaning. A list is read from any reference on, whether that reference is there or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from signpost.index.arrivals import Arrival, Ended, Registered, Withdrawn
from signpost.index.audit import AuditEvent
from signpost.index.ports import Accepted
from signpost.index.records import InvolvementNumber, OrganisationNumber, OwnedInvolvement
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.storage.layouts import pack_arrival, pack_involvement, unpack_involvement
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_nonce, spend_receipts
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.messages import Change
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Basis
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteInvolvements"]

_OwnedRow = tuple[OrganisationNumber, InvolvementNumber, bytes]


@final
class SqliteInvolvements:
    """The `Involvements` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    async def register(self, accepted: Sequence[Accepted], *, spending: Spending, audit: AuditEvent) -> Acknowledgement:
        """As the port says."""
        name = spending.signed.asker.organisation
        owned_rows: list[_OwnedRow] = []
        inbox_rows: list[tuple[bytes]] = []
        for each in accepted:
            organisation, involvement = self._numbers(name, each.owned.reference)
            child = self._vault.child(name, each.owned.child_reference)
            by_consent = each.owned.basis is Basis.CONSENT
            what = Registered(tuple(each.tags), each.owned.ended_on, child, by_consent)
            arrival = Arrival(organisation, involvement, what)
            owned_rows.append(self._owned_row(organisation, involvement, each.owned))
            inbox_rows.append((self._sealed_arrival(arrival),))

        def register(connection: Connection) -> Acknowledgement:
            spend_nonce(connection, self._vault, spending.signed)
            earlier = spend_receipts(connection, self._vault, spending)
            record(connection, self._vault, audit)
            if earlier is not None:
                return earlier
            connection.executemany(
                "INSERT INTO owned_involvements VALUES (?, ?, ?) "
                "ON CONFLICT (organisation, involvement) DO UPDATE SET sealed = excluded.sealed",
                sorted(owned_rows),
            )
            connection.executemany("INSERT INTO inbox (sealed) VALUES (?)", inbox_rows)
            return spending.acknowledgement

        return await self._writer.submit(register)

    async def change(self, changes: Sequence[Change], *, signed: Signed, audit: AuditEvent) -> None:
        """As the port says."""
        name = signed.asker.organisation

        def change(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)
            unknown: list[str] = []
            backwards: list[str] = []
            for at, each in enumerate(changes):
                organisation, involvement = self._numbers(name, each.reference)
                row = connection.execute(
                    "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                    (organisation, involvement),
                ).fetchone()
                if row is None:
                    unknown.append(f"/changes/{at}/reference")
                    continue
                owned = self._opened(organisation, involvement, row[0])
                what: Ended | Withdrawn
                if each.ended_on is None or each.row_digest is None:
                    what = Withdrawn()
                    connection.execute(
                        "DELETE FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                        (organisation, involvement),
                    )
                elif each.ended_on < owned.started_on:
                    backwards.append(f"/changes/{at}/ended_on")
                    continue
                else:
                    # An end never moves to a later day: work that ended and then leaves the extract is no news.
                    on = each.ended_on if owned.ended_on is None else min(owned.ended_on, each.ended_on)
                    what = Ended(on)
                    here = owned.ended_here and on != each.ended_on
                    ended = replace(owned, ended_on=on, row_digest=each.row_digest, ended_here=here)
                    connection.execute(
                        "UPDATE owned_involvements SET sealed = ?3 WHERE organisation = ?1 AND involvement = ?2",
                        self._owned_row(organisation, involvement, ended),
                    )
                arrival = Arrival(organisation, involvement, what)
                connection.execute("INSERT INTO inbox (sealed) VALUES (?)", (self._sealed_arrival(arrival),))
            if unknown:
                raise Problem(ProblemCode.REFERENCE_UNKNOWN, pointers=tuple(unknown))
            if backwards:
                raise Problem(ProblemCode.PERIOD_INVALID, pointers=tuple(backwards))

        await self._writer.submit(change)

    def after(self, organisation: OrganisationId, reference: bytes | None, limit: int) -> list[OwnedInvolvement]:
        """As the port says."""
        number = self._vault.organisation(organisation)
        last = -1 if reference is None else self._vault.involvement(organisation, reference)
        rows = self._reader.execute(
            "SELECT involvement, sealed FROM owned_involvements WHERE organisation = ? AND involvement > ? "
            "ORDER BY involvement LIMIT ?",
            (number, last, limit),
        ).fetchall()
        return [self._opened(number, involvement, sealed) for involvement, sealed in rows]

    def _numbers(self, name: OrganisationId, reference: bytes) -> tuple[OrganisationNumber, InvolvementNumber]:
        return self._vault.organisation(name), self._vault.involvement(name, reference)

    def _owned_row(
        self, organisation: OrganisationNumber, involvement: InvolvementNumber, owned: OwnedInvolvement
    ) -> _OwnedRow:
        sealed = self._vault.seal(pack_involvement(owned), Label.OWNED_ROW, place(organisation, involvement))
        return organisation, involvement, sealed

    def _opened(self, organisation: OrganisationNumber, involvement: int, sealed: bytes) -> OwnedInvolvement:
        return unpack_involvement(self._vault.open(sealed, Label.OWNED_ROW, place(organisation, involvement)))

    def _sealed_arrival(self, arrival: Arrival) -> bytes:
        return self._vault.seal(pack_arrival(arrival), Label.INBOX_ROW)
