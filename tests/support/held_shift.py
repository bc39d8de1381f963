"""Shifts for tests: the real agent, answering on its real socket, in a thread of this process."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import time
from pathlib import Path

from signpost.edge.agent import Agent, serve_agent
from signpost.edge.shift import agent_socket
from signpost.edge.signed_sender import expiry_of
from signpost.protocol.keys import SigningKey
from signpost.protocol.sealing import Argon2Cost, OpeningKey
from signpost.protocol.secret import Secret

__all__ = ["PIN", "hold"]

PIN = "493028"
QUICK = Argon2Cost(memory_kib=64, passes=1, lanes=1)
"""No protection at all, and so quick that a test can afford it."""


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="agents", daemon=True).start()
    return loop


def hold(
    folder: Path, *, account: str, certificate: str, credential: str, key: SigningKey, bases: frozenset[str],
    organisation: str = "st-elsewhere", opening: OpeningKey | None = None,
) -> Agent:  # fmt: skip
    """Hold a shift for a desk's folder until the folder is gone or this process ends."""
    agent = Agent.holding(
        account=account,
        organisation=organisation,
        certificate=certificate,
        certificate_expires_at=expiry_of(certificate) or 0,
        credential=credential,
        expires_at=expiry_of(credential) or 2**40,
        key=key,
        opening=opening,
        pin=Secret(PIN.encode()),
        bases=bases,
        idle_seconds=3600.0,
        clock=time.monotonic,
        randomness=os.urandom,
        cost=QUICK,
    )
    listening = threading.Event()
    path = agent_socket(folder)
    path.unlink(missing_ok=True)
    # A pretended clock may stand anywhere: the shift does not run out by itself here.
    serving = serve_agent(agent, path, desk=folder, now=lambda: 0, ready=listening.set)
    asyncio.run_coroutine_threadsafe(serving, _loop())
    assert listening.wait(10)
    return agent
