"""Signed requests from one device: every body it sends is serialised once, and signed each time it is sent (D4).

Sending the same body again, under a new signature, is how a lost acknowledgement is had again (protocol.md B4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, final

from pydantic import BaseModel, ValidationError

from signpost.edge.failures import CouldNotCheck, Failure, failure_of
from signpost.edge.transport import Reply, Transport
from signpost.protocol.encoding import EncodingError, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import ProblemCode
from signpost.protocol.signatures import NONCE_BYTES, sign_request
from signpost.service.clock import Clock, Randomness

__all__ = ["Identity", "SignedSender", "Signer", "expiry_of", "parsed", "problem_in", "refusal"]

_Model = TypeVar("_Model", bound=BaseModel)

_POINTER_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_/")


class Signer(Protocol):
    """Signs requests as one device, for as long as its shift lasts. Moments are epoch seconds; null: not known."""

    @property
    def certificate_expires_at(self) -> int | None:
        """When the enrolment runs out."""

    @property
    def credential_expires_at(self) -> int | None:
        """When the shift is over."""

    def headers(self, *, base: str, path: str, body: bytes, created: int, nonce: str) -> dict[str, str]:
        """The headers of a signed POST.

        Raises:
            SignIn: nobody is signed in any more.
        """


@dataclass(frozen=True, slots=True)
class Identity:
    """A machine's: both statements and the key, from its own files."""

    certificate: str
    credential: str
    key: SigningKey

    @property
    def certificate_expires_at(self) -> int | None:
        """When the enrolment runs out."""
        return expiry_of(self.certificate)

    @property
    def credential_expires_at(self) -> int | None:
        """When the shift is over."""
        return expiry_of(self.credential)

    def headers(self, *, base: str, path: str, body: bytes, created: int, nonce: str) -> dict[str, str]:
        """The headers of a signed POST."""
        return sign_request(
            method="POST",
            url=base + path,
            body=body,
            certificate=self.certificate,
            credential=self.credential,
            key=self.key,
            created=created,
            nonce=nonce,
        )


def expiry_of(token: str) -> int | None:
    """When a certificate or credential says that it runs out, in epoch seconds. Not verified: to tell people only."""
    try:
        claims = parse_canonical_json(from_base64url(token.split(".")[1]))
    except (EncodingError, IndexError):
        return None
    expires_at = claims.get("exp") if isinstance(claims, dict) else None
    return expires_at if type(expires_at) is int else None


@final
class SignedSender:
    """Sends bodies as one device."""

    def __init__(self, transport: Transport, identity: Signer, *, clock: Clock, randomness: Randomness) -> None:
        self._transport = transport
        self._identity = identity
        self._clock = clock
        self._randomness = randomness

    def now(self) -> int:
        """What the time is here, in epoch seconds."""
        return self._clock.now()

    async def post(self, url: str, path: str, body: bytes, *, seconds: float) -> Reply:
        """Sign a JSON body for this address, and send it.

        Raises:
            NoReply: there was no answer.
            SignIn: nobody is signed in any more.
        """
        headers = self._identity.headers(
            base=url,
            path=path,
            body=body,
            created=self._clock.now(),
            nonce=to_base64url(self._randomness(NONCE_BYTES)),
        )
        return await self._transport.post(url, path, headers=headers, body=body, seconds=seconds)


def parsed(reply: Reply, model: type[_Model], *, status: int) -> _Model:
    """The answer as its model.

    Raises:
        Failure: the service refused; or (CouldNotCheck) it answered something else than the protocol has.
    """
    if reply.status != status:
        raise refusal(reply)
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        raise CouldNotCheck("A service's answer is not of its form.", hint="signpost doctor") from None


def refusal(reply: Reply) -> Failure:
    """The failure that an answer of another status means."""
    code, pointers = problem_in(reply.body)
    if code is None and reply.status >= 500:
        code = ProblemCode.INTERNAL
    return failure_of(code, pointers=pointers)


class _Place(BaseModel):
    pointer: str


class _ProblemBody(BaseModel):
    code: str
    errors: tuple[_Place, ...] = ()


def problem_in(body: bytes) -> tuple[ProblemCode | None, tuple[str, ...]]:
    """The code of a problem document, and the places it names; only what our own catalogue and fields can hold."""
    try:
        problem = _ProblemBody.model_validate_json(body)
        code = ProblemCode(problem.code)
    except (ValidationError, ValueError):
        return None, ()
    pointers = (place.pointer for place in problem.errors)
    return code, tuple(pointer for pointer in pointers if _POINTER_CHARACTERS.issuperset(pointer))
