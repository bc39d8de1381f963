"""Exceptions to budgets on SQLite: sealed, found by their organisation's number, forgotten when they end."""

from __future__ import annotations

import json
from typing import final

from signpost.index.audit import AuditEvent
from signpost.index.budgets import Extra
from signpost.index.ports import ApprovedException, Once
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_once
from signpost.index.storage.vault import Vault
from signpost.protocol.budget_exceptions import BudgetException, ExceptionReason
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteExceptions"]


@final
class SqliteExceptions:
    """The `BudgetExceptions` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def open(self, *, now: int) -> list[ApprovedException]:
        """As the port says."""
        rows = self._reader.execute("SELECT whom, sealed FROM exceptions WHERE forget_at > ?", (now,)).fetchall()
        opened = [self._opened(*row) for row in rows]
        return sorted(opened, key=lambda each: (each.asked.organisation, each.asked.account or ""))

    def added(self, organisation: OrganisationId, account: AccountId, *, now: int) -> Extra:
        """As the port says."""
        rows = self._reader.execute(
            "SELECT whom, sealed FROM exceptions WHERE organisation = ? AND forget_at > ?",
            (self._vault.organisation(organisation), now),
        ).fetchall()
        running = [self._opened(*row).asked for row in rows]
        own = [asked for asked in running if asked.account == account]
        return Extra(
            account=sum(asked.lookups for asked in own),
            organisation=sum(asked.lookups for asked in running),
            repeats=sum(asked.repeats for asked in own),
        )

    async def approve(self, approved: ApprovedException, *, once: Once, now: int, audit: AuditEvent) -> None:
        """As the port says."""
        asked = approved.asked
        whom = self._vault.exception(asked.organisation, asked.account)
        organisation = self._vault.organisation(asked.organisation)
        document = canonical_json(
            {
                "account": asked.account, "hours": asked.hours, "identifier": asked.identifier,
                "issued_at": asked.issued_at, "lookups": asked.lookups, "organisation": asked.organisation,
                "reason": asked.reason.value, "repeats": asked.repeats, "until": approved.until,
            }
        )  # fmt: skip
        sealed = self._vault.seal(document, Label.EXCEPTION_ROW, whom)

        def approve(connection: Connection) -> None:
            spend_once(connection, self._vault, asked.organisation, once)
            connection.execute("DELETE FROM exceptions WHERE whom = ? AND forget_at <= ?", (whom, now))
            added = connection.execute(
                "INSERT INTO exceptions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (whom, organisation, sealed, approved.until),
            )
            if not added.rowcount:
                raise Problem(ProblemCode.EXCEPTION_OPEN)
            record(connection, self._vault, audit)

        await self._writer.submit(approve)

    async def refuse(self, organisation: OrganisationId, *, once: Once, audit: AuditEvent) -> None:
        """As the port says."""

        def refuse(connection: Connection) -> None:
            spend_once(connection, self._vault, organisation, once)
            record(connection, self._vault, audit)

        await self._writer.submit(refuse)

    async def end(
        self, organisation: OrganisationId, account: AccountId | None, *, now: int, audit: AuditEvent
    ) -> None:
        """As the port says."""
        whom = self._vault.exception(organisation, account)

        def end(connection: Connection) -> None:
            ended = connection.execute("DELETE FROM exceptions WHERE whom = ? AND forget_at > ?", (whom, now))
            if not ended.rowcount:
                raise Problem(ProblemCode.EXCEPTION_UNKNOWN)
            record(connection, self._vault, audit)

        await self._writer.submit(end)

    def _opened(self, whom: bytes, sealed: bytes) -> ApprovedException:
        document = json.loads(self._vault.open(sealed, Label.EXCEPTION_ROW, whom))
        until = document.pop("until")
        return ApprovedException(BudgetException(**document | {"reason": ExceptionReason(document["reason"])}), until)
