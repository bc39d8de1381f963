"""An answer is given again to the same request of the same session, for ten minutes; a refusal is not remembered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from signpost.edge.gateway.remembered import GivenAnswer, Remembered
from signpost.protocol.problems import Problem, ProblemCode

REQUEST = ("POST", "/api/v1/lookups", b"{}")


class Time:
    """Seconds, until a test moves them."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Answering:
    """Answers by counting."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> GivenAnswer:
        self.count += 1
        return GivenAnswer(200, str(self.count).encode())


def of(remembered: Remembered, answer: Callable[[], Awaitable[GivenAnswer]], key: str = "k") -> bytes:
    """What a request under a key is given."""
    return asyncio.run(remembered.answered(key, REQUEST, answer)).body


def test_it_is_forgotten_after_ten_minutes() -> None:
    time, answer = Time(), Answering()
    remembered = Remembered(elapsed=time, randomness=os.urandom)

    assert [of(remembered, answer) for _ in range(2)] == [b"1", b"1"]
    time.at = 599.0
    assert of(remembered, answer) == b"1"
    time.at = 600.0
    assert of(remembered, answer) == b"2"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_another_request_under_the_same_key_is_refused_and_not_answered(at: int) -> None:
    """Another method, address or body; also where the pieces only join to the same."""
    answer = Answering()
    remembered = Remembered(elapsed=Time(), randomness=os.urandom)
    of(remembered, answer)
    other = (*REQUEST[:at], b"x" if at == 2 else "x", *REQUEST[at + 1 :])

    with pytest.raises(Problem) as refused:
        asyncio.run(remembered.answered("k", other, answer))  # type: ignore[arg-type]

    assert refused.value.code is ProblemCode.IDEMPOTENCY_KEY_REUSED
    assert answer.count == 1


@pytest.mark.parametrize("error", [Problem(ProblemCode.BUDGET_USED), RuntimeError()])
def test_who_waits_is_told_of_a_failure_and_the_next_may_try(error: Exception) -> None:
    """Nobody waits for ever, and nothing of the failure is kept."""
    remembered, going = Remembered(elapsed=Time(), randomness=os.urandom), asyncio.Event()

    async def failing() -> GivenAnswer:
        await going.wait()
        raise error

    async def both() -> list[object]:
        tasks = [asyncio.create_task(remembered.answered("k", REQUEST, failing)) for _ in range(2)]
        await asyncio.sleep(0)
        going.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, second = asyncio.run(both())

    assert first is error
    assert isinstance(second, Problem)
    assert of(remembered, Answering()) == b"1"


def test_a_session_has_so_many_keys_and_no_more() -> None:
    answer = Answering()
    remembered = Remembered(elapsed=Time(), randomness=os.urandom)
    for number in range(200):
        of(remembered, answer, f"k-{number}")

    with pytest.raises(Problem) as refused:
        of(remembered, answer, "one more")
    assert refused.value.code is ProblemCode.OVERLOADED
    assert of(remembered, answer, "k-0") == b"1"


def test_a_request_that_was_forgotten_while_it_was_answered_ends_no_other() -> None:
    """The machine slept: the same request has come again, and is being answered, when the first of them fails."""
    time = Time()
    remembered = Remembered(elapsed=time, randomness=os.urandom)
    going, answer = asyncio.Event(), Answering()

    async def failing() -> GivenAnswer:
        await going.wait()
        raise Problem(ProblemCode.COULD_NOT_CHECK)

    async def both() -> list[GivenAnswer | BaseException]:
        first = asyncio.create_task(remembered.answered("k", REQUEST, failing))
        await asyncio.sleep(0)
        time.at = 601.0
        again = await remembered.answered("k", REQUEST, answer)
        going.set()
        return [*await asyncio.gather(first, return_exceptions=True), again]

    told, again = asyncio.run(both())

    assert isinstance(told, Problem)
    assert again == GivenAnswer(200, b"1")
    assert of(remembered, answer) == b"1"


def test_a_request_that_is_forgotten_and_then_fails_is_told_why() -> None:
    time = Time()
    remembered = Remembered(elapsed=time, randomness=os.urandom)

    async def failing() -> GivenAnswer:
        time.at = 601.0
        remembered.forget_old()
        raise Problem(ProblemCode.BUDGET_USED, retry_after=5)

    with pytest.raises(Problem) as refused:
        of(remembered, failing)
    assert (refused.value.code, refused.value.retry_after) == (ProblemCode.BUDGET_USED, 5)
