"""An administrator's statements: what an organisation says of its accounts, signed by its signing key (protocol.md D1).

The index keeps accounts for organisations and can neither make one nor change one: it acts only on a statement that an
organisation has signed, for itself, lately, and once. Each statement is one act. It is signed by the key that also
signs enrolment certificates, and is a token of its own kind, so neither can pass for the other.

A *machine account* (a feed) signs in by its device's key alone; its role says so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.device_opening import SEALED_KEY_BYTES
from signpost.protocol.encoding import JSON, EncodingError, from_base64url, to_base64url
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.purposes import ENROLLED_ROLES, Role
from signpost.protocol.tokens import TokenInvalid, read_identifier, read_seconds, read_token, sign_token

__all__ = ["STATEMENT_SECONDS", "AccountAct", "AccountStatement", "AccountTerms"]

STATEMENT_SECONDS: Final = 5 * 60
"""How long a statement may be presented."""
_TYP: Final = "signpost-account-statement+jwt"
_PROOF_BYTES: Final = 32


class AccountAct(StrEnum):
    """What an administrator does about an account."""

    ENROL = "enrol"
    """Opens it, or opens it anew: what was enrolled before no longer counts."""
    PENDING = "pending"
    """Asks which device key was offered for it."""
    APPROVE = "approve"
    """Gives the certificate of that device key, and for a role that answers notices the organisation's sealed key."""
    DATES = "dates"
    """Changes when vetting and training run out."""
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """Until when an account may be used: the last day of its holder's vetting, and of their training."""

    vetting_until: dt.date
    training_until: dt.date

    @property
    def last_day(self) -> dt.date:
        """The earlier of the two."""
        return min(self.vetting_until, self.training_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """One act. What it does not need is null, and what it needs is there: `read` sees to both."""

    organisation: OrganisationId
    act: AccountAct
    issued_at: int
    identifier: str
    account: AccountId | None = None
    role: Role | None = None
    terms: AccountTerms | None = None
    token_digest: bytes | None = None
    """Of what the enrolment token proves itself by: the index never has the token."""
    certificate: str | None = None
    sealing_key: bytes | None = None
    """The organisation's own, sealed to the device (`device_opening`)."""

    def sign(self, key: SigningKey) -> str:
        """The statement as a token, under the organisation's signing key."""
        terms = self.terms
        claims: dict[str, JSON] = {
            "act": self.act.value,
            "certificate": self.certificate,
            "iat": self.issued_at,
            "iss": self.organisation,
            "jti": self.identifier,
            "role": None if self.role is None else self.role.value,
            "sealing_key": None if self.sealing_key is None else to_base64url(self.sealing_key),
            "sub": self.account,
            "token": None if self.token_digest is None else to_base64url(self.token_digest),
            "training_until": None if terms is None else terms.training_until.isoformat(),
            "vetting_until": None if terms is None else terms.vetting_until.isoformat(),
        }
        return sign_token(claims, typ=_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> AccountStatement:
        """A statement signed by an organisation's key, whole.

        Raises:
            TokenInvalid: not such a statement, or one that lacks what its act needs, or says more.
        """
        claims = read_token(token, typ=_TYP, key=key)
        if set(claims) != _CLAIMS:
            raise TokenInvalid("a claim is missing or unknown")
        try:
            act = AccountAct(str(claims["act"]))
            needed, said = _NEEDED[act], {name for name in _OPTIONAL if claims[name] is not None}
            if not needed <= said <= needed | _ALLOWED.get(act, frozenset()):
                raise TokenInvalid("the statement does not fit its act")
            if not valid_name(claims["iss"]) or ("sub" in needed and not valid_name(claims["sub"])):
                raise TokenInvalid("a claim is not of its form")
            role = Role(str(claims["role"])) if "role" in needed else None
            if role is not None and role not in ENROLLED_ROLES:
                raise TokenInvalid("not a role of an account")
            return cls(
                organisation=OrganisationId(str(claims["iss"])),
                act=act,
                issued_at=read_seconds(claims["iat"]),
                identifier=read_identifier(claims["jti"]),
                account=AccountId(str(claims["sub"])) if "sub" in needed else None,
                role=role,
                terms=_terms(claims["vetting_until"], claims["training_until"]) if "vetting_until" in needed else None,
                token_digest=_bytes(claims["token"], _PROOF_BYTES) if "token" in needed else None,
                certificate=str(claims["certificate"]) if "certificate" in needed else None,
                sealing_key=_bytes(claims["sealing_key"], SEALED_KEY_BYTES) if "sealing_key" in said else None,
            )
        except (ValueError, EncodingError):
            raise TokenInvalid("a claim is not of its form") from None


_OPTIONAL: Final = frozenset({"certificate", "role", "sealing_key", "sub", "token", "training_until", "vetting_until"})
_CLAIMS: Final = _OPTIONAL | {"act", "iat", "iss", "jti"}
_DATES: Final = frozenset({"training_until", "vetting_until"})
_NEEDED: Final = {
    AccountAct.ENROL: _DATES | {"role", "sub", "token"},
    AccountAct.PENDING: frozenset({"sub"}),
    AccountAct.APPROVE: frozenset({"certificate", "sub"}),
    AccountAct.DATES: _DATES | {"sub"},
    AccountAct.SUSPEND: frozenset({"sub"}),
    AccountAct.REINSTATE: frozenset({"sub"}),
    AccountAct.LIST: frozenset(),
}
_ALLOWED: Final = {AccountAct.APPROVE: frozenset({"sealing_key"})}
"""What an act may say besides, or leave null."""


def _terms(vetting_until: JSON, training_until: JSON) -> AccountTerms:
    texts = (str(vetting_until), str(training_until))
    terms = AccountTerms(*map(dt.date.fromisoformat, texts))
    if (terms.vetting_until.isoformat(), terms.training_until.isoformat()) != texts:
        raise TokenInvalid("a date is not of its form")
    return terms


def _bytes(value: JSON, length: int) -> bytes:
    raw = from_base64url(str(value))
    if len(raw) != length:
        raise TokenInvalid("a claim is not of its form")
    return raw
