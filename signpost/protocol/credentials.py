"""Who is asking: the two signed statements that every request carries (protocol.md D2).

* `EnrolmentCertificate`  the organisation says: this device key belongs to this account of ours, in this role.
* `ShiftCredential`  the index says: that account signed in on that device, for one shift, for these purposes.

Both must be there, both must be of one account, organisation, role, kind and device key, and neither may have run out.
Neither party alone can make an asker: the organisation cannot open a shift, the index cannot enrol a device.
The pair is parsed into an `Asker`, which is the only type that the rest of the system acts for.

Claims are canonical JSON; times are epoch seconds; `jti` is 16 random bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

from signpost.protocol.encoding import JSON
from signpost.protocol.keys import KeyInvalid, SigningKey, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose, Role
from signpost.protocol.tokens import TokenInvalid, peek, read_identifier, read_seconds, read_token, sign_token

__all__ = [
    "SHIFT_SECONDS",
    "AccountId",
    "Asker",
    "EnrolmentCertificate",
    "OrganisationId",
    "ShiftCredential",
    "certificate_organisation",
    "valid_name",
    "verify_chain",
]  # fmt: skip

OrganisationId = NewType("OrganisationId", str)
AccountId = NewType("AccountId", str)

SHIFT_SECONDS: Final = 12 * 60 * 60
"""A shift: 12 hours, the longest that one person works."""
CERTIFICATE_TYP: Final = "signpost-enrolment+jwt"
CREDENTIAL_TYP: Final = "signpost-shift+jwt"
_INDEX: Final = "signpost-index"


def valid_name(text: object) -> bool:
    """Whether text can name an organisation or account: 2 to 64 of a-z, 0-9, dot and hyphen, a letter first."""
    return (
        isinstance(text, str)
        and 2 <= len(text) <= 64
        and text[0] in "abcdefghijklmnopqrstuvwxyz"
        and all(character in "abcdefghijklmnopqrstuvwxyz0123456789-." for character in text)
    )


@dataclass(frozen=True, slots=True)
class EnrolmentCertificate:
    """The organisation's word on a device key."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    device: VerifyKey
    issued_at: int
    expires_at: int
    identifier: str

    def sign(self, key: SigningKey) -> str:
        """The certificate as a token, under the organisation's signing key."""
        claims: dict[str, JSON] = {
            "cnf": {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": self.device.text}},
            "exp": self.expires_at,
            "iat": self.issued_at,
            "iss": self.organisation,
            "jti": self.identifier,
            "kind": self.kind.value,
            "role": self.role.value,
            "sub": self.account,
        }
        return sign_token(claims, typ=CERTIFICATE_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> EnrolmentCertificate:
        """A certificate signed by an organisation's key.

        Raises:
            TokenInvalid: not such a certificate.
        """
        claims = _exactly(
            read_token(token, typ=CERTIFICATE_TYP, key=key), {"cnf", "exp", "iat", "iss", "jti", "kind", "role", "sub"}
        )
        confirmation = claims["cnf"]
        jwk = confirmation.get("jwk") if isinstance(confirmation, dict) and len(confirmation) == 1 else None
        if not isinstance(jwk, dict) or set(jwk) != {"crv", "kty", "x"}:
            raise TokenInvalid("no device key")
        if jwk["crv"] != "Ed25519" or jwk["kty"] != "OKP" or not isinstance(jwk["x"], str):
            raise TokenInvalid("no device key")
        try:
            return cls(
                organisation=OrganisationId(_name(claims["iss"])),
                account=AccountId(_name(claims["sub"])),
                role=Role(_text(claims["role"])),
                kind=Kind(_text(claims["kind"])),
                device=VerifyKey.parse(jwk["x"]),
                issued_at=read_seconds(claims["iat"]),
                expires_at=read_seconds(claims["exp"]),
                identifier=read_identifier(claims["jti"]),
            )
        except (KeyInvalid, ValueError):
            raise TokenInvalid("a claim is not of its form") from None


@dataclass(frozen=True, slots=True)
class ShiftCredential:
    """The index's word that an account is signed in, on one device, for one shift."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    purposes: tuple[Purpose, ...]
    device_thumbprint: str
    issued_at: int
    expires_at: int
    identifier: str

    def sign(self, key: SigningKey) -> str:
        """The credential as a token, under the index's credential key."""
        claims: dict[str, JSON] = {
            "cnf": {"jkt": self.device_thumbprint},
            "exp": self.expires_at,
            "iat": self.issued_at,
            "iss": _INDEX,
            "jti": self.identifier,
            "kind": self.kind.value,
            "org": self.organisation,
            "purposes": [purpose.value for purpose in self.purposes],
            "role": self.role.value,
            "sub": self.account,
        }
        return sign_token(claims, typ=CREDENTIAL_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> ShiftCredential:
        """A credential signed by the index's credential key.

        Raises:
            TokenInvalid: not such a credential.
        """
        claims = _exactly(
            read_token(token, typ=CREDENTIAL_TYP, key=key),
            {"cnf", "exp", "iat", "iss", "jti", "kind", "org", "purposes", "role", "sub"},
        )
        confirmation, purposes = claims["cnf"], claims["purposes"]
        if claims["iss"] != _INDEX or not isinstance(confirmation, dict) or set(confirmation) != {"jkt"}:
            raise TokenInvalid("not issued for a device by the index")
        if not isinstance(purposes, list):
            raise TokenInvalid("a claim is not of its form")
        try:
            return cls(
                organisation=OrganisationId(_name(claims["org"])),
                account=AccountId(_name(claims["sub"])),
                role=Role(_text(claims["role"])),
                kind=Kind(_text(claims["kind"])),
                purposes=tuple(Purpose(_text(purpose)) for purpose in purposes),
                device_thumbprint=_text(confirmation["jkt"]),
                issued_at=read_seconds(claims["iat"]),
                expires_at=read_seconds(claims["exp"]),
                identifier=read_identifier(claims["jti"]),
            )
        except ValueError:
            raise TokenInvalid("a claim is not of its form") from None


@dataclass(frozen=True, slots=True)
class Asker:
    """A verified account on a verified device, for as long as both statements last."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    purposes: tuple[Purpose, ...]
    device: VerifyKey
    certificate_identifier: str
    credential_identifier: str
    certificate_expires_at: int
    credential_expires_at: int
    signed_in_at: int
    not_before: int

    def check_time(self, now: int, *, leeway: int = 5) -> None:
        """Refuse an asker whose statements have run out, or have not begun (beyond `leeway` seconds of clock error).

        Raises:
            Problem: CERTIFICATE_EXPIRED or CREDENTIAL_EXPIRED; CREDENTIAL_INVALID when not yet begun.
        """
        if now >= self.certificate_expires_at:
            raise Problem(ProblemCode.CERTIFICATE_EXPIRED)
        if now >= self.credential_expires_at:
            raise Problem(ProblemCode.CREDENTIAL_EXPIRED)
        if now + leeway < self.not_before:
            raise Problem(ProblemCode.CREDENTIAL_INVALID)


def certificate_organisation(certificate: str) -> OrganisationId | None:
    """The organisation that an unverified certificate names: whose key to check it against."""
    name = peek(certificate, "iss")
    return OrganisationId(name) if valid_name(name) and name is not None else None


def verify_chain(certificate: str, credential: str, *, organisation_key: VerifyKey, credential_key: VerifyKey) -> Asker:
    """Both statements of D2, checked against the organisation's and the index's keys and against each other.

    Times are not checked here: `Asker.check_time` does, at every request.

    Raises:
        Problem: CERTIFICATE_INVALID, CREDENTIAL_INVALID or CREDENTIAL_MISMATCH.
    """
    try:
        enrolled = EnrolmentCertificate.read(certificate, organisation_key)
    except TokenInvalid:
        raise Problem(ProblemCode.CERTIFICATE_INVALID) from None
    try:
        shift = ShiftCredential.read(credential, credential_key)
    except TokenInvalid:
        raise Problem(ProblemCode.CREDENTIAL_INVALID) from None
    if (
        (enrolled.organisation, enrolled.account, enrolled.role, enrolled.kind)
        != (shift.organisation, shift.account, shift.role, shift.kind)
        or enrolled.device.thumbprint() != shift.device_thumbprint
    ):  # fmt: skip
        raise Problem(ProblemCode.CREDENTIAL_MISMATCH)
    return Asker(
        organisation=enrolled.organisation,
        account=enrolled.account,
        role=enrolled.role,
        kind=enrolled.kind,
        purposes=shift.purposes,
        device=enrolled.device,
        certificate_identifier=enrolled.identifier,
        credential_identifier=shift.identifier,
        certificate_expires_at=enrolled.expires_at,
        credential_expires_at=shift.expires_at,
        signed_in_at=shift.issued_at,
        not_before=max(enrolled.issued_at, shift.issued_at),
    )


def _exactly(claims: Mapping[str, JSON], names: set[str]) -> Mapping[str, JSON]:
    if set(claims) != names:
        raise TokenInvalid("a claim is missing or unknown")
    return claims


def _text(value: JSON) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 128:
        raise TokenInvalid("a claim is not of its form")
    return value


def _name(value: JSON) -> str:
    if not valid_name(value):
        raise TokenInvalid("a claim is not of its form")
    return _text(value)
