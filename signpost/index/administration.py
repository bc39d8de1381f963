"""Accounts, on their organisation's word (protocol.md D1).

Every act here comes as a statement signed by the organisation's signing key, for its own accounts alone, lately and
once. The operator has no part in it: the index can neither open an account nor give one a device. What may follow what
is `account_state`'s table; a device's certificate is taken only for the key that was offered with the token. What an
administrator's account may see and stop without that key is in `own_accounts`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Final, final

from signpost.index.account_state import AccountState, ends_at
from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ending_shifts import ended
from signpost.index.ports import AccountChange, Accounts, Once, Organisations, Revoked
from signpost.index.records import Account, Organisation
from signpost.index.suspending import open_shifts, shown_account, suspended
from signpost.protocol.administration import STATEMENT_SECONDS, AccountAct, AccountStatement, AccountTerms
from signpost.protocol.credentials import EnrolmentCertificate, OrganisationId
from signpost.protocol.enrolment import TOKEN_SECONDS
from signpost.protocol.messages import PendingDevice, StatementAnswer
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import ANSWERING_ROLES
from signpost.protocol.tokens import TokenInvalid, peek
from signpost.service.clock import Randomness

__all__ = ["Administration"]

_LEEWAY: Final = 5
_LONGEST_DAYS: Final = 3 * 366
"""Vetting is renewed every three years."""

_ACTIONS: Final = {
    AccountAct.ENROL: AuditAction.OPENED_ACCOUNT,
    AccountAct.PENDING: AuditAction.LISTED_ACCOUNTS,
    AccountAct.APPROVE: AuditAction.APPROVED_DEVICE,
    AccountAct.DATES: AuditAction.CHANGED_DATES,
    AccountAct.SUSPEND: AuditAction.SUSPENDED_ACCOUNT,
    AccountAct.REINSTATE: AuditAction.REINSTATED_ACCOUNT,
    AccountAct.LIST: AuditAction.LISTED_ACCOUNTS,
}


@final
class Administration:
    """Does what organisations' administrators state."""

    def __init__(
        self, *, accounts: Accounts, organisations: Organisations, changed: Callable[[], None], randomness: Randomness
    ) -> None:
        """`changed` is called when the revocation list may have been."""
        self._accounts = accounts
        self._organisations = organisations
        self._changed = changed
        self._randomness = randomness

    async def act(self, token: str, *, now: int) -> StatementAnswer:
        """Do what a statement says.

        Raises:
            Problem: STATEMENT_INVALID, NONCE_USED, ORGANISATION_UNKNOWN, ACCOUNT_UNKNOWN, CERTIFICATE_INVALID,
                ACCOUNT_NOT_APPROVED.
        """
        stated, organisation = self._read(token, now)
        once = Once(stated.identifier, stated.issued_at + STATEMENT_SECONDS + _LEEWAY)
        audit = AuditEvent(
            action=_ACTIONS[stated.act],
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=stated.organisation,
            subject=stated.account,
        )
        if stated.account is None:
            await self._accounts.asked(stated.organisation, once=once, audit=audit)
            return StatementAnswer(
                pending=None, accounts=[shown_account(a) for a in self._accounts.accounts(organisation.name)]
            )
        account = await self._accounts.change(
            stated.organisation,
            stated.account,
            lambda current: _changed(current, stated, organisation, now),
            audit=audit,
            once=once,
        )
        self._changed()
        pending = None
        if stated.act is AccountAct.PENDING:
            assert account.device is not None
            assert account.device_seal is not None
            pending = PendingDevice(
                device=account.device.encoding, opening=account.opening, device_seal=account.device_seal
            )
        return StatementAnswer(pending=pending, accounts=[shown_account(account)])

    def _read(self, token: str, now: int) -> tuple[AccountStatement, Organisation]:
        named = {each.name: each for each in self._organisations.organisations()}.get(
            OrganisationId(peek(token, "iss") or "")
        )
        if named is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        try:
            stated = AccountStatement.read(token, named.signing_key)
        except TokenInvalid:
            raise Problem(ProblemCode.STATEMENT_INVALID) from None
        if stated.organisation != named.name or not (now - STATEMENT_SECONDS <= stated.issued_at <= now + _LEEWAY):
            raise Problem(ProblemCode.STATEMENT_INVALID)
        if stated.terms is not None and not _reasonable(stated.terms, now):
            raise Problem(ProblemCode.STATEMENT_INVALID)
        return stated, named


def _reasonable(terms: AccountTerms, now: int) -> bool:
    latest = dt.datetime.fromtimestamp(now, tz=dt.UTC).date() + dt.timedelta(days=_LONGEST_DAYS)
    return max(terms.vetting_until, terms.training_until) <= latest


def _changed(current: Account | None, stated: AccountStatement, organisation: Organisation, now: int) -> AccountChange:
    """What an account becomes by a statement. Pure."""
    assert stated.account is not None
    if stated.act is AccountAct.ENROL:
        return _opened(current, stated, now)
    if current is None:
        raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
    whole = Revoked(account=(current.organisation, current.name))
    match stated.act:
        case AccountAct.PENDING:
            if current.state is not AccountState.AWAITING_APPROVAL:
                raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
            return AccountChange(current)
        case AccountAct.APPROVE:
            return AccountChange(_approved(current, stated, organisation), approved=[whole])
        case AccountAct.DATES:
            assert stated.terms is not None
            # Shifts that are open run to the old dates: they end now, and the next sign-in goes by the new ones.
            # Longer dates take nothing back.
            shorter = stated.terms.last_day < current.terms.last_day
            changed = replace(current, terms=stated.terms)
            return ended(changed, now, revoked=open_shifts(current)) if shorter else AccountChange(changed)
        case AccountAct.SUSPEND:
            return suspended(current, now)
        case AccountAct.REINSTATE:
            if current.state is not AccountState.SUSPENDED:
                raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
            if current.certificate is None:  # suspended before its device was approved: it is enrolled anew
                raise Problem(ProblemCode.ACCOUNT_NOT_APPROVED)
            # Its shifts from before stay over: the next sign-in, which goes by the dates, lifts the entry.
            return AccountChange(replace(current, state=AccountState.ACTIVE))
        case AccountAct.LIST:
            raise AssertionError("a list is of no account")


def _opened(current: Account | None, stated: AccountStatement, now: int) -> AccountChange:
    assert stated.account is not None
    assert stated.role is not None
    assert stated.terms is not None
    account = Account(
        organisation=stated.organisation,
        name=stated.account,
        role=stated.role,
        terms=stated.terms,
        state=AccountState.AWAITING_DEVICE,
        token_digest=stated.token_digest,
        token_until=now + TOKEN_SECONDS,
        last_shift=0 if current is None else current.last_shift,
    )
    if current is None:
        return AccountChange(account)
    # Nothing that was enrolled under this name before counts any more, open shifts included.
    before = None if current.certificate is None else peek(current.certificate, "jti")
    return ended(account, now, revoked=[] if before is None else [Revoked(certificate=before)])


def _approved(current: Account, stated: AccountStatement, organisation: Organisation) -> Account:
    if current.state is not AccountState.AWAITING_APPROVAL:
        raise Problem(ProblemCode.ACCOUNT_UNKNOWN)
    assert stated.certificate is not None
    try:
        certificate = EnrolmentCertificate.read(stated.certificate, organisation.signing_key)
    except TokenInvalid:
        raise Problem(ProblemCode.CERTIFICATE_INVALID) from None
    said = (certificate.organisation, certificate.account, certificate.role, certificate.kind, certificate.device)
    known = (current.organisation, current.name, current.role, organisation.kind, current.device)
    if said != known or certificate.expires_at > ends_at(current.terms):
        raise Problem(ProblemCode.CERTIFICATE_INVALID)
    if stated.sealing_key is not None and current.role not in ANSWERING_ROLES:
        raise Problem(ProblemCode.STATEMENT_INVALID)
    return replace(current, state=AccountState.ACTIVE, certificate=stated.certificate, sealing_key=stated.sealing_key)
