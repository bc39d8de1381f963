"""Whom a machine asks for: a pseudonym that the organisation makes of its own user's name (protocol.md D2).

A case-management system looks children up by one account, for many people. Each of its questions names one of them by
16 bytes: an HMAC of the name, under a key that is made of the organisation's reference key. So the index can count and
record by person and never sees a name; the organisation, and nobody else, can make the pseudonym of a name again, and
so tell whose it is. Whoever asks in their own name says `NOBODY`: the field is there, of one size, whoever asks.

The gateway is believed about whom it names. What bounds a machine is what it may ask in all.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Final

from signpost.protocol.encoding import EncodingError, from_base64url
from signpost.protocol.keys import keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = ["LONGEST_NAME", "NOBODY", "USER_BYTES", "named_in", "named_user", "users_key"]

USER_BYTES: Final = 16
NOBODY: Final = bytes(USER_BYTES)
"""Of whoever asks in their own name."""
LONGEST_NAME: Final = 128


def users_key(reference_key: Secret) -> Secret:
    """The key of an organisation's pseudonyms, 32 bytes: of its reference key, which it is no road back to."""
    return Secret(keyed_digest(reference_key, Label.USERS_KEY))


def named_user(key: Secret, name: str) -> bytes:
    """The pseudonym of a user's name, 16 bytes. A name is one however it is spelt in capitals, and whatever stands
    around it.

    Raises:
        ValueError: it is empty, longer than `LONGEST_NAME`, or holds what cannot be printed.
    """
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    if not 1 <= len(plain) <= LONGEST_NAME or not plain.isprintable():
        raise ValueError("not a user's name")
    return keyed_digest(key, Label.NAMED_USER, plain)[:USER_BYTES]


def named_in(body: bytes) -> bytes:
    """Whom a request's body names, before it is read by its model, which refuses what is not of its form; `NOBODY`
    where it names none.
    """
    try:
        found = json.loads(body)
        user = from_base64url(str(found["user"]))
    except (ValueError, KeyError, TypeError, EncodingError, RecursionError):
        return NOBODY
    return user if len(user) == USER_BYTES else NOBODY
