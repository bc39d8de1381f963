"""An attacker who asks all there is to ask about a child, and learns from children of whom he knows what they are.

A session is an ordinary and a deep lookup, the same again, a call-back, what became of it, what came of it, and the
glass; of each step are kept the time, the status, the sizes, and which of all the texts seen so far it was, its receipt
and times left out. Half of the sessions teach a logistic regression; on the other half it says which child was
shielded. Its *advantage* is how much more often it is right than wrong: 0 is guessing, 1 is knowing. It must be
nothing: the bootstrapped 95 % interval includes 0.

As a control the same attacker learns from the same sessions with the lookups of the shielded made longer, by a fifth
of what their times vary: that he must find, else the run cannot tell.
"""

from __future__ import annotations

import math
import random
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    GlassRequest,
    LookupAgainRequest,
    OutcomeRequest,
)
from signpost.protocol.purposes import DeepReason, Urgency
from tests.bench.lone_index import LOOKUPS
from tests.bench.paired import bootstrapped
from tests.bench.plain_http import Line, Reply, at_once
from tests.bench.report import Table, Verdict
from tests.bench.shielded_children import Children, questioned
from tests.support.world import Device, device_purpose

__all__ = ["Session", "advantage", "attacked"]

_ONE_ASKER = 100
_ROUNDS = 200
_STEP = 0.5
_CHANGING = re.compile(rb'"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}"|\b\d{10}\b')


@dataclass(frozen=True, slots=True)
class Session:
    """What was seen, as numbers, times first; and what the child was."""

    times: tuple[float, ...]
    rest: tuple[float, ...]
    shielded: bool


def attacked(known: Children, *, sessions: int, draw: random.Random) -> Table:
    """So many sessions, about a shielded child or an absent one by the toss of a coin."""
    texts: dict[bytes, int] = {}
    found = []
    with Line.to(known.port) as line:
        asker = known.asker()
        for number in range(sessions):
            if number and number % _ONE_ASKER == 0:
                asker = known.asker()
            found.append(_session(known, line, asker, number, draw.random() < 0.5, texts))
    longer = _longer(found)
    rows = []
    for what, these in (("as it is", found), ("lookups of the shielded a fifth of their variation longer", longer)):
        right = advantage(these)
        low, high = bootstrapped(right, statistics.fmean, draw)
        rows.append((what, statistics.fmean(right), low, high))
    (_, _, low, high), (_, _, least, _) = rows
    verdict = Verdict.UNSURE if least <= 0 else Verdict.PASS if low <= 0 <= high else Verdict.MISS
    return Table(
        f"An attacker who learns from {sessions:,} sessions of all that can be asked about a child",
        ("", "advantage (95 %)", ""),
        [
            (what, f"{mean:+.3f} ({low:+.3f} to {high:+.3f})", verdict if not at else "")
            for at, (what, mean, low, high) in enumerate(rows)
        ],
        [f"{len(texts)} different texts were answered in all, receipts and times left out."],
    )


def advantage(sessions: Sequence[Session]) -> list[float]:
    """For each session of the second half, 1 where the classifier that the first half taught is right, else -1."""
    half = len(sessions) // 2
    numbers = _standardised([(*map(math.log, each.times), *each.rest) for each in sessions])
    weights = _taught(numbers[:half], [each.shielded for each in sessions[:half]])
    return [
        1.0 if (_sum(weights, row) > 0) == each.shielded else -1.0
        for row, each in zip(numbers[half:], sessions[half:], strict=True)
    ]


def _session(
    known: Children, line: Line, asker: Device, number: int, shielded: bool, texts: dict[bytes, int]
) -> Session:
    child = known.triple(number)[2 if shielded else 0]
    purpose = device_purpose(asker)
    times: list[float] = []
    rest: list[float] = []

    def step(path: str, message: BaseModel) -> Reply:
        seconds, (reply,) = at_once([line], [questioned(known, asker, path, message)])
        times.append(seconds)
        text = texts.setdefault(_CHANGING.sub(b"", reply.body), len(texts))
        rest.extend((reply.status, len(reply.head), len(reply.body), text))
        return reply

    step(LOOKUPS, known.lookup(asker, child, deep=DeepReason.NAME_UNSURE))
    receipt = re.findall(rb'"receipt":"([^"]*)"', step(LOOKUPS, known.lookup(asker, child)).body)[0].decode()
    step("/v1/lookups/again", LookupAgainRequest(receipt=receipt))
    step("/v1/contact/asks", ContactRequest(receipt=receipt, purpose=purpose, urgency=Urgency.NOW))
    step("/v1/contact/status", ContactStatusRequest(receipt=receipt))
    step("/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=False, new=False))
    step("/v1/contact/break-glass", GlassRequest(receipt=receipt, purpose=purpose))
    return Session(tuple(times), tuple(rest), shielded)


def _longer(sessions: Sequence[Session]) -> list[Session]:
    """The first two times of the shielded, made longer."""
    factors = [math.exp(0.2 * statistics.pstdev(math.log(each.times[at]) for each in sessions)) for at in (0, 1)]
    return [
        replace(each, times=(each.times[0] * factors[0], each.times[1] * factors[1], *each.times[2:]))
        if each.shielded
        else each
        for each in sessions
    ]


def _standardised(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Each column with mean 0 and deviation 1, cut off at 3; one that never varies is 0."""
    scaled = []
    for column in zip(*rows, strict=True):
        mean, deviation = statistics.fmean(column), statistics.pstdev(column) or 1.0
        scaled.append([max(-3.0, min(3.0, (value - mean) / deviation)) for value in column])
    return [list(row) for row in zip(*scaled, strict=True)]


def _taught(rows: Sequence[Sequence[float]], shielded: Sequence[bool]) -> list[float]:
    """Weights of a logistic regression, the constant last, by so many steps of gradient descent."""
    weights = [0.0] * (len(rows[0]) + 1)
    for _ in range(_ROUNDS):
        slope = [0.0] * len(weights)
        for row, is_so in zip(rows, shielded, strict=True):
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, _sum(weights, row))))) - is_so
            for at, value in enumerate(row):
                slope[at] += error * value
            slope[-1] += error
        weights = [weight - _STEP * each / len(rows) for weight, each in zip(weights, slope, strict=True)]
    return weights


def _sum(weights: Sequence[float], row: Sequence[float]) -> float:
    return math.fsum(map(float.__mul__, weights, (*row, 1.0)))
