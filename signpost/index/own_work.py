"""One piece of an organisation's own work: what it is, that it ended, and that another desk has it.

* It is named by its reference, which only the organisation's own key gives: nobody is given a list, or goes on from one
  piece to the next. Whoever names one that is not there is charged and recorded like whoever names one that is.
* It is read from the owner's table alone, which no shield and no objection touches: it is the same whatever became of
  an involvement elsewhere (protocol.md C3).
* An end is of the last month, so that it leaves `previous` behind it nearly as long as any other: nobody who looks
  children up makes their organisation's work vanish from an answer. None is withdrawn, and none is opened again.
* The desk that the feed named stays in the row beside the one that it was handed over to: an independent desk rings
  that alone, and so does whoever breaks the glass where nobody can ring the other any more.
* The row's digest stays as it was: an extract that says what it said yesterday changes nothing, and one that says
  something else is believed.
* What is said again is done already: whoever had no answer sends it once more.
* Both are metered by account and shift, so that nobody ends a caseload.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

from signpost.index.audit import AuditAction, AuditEvent
from signpost.index.budgets import Charge
from signpost.index.handle_faults import can_be_rung, sensitive
from signpost.index.permissions import Act, may, require
from signpost.index.ports import Handles, OwnWorks
from signpost.index.records import OwnedInvolvement
from signpost.index.register import last_possible_day
from signpost.index.requests import Signed
from signpost.protocol.credentials import SHIFT_SECONDS
from signpost.protocol.messages import (
    Nothing,
    OwnDesk,
    OwnWork,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Basis
from signpost.service.clock import Randomness

__all__ = ["EARLIEST_END", "Answering", "OwnWorkLimits"]

EARLIEST_END: Final = dt.timedelta(days=31)
"""How far back an end may lie: a month's holiday, of the twelve for which it is answered `previous`."""


@dataclass(frozen=True, slots=True)
class OwnWorkLimits:
    """How often one account may, in one shift."""

    seen: int
    changed: int


@final
class Answering:
    """What those who answer for their organisation's work do with one piece of it."""

    def __init__(self, *, works: OwnWorks, handles: Handles, limits: OwnWorkLimits, randomness: Randomness) -> None:
        self._works = works
        self._handles = handles
        self._limits = limits
        self._randomness = randomness

    async def see(self, asked: OwnWorkRequest, signed: Signed) -> OwnWork:
        """What it is, as its owner's table has it.

        Raises:
            Problem: ROLE_REFUSED, BUDGET_USED, REFERENCE_UNKNOWN, NONCE_USED.
        """
        require(may(signed.asker, Act.SEE_OWN_WORK))
        owned = await self._works.see(
            asked.reference,
            charge=_charge("own-work-seen", self._limits.seen, signed),
            signed=signed,
            audit=signed.audit(AuditAction.SAW_OWN_WORK, self._randomness),
            unknown=self._refused(signed, ProblemCode.REFERENCE_UNKNOWN),
        )
        titles = {each.identifier: each.title for each in self._handles.handles(signed.asker.organisation)}
        if owned is None:
            raise Problem(ProblemCode.REFERENCE_UNKNOWN, pointers=("/reference",))
        return OwnWork(
            handle=owned.desk,
            handle_title=titles.get(owned.desk, ""),
            started_in=owned.started_on.isoformat()[:7],
            ended_on=owned.ended_on,
            desks=[OwnDesk(handle=name, title=title) for name, title in titles.items() if name != owned.desk],
        )

    async def end(self, asked: OwnWorkEndRequest, signed: Signed) -> Nothing:
        """It ended on that day. Others find it as any that has ended, once it has settled. Where it ended on that day
        already, nothing changes.

        Raises:
            Problem: ROLE_REFUSED, PERIOD_INVALID, BUDGET_USED, REFERENCE_UNKNOWN, WORK_ENDED, NONCE_USED.
        """
        require(may(signed.asker, Act.CHANGE_OWN_WORK))
        today = dt.datetime.fromtimestamp(signed.at, tz=dt.UTC).date()
        if not today - EARLIEST_END <= asked.ended_on <= last_possible_day(signed.at):
            raise _period_invalid()

        def ended(owned: OwnedInvolvement) -> OwnedInvolvement:
            if asked.ended_on < owned.started_on:
                raise _period_invalid()
            return replace(owned, ended_on=asked.ended_on, ended_here=True)

        def already(owned: OwnedInvolvement) -> bool:
            return owned.ended_on == asked.ended_on

        await self._change(asked.reference, ended, already, AuditAction.ENDED_OWN_WORK, signed)
        return Nothing()

    async def hand_over(self, asked: OwnWorkHandOverRequest, signed: Signed) -> Nothing:
        """Another desk has it: whoever is told of it from now on is that desk. Desks that were told stay told. Where
        that desk has it already, nothing changes.

        Raises:
            Problem: ROLE_REFUSED, HANDLE_UNKNOWN, HANDLE_UNREACHABLE, BASIS_REFUSED, BUDGET_USED, REFERENCE_UNKNOWN,
                WORK_ENDED, NONCE_USED.
        """
        require(may(signed.asker, Act.CHANGE_OWN_WORK))
        handles = {each.identifier: each for each in self._handles.handles(signed.asker.organisation)}
        to = handles.get(asked.hand_over_to)
        if to is None:
            raise Problem(ProblemCode.HANDLE_UNKNOWN, pointers=("/hand_over_to",))
        if not can_be_rung(to.identifier, handles):  # or nobody who breaks the glass has anybody to ring
            raise Problem(ProblemCode.HANDLE_UNREACHABLE, pointers=("/hand_over_to",))

        def handed_over(owned: OwnedInvolvement) -> OwnedInvolvement:
            if owned.basis is Basis.STATUTORY and to.identifier in sensitive(handles):  # as where it is registered
                raise Problem(ProblemCode.BASIS_REFUSED, pointers=("/hand_over_to",))
            return replace(owned, handed_to=None if to.identifier == owned.handle else to.identifier)

        def already(owned: OwnedInvolvement) -> bool:
            return owned.desk == to.identifier

        await self._change(asked.reference, handed_over, already, AuditAction.HANDED_OVER_OWN_WORK, signed)
        return Nothing()

    async def _change(
        self,
        reference: bytes,
        change: Callable[[OwnedInvolvement], OwnedInvolvement],
        already: Callable[[OwnedInvolvement], bool],
        action: AuditAction,
        signed: Signed,
    ) -> None:
        def of_open_work(owned: OwnedInvolvement) -> OwnedInvolvement:
            if already(owned):
                return owned
            if owned.ended_on is not None:
                raise Problem(ProblemCode.WORK_ENDED)
            return change(owned)

        await self._works.change(
            reference,
            of_open_work,
            charge=_charge("own-work-changed", self._limits.changed, signed),
            signed=signed,
            audit=signed.audit(action, self._randomness),
            refused=lambda code: self._refused(signed, code),
        )

    def _refused(self, signed: Signed, code: ProblemCode) -> AuditEvent:
        return signed.audit(AuditAction.REFUSED, self._randomness, refused=code)


def _charge(what: str, most: int, signed: Signed) -> Charge:
    whom = (what, signed.asker.organisation, signed.asker.account)
    return Charge(whom, 1, most=most, ordinary=most, noted=most, until=signed.at + SHIFT_SECONDS)


def _period_invalid() -> Problem:
    return Problem(ProblemCode.PERIOD_INVALID, pointers=("/ended_on",))
