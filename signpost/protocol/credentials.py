"""Who is asking: the two signed statements that every request carries (protocol.md D2).

* `EnrolmentCertificate`  the organisation says: this device key belongs to this account of ours, in this role.
* `ShiftCredential`  the index says: that account signed in on that device, for one shift, for these purposes.

Both must be there, both must be of one account, organisation, role, kind and device key, and neither may have run out.
Neither party alone can make an asker: the organisation cannot open a shift, the index cannot enrol a device.
The pair is parsed into an `Asker`, which is the only type that the rest of the system acts for.

Somebody at their organisation's gateway signs by a key of the session's, which a second and a third statement join to
the account (`gateways`). The pair is read in `askers`.

Claims are canonical JSON; times are epoch seconds; `jti` is 16 random bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType

from signpost.protocol.claims import confirmed_key, exactly, key_confirmation, text_in
from signpost.protocol.encoding import JSON
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.named_users import NOBODY
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
    "name_in",
    "valid_name",
]  # fmt: skip

OrganisationId = NewType("OrganisationId", str)
AccountId = NewType("AccountId", str)

SHIFT_SECONDS: Final = 12 * 60 * 60
"""A shift: 12 hours, the longest that one person works."""
CERTIFICATE_TYP: Final = "signpost-enrolment+jwt"
AT_GATEWAY_TYP: Final = "signpost-gateway-enrolment+jwt"
"""Of an account that is used at a gateway: by its kind of token, since no claim is optional."""
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


def name_in(value: JSON) -> str:
    """A claim that names an organisation, an account or a gateway.

    Raises:
        TokenInvalid: it is not of that form.
    """
    if not valid_name(value):
        raise TokenInvalid("a claim is not of its form")
    return text_in(value)


@dataclass(frozen=True, slots=True)
class EnrolmentCertificate:
    """The organisation's word on a device key. An account `at_gateway` has its organisation's gateway as its device."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    device: VerifyKey
    issued_at: int
    expires_at: int
    identifier: str
    at_gateway: bool = False

    def sign(self, key: SigningKey) -> str:
        """The certificate as a token, under the organisation's signing key."""
        claims: dict[str, JSON] = {
            "cnf": key_confirmation(self.device),
            "exp": self.expires_at,
            "iat": self.issued_at,
            "iss": self.organisation,
            "jti": self.identifier,
            "kind": self.kind.value,
            "role": self.role.value,
            "sub": self.account,
        }
        return sign_token(claims, typ=AT_GATEWAY_TYP if self.at_gateway else CERTIFICATE_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> EnrolmentCertificate:
        """A certificate signed by an organisation's key.

        Raises:
            TokenInvalid: not such a certificate.
        """
        try:
            return cls._read(token, key, typ=CERTIFICATE_TYP, at_gateway=False)
        except TokenInvalid:
            return cls._read(token, key, typ=AT_GATEWAY_TYP, at_gateway=True)

    @classmethod
    def _read(cls, token: str, key: VerifyKey, *, typ: str, at_gateway: bool) -> EnrolmentCertificate:
        claims = exactly(
            read_token(token, typ=typ, key=key), {"cnf", "exp", "iat", "iss", "jti", "kind", "role", "sub"}
        )
        try:
            return cls(
                organisation=OrganisationId(name_in(claims["iss"])),
                account=AccountId(name_in(claims["sub"])),
                role=Role(text_in(claims["role"])),
                kind=Kind(text_in(claims["kind"])),
                device=confirmed_key(claims["cnf"]),
                issued_at=read_seconds(claims["iat"]),
                expires_at=read_seconds(claims["exp"]),
                identifier=read_identifier(claims["jti"]),
                at_gateway=at_gateway,
            )
        except ValueError:
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
        claims = exactly(
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
                organisation=OrganisationId(name_in(claims["org"])),
                account=AccountId(name_in(claims["sub"])),
                role=Role(text_in(claims["role"])),
                kind=Kind(text_in(claims["kind"])),
                purposes=tuple(Purpose(text_in(purpose)) for purpose in purposes),
                device_thumbprint=text_in(confirmation["jkt"]),
                issued_at=read_seconds(claims["iat"]),
                expires_at=read_seconds(claims["exp"]),
                identifier=read_identifier(claims["jti"]),
            )
        except ValueError:
            raise TokenInvalid("a claim is not of its form") from None


@dataclass(frozen=True, slots=True)
class Asker:
    """A verified account on a verified device, for as long as all their statements last. At a gateway `device` is the
    session's key.
    """

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
    gateway_identifier: str | None = None
    """Of the certificate of the gateway they sit at; null at a device of their own."""
    user: bytes = NOBODY
    """Whom a machine asks for, as its request names them."""

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
