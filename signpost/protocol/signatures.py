"""Signed requests: RFC 9421 message signatures with RFC 9530 Content-Digest (protocol.md D4).

Every request is signed by the device key and covers the method, the whole target address, the body's digest and type,
and both credentials; `created` and `nonce` stand among the signed parameters. What may follow what: the chain of D2
says which device key to expect; the signature must be of that key; then the caller spends the nonce, once, in its own
transaction. A request is fresh for `WINDOW_SECONDS`; a nonce must be remembered that long, and `MAX_SKEW_SECONDS` more.

The library reads a clock of its own when it verifies; its check is replaced here by one against the caller's `now`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.problems import Problem, ProblemCode

__all__ = [
    "CERTIFICATE_HEADER",
    "CREDENTIAL_HEADER",
    "MAX_SKEW_SECONDS",
    "NONCE_BYTES",
    "WINDOW_SECONDS",
    "PresentedRequest",
    "Signature",
    "sign_request",
    "sign_sign_in",
    "verify_request",
    "verify_sign_in",
]  # fmt: skip

CERTIFICATE_HEADER: Final = "signpost-enrolment"
CREDENTIAL_HEADER: Final = "signpost-credential"
WINDOW_SECONDS: Final = 60
"""How old a signature may be: long enough for a slow line, short enough to keep few nonces."""
MAX_SKEW_SECONDS: Final = 5
NONCE_BYTES: Final = 16
_TAG: Final = "signpost/v1"
_SIGN_IN_TAG: Final = "signpost/v1/sign-in"
"""A request to sign in carries no credentials yet. Its signature is of its own kind and opens nothing else."""
_LABEL: Final = "sig1"
_COVERED: Final = (
    "@method",
    "@target-uri",
    "content-digest",
    "content-type",
    CERTIFICATE_HEADER,
    CREDENTIAL_HEADER,
)
_COVERED_AT_SIGN_IN: Final = _COVERED[:4]
_NONCE_TEXT: Final = 22


@dataclass(frozen=True, slots=True)
class PresentedRequest:
    """A request as it arrived. `headers` has lower-case names; `url` is this service's own idea of its address."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """What the caller must still spend: the nonce, and until when it has to be remembered (epoch seconds)."""

    nonce: str
    remember_until: int


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _OneKey(HTTPSignatureKeyResolver):
    """Gives the one key that must have signed, and no other, whatever `keyid` a request names."""

    thumbprint: str
    public: Any = None
    private: Any = None

    def resolve_public_key(self, key_id: str) -> Any:
        return self.public if key_id == self.thumbprint else None

    def resolve_private_key(self, key_id: str) -> Any:
        return self.private


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its clock: freshness is checked against the caller's `now`."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Nothing: `verify_request` checks `created` itself."""


def sign_request(
    *, method: str, url: str, body: bytes, certificate: str, credential: str, key: SigningKey, created: int, nonce: str
) -> dict[str, str]:
    """The headers that make a signed request of a method, an absolute address and a JSON body.

    `nonce` is 16 random bytes in base64url; `created` is in epoch seconds.
    """
    message = _Message(
        method,
        url,
        {"content-type": "application/json", CERTIFICATE_HEADER: certificate, CREDENTIAL_HEADER: credential},
    )
    return _signed(message, body, key=key, created=created, nonce=nonce, tag=_TAG, covered=_COVERED)


def sign_sign_in(*, url: str, body: bytes, key: SigningKey, created: int, nonce: str) -> dict[str, str]:
    """The headers of a POST to sign in, by the device key alone. Arguments as in `sign_request`."""
    message = _Message("POST", url, {"content-type": "application/json"})
    return _signed(message, body, key=key, created=created, nonce=nonce, tag=_SIGN_IN_TAG, covered=_COVERED_AT_SIGN_IN)


def _signed(
    message: _Message, body: bytes, *, key: SigningKey, created: int, nonce: str, tag: str, covered: tuple[str, ...]
) -> dict[str, str]:
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=_OneKey(key.verify_key.thumbprint(), private=key.primitive),
    )
    signer.sign(
        message,
        key_id=key.verify_key.thumbprint(),
        created=dt.datetime.fromtimestamp(created, tz=dt.UTC),
        nonce=nonce,
        label=_LABEL,
        tag=tag,
        covered_component_ids=covered,
        body=body,
        use_existing_digest=True,
    )
    return message.headers


def verify_request(request: PresentedRequest, *, device: VerifyKey, now: int) -> Signature:
    """Check that the device key signed exactly this request, and lately.

    Raises:
        Problem: SIGNATURE_MISSING, SIGNATURE_INVALID or SIGNATURE_STALE.
    """
    return _verified(request, device=device, now=now, tag=_TAG, covered=_COVERED)


def verify_sign_in(request: PresentedRequest, *, device: VerifyKey, now: int) -> Signature:
    """Check that the device key signed exactly this request to sign in, and lately.

    Raises:
        Problem: SIGNATURE_MISSING, SIGNATURE_INVALID or SIGNATURE_STALE.
    """
    return _verified(request, device=device, now=now, tag=_SIGN_IN_TAG, covered=_COVERED_AT_SIGN_IN)


def _verified(
    request: PresentedRequest, *, device: VerifyKey, now: int, tag: str, covered: tuple[str, ...]
) -> Signature:
    headers = {
        name: request.headers[name]
        for name in (*covered[2:], "signature", "signature-input")
        if name in request.headers
    }
    if "signature" not in headers or "signature-input" not in headers:
        raise Problem(ProblemCode.SIGNATURE_MISSING)
    verifier = _Verifier(
        signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(device.thumbprint(), public=device.primitive)
    )
    try:
        results = verifier.verify(
            _Message(request.method, request.url, headers),
            max_age=None,
            expect_tag=tag,
            require_components=covered,
            body=request.body,
        )
    except (InvalidSignature, HTTPMessageSignaturesException):
        raise Problem(ProblemCode.SIGNATURE_INVALID) from None
    if len(results) != 1:
        raise Problem(ProblemCode.SIGNATURE_INVALID)
    created, nonce = results[0].parameters.get("created"), results[0].nonce
    if type(created) is not int or nonce is None or len(nonce) != _NONCE_TEXT:
        raise Problem(ProblemCode.SIGNATURE_INVALID)
    if not now - WINDOW_SECONDS <= created <= now + MAX_SKEW_SECONDS:
        raise Problem(ProblemCode.SIGNATURE_STALE)
    return Signature(nonce, created + WINDOW_SECONDS + MAX_SKEW_SECONDS)
