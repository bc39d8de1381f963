"""Who is signed in at the gateway, in memory alone: restart it, and everybody signs in again.

* A session is found by a random token of 256 bits, of which only a digest is kept. Somebody who reads the gateway's
  memory has the session's key anyway; but no log, list or core of tokens can come of what is kept here.
* A token opens what it was given for: a browser's opens the pages, which ask for a PIN, and nothing of the web API,
  which does not. Whoever reads the cookie of a screen that was left gets round no PIN by it.
* It ends after a quarter of an hour without a request, with its shift, when it is signed out, and when the index or a
  key holder says that it is over. An account has one: signing in again ends the one before, as it does at the index.
* It holds the session's key, what opens the organisation's own case references, and the answers to requests that may
  be sent again (`remembered`). Of a child it holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final

from signpost.edge.client import Client
from signpost.edge.gateway.remembered import Remembered
from signpost.edge.gateway.signing_in import OpenedShift
from signpost.edge.offices import Office, holds
from signpost.edge.pins import Pin
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import EncodingError, from_base64url, to_base64url
from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Clock, Randomness

__all__ = ["LOCK_SECONDS", "Session", "Sessions", "Way"]

LOCK_SECONDS: Final = 300
"""Without a page, until the PIN is asked for: a desk somebody has left. Sooner than a session's end."""
_TOKEN_BYTES: Final = 32
_MOST: Final = 5_000
"""Sessions at once: a large council's social workers, and some megabytes."""


class Way(StrEnum):
    """By which somebody signed in, and by which alone their session is used."""

    API = "api"
    PAGES = "pages"


@dataclass(slots=True)
class Session:
    """Somebody signed in."""

    shift: OpenedShift = field(repr=False)
    client: Client = field(repr=False)
    remembered: Remembered = field(repr=False)
    last_used: float
    """Seconds of the clock that neither goes back nor stands still."""
    over_at: float
    """By the same clock: the day's can be set back, and then the shift is still over when its hours have gone by."""
    pin: Pin | None = field(default=None, repr=False)
    """What the pages ask for again; null until it is chosen there."""

    @property
    def account(self) -> AccountId:
        """Whose it is."""
        return self.shift.desk.account

    def require(self, office: Office) -> None:
        """Go on only where whoever is signed in holds this office.

        Raises:
            Problem: ROLE_REFUSED.
        """
        settings = self.shift.desk.settings
        if not holds(settings.role, settings.kind, office):
            raise Problem(ProblemCode.ROLE_REFUSED)


@final
class Sessions:
    """Belongs to one event loop."""

    def __init__(
        self, *, idle_seconds: float, clock: Clock, elapsed: Callable[[], float], randomness: Randomness,
        lock_seconds: int = LOCK_SECONDS,
    ) -> None:  # fmt: skip
        """`elapsed`: seconds of a clock that neither goes back nor stands still."""
        self.idle_seconds = idle_seconds
        self.lock_seconds = lock_seconds
        self._clock = clock
        self._elapsed = elapsed
        self._randomness = randomness
        self._sessions: dict[bytes, Session] = {}

    def open(self, shift: OpenedShift, client: Client, *, way: Way) -> str:
        """Keep a session, and give its token, which is good by that way alone: the one time it is told.

        Raises:
            Problem: OVERLOADED: as many are signed in as there is room for.
        """
        self.forget_ended()
        self.end_of(shift.desk.account)
        if len(self._sessions) >= _MOST:
            raise Problem(ProblemCode.OVERLOADED)
        token, now = self._randomness(_TOKEN_BYTES), self._elapsed()
        self._sessions[_name(token, way)] = Session(
            shift=shift,
            client=client,
            remembered=Remembered(elapsed=self._elapsed, randomness=self._randomness),
            last_used=now,
            over_at=now + shift.expires_at - self._clock.now(),
        )
        return to_base64url(token)

    def used(self, token: str) -> Session:
        """The web API's session of a token, which is used now.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        session = self._found(token, Way.API)
        self.touch(session)
        return session

    def known(self, token: str) -> Session:
        """The pages' session of a token, which is not used by that: it goes on towards its end.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        return self._found(token, Way.PAGES)

    def touch(self, session: Session) -> None:
        """It is used now."""
        session.last_used = self._elapsed()

    def idle_for(self, session: Session) -> float:
        """For how many seconds it has not been used."""
        return self._elapsed() - session.last_used

    def end(self, session: Session) -> None:
        """Forget a session, where it is known still."""
        self._sessions = {name: each for name, each in self._sessions.items() if each is not session}

    def end_of(self, account: AccountId) -> None:
        """Forget an account's session, where it has one."""
        self._sessions = {name: each for name, each in self._sessions.items() if each.account != account}

    def forget_ended(self) -> None:
        """Forget whatever has ended by time: their keys are not kept until somebody asks again."""
        self._sessions = {name: each for name, each in self._sessions.items() if not self._ended(each)}
        for session in self._sessions.values():
            session.remembered.forget_old()

    def __len__(self) -> int:
        return len(self._sessions)

    def _found(self, token: str, way: Way) -> Session:
        session = self._sessions.get(_named(token, way))
        if session is None:
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        if self._ended(session):
            self.end(session)
            raise Problem(ProblemCode.NOT_SIGNED_IN)
        return session

    def _ended(self, session: Session) -> bool:
        now = self._elapsed()
        return (
            now - session.last_used >= self.idle_seconds
            or now >= session.over_at
            or self._clock.now() >= session.shift.expires_at
        )


def _name(token: bytes, way: Way) -> bytes:
    return digest(Label.GATEWAY_SESSION, way, token)


def _named(token: str, way: Way) -> bytes:
    try:
        raw = from_base64url(token)
    except EncodingError:
        raw = b""
    return _name(raw, way)
