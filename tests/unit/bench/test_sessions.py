"""The attacker finds what there is to find, and nothing where there is nothing."""

from __future__ import annotations

import random
import statistics

from tests.bench.sessions import Session, advantage


def sessions(*, longer: float = 1.0, telltale: bool = False) -> list[Session]:
    """Of which half are of a shielded child; its times are so many times as long, or one text is its own."""
    draw = random.Random(11)
    made = []
    for _ in range(400):
        shielded = draw.random() < 0.5
        times = tuple(draw.lognormvariate(-6, 0.3) * (longer if shielded else 1.0) for _ in range(3))
        made.append(Session(times, (200.0, 256.0, 7.0 if telltale and shielded else 3.0), shielded))
    return made


def test_who_cannot_know_is_as_often_right_as_wrong() -> None:
    assert abs(statistics.fmean(advantage(sessions()))) < 0.2


def test_longer_times_and_texts_of_ones_own_are_found() -> None:
    assert statistics.fmean(advantage(sessions(longer=1.4))) > 0.4
    assert statistics.fmean(advantage(sessions(telltale=True))) == 1.0
