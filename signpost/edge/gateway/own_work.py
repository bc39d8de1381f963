"""One piece of the organisation's own work, at its gateway: what it is, that it ended, that another desk has it.

* Whoever answers for the organisation's work names one by the organisation's own number for it. The gateway computes
  the reference by the feed's key, as a feed does; the number goes no further, and is kept nowhere.
* There is no list: a caseload is read back by the organisation's program alone (docs/decisions/0021).
* An end is no day that has not come in England, and none before the work began, where the work is named by that day:
  the index knows the month alone.
* What is done here stands until the row says something else in the organisation's own system.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.csv_feed import read_ids
from signpost.edge.feeds.model import RowIds
from signpost.edge.feeds.rules import read_period
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.sessions import Session
from signpost.edge.gateway.wire import WorkEndGiven, WorkHandOverGiven, WorkNamed
from signpost.edge.references import Reference, reference
from signpost.protocol.messages import Nothing, OwnWork, OwnWorkEndRequest, OwnWorkHandOverRequest, OwnWorkRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import ANSWERING_ROLES

__all__ = ["end_work", "hand_over_work", "see_work"]

_ENGLAND: Final = ZoneInfo("Europe/London")
_NUMBER: Final = ("/local_id",)
_Result = TypeVar("_Result")


async def see_work(gateway: Gateway, session: Session, named: WorkNamed) -> OwnWork:
    """Which desk has it, since when, and whether it has ended: as the organisation registered it, whatever became of it
    elsewhere.

    Raises:
        Problem: ROLE_REFUSED; WORK_NOT_NAMED; MALFORMED with the fields that are not of their form; REFERENCE_UNKNOWN;
            BUDGET_USED; or as the index refuses; COULD_NOT_CHECK.
    """
    request = OwnWorkRequest(reference=_reference(gateway, session, named))
    return await _known(gateway.acted(session, session.client.index.own_work(request)))


async def end_work(gateway: Gateway, session: Session, given: WorkEndGiven) -> Nothing:
    """It ended on that day.

    Raises:
        Problem: as `see_work`; PERIOD_INVALID; WORK_ENDED. COULD_NOT_CHECK: it may have been done.
    """
    request = OwnWorkEndRequest(reference=_reference(gateway, session, given), ended_on=given.ended_on)
    began = _cells(given).day("start")
    if given.ended_on > _today_in_england(gateway) or (began is not None and given.ended_on < began):
        raise Problem(ProblemCode.PERIOD_INVALID, pointers=("/ended_on",))
    await _known(gateway.acted(session, session.client.index.end_own_work(request)))
    return Nothing()


async def hand_over_work(gateway: Gateway, session: Session, given: WorkHandOverGiven) -> Nothing:
    """Another desk has it.

    Raises:
        Problem: as `see_work`; HANDLE_UNKNOWN, HANDLE_UNREACHABLE, BASIS_REFUSED; WORK_ENDED. COULD_NOT_CHECK: it may
            have been done, and may be sent again.
    """
    request = OwnWorkHandOverRequest(reference=_reference(gateway, session, given), hand_over_to=given.hand_over_to)
    await _known(gateway.acted(session, session.client.index.hand_over_own_work(request)))
    return Nothing()


async def _known(acting: Awaitable[_Result]) -> _Result:
    """What an act gives; where the reference is of nothing, it is the number here that is."""
    try:
        return await acting
    except Problem as problem:
        if problem.code is not ProblemCode.REFERENCE_UNKNOWN:
            raise
    raise Problem(ProblemCode.REFERENCE_UNKNOWN, pointers=_NUMBER)


def _reference(gateway: Gateway, session: Session, named: WorkNamed) -> Reference:
    if session.shift.desk.role not in ANSWERING_ROLES:
        raise Problem(ProblemCode.ROLE_REFUSED)
    if gateway.reference_key is None:
        raise Problem(ProblemCode.WORK_NOT_NAMED)
    return reference(gateway.reference_key, _ids(named, today=gateway.today()))


def _ids(named: WorkNamed, *, today: dt.date) -> RowIds:
    """Its ids, read by the rules of the feed that names work in that way.

    Raises:
        Problem: MALFORMED, with the fields: it is named in no way, or in two.
    """
    cells = _cells(named)
    number, handle = cells.text("number"), cells.text("handle")
    ids: RowIds | None = None
    if number and (cells.text("start") or handle):
        wrong = ["/number"]
    elif handle:
        ids = read_ids(cells, today=today)
        wrong = [f"/{error.field}" for error in cells.errors]
    else:
        local_id = cells.local_id("local_id")
        if number:
            involvement_id = cells.local_id("number")
        else:
            started, _ = read_period(cells, "start", "end", born=None, today=today)
            involvement_id = started.isoformat() if started is not None else None
        wrong = [f"/{error.field}" for error in cells.errors]
        if local_id is not None and involvement_id is not None:
            ids = RowIds(local_id=local_id, involvement_id=involvement_id)
    if wrong or ids is None:
        raise Problem(ProblemCode.MALFORMED, pointers=tuple(wrong))
    return ids


def _cells(named: WorkNamed) -> Cells:
    """What is typed, as a row of a feed."""
    return Cells(0, lambda column: str(getattr(named, column, "")))


def _today_in_england(gateway: Gateway) -> dt.date:
    return dt.datetime.fromtimestamp(gateway.clock.now(), tz=_ENGLAND).date()
