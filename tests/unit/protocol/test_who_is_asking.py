"""Credentials, signed requests, receipts and revocation: whatever is altered, stale or borrowed is refused (D2, D4)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from signpost.protocol.askers import Authenticator
from signpost.protocol.classes import Use
from signpost.protocol.credentials import AccountId, EnrolmentCertificate, OrganisationId, ShiftCredential, valid_name
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.receipts import EvaluationReceipt, batch_hash, check_receipts, holder_of
from signpost.protocol.revocation import MOST_ENTRIES, RevocationList
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import PresentedRequest, sign_request
from signpost.protocol.tokens import TokenInvalid, read_token, sign_token

NOW = 1_790_000_000
_URL = "https://index.example/v1/lookups"
_BODY = b'{"a":1}'
_IDENTIFIER = to_base64url(bytes(range(16)))


def _key() -> SigningKey:
    return SigningKey(Secret(os.urandom(32)))


@dataclass
class World:
    """One nurse's device, and everybody whose word it needs."""

    organisation: SigningKey = field(default_factory=_key)
    index: SigningKey = field(default_factory=_key)
    device: SigningKey = field(default_factory=_key)

    @property
    def certificate(self) -> EnrolmentCertificate:
        return EnrolmentCertificate(
            organisation=OrganisationId("st-aldate-hospital"),
            account=AccountId("triage-07"),
            role=Role.URGENT,
            kind=Kind.HOSPITAL,
            device=self.device.verify_key,
            issued_at=NOW - 100,
            expires_at=NOW + 100_000,
            identifier=_IDENTIFIER,
        )

    @property
    def credential(self) -> ShiftCredential:
        return ShiftCredential(
            organisation=OrganisationId("st-aldate-hospital"),
            account=AccountId("triage-07"),
            role=Role.URGENT,
            kind=Kind.HOSPITAL,
            purposes=purposes_of(Role.URGENT, Kind.COUNCIL),
            device_thumbprint=self.device.verify_key.thumbprint(),
            issued_at=NOW - 50,
            expires_at=NOW + 1000,
            identifier=_IDENTIFIER,
        )

    def authenticator(self) -> Authenticator:
        known = {OrganisationId("st-aldate-hospital"): self.organisation.verify_key}
        return Authenticator(organisation_key=known.get, credential_key=self.index.verify_key)

    def request(
        self,
        *,
        certificate: EnrolmentCertificate | None = None,
        credential: ShiftCredential | None = None,
        organisation: SigningKey | None = None,
        index: SigningKey | None = None,
        device: SigningKey | None = None,
        created: int = NOW,
    ) -> PresentedRequest:
        headers = sign_request(
            method="POST",
            url=_URL,
            body=_BODY,
            certificate=(certificate or self.certificate).sign(organisation or self.organisation),
            credential=(credential or self.credential).sign(index or self.index),
            key=device or self.device,
            created=created,
            nonce=to_base64url(os.urandom(16)),
        )
        return PresentedRequest("POST", _URL, {name.lower(): value for name, value in headers.items()}, _BODY)


def _refusal(action: Callable[[], object]) -> ProblemCode:
    with pytest.raises(Problem) as caught:
        action()
    return caught.value.code


def test_a_request_of_an_enrolled_device_in_its_shift_is_whose_it_says() -> None:
    world = World()

    asker, signature = world.authenticator().authenticate(world.request(), now=NOW)

    assert (asker.organisation, asker.account, asker.role) == ("st-aldate-hospital", "triage-07", Role.URGENT)
    assert asker.device == world.device.verify_key
    assert signature.remember_until == NOW + 65
    assert len(signature.nonce) == 22


def test_whoever_is_not_who_they_say_is_refused_by_name() -> None:
    world, stranger = World(), _key()
    authenticator = world.authenticator()
    other = OrganisationId("another-hospital")
    cases = {
        ProblemCode.ORGANISATION_UNKNOWN: world.request(certificate=replace(world.certificate, organisation=other)),
        ProblemCode.CERTIFICATE_INVALID: world.request(organisation=stranger),
        ProblemCode.CREDENTIAL_INVALID: world.request(index=stranger),
        ProblemCode.SIGNATURE_INVALID: world.request(device=stranger),
        ProblemCode.SIGNATURE_STALE: world.request(created=NOW - 61),
    }

    for code, request in cases.items():
        assert _refusal(lambda request=request: authenticator.authenticate(request, now=NOW)) == code  # type: ignore[misc]
    assert _refusal(lambda: authenticator.authenticate(world.request(created=NOW + 6), now=NOW)) == (
        ProblemCode.SIGNATURE_STALE
    )


@pytest.mark.parametrize(
    "change",
    [
        {"account": AccountId("triage-08")},
        {"organisation": OrganisationId("another-hospital")},
        {"role": Role.PRACTITIONER},
        {"kind": Kind.POLICE},
        {"device_thumbprint": "x" * 43},
    ],
)
def test_a_credential_of_somebody_else_does_not_fit_the_certificate(change: dict[str, str]) -> None:
    world = World()
    borrowed = replace(world.credential, **change)  # type: ignore[arg-type]

    code = _refusal(lambda: world.authenticator().authenticate(world.request(credential=borrowed), now=NOW))

    assert code is ProblemCode.CREDENTIAL_MISMATCH


def test_what_has_run_out_or_not_begun_is_refused_even_when_it_was_remembered() -> None:
    world = World()
    authenticator = world.authenticator()
    certificate = replace(world.certificate, expires_at=NOW + 2000)
    authenticator.authenticate(world.request(certificate=certificate), now=NOW)

    for moment, code in (
        (NOW + 1000, ProblemCode.CREDENTIAL_EXPIRED),
        (NOW + 2000, ProblemCode.CERTIFICATE_EXPIRED),
        (NOW - 56, ProblemCode.CREDENTIAL_INVALID),
    ):
        request = world.request(certificate=certificate, created=moment)
        assert _refusal(lambda r=request, m=moment: authenticator.authenticate(r, now=m)) == code  # type: ignore[misc]


def test_an_altered_request_is_refused() -> None:
    world = World()
    request = world.request()
    fresh = world.request()
    changes = [
        replace(request, method="PUT"),
        replace(request, url="https://other.example/v1/lookups"),
        replace(request, url=_URL + "?x=1"),
        replace(request, body=b'{"a":2}'),
        replace(request, body=b""),
        replace(request, headers={**request.headers, "content-type": "text/plain"}),
        replace(request, headers={**request.headers, "signature": fresh.headers["signature"]}),
        replace(request, headers={**request.headers, "signature-input": fresh.headers["signature-input"]}),
        replace(request, headers={**request.headers, "content-digest": "sha-256=:AAAA:"}),
        replace(
            request,
            headers={
                **request.headers,
                "signature-input": request.headers["signature-input"].replace('"content-digest" ', ""),
            },
        ),
        replace(
            request,
            headers={**request.headers, "signature-input": request.headers["signature-input"].replace("v1", "v2")},
        ),
    ]

    for changed in changes:
        code = _refusal(lambda changed=changed: world.authenticator().authenticate(changed, now=NOW))  # type: ignore[misc]
        assert code is ProblemCode.SIGNATURE_INVALID


@pytest.mark.parametrize("name", ["signature", "signature-input", "signpost-enrolment", "signpost-credential"])
def test_a_request_without_its_signature_or_a_credential_is_refused(name: str) -> None:
    world = World()
    request = world.request()
    less = replace(request, headers={key: value for key, value in request.headers.items() if key != name})

    assert _refusal(lambda: world.authenticator().authenticate(less, now=NOW)) is ProblemCode.SIGNATURE_MISSING


@pytest.mark.parametrize("name", ["signpost-enrolment", "signpost-credential"])
def test_every_flipped_byte_of_a_credential_is_refused(name: str) -> None:
    world = World()
    request = world.request()
    token = request.headers[name]

    for at in range(0, len(token), 3):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        other = replace(request, headers={**request.headers, name: changed})
        code = _refusal(lambda other=other: world.authenticator().authenticate(other, now=NOW))  # type: ignore[misc]
        assert code in {
            ProblemCode.CERTIFICATE_INVALID,
            ProblemCode.CREDENTIAL_INVALID,
            ProblemCode.ORGANISATION_UNKNOWN,
        }


@pytest.mark.parametrize("text", ["", "a", "A-b", "1a", "a_b", "a b", "é" * 3, "a" * 65, None, 5, "a/b"])
def test_names_of_organisations_and_accounts_are_plain(text: object) -> None:
    assert not valid_name(text)
    assert valid_name("st-aldate-hospital")


# -- tokens -------------------------------------------------------------------------------------------------------


def test_a_token_of_one_kind_never_passes_for_another() -> None:
    key = _key()
    token = sign_token({"a": 1}, typ="one+jwt", key=key)

    assert read_token(token, typ="one+jwt", key=key.verify_key) == {"a": 1}
    with pytest.raises(TokenInvalid):
        read_token(token, typ="two+jwt", key=key.verify_key)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "one+jwt"},
        {"alg": "HS256", "typ": "one+jwt"},
        {"alg": "EdDSA", "typ": "one+jwt"},
        {"alg": "Ed25519"},
        {"alg": "Ed25519", "typ": "one+jwt", "jwk": {}},
        {"alg": "Ed25519", "typ": "one+jwt", "kid": "x"},
        {"alg": "Ed25519", "typ": "one+jwt", "crit": ["x"], "x": 1},
    ],
)
def test_no_token_chooses_its_own_algorithm_key_or_header(header: dict[str, object]) -> None:
    key = _key()
    signing_input = f"{_part(header)}.{_part({'a': 1})}"
    token = f"{signing_input}.{to_base64url(key.primitive.sign(signing_input.encode()))}"

    with pytest.raises(TokenInvalid):
        read_token(token, typ="one+jwt", key=key.verify_key)


def test_another_spelling_of_the_same_token_is_refused() -> None:
    """The last character of a signature has bits to spare: a library takes any of its spellings, we take one."""
    key = _key()
    token = sign_token({"a": 1}, typ="one+jwt", key=key)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    respelt = [token[:-1] + alphabet[last ^ bits] for bits in range(1, 16)]

    for other in respelt:
        with pytest.raises(TokenInvalid):
            read_token(other, typ="one+jwt", key=key.verify_key)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "a" * 5000, "a.b.c.d"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        read_token(token, typ="one+jwt", key=_key().verify_key)


# -- receipts -----------------------------------------------------------------------------------------------------

_RECEIPT = EvaluationReceipt(
    holder=1,
    organisation=OrganisationId("st-aldate-hospital"),
    account=AccountId("triage-07"),
    use=Use.LOOKUP,
    points=12,
    batch=batch_hash(b"points"),
    epoch=1,
    issued_at=NOW,
    expires_at=NOW + 600,
    identifier=_IDENTIFIER,
)


def _check(*receipts: EvaluationReceipt, now: int = NOW) -> None:
    check_receipts(
        receipts,
        threshold=2,
        organisation=_RECEIPT.organisation,
        account=_RECEIPT.account,
        use=Use.LOOKUP,
        points=12,
        epoch=1,
        now=now,
    )


def test_a_receipt_reads_back_under_its_holders_key_only() -> None:
    key = _key()
    token = _RECEIPT.sign(key)

    assert EvaluationReceipt.read(token, key.verify_key) == _RECEIPT
    assert holder_of(token) == 1
    assert holder_of("not.a.token") is None
    with pytest.raises(TokenInvalid):
        EvaluationReceipt.read(token, _key().verify_key)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("jti", "r1"), ("jti", "\ud800" * 22), ("jti", None), ("exp", 2**63), ("exp", -1), ("exp", "1"), ("iat", 2**40),
        ("points", 0), ("points", 2**31), ("points", True), ("epoch", "1"), ("holder", "+1"), ("holder", " 1"),
        ("holder", "0_1"), ("holder", "١"), ("holder", "0"), ("holder", 1), ("batch", "AA"), ("batch", 5),
        ("kind", "x"), ("kind", None), ("account", "A"), ("organisation", ""),
    ],
)  # fmt: skip
def test_a_receipt_whose_claims_are_not_of_their_form_is_refused_though_its_holder_signed_it(
    claim: str, value: Any
) -> None:
    """A false holder must not be able to make the edge take what the index then chokes on."""
    key = _key()
    claims = json.loads(base64.urlsafe_b64decode(_RECEIPT.sign(key).split(".")[1] + "=="))
    token = sign_token({**claims, claim: value}, typ="signpost-evaluation+jwt", key=key)

    with pytest.raises(TokenInvalid):
        EvaluationReceipt.read(token, key.verify_key)
    if claim == "holder":
        assert holder_of(token) is None


def test_exactly_a_threshold_of_different_holders_receipts_of_one_batch_will_do() -> None:
    second = replace(_RECEIPT, holder=2)
    _check(_RECEIPT, second)

    mismatched: list[tuple[EvaluationReceipt, ...]] = [
        (),
        (_RECEIPT,),
        (_RECEIPT, _RECEIPT),
        (_RECEIPT, replace(second, holder=1)),
        (_RECEIPT, second, replace(second, holder=3)),
        (_RECEIPT, replace(second, batch=batch_hash(b"others"))),
        (_RECEIPT, replace(second, account=AccountId("triage-08"))),
        (_RECEIPT, replace(second, organisation=OrganisationId("another-hospital"))),
        (_RECEIPT, replace(second, use=Use.REGISTER)),
        (_RECEIPT, replace(second, points=24)),
        (_RECEIPT, replace(second, epoch=2)),
    ]
    for receipts in mismatched:
        assert _refusal(lambda receipts=receipts: _check(*receipts)) is ProblemCode.RECEIPTS_MISMATCH  # type: ignore[misc]
    assert _refusal(lambda: _check(_RECEIPT, second, now=NOW + 600)) is ProblemCode.RECEIPT_EXPIRED


# -- revocation ---------------------------------------------------------------------------------------------------


def test_a_revoked_device_or_account_is_refused_and_others_are_not() -> None:
    world = World()
    asker, _ = world.authenticator().authenticate(world.request(), now=NOW)
    nobody = RevocationList.of(NOW)
    device = RevocationList.of(NOW, certificates=[_IDENTIFIER])
    account = RevocationList.of(NOW, accounts=[("st-aldate-hospital", "triage-07")])

    nobody.refuse(asker)
    for revoked in (device, account):
        assert RevocationList.read(revoked.sign(world.index), world.index.verify_key) == revoked
        assert _refusal(lambda revoked=revoked: revoked.refuse(asker)) is ProblemCode.REVOKED  # type: ignore[misc]
    with pytest.raises(TokenInvalid):
        RevocationList.read(device.sign(_key()), world.index.verify_key)
    with pytest.raises(TokenInvalid):
        RevocationList.read(
            sign_token({"iat": 1, "revoked": [1]}, typ="signpost-revocations+jwt", key=world.index),
            world.index.verify_key,
        )


def test_the_longest_list_that_may_be_signed_is_read() -> None:
    """A list that holders cannot read would shut everybody out."""
    key = _key()
    names = frozenset(to_base64url(number.to_bytes(16, "big")) for number in range(MOST_ENTRIES))
    full = RevocationList(NOW, names)

    assert RevocationList.read(full.sign(key), key.verify_key) == full
