"""Reports on SQLite: each sealed to one size, whatever was decided; and what one says, made when it is read.

A report reads the hot table, as every follow-up does, and the access rows. It reads nothing of a shield, and no row of
the organisation that asks.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Final, final

from signpost.index.audit import AuditEvent
from signpost.index.records import Hit
from signpost.index.requests import Signed, Spending
from signpost.index.rights_records import Decision, KeptReport, ReportDecision, is_of_the_child
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.layouts import pack_tags, unpack_involvement, unpack_tags
from signpost.index.storage.organisations import organisation_named
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_nonce, spend_receipts
from signpost.index.storage.vault import Vault, place
from signpost.index.wrapping import Wrappers
from signpost.protocol.calendar import KEPT_MONTHS, months_before
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose
from signpost.protocol.rights import Exemption, ReportAccess, ReportInvolvement
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteReports"]

_BYTES: Final = 512


@final
class SqliteReports:
    """The `Reports` port. `reader` belongs to the event loop's thread."""

    def __init__(
        self, *, reader: Connection, writer: Writer, vault: Vault, wrappers: Wrappers, delivery: Delivery
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._wrappers = wrappers
        self._delivery = delivery

    async def ask(self, report: KeptReport, *, keep_until: int, spending: Spending, audit: AuditEvent) -> KeptReport:
        """As the port says."""
        name = self._vault.report(report.organisation, report.reference)
        number = self._vault.organisation(report.organisation)
        sealed = self._vault.seal(_packed(report), Label.REPORT_ROW, name)

        def ask(connection: Connection) -> KeptReport:
            spend_nonce(connection, self._vault, spending.signed)
            earlier = spend_receipts(connection, self._vault, spending)
            record(connection, self._vault, audit)
            if earlier is not None:
                kept = self._report(connection, report.organisation, earlier.receipt, now=spending.signed.at)
                assert kept is not None  # it outlives the receipt that paid for it
                return kept
            connection.execute("INSERT INTO reports VALUES (?, ?, ?, ?)", (name, number, sealed, keep_until))
            return report

        return await self._writer.submit(ask)

    def of(self, organisation: OrganisationId, *, now: int) -> list[KeptReport]:
        """As the port says."""
        rows = self._reader.execute(
            "SELECT report, sealed FROM reports WHERE organisation = ? AND forget_at > ?",
            (self._vault.organisation(organisation), now),
        ).fetchall()
        found = [self._opened(*row) for row in rows]
        return sorted(found, key=lambda report: (report.asked_at, report.reference))

    def report(self, organisation: OrganisationId, reference: str, *, now: int) -> KeptReport | None:
        """As the port says."""
        return self._report(self._reader, organisation, reference, now=now)

    async def decide(
        self, organisation: OrganisationId, reference: str, change: Callable[[KeptReport], KeptReport], *,
        signed: Signed, audit: AuditEvent,
    ) -> None:  # fmt: skip
        """As the port says."""
        name = self._vault.report(organisation, reference)

        def decide(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            report = self._report(connection, organisation, reference, now=signed.at)
            if report is None:
                raise Problem(ProblemCode.REPORT_UNKNOWN)
            sealed = self._vault.seal(_packed(change(report)), Label.REPORT_ROW, name)
            connection.execute("UPDATE reports SET sealed = ? WHERE report = ?", (sealed, name))
            record(connection, self._vault, audit)

        await self._writer.submit(decide)

    def involvements(self, report: KeptReport, *, now: int) -> list[ReportInvolvement]:
        """As the port says."""
        matches = self._delivery.evaluated(self._reader, report.tags, asking=report.organisation, strict=True, now=now)
        # Where two children cannot be told apart, neither's family is told of the other.
        sure = matches.strongest if matches.word in ("current", "previous") else ()
        told = [each for hit in sure if (each := self._told(hit)) is not None]
        return sorted(told, key=lambda each: (each.started_on, each.ended_on or dt.date.max, each.kind))

    def accesses(self, report: KeptReport, *, now: int) -> list[ReportAccess]:
        """As the port says."""
        keys = [
            self._wrappers.access.wrap(self._wrappers.lookups.unwrap(tag.wrapped)).key
            for tag in report.tags
            if is_of_the_child(tag.place)
        ]
        since = months_before(dt.datetime.fromtimestamp(now, tz=dt.UTC).date(), KEPT_MONTHS)
        marks = ", ".join("?" * len(keys))
        rows = self._reader.execute(
            f"SELECT DISTINCT access, month, kind, purpose FROM access_rows WHERE key IN ({marks}) AND month >= ?",  # noqa: S608 - marks only
            (*keys, since.year * 100 + since.month),
        ).fetchall()
        # By month and no nearer: in which order within it, and which access is which, is nobody's to know.
        return [
            ReportAccess(kind=Kind(kind), purpose=Purpose(purpose), month=f"{month // 100:04}-{month % 100:02}")
            for month, kind, purpose in sorted(row[1:] for row in rows)
        ]

    def _told(self, hit: Hit) -> ReportInvolvement | None:
        """An involvement by kind and dates; null where it is withdrawn, and about to settle."""
        row = self._reader.execute(
            "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
            (hit.organisation, hit.involvement),
        ).fetchone()
        organisation = organisation_named(self._reader, self._vault, hit.organisation)
        if row is None or organisation is None:
            return None
        owned = unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(hit.organisation, hit.involvement)))
        return ReportInvolvement(kind=organisation.kind, started_on=owned.started_on, ended_on=owned.ended_on)

    def _report(
        self, connection: Connection, organisation: OrganisationId, reference: str, *, now: int
    ) -> KeptReport | None:
        name = self._vault.report(organisation, reference)
        row = connection.execute(
            "SELECT sealed FROM reports WHERE report = ? AND forget_at > ?", (name, now)
        ).fetchone()
        return None if row is None else self._opened(name, row[0])

    def _opened(self, name: bytes, sealed: bytes) -> KeptReport:
        return _report(self._vault.open(sealed, Label.REPORT_ROW, name))


def _packed(report: KeptReport) -> bytes:
    decided = report.decided
    document: dict[str, Any] = {
        "account": report.account,
        "asked_at": report.asked_at,
        "decided": None if decided is None else {
            "by": decided.by,
            "decision": decided.decision.value,
            "exemption": None if decided.exemption is None else decided.exemption.value,
            "safe_to_show": decided.safe_to_show,
        },
        "organisation": report.organisation,
        "reference": report.reference,
        "release_at": report.release_at,
    }  # fmt: skip
    raw = canonical_json(document)
    assert len(raw) <= _BYTES
    return raw.ljust(_BYTES) + pack_tags(report.tags)


def _report(raw: bytes) -> KeptReport:
    document = json.loads(raw[:_BYTES])
    decided = document["decided"]
    return KeptReport(
        organisation=OrganisationId(document["organisation"]),
        account=AccountId(document["account"]),
        reference=document["reference"],
        asked_at=document["asked_at"],
        release_at=document["release_at"],
        tags=unpack_tags(raw[_BYTES:]),
        decided=None if decided is None else ReportDecision(
            by=AccountId(decided["by"]),
            decision=Decision(decided["decision"]),
            safe_to_show=decided["safe_to_show"],
            exemption=None if decided["exemption"] is None else Exemption(decided["exemption"]),
        ),
    )  # fmt: skip
