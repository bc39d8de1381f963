"""Answers that are given again when the same request comes again with the same `Idempotency-Key`: for ten minutes, to
the same session alone.

What is remembered of a request is a keyed digest, under a key that the session draws and never tells: with another body
the same key is refused, so that nobody is given the answer about another child. Of the answer its bytes are kept; no
answer names a child. A refusal is not remembered: what was refused may be asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, final

from signpost.protocol.keys import keyed_digest, same
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.secret import Secret
from signpost.service.clock import Randomness

__all__ = ["GivenAnswer", "Remembered"]

_SECONDS: Final = 600.0
_MOST: Final = 200
"""Keys of one session: one each three seconds."""


@dataclass(frozen=True, slots=True, repr=False)
class GivenAnswer:
    """An answer as it was given."""

    status: int
    body: bytes


@dataclass(slots=True, repr=False)
class _Asked:
    request: bytes
    outcome: asyncio.Future[GivenAnswer | Problem]
    at: float


@final
class Remembered:
    """Of one session."""

    def __init__(self, *, elapsed: Callable[[], float], randomness: Randomness, most: int = _MOST) -> None:
        self._elapsed = elapsed
        self._secret = Secret(randomness(32))
        self._asked: dict[str, _Asked] = {}
        self._most = most

    async def answered(
        self, key: str, request: tuple[str, str, bytes], answer: Callable[[], Awaitable[GivenAnswer]]
    ) -> GivenAnswer:
        """What `answer` gives, once: the same request under the same key is given it again. `request` is the method,
        the path and the body. Who comes while it is being answered waits for the same answer.

        Raises:
            Problem: IDEMPOTENCY_KEY_REUSED; OVERLOADED; or what `answer` raises.
        """
        self.forget_old()
        named = keyed_digest(self._secret, Label.GATEWAY_REQUEST, *request)
        known = self._asked.get(key)
        if known is not None:
            if not same(known.request, named):
                raise Problem(ProblemCode.IDEMPOTENCY_KEY_REUSED)
            outcome = await asyncio.shield(known.outcome)
            if isinstance(outcome, Problem):
                raise _like(outcome)
            return outcome
        if len(self._asked) >= self._most:
            raise Problem(ProblemCode.OVERLOADED)
        asked = _Asked(named, asyncio.get_running_loop().create_future(), self._elapsed())
        self._asked[key] = asked
        try:
            given = await answer()
        except BaseException as error:
            # Unless it was forgotten meanwhile (the machine slept), and the key is another request's by now.
            if self._asked.get(key) is asked:
                del self._asked[key]
            asked.outcome.set_result(_like(error))
            raise
        asked.outcome.set_result(given)
        return given

    def forget_old(self) -> None:
        """Forget what is older than ten minutes."""
        since = self._elapsed() - _SECONDS
        self._asked = {key: each for key, each in self._asked.items() if each.at > since}


def _like(error: BaseException) -> Problem:
    """The same refusal, unraised. The traceback of one that was raised has every frame of the request, with its body,
    and one of those frames has the future: what holds itself stays until the garbage collector comes by.
    """
    if isinstance(error, Problem):
        return Problem(error.code, retry_after=error.retry_after, pointers=error.pointers)
    return Problem(ProblemCode.COULD_NOT_CHECK)
