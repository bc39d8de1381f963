"""Serving: the public application and the local one, in one process and one event loop, until asked to stop.

Both are bound before either is served, and `ready` is logged when both are. SIGTERM or SIGINT stops both: they take no
more connections, finish what they have begun, and `serve` returns; a second signal does not wait. Neither runs lifespan
events: what a service opens, it opens before `serve` and closes after it.

uvicorn speaks HTTP; who may connect is decided in `callers`, and how long a connection may dally in `connection`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from signpost.service.callers import CallerLimits, Callers
from signpost.service.connection import Connection
from signpost.service.events import Scheme, ServiceEvent
from signpost.service.listening import PublicAddress, admin_socket, public_socket, tls_context
from signpost.service.log import Log, Word

__all__ = ["LocalAdmin", "serve"]

_FINISH_SECONDS: Final = 10
"""How long requests under way may take to finish once the service stops."""


@dataclass(frozen=True, slots=True)
class LocalAdmin:
    """The application of whoever runs the machine, on a Unix socket; never on TCP."""

    app: ASGIApp
    path: Path


async def serve(
    app: ASGIApp,
    address: PublicAddress,
    *,
    log: Log,
    admin: LocalAdmin | None = None,
    limits: CallerLimits = CallerLimits(),  # noqa: B008 - frozen
) -> None:
    """Serves until a signal, or until it is cancelled; either way what has begun is finished first.

    Raises:
        StartRefused: an address, the certificate or the socket is not as `listening` demands; nothing was served.
    """
    with contextlib.ExitStack() as opened:
        tls = None if address.tls is None else tls_context(address.tls)
        public = opened.enter_context(public_socket(address))
        host, port = public.getsockname()[:2]

        def ready() -> None:
            if all(server.started for server in servers):
                scheme = Scheme.HTTP if tls is None else Scheme.HTTPS
                log.emit(ServiceEvent.READY, scheme=scheme, host=Word(host), port=port, admin_socket=admin is not None)

        servers = [_Server(app, public, tls, limits, ready)]
        if admin is not None:
            local = opened.enter_context(admin_socket(admin.path))
            servers.append(_Server(admin.app, local, None, limits, ready))
        with _stopped_by_signals(servers, log):
            tasks = [asyncio.create_task(server.serve_socket()) for server in servers]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for server in servers:
                    server.should_exit = True
                await asyncio.gather(*tasks)
    log.emit(ServiceEvent.STOPPED)


class _Server(uvicorn.Server):
    """uvicorn on a socket of ours, without its signal handlers, its banner and its trust in forwarded headers."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        limits: CallerLimits,
        ready: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=math.ceil(limits.seconds),
                timeout_graceful_shutdown=_FINISH_SECONDS,
            )
        )
        self._listening = listening
        self._callers = Callers(listening, tls, limits, lambda: self._connection(limits.seconds))
        self._ready = ready

    async def serve_socket(self) -> None:
        await self.serve(sockets=[self._listening])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.servers = []  # uvicorn's would accept whoever comes
        self._callers.admit()
        self.started = True
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._callers.admit_no_more()
        await super().shutdown(sockets)
        await self._callers.cut_off()

    def _connection(self, seconds: float) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state, seconds=seconds)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Two servers share the process: `serve` takes the signals for both.
        yield


@contextlib.contextmanager
def _stopped_by_signals(servers: Sequence[_Server], log: Log) -> Iterator[None]:
    def stop() -> None:
        if not servers[0].should_exit:
            log.emit(ServiceEvent.STOPPING)
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield  # Python gives signals to the main thread only
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
