"""The agent: for one shift it holds a device's key and its credential, and signs with them (protocol.md D3).

* It is reached by a Unix socket in a folder that only this user can enter, and asks the kernel whose process calls.
* It hands out no key and no credential: it signs requests to the index and the key holders of its desk, and no other;
  where it has its organisation's sealing key, it opens that organisation's case references, and nothing else by it.
* After idleness it forgets the keys, keeping only what a PIN opens (Argon2id). Ten wrong PINs end it: sign in again.
* It ends with the shift, with its desk's folder, and when it is told to. It writes no file and no log.

What it is asked, and how, is in `shift`: one JSON object a line each way, one exchange a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from signpost.edge.case_reference import open_case_reference
from signpost.edge.shift import LINE_LIMIT, MOST_OPENED, AgentState, agent_socket, caller_of
from signpost.protocol.encoding import EncodingError, from_base64url, to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.sealing import Argon2Cost, OpeningKey, SealBroken, open_with_passphrase, seal_with_passphrase
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import sign_request
from signpost.service.clock import Randomness, SystemClock, system_randomness

__all__ = ["MOST_TRIES", "Agent", "awake_and_asleep", "serve_agent"]

MOST_TRIES: Final = 10
"""Wrong PINs before the agent ends."""
_PURPOSE: Final = "shift-key"
_SALT_BYTES: Final = 16
_TICK_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 10.0


def awake_and_asleep() -> float:
    """Seconds that went by, those in which the machine slept included: a closed laptop is left alone too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # CLOCK_MONOTONIC stands still meanwhile (clock_gettime(2))


@dataclass(slots=True, kw_only=True)
class Agent:
    """The agent's own state: what it holds, and what has been tried. Pure but for the clock that is handed in.

    `bases` are the addresses it signs for; times are seconds of `clock`, which never goes back nor stands still.
    """

    account: str
    organisation: str
    certificate: str
    certificate_expires_at: int
    expires_at: int
    bases: frozenset[str]
    idle_seconds: float
    clock: Callable[[], float]
    _sealed: bytes = field(repr=False)
    _key: SigningKey | None = field(repr=False)
    _credential: str | None = field(repr=False)
    _opening: OpeningKey | None = field(repr=False)
    _last_used: float = 0.0
    _tries: int = 0
    ended: bool = False

    @classmethod
    def holding(
        cls, *, account: str, organisation: str, certificate: str, certificate_expires_at: int, credential: str,
        expires_at: int, key: SigningKey, opening: OpeningKey | None, pin: Secret, bases: frozenset[str],
        idle_seconds: float, clock: Callable[[], float], randomness: Randomness, cost: Argon2Cost | None = None,
    ) -> Agent:  # fmt: skip
        """An agent that has just been given a shift. `opening` is the organisation's sealing key, where the device has
        it. `cost` is for tests.
        """
        held = {"credential": credential, "key": to_base64url(key.seed.reveal())}
        if opening is not None:
            held["opening"] = to_base64url(opening.seed.reveal())
        kept = Secret(json.dumps(held).encode())
        sealed = seal_with_passphrase(kept, passphrase=pin, salt=randomness(_SALT_BYTES), purpose=_PURPOSE, cost=cost)
        return cls(
            account=account,
            organisation=organisation,
            certificate=certificate,
            certificate_expires_at=certificate_expires_at,
            expires_at=expires_at,
            bases=bases,
            idle_seconds=idle_seconds,
            clock=clock,
            _sealed=sealed,
            _key=key,
            _credential=credential,
            _opening=opening,
            _last_used=clock(),
        )

    def tick(self) -> None:
        """Lock after idleness."""
        if self._key is not None and self.clock() - self._last_used >= self.idle_seconds:
            self.lock()

    def lock(self) -> None:
        """Forget the keys; the PIN opens what is left."""
        self._key = self._credential = self._opening = None

    def answer(self, asked: Mapping[str, object]) -> dict[str, object]:
        """What one request is answered. Every answer has `state` or `refused`."""
        if self.ended:
            return {"refused": "ended"}
        self.tick()
        match asked.get("do"):
            case "status":
                return self._status()
            case "lock":
                self.lock()
                return self._status()
            case "end":
                self.lock()
                self._sealed, self.ended = b"", True
                return {"state": "ended"}
            case "unlock":
                return self._unlock(str(asked.get("pin", "")))
            case "sign":
                return self._sign(asked)
            case "open":
                return self._open(asked)
            case _:
                return {"refused": "unknown"}

    def _status(self) -> dict[str, object]:
        return {
            "account": self.account,
            "certificate_expires_at": self.certificate_expires_at,
            "expires_at": self.expires_at,
            "state": (AgentState.OPEN if self._key is not None else AgentState.LOCKED).value,
        }

    def _unlock(self, pin: str) -> dict[str, object]:
        try:
            held = json.loads(
                open_with_passphrase(self._sealed, passphrase=Secret(pin.encode()), purpose=_PURPOSE).reveal()
            )
        except SealBroken:
            self._tries += 1
            if self._tries >= MOST_TRIES:
                self.lock()
                self._sealed, self.ended = b"", True
                return {"refused": "ended"}
            return {"refused": "pin", "left": MOST_TRIES - self._tries}
        self._tries = 0
        self._key, self._credential = SigningKey(Secret(from_base64url(held["key"]))), held["credential"]
        self._opening = _opening_key(held)
        self._last_used = self.clock()
        return self._status()

    def _sign(self, asked: Mapping[str, object]) -> dict[str, object]:
        if self._key is None or self._credential is None:
            return {"refused": "locked"}
        base, path, body = (str(asked.get(name, "")) for name in ("base", "path", "body"))
        if base not in self.bases or not path.startswith("/"):
            return {"refused": "address"}
        self._last_used = self.clock()
        headers = sign_request(
            method="POST",
            url=base + path,
            body=body.encode(),
            certificate=self.certificate,
            credential=self._credential,
            key=self._key,
            created=int(str(asked["created"])),
            nonce=str(asked["nonce"]),
        )
        return {"state": AgentState.OPEN.value, "headers": headers}

    def _open(self, asked: Mapping[str, object]) -> dict[str, object]:
        if self._key is None:
            return {"refused": "locked"}
        if self._opening is None:
            return {"refused": "no-key"}
        sealed = asked.get("sealed")
        if asked.get("organisation") != self.organisation:
            return {"refused": "organisation"}
        if not isinstance(sealed, list) or len(sealed) > MOST_OPENED:
            return {"refused": "sealed"}
        self._last_used = self.clock()
        opened = [_opened(str(each), self._opening, self.organisation) for each in sealed]
        return {"state": AgentState.OPEN.value, "opened": opened}


def _opened(sealed: str, key: OpeningKey, organisation: str) -> str | None:
    try:
        return open_case_reference(from_base64url(sealed), key=key, organisation=organisation)
    except (EncodingError, SealBroken):
        return None


def _opening_key(held: Mapping[str, str | None]) -> OpeningKey | None:
    seed = held.get("opening")
    return None if seed is None else OpeningKey(Secret(from_base64url(seed)))


async def serve_agent(
    agent: Agent, path: Path, *, desk: Path, now: Callable[[], int], ready: Callable[[], None]
) -> None:
    """Answer on the socket until the shift, the desk or the agent has ended."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the key
    # By both clocks: the day's can be set back, and then the shift is still over when its hours have gone by.
    over_at = agent.clock() + agent.expires_at - now()
    server = await asyncio.start_unix_server(lambda r, w: _attend(agent, r, w), path, limit=LINE_LIMIT)
    try:
        ready()
        while (
            not agent.ended and now() < agent.expires_at and agent.clock() < over_at and (desk / "desk.toml").exists()
        ):
            await asyncio.sleep(_TICK_SECONDS)
            agent.tick()
    finally:
        server.close()


async def _attend(agent: Agent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
        if caller_of(writer.get_extra_info("socket")) == os.getuid():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                asked = json.loads(await reader.readuntil(b"\n"))
            answer = agent.answer(asked if isinstance(asked, dict) else {})
        else:
            answer = {"refused": "user"}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()


def main() -> None:
    """The agent's process: what it holds comes by stdin, as one line, and `ready` goes out when it listens."""
    os.umask(0o177)  # the socket is this user's alone
    given = json.loads(sys.stdin.readline())
    folder = Path(given["folder"])
    agent = Agent.holding(
        account=given["account"],
        organisation=given["organisation"],
        certificate=given["certificate"],
        certificate_expires_at=given["certificate_expires_at"],
        credential=given["credential"],
        expires_at=given["expires_at"],
        key=SigningKey(Secret(from_base64url(given["key"]))),
        opening=_opening_key(given),
        pin=Secret(given["pin"].encode()),
        bases=frozenset(given["bases"]),
        idle_seconds=given["idle_seconds"],
        clock=awake_and_asleep,
        randomness=system_randomness,
    )
    del given

    path = agent_socket(folder)
    path.unlink(missing_ok=True)
    bound: list[int] = []

    def listening() -> None:
        bound.append(path.stat().st_ino)
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    try:
        asyncio.run(serve_agent(agent, path, desk=folder, now=SystemClock().now, ready=listening))
    finally:
        # Not the socket of the next shift, which may have begun before this one had quite ended.
        with contextlib.suppress(OSError):
            if path.stat().st_ino in bound:
                path.unlink()


if __name__ == "__main__":
    main()
