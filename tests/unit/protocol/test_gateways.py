"""A gateway's session is one account's, of one organisation, for so long at most; whatever else it claims is refused by
name (D2).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from signpost.protocol.askers import Authenticator
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    AccountId,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
)
from signpost.protocol.encoding import JSON, to_base64url
from signpost.protocol.gateways import GATEWAY_ROLES, GatewayCertificate, SessionCertificate, joined, read_enrolled
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.revocation import RevocationList
from signpost.protocol.signatures import PresentedRequest, sign_request
from signpost.protocol.tokens import TokenInvalid, sign_token
from tests.support.askers import new_key

NOW = 1_790_000_000
HERE = OrganisationId("st-aldate-hospital")
ELSEWHERE = OrganisationId("another-hospital")
_URL = "https://holder.example/v1/evaluations"


def _identifier() -> str:
    return to_base64url(os.urandom(16))


@dataclass
class World:
    """One nurse at their hospital's gateway, and everybody whose word it needs."""

    organisation: SigningKey = field(default_factory=new_key)
    other_organisation: SigningKey = field(default_factory=new_key)
    index: SigningKey = field(default_factory=new_key)
    gateway_key: SigningKey = field(default_factory=new_key)
    session_key: SigningKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        self.enrolment = EnrolmentCertificate(
            organisation=HERE, account=AccountId("triage-07"), role=Role.URGENT, kind=Kind.HOSPITAL,
            device=self.gateway_key.verify_key, issued_at=NOW - 100, expires_at=NOW + 1_000_000,
            identifier=_identifier(), at_gateway=True,
        )  # fmt: skip
        self.gateway = GatewayCertificate(
            organisation=HERE, name="front-hall", key=self.gateway_key.verify_key,
            roles=frozenset({Role.URGENT, Role.PRACTITIONER}), session_seconds=SHIFT_SECONDS, issued_at=NOW - 100,
            expires_at=NOW + 500_000, identifier=_identifier(),
        )  # fmt: skip
        self.session = SessionCertificate(
            organisation=HERE, account=AccountId("triage-07"), gateway=self.gateway.identifier,
            key=self.session_key.verify_key, issued_at=NOW, expires_at=NOW + SHIFT_SECONDS, identifier=_identifier(),
        )  # fmt: skip
        self.credential = ShiftCredential(
            organisation=HERE, account=AccountId("triage-07"), role=Role.URGENT, kind=Kind.HOSPITAL,
            purposes=purposes_of(Role.URGENT, Kind.HOSPITAL),
            device_thumbprint=self.session_key.verify_key.thumbprint(), issued_at=NOW, expires_at=NOW + SHIFT_SECONDS,
            identifier=_identifier(),
        )  # fmt: skip

    def chain(self) -> str:
        """The three statements, each by whom it should be."""
        return joined(
            self.enrolment.sign(self.organisation),
            self.gateway.sign(self.organisation),
            self.session.sign(self.gateway_key),
        )

    def authenticator(self) -> Authenticator:
        """A holder's, or the index's: both do the same."""
        known = {HERE: self.organisation.verify_key, ELSEWHERE: self.other_organisation.verify_key}
        return Authenticator(organisation_key=known.get, credential_key=self.index.verify_key)

    def request(self, chain: str | None = None, *, key: SigningKey | None = None, now: int = NOW) -> PresentedRequest:
        """A request that the session's key signs."""
        headers = sign_request(
            method="POST", url=_URL, body=b"{}", certificate=self.chain() if chain is None else chain,
            credential=self.credential.sign(self.index), key=key or self.session_key, created=now,
            nonce=to_base64url(os.urandom(16)),
        )  # fmt: skip
        return PresentedRequest("POST", _URL, {name.lower(): value for name, value in headers.items()}, b"{}")


def _refused(world: World, chain: str | None = None, *, key: SigningKey | None = None, now: int = NOW) -> ProblemCode:
    with pytest.raises(Problem) as caught:
        world.authenticator().authenticate(world.request(chain, key=key, now=now), now=now)
    return caught.value.code


def test_somebody_at_a_gateway_is_whose_account_it_is_by_the_sessions_key() -> None:
    world = World()

    asker, _ = world.authenticator().authenticate(world.request(), now=NOW)

    assert (asker.organisation, asker.account, asker.role, asker.kind) == (
        HERE,
        "triage-07",
        Role.URGENT,
        Kind.HOSPITAL,
    )
    assert asker.device == world.session_key.verify_key
    assert asker.gateway_identifier == world.gateway.identifier
    assert asker.certificate_expires_at == world.gateway.expires_at


def _change(part: str, **changed: object) -> Callable[[World], None]:
    def apply(world: World) -> None:
        setattr(world, part, replace(getattr(world, part), **changed))

    return apply


_TABLE: dict[str, tuple[Callable[[World], None], ProblemCode]] = {
    # what the organisation says of the gateway
    "a role that the gateway does not have": (
        _change("gateway", roles=frozenset({Role.PRACTITIONER})), ProblemCode.GATEWAY_INVALID),
    "a gateway of another key": (_change("gateway", key=new_key().verify_key), ProblemCode.GATEWAY_INVALID),
    "a gateway of another organisation": (_change("gateway", organisation=ELSEWHERE), ProblemCode.GATEWAY_INVALID),
    # what it says of the account
    "an account enrolled on a device of its own": (_change("enrolment", at_gateway=False), ProblemCode.GATEWAY_INVALID),
    "an account enrolled at another gateway": (
        _change("enrolment", device=new_key().verify_key), ProblemCode.GATEWAY_INVALID),
    # what the gateway says of the session
    "a session of another account": (_change("session", account=AccountId("triage-08")), ProblemCode.SESSION_INVALID),
    "a session of another organisation": (_change("session", organisation=ELSEWHERE), ProblemCode.SESSION_INVALID),
    "a session under an earlier certificate of the gateway": (
        _change("session", gateway=_identifier()), ProblemCode.SESSION_INVALID),
    "a session longer than a shift": (
        _change("session", expires_at=NOW + SHIFT_SECONDS + 1), ProblemCode.SESSION_INVALID),
    "a session longer than the gateway's may be": (_change("gateway", session_seconds=60), ProblemCode.SESSION_INVALID),
    "a session past the gateway's certificate": (
        _change("gateway", expires_at=NOW + SHIFT_SECONDS - 1), ProblemCode.SESSION_INVALID),
    # what the index says of the shift
    "a shift of another session": (
        _change("credential", device_thumbprint=new_key().verify_key.thumbprint()), ProblemCode.CREDENTIAL_MISMATCH),
    "a shift of another account": (
        _change("credential", account=AccountId("triage-08")), ProblemCode.CREDENTIAL_MISMATCH),
    "a shift of another role": (_change("credential", role=Role.PRACTITIONER), ProblemCode.CREDENTIAL_MISMATCH),
    "a shift of another organisation": (_change("credential", organisation=ELSEWHERE), ProblemCode.CREDENTIAL_MISMATCH),
}  # fmt: skip


@pytest.mark.parametrize("case", _TABLE)
def test_whatever_a_gateways_session_claims_besides_is_refused_by_name(case: str) -> None:
    world = World()
    change, code = _TABLE[case]

    change(world)

    assert _refused(world) is code


def test_a_session_can_sign_no_other_session() -> None:
    """One level only: under a session's key neither a session's certificate nor a gateway's is one."""
    world, next_key = World(), new_key()
    enrolment, gateway = world.enrolment.sign(world.organisation), world.gateway.sign(world.organisation)
    next_session = replace(world.session, key=next_key.verify_key)
    of_the_session = replace(world.gateway, key=world.session_key.verify_key)
    chains = {
        joined(enrolment, gateway, next_session.sign(world.session_key)): ProblemCode.SESSION_INVALID,
        joined(enrolment, of_the_session.sign(world.gateway_key), next_session.sign(world.session_key)): (
            ProblemCode.GATEWAY_INVALID
        ),
        joined(enrolment, of_the_session.sign(world.organisation), next_session.sign(world.session_key)): (
            ProblemCode.GATEWAY_INVALID
        ),
        f"{world.chain()}~{next_session.sign(world.session_key)}": ProblemCode.GATEWAY_INVALID,
        f"{enrolment}~{gateway}": ProblemCode.GATEWAY_INVALID,
    }

    for chain, code in chains.items():
        assert _refused(world, chain, key=next_key) is code
    world.authenticator().authenticate(world.request(), now=NOW)


def test_a_gateways_own_key_signs_nobodys_requests() -> None:
    """It rests on a disk. Neither without a session nor as one; though the index gave a shift for it."""
    world = World()
    world.credential = replace(world.credential, device_thumbprint=world.gateway_key.verify_key.thumbprint())

    bare = world.enrolment.sign(world.organisation)
    assert _refused(world, bare, key=world.gateway_key) is ProblemCode.GATEWAY_INVALID
    world.session = replace(world.session, key=world.gateway_key.verify_key)
    assert _refused(world, key=world.gateway_key) is ProblemCode.SESSION_INVALID


@pytest.mark.parametrize("part", ["enrolment", "gateway", "session"])
def test_each_statement_is_by_whom_it_should_be(part: str) -> None:
    """Signed by anybody else, the other organisation included, it is none; nor does one kind pass for another."""
    world = World()
    signers = {
        "enrolment": (world.organisation, ProblemCode.CERTIFICATE_INVALID),
        "gateway": (world.organisation, ProblemCode.GATEWAY_INVALID),
        "session": (world.gateway_key, ProblemCode.SESSION_INVALID),
    }
    right, code = signers[part]
    strangers = {world.organisation, world.other_organisation, world.index, world.gateway_key, world.session_key}

    for stranger in strangers - {right}:
        tokens = {name: getattr(world, name).sign(stranger if name == part else signers[name][0]) for name in signers}
        assert _refused(world, joined(**tokens)) is code
    for other in set(signers) - {part}:
        tokens = {
            name: getattr(world, other if name == part else name).sign(right if name == part else signers[name][0])
            for name in signers
        }
        assert _refused(world, joined(**tokens)) is code


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW + 3_000, ProblemCode.CREDENTIAL_EXPIRED),
        (NOW + 500_000, ProblemCode.CERTIFICATE_EXPIRED),
        (NOW - 6, ProblemCode.CREDENTIAL_INVALID),
    ],
)
def test_a_session_ends_with_itself_whatever_the_shift_says(at: int, code: ProblemCode) -> None:
    """An index that gives a longer shift makes no longer session; nor does the enrolment."""
    world = World()
    world.session = replace(world.session, expires_at=NOW + 3_000)

    assert _refused(world, now=at) is code


def test_what_is_revoked_stops_a_session() -> None:
    """The gateway's certificate, the account's, or the account."""
    world = World()
    asker, _ = world.authenticator().authenticate(world.request(), now=NOW)
    RevocationList.of(NOW, certificates=[_identifier()]).refuse(asker)

    for revoked in (
        RevocationList.of(NOW, certificates=[world.gateway.identifier]),
        RevocationList.of(NOW, certificates=[world.enrolment.identifier]),
        RevocationList.of(NOW, accounts=[(HERE, "triage-07")]),
    ):
        with pytest.raises(Problem) as caught:
            revoked.refuse(asker)
        assert caught.value.code is ProblemCode.REVOKED


def test_every_flipped_byte_of_the_three_is_refused() -> None:
    world = World()
    chain = world.chain()

    for at in range(0, len(chain), 7):
        changed = chain[:at] + ("A" if chain[at] != "A" else "B") + chain[at + 1 :]
        with pytest.raises(Problem) as caught:
            read_enrolled(changed, organisation_key=world.organisation.verify_key)
        assert caught.value.code in {
            ProblemCode.CERTIFICATE_INVALID, ProblemCode.GATEWAY_INVALID, ProblemCode.SESSION_INVALID
        }  # fmt: skip


def test_each_statement_reads_back_as_it_was() -> None:
    world = World()

    assert (
        GatewayCertificate.read(world.gateway.sign(world.organisation), world.organisation.verify_key) == world.gateway
    )
    assert SessionCertificate.read(world.session.sign(world.gateway_key), world.gateway_key.verify_key) == world.session
    assert (
        EnrolmentCertificate.read(world.enrolment.sign(world.organisation), world.organisation.verify_key)
        == world.enrolment
    )


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("roles", []), ("roles", ["feed"]), ("roles", ["case-management"]), ("roles", ["custodian"]),
        ("roles", ["urgent", "practitioner"]), ("roles", ["urgent", "urgent"]), ("roles", "urgent"), ("roles", [1]),
        ("seconds", 0), ("seconds", True), ("seconds", SHIFT_SECONDS + 1), ("seconds", "60"),
        ("sub", "A"), ("jti", "x"), ("cnf", {}), ("exp", -1),
        ("more", 1),
    ],
)  # fmt: skip
def test_a_gateways_certificate_whose_claims_are_not_of_their_form_is_none(claim: str, value: JSON) -> None:
    world = World()
    claims: dict[str, JSON] = {
        "cnf": {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": world.gateway_key.verify_key.text}}, "exp": NOW + 5,
        "iat": NOW, "iss": HERE, "jti": _identifier(), "roles": ["practitioner", "urgent"], "seconds": 60,
        "sub": "front-hall",
    }  # fmt: skip
    right = sign_token(claims, typ="signpost-gateway+jwt", key=world.organisation)
    wrong = sign_token({**claims, claim: value}, typ="signpost-gateway+jwt", key=world.organisation)

    assert GatewayCertificate.read(right, world.organisation.verify_key).session_seconds == 60
    with pytest.raises(TokenInvalid):
        GatewayCertificate.read(wrong, world.organisation.verify_key)


def test_the_longest_names_and_every_role_are_read() -> None:
    """All three statements go into one header, and are read as one token would be."""
    world, name = World(), "a" * 64
    world.enrolment = replace(world.enrolment, organisation=OrganisationId(name), account=AccountId(name))
    world.gateway = replace(world.gateway, organisation=OrganisationId(name), name=name, roles=GATEWAY_ROLES)
    world.session = replace(world.session, organisation=OrganisationId(name), account=AccountId(name))
    world.credential = replace(world.credential, organisation=OrganisationId(name), account=AccountId(name))
    known = {OrganisationId(name): world.organisation.verify_key}
    authenticator = Authenticator(organisation_key=known.get, credential_key=world.index.verify_key)

    asker, _ = authenticator.authenticate(world.request(), now=NOW)

    assert asker.account == name


def test_a_machine_has_no_account_at_a_gateway() -> None:
    assert Role.FEED not in GATEWAY_ROLES
