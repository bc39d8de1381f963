"""An organisation's administrator, at the index: statements about accounts, each signed once (protocol.md D1).

Between handing out an enrolment token and approving the device that it brought, the administrator keeps one key with
the role and the dates (`enrolments/NAME.key`, 0600, beside the organisation's keys): by it they know that the device
key which the index passes on was made by whoever had the token. The index never has it, so it can put no key of its own
in its place; nor can it have the account certified as anything else than it was opened for.

A device whose role answers notices is given the organisation's sealing key as it is approved, sealed to it alone.

An account that is used at the organisation's gateway has the gateway's key as its device. Which gateway is said as the
account is opened, so that no other key can be approved for it; and is remembered (`gateway-accounts/NAME.key`, 0600),
so that all of a gateway's accounts can be stopped at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self, final

from signpost.edge.atomic_file import replace_file
from signpost.edge.failures import DeskUnusable, Failure, InvalidRequest, VerificationFailed
from signpost.edge.gateway.certifying import certified_keys
from signpost.edge.organisation_keys import Organisation, load_sealing_key
from signpost.edge.signed_sender import parsed
from signpost.edge.transport import Transport
from signpost.protocol.administration import AccountAct, AccountStatement, AccountTerms
from signpost.protocol.credentials import AccountId, EnrolmentCertificate
from signpost.protocol.device_opening import seal_organisation_key
from signpost.protocol.encoding import EncodingError, canonical_json, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.enrolment import TOKEN_BYTES, DeviceSeal, EnrolmentToken, proof_digest
from signpost.protocol.gateways import GatewayCertificate
from signpost.protocol.keys import KeyInvalid, SigningKey, VerifyKey
from signpost.protocol.messages import OwnAccount, StatementAnswer, StatementRequest
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import ANSWERING_ROLES, Role
from signpost.protocol.sealing import SealKey
from signpost.protocol.secret import Secret
from signpost.service.clock import Clock, Randomness
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import StartRefused

__all__ = ["Administrator"]

_SECONDS: Final = 20.0
_FOLDER: Final = "enrolments"
_AT_GATEWAYS: Final = "gateway-accounts"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """What an administrator does. `folder` is that of the organisation's keys."""

    folder: Path
    organisation: Organisation
    key: SigningKey
    index_url: str
    transport: Transport
    clock: Clock
    randomness: Randomness

    async def enrol(
        self, account: AccountId, role: Role, terms: AccountTerms, *, manifest_fingerprint: str, out_of_hours: str,
        gateway: GatewayCertificate | None = None,
    ) -> EnrolmentToken:  # fmt: skip
        """Open an account, or open it anew, and make the token for its owner; with a gateway, to be used there alone.

        Raises:
            InvalidRequest: the gateway was not certified for that role; nothing was opened.
            Failure: the index refused, or did not answer.
        """
        if gateway is not None and role not in gateway.roles:
            raise InvalidRequest("That gateway was not certified for accounts of that role.")
        token = EnrolmentToken(
            secret=Secret(self.randomness(TOKEN_BYTES)),
            organisation=self.organisation.name,
            kind=self.organisation.kind,
            account=account,
            role=role,
            index_url=self.index_url,
            manifest_fingerprint=manifest_fingerprint,
            out_of_hours=out_of_hours,
        )
        # First of all: a token whose device could never be approved must not go out.
        self._keep(account, _Begun(token.device_seal, role, terms, None if gateway is None else gateway.key))
        await self._state(
            AccountAct.ENROL, account=account, role=role, terms=terms, token_digest=proof_digest(token.proof)
        )
        return token

    async def approve(self, account: AccountId) -> OwnAccount:
        """Sign the device key that the token's owner made, once it is known to be theirs; where its role answers
        notices, seal the organisation's sealing key to it.

        Raises:
            VerificationFailed: a key that the index passed on was not made with the token.
            DeskUnusable: the sealing key is not in the folder, or cannot be used. Nothing is approved.
            Failure: no device waits, or the index refused or did not answer.
        """
        begun = self._kept(account)
        answer = await self._state(AccountAct.PENDING, account=account)
        if answer.pending is None or len(answer.accounts) != 1:
            raise InvalidRequest("No device waits to be approved for that account.", hint="signpost admin account list")
        waiting = answer.accounts[0]
        try:
            device = VerifyKey(answer.pending.device)
            opening = None if answer.pending.opening is None else SealKey(answer.pending.opening)
        except KeyInvalid:
            raise VerificationFailed("The device key that waits is none.", hint=_SUSPECT) from None
        if not begun.seal.fits(device, opening, answer.pending.device_seal):
            raise VerificationFailed("The device key that waits was not made with the token.", hint=_SUSPECT)
        if begun.gateway is not None and device != begun.gateway:
            raise VerificationFailed(
                "The account was opened for a gateway, and the device that waits is another.",
                hint="Enrol the account again; its owner uses the token at the gateway.",
            )
        # Certified as a device's, a gateway's key would sign requests itself, and outlive its own certificate.
        if begun.gateway is None and device in certified_keys(self.folder):
            raise VerificationFailed(
                "The account was opened for a device, and its token was used at a gateway.",
                hint="Enrol the account again, for the gateway: signpost admin account enrol NAME --gateway NAME",
            )
        sealing_key = self._sealing_key(account, opening) if waiting.role in ANSWERING_ROLES else None
        terms = AccountTerms(waiting.vetting_until, waiting.training_until)
        # Else an index could have one of our accounts certified in a role, or for longer, than we opened it for.
        if (waiting.role, terms) != (begun.role, begun.terms):
            raise VerificationFailed("The account that waits has another role or other dates.", hint=_SUSPECT)
        day = terms.last_day + dt.timedelta(days=1)
        certificate = EnrolmentCertificate(
            organisation=self.organisation.name,
            account=account,
            role=waiting.role,
            kind=self.organisation.kind,
            device=device,
            issued_at=self.clock.now(),
            expires_at=int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()),
            identifier=to_base64url(self.randomness(16)),
            at_gateway=begun.gateway is not None,
        )
        # Noted before, taken out after: an index whose answer is lost may have approved it, and who is not noted is not
        # stopped with the gateway.
        if begun.gateway is not None:
            self._note(account, begun.gateway)
        done = await self._state(
            AccountAct.APPROVE, account=account, certificate=certificate.sign(self.key), sealing_key=sealing_key
        )
        if begun.gateway is None:
            self._note(account, None)
        self._key_file(account).unlink(missing_ok=True)
        return done.accounts[0]

    async def change_dates(self, account: AccountId, terms: AccountTerms) -> OwnAccount:
        """Record when vetting and training run out now."""
        changed = (await self._state(AccountAct.DATES, account=account, terms=terms)).accounts[0]
        if self._key_file(account).exists():
            self._keep(account, replace(self._kept(account), terms=terms))
        return changed

    async def suspend(self, account: AccountId) -> OwnAccount:
        """Stop an account with its next request."""
        return (await self._state(AccountAct.SUSPEND, account=account)).accounts[0]

    async def suspend_at(self, gateway: VerifyKey) -> list[OwnAccount]:
        """Stop every account that was approved for the gateway of this key, those that are stopped already excepted.

        Raises:
            Failure: the index refused or did not answer; whoever was suspended until then is.
        """
        suspended = []
        for file in sorted((self.folder / _AT_GATEWAYS).glob("*.key")):
            if file.read_text("ascii") != gateway.text:
                continue
            try:
                suspended.append(await self.suspend(AccountId(file.stem)))
            except Failure as failure:
                if failure.code is not ProblemCode.ACCOUNT_UNKNOWN:  # suspended already, or gone
                    raise
        return suspended

    async def reinstate(self, account: AccountId) -> OwnAccount:
        """Let a suspended account sign in again."""
        return (await self._state(AccountAct.REINSTATE, account=account)).accounts[0]

    async def accounts(self) -> list[OwnAccount]:
        """The organisation's accounts, by name."""
        return (await self._state(AccountAct.LIST)).accounts

    async def _state(
        self, act: AccountAct, *, account: AccountId | None = None, role: Role | None = None,
        terms: AccountTerms | None = None, token_digest: bytes | None = None, certificate: str | None = None,
        sealing_key: bytes | None = None,
    ) -> StatementAnswer:  # fmt: skip
        statement = AccountStatement(
            organisation=self.organisation.name,
            act=act,
            issued_at=self.clock.now(),
            identifier=to_base64url(self.randomness(16)),
            account=account,
            role=role,
            terms=terms,
            token_digest=token_digest,
            certificate=certificate,
            sealing_key=sealing_key,
        )
        body = StatementRequest(statement=statement.sign(self.key)).model_dump_json().encode()
        reply = await self.transport.post(
            self.index_url,
            "/v1/accounts/statements",
            headers={"content-type": "application/json"},
            body=body,
            seconds=_SECONDS,
        )
        return parsed(reply, StatementAnswer, status=200)

    def _sealing_key(self, account: AccountId, opening: SealKey | None) -> bytes:
        if opening is None:
            raise VerificationFailed("The device that waits has no key to seal to.", hint=_SUSPECT)
        try:
            return seal_organisation_key(
                load_sealing_key(self.folder), to=opening, organisation=self.organisation.name, account=account
            )
        except KeyInvalid:  # of low order: what is sealed to it, anybody could open
            raise VerificationFailed("The key to seal to that waits is none.", hint=_SUSPECT) from None

    def _key_file(self, account: AccountId) -> Path:
        return self.folder / _FOLDER / f"{account}.key"

    def _note(self, account: AccountId, gateway: VerifyKey | None) -> None:
        """Remember at which gateway an account is used, so that all of one gateway's can be stopped at once."""
        file = self.folder / _AT_GATEWAYS / f"{account}.key"
        try:
            if gateway is None:
                file.unlink(missing_ok=True)
            else:
                private_folder(file.parent)
                replace_file(file, gateway.text.encode())
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except OSError:
            raise DeskUnusable("The folder of the organisation's keys cannot be written.") from None

    def _keep(self, account: AccountId, begun: _Begun) -> None:
        try:
            private_folder(self.folder / _FOLDER)
            replace_file(self._key_file(account), begun.document())
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except OSError:
            raise DeskUnusable("The folder of the organisation's keys cannot be written.") from None

    def _kept(self, account: AccountId) -> _Begun:
        if not self._key_file(account).exists():
            raise InvalidRequest("No enrolment of that account was begun with these keys.", hint=_ENROL)
        try:
            return _Begun.parse(read_private_file(self._key_file(account)))
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except (EncodingError, KeyInvalid, KeyError, TypeError, ValueError):
            raise DeskUnusable("What is kept of that account's enrolment is not of its form.", hint=_ENROL) from None


@dataclass(frozen=True, slots=True)
class _Begun:
    """An enrolment that was begun: what is known of it here, whatever the index says when its device waits."""

    seal: DeviceSeal
    role: Role
    terms: AccountTerms
    gateway: VerifyKey | None
    """Of an account that is used at a gateway: the key that its device must have."""

    def document(self) -> bytes:
        return canonical_json(
            {
                "gateway": None if self.gateway is None else self.gateway.text,
                "role": self.role.value,
                "seal": to_base64url(self.seal.key.reveal()),
                "training_until": self.terms.training_until.isoformat(),
                "vetting_until": self.terms.vetting_until.isoformat(),
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        document = parse_canonical_json(raw)
        if not isinstance(document, dict):
            raise EncodingError("not an object")
        day, gateway = dt.date.fromisoformat, document.get("gateway")
        return cls(
            DeviceSeal(Secret(from_base64url(str(document["seal"])))),
            Role(str(document["role"])),
            AccountTerms(day(str(document["vetting_until"])), day(str(document["training_until"]))),
            None if gateway is None else VerifyKey.parse(str(gateway)),
        )


_ENROL: Final = "signpost admin account enrol NAME"
_SUSPECT: Final = "Do not approve it. Enrol the account again, and tell the index's operator."
