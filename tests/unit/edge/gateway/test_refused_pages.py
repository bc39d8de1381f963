"""A refusal that a page passes on holds itself by nothing: it has the frames of a request, with what was typed."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from signpost.edge.gateway.pages import involvements, officers
from signpost.edge.gateway.pages.visit import Visit
from signpost.protocol.problems import Problem, ProblemCode

_NOBODY = cast(Visit, SimpleNamespace())


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """No collector comes by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "passes_on",
    [partial(officers.refused, _NOBODY, see="", path="/"), partial(involvements._not_done, _NOBODY)],
    ids=["of an officer's", "of one's own work"],
)
def test_a_refusal_that_is_passed_on_is_gone_with_whoever_caught_it(passes_on: Callable[[Problem], object]) -> None:
    def handles() -> None:
        try:
            raise Problem(ProblemCode.ROLE_REFUSED)
        except Problem as problem:
            passes_on(problem)

    with pytest.raises(Problem) as caught:
        handles()
    refusal = weakref.ref(caught.value)
    del caught

    assert refusal() is None
