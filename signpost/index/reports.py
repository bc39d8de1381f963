"""Reports to families (UK GDPR Art. 15): who works with the child, by kind of organisation, and who looked.

What may follow what: a rights officer of a council asks, with the family there; another officer of the same council
decides what may be told; 28 days to the second after it was asked for, and never before, an officer of that council
reads it to the family. No machine decides, and the decider sees neither the child nor what the report would say.

A report is made when it is read, from what everybody elsewhere may find and from who looked: neither knows anything of
a shield, so a shielded child's report is an absent child's (protocol.md C4). As in a lookup the asker's own
organisation is never visited (C5): a council answers for its own work from its own files, and else it could register
a child and watch its own involvement vanish from a report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final

from signpost.index.audit import AuditAction
from signpost.index.evaluated import check_epoch, read_receipts, read_tags
from signpost.index.lifetimes import REPORT_READ_DAYS, whole_hour
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Record, Reports
from signpost.index.records import StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.rights_records import Decision, KeptReport, ReportDecision
from signpost.index.speakable import speakable
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.rights import (
    REPORT_DAYS,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportReadRequest,
    ReportRequest,
)
from signpost.service.clock import Randomness

__all__ = ["FamilyReports"]

_DAY: Final = 24 * 60 * 60


@final
class FamilyReports:
    """Takes a family's question, has it decided, and tells what may be told."""

    def __init__(
        self, *, reports: Reports, record: Record, wrappers: Wrappers, manifest: Manifest, randomness: Randomness
    ) -> None:
        self._reports = reports
        self._record = record
        self._wrappers = wrappers
        self._manifest = manifest
        self._randomness = randomness

    async def ask(self, asked: ReportRequest, signed: Signed) -> ReportAsked:
        """Ask for a report. The same request sent again is the same report.

        Raises:
            Problem: ROLE_REFUSED, EPOCH_UNKNOWN, TAGS_PROFILE, TAG_INVALID, RECEIPTS_MISMATCH, RECEIPT_INVALID,
                RECEIPT_EXPIRED, RECEIPT_SPENT, NONCE_USED.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))
        check_epoch(self._manifest, asked.epoch)
        tags = read_tags(asked.tags, Use.OFFICER, place="/tags")
        receipts = read_receipts(asked.receipts, self._manifest, signed, use=Use.OFFICER, points=POINTS[Use.OFFICER])
        reference = speakable(self._randomness)
        release_at = signed.at + REPORT_DAYS * _DAY
        kept = await self._reports.ask(
            KeptReport(
                organisation=signed.asker.organisation,
                account=signed.asker.account,
                reference=reference,
                asked_at=signed.at,
                release_at=release_at,
                tags=tuple(StoredTag(of, self._wrappers.lookups.wrap(tag)) for of, tag in tags),
            ),
            keep_until=whole_hour(release_at + REPORT_READ_DAYS * _DAY),
            spending=Spending(signed, receipts, Acknowledgement(reference, signed.at)),
            audit=signed.audit(AuditAction.ASKED_FOR_REPORT, self._randomness),
        )
        return _asked(kept)

    async def listed(self, signed: Signed) -> ReportList:
        """The reports of the asker's organisation that have not run out, the oldest first. None says whose child it is.

        Raises:
            Problem: ROLE_REFUSED, NONCE_USED.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))
        found = self._reports.of(signed.asker.organisation, now=signed.at)
        await self._record.note(signed.audit(AuditAction.LISTED_REPORTS, self._randomness), signed=signed)
        return ReportList(reports=[_asked(each) for each in found])

    async def decide(self, asked: ReportDecisionRequest, signed: Signed) -> Nothing:
        """Say what may be told: once, and not by whoever asked.

        Raises:
            Problem: ROLE_REFUSED, MALFORMED, REPORT_UNKNOWN, NONCE_USED.
        """
        asker = signed.asker
        require(may(asker, Act.UPHOLD_RIGHTS))
        decided = ReportDecision(
            by=asker.account,
            decision=Decision(asked.decision),
            safe_to_show=asked.safe_to_show,
            exemption=asked.exemption,
        )
        # Something is kept back exactly where there is a reason in law.
        if decided.tells_accesses != (asked.exemption is None):
            raise Problem(ProblemCode.MALFORMED, pointers=("/exemption",))

        def change(report: KeptReport) -> KeptReport:
            if report.decided is not None or report.account == asker.account:
                raise Problem(ProblemCode.REPORT_UNKNOWN)
            return replace(report, decided=decided)

        audit = signed.audit(AuditAction.DECIDED_REPORT, self._randomness, ground=asked.exemption)
        await self._reports.decide(asker.organisation, asked.report, change, signed=signed, audit=audit)
        return Nothing()

    async def read(self, asked: ReportReadRequest, signed: Signed) -> Report:
        """A released report, as it is now.

        Raises:
            Problem: ROLE_REFUSED, REPORT_UNKNOWN, REPORT_NOT_RELEASED, NONCE_USED.
        """
        require(may(signed.asker, Act.UPHOLD_RIGHTS))
        report = self._reports.report(signed.asker.organisation, asked.report, now=signed.at)
        if report is None:
            raise Problem(ProblemCode.REPORT_UNKNOWN)
        decided = report.decided
        if decided is None or signed.at < report.release_at:
            raise Problem(ProblemCode.REPORT_NOT_RELEASED)
        told = Report(
            report=report.reference,
            asked_at=report.asked_at,
            released_at=report.release_at,
            involvements=self._reports.involvements(report, now=signed.at) if decided.tells_involvements else None,
            accesses=self._reports.accesses(report, now=signed.at) if decided.tells_accesses else None,
            exemption=decided.exemption,
        )
        await self._record.note(signed.audit(AuditAction.READ_REPORT, self._randomness), signed=signed)
        return told


def _asked(report: KeptReport) -> ReportAsked:
    return ReportAsked(
        report=report.reference,
        asked_at=report.asked_at,
        release_at=report.release_at,
        decided=report.decided is not None,
    )
