"""Exceptions to budgets: an organisation asks, the index's operator reviews (protocol.md D6).

The request is the organisation's own, signed by its administrator; whoever approves it does so on the operator's
socket, which no organisation can open. So nobody approves what they asked for. It is decided once, within a day of its
signing, and runs from its approval; one at a time for an account, and one for the organisation. Each act is a leaf of
the record with its reason, and so is each lookup that needed it. None of it says anything of a child, or depends on
one.
"""

from __future__ import annotations

from typing import Final, final

from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ports import ApprovedException, BudgetExceptions, Once, Organisations
from signpost.protocol.budget_exceptions import APPROVABLE_SECONDS, BudgetException
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tokens import TokenInvalid, peek
from signpost.service.clock import Randomness

__all__ = ["ReviewedExceptions"]

_LEEWAY: Final = 5
_HOUR: Final = 60 * 60


@final
class ReviewedExceptions:
    """What the operator decides of requests."""

    def __init__(self, *, exceptions: BudgetExceptions, organisations: Organisations, randomness: Randomness) -> None:
        self._exceptions = exceptions
        self._organisations = organisations
        self._randomness = randomness

    async def approve(self, token: str, *, now: int) -> ApprovedException:
        """Let an exception begin.

        Raises:
            Problem: ORGANISATION_UNKNOWN, EXCEPTION_INVALID, EXCEPTION_OPEN; NONCE_USED where it was decided before.
        """
        asked, once = self._read(token, now)
        approved = ApprovedException(asked, until=now + asked.hours * _HOUR)
        audit = self._audit(AuditAction.APPROVED_EXCEPTION, asked, now)
        await self._exceptions.approve(approved, once=once, now=now, audit=audit)
        return approved

    async def refuse(self, token: str, *, now: int) -> BudgetException:
        """Turn a request down: it cannot be approved any more.

        Raises:
            Problem: as `approve`.
        """
        asked, once = self._read(token, now)
        audit = self._audit(AuditAction.REFUSED_EXCEPTION, asked, now)
        await self._exceptions.refuse(asked.organisation, once=once, audit=audit)
        return asked

    async def end(self, organisation: OrganisationId, account: AccountId | None, *, now: int) -> None:
        """End one before its time.

        Raises:
            Problem: EXCEPTION_UNKNOWN.
        """
        audit = AuditEvent(
            action=AuditAction.ENDED_EXCEPTION,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=organisation,
            subject=account,
        )
        await self._exceptions.end(organisation, account, now=now, audit=audit)

    def open(self, *, now: int) -> list[ApprovedException]:
        """Those that run."""
        return self._exceptions.open(now=now)

    def _read(self, token: str, now: int) -> tuple[BudgetException, Once]:
        named = self._organisations.organisation(OrganisationId(peek(token, "iss") or ""))
        if named is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        try:
            asked = BudgetException.read(token, named.signing_key)
        except TokenInvalid:
            raise Problem(ProblemCode.EXCEPTION_INVALID) from None
        if not (now - APPROVABLE_SECONDS <= asked.issued_at <= now + _LEEWAY):
            raise Problem(ProblemCode.EXCEPTION_INVALID)
        return asked, Once(asked.identifier, asked.issued_at + APPROVABLE_SECONDS + _LEEWAY)

    def _audit(self, action: AuditAction, asked: BudgetException, now: int) -> AuditEvent:
        return AuditEvent(
            action=action,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=asked.organisation,
            subject=asked.account,
            exception=asked.reason,
        )
