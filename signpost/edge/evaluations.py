"""From match inputs to tags, between what is sent to the key holders and what comes back (protocol.md B3 to B7). Pure.

What may follow what: inputs are blinded into a batch; a holder's answer is an `UnverifiedEvaluation`, and its one use
is `verify`, which makes an `Evaluation`; t of those, of different holders, combine into tags. No unproved value is ever
unblinded, and no receipt is passed on that was not checked: a false one would only be found out at the index, where it
could not be told whose fault it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from signpost.edge.slots import Slot
from signpost.protocol.classes import Place, Use
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.group import Element, InvalidElement, Scalar
from signpost.protocol.manifest import HolderEntry, Manifest
from signpost.protocol.messages import EvaluationResponse
from signpost.protocol.oprf import SUITE, Proof, ProofFailed, blind
from signpost.protocol.receipts import EvaluationReceipt, batch_hash, lifetime
from signpost.protocol.signatures import WINDOW_SECONDS
from signpost.protocol.tags import BlindedPoint, Tag, combine, join_points, parse_points
from signpost.protocol.threshold import Randomness, lagrange_at_zero, random_scalar
from signpost.protocol.tokens import TokenInvalid

__all__ = [
    "BlindedBatch",
    "ClassedTag",
    "Evaluation",
    "FalseAnswer",
    "Falsehood",
    "UnverifiedEvaluation",
    "combined",
]


_CLOCKS_AGREE_SECONDS: Final = 2 * WINDOW_SECONDS


class Falsehood(StrEnum):
    """What is false in a holder's answer, in words for a person."""

    ANOTHER_KEY = "it answered for another holder, epoch or generation"
    POINTS = "it answered with values that are not group elements, or too few"
    PROOF = "its proof does not verify"
    RECEIPT = "its receipt is not for what was asked"


class FalseAnswer(Exception):
    """A key holder answered with something that is not so."""

    def __init__(self, falsehood: Falsehood) -> None:
        super().__init__(falsehood.value)
        self.falsehood = falsehood


@dataclass(frozen=True, slots=True)
class ClassedTag:
    """A tag with the class and tier that the index is told of it."""

    place: Place
    tag: Tag


@dataclass(frozen=True, slots=True, repr=False)
class BlindedBatch:
    """Blinded points in the order they are sent, with the factors that unblind them and the places they fill."""

    use: Use
    points: tuple[BlindedPoint, ...]
    factors: tuple[Scalar, ...]
    places: tuple[Place, ...]

    @classmethod
    def blind(cls, use: Use, slots: Sequence[Slot], randomness: Randomness) -> Self:
        """B = r · H2C(x) for each slot, under a fresh factor each (B3)."""
        factors = tuple(random_scalar(randomness) for _ in slots)
        points = tuple(
            BlindedPoint(blind(SUITE.hash_to_group(slot.x), factor))
            for slot, factor in zip(slots, factors, strict=True)
        )
        return cls(use, points, factors, tuple(slot.place for slot in slots))

    def encoding(self) -> bytes:
        """The points as they travel: 32 bytes each, in order."""
        return join_points(list(self.points))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One holder's proved values for a batch, in its order, and its checked receipt."""

    holder: int
    values: tuple[Element, ...] = field(repr=False)
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedEvaluation:
    """What a holder answered, beside what it was asked."""

    asked: HolderEntry
    batch: BlindedBatch
    response: EvaluationResponse

    def verify(self, manifest: Manifest, *, organisation: OrganisationId, account: AccountId, now: int) -> Evaluation:
        """B6: the proof against PK_i of the pinned manifest, and the receipt against the holder's signing key.

        Raises:
            FalseAnswer: anything in the answer is not so.
        """
        response = self.response
        if (response.holder, response.epoch, response.generation) != (
            self.asked.number,
            manifest.epoch,
            manifest.generation,
        ):
            raise FalseAnswer(Falsehood.ANOTHER_KEY)
        values = self._proved_values()
        self._check_receipt(manifest, organisation=organisation, account=account, now=now)
        return Evaluation(self.asked.number, values, response.receipt)

    def _proved_values(self) -> tuple[Element, ...]:
        try:
            values = parse_points(self.response.evaluations)
        except InvalidElement:
            raise FalseAnswer(Falsehood.POINTS) from None
        if len(values) != len(self.batch.points):
            raise FalseAnswer(Falsehood.POINTS)
        try:
            SUITE.verify(
                public_key=self.asked.public_key,
                blinded=self.batch.points,
                evaluated=values,
                proof=Proof.parse(self.response.proof),
            )
        except ProofFailed:
            raise FalseAnswer(Falsehood.PROOF) from None
        return tuple(values)

    def _check_receipt(self, manifest: Manifest, *, organisation: OrganisationId, account: AccountId, now: int) -> None:
        try:
            receipt = EvaluationReceipt.read(self.response.receipt, self.asked.signing_key)
        except TokenInvalid:
            raise FalseAnswer(Falsehood.RECEIPT) from None
        says = (
            receipt.holder,
            receipt.organisation,
            receipt.account,
            receipt.use,
            receipt.points,
            receipt.batch,
            receipt.epoch,
        )
        so = (
            self.asked.number,
            organisation,
            account,
            self.batch.use,
            len(self.batch.points),
            batch_hash(self.batch.encoding()),
            manifest.epoch,
        )
        # The holder has just taken our signature as fresh, so our clocks agree to within that and the answer's time.
        fresh = abs(receipt.issued_at - now) <= _CLOCKS_AGREE_SECONDS
        whole = receipt.expires_at == receipt.issued_at + lifetime(self.batch.use)
        if says != so or not fresh or not whole:
            raise FalseAnswer(Falsehood.RECEIPT)


def combined(batch: BlindedBatch, evaluations: Sequence[Evaluation]) -> tuple[ClassedTag, ...]:
    """B7: Y = Σ (λ_i · r⁻¹) · Z_i for every point of a batch, from t holders' evaluations of it."""
    at_zero = lagrange_at_zero(evaluation.holder for evaluation in evaluations)
    coefficients = [at_zero[evaluation.holder] for evaluation in evaluations]
    tags = combine(coefficients, batch.factors, [evaluation.values for evaluation in evaluations])
    return tuple(ClassedTag(place, tag) for place, tag in zip(batch.places, tags, strict=True))
