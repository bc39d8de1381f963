"""The edge's client: blind, have evaluated, combine, ask (protocol.md B and C1), for one child or for a feed's batches.

Use: `async with Client(desk) as client: answer = await client.lookup(child, purpose=…, urgency=…)`.
What comes back is a verified, definite answer. Whatever kept it from being one is raised as a `Failure`, so "could not
check" can never be taken for "none".
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar, final

from signpost.edge.desk import Desk, DeskSettings
from signpost.edge.evaluations import BlindedBatch, ClassedTag, combined
from signpost.edge.failures import DeskUnusable, NothingToAsk, Refused
from signpost.edge.holders_client import HolderFault, Holders
from signpost.edge.index_client import Index
from signpost.edge.match_inputs import ChildDetails, MatchInput, match_inputs
from signpost.edge.signed_sender import SignedSender
from signpost.edge.slots import SEED_BYTES, Slot, lookup_slots
from signpost.edge.transport import Transport
from signpost.protocol.classes import Use
from signpost.protocol.messages import (
    AnswerWord,
    Coverage,
    LookupAgainRequest,
    LookupAnswer,
    LookupRequest,
    TaggedPoint,
)
from signpost.protocol.named_users import NOBODY
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import NAMING_ROLES, DeepReason, Kind, Purpose, Role, Urgency, purposes_of
from signpost.protocol.secret import Secret
from signpost.service.clock import Clock, Randomness, SystemClock, system_randomness

__all__ = [
    "Answer",
    "Client",
    "EvaluatedBatch",
    "allowed_purpose",
    "askable",
    "transport_for",
    "transport_from",
    "transport_with",
]

_Result = TypeVar("_Result")

_THREADS: Final = 2
"""libsodium lets go of the interpreter while it multiplies, so a second thread is a second core."""
_NOTHING_TO_ASK: Final = (
    "It needs a date of birth, and an NHS number or permanent UPN, or names and a postcode; or of the date the year"
    " alone, with both names and a postcode."
)
_WORTH_A_THREAD: Final = 48
"""Points. Below it, handing the work over costs more than it saves."""


def transport_for(desk: Desk) -> Transport:
    """The network as this desk trusts it.

    Raises:
        DeskUnusable: the certificate authority it names is missing or is none.
    """
    return transport_with(desk.ca_file)


def transport_from(settings: DeskSettings, folder: Path) -> Transport:
    """The same for a desk that nobody has signed in on yet.

    Raises:
        DeskUnusable: as `transport_for`.
    """
    return transport_with(None if settings.ca_file is None else folder / settings.ca_file)


def transport_with(ca_file: Path | None) -> Transport:
    """The network, by this authority instead of the system's.

    Raises:
        DeskUnusable: its file is missing or is none.
    """
    try:
        return Transport(ca_file=ca_file)
    except OSError:
        raise DeskUnusable(
            "The desk's ca_file is missing or holds no certificate.", hint="Correct it in desk.toml."
        ) from None


def allowed_purpose(role: Role, kind: Kind, purpose: Purpose | None) -> Purpose:
    """The purpose a role asks for: the one named, else the first of the role's (D5).

    Raises:
        Refused: the role may not use it, or asks nothing at all.
    """
    purposes = purposes_of(role, kind)
    if not purposes:
        raise Refused("An account of this role looks nobody up.", code=ProblemCode.ROLE_REFUSED)
    if purpose is None:
        return purposes[0]
    if purpose not in purposes:
        raise Refused(
            "This role may not ask for that purpose.",
            hint=f"It may ask for: {', '.join(purposes)}.",
            code=ProblemCode.PURPOSE_REFUSED,
        )
    return purpose


def _refuse_of_a_machine(urgency: Urgency, deep: DeepReason | None, user: bytes) -> None:
    """Refuse what a case-management system may not ask: here, before a point is charged."""
    if user == NOBODY:
        raise Refused("A case-management system names whom it asks for.", code=ProblemCode.ROLE_REFUSED)
    if urgency is Urgency.NOW or deep is not None:
        raise Refused(
            "A case-management system asks nothing for now, and nothing deep.",
            hint="Whoever needs that signs in at the gateway.",
            code=ProblemCode.ROLE_REFUSED,
        )


_BY_MOTHER_DAYS: Final = 547
"""Eighteen months, by the shortest reckoning: until then a child may be known by its mother alone."""


def askable(child: ChildDetails, role: Role, *, now: int) -> ChildDetails:
    """The details that this role may ask by. The mother's number is for urgent roles, about a child who is unborn or
    under eighteen months old: else an ex-partner's number and a guess of the month would confirm a birth.
    """
    if child.mother_nhs_number is None:
        return child
    today = dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
    born = child.date_of_birth or child.expected_on  # an expected date long gone makes nobody an unborn child
    young = born is not None and (today - born).days < _BY_MOTHER_DAYS
    return child if role in (Role.URGENT, Role.MATERNITY) and young else replace(child, mother_nhs_number=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """The index's one word about a child, and what stands beside it. `faults`: holders that did not do their part."""

    word: AnswerWord
    receipt: str
    checked_at: int
    coverage: Coverage
    call_back_waits_days: int
    faults: tuple[HolderFault, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluatedBatch:
    """The tags of one or more children, and the t receipts that must be presented with them, all together, once."""

    epoch: int
    children: tuple[tuple[ClassedTag, ...], ...] = field(repr=False)
    receipts: tuple[str, ...] = field(repr=False)
    faults: tuple[HolderFault, ...] = ()

    def tags(self, child: int) -> list[TaggedPoint]:
        """The tags of the child at that place, as the index takes them."""
        return [TaggedPoint.of(each.place, each.tag.encoding) for each in self.children[child]]


def _told(answer: LookupAnswer, faults: Sequence[HolderFault]) -> Answer:
    return Answer(
        word=answer.answer,
        receipt=answer.receipt,
        checked_at=answer.checked_at,
        coverage=answer.coverage,
        call_back_waits_days=answer.call_back.waits_days,
        faults=tuple(faults),
    )


@final
class _Computing:
    """Works on group elements, on many in a thread. It knows no client: one that can be reached from itself would stay,
    with the key that it signs by, until the garbage collector came by.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="group")

    async def __call__(self, work: Callable[[], _Result], *, points: int) -> _Result:
        if points < _WORTH_A_THREAD:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


@final
class Client:
    """One desk's client. Belongs to one event loop."""

    def __init__(
        self,
        desk: Desk,
        *,
        clock: Clock | None = None,
        randomness: Randomness = system_randomness,
        transport: Transport | None = None,
        threads: int = _THREADS,
    ) -> None:
        """`threads`: how many compute at once, where there is much to compute."""
        clock = clock or SystemClock()
        self._desk = desk
        self._clock = clock
        self._randomness = randomness
        self._transport = transport or transport_for(desk)
        self._compute = _Computing(threads)
        sender = SignedSender(self._transport, desk.identity, clock=clock, randomness=randomness)
        self._holders = Holders(
            desk.manifest,
            sender,
            organisation=desk.organisation,
            account=desk.account,
            clock=clock,
            randomness=randomness,
            compute=self._compute,
        )
        self.index = Index(desk.settings.index_url, sender)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._compute.close()
        await self._transport.close()

    async def lookup(
        self,
        child: ChildDetails,
        *,
        purpose: Purpose | None = None,
        urgency: Urgency,
        deep: DeepReason | None = None,
        user: bytes = NOBODY,
    ) -> Answer:
        """Is a colleague elsewhere working with this child? `purpose` defaults to the first of the role's. With a
        reason it is a deep lookup, of twice as many points. A machine names the `user` it asks for.

        Raises:
            NothingToAsk: the details give no match input; nothing was sent.
            Refused: the role may not use the purpose, or asks nothing at all, or not so; nothing was sent.
            Failure: there is no verified, definite answer.
        """
        purpose = allowed_purpose(self._desk.role, self._desk.settings.kind, purpose)
        if self._desk.role in NAMING_ROLES:
            _refuse_of_a_machine(urgency, deep, user)
        use = Use.LOOKUP if deep is None else Use.DEEP
        inputs = match_inputs(askable(child, self._desk.role, now=self._clock.now()), use)
        if not inputs:
            raise NothingToAsk(_NOTHING_TO_ASK)
        slots = lookup_slots(inputs, use=use, seed=Secret(self._randomness(SEED_BYTES)))
        batch = await self.evaluate_batch(use, [slots])
        answer = await self.index.lookup(
            LookupRequest(
                user=user,
                epoch=batch.epoch,
                purpose=purpose,
                urgency=urgency,
                deep=deep,
                tags=batch.tags(0),
                receipts=list(batch.receipts),
            )
        )
        return _told(answer, batch.faults)

    async def look_again(self, receipt: str, *, user: bytes = NOBODY) -> Answer:
        """What the answer to one's own lookup is now. No details leave, no point is evaluated, nothing is charged.

        Raises:
            InvalidRequest: this account has no lookup of that receipt, or it is older than a day.
            Failure: there is no definite answer.
        """
        return _told(await self.index.look_again(LookupAgainRequest(user=user, receipt=receipt)), ())

    async def officer_tags(self, child: ChildDetails, *, held_as: Use = Use.OFFICER) -> EvaluatedBatch:
        """The tags of the child that a shielding or rights officer has before them. A holder cannot tell which of the
        two it is for; nor, where a registration is corrected, that they are `held_as` one holds them.

        Raises:
            NothingToAsk: the details give no match input; nothing was sent.
            Failure: as `evaluate_batch`.
        """
        inputs = match_inputs(child, held_as)
        if not inputs:
            raise NothingToAsk(_NOTHING_TO_ASK)
        slots = lookup_slots(inputs, use=held_as, seed=Secret(self._randomness(SEED_BYTES)))
        return await self.evaluate_batch(Use.OFFICER, [slots])

    async def evaluate_batch(self, use: Use, children: Sequence[Sequence[Slot]]) -> EvaluatedBatch:
        """The tags of up to 21 children's slots (of one child's for a lookup), from one batch at t holders.

        Raises:
            BudgetUsed, SignIn, Refused, InvalidRequest: so many holders refused for it that no t are left.
            CouldNotCheck: fewer than t answered truly, for whatever other reasons.
        """
        slots = [slot for child in children for slot in child]
        batch = await self._compute(lambda: BlindedBatch.blind(use, slots, self._randomness), points=len(slots))
        quorum = await self._holders.evaluate(batch)
        tags = iter(await self._compute(lambda: combined(batch, quorum.evaluations), points=len(slots)))
        return EvaluatedBatch(
            epoch=self._desk.manifest.epoch,
            children=tuple(tuple(islice(tags, len(child))) for child in children),
            receipts=quorum.receipts,
            faults=quorum.faults,
        )

    async def shield_tags(self, inputs: Sequence[MatchInput]) -> EvaluatedBatch:
        """The tags of what goes into a shield, padded like any other officer's (`shield_inputs`).

        Raises:
            NothingToAsk: there is no input; nothing was sent.
            Failure: as `evaluate_batch`.
        """
        if not inputs:
            raise NothingToAsk(_NOTHING_TO_ASK)
        slots = lookup_slots(inputs, use=Use.OFFICER, seed=Secret(self._randomness(SEED_BYTES)))
        return await self.evaluate_batch(Use.OFFICER, [slots])
