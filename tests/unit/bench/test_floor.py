"""The floor counts what the code calls: no operation more, which would flatter us, and none less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from signpost.protocol import group
from tests.bench.floor import Floor, Operations, blinding, combining, evaluating, library, verifying
from tests.bench.stages import Stage, stages

_NAMES = {
    "_multiply": "multiplications",
    "_base_multiply": "base_multiplications",
    "_add": "additions",
    "_from_hash": "maps",
}
_SYMBOLS = {
    "crypto_scalarmult_ristretto255": "multiplications",
    "crypto_scalarmult_ristretto255_base": "base_multiplications",
    "crypto_core_ristretto255_add": "additions",
    "crypto_core_ristretto255_from_hash": "maps",
}


def _counting(owner: object, names: dict[str, str], patch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., int]) -> Callable[..., int]:
        def call(*arguments: object) -> int:
            counts[name] += 1
            return function(*arguments)

        return call

    for name, counted_as in names.items():
        patch.setattr(owner, name, counted(counted_as, getattr(owner, name)))
    return counts


def _operations(counts: Counter[str]) -> Operations:
    return Operations(**counts)


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.what)
def test_a_stage_calls_exactly_the_operations_of_its_floor(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = _counting(group, _NAMES, monkeypatch)

    stage.work()

    assert _operations(counts) == stage.operations


def test_the_floor_runs_the_operations_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor()
    counts = _counting(library, _SYMBOLS, monkeypatch)

    floor.run(Operations(multiplications=5, base_multiplications=2, additions=3, maps=4))

    assert _operations(counts) == Operations(5, 2, 3, 4)


def test_the_operations_of_a_lookup_are_those_of_the_protocol() -> None:
    """12 points, two of three holders: what protocol.md B3 to B7 needs, counted by hand."""
    assert blinding(12) == Operations(multiplications=12, maps=12)
    assert evaluating(12) == Operations(multiplications=26, base_multiplications=1, additions=11)
    assert verifying(12) == Operations(multiplications=27, base_multiplications=1, additions=24)
    assert combining(12, 2) == Operations(multiplications=24, additions=12)

    edge = Operations()
    for stage in stages():
        if stage.party == "edge":
            edge += stage.operations
    assert edge == Operations(multiplications=90, base_multiplications=2, additions=60, maps=12)
