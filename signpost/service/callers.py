"""Who may connect: how many at once, in all and from one address.

Rules:
- A connection is counted from the moment it is accepted, before its TLS handshake, until it is gone: each is a
  descriptor, and a process that has none left can neither answer nor write. (An asyncio server counts nothing, and
  waits a minute for a handshake.) So uvicorn is not left to accept them.
- One too many is closed at once, without a word.
- One address has a share, so that one machine cannot take every place. IPv6 is counted by the 64 bits that name a site,
  of which a machine makes its own addresses. Loopback and the Unix socket have no share: behind a proxy on this machine
  everybody comes from there, and the proxy is what tells them apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from signpost.service.connection import Connection

__all__ = ["CallerLimits", "Callers", "Places", "site_of"]

_OWN_DESCRIPTORS: Final = 128
"""What the service keeps for itself: its databases, its threads, its requests to others."""

_ACCEPTED_AT_ONCE: Final = 64
"""Connections accepted before whoever is connected has a turn."""

_BREATH_SECONDS: Final = 0.2
"""How long no connection is accepted after the system could not give us one."""


@dataclass(frozen=True, slots=True)
class CallerLimits:
    """How many connections, of one address and in all, and how long each may keep us waiting."""

    connections: int = 4096
    of_one_address: int = 256
    """Generous: a council's whole staff may come from one address, and one device has at most 64."""
    seconds: float = 10.0


class Places:
    """How many are connected, in all and from each site."""

    def __init__(self, limits: CallerLimits) -> None:
        self._most = min(limits.connections, _descriptors() - _OWN_DESCRIPTORS)
        self._most_of_one = limits.of_one_address
        self._taken: Counter[str | None] = Counter()
        self._all = 0

    def take(self, site: str | None) -> bool:
        """Whether there was a place for one more from there; None is a site without a share."""
        if self._all >= self._most or (site is not None and self._taken[site] >= self._most_of_one):
            return False
        self._all += 1
        self._taken[site] += 1
        return True

    def give_back(self, site: str | None) -> None:
        """One from there is gone."""
        self._all -= 1
        self._taken[site] -= 1
        if not self._taken[site]:
            del self._taken[site]  # or every address that ever called would be remembered


def site_of(host: str) -> str | None:
    """What the share of an address is counted by; None for loopback and for a Unix socket, which has no address."""
    if not host:
        return None
    ip = ipaddress.ip_address(host)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return None if ip.is_loopback else ip.packed[:8].hex()
        ip = ip.ipv4_mapped
    return None if ip.is_loopback else str(ip)


class Callers:
    """Accepts connections on a socket for as long as there are places. `make` gives a connection its protocol."""

    def __init__(
        self,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        limits: CallerLimits,
        make: Callable[[], Connection],
    ) -> None:
        self._listening = listening
        self._tls: dict[str, Any] = {}
        if tls is not None:
            self._tls = {"ssl": tls, "ssl_handshake_timeout": limits.seconds, "ssl_shutdown_timeout": limits.seconds}
        self._places = Places(limits)
        self._make = make
        self._attended: set[asyncio.Task[None]] = set()
        self._breath: asyncio.TimerHandle | None = None

    def admit(self) -> None:
        """From now on, whoever connects."""
        self._listening.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def admit_no_more(self) -> None:
        """Whoever is connected stays."""
        asyncio.get_running_loop().remove_reader(self._listening)
        if self._breath is not None:
            self._breath.cancel()

    async def cut_off(self) -> None:
        """Whoever is still connected, or about to be."""
        for task in self._attended:
            task.cancel()
        await asyncio.gather(*self._attended, return_exceptions=True)

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                caller, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # none is waiting, or the one that was has gone
            except OSError:  # no descriptor or no memory: it would be tried again at once, and for ever
                loop.remove_reader(self._listening)
                self._breath = loop.call_later(_BREATH_SECONDS, self.admit)
                return
            site = site_of(address[0] if address else "")
            if not self._places.take(site):
                caller.close()
                continue
            caller.setblocking(False)
            task = loop.create_task(self._attend(caller))
            self._attended.add(task)
            task.add_done_callback(functools.partial(self._gone, site))

    async def _attend(self, caller: socket.socket) -> None:
        connection = self._make()
        with contextlib.suppress(OSError):  # it has gone, or its handshake failed or took too long
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, caller, **self._tls
            )
            try:
                await connection.lost
            finally:
                transport.abort()  # nothing to do unless this was cancelled

    def _gone(self, site: str | None, task: asyncio.Task[None]) -> None:
        self._attended.discard(task)
        self._places.give_back(site)


def _descriptors() -> int:
    """How many this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft
