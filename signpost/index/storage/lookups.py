"""Lookups on SQLite: one statement to read, one transaction to keep.

For each key asked about, two ranges of the primary key are read, below and above the asker's own pseudonym, joined by
`UNION ALL`: the asker's own rows are never visited, so nothing about them can show, not even in the time it takes
(protocol.md C2, C5). There is no other condition on a row: whatever must not be seen is not in this table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import final

from signpost.index.arrivals import Looked
from signpost.index.audit import AuditEvent
from signpost.index.budgets import Beyond, Costs
from signpost.index.ports import KeptLookup
from signpost.index.records import Hit, InvolvementNumber, OrganisationNumber, StoredTag
from signpost.index.requests import Spending
from signpost.index.storage.answers import count_answer
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.layouts import CLASSES, from_day_number, pack_arrival, pack_lookup, unpack_lookup
from signpost.index.storage.metering import charge_for
from signpost.index.storage.record import record
from signpost.index.storage.spending import refuse_spent, spend_nonce, spend_receipts
from signpost.index.storage.vault import Vault
from signpost.protocol.classes import Place, Tier
from signpost.protocol.credentials import Asker, OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tags import TagKey
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteLookups", "hits_statement", "read_hits"]


@cache
def hits_statement(keys: int, table: str = "involvement_tags") -> str:
    """The statement for so many keys: parameter 1 is the asker's own pseudonym, the keys follow."""
    return " UNION ALL ".join(
        f"SELECT {at}, class, tier, organisation, involvement, ended_on, identity_key FROM {table} "  # noqa: S608 - numbers only
        f"WHERE key = ?{at + 2} AND organisation {side} ?1"
        for at in range(keys)
        for side in "<>"
    )


def read_hits(
    connection: Connection, vault: Vault, keys: Sequence[TagKey], *, asking: OrganisationId,
    table: str = "involvement_tags",
) -> list[Hit]:  # fmt: skip
    """The involvements of every other organisation that hold one of the keys. The table is another one only where what
    is hidden is looked at for its own organisation's sake, off every response path.
    """
    rows = connection.execute(hits_statement(len(keys), table), (vault.organisation(asking), *keys)).fetchall()
    return [
        Hit(
            asked_at=at,
            stored=Place(CLASSES[match_class], Tier(tier)),
            organisation=OrganisationNumber(organisation),
            involvement=InvolvementNumber(involvement),
            ended_on=from_day_number(ended_on),
            identity_key=identity_key,
        )
        for at, match_class, tier, organisation, involvement, ended_on, identity_key in rows
    ]


@final
class SqliteLookups:
    """The `Lookups` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def refuse_spent(self, spending: Spending) -> None:
        """As the port says."""
        refuse_spent(self._reader, self._vault, spending)

    def hits(self, keys: Sequence[TagKey], *, asking: OrganisationId) -> list[Hit]:
        """As the port says."""
        return read_hits(self._reader, self._vault, keys, asking=asking)

    def caseload(self, organisation: OrganisationId) -> int:
        """As the port says."""
        (count,) = self._reader.execute(
            "SELECT count(*) FROM owned_involvements WHERE organisation = ?", (self._vault.organisation(organisation),)
        ).fetchone()
        return int(count)

    def kept(self, asker: Asker, receipt: str, *, now: int) -> Sequence[StoredTag] | None:
        """As the port says."""
        name = self._vault.lookup(asker.organisation, asker.account, receipt, user=asker.user)
        found = self._reader.execute(
            "SELECT sealed FROM lookup_rows WHERE lookup = ? AND forget_at > ?", (name, now)
        ).fetchone()
        if found is not None:
            return unpack_lookup(self._vault.open(found[0], Label.LOOKUP_ROW, name))
        # The tags outlive the lookup's row for as long as a call-back waits by them.
        waiting = self._vault.call_back(asker.organisation, asker.account, receipt, user=asker.user)
        call_back = CallBackRows(self._vault).call_back(self._reader, waiting, now=now)
        return None if call_back is None else call_back.tags

    async def keep(
        self, lookup: KeptLookup, *, spending: Spending, costs: Costs, audit: AuditEvent,
        beyond: Mapping[Beyond, AuditEvent],
    ) -> None:  # fmt: skip
        """As the port says."""
        asker, acknowledgement = spending.signed.asker, spending.acknowledgement
        access_rows = sorted(
            (tag.key, lookup.access, lookup.kind.value, lookup.purpose.value, lookup.month, tag.body)
            for tag in lookup.access_tags
        )
        name = self._vault.lookup(asker.organisation, asker.account, acknowledgement.receipt, user=asker.user)
        sealed = self._vault.seal(pack_lookup(lookup.answer, lookup.lookup_tags), Label.LOOKUP_ROW, name)

        looked = Looked(
            lookup=name,
            organisation=asker.organisation,
            account=asker.account,
            role=asker.role,
            kind=asker.kind,
            purpose=lookup.purpose,
            at=spending.signed.at,
        )
        arrival = self._vault.seal(pack_arrival(looked), Label.INBOX_ROW)

        def keep(connection: Connection) -> None:
            spend_nonce(connection, self._vault, spending.signed)
            if spend_receipts(connection, self._vault, spending) is not None:
                # The same question again: only a registration is acknowledged twice.
                raise Problem(ProblemCode.RECEIPT_SPENT)
            for by in sorted(charge_for(connection, self._vault, costs, now=spending.signed.at)):
                record(connection, self._vault, beyond[by])
            count_answer(connection, self._vault, asker, lookup.answer, now=spending.signed.at)
            record(connection, self._vault, audit)
            connection.executemany("INSERT INTO access_rows VALUES (?, ?, ?, ?, ?, ?)", access_rows)
            connection.execute("INSERT INTO lookup_rows VALUES (?, ?, ?)", (name, sealed, lookup.keep_until))
            # What settles is checked, off this path, whatever is there.
            connection.execute("INSERT INTO inbox (sealed) VALUES (?)", (arrival,))

        await self._writer.submit(keep)
