"""The revocation list as a holder knows it (protocol.md D4): fetched every 30 seconds from the index, signed by it.

Rules: a list is taken only if the index's pinned key signed it, it is not of the future, and it is no older than one
this holder has ever taken, restarts included. When the newest is older than five minutes, everybody is refused: an
index that cannot be reached, or an enemy in between, must not keep a stolen device alive.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Final, final

import httpx2

from signpost.protocol.credentials import Asker
from signpost.protocol.keys import VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.revocation import FETCH_SECONDS, MAX_AGE_SECONDS, RevocationList
from signpost.protocol.tokens import TokenInvalid
from signpost.service.clock import Clock
from signpost.service.log import Log
from signpost_keys.events import HolderEvent
from signpost_keys.storage import HolderStore

__all__ = ["Revocations", "fetch_for_ever"]

_MAX_AHEAD_SECONDS: Final = 60
"""How far the index's clock may be ahead. A list of the far future would keep looking fresh, and shut out every right
one."""
_LARGEST: Final = 11 << 20
"""Bytes of an answer that are read: a token of 10 MiB, the most that is ever accepted, in its JSON."""
_RETRY_SECONDS: Final = 2
"""After a failure: a holder that starts before the index should not refuse everybody for half a minute."""
_PATIENCE_SECONDS: Final = 10.0
"""Well under the 30 seconds to the next try."""


@final
class Revocations:
    """The newest list, and whether it is fresh enough to act on."""

    def __init__(self, *, index_key: VerifyKey, newest_ever: int) -> None:
        """`newest_ever` is when the newest list this holder ever took was issued, from its store."""
        self._index_key = index_key
        self._newest_ever = newest_ever
        self._list: RevocationList | None = None

    def take(self, token: str, *, now: int) -> int:
        """Takes a list in place of the one before, and gives back when it was issued.

        Raises:
            TokenInvalid: not signed by the index, of the future, or older than one that was taken before.
        """
        newer = RevocationList.read(token, self._index_key)
        if newer.issued_at > now + _MAX_AHEAD_SECONDS:
            raise TokenInvalid("issued in the future")
        if newer.issued_at < self._newest_ever:
            raise TokenInvalid("older than one seen before")
        self._list, self._newest_ever = newer, newer.issued_at
        return newer.issued_at

    def age(self, now: int) -> int | None:
        """Seconds since the newest list was issued; None before the first since the start."""
        return None if self._list is None else max(0, now - self._list.issued_at)

    def refuse(self, asker: Asker, *, now: int) -> None:
        """Refuses a revoked asker, and everybody when the list is too old to tell.

        Raises:
            Problem: REVOKED or REVOCATIONS_STALE.
        """
        if self._list is None or now - self._list.issued_at > MAX_AGE_SECONDS:
            raise Problem(ProblemCode.REVOCATIONS_STALE, retry_after=FETCH_SECONDS)
        self._list.refuse(asker)


async def fetch_for_ever(
    revocations: Revocations, store: HolderStore, *, index_url: str, trusted: ssl.SSLContext | bool, clock: Clock,
    log: Log,
) -> None:  # fmt: skip
    """Fetches the list now and every 30 seconds, sooner after a failure. Ends only when it is cancelled; a failure is
    logged once, until it ends.
    """
    failing: bool | None = None
    async with httpx2.AsyncClient(
        base_url=index_url, verify=trusted, timeout=_PATIENCE_SECONDS, trust_env=False
    ) as index:
        while True:
            try:
                token = await _fetch(index)
                await store.saw_revocations(revocations.take(token, now=clock.now()))
            except TokenInvalid:
                log.emit(HolderEvent.REVOCATIONS_REFUSED)
                failing = True
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the next try comes, and the list grows stale
                if not failing:
                    log.emit(HolderEvent.REVOCATIONS_UNAVAILABLE, exception=type(error))
                failing = True
            else:
                if failing is not False:
                    log.emit(HolderEvent.REVOCATIONS_FRESH)
                failing = False
            await asyncio.sleep(_RETRY_SECONDS if failing else FETCH_SECONDS)


async def _fetch(index: httpx2.AsyncClient) -> str:
    """The token, whatever it is worth.

    Raises:
        TokenInvalid: the answer is not one that could hold a list.
        httpx2.HTTPError: there is no answer, or it is a refusal.
    """
    answer = bytearray()
    async with index.stream("GET", "/v1/revocations") as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            answer += chunk
            if len(answer) > _LARGEST:
                raise TokenInvalid("too long")
    try:
        token = json.loads(answer)["list"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TokenInvalid("not of its form") from None
    if not isinstance(token, str):
        raise TokenInvalid("not of its form")
    return token
