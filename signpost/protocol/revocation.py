"""The revocation list: what the index has taken back, signed, for holders to fetch (protocol.md D4).

A holder fetches it every 30 seconds and refuses everybody when its newest list is older than five minutes, or is older
than one it has already seen. An entry is a certificate's identifier or an account of an organisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signpost.protocol.credentials import Asker
from signpost.protocol.encoding import JSON
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tokens import TokenInvalid, read_token, sign_token

__all__ = ["FETCH_SECONDS", "MAX_AGE_SECONDS", "MOST_ENTRIES", "RevocationList"]

REVOCATION_TYP: Final = "signpost-revocations+jwt"
FETCH_SECONDS: Final = 30
MAX_AGE_SECONDS: Final = 5 * 60
MOST_ENTRIES: Final = 50_000
"""What a list may hold and still be read by every holder: an entry is at most 130 bytes."""
_LIMIT: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RevocationList:
    """Identifiers of revoked certificates, and revoked accounts as `organisation/account`, as of `issued_at`."""

    issued_at: int
    certificates: frozenset[str]
    accounts: frozenset[str]

    def sign(self, key: SigningKey) -> str:
        """The list as a token, under the index's credential key."""
        claims: dict[str, JSON] = {
            "accounts": sorted(self.accounts),
            "certificates": sorted(self.certificates),
            "iat": self.issued_at,
        }
        return sign_token(claims, typ=REVOCATION_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> RevocationList:
        """A list signed by the index.

        Raises:
            TokenInvalid: not such a list.
        """
        claims = read_token(token, typ=REVOCATION_TYP, key=key, limit=_LIMIT)
        accounts, certificates, issued_at = claims.get("accounts"), claims.get("certificates"), claims.get("iat")
        if len(claims) != 3 or type(issued_at) is not int:
            raise TokenInvalid("a claim is not of its form")
        return cls(issued_at, _texts(certificates), _texts(accounts))

    def refuse(self, asker: Asker) -> None:
        """Refuse a revoked asker.

        Raises:
            Problem: REVOKED.
        """
        if (
            asker.certificate_identifier in self.certificates
            or f"{asker.organisation}/{asker.account}" in self.accounts
        ):
            raise Problem(ProblemCode.REVOKED)


def _texts(value: JSON) -> frozenset[str]:
    if not isinstance(value, list):
        raise TokenInvalid("a claim is not of its form")
    texts = [text for text in value if isinstance(text, str)]
    if len(texts) != len(value):
        raise TokenInvalid("a claim is not of its form")
    return frozenset(texts)
