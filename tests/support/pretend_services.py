"""Key holders and an index that keep the protocol, in this process, and that a test can make break it in one named way.

They check what the real ones check of a request, with the protocol's own functions, and remember what they were sent.
Over a `MockTransport` there is no network; `on_loopback` listens on real ports, for the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum, auto
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel

from signpost.edge.desk import Desk, DeskSettings
from signpost.protocol.askers import Authenticator
from signpost.protocol.classes import POINTS, Use, fits_profile
from signpost.protocol.credentials import AccountId, Asker
from signpost.protocol.encoding import to_base64url
from signpost.protocol.group import Element, Scalar
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import (
    AnswerWord,
    CallBackOffer,
    Change,
    ChangeRequest,
    ContactAnswer,
    ContactRequest,
    Coverage,
    EvaluationRequest,
    EvaluationResponse,
    HandleList,
    HolderStatus,
    IndexHealth,
    InvolvementList,
    InvolvementListRequest,
    InvolvementSummary,
    LookupAnswer,
    LookupRequest,
    RegisterRequest,
    Registration,
    WriteReceipt,
)
from signpost.protocol.oprf import SUITE
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import MACHINE_ROLES, Kind, Role
from signpost.protocol.receipts import EvaluationReceipt, batch_hash, check_receipts, holder_of, lifetime
from signpost.protocol.shielding import (
    ShieldAddRequest,
    ShieldAnswer,
    ShieldEndRequest,
    ShieldIdentityRequest,
    ShieldList,
    ShieldRequest,
    ShieldState,
    ShieldStatusRequest,
)
from signpost.protocol.signatures import PresentedRequest
from signpost.protocol.tags import join_points, parse_points
from signpost.protocol.threshold import lagrange_at_zero, random_scalar
from tests.support.askers import Device, Organisation, new_key
from tests.support.ceremony import Holders, make_holders
from tests.support.held_shift import hold

__all__ = ["HANDLE", "NOON", "Fault", "Pretence", "StillClock", "free_port_run"]

NOON: Final = 1_790_078_400
"""2026-09-22T12:00:00Z."""
HANDLE: Final = "R5A0-2GTB"
_LOST: Final = 599
"""Stands for an answer that never arrives."""
_JSON: Final = {"content-type": "application/json"}
_MADE: Final = frozenset({"/v1/rights/reports", "/v1/rights/objections"})
"""What is answered there was made by the request."""


class StillClock:
    """A clock that only a test moves."""

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


class Fault(StrEnum):
    """What a holder or the index does wrong, or refuses."""

    SILENT = auto()
    SLOW = auto()
    LOCKED = auto()
    WITHOUT_KEY = auto()
    OVERLOADED = auto()
    BUDGET_USED = auto()
    CREDENTIAL_EXPIRED = auto()
    REVOKED = auto()
    ROLE_REFUSED = auto()
    EPOCH_UNKNOWN = auto()
    HANDLE_UNKNOWN = auto()
    MISCOUNTS = auto()
    ENDLESS_LIST = auto()
    UNKNOWN_REFUSAL = auto()
    NOT_JSON = auto()
    REDIRECT = auto()
    ENDLESS = auto()
    WRONG_SHARE = auto()
    SWAPPED_PROOF = auto()
    FLIPPED_BYTE = auto()
    SWAPPED_VALUES = auto()
    IDENTITY = auto()
    NOT_CANONICAL = auto()
    ONE_VALUE_SHORT = auto()
    ANOTHER_HOLDERS_NUMBER = auto()
    ANOTHER_GENERATION = auto()
    RECEIPT_OF_ANOTHER_BATCH = auto()
    RECEIPT_OF_ANOTHER_ACCOUNT = auto()
    RECEIPT_OF_ANOTHER_USE = auto()
    RECEIPT_OF_FEWER_POINTS = auto()
    RECEIPT_RUN_OUT = auto()
    RECEIPT_OF_ANOTHER_KEY = auto()
    STATUS_LOCKED = auto()
    STATUS_WITHOUT_KEY = auto()
    STATUS_OF_ANOTHER_MANIFEST = auto()
    STATUS_STALE = auto()


_PROBLEMS: Final = {
    Fault.LOCKED: ProblemCode.HOLDER_LOCKED,
    Fault.WITHOUT_KEY: ProblemCode.HOLDER_WITHOUT_KEY,
    Fault.OVERLOADED: ProblemCode.OVERLOADED,
    Fault.BUDGET_USED: ProblemCode.BUDGET_USED,
    Fault.CREDENTIAL_EXPIRED: ProblemCode.CREDENTIAL_EXPIRED,
    Fault.REVOKED: ProblemCode.REVOKED,
    Fault.ROLE_REFUSED: ProblemCode.ROLE_REFUSED,
    Fault.EPOCH_UNKNOWN: ProblemCode.EPOCH_UNKNOWN,
    Fault.HANDLE_UNKNOWN: ProblemCode.HANDLE_UNKNOWN,
}


@cache
def _holders(port: int) -> Holders:
    """One ceremony serves every test at these ports."""
    return make_holders(port=port)


@dataclass(frozen=True)
class Arrived:
    """A request as a service got it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Pretence:
    """Three holders, an index, and one organisation's device with its desk; others of its accounts where wanted."""

    role: Role = Role.URGENT
    kind: Kind = Kind.HOSPITAL
    port: int = 9001
    index_port: int = 8000
    clock: StillClock = field(default_factory=StillClock)
    faults: dict[int, Fault] = field(default_factory=dict)
    """By holder's number; 0 is the index."""
    word: AnswerWord = "current"
    arrived: dict[int, list[Arrived]] = field(default_factory=dict)
    registered: list[Registration] = field(default_factory=list)
    changed_here: set[bytes] = field(default_factory=set)
    """The references of what was ended or handed over at the gateway."""
    changed: list[Change] = field(default_factory=list)
    call_backs: list[tuple[AccountId, ContactRequest]] = field(default_factory=list)
    consent_only: list[str] = field(default_factory=list)
    shields: dict[str, ShieldAnswer] = field(default_factory=dict)
    """Every one, whoever asked for it: here an officer may approve their own."""
    shielded: list[ShieldAddRequest | ShieldIdentityRequest] = field(default_factory=list)
    says: dict[str, BaseModel] = field(default_factory=dict)
    """What the index says at other addresses."""
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    """And what it was sent there."""
    receipts: list[str] = field(default_factory=list)
    """What the next lookups' receipts are; then always the same one."""
    before: Callable[[str], None] = lambda _: None
    """Is told the path of each signed request to the index before it is answered, and may raise a `Problem`."""
    page: int = 2
    drop_replies: int = 0
    """How many of the index's next replies are lost after it has done what was asked."""

    def __post_init__(self) -> None:
        self.index_key: SigningKey = new_key()
        self.organisation = Organisation(kind=self.kind)
        self.holders: Holders = _holders(self.port)
        self.device: Device = self.another_device("desk.1", self.role)
        self.arrived = {number: [] for number in range(4)}
        self._authenticator = Authenticator(
            organisation_key=lambda name: (
                self.organisation.signing_key.verify_key if name == self.organisation.name else None
            ),
            credential_key=self.index_key.verify_key,
        )
        self._nonces: set[str] = set()
        self._spent: dict[str, bytes] = {}
        """Receipts that were used, with the body they came in."""

    # -- the desk

    @property
    def index_url(self) -> str:
        return f"http://127.0.0.1:{self.index_port}"

    def another_device(self, account: str, role: Role) -> Device:
        """A device of the organisation's, for another account."""
        return self.organisation.device(account, role, index_key=self.index_key, now=self.clock.at)

    def make_desk(self, folder: Path, device: Device | None = None) -> Path:
        """Writes this device's desk, or another's, with its shift open."""
        device = device or self.device
        Desk.make(
            folder,
            settings=DeskSettings.checked(
                index_url=self.index_url,
                organisation=self.organisation.name,
                account=device.certificate.account,
                role=device.certificate.role.value,
                kind=self.organisation.kind.value,
                manifest_fingerprint=self.holders.manifest.fingerprint(),
                out_of_hours="0113 496 0000",
            ),
            manifest=self.holders.signed.encoding(),
            device=device.key,
        )
        self.sign_in_at(folder, device)
        return folder

    def sign_in_at(self, folder: Path, device: Device | None = None) -> None:
        """Opens this device's shift there, or another's: in files of a machine's, else with an agent."""
        device = device or self.device
        certificate = device.certificate.sign(self.organisation.signing_key)
        credential = device.credential.sign(self.index_key)
        if device.certificate.role in MACHINE_ROLES:
            Desk.keep_shift(folder, certificate=certificate, credential=credential)
            return
        hold(
            folder,
            account=device.certificate.account,
            organisation=self.organisation.name,
            certificate=certificate,
            credential=credential,
            key=device.key,
            bases=frozenset({self.index_url, *(holder.url for holder in self.holders.manifest.holders)}),
        )

    def whole_key(self) -> Scalar:
        """The key that no machine has; a test may put it together to know what a tag should be."""
        key = Scalar.from_int(0)
        for number, coefficient in lagrange_at_zero([1, 2]).items():
            key += coefficient * self.holders.shares[number - 1]
        return key

    # -- the network

    def transport(self) -> httpx2.AsyncBaseTransport:
        """A network that holds these four and nobody else."""

        async def handle(request: httpx2.Request) -> httpx2.Response:
            number = self._number(request.url.port or 0)
            fault = self.faults.get(number)
            if fault is Fault.SILENT:
                raise httpx2.ConnectError("nobody there")
            if fault is Fault.SLOW:
                await asyncio.sleep(3600)
            status, headers, body = self.answer(
                number, request.method, str(request.url), dict(request.headers), await request.aread()
            )
            if status == _LOST:
                raise httpx2.ReadError("the line went dead")
            headers["date"] = formatdate(self.clock.now(), usegmt=True)
            return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))

        return httpx2.MockTransport(handle)

    @contextlib.contextmanager
    def on_loopback(self) -> Iterator[None]:
        """Listens on the real ports. A silent one does not."""
        ports = {number: port for number, port in self._ports().items() if self.faults.get(number) is not Fault.SILENT}
        servers = [_Server(("127.0.0.1", port), _handler(self, number)) for number, port in ports.items()]
        threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for server in servers:
                server.shutdown()
                server.server_close()
            for thread in threads:
                thread.join()

    def _ports(self) -> dict[int, int]:
        return {0: self.index_port} | {number: self.port + number - 1 for number in (1, 2, 3)}

    def _number(self, port: int) -> int:
        return next(number for number, at in self._ports().items() if at == port)

    # -- the services

    def answer(
        self, number: int, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """What holder `number`, or the index (0), answers."""
        path = urlsplit(url).path
        self.arrived[number].append(Arrived(path, headers, body))
        match self.faults.get(number):
            case Fault.NOT_JSON:
                return 200, {"content-type": "text/html"}, b"<html>Welcome to the hospital's guest network</html>"
            case Fault.REDIRECT:
                return 307, {"location": "http://127.0.0.1:1/elsewhere"}, b""
            case Fault.ENDLESS:
                return 200, dict(_JSON), b" " * (5 << 20)
            case Fault.UNKNOWN_REFUSAL:
                return 418, _JSON, b'{"code": "a-teapot"}'
            case fault if fault in _PROBLEMS:
                places = ("/registrations/0/handle", "/What a Caller Wrote") if fault is Fault.HANDLE_UNKNOWN else ()
                return _problem(Problem(_PROBLEMS[fault], pointers=places))
        try:
            if method == "GET":
                return 200, dict(_JSON), self._public(number, path).model_dump_json().encode()
            asker = self._asker(PresentedRequest(method, url, headers, body))
            if number:
                return 200, dict(_JSON), self._evaluate(number, asker, body).model_dump_json().encode()
            self.before(path)
            status, answered = self._index(path, asker, body)
        except Problem as problem:
            return _problem(problem)
        if self.drop_replies:
            self.drop_replies -= 1
            return _LOST, {}, b""
        return status, dict(_JSON), answered.model_dump_json().encode()

    def _asker(self, presented: PresentedRequest) -> Asker:
        asker, signature = self._authenticator.authenticate(presented, now=self.clock.now())
        if signature.nonce in self._nonces:
            # Each service has nonces of its own; a device never uses one twice at all.
            raise Problem(ProblemCode.NONCE_USED)
        self._nonces.add(signature.nonce)
        return asker

    def _public(self, number: int, path: str) -> BaseModel:
        match path:
            case "/health":
                return IndexHealth(state="serving", deleting_overdue=False)
            case "/v1/coverage" if number == 0:
                return Coverage(expected=153, up_to_date=147)
            case "/v1/status" if number:
                return self._status(number)
        raise Problem(ProblemCode.NOT_FOUND)

    def _status(self, number: int) -> HolderStatus:
        fault = self.faults.get(number)
        another = fault is Fault.STATUS_OF_ANOTHER_MANIFEST
        serving = HolderStatus(
            state="serving",
            holder=number,
            epoch=1,
            generation=1,
            manifest_fingerprint="A" * 43 if another else self.holders.manifest.fingerprint(),
            revocations_age_seconds=301 if fault is Fault.STATUS_STALE else 3,
        )
        if fault is Fault.STATUS_LOCKED:
            return serving.model_copy(update={"state": "locked"})
        if fault is Fault.STATUS_WITHOUT_KEY:
            return serving.model_copy(update={"state": "no-key", "manifest_fingerprint": None})
        return serving

    # -- a holder

    def _evaluate(self, number: int, asker: Asker, body: bytes) -> EvaluationResponse:
        asked = EvaluationRequest.model_validate_json(body)
        fault = self.faults.get(number)
        manifest, share = self.holders.manifest, self.holders.shares[number - 1]
        blinded = parse_points(asked.points)
        key = random_scalar(os.urandom) if fault is Fault.WRONG_SHARE else share
        values = SUITE.evaluate(key, blinded)
        proof = SUITE.prove(
            key=key,
            public_key=manifest.holders[number - 1].public_key,
            blinded=list(reversed(blinded)) if fault is Fault.SWAPPED_PROOF else blinded,
            evaluated=list(reversed(values)) if fault is Fault.SWAPPED_PROOF else values,
            nonce=random_scalar(os.urandom),
        ).encoding()
        if fault is Fault.FLIPPED_BYTE:
            proof = proof[:5] + bytes([proof[5] ^ 1]) + proof[6:]
        return EvaluationResponse(
            holder=number % 3 + 1 if fault is Fault.ANOTHER_HOLDERS_NUMBER else number,
            epoch=asked.epoch,
            generation=asked.generation + (fault is Fault.ANOTHER_GENERATION),
            evaluations=_spoilt(values, fault),
            proof=proof,
            receipt=self._receipt(number, asker, asked, fault),
        )

    def _receipt(self, number: int, asker: Asker, asked: EvaluationRequest, fault: Fault | None) -> str:
        now = self.clock.now()
        points = len(asked.points) // 32
        receipt = EvaluationReceipt(
            holder=number,
            organisation=asker.organisation,
            account=AccountId("desk.2") if fault is Fault.RECEIPT_OF_ANOTHER_ACCOUNT else asker.account,
            use=Use.DEEP if fault is Fault.RECEIPT_OF_ANOTHER_USE else asked.kind,
            points=points - (fault is Fault.RECEIPT_OF_FEWER_POINTS),
            batch=os.urandom(32) if fault is Fault.RECEIPT_OF_ANOTHER_BATCH else batch_hash(asked.points),
            epoch=asked.epoch,
            issued_at=now,
            expires_at=now if fault is Fault.RECEIPT_RUN_OUT else now + lifetime(asked.kind),
            identifier=to_base64url(os.urandom(16)),
        )
        another = fault is Fault.RECEIPT_OF_ANOTHER_KEY
        return receipt.sign(new_key() if another else self.holders.signing_keys[number - 1])

    # -- the index

    def _index(self, path: str, asker: Asker, body: bytes) -> tuple[int, BaseModel]:
        now = self.clock.now()
        match path:
            case "/v1/lookups":
                asked = LookupRequest.model_validate_json(body)
                use = Use.LOOKUP if asked.deep is None else Use.DEEP
                assert fits_profile(use, [tag.place for tag in asked.tags])
                self._spend(asked.receipts, asker, use, POINTS[use], body)
                return 200, LookupAnswer(
                    answer=self.word,
                    receipt=self.receipts.pop(0) if self.receipts else "K7Q2-94KD",
                    checked_at=now,
                    coverage=Coverage(expected=153, up_to_date=147),
                    call_back=CallBackOffer(waits_days=28),
                )
            case _ if path.startswith("/v1/shields"):
                return self._shield(path, asker, body)
            case _ if path in self.says:
                self.heard.append((path, body))
                return 201 if path in _MADE else 200, self.says[path]
            case "/v1/contact/asks":
                left = ContactRequest.model_validate_json(body)
                self.call_backs.append((asker.account, left))
                return 200, ContactAnswer(
                    receipt=left.receipt, urgency=left.urgency, answer_by=now + 3600, waits_until=now + 28 * 86_400
                )
            case "/v1/registrations":
                batch = RegisterRequest.model_validate_json(body)
                if self._spend(batch.receipts, asker, Use.REGISTER, 12 * len(batch.registrations), body):
                    self.registered += batch.registrations
                counted = len(batch.registrations) + (self.faults.get(0) is Fault.MISCOUNTS)
                return 202, WriteReceipt(receipt="M2XF-7RTA", accepted=counted, at=now)
            case "/v1/involvements/changes":
                changes = ChangeRequest.model_validate_json(body).changes
                self.changed += changes
                return 202, WriteReceipt(receipt="M2XF-7RTA", accepted=len(changes), at=now)
            case "/v1/involvements/list":
                if self.faults.get(0) is Fault.ENDLESS_LIST:
                    return 200, self._endless()
                return 200, self._listed(InvolvementListRequest.model_validate_json(body))
            case "/v1/handles/list":
                return 200, HandleList(handles=[HANDLE], consent_only=self.consent_only)
            case "/v1/feeds/finished":
                return 202, WriteReceipt(receipt="M2XF-7RTA", accepted=0, at=now)
        raise Problem(ProblemCode.NOT_FOUND)

    def _shield(self, path: str, asker: Asker, body: bytes) -> tuple[int, BaseModel]:
        match path:
            case "/v1/shields":
                asked = ShieldAddRequest.model_validate_json(body)
                return 201, self._hide(asked, self._own(asked.shield) if asked.shield else None, asker, body)
            case "/v1/shields/identity-ended":
                kept = ShieldIdentityRequest.model_validate_json(body)
                return 200, self._hide(kept, self._own(kept.shield), asker, body)
            case "/v1/shields/status":
                wanted = ShieldStatusRequest.model_validate_json(body).shield
                return 200, ShieldList(shields=[self._own(wanted)] if wanted else list(self.shields.values()))
            case "/v1/shields/approve":
                approved = ShieldRequest.model_validate_json(body)
                stands = self._own(approved.shield)
                if stands.state is not (ShieldState.ENDING if approved.ends else ShieldState.WAITING):
                    raise Problem(ProblemCode.SHIELD_DECIDED)
                if approved.ends:
                    return 200, self.shields.pop(approved.shield)
                return 200, self._moved(stands, ShieldState.APPROVED)
            case "/v1/shields/end":
                return 200, self._moved(
                    self._own(ShieldEndRequest.model_validate_json(body).shield), ShieldState.ENDING
                )
        raise Problem(ProblemCode.NOT_FOUND)

    def _own(self, name: str) -> ShieldAnswer:
        if name not in self.shields:
            raise Problem(ProblemCode.SHIELD_UNKNOWN)
        return self.shields[name]

    def _moved(self, shield: ShieldAnswer, state: ShieldState) -> ShieldAnswer:
        self.shields[shield.shield] = shield.model_copy(update={"state": state})
        return self.shields[shield.shield]

    def _hide(
        self, asked: ShieldAddRequest | ShieldIdentityRequest, own: ShieldAnswer | None, asker: Asker, body: bytes
    ) -> ShieldAnswer:
        assert fits_profile(Use.OFFICER, [tag.place for tag in asked.tags])
        new = self._spend(asked.receipts, asker, Use.OFFICER, 12, body)
        if new:
            self.shielded.append(asked)
        if own is None and new:
            assert isinstance(asked, ShieldAddRequest)
            own = ShieldAnswer(
                shield=f"5H1E-000{len(self.shields)}",
                state=ShieldState.WAITING,
                reason=asked.reason,
                asked_at=self.clock.now(),
                approve_by=self.clock.now() + 86_400,
                review_on=asked.review_on,
                end_why=None,
            )
            self.shields[own.shield] = own
        # What is sent a second time is answered as it was.
        return own or list(self.shields.values())[-1]

    def _listed(self, asked: InvolvementListRequest) -> InvolvementList:
        held = sorted((each.reference, each.row_digest) for each in self.registered)
        after = [pair for pair in held if asked.after is None or pair[0] > asked.after]
        shown = after[: self.page]
        return InvolvementList(
            involvements=[
                InvolvementSummary(reference=name, row_digest=digest, changed_here=name in self.changed_here)
                for name, digest in shown
            ],
            next=shown[-1][0] if len(after) > len(shown) else None,
        )

    def _endless(self) -> InvolvementList:
        first = self.registered[0]
        return InvolvementList(
            involvements=[InvolvementSummary(reference=first.reference, row_digest=first.row_digest)],
            next=first.reference,
        )

    def _spend(self, receipts: list[str], asker: Asker, use: Use, points: int, body: bytes) -> bool:
        """Whether the batch is new; False when the very same body comes again (B4).

        Raises:
            Problem: as the index's.
        """
        read = [
            EvaluationReceipt.read(token, self.holders.signing_keys[holder - 1].verify_key)
            for token in receipts
            if (holder := holder_of(token))
        ]
        check_receipts(
            read,
            threshold=2,
            organisation=asker.organisation,
            account=asker.account,
            use=use,
            points=points,
            epoch=1,
            now=self.clock.now(),
        )
        if all(self._spent.get(token) == body for token in receipts):
            return False
        if any(token in self._spent for token in receipts):
            raise Problem(ProblemCode.RECEIPT_SPENT)
        self._spent.update(dict.fromkeys(receipts, body))
        return True


def free_port_run(count: int) -> int:
    """The first of so many loopback ports in a row that nobody listens on."""
    while True:
        with contextlib.ExitStack() as held:
            first = held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            try:
                for port in range(first + 1, first + count):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return int(first)


def _problem(problem: Problem) -> tuple[int, dict[str, str], bytes]:
    return problem.status, {"content-type": "application/problem+json"}, json.dumps(problem.document()).encode()


def _spoilt(values: list[Element], fault: Fault | None) -> bytes:
    raw = join_points(values)
    match fault:
        case Fault.IDENTITY:
            return bytes(32) + raw[32:]
        case Fault.NOT_CANONICAL:
            return b"\xff" * 32 + raw[32:]
        case Fault.SWAPPED_VALUES:
            return raw[32:64] + raw[:32] + raw[64:]
        case Fault.ONE_VALUE_SHORT:
            return raw[32:]
    return raw


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def _handler(pretence: Pretence, number: int) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the library
            pass

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            url = f"http://127.0.0.1:{pretence._ports()[number]}{self.path}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answered, content = pretence.answer(number, self.command, url, headers, body)
            if status == _LOST:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _reply  # noqa: N815 - the names the library calls

    return Handler
