"""One key holder, put together: what its two applications act on, and how it opens and locks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from signpost.protocol.askers import Authenticator
from signpost.protocol.budget_exceptions import APPROVABLE_SECONDS, BudgetException
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import EvaluationRequest, EvaluationResponse, HolderState, HolderStatus
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import Randomness
from signpost.protocol.tokens import TokenInvalid, peek
from signpost.service.clock import Clock
from signpost.service.log import Log, Word
from signpost.service.refusals import StartRefused
from signpost_keys.ceremony import Ceremony, CeremonyStopped, Exchange
from signpost_keys.custody import Custody
from signpost_keys.evaluate import Asking, Evaluator
from signpost_keys.events import HolderEvent
from signpost_keys.revocations import Revocations
from signpost_keys.settings import HolderSettings
from signpost_keys.storage import Admission, BudgetUsed, HolderStore, RunningException

__all__ = ["Holder"]

_LEEWAY: Final = 5

Given = TypeVar("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Holder:
    """A key holder. Whatever takes long (Argon2id, a step of the ceremony) runs in `pool`, one such thing at a time."""

    custody: Custody
    ceremony: Ceremony
    evaluator: Evaluator
    revocations: Revocations
    store: HolderStore
    clock: Clock
    log: Log
    pool: Executor
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(
        cls, settings: HolderSettings, *, store: HolderStore, clock: Clock, randomness: Randomness, log: Log,
        pool: Executor,
    ) -> Holder:  # fmt: skip
        """From settings and an opened store.

        Raises:
            StartRefused: as `Custody`.
        """
        index_key = VerifyKey.parse(settings.index_credential_key)
        custody = Custody(settings.folder, url=settings.public_url)
        revocations = Revocations(index_key=index_key, newest_ever=store.newest_revocations())
        evaluator = Evaluator(
            custody=custody,
            authenticator=Authenticator(organisation_key=store.organisation_key, credential_key=index_key),
            revocations=revocations,
            store=store,
            allowances=settings.budgets.allowances(),
            clock=clock,
            randomness=randomness,
            pool=pool,
            overdrawn=lambda asker: log.emit(HolderEvent.OVERDRAFT_USED, organisation=Word(asker.organisation)),
        )
        return cls(custody, Ceremony(custody, randomness), evaluator, revocations, store, clock, log, pool)

    def status(self) -> HolderStatus:
        """What anybody may know."""
        signed = self.custody.manifest
        return HolderStatus(
            state=self.custody.state,
            holder=self.custody.number,
            epoch=None if signed is None else signed.manifest.epoch,
            generation=None if signed is None else signed.manifest.generation,
            manifest_fingerprint=None if signed is None else signed.manifest.fingerprint(),
            revocations_age_seconds=self.revocations.age(self.clock.now()),
        )

    async def unlock(self, passphrase: Secret) -> HolderState:
        """Opens what the passphrase opens, and takes up a ceremony that was interrupted.

        Raises:
            Problem: PASSPHRASE_WRONG or KEY_MISMATCH; nothing is then changed. INTERNAL when a file has gone.
        """
        async with self._one_at_a_time:
            try:
                opened, key = await self._in_pool(self.custody.open_files, passphrase)
            except Problem as refused:
                self.log.emit(HolderEvent.UNLOCK_REFUSED, code=refused.code)
                raise
            except StartRefused as refused:
                self.log.emit(HolderEvent.FILE_REFUSED, code=refused.code)
                raise Problem(ProblemCode.INTERNAL) from refused
            self.custody.unlock(opened, key)
            self.log.emit(HolderEvent.UNLOCKED, with_key=key is not None)
            await self._take_up_ceremony()
        return self.custody.state

    async def lock(self) -> HolderState:
        """Forgets every secret."""
        async with self._one_at_a_time:
            self.custody.lock()
            self.log.emit(HolderEvent.LOCKED)
        return self.custody.state

    async def approve(self, roster_text: bytes) -> tuple[str, int]:
        """The custodian's word on a roster; its fingerprint, and this holder's number in it.

        Raises:
            Problem: as `Ceremony.approve`.
        """
        async with self._one_at_a_time:
            roster, number = await self._in_pool(self.ceremony.approve, roster_text)
        self.log.emit(
            HolderEvent.ROSTER_APPROVED, number=number, holders=len(roster.holders), threshold=roster.threshold
        )
        return roster.fingerprint(), number

    async def exchange(self, messages: Sequence[str]) -> Exchange:
        """One exchange of the ceremony.

        Raises:
            Problem: as `Ceremony.exchange`.
        """
        async with self._one_at_a_time:
            return await self._exchange([message.encode() for message in messages])

    async def admit(self, admission: Admission, *, replace_key: bool) -> None:
        """The custodian's word on an organisation.

        Raises:
            Problem: ALREADY_EXISTS.
        """
        replaced = await self.store.admit(admission, replace_key=replace_key)
        self.log.emit(
            HolderEvent.ADMITTED,
            organisation=Word(admission.organisation),
            budget=admission.budget,
            key_replaced=replaced,
        )

    async def approve_exception(self, token: str) -> RunningException:
        """The custodian's word on an exception that an organisation has asked for.

        Raises:
            Problem: ORGANISATION_UNKNOWN, EXCEPTION_INVALID, EXCEPTION_OPEN; NONCE_USED where it was approved before.
        """
        now = self.clock.now()
        key = self.store.organisation_key(OrganisationId(peek(token, "iss") or ""))
        if key is None:
            raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
        try:
            asked = BudgetException.read(token, key)
        except TokenInvalid:
            raise Problem(ProblemCode.EXCEPTION_INVALID) from None
        if not (now - APPROVABLE_SECONDS <= asked.issued_at <= now + _LEEWAY):
            raise Problem(ProblemCode.EXCEPTION_INVALID)
        running = await self.store.approve(asked, key, now=now)
        self.log.emit(
            HolderEvent.EXCEPTION_APPROVED,
            organisation=Word(asked.organisation),
            reason=asked.reason,
            lookups=asked.lookups,
            hours=asked.hours,
        )
        return running

    async def end_exception(self, organisation: OrganisationId, account: AccountId | None) -> None:
        """The custodian ends one before its time.

        Raises:
            Problem: EXCEPTION_UNKNOWN.
        """
        await self.store.end(organisation, account, now=self.clock.now())
        self.log.emit(HolderEvent.EXCEPTION_ENDED, organisation=Word(organisation))

    def exceptions(self) -> list[RunningException]:
        """Those that run."""
        return self.store.exceptions(now=self.clock.now())

    async def evaluate(self, asking: Asking, asked: EvaluationRequest) -> EvaluationResponse:
        """As `Evaluator.evaluate`; a budget that is used up is logged."""
        try:
            return await self.evaluator.evaluate(asking, asked)
        except BudgetUsed as used:
            self.log.emit(HolderEvent.BUDGET_REFUSED, organisation=Word(asking.asker.organisation), limit=used.limit)
            raise

    async def _take_up_ceremony(self) -> None:
        try:
            await self._exchange([])
        except Problem as problem:
            if problem.code not in (ProblemCode.CEREMONY_NOT_OPEN, ProblemCode.CEREMONY_FAILED):
                raise

    async def _exchange(self, messages: list[bytes]) -> Exchange:
        had_key = self.custody.key is not None
        try:
            exchange = await self._in_pool(self.ceremony.exchange, messages)
        except CeremonyStopped as stopped:
            if stopped.just_now:
                self.log.emit(HolderEvent.CEREMONY_STOPPED, dealer=stopped.dealer)
            raise
        if not had_key and self.custody.key is not None:
            manifest = self.custody.key.signed.manifest
            self.log.emit(HolderEvent.CEREMONY_FINISHED, epoch=manifest.epoch, generation=manifest.generation)
        return exchange

    def _in_pool(self, work: Callable[[Given], Found], given: Given) -> asyncio.Future[Found]:
        return asyncio.get_running_loop().run_in_executor(self.pool, work, given)
