"""Asking the key holders: t of n at once, and others in their place when one fails (protocol.md B4 to B6).

* Which t is drawn at random for each batch, so that every holder's budget is used alike; one that failed lately comes
  last.
* One that refuses, cannot be reached, or answers falsely is replaced at once. One that is merely slow is not waited for
  alone: after a delay another is asked as well, and the first t good answers count.
* What went wrong with whom is kept by number and reason (`HolderFault`). A false answer names its holder.
* When fewer than t answer, the reason that so many share that no others could make up t is what failed; else it could
  not be checked.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar, final

from signpost.edge.evaluations import BlindedBatch, Evaluation, FalseAnswer, UnverifiedEvaluation
from signpost.edge.failures import BudgetUsed, CouldNotCheck, Failure, InvalidRequest, Refused, SignIn
from signpost.edge.signed_sender import SignedSender, parsed
from signpost.edge.transport import NoReply
from signpost.protocol.classes import Use
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.manifest import HolderEntry, Manifest
from signpost.protocol.messages import EvaluationRequest, EvaluationResponse
from signpost.service.clock import Clock, Randomness

__all__ = ["Compute", "HolderFault", "Holders", "OnFault", "Patience", "Quorum"]

_Result = TypeVar("_Result")

EVALUATIONS: Final = "/v1/evaluations"
_UNWELL_SECONDS: Final = 30
"""How long one that failed is asked last: a feed does not pay for its silence with every batch."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one holder before another is asked as well, and before it is given up, in seconds."""

    before_another: float
    in_all: float


_PATIENCE: Final[Mapping[Use, Patience]] = MappingProxyType(
    {
        # Somebody stands beside the child.
        Use.LOOKUP: Patience(1.0, 5.0),
        Use.DEEP: Patience(1.0, 5.0),
        Use.OFFICER: Patience(1.0, 5.0),
        # 252 points are about 40 ms of a holder's time, and others' batches may be before ours.
        Use.REGISTER: Patience(5.0, 30.0),
    }
)


class Compute(Protocol):
    """Runs group arithmetic, so that it holds nothing else up."""

    def __call__(self, work: Callable[[], _Result], *, points: int) -> Coroutine[Any, Any, _Result]:
        """The result of `work`, which handles so many points."""


@dataclass(frozen=True, slots=True)
class HolderFault:
    """What went wrong with one holder. `false` when it answered with something that is not so."""

    holder: int
    why: str
    false: bool = False
    failure: Failure | None = None

    def __str__(self) -> str:
        return f"key holder {self.holder}: {self.why}"


OnFault = Callable[[HolderFault], None]
"""Is told of a holder that did not do its part, though enough others did."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """t verified evaluations of one batch, and what went wrong on the way."""

    evaluations: tuple[Evaluation, ...]
    faults: tuple[HolderFault, ...]

    @property
    def receipts(self) -> tuple[str, ...]:
        """The receipts of exactly the holders whose values are used (C2)."""
        return tuple(evaluation.receipt for evaluation in self.evaluations)


@final
class Holders:
    """The key holders of one manifest, as one desk asks them."""

    def __init__(
        self,
        manifest: Manifest,
        sender: SignedSender,
        *,
        organisation: OrganisationId,
        account: AccountId,
        clock: Clock,
        randomness: Randomness,
        compute: Compute,
        patience: Mapping[Use, Patience] = _PATIENCE,
    ) -> None:
        self._manifest = manifest
        self._sender = sender
        self._organisation = organisation
        self._account = account
        self._clock = clock
        self._randomness = randomness
        self._compute = compute
        self._patience = patience
        self._unwell_until: dict[int, float] = {}

    async def evaluate(self, batch: BlindedBatch) -> Quorum:
        """t holders' verified evaluations of a batch.

        Raises:
            BudgetUsed, SignIn, Refused, InvalidRequest: so many holders refused for it that no t are left.
            CouldNotCheck: fewer than t answered truly, for whatever other reasons.
        """
        asking = _Asking(self, batch, self._patience[batch.use])
        try:
            return await asking.run(deque(self._order()))
        finally:
            await asking.end()

    def _order(self) -> list[HolderEntry]:
        now = asyncio.get_running_loop().time()
        drawn = {holder.number: self._randomness(8) for holder in self._manifest.holders}
        return sorted(
            self._manifest.holders,
            key=lambda holder: (self._unwell_until.get(holder.number, 0.0) > now, drawn[holder.number]),
        )

    def unwell(self, holder: int) -> None:
        """Ask this one last for a while."""
        self._unwell_until[holder] = asyncio.get_running_loop().time() + _UNWELL_SECONDS

    @property
    def threshold(self) -> int:
        """How many must answer."""
        return self._manifest.threshold

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._manifest.holders)

    async def ask(self, holder: HolderEntry, batch: BlindedBatch, body: bytes, *, seconds: float) -> Evaluation:
        """One holder's verified evaluation.

        Raises:
            NoReply: there was no answer.
            Failure: it refused, or answered something else than the protocol has.
            FalseAnswer: what it answered is not so.
        """
        reply = await self._sender.post(holder.url, EVALUATIONS, body, seconds=seconds)
        answered = UnverifiedEvaluation(holder, batch, parsed(reply, EvaluationResponse, status=200))
        return await self._compute(
            lambda: answered.verify(
                self._manifest, organisation=self._organisation, account=self._account, now=self._clock.now()
            ),
            points=len(batch.points),
        )

    def body(self, batch: BlindedBatch) -> bytes:
        """The request of B4, the same bytes for every holder."""
        request = EvaluationRequest(
            epoch=self._manifest.epoch, generation=self._manifest.generation, kind=batch.use, points=batch.encoding()
        )
        return request.model_dump_json().encode()


@dataclass(slots=True)
class _Asking:
    """One batch on its way."""

    holders: Holders
    batch: BlindedBatch
    patience: Patience
    waiting: dict[asyncio.Task[Evaluation], HolderEntry] = field(default_factory=dict)
    good: list[Evaluation] = field(default_factory=list)
    faults: list[HolderFault] = field(default_factory=list)

    async def run(self, spare: deque[HolderEntry]) -> Quorum:
        body = self.holders.body(self.batch)
        threshold = self.holders.threshold
        while len(self.good) < threshold:
            while spare and len(self.good) + len(self.waiting) < threshold:
                self._start(spare.popleft(), body)
            if not self.waiting:
                raise _failure(self.faults, threshold=threshold, count=self.holders.count)
            done, _ = await asyncio.wait(
                self.waiting,
                timeout=self.patience.before_another if spare else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not done:
                self._start(spare.popleft(), body)
            for task in done:
                self._take(task)
        return Quorum(tuple(self.good[:threshold]), tuple(self.faults))

    async def end(self) -> None:
        """Those still out are not waited for, and are asked last for a while."""
        for task, holder in self.waiting.items():
            task.cancel()
            self.holders.unwell(holder.number)
        await asyncio.gather(*self.waiting, return_exceptions=True)

    def _start(self, holder: HolderEntry, body: bytes) -> None:
        asked = self.holders.ask(holder, self.batch, body, seconds=self.patience.in_all)
        self.waiting[asyncio.create_task(asked)] = holder

    def _take(self, task: asyncio.Task[Evaluation]) -> None:
        number = self.waiting.pop(task).number
        try:
            self.good.append(task.result())
            return
        except NoReply as silence:
            fault = HolderFault(number, silence.reason.value)
        except FalseAnswer as lie:
            fault = HolderFault(number, lie.falsehood.value, false=True)
        except Failure as refusal:
            fault = HolderFault(number, refusal.why, failure=refusal)
        except Exception:  # noqa: BLE001 - whatever one holder's answer set off, the others are asked
            fault = HolderFault(number, "its answer could not be read")
        self.faults.append(fault)
        self.holders.unwell(number)


_SHARED: Final = (BudgetUsed, SignIn, Refused, InvalidRequest)
"""Refusals that are about the asker: when too many give the same one, it is the answer."""


def _failure(faults: Iterable[HolderFault], *, threshold: int, count: int) -> Failure:
    """What failed when fewer than the threshold answered truly."""
    faults = list(faults)
    refusals = [fault.failure for fault in faults if isinstance(fault.failure, _SHARED)]
    if refusals:
        kind, many = Counter(map(type, refusals)).most_common(1)[0]
        if many > count - threshold:
            return next(refusal for refusal in refusals if type(refusal) is kind)
    listed = "; ".join(str(fault).rstrip(".") for fault in sorted(faults, key=lambda fault: fault.holder))
    return CouldNotCheck(
        f"Fewer than {threshold} of {count} key holders gave a true answer. {listed[:1].upper()}{listed[1:]}.",
        hint="signpost doctor",
    )
