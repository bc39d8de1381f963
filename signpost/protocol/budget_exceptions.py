"""An exception to a budget, as an organisation asks for it: signed by its signing key (protocol.md D6).

It says for whom (one account, or the whole organisation), why, how many lookups more in each window of their meter (a
shift of the account, a day of the organisation), and for how long; nothing of any child. The organisation cannot grant
it: the index's operator, and each key holder's custodian, review the same document and approve it for their own meters,
within a day of its signing and once. Nobody approves what they ask for, since no organisation's key opens an operator's
or a custodian's socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.encoding import JSON, EncodingError, from_base64url, parse_canonical_json
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.tokens import (
    MAX_TOKEN_BYTES,
    TokenInvalid,
    read_identifier,
    read_seconds,
    read_token,
    sign_token,
)

__all__ = [
    "APPROVABLE_SECONDS", "MOST_FOR_AN_ACCOUNT", "MOST_FOR_AN_ORGANISATION", "BudgetException", "ExceptionReason",
    "Most",
]  # fmt: skip

APPROVABLE_SECONDS: Final = 24 * 60 * 60
"""How long after its signing it may be approved."""
_TYP: Final = "signpost-budget-exception+jwt"


class ExceptionReason(StrEnum):
    """Why more is asked for."""

    SIBLING_GROUP = "sibling-group"
    """A family of many, each of whom is looked up."""
    MAJOR_INCIDENT = "major-incident"
    """Many children at once."""
    MISSING_CHILD = "missing-child"
    """One child, looked up again and again."""


@dataclass(frozen=True, slots=True)
class Most:
    """What an exception may be at most."""

    lookups: int
    repeats: int
    hours: int


MOST_FOR_AN_ACCOUNT: Final = Most(lookups=500, repeats=50, hours=12)
"""So many more a shift, for as long as a shift: two windows at most."""
MOST_FOR_AN_ORGANISATION: Final = Most(lookups=20_000, repeats=0, hours=7 * 24)
"""So many more a day, for a week, for all its accounts together; each account's own budget stays what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetException:
    """One request. `lookups` more a shift (a day, for an organisation), and `repeats` more of them that share a tag,
    for so many hours from its approval. `account` is null where it is for the whole organisation.
    """

    organisation: OrganisationId
    account: AccountId | None
    reason: ExceptionReason
    lookups: int
    repeats: int
    hours: int
    issued_at: int
    identifier: str

    @property
    def within_bounds(self) -> bool:
        """Whether it asks for no more than may be."""
        most = MOST_FOR_AN_ORGANISATION if self.account is None else MOST_FOR_AN_ACCOUNT
        asked = 0 <= self.lookups <= most.lookups and 0 <= self.repeats <= most.repeats
        return asked and self.lookups + self.repeats > 0 and 1 <= self.hours <= most.hours

    def sign(self, key: SigningKey) -> str:
        """The request as a token, under the organisation's signing key."""
        claims: dict[str, JSON] = {
            "hours": self.hours, "iat": self.issued_at, "iss": self.organisation, "jti": self.identifier,
            "lookups": self.lookups, "reason": self.reason.value, "repeats": self.repeats, "sub": self.account,
        }  # fmt: skip
        return sign_token(claims, typ=_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> BudgetException:
        """A request signed by an organisation's key.

        Raises:
            TokenInvalid: not such a request, or one that asks for more than may be.
        """
        return cls._of(read_token(token, typ=_TYP, key=key))

    @classmethod
    def unverified(cls, token: str) -> BudgetException:
        """What a request says, whoever signed it: only to be shown to the person who is to decide, before the service
        that knows the organisation's key reads it.

        Raises:
            TokenInvalid: it says no such thing.
        """
        try:
            if len(token) > MAX_TOKEN_BYTES:
                raise TokenInvalid("too long")
            claims = parse_canonical_json(from_base64url(token.split(".")[1]))
        except (EncodingError, IndexError):
            raise TokenInvalid("not a token") from None
        if not isinstance(claims, dict):
            raise TokenInvalid("not a token")
        return cls._of(claims)

    @classmethod
    def _of(cls, claims: dict[str, JSON]) -> BudgetException:
        if set(claims) != _CLAIMS:
            raise TokenInvalid("a claim is missing or unknown")
        account = claims["sub"]
        if not valid_name(claims["iss"]) or not (account is None or valid_name(account)):
            raise TokenInvalid("a claim is not of its form")
        try:
            reason = ExceptionReason(str(claims["reason"]))
        except ValueError:
            raise TokenInvalid("a claim is not of its form") from None
        asked = cls(
            organisation=OrganisationId(str(claims["iss"])),
            account=None if account is None else AccountId(str(account)),
            reason=reason,
            lookups=_count(claims["lookups"]),
            repeats=_count(claims["repeats"]),
            hours=_count(claims["hours"]),
            issued_at=read_seconds(claims["iat"]),
            identifier=read_identifier(claims["jti"]),
        )
        if not asked.within_bounds:
            raise TokenInvalid("more than may be asked for")
        return asked


_CLAIMS: Final = frozenset({"hours", "iat", "iss", "jti", "lookups", "reason", "repeats", "sub"})


def _count(value: JSON) -> int:
    if type(value) is not int:
        raise TokenInvalid("a claim is not of its form")
    return value
