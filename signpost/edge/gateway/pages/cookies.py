"""Two cookies, and no third: the session's, and one for who is not signed in yet, so that their forms are theirs.

Both have the `__Host-` prefix (RFC 6265bis §4.1.3.2): Secure, of this host alone, for all its paths. No script reads
them, and no other site's page makes a browser send them. Each holds a random token of 256 bits and nothing else. A
session's token is drawn when somebody signs in: whatever stood in the cookie before is never taken for it.
"""

from __future__ import annotations

from typing import Final

from signpost.protocol.encoding import EncodingError, from_base64url

__all__ = ["BEFORE", "SESSION", "dropped", "given", "set_to"]

SESSION: Final = "__Host-signpost"
BEFORE: Final = "__Host-signpost-before"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
_TOKEN_BYTES: Final = 32


def given(header: str, name: str) -> str | None:
    """The token in a request's cookie of that name; null where there is none of its form, or more than one. What other
    applications of the same host or domain put into theirs is not looked at, whatever its form.
    """
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    found = [value for known, _, value in pairs if known == name]
    try:
        return found[0] if len(found) == 1 and len(from_base64url(found[0])) == _TOKEN_BYTES else None
    except EncodingError:
        return None


def set_to(name: str, token: str) -> str:
    """The header that gives a browser its token, until it is closed."""
    return f"{name}={token}; {_ATTRIBUTES}"


def dropped(name: str) -> str:
    """The header that takes it back."""
    return f"{name}=; Max-Age=0; {_ATTRIBUTES}"
