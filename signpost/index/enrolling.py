"""Enrolling: the one use of an enrolment token, by the person it was given to (protocol.md D1).

The token's proof is compared with the digest the administrator left; it is good once, for a day. What it binds: a
password (Argon2id), the secret of a code generator that has just shown a right code, and the public key of a device
with that of what it opens with, under a seal that only the administrator can check. A machine's account has the device
key alone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import final

from zxcvbn import zxcvbn

from signpost.index.account_state import AccountState
from signpost.index.audit import ACCESS_BYTES, AuditAction, AuditEvent
from signpost.index.hashing import Hashing
from signpost.index.ports import AccountChange, Accounts, Guesser
from signpost.index.records import Account
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.enrolment import proof_digest
from signpost.protocol.keys import KeyInvalid, VerifyKey, same
from signpost.protocol.messages import EnrolmentRequest, Nothing
from signpost.protocol.one_time_codes import step_of
from signpost.protocol.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, as_secret, hash_password
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import MACHINE_ROLES
from signpost.protocol.secret import Secret
from signpost.service.clock import Randomness

__all__ = ["Enrolling", "strong_enough"]

_SALT_BYTES = 16
_LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4: "safely unguessable", at least 10^8 guesses."""
_SHORTEST_WORD = 3
_READ = 72
"""Characters that are looked at for how guessable they are: the estimate takes longer with each."""


def strong_enough(password: str, *, known: list[str]) -> bool:
    """Whether a password may be one: long enough, and not easily guessed, also by who knows these words of its owner.
    No rule says what it must be made of; but known words, whole or in parts, count for nothing in it.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return False
    words = {*known, "signpost"}
    words |= {part for word in known for part in re.split(r"[^a-z]+", word)}
    rest = password[:_READ].casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) >= _SHORTEST_WORD else rest
    # What is left may be nothing at all. The words are named to it too, for spellings with digits for letters.
    left = min(password[:_READ], rest, key=len)
    return bool(left) and int(zxcvbn(left, user_inputs=list(words), max_length=_READ)["score"]) >= _LEAST_SCORE


@final
class Enrolling:
    """Takes what a new account signs in with."""

    def __init__(self, *, accounts: Accounts, hashing: Hashing, randomness: Randomness) -> None:
        self._accounts = accounts
        self._hashing = hashing
        self._randomness = randomness

    async def enrol(self, asked: EnrolmentRequest, *, source: Guesser | None, now: int) -> Nothing:
        """Bind what the token's owner chose. The administrator's approval is still to come.

        Raises:
            Problem: SIGN_IN_TOO_OFTEN, ENROLMENT_REFUSED, PASSWORD_TOO_WEAK, SIGN_IN_REFUSED (the code is not the one
                that the secret gives now), KEY_INVALID, OVERLOADED.
        """
        organisation, name = OrganisationId(asked.organisation), AccountId(asked.account)
        account = self._accounts.account(organisation, name)
        # Not counted: nobody guesses 128 bits, and whoever tries would keep those out who come from the same address.
        if account is None or not _waits_for(account, asked.proof, now):
            raise Problem(ProblemCode.ENROLMENT_REFUSED)
        guessers = [] if source is None else [source]
        await self._accounts.guess(guessers, now=now)
        try:
            device = VerifyKey(asked.device)
        except KeyInvalid:
            raise Problem(ProblemCode.KEY_INVALID) from None
        password, secret, step = None, None, 0
        if account.role in MACHINE_ROLES:
            if (asked.password, asked.code_secret, asked.code, asked.opening) != (None, None, None, None):
                raise Problem(ProblemCode.MALFORMED)
        else:
            if asked.password is None or asked.code_secret is None or asked.code is None or asked.opening is None:
                raise Problem(ProblemCode.MALFORMED)
            if not strong_enough(asked.password, known=[asked.organisation, asked.account]):
                raise Problem(ProblemCode.PASSWORD_TOO_WEAK)
            secret = Secret(asked.code_secret)
            found = step_of(secret, asked.code, now=now, after=0)
            if found is None:
                raise Problem(ProblemCode.SIGN_IN_REFUSED)
            step, typed, salt = found, as_secret(asked.password), self._randomness(_SALT_BYTES)
            password = await self._hashing.run(lambda: hash_password(typed, salt=salt, cost=self._hashing.cost))

        def enrolled(current: Account | None) -> AccountChange:
            if current is None or not _waits_for(current, asked.proof, now):
                raise Problem(ProblemCode.ENROLMENT_REFUSED)
            return AccountChange(
                replace(
                    current,
                    state=AccountState.AWAITING_APPROVAL,
                    token_digest=None,
                    token_until=0,
                    password=password,
                    code_secret=secret,
                    last_code=step,
                    device=device,
                    opening=asked.opening,
                    device_seal=asked.device_seal,
                )
            )

        audit = AuditEvent(
            action=AuditAction.ENROLLED,
            at=now,
            access=self._randomness(ACCESS_BYTES),
            organisation=organisation,
            account=name,
        )
        await self._accounts.change(organisation, name, enrolled, audit=audit, forgiven=guessers)
        return Nothing()


def _waits_for(account: Account, proof: bytes, now: int) -> bool:
    return (
        account.state is AccountState.AWAITING_DEVICE
        and account.token_digest is not None
        and same(account.token_digest, proof_digest(proof))
        and now < account.token_until
    )
