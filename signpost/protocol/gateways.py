"""A gateway between an organisation and its sessions' keys (protocol.md D2): the two statements that make it one.

A gateway is a machine of one organisation at which several of its people sign in. Its own key signs nobody's requests:
for each session it makes a fresh key, which stays in its memory, and says whose it is.

* `GatewayCertificate`  the organisation says: this key is our gateway's. It may sign session keys, for accounts of
  these roles, each for so many seconds at most and never past this certificate's own end.
* `SessionCertificate`  the gateway says: this session key is that account's, until then.

One level only: a session's key is no gateway's, so whatever it signs as one is refused. Nor can a gateway make an
account: the organisation's own enrolment certificate, which names the gateway's key as the account's device and says
that it is one (`EnrolmentCertificate.at_gateway`), stands beside the two, and gives the role. Such an account cannot be
used by the gateway's key itself, and an account with a device of its own cannot be used through a gateway.

The three travel together, in one header, with `~` between them: enrolment, gateway, session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signpost.protocol.claims import confirmed_key, exactly, key_confirmation, text_in
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, EnrolmentCertificate, OrganisationId, name_in
from signpost.protocol.encoding import JSON
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import ENROLLED_ROLES, MACHINE_ROLES, Role
from signpost.protocol.tokens import TokenInvalid, read_identifier, read_seconds, read_token, sign_token

__all__ = [
    "GATEWAY_ROLES",
    "Enrolled",
    "GatewayCertificate",
    "SessionCertificate",
    "joined",
    "read_at_gateway",
    "read_enrolled",
    "read_session",
]

GATEWAY_ROLES: Final = ENROLLED_ROLES - MACHINE_ROLES
"""The roles that an account of a gateway may have: people's. A machine signs in by a key of its own."""
GATEWAY_TYP: Final = "signpost-gateway+jwt"
SESSION_TYP: Final = "signpost-session+jwt"
_BETWEEN: Final = "~"
"""In no token, and allowed in a header as it stands."""


@dataclass(frozen=True, slots=True)
class GatewayCertificate:
    """The organisation's word on a gateway's key."""

    organisation: OrganisationId
    name: str
    """What the organisation calls it; the form of an account's name."""
    key: VerifyKey
    roles: frozenset[Role]
    session_seconds: int
    """The longest session: 1 to `SHIFT_SECONDS`."""
    issued_at: int
    expires_at: int
    identifier: str

    def sign(self, key: SigningKey) -> str:
        """The certificate as a token, under the organisation's signing key."""
        claims: dict[str, JSON] = {
            "cnf": key_confirmation(self.key),
            "exp": self.expires_at,
            "iat": self.issued_at,
            "iss": self.organisation,
            "jti": self.identifier,
            "roles": [*sorted(role.value for role in self.roles)],
            "seconds": self.session_seconds,
            "sub": self.name,
        }
        return sign_token(claims, typ=GATEWAY_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> GatewayCertificate:
        """A certificate signed by an organisation's key.

        Raises:
            TokenInvalid: not such a certificate.
        """
        claims = exactly(
            read_token(token, typ=GATEWAY_TYP, key=key), {"cnf", "exp", "iat", "iss", "jti", "roles", "seconds", "sub"}
        )
        roles, seconds = claims["roles"], claims["seconds"]
        if not isinstance(roles, list) or type(seconds) is not int or not 0 < seconds <= SHIFT_SECONDS:
            raise TokenInvalid("a claim is not of its form")
        try:
            read = [Role(text_in(role)) for role in roles]
        except ValueError:
            raise TokenInvalid("a claim is not of its form") from None
        if not read or not GATEWAY_ROLES.issuperset(read) or roles != sorted({role.value for role in read}):
            raise TokenInvalid("not the roles of a gateway")
        return cls(
            organisation=OrganisationId(name_in(claims["iss"])),
            name=name_in(claims["sub"]),
            key=confirmed_key(claims["cnf"]),
            roles=frozenset(read),
            session_seconds=seconds,
            issued_at=read_seconds(claims["iat"]),
            expires_at=read_seconds(claims["exp"]),
            identifier=read_identifier(claims["jti"]),
        )


@dataclass(frozen=True, slots=True)
class SessionCertificate:
    """A gateway's word on a session's key."""

    organisation: OrganisationId
    account: AccountId
    gateway: str
    """The identifier of the gateway's certificate: a session is of one, and ends with it."""
    key: VerifyKey
    issued_at: int
    expires_at: int
    identifier: str

    def sign(self, key: SigningKey) -> str:
        """The certificate as a token, under the gateway's key."""
        claims: dict[str, JSON] = {
            "cnf": key_confirmation(self.key),
            "exp": self.expires_at,
            "gateway": self.gateway,
            "iat": self.issued_at,
            "iss": self.organisation,
            "jti": self.identifier,
            "sub": self.account,
        }
        return sign_token(claims, typ=SESSION_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> SessionCertificate:
        """A certificate signed by a gateway's key.

        Raises:
            TokenInvalid: not such a certificate.
        """
        claims = exactly(
            read_token(token, typ=SESSION_TYP, key=key), {"cnf", "exp", "gateway", "iat", "iss", "jti", "sub"}
        )
        return cls(
            organisation=OrganisationId(name_in(claims["iss"])),
            account=AccountId(name_in(claims["sub"])),
            gateway=read_identifier(claims["gateway"]),
            key=confirmed_key(claims["cnf"]),
            issued_at=read_seconds(claims["iat"]),
            expires_at=read_seconds(claims["exp"]),
            identifier=read_identifier(claims["jti"]),
        )


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The key that signs an account's requests, by the organisation's word, and what that word rests on."""

    certificate: EnrolmentCertificate
    key: VerifyKey
    """The account's own device's, or its session's at a gateway."""
    gateway: GatewayCertificate | None = None
    session: SessionCertificate | None = None


def joined(enrolment: str, gateway: str, session: str) -> str:
    """The three statements of somebody at a gateway, as one header carries them."""
    return _BETWEEN.join((enrolment, gateway, session))


def read_enrolled(presented: str, *, organisation_key: VerifyKey) -> Enrolled:
    """Whose key it is, by one enrolment certificate or by the three statements of a session. Times are not checked
    against a clock here, only against each other.

    Raises:
        Problem: CERTIFICATE_INVALID, GATEWAY_INVALID or SESSION_INVALID.
    """
    enrolment, *rest = presented.split(_BETWEEN)
    try:
        certificate = EnrolmentCertificate.read(enrolment, organisation_key)
    except TokenInvalid:
        raise Problem(ProblemCode.CERTIFICATE_INVALID) from None
    match rest:
        case [] if not certificate.at_gateway:
            return Enrolled(certificate, certificate.device)
        case [gateway, session]:
            return read_session(certificate, gateway, session, organisation_key=organisation_key)
        case _:
            raise Problem(ProblemCode.GATEWAY_INVALID)


def read_at_gateway(
    certificate: EnrolmentCertificate, gateway: str, *, organisation_key: VerifyKey
) -> GatewayCertificate:
    """The certificate of the gateway at which an account is used. Its time is not checked here.

    Raises:
        Problem: GATEWAY_INVALID: the organisation did not sign it, or enrolled the account not there, or gave the
            gateway no accounts of that role.
    """
    try:
        through = GatewayCertificate.read(gateway, organisation_key)
    except TokenInvalid:
        raise Problem(ProblemCode.GATEWAY_INVALID) from None
    if not (
        certificate.at_gateway
        and through.organisation == certificate.organisation
        and through.key == certificate.device
        and certificate.role in through.roles
    ):
        raise Problem(ProblemCode.GATEWAY_INVALID)
    return through


def read_session(
    certificate: EnrolmentCertificate, gateway: str, session: str, *, organisation_key: VerifyKey
) -> Enrolled:
    """A session of an account that its organisation enrolled at this gateway. Times as in `read_enrolled`.

    Raises:
        Problem: GATEWAY_INVALID: the organisation did not sign the gateway's certificate, or enrolled the account not
            there, or gave the gateway no accounts of that role. SESSION_INVALID: the gateway did not sign the session's
            certificate for this account, or it is longer than it may be.
    """
    through = read_at_gateway(certificate, gateway, organisation_key=organisation_key)
    try:
        opened = SessionCertificate.read(session, through.key)
    except TokenInvalid:
        raise Problem(ProblemCode.SESSION_INVALID) from None
    said = (opened.organisation, opened.account, opened.gateway)
    longest = min(opened.issued_at + through.session_seconds, through.expires_at)
    if (
        said != (certificate.organisation, certificate.account, through.identifier)
        or opened.expires_at > longest
        # The gateway's own key rests on its disk: as a session's it would outlive every session.
        or opened.key == through.key
    ):
        raise Problem(ProblemCode.SESSION_INVALID)
    return Enrolled(certificate, opened.key, through, opened)
