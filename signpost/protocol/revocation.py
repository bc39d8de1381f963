"""The revocation list: what the index has taken back, signed, for holders to fetch (protocol.md D4).

A holder fetches it every 30 seconds and refuses everybody when its newest list is older than five minutes, or is older
than one it has already seen. It is a set of names of one length: a certificate's identifier, which is random, or a
digest of an organisation's account, so that whoever fetches the list reads nobody's name in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from signpost.protocol.credentials import Asker
from signpost.protocol.encoding import JSON, to_base64url
from signpost.protocol.keys import SigningKey, VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.tokens import IDENTIFIER_BYTES, TokenInvalid, read_identifier, read_token, sign_token

__all__ = ["FETCH_SECONDS", "MAX_AGE_SECONDS", "MOST_ENTRIES", "MOST_TAKEN_BACK", "RevocationList"]

REVOCATION_TYP: Final = "signpost-revocations+jwt"
FETCH_SECONDS: Final = 30
MAX_AGE_SECONDS: Final = 5 * 60
MOST_ENTRIES: Final = 300_000
"""What a list may hold and still be read by every holder: an entry takes 34 bytes of it."""
MOST_TAKEN_BACK: Final = 50_000
"""What an index's operator may take back of them; the rest is left to what accounts' own changes put there for a while.
"""
_LIMIT: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RevocationList:
    """The names of revoked certificates and accounts, as of `issued_at`."""

    issued_at: int
    names: frozenset[str]

    @classmethod
    def of(
        cls, issued_at: int, *, certificates: Iterable[str] = (), accounts: Iterable[tuple[str, str]] = ()
    ) -> RevocationList:
        """The list of these certificates' identifiers and these organisations' accounts."""
        return cls(issued_at, frozenset({*certificates, *(_account_name(*account) for account in accounts)}))

    def sign(self, key: SigningKey) -> str:
        """The list as a token, under the index's credential key."""
        claims: dict[str, JSON] = {"iat": self.issued_at, "revoked": sorted(self.names)}
        return sign_token(claims, typ=REVOCATION_TYP, key=key)

    @classmethod
    def read(cls, token: str, key: VerifyKey) -> RevocationList:
        """A list signed by the index.

        Raises:
            TokenInvalid: not such a list.
        """
        claims = read_token(token, typ=REVOCATION_TYP, key=key, limit=_LIMIT)
        revoked, issued_at = claims.get("revoked"), claims.get("iat")
        if len(claims) != 2 or type(issued_at) is not int or not isinstance(revoked, list):
            raise TokenInvalid("a claim is not of its form")
        return cls(issued_at, frozenset(read_identifier(name) for name in revoked))

    def refuse(self, asker: Asker) -> None:
        """Refuse a revoked asker.

        Raises:
            Problem: REVOKED.
        """
        named = (
            asker.certificate_identifier, asker.gateway_identifier, _account_name(asker.organisation, asker.account),
        )  # fmt: skip
        if not self.names.isdisjoint(name for name in named if name is not None):
            raise Problem(ProblemCode.REVOKED)


def _account_name(organisation: str, account: str) -> str:
    return to_base64url(digest(Label.REVOKED_ACCOUNT, organisation, account)[:IDENTIFIER_BYTES])
