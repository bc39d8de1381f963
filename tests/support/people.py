"""People who enrol and sign in at a running index, with what they know and have."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, replace

import httpx2

from signpost.protocol.administration import AccountAct, AccountStatement, AccountTerms
from signpost.protocol.credentials import AccountId, EnrolmentCertificate, OrganisationId
from signpost.protocol.device_opening import device_opening_key, seal_organisation_key
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import EnrolmentToken, proof_digest
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import EnrolmentRequest, PasswordRequest, SignInRequest, StatementRequest
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import ANSWERING_ROLES, MACHINE_ROLES, Kind, Role
from signpost.protocol.sealing import SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import sign_sign_in
from tests.support.running_index import RunningIndex
from tests.support.world import Device

__all__ = ["PASSWORD", "Person", "enrol", "state", "terms"]

PASSWORD = "quiet harbour violin ladder"
SESSIONS = "/v1/sessions"
PASSWORDS = "/v1/accounts/password"


def terms(index: RunningIndex, *, vetting: int = 300, training: int = 200) -> AccountTerms:
    """Dates so many days from the index's today."""
    today = dt.datetime.fromtimestamp(index.world.clock.now(), tz=dt.UTC).date()
    return AccountTerms(today + dt.timedelta(days=vetting), today + dt.timedelta(days=training))


def state(
    index: RunningIndex, act: AccountAct, organisation: str = "st-elsewhere", **claims: object
) -> httpx2.Response:
    """A statement of an organisation's administrator, and what the index says to it. `key` signs in its place."""
    key = claims.pop("key", index.world.organisation_key(organisation))
    statement = AccountStatement(
        organisation=OrganisationId(organisation),
        act=act,
        issued_at=index.world.clock.now(),
        identifier=to_base64url(os.urandom(16)),
    )
    statement = replace(statement, **claims)  # type: ignore[arg-type]
    assert isinstance(key, SigningKey)
    body = StatementRequest(statement=statement.sign(key)).model_dump_json()
    return post(index, "/v1/accounts/statements", body)


def post(index: RunningIndex, path: str, body: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    """An unsigned POST."""
    return index.public("POST", path, content=body, headers={"content-type": "application/json", **(headers or {})})


@dataclass
class Person:
    """Somebody with an account: what they know, what they have, and the device it is on."""

    index: RunningIndex
    organisation: str
    kind: Kind
    account: str
    role: Role
    token: EnrolmentToken
    key: SigningKey
    codes: Secret
    password: str = PASSWORD
    step: int = 0

    def code(self) -> str:
        """A code that was not taken yet: of this step, or of the next where this one was."""
        return code_of(self.codes, self._next())

    def _next(self) -> int:
        return max(self.step + 1, self.index.world.clock.now() // STEP_SECONDS)

    @property
    def opening(self) -> SealKey | None:
        """The public half of what the device opens with; a machine offers none."""
        return None if self.role in MACHINE_ROLES else device_opening_key(self.key).seal_key

    def enrolling(self, **changed: object) -> EnrolmentRequest:
        """What the device sends to enrol."""
        machine = self.role in MACHINE_ROLES
        request = EnrolmentRequest(
            organisation=self.organisation,
            account=self.account,
            proof=self.token.proof,
            device=self.key.verify_key.encoding,
            opening=None if self.opening is None else self.opening.encoding,
            device_seal=self.token.device_seal.seal(self.key.verify_key, self.opening),
            password=None if machine else self.password,
            code_secret=None if machine else self.codes.reveal(),
            code=None if machine else self.code(),
        )
        return request.model_copy(update=changed)

    def enrol(self, **changed: object) -> httpx2.Response:
        """Use the token."""
        answer = post(self.index, "/v1/enrolments", self.enrolling(**changed).model_dump_json())
        self.step = self._next() if answer.status_code == 202 else self.step
        return answer

    def sealed_key(self) -> bytes | None:
        """The organisation's sealing key, as its administrator seals it to a device that answers notices."""
        if self.opening is None or self.role not in ANSWERING_ROLES:
            return None
        organisation, account = OrganisationId(self.organisation), AccountId(self.account)
        key = self.index.world.sealing_key(self.organisation)
        return seal_organisation_key(key, to=self.opening, organisation=organisation, account=account)

    def approve(self, **changed: object) -> httpx2.Response:
        """The administrator signs the device's key. `sealing_key` is given in the place of the right one."""
        sealing_key = changed.pop("sealing_key") if "sealing_key" in changed else self.sealed_key()
        account = next(
            OwnTerms(row)
            for row in state(self.index, AccountAct.LIST, self.organisation).json()["accounts"]
            if row["account"] == self.account
        )
        certificate = EnrolmentCertificate(
            organisation=OrganisationId(self.organisation),
            account=AccountId(self.account),
            role=self.role,
            kind=self.kind,
            device=self.key.verify_key,
            issued_at=self.index.world.clock.now(),
            expires_at=account.ends_at,
            identifier=to_base64url(os.urandom(16)),
        )
        signed = replace(certificate, **changed).sign(self.index.world.organisation_key(self.organisation))  # type: ignore[arg-type]
        return state(
            self.index, AccountAct.APPROVE, self.organisation, account=AccountId(self.account), certificate=signed,
            sealing_key=sealing_key,
        )  # fmt: skip

    def request(self, **changed: object) -> SignInRequest:
        """What signing in sends."""
        machine = self.role in MACHINE_ROLES
        request = SignInRequest(
            organisation=self.organisation,
            account=self.account,
            password=None if machine else self.password,
            code=None if machine else self.code(),
        )
        return request.model_copy(update=changed)

    def headers(
        self, body: str, *, key: SigningKey | None = None, created: int | None = None, path: str = SESSIONS
    ) -> dict[str, str]:
        """The device's signature on a request to sign in, or another that it signs alone."""
        return sign_sign_in(
            url=self.index.world.url + path,
            body=body.encode(),
            key=key or self.key,
            created=self.index.world.clock.now() if created is None else created,
            nonce=to_base64url(os.urandom(16)),
        )

    def sign_in(self, *, key: SigningKey | None = None, **changed: object) -> httpx2.Response:
        """Sign in."""
        body = self.request(**changed).model_dump_json()
        answer = post(self.index, SESSIONS, body, self.headers(body, key=key))
        self.step = self._next() if answer.status_code == 200 else self.step
        return answer

    def change_password(self, new: str, *, key: SigningKey | None = None, **changed: object) -> httpx2.Response:
        """Ask for another password."""
        request = PasswordRequest(
            organisation=self.organisation,
            account=self.account,
            password=self.password,
            code=self.code(),
            new_password=new,
        ).model_copy(update=changed)
        body = request.model_dump_json()
        answer = post(self.index, PASSWORDS, body, self.headers(body, key=key, path=PASSWORDS))
        self.step = self._next() if answer.status_code == 200 else self.step
        return answer

    def device(self) -> Device:
        """The device, signed in."""
        answer = self.sign_in()
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return Device(
            OrganisationId(self.organisation), AccountId(self.account), self.role, self.kind, self.key,
            told["certificate"], told["credential"],
        )  # fmt: skip


class OwnTerms:
    """Until when a listed account may be used."""

    def __init__(self, row: dict[str, str]) -> None:
        last = min(dt.date.fromisoformat(row["vetting_until"]), dt.date.fromisoformat(row["training_until"]))
        day = last + dt.timedelta(days=1)
        self.ends_at = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def opened(
    index: RunningIndex, account: str = "nurse-1", role: Role = Role.URGENT, organisation: str = "st-elsewhere",
    kind: Kind = Kind.HOSPITAL, dates: AccountTerms | None = None,
) -> Person:  # fmt: skip
    """An account whose token was handed out and not used."""
    token = EnrolmentToken(
        secret=Secret(os.urandom(16)),
        organisation=OrganisationId(organisation),
        kind=kind,
        account=AccountId(account),
        role=role,
        index_url=index.world.url,
        manifest_fingerprint=index.world.manifest.fingerprint(),
        out_of_hours="0113 496 0000",
    )
    answer = state(
        index, AccountAct.ENROL, organisation, account=AccountId(account), role=role, terms=dates or terms(index),
        token_digest=proof_digest(token.proof),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return Person(
        index, organisation, kind, account, role, token, SigningKey(Secret(os.urandom(32))), Secret(os.urandom(20))
    )


def enrol(index: RunningIndex, account: str = "nurse-1", role: Role = Role.URGENT, **rest: object) -> Person:
    """Somebody who may sign in."""
    person = opened(index, account, role, **rest)  # type: ignore[arg-type]
    for answer in (person.enrol(), person.approve()):
        assert answer.status_code in (200, 202), answer.text
    return person
