"""Everybody around an index, in one process: holders who sign, organisations that enrol, devices that ask, children.

No holder runs. Their ceremony is played, so the manifest is a real one, receipts are signed with the holders' own keys,
and a child's tags are computed with the whole key, which only a test may ever put together. Time stands still until it
is moved, and chance repeats itself.

`tests/support/running_index.py` runs an index in the middle of it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pydantic import BaseModel

from signpost.protocol.classes import MATERNAL_PROFILES, POINTS, PROFILES, MatchClass, Place, Use
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    AccountId,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
)
from signpost.protocol.encoding import encode, to_base64url
from signpost.protocol.group import Scalar, multiply
from signpost.protocol.keys import SigningKey, digest, keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import (
    CASE_REFERENCE_BYTES,
    Change,
    ChangeRequest,
    LookupRequest,
    RegisterRequest,
    Registration,
    TaggedPoint,
)
from signpost.protocol.oprf import SUITE
from signpost.protocol.purposes import Basis, DeepReason, Kind, Purpose, Role, Urgency, purposes_of
from signpost.protocol.receipts import BULK_SECONDS, LOOKUP_SECONDS, EvaluationReceipt, batch_hash
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import sign_request
from signpost.protocol.threshold import lagrange_at_zero
from tests.support.ceremony import Holders, make_holders

NOON = 1_760_356_800
"""2025-10-13T12:00:00Z, a Monday."""
TODAY = dt.date(2025, 10, 13)
YEAR = 366 * 24 * 60 * 60


@dataclass
class FixedClock:
    """A clock that only a test moves."""

    at: int = NOON

    def now(self) -> int:
        """Where it was put."""
        return self.at

    def advance(self, seconds: int) -> None:
        """Move it on."""
        self.at += seconds


def chance(seed: int) -> random.Random:
    """Repeatable chance; its `randbytes` is a `Randomness`."""
    return random.Random(seed)


@dataclass(frozen=True)
class Child:
    """What tags of a child there are, each by any text of its own; equal texts of one class give equal tags."""

    identity: str | None = None
    pupil: str | None = None
    strong: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    undated: str | None = None
    probable: str | None = None
    possible: tuple[str, ...] = ()
    maternal: tuple[str, ...] = ()

    def inputs(self) -> list[tuple[MatchClass, str]]:
        """Every input with its class, the strongest first."""
        single = [
            (MatchClass.IDENTITY, self.identity),
            (MatchClass.PUPIL, self.pupil),
            (MatchClass.UNDATED, self.undated),
            (MatchClass.PROBABLE, self.probable),
        ]
        several = [
            (match_class, text)
            for match_class, texts in (
                (MatchClass.STRONG, self.strong),
                (MatchClass.NAME, self.name),
                (MatchClass.POSSIBLE, self.possible),
                (MatchClass.MATERNAL, self.maternal),
            )
            for text in texts
        ]
        return [(match_class, text) for match_class, text in single if text is not None] + several


def whole_child(name: str) -> Child:
    """A child of whom everything is known, and whom nobody else is like."""
    return Child(
        identity=f"{name} number",
        pupil=f"{name} pupil",
        strong=(f"{name} strong",),
        name=(f"{name} name",),
        undated=f"{name} undated",
        probable=f"{name} probable",
        possible=(f"{name} possible",),
    )


@dataclass(frozen=True)
class Device:
    """An enrolled device of an account, signed in for a shift."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    key: SigningKey
    certificate: str
    credential: str


@cache
def same_holders() -> Holders:
    """The holders of every world: one ceremony serves all tests."""
    return make_holders()


@dataclass
class World:
    """Holders, organisations and devices, and the index's credential key that they trust."""

    credential_key: SigningKey
    holders: Holders = field(default_factory=same_holders)
    clock: FixedClock = field(default_factory=FixedClock)
    url: str = "http://127.0.0.1:8000"
    _chance: random.Random = field(default_factory=lambda: chance(7))
    _organisations: dict[str, SigningKey] = field(default_factory=dict)
    _sealing_keys: dict[str, OpeningKey] = field(default_factory=dict)
    _counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        manifest = self.holders.manifest
        coefficients = lagrange_at_zero([1, 2])
        key = Scalar.from_int(0)
        for number in range(1, manifest.threshold + 1):
            key += coefficients[number] * self.holders.shares[number - 1]
        self._key = key

    @property
    def manifest(self) -> Manifest:
        """What everybody trusts."""
        return self.holders.manifest

    def randomness(self, length: int) -> bytes:
        """Repeatable chance."""
        return self._chance.randbytes(length)

    def reseed(self, seed: int) -> None:
        """Draw otherwise from now on: in a process forked from a test, lest both draw the same."""
        self._chance.seed(seed)

    # -- who asks

    def organisation_key(self, name: str) -> SigningKey:
        """An organisation's signing key, made when it is first asked for."""
        if name not in self._organisations:
            self._organisations[name] = SigningKey(Secret(self.randomness(32)))
        return self._organisations[name]

    def sealing_key(self, name: str) -> OpeningKey:
        """What an organisation opens its case references with, made when it is first asked for."""
        if name not in self._sealing_keys:
            self._sealing_keys[name] = OpeningKey(Secret(os.urandom(32)))
        return self._sealing_keys[name]

    def certificate(
        self, organisation: str, account: str, role: Role, kind: Kind, key: SigningKey, *, lasts: int = YEAR
    ) -> EnrolmentCertificate:
        """What an administrator would sign."""
        return EnrolmentCertificate(
            organisation=OrganisationId(organisation),
            account=AccountId(account),
            role=role,
            kind=kind,
            device=key.verify_key,
            issued_at=self.clock.now(),
            expires_at=self.clock.now() + lasts,
            identifier=to_base64url(self.randomness(16)),
        )

    def device(
        self,
        organisation: str,
        role: Role = Role.PRACTITIONER,
        kind: Kind = Kind.COUNCIL,
        *,
        account: str | None = None,
        purposes: Sequence[Purpose] | None = None,
        lasts: int = SHIFT_SECONDS,
    ) -> Device:
        """A device with both statements of D2. The organisation need not be admitted anywhere."""
        account = account or f"{role.value}.{next(self._counter)}"
        key = SigningKey(Secret(self.randomness(32)))
        enrolled = self.certificate(organisation, account, role, kind, key)
        shift = ShiftCredential(
            organisation=enrolled.organisation,
            account=enrolled.account,
            role=role,
            kind=kind,
            purposes=purposes_of(role, kind) if purposes is None else tuple(purposes),
            device_thumbprint=key.verify_key.thumbprint(),
            issued_at=self.clock.now(),
            expires_at=self.clock.now() + lasts,
            identifier=to_base64url(self.randomness(16)),
        )
        return Device(
            enrolled.organisation,
            enrolled.account,
            role,
            kind,
            key,
            enrolled.sign(self.organisation_key(organisation)),
            shift.sign(self.credential_key),
        )

    def signed_headers(
        self, device: Device, path: str, body: bytes, *, method: str = "POST", created: int | None = None
    ) -> dict[str, str]:
        """A fresh signature over a request, with everything that goes beside it."""
        return sign_request(
            method=method,
            url=self.url + path,
            body=body,
            certificate=device.certificate,
            credential=device.credential,
            key=device.key,
            created=self.clock.now() if created is None else created,
            nonce=to_base64url(self.randomness(16)),
        )

    # -- what the holders give

    def tag(self, match_class: MatchClass, text: str) -> bytes:
        """Y = k · H2C(x), as the edge would combine it."""
        return multiply(self._key, SUITE.hash_to_group(encode(match_class.value, text))).encoding

    def tags(self, use: Use, child: Child) -> list[TaggedPoint]:
        """One child's tags for a use: every input that the profile has a place for, and padding in all other places."""
        free = list((MATERNAL_PROFILES if child.maternal else PROFILES)[use])
        tags = []
        for match_class, text in child.inputs():
            of_class = MatchClass.STRONG if match_class is MatchClass.IDENTITY else match_class
            # a name goes where a name alone does, not where one with a middle name would
            place = max((place for place in free if place.match_class is of_class), default=None)
            if place is not None:
                free.remove(place)
                tags.append(TaggedPoint.of(Place(match_class, place.tier), self.tag(match_class, text)))
        for place in free:
            tags.append(TaggedPoint.of(place, self.tag(place.match_class, self.randomness(16).hex())))
        return tags

    def receipts(
        self,
        device: Device,
        use: Use,
        points: int,
        *,
        holders: Sequence[int] = (1, 2),
        batch: bytes | None = None,
        epoch: int | None = None,
        seconds: int | None = None,
    ) -> list[str]:
        """Receipts of one fresh batch, one from each holder, under its own key."""
        batch = batch_hash(self.randomness(32)) if batch is None else batch
        lasts = BULK_SECONDS if use is Use.REGISTER else LOOKUP_SECONDS
        return [
            EvaluationReceipt(
                holder=holder,
                organisation=device.organisation,
                account=device.account,
                use=use,
                points=points,
                batch=batch,
                epoch=self.manifest.epoch if epoch is None else epoch,
                issued_at=self.clock.now(),
                expires_at=self.clock.now() + (lasts if seconds is None else seconds),
                identifier=to_base64url(self.randomness(16)),
            ).sign(self.holders.signing_keys[holder - 1])
            for holder in holders
        ]

    # -- what a device sends

    def lookup(
        self,
        device: Device,
        child: Child,
        *,
        purpose: Purpose | None = None,
        receipts: list[str] | None = None,
        deep: DeepReason | None = None,
    ) -> LookupRequest:
        """A lookup, evaluated and paid for; with a reason, a deep one."""
        use = Use.LOOKUP if deep is None else Use.DEEP
        return LookupRequest(
            epoch=self.manifest.epoch,
            purpose=purpose or device_purpose(device),
            urgency=Urgency.NOW,
            deep=deep,
            tags=self.tags(use, child),
            receipts=receipts or self.receipts(device, use, POINTS[use]),
        )

    def registration(
        self,
        child: Child,
        handle: str,
        *,
        reference: str,
        started_on: dt.date = dt.date(2025, 1, 6),
        ended_on: dt.date | None = None,
        row: str = "first",
        basis: Basis = Basis.STATUTORY,
    ) -> Registration:
        """One involvement as a feed would send it. Its reference, child and row are any texts."""
        return Registration(
            reference=reference_of(reference),
            child_reference=digest(Label.CHILD_REFERENCE, repr(child))[:16],
            row_digest=digest(Label.ROW_DIGEST, row)[:16],
            handle=handle,
            started_on=started_on,
            ended_on=ended_on,
            basis=basis,
            sealed_case_reference=self.randomness(CASE_REFERENCE_BYTES),
            remove_after="2033-09",
            tags=self.tags(Use.REGISTER, child),
        )

    def registering(
        self, device: Device, registrations: Sequence[Registration], *, receipts: list[str] | None = None
    ) -> RegisterRequest:
        """A batch of registrations, evaluated and paid for."""
        points = POINTS[Use.REGISTER] * len(registrations)
        return RegisterRequest(
            epoch=self.manifest.epoch,
            registrations=list(registrations),
            receipts=receipts or self.receipts(device, Use.REGISTER, points),
        )


def changing(reference: str, action: Literal["end", "withdraw"]) -> ChangeRequest:
    """An end today, or a withdrawal, of an involvement."""
    end = action == "end"
    change = Change(
        reference=reference_of(reference),
        action=action,
        ended_on=TODAY if end else None,
        row_digest=digest(Label.ROW_DIGEST, "ended")[:16] if end else None,
    )
    return ChangeRequest(changes=[change])


def device_purpose(device: Device) -> Purpose:
    """The purpose a role takes when none is named; a feed, which has none, claims one all the same."""
    purposes = purposes_of(device.role, device.kind)
    return purposes[0] if purposes else Purpose.SECTION_47


def reference_of(text: str) -> bytes:
    """An organisation's reference of any text."""
    return keyed_digest(Secret(bytes(32)), Label.REFERENCE, text)[:16]


def body_of(message: BaseModel) -> bytes:
    """The bytes of a message."""
    return message.model_dump_json().encode()
