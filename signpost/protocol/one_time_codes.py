"""One-time codes: TOTP (RFC 6238) as every authenticator application speaks it: SHA-1, six digits, thirty seconds.

A code is taken for the step it is of and for one step before and after, since clocks differ; and none is taken that is
not later than the last one taken, so that a code which was seen over a shoulder is worth nothing (protocol.md D2).
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from signpost.protocol.keys import same
from signpost.protocol.secret import Secret

__all__ = ["CODE_DIGITS", "SECRET_BYTES", "STEP_SECONDS", "code_of", "enrolment_uri", "step_of", "typed_secret"]

SECRET_BYTES: Final = 20
"""RFC 4226 §4: as long as SHA-1's output."""
STEP_SECONDS: Final = 30
CODE_DIGITS: Final = 6
_AROUND: Final = (0, -1, 1)


def code_of(secret: Secret, step: int, *, digits: int = CODE_DIGITS) -> str:
    """The code of a step: RFC 4226's HOTP with the step as its counter."""
    # SHA-1: not for its strength, which HMAC does not need of it, but because authenticators ignore any other.
    return HOTP(secret.reveal(), digits, SHA1()).generate(step).decode("ascii")  # noqa: S303


def step_of(secret: Secret, code: str, *, now: int, after: int) -> int | None:
    """The step that a code is of, if it is a fresh one: `now` in epoch seconds, `after` the last step that was taken.

    Every step is compared, whichever fits, so that the time it takes tells nothing.
    """
    found: int | None = None
    for around in _AROUND:
        step = now // STEP_SECONDS + around
        if same(code_of(secret, step).encode(), code.encode()) and step > after:
            found = step
    return found


def typed_secret(secret: Secret) -> str:
    """The secret as it is typed into an authenticator that has no camera: base32 in groups of four."""
    text = base64.b32encode(secret.reveal()).decode("ascii")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def enrolment_uri(secret: Secret, *, account: str, organisation: str) -> str:
    """What the picture for an authenticator's camera says (otpauth, as authenticators agree on it)."""
    label = quote(f"Signpost:{account}@{organisation}")
    fields = {"secret": base64.b32encode(secret.reveal()).decode("ascii"), "issuer": "Signpost"}
    return f"otpauth://totp/{label}?{urlencode(fields)}"
