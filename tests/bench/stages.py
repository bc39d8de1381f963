"""What the group arithmetic of one lookup costs, stage by stage, against the libsodium operations it cannot avoid.

In one process, without HTTP, signatures or a database: `lookups.py` measures those. Each stage is what the edge or a
holder calls, from bytes to bytes: points are parsed and checked, as whatever arrives from outside is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from signpost.edge.evaluations import BlindedBatch, Evaluation, combined
from signpost.edge.slots import Slot, lookup_slots
from signpost.protocol.classes import Use
from signpost.protocol.oprf import SUITE, Proof
from signpost.protocol.secret import Secret
from signpost.protocol.tags import join_points, parse_points
from signpost.protocol.threshold import random_scalar
from tests.bench.floor import Floor, Operations, blinding, combining, evaluating, verifying
from tests.bench.report import Comparison, Table
from tests.bench.sampling import cpu_seconds, in_turns
from tests.support.ceremony import Holders, make_holders

__all__ = ["AIM", "THRESHOLD", "Stage", "measure", "stages"]

AIM = 1.3
"""The most that a stage should cost, as a multiple of its floor."""
THRESHOLD = 2
"""Holders that a lookup needs, of three."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who does what, and the least it can cost."""

    party: Literal["edge", "holder"]
    what: str
    work: Callable[[], object]
    operations: Operations


def stages() -> list[Stage]:
    """The stages of a lookup of 12 points with two of three holders."""
    holders = make_holders(3, THRESHOLD)
    slots = lookup_slots([], seed=Secret(os.urandom(32)))
    batch = BlindedBatch.blind(Use.LOOKUP, slots, os.urandom)
    sent = batch.encoding()
    answers = [_answer(holders, number, sent) for number in range(1, THRESHOLD + 1)]
    evaluations = [
        Evaluation(number, tuple(parse_points(values)), "") for number, (values, _) in enumerate(answers, start=1)
    ]
    points = len(slots)
    return [
        Stage("edge", "edge: blind", lambda: _blind(slots), blinding(points)),
        Stage("holder", "each holder: evaluate and prove", lambda: _answer(holders, 1, sent), evaluating(points)),
        Stage(
            "edge",
            "edge: verify, two holders",
            lambda: _verify(holders, batch, answers),
            verifying(points) * THRESHOLD,
        ),
        Stage("edge", "edge: combine", lambda: combined(batch, evaluations), combining(points, THRESHOLD)),
    ]


def measure(*, rounds: int) -> Table:
    """Each stage against its floor, in turns."""
    floor = Floor()
    comparisons = [_compared(stage, floor, rounds=rounds) for stage in stages()]
    return Table.of(
        "Group arithmetic of one lookup of 12 points, processor time against libsodium alone",
        comparisons,
        against="libsodium",
    )


def _compared(stage: Stage, floor: Floor, *, rounds: int) -> Comparison:
    def ours() -> dict[str, float]:
        return {"ours": cpu_seconds(stage.work)}

    def least() -> dict[str, float]:
        return {"least": cpu_seconds(lambda: floor.run(stage.operations))}

    stage.work()
    found = in_turns([ours, least], rounds=rounds)
    return Comparison(stage.what, found["ours"], found["least"], AIM)


def _blind(slots: list[Slot]) -> bytes:
    return BlindedBatch.blind(Use.LOOKUP, slots, os.urandom).encoding()


def _answer(holders: Holders, number: int, sent: bytes) -> tuple[bytes, bytes]:
    points = parse_points(sent)
    share, entry = holders.shares[number - 1], holders.manifest.holders[number - 1]
    values = SUITE.evaluate(share, points)
    proof = SUITE.prove(
        key=share, public_key=entry.public_key, blinded=points, evaluated=values, nonce=random_scalar(os.urandom)
    )
    return join_points(values), proof.encoding()


def _verify(holders: Holders, batch: BlindedBatch, answers: list[tuple[bytes, bytes]]) -> None:
    for entry, (values, proof) in zip(holders.manifest.holders, answers, strict=False):
        SUITE.verify(
            public_key=entry.public_key,
            blinded=batch.points,
            evaluated=parse_points(values),
            proof=Proof.parse(proof),
        )
