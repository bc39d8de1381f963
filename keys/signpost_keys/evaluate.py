"""Evaluating a batch of blinded points (protocol.md B5). The order is the rule, and nothing is left out of it:

1. who asks: the chain of D2 and the signature of D4, against the keys this holder's custodian admitted and pinned;
2. whether the asker is revoked, or the list too old to tell;
3. whether the role may have this kind of request evaluated, and the request has as many points as the kind takes;
4. whether it names the key that is served here, and every point is an element of the group;
5. the nonce is spent and every point charged: durable before anything else happens;
6. the points are multiplied by the share, one proof made for all, and a receipt signed.

Until step 5 a refusal leaves no trace; after it, whatever becomes of the answer, the charge stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import assert_never

from signpost.protocol.askers import Authenticator
from signpost.protocol.classes import POINTS, Use
from signpost.protocol.credentials import Asker
from signpost.protocol.encoding import to_base64url
from signpost.protocol.group import ELEMENT_BYTES, Element, InvalidElement
from signpost.protocol.messages import BULK_CHILDREN, EvaluationRequest, EvaluationResponse
from signpost.protocol.oprf import SUITE
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role
from signpost.protocol.receipts import EvaluationReceipt, batch_hash, lifetime
from signpost.protocol.signatures import PresentedRequest, Signature
from signpost.protocol.tags import join_points, parse_points
from signpost.protocol.threshold import Randomness, random_scalar
from signpost.service.clock import Clock
from signpost_keys.custody import Custody, KeyShare, OpenedIdentity
from signpost_keys.metering import Allowances
from signpost_keys.revocations import Revocations
from signpost_keys.storage import HolderStore

__all__ = ["Asking", "Evaluator", "may_have_evaluated", "points_fit"]


def may_have_evaluated(role: Role, use: Use) -> bool:
    """Which kinds of request a role may send."""
    match role:
        case Role.FEED:
            return use is Use.REGISTER
        case Role.PRACTITIONER | Role.URGENT | Role.MATERNITY:
            return use in (Use.LOOKUP, Use.DEEP)
        case Role.CASE_MANAGEMENT:
            # Nothing deep: that is for somebody who has signed in themselves.
            return use is Use.LOOKUP
        case Role.SHIELDING_OFFICER | Role.RIGHTS_OFFICER:
            return use is Use.OFFICER
        case Role.DATA_OFFICER | Role.AUDITOR | Role.CUSTODIAN | Role.ADMINISTRATOR | Role.OPERATOR:
            return False
        case _:
            assert_never(role)


def points_fit(use: Use, points: int) -> bool:
    """Whether a request of this kind may hold so many points: one child's, or for a feed up to 21 children's."""
    children, rest = divmod(points, POINTS[use])
    most = BULK_CHILDREN if use is Use.REGISTER else 1
    return rest == 0 and 1 <= children <= most


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, the nonce that is still to be spent, and the one moment by which the whole request is judged."""

    asker: Asker
    signature: Signature
    now: int


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One holder's use case. `pool` runs the multiplications: libsodium lets other threads run meanwhile."""

    custody: Custody
    authenticator: Authenticator
    revocations: Revocations
    store: HolderStore
    allowances: Allowances
    clock: Clock
    randomness: Randomness
    pool: Executor
    overdrawn: Callable[[Asker], None] = lambda _: None
    """Told when an urgent account has used its overdraft."""

    def authenticate(self, request: PresentedRequest) -> Asking:
        """Steps 1 and 2.

        Raises:
            Problem: HOLDER_LOCKED, HOLDER_WITHOUT_KEY, those of `Authenticator`, REVOCATIONS_STALE or REVOKED.
        """
        self._keys()
        now = self.clock.now()
        asker, signature = self.authenticator.authenticate(request, now=now)
        self.revocations.refuse(asker, now=now)
        return Asking(asker, signature, now)

    async def evaluate(self, asking: Asking, asked: EvaluationRequest) -> EvaluationResponse:
        """Steps 3 to 6, for what `authenticate` gave.

        Raises:
            Problem: ROLE_REFUSED, POINTS_COUNT, EPOCH_UNKNOWN, POINT_INVALID, NONCE_USED, BUDGET_USED.
        """
        opened, key = self._keys()
        asker, manifest = asking.asker, key.signed.manifest
        count, rest = divmod(len(asked.points), ELEMENT_BYTES)
        if not may_have_evaluated(asker.role, asked.kind):
            raise Problem(ProblemCode.ROLE_REFUSED)
        if rest or not points_fit(asked.kind, count):
            raise Problem(ProblemCode.POINTS_COUNT)
        if (asked.epoch, asked.generation) != (manifest.epoch, manifest.generation):
            raise Problem(ProblemCode.EPOCH_UNKNOWN)
        try:
            points = parse_points(asked.points)
        except InvalidElement:
            raise Problem(ProblemCode.POINT_INVALID) from None
        share = {"threshold": manifest.threshold, "holders": len(manifest.holders)}
        charged = await self.store.spend(
            asker,
            asking.signature,
            points=count,
            account_budget=self.allowances.points_here(asker.role, **share),
            nation_budget=self.allowances.nation_here(asker.role, **share),
            points_of=lambda lookups: lookups * POINTS[Use.LOOKUP] * manifest.threshold // len(manifest.holders),
            now=asking.now,
        )
        noted = self.allowances.noted_here(asker.role, **share)
        if noted is not None and charged.points > noted + charged.excepted:
            self.overdrawn(asker)
        evaluations, proof = await asyncio.get_running_loop().run_in_executor(
            self.pool, _evaluate, key, points, self.randomness
        )
        return EvaluationResponse(
            holder=key.entry.number,
            epoch=manifest.epoch,
            generation=manifest.generation,
            evaluations=evaluations,
            proof=proof,
            receipt=self._receipt(asking, asked, key.entry.number, count).sign(opened.signing_key),
        )

    def _receipt(self, asking: Asking, asked: EvaluationRequest, holder: int, count: int) -> EvaluationReceipt:
        return EvaluationReceipt(
            holder=holder,
            organisation=asking.asker.organisation,
            account=asking.asker.account,
            use=asked.kind,
            points=count,
            batch=batch_hash(asked.points),
            epoch=asked.epoch,
            issued_at=asking.now,
            expires_at=asking.now + lifetime(asked.kind),
            identifier=to_base64url(self.randomness(16)),
        )

    def _keys(self) -> tuple[OpenedIdentity, KeyShare]:
        if self.custody.opened is None:
            raise Problem(ProblemCode.HOLDER_LOCKED)
        if self.custody.key is None:
            raise Problem(ProblemCode.HOLDER_WITHOUT_KEY)
        return self.custody.opened, self.custody.key


def _evaluate(key: KeyShare, points: Sequence[Element], randomness: Randomness) -> tuple[bytes, bytes]:
    """The evaluations, concatenated, and the proof that the share made each of them."""
    evaluated = SUITE.evaluate(key.share, points)
    proof = SUITE.prove(
        key=key.share,
        public_key=key.entry.public_key,
        blinded=points,
        evaluated=evaluated,
        nonce=random_scalar(randomness),
    )
    return join_points(evaluated), proof.encoding()
