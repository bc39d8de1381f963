"""One involvement of the owner's table, seen and changed, on SQLite.

What is refused of one that was looked for is charged and recorded all the same: in the transaction that looked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from signpost.index.arrivals import Arrival, Ended
from signpost.index.audit import AuditEvent
from signpost.index.budgets import Charge
from signpost.index.records import InvolvementNumber, OrganisationNumber, OwnedInvolvement
from signpost.index.requests import Signed
from signpost.index.storage.layouts import pack_arrival, pack_involvement, unpack_involvement
from signpost.index.storage.metering import charge_one
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault, place
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteOwnWorks"]


@final
class SqliteOwnWorks:
    """The `OwnWorks` port."""

    def __init__(self, *, writer: Writer, vault: Vault) -> None:
        self._writer = writer
        self._vault = vault

    async def see(
        self, reference: bytes, *, charge: Charge, signed: Signed, audit: AuditEvent, unknown: AuditEvent
    ) -> OwnedInvolvement | None:
        """As the port says."""
        of = self._numbers(reference, signed)

        def see(connection: Connection) -> OwnedInvolvement | None:
            spend_nonce(connection, self._vault, signed)
            charge_one(connection, self._vault, charge, signed.at)
            owned = self._owned(connection, *of)
            record(connection, self._vault, unknown if owned is None else audit)
            return owned

        return await self._writer.submit(see)

    async def change(
        self, reference: bytes, change: Callable[[OwnedInvolvement], OwnedInvolvement], *, charge: Charge,
        signed: Signed, audit: AuditEvent, refused: Callable[[ProblemCode], AuditEvent],
    ) -> None:  # fmt: skip
        """As the port says."""
        of = self._numbers(reference, signed)

        def apply(connection: Connection) -> Problem | None:
            spend_nonce(connection, self._vault, signed)
            charge_one(connection, self._vault, charge, signed.at)
            owned = self._owned(connection, *of)
            try:
                if owned is None:
                    raise Problem(ProblemCode.REFERENCE_UNKNOWN, pointers=("/reference",))
                changed = change(owned)
            except Problem as problem:
                record(connection, self._vault, refused(problem.code))
                return problem
            if changed != owned:
                self._write(connection, *of, changed)
                if changed.ended_on is not None:
                    self._arrive(connection, Arrival(*of, Ended(changed.ended_on)))
            record(connection, self._vault, audit)
            return None

        problem = await self._writer.submit(apply)
        if problem is not None:
            raise problem

    def _numbers(self, reference: bytes, signed: Signed) -> tuple[OrganisationNumber, InvolvementNumber]:
        name = signed.asker.organisation
        return self._vault.organisation(name), self._vault.involvement(name, reference)

    def _owned(
        self, connection: Connection, organisation: OrganisationNumber, involvement: InvolvementNumber
    ) -> OwnedInvolvement | None:
        row = connection.execute(
            "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
            (organisation, involvement),
        ).fetchone()
        if row is None:
            return None
        return unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(organisation, involvement)))

    def _write(
        self,
        connection: Connection,
        organisation: OrganisationNumber,
        involvement: InvolvementNumber,
        owned: OwnedInvolvement,
    ) -> None:
        sealed = self._vault.seal(pack_involvement(owned), Label.OWNED_ROW, place(organisation, involvement))
        connection.execute(
            "UPDATE owned_involvements SET sealed = ? WHERE organisation = ? AND involvement = ?",
            (sealed, organisation, involvement),
        )

    def _arrive(self, connection: Connection, arrival: Arrival) -> None:
        sealed = self._vault.seal(pack_arrival(arrival), Label.INBOX_ROW)
        connection.execute("INSERT INTO inbox (sealed) VALUES (?)", (sealed,))
