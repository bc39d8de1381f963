"""Signing in: what somebody knows, what they have, and the device they do it on, for one shift (protocol.md D2).

The order, the same for everybody:
1. the request is signed by the account's device key. Who has no such device can guess nothing, and so lock nobody out:
   only tries from the account's own device are counted against it, all others against where they come from. Of a
   gateway, which its organisation vouches for, each name is counted by itself whether it is an account or not: made-up
   names there neither keep others out nor tell which names are none;
2. the try is counted, before it is looked at: ten in five minutes;
3. password, then one-time code. Where there is no such account a hash and a secret that fit nothing are checked in
   their place, so that it takes as long, and every failure is told in the same words;
4. only when all of it was right: whether the account may be used at all, and if not, why;
5. the code is spent, the guesses forgiven and the leaf written in one transaction; then the credential is signed. It
   lasts a shift, and never past vetting, training or the device's certificate.

A person has one shift at a time: signing in ends an earlier one, and says so. A new password is taken on the same
proofs, and ends them all.

A machine's account has no password and no code: its device's key, kept by its own machine, signs it in.

Where the account is used at a gateway, the gateway's key signs the request to sign in, and the shift is of the key of a
session that it signed for this account: the same three statements that every request of the session carries
(`signpost.protocol.gateways`). They are looked at after the factors, like whatever else is told of an account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NoReturn, final

from signpost.index.account_state import AccountState, ends_at, may_be_used
from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.ending_shifts import ended
from signpost.index.enrolling import strong_enough
from signpost.index.hashing import Hashing
from signpost.index.permissions import Refused
from signpost.index.ports import AccountChange, Accounts, Change, Guesser, Once, Organisations, Record, Revoked
from signpost.index.records import Account
from signpost.index.requests import Signed
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    AccountId,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.gateways import Enrolled, GatewayCertificate, read_at_gateway, read_session
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.messages import GatewaySession, Nothing, PasswordRequest, SignInAnswer, SignInRequest
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


@dataclass(frozen=True, slots=True, repr=False)
class _Proved:
    """An account as it was when every factor of it was right, and what that spends."""

    account: Account
    signature: Signature
    step: int
    rehashed: str | None
    guesser: Guesser

    def still(self, current: Account | None) -> Account:
        """The account as it is in the transaction, if nothing of it was changed meanwhile: it was suspended, enrolled
        anew, or the same code came twice at once.
        """
        known = self.account
        unchanged = current is not None and (current.state, current.terms, current.device, current.password) == (
            AccountState.ACTIVE, known.terms, known.device, known.password,
        )  # fmt: skip
        if current is None or not unchanged or (self.step and self.step <= current.last_code):
            raise Problem(ProblemCode.SIGN_IN_REFUSED)
        return current


@final
class SigningIn:
    """Opens shifts and ends them, and changes what opens them."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        organisations: Organisations,
        record: Record,
        hashing: Hashing,
        credential_key: SigningKey,
        changed: Callable[[], None],
        refuse_certificate: Callable[[str], None],
        randomness: Randomness,
    ) -> None:
        """`changed` is called when the revocation list may have been; `refuse_certificate` raises REVOKED for the
        identifier of a certificate that was taken back.
        """
        self._accounts = accounts
        self._organisations = organisations
        self._record = record
        self._refuse_certificate = refuse_certificate
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
                ACCOUNT_NOT_APPROVED, ACCOUNT_SUSPENDED, VETTING_LAPSED, TRAINING_LAPSED or REVOKED; at a gateway also
                GATEWAY_INVALID, SESSION_INVALID or CERTIFICATE_EXPIRED (the gateway's).
        """
        gateway = None if asked.session is None else asked.session.gateway
        proved = await self._proved(request, asked, gateway, source, now)
        try:
            enrolled = self._enrolled(proved.account, asked.session, now)
        except Problem as problem:
            await self._refused(proved.account, problem.code, now)
        return await self._opened(proved, enrolled, now)

    async def change_password(
        self, request: PresentedRequest, asked: PasswordRequest, *, source: Guesser | None, now: int
    ) -> Nothing:
        """Another password for whoever gives every factor right. All the account's shifts are over.

        Raises:
            Problem: as signing in; with every factor right also PASSWORD_TOO_WEAK.
        """
        proved = await self._proved(request, asked, asked.gateway, source, now)
        known, new = proved.account, asked.new_password
        # A machine has none to change; and only who knew the old one is told anything of the new one.
        if known.role in MACHINE_ROLES:
            await self._refused(known, ProblemCode.SIGN_IN_REFUSED, now)
        try:
            self._refuse_gateway(known, asked.gateway, now)
        except Problem as problem:
            await self._refused(known, problem.code, now)
        if not strong_enough(new, known=[asked.organisation, asked.account]):
            raise Problem(ProblemCode.PASSWORD_TOO_WEAK)
        typed, salt, cost = as_secret(new), self._randomness(_SALT_BYTES), self._hashing.cost
        hashed = await self._hashing.run(lambda: hash_password(typed, salt=salt, cost=cost))

        def changed(current: Account | None) -> AccountChange:
            return ended(replace(proved.still(current), last_code=proved.step, password=hashed), now)

        await self._change(proved, changed, AuditAction.CHANGED_PASSWORD, now)
        return Nothing()

    async def end_shift(self, signed: Signed) -> Nothing:
        """End the shifts of whoever signed this: the one they sign in, and any other.

        Raises:
            Problem: NONCE_USED.
        """
        asker = signed.asker

        def out(current: Account | None) -> AccountChange:
            if current is None:
                raise Problem(ProblemCode.CREDENTIAL_INVALID)
            return ended(current, signed.at)

        audit = signed.audit(AuditAction.SIGNED_OUT, self._randomness)
        once = Once(signed.nonce, signed.remember_until, asker.device)
        await self._accounts.change(asker.organisation, asker.account, out, audit=audit, once=once)
        return Nothing()

    async def _proved(
        self, request: PresentedRequest, asked: SignInRequest | PasswordRequest, gateway: str | None,
        source: Guesser | None, now: int,
    ) -> _Proved:  # fmt: skip
        """Whose every factor was right, of an account that may be used: the steps 1 to 4 above."""
        organisation, name = OrganisationId(asked.organisation), AccountId(asked.account)
        account = self._accounts.account(organisation, name)
        signature = self._signature(request, account, now)
        own = ("account", asked.organisation, asked.account)
        through = None if gateway is None else self._vouched_for(request, organisation, gateway, now)
        if signature is not None:
            guessers: list[Guesser] = [own]
        elif through is not None:
            guessers = [("gateway", asked.organisation, through.text, asked.account)]
        else:
            guessers = [] if source is None else [source]
        await self._accounts.guess(guessers, now=now)
        known = account if signature is not None else None
        step, rehashed = await self._factors(known, asked, now)
        if known is None or signature is None or step is None:
            await self._refused(known, ProblemCode.SIGN_IN_REFUSED, now)
        today = dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
        verdict = may_be_used(known.state, known.terms, today)
        if isinstance(verdict, Refused):
            await self._refused(known, verdict.reason, now)
        return _Proved(known, signature, step, rehashed, own)

    def _signature(self, request: PresentedRequest, account: Account | None, now: int) -> Signature | None:
        """The device's signature; None where it is not the account's device, or there is no account."""
        device = self._nobody if account is None or account.device is None else account.device
        try:
            return verify_sign_in(request, device=device, now=now)
        except Problem as problem:
            if problem.code is ProblemCode.SIGNATURE_STALE:
                raise
            return None

    def _vouched_for(
        self, request: PresentedRequest, organisation: OrganisationId, gateway: str, now: int
    ) -> VerifyKey | None:
        """The key of the gateway that signed the request, where the organisation's word on it stands; else none."""
        admitted = self._organisations.organisation(organisation)
        if admitted is None:
            return None
        try:
            certificate = GatewayCertificate.read(gateway, admitted.signing_key)
            self._refuse_certificate(certificate.identifier)
            verify_sign_in(request, device=certificate.key, now=now)
        except (TokenInvalid, Problem):
            return None
        stands = certificate.organisation == organisation and now < certificate.expires_at
        return certificate.key if stands else None

    async def _factors(
        self, account: Account | None, asked: SignInRequest | PasswordRequest, now: int
    ) -> tuple[int | None, str | None]:
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

    def _enrolled(self, account: Account, session: GatewaySession | None, now: int) -> Enrolled:
        """Whose key the shift is of: the account's device's, or its session's at a gateway."""
        certificate, organisation_key = self._certificate(account)
        if session is None:
            if certificate.at_gateway:
                raise Problem(ProblemCode.GATEWAY_INVALID)
            return Enrolled(certificate, certificate.device)
        enrolled = read_session(certificate, session.gateway, session.session, organisation_key=organisation_key)
        assert enrolled.gateway is not None
        assert enrolled.session is not None
        self._refuse_ended(enrolled.gateway, now)
        if now >= enrolled.session.expires_at:
            raise Problem(ProblemCode.SESSION_INVALID)
        return enrolled

    def _refuse_gateway(self, account: Account, gateway: str | None, now: int) -> None:
        """Refuse an account that is used at a gateway, unless its gateway's certificate is given and stands."""
        certificate, organisation_key = self._certificate(account)
        if not certificate.at_gateway:
            return
        if gateway is None:
            raise Problem(ProblemCode.GATEWAY_INVALID)
        self._refuse_ended(read_at_gateway(certificate, gateway, organisation_key=organisation_key), now)

    def _refuse_ended(self, gateway: GatewayCertificate, now: int) -> None:
        if now >= gateway.expires_at:
            raise Problem(ProblemCode.CERTIFICATE_EXPIRED)
        self._refuse_certificate(gateway.identifier)

    async def _opened(self, proved: _Proved, enrolled: Enrolled, now: int) -> SignInAnswer:
        known, certificate = proved.account, enrolled.certificate
        until = [now + SHIFT_SECONDS, ends_at(known.terms), certificate.expires_at]
        if enrolled.session is not None and enrolled.gateway is not None:
            # It ends no later than its gateway's certificate. But when it began is the gateway's word: one that was
            # dated later would make the shift longer than any session may be.
            until += [enrolled.session.expires_at, now + enrolled.gateway.session_seconds]
        began_at = max(now, known.last_shift + 1)
        credential = ShiftCredential(
            organisation=known.organisation,
            account=known.name,
            role=known.role,
            kind=certificate.kind,
            purposes=purposes_of(known.role, certificate.kind),
            device_thumbprint=enrolled.key.thumbprint(),
            issued_at=began_at,
            expires_at=min(until),
            identifier=to_base64url(self._randomness(16)),
        )
        # A person has one shift at a time; a machine's feeds may overlap.
        person = known.role not in MACHINE_ROLES

        ended_shift_of: int | None = None

        def signed_in(current: Account | None) -> AccountChange:
            nonlocal ended_shift_of
            account = proved.still(current)
            if account.last_shift >= began_at:
                raise Problem(ProblemCode.SIGN_IN_REFUSED)
            # As it is now: another may have been opened while this one's factors were looked at.
            ended_shift_of = account.last_shift if person and account.shift_until > now else None
            return AccountChange(
                replace(
                    account,
                    last_code=proved.step or account.last_code,
                    password=proved.rehashed or account.password,
                    last_shift=began_at,
                    shift_until=credential.expires_at if person else 0,
                ),
                # Its dates were brought forward: whoever signs in by the new ones is let in again. What the operator
                # took back is not, until the administrator has approved another device.
                restored=[Revoked(account=(account.organisation, account.name))],
                over_through=began_at - 1 if person else None,
            )

        try:
            await self._change(proved, signed_in, AuditAction.SIGNED_IN, now)
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
            ended_shift_of=ended_shift_of,
            sealing_key=known.sealing_key,
        )

    async def _change(self, proved: _Proved, change: Change, action: AuditAction, now: int) -> None:
        known, signature = proved.account, proved.signature
        audit = AuditEvent(
            action=action,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=known.organisation,
            account=known.name,
        )
        once = Once(signature.nonce, signature.remember_until, known.device)
        await self._accounts.change(
            known.organisation, known.name, change, audit=audit, once=once, forgiven=[proved.guesser]
        )

    def _certificate(self, account: Account) -> tuple[EnrolmentCertificate, VerifyKey]:
        """The organisation's word on the account's device, and the key that signed it."""
        organisation = self._organisations.organisation(account.organisation)
        try:
            if organisation is None or account.certificate is None:
                raise TokenInvalid("none")
            read = EnrolmentCertificate.read(account.certificate, organisation.signing_key)
        except TokenInvalid:
            # The organisation's key was replaced: its devices are approved anew.
            raise Problem(ProblemCode.ACCOUNT_NOT_APPROVED) from None
        return read, organisation.signing_key
