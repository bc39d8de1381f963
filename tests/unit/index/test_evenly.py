"""Officers' answers take one time (signpost/index/evenly.py)."""

from __future__ import annotations

import asyncio

import pytest

from signpost.index.evenly import Evenly
from signpost.protocol.problems import Problem, ProblemCode


class Watch:
    """A clock that only work and sleep move."""

    def __init__(self) -> None:
        self.at = 100.0

    async def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.at += seconds


@pytest.mark.parametrize(("takes", "answered_after"), [(0.0, 0.5), (0.125, 0.5), (0.5, 0.5), (0.75, 0.75)])
@pytest.mark.parametrize("refused", [False, True])
def test_whatever_there_was_to_do_the_answer_comes_after_one_time(
    takes: float, answered_after: float, refused: bool
) -> None:
    watch = Watch()
    evenly = Evenly(0.5, time=lambda: watch.at, sleep=watch.sleep)

    async def work() -> str:
        watch.at += takes
        if refused:
            raise Problem(ProblemCode.SHIELD_UNKNOWN)
        return "done"

    if refused:
        with pytest.raises(Problem):
            asyncio.run(evenly(work()))
    else:
        assert asyncio.run(evenly(work())) == "done"
    assert watch.at == 100 + answered_after
