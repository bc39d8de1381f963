"""The public doors of families' rights: for rights officers of councils."""

# Annotations here are values: FastAPI reads `by`, which is handed in.
from typing import Any, Final

from fastapi import FastAPI

from signpost.index.app import Index
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import ProblemCode
from signpost.protocol.rights import (
    CorrectRequest,
    ObjectionAnswer,
    ObjectionEndRequest,
    ObjectionRequest,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportReadRequest,
    ReportRequest,
    RightsReceipt,
    WithdrawRequest,
)
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_rights_doors"]

_C: Final = ProblemCode


def add_rights_doors(
    app: FastAPI, index: Index, by: Any, *, who_asks: tuple[ProblemCode, ...], evaluated: tuple[ProblemCode, ...]
) -> None:
    """Add them. `by` is the dependency that gives who signed; the codes are those that every such request may meet."""

    @app.post("/v1/rights/reports", status_code=201, responses=refusals(*who_asks, *evaluated))
    async def ask_for_report(asked: FromJson[ReportRequest], who: by) -> ReportAsked:
        """Asks, for a family, who works with their child and who looked."""
        return await index.reports.ask(asked, who)

    @app.post("/v1/rights/reports/list", responses=refusals(*who_asks))
    async def list_reports(asked: FromJson[Nothing], who: by) -> ReportList:
        """The reports that the asker's organisation asked for."""
        return await index.reports.listed(who)

    @app.post("/v1/rights/reports/decide", responses=refusals(*who_asks, _C.REPORT_UNKNOWN))
    async def decide_report(asked: FromJson[ReportDecisionRequest], who: by) -> Nothing:
        """Says what may be told of a report that another officer of the same organisation asked for."""
        return await index.reports.decide(asked, who)

    @app.post("/v1/rights/reports/read", responses=refusals(*who_asks, _C.REPORT_UNKNOWN, _C.REPORT_NOT_RELEASED))
    async def read_report(asked: FromJson[ReportReadRequest], who: by) -> Report:
        """A report that is released."""
        return await index.reports.read(asked, who)

    @app.post("/v1/rights/objections", status_code=201, responses=refusals(*who_asks, *evaluated, _C.BUDGET_USED))
    async def record_objection(asked: FromJson[ObjectionRequest], who: by) -> ObjectionAnswer:
        """Records an objection with how it was balanced. The answer is the same whatever there is."""
        return await index.evenly(index.objections.record(asked, who))

    @app.post("/v1/rights/objections/end", responses=refusals(*who_asks, _C.OBJECTION_UNKNOWN))
    async def end_objection(asked: FromJson[ObjectionEndRequest], who: by) -> Nothing:
        """Takes an upheld objection, or a withdrawn consent, of the asker's organisation back."""
        return await index.evenly(index.objections.end(asked, who))

    @app.post("/v1/rights/corrections", responses=refusals(*who_asks, *evaluated))
    async def correct(asked: FromJson[CorrectRequest], who: by) -> RightsReceipt:
        """Has the involvements that the asker's organisation registered hold the right details."""
        return await index.evenly(index.rights.correct(asked, who))

    @app.post("/v1/rights/withdrawals", responses=refusals(*who_asks, *evaluated))
    async def withdraw(asked: FromJson[WithdrawRequest], who: by) -> RightsReceipt:
        """Withdraws those that rest on consent."""
        return await index.evenly(index.rights.withdraw(asked, who))
