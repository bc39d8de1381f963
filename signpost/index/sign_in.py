"""Signing in: what somebody knows, what they have, and the device they do it on, for one shift (protocol.md D2).

The order, the same for everybody:
1. the request is signed by the account's device key. Who has no such device can guess nothing, and so lock nobody out:
   only tries from the account's own device are counted against it, all others against where they come from;
2. the try is counted, before it is looked at: ten in five minutes;
3. password, then one-time code. Where there is no such account a hash and a secret that fit nothing are checked in
   their place, so that it takes as long, and every failure is told in the same words;
4. only when all of it was right: whether the account may be used at all, and if not, why;
5. the code is spent, the guesses forgiven and the leaf written in one transaction; then the credential is signed. It
   lasts a shift, and never past vetting, training or the device's certificate.

A machine's account has no password and no code: its device's key, kept by its own machine, signs it in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NoReturn, final

from signpost.index.account_state import AccountState, ends_at, may_be_used
from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.hashing import Hashing
from signpost.index.permissions import Refused
from signpost.index.ports import AccountChange, Accounts, Guesser, Once, Organisations, Record, Revoked
from signpost.index.records import Account
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    AccountId,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import SignInAnswer, SignInRequest
from signpost.protocol.one_time_codes import SECRET_BYTES, step_of
from signpost.protocol.passwords import as_secret, hash_password, hashed_at, password_fits
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import MACHINE_ROLES, purposes_of
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import PresentedRequest, Signature, verify_sign_in
from signpost.protocol.tokens import TokenInvalid
from signpost.service.clock import Randomness

__all__ = ["SigningIn"]

_SALT_BYTES: Final = 16
_NEVER: Final = "000000"
"""Stands in for a code that was not given."""


@final
class SigningIn:
    """Opens shifts."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        organisations: Organisations,
        record: Record,
        hashing: Hashing,
        credential_key: SigningKey,
        changed: Callable[[], None],
        randomness: Randomness,
    ) -> None:
        self._accounts = accounts
        self._organisations = organisations
        self._record = record
        self._hashing = hashing
        self._credential_key = credential_key
        self._changed = changed
        self._randomness = randomness
        # What is checked where there is no account: made of randomness, so that nothing fits it.
        self._nobody = SigningKey(Secret(randomness(32))).verify_key
        self._no_secret = Secret(randomness(SECRET_BYTES))
        self._no_password = hash_password(Secret(randomness(32)), salt=randomness(_SALT_BYTES), cost=hashing.cost)

    async def sign_in(
        self, request: PresentedRequest, asked: SignInRequest, *, source: Guesser | None, now: int
    ) -> SignInAnswer:
        """One shift's credential.

        Raises:
            Problem: SIGNATURE_STALE, SIGN_IN_TOO_OFTEN, OVERLOADED, SIGN_IN_REFUSED; with every factor right
                ACCOUNT_NOT_APPROVED, ACCOUNT_SUSPENDED, VETTING_LAPSED, TRAINING_LAPSED or REVOKED.
        """
        organisation, name = OrganisationId(asked.organisation), AccountId(asked.account)
        account = self._accounts.account(organisation, name)
        signature = self._signature(request, account, now)
        own = ("account", asked.organisation, asked.account)
        guessers: list[Guesser] = ([] if source is None else [source]) if signature is None else [own]
        await self._accounts.guess(guessers, now=now)
        known = account if signature is not None else None
        step, rehashed = await self._factors(known, asked, now)
        if known is None or signature is None or step is None:
            await self._refused(known, ProblemCode.SIGN_IN_REFUSED, now)
        today = dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
        verdict = may_be_used(known.state, known.terms, today)
        if isinstance(verdict, Refused):
            await self._refused(known, verdict.reason, now)
        return await self._opened(known, signature, step, rehashed, own, now)

    def _signature(self, request: PresentedRequest, account: Account | None, now: int) -> Signature | None:
        """The device's signature; None where it is not the account's device, or there is no account."""
        device = self._nobody if account is None or account.device is None else account.device
        try:
            return verify_sign_in(request, device=device, now=now)
        except Problem as problem:
            if problem.code is ProblemCode.SIGNATURE_STALE:
                raise
            return None

    async def _factors(self, account: Account | None, asked: SignInRequest, now: int) -> tuple[int | None, str | None]:
        """The step of the code where password and code are right (of a machine: 0), and the password's new hash where
        the old one is of another cost.
        """
        if account is not None and account.role in MACHINE_ROLES:
            return (0 if (asked.password, asked.code) == (None, None) else None), None
        kept = (account and account.password) or self._no_password
        secret = (account and account.code_secret) or self._no_secret
        typed, cost = as_secret(asked.password or ""), self._hashing.cost
        salt = self._randomness(_SALT_BYTES)

        def checked() -> tuple[bool, str | None]:
            right = password_fits(kept, typed)
            return right, hash_password(typed, salt=salt, cost=cost) if right and not hashed_at(kept, cost) else None

        right, rehashed = await self._hashing.run(checked)
        step = step_of(secret, asked.code or _NEVER, now=now, after=0 if account is None else account.last_code)
        return (step if right and account is not None else None), rehashed

    async def _refused(self, account: Account | None, why: ProblemCode, now: int) -> NoReturn:
        """Record that it was refused, and whose it was only where the device says so."""
        audit = AuditEvent(
            action=AuditAction.REFUSED_SIGN_IN,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=None if account is None else account.organisation,
            account=None if account is None else account.name,
            refused=why,
        )
        await self._record.note(audit, signed=None)
        raise Problem(why)

    async def _opened(
        self, known: Account, signature: Signature, step: int, rehashed: str | None, own: Guesser, now: int
    ) -> SignInAnswer:
        certificate = self._certificate(known)
        credential = ShiftCredential(
            organisation=known.organisation,
            account=known.name,
            role=known.role,
            kind=certificate.kind,
            purposes=purposes_of(known.role, certificate.kind),
            device_thumbprint=certificate.device.thumbprint(),
            issued_at=now,
            expires_at=min(now + SHIFT_SECONDS, ends_at(known.terms), certificate.expires_at),
            identifier=to_base64url(self._randomness(16)),
        )

        def signed_in(current: Account | None) -> AccountChange:
            # Changed meanwhile: suspended, enrolled anew, or the same code came twice at once.
            unchanged = current is not None and (current.state, current.terms, current.device, current.password) == (
                AccountState.ACTIVE, known.terms, known.device, known.password,
            )  # fmt: skip
            if current is None or not unchanged or (step and step <= current.last_code):
                raise Problem(ProblemCode.SIGN_IN_REFUSED)
            return AccountChange(
                replace(current, last_code=step or current.last_code, password=rehashed or current.password),
                # Its dates were brought forward: whoever signs in by the new ones is let in again. What the operator
                # took back is not, until the administrator has approved another device.
                restored=[Revoked(account=(current.organisation, current.name))],
            )

        audit = AuditEvent(
            action=AuditAction.SIGNED_IN,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=known.organisation,
            account=known.name,
        )
        once = Once(signature.nonce, signature.remember_until, known.device)
        try:
            await self._accounts.change(
                known.organisation, known.name, signed_in, audit=audit, once=once, forgiven=[own]
            )
        except Problem as problem:
            if problem.code is ProblemCode.REVOKED:
                await self._refused(known, problem.code, now)
            raise
        self._changed()
        assert known.certificate is not None
        return SignInAnswer(
            certificate=known.certificate,
            credential=credential.sign(self._credential_key),
            expires_at=credential.expires_at,
        )

    def _certificate(self, account: Account) -> EnrolmentCertificate:
        organisation = self._organisations.organisation(account.organisation)
        try:
            if organisation is None or account.certificate is None:
                raise TokenInvalid("none")
            return EnrolmentCertificate.read(account.certificate, organisation.signing_key)
        except TokenInvalid:
            # The organisation's key was replaced: its devices are approved anew.
            raise Problem(ProblemCode.ACCOUNT_NOT_APPROVED) from None
