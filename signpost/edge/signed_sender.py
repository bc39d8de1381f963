"""Signed requests from one device: every body it sends is serialised once, and signed each time it is sent (D4).

Sending the same body again, under a new signature, is how a lost acknowledgement is had again (protocol.md B4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar, final

from pydantic import BaseModel, ValidationError

from signpost.edge.failures import CouldNotCheck, Failure, failure_of
from signpost.edge.transport import Reply, Transport
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import ProblemCode
from signpost.protocol.signatures import NONCE_BYTES, sign_request
from signpost.service.clock import Clock, Randomness

__all__ = ["Identity", "SignedSender", "parsed", "problem_in", "refusal"]

_Model = TypeVar("_Model", bound=BaseModel)

_POINTER_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_/")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself with every request, and the key that signs it."""

    certificate: str
    credential: str
    key: SigningKey


@final
class SignedSender:
    """Sends bodies as one device."""

    def __init__(self, transport: Transport, identity: Identity, *, clock: Clock, randomness: Randomness) -> None:
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
        """
        headers = sign_request(
            method="POST",
            url=url + path,
            body=body,
            certificate=self._identity.certificate,
            credential=self._identity.credential,
            key=self._identity.key,
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
