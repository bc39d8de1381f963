"""`python -m signpost_keys --settings FILE`: one key holder, until it is asked to stop.

It starts locked, whatever it was before. Its custodian opens it over `custody.sock`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from signpost.service.clock import Clock, SystemClock, system_randomness
from signpost.service.database import open_database, open_reader
from signpost.service.listening import PublicAddress, Tls
from signpost.service.log import Log, Word
from signpost.service.process import run_service
from signpost.service.refusals import RefusalCode, StartRefused
from signpost.service.serving import LocalAdmin, serve
from signpost.service.writer import WriteLost, Writer
from signpost_keys.app import public_app
from signpost_keys.custody_app import custody_app
from signpost_keys.events import HolderEvent
from signpost_keys.holder import Holder
from signpost_keys.revocations import fetch_for_ever
from signpost_keys.settings import HolderSettings
from signpost_keys.storage import MIGRATIONS, HolderStore

__all__ = ["main"]

_SWEEP_SECONDS: Final = 60


def main() -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="signpost_keys", description="One key holder.")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the settings, as TOML")
    file = parser.parse_args().settings
    return run_service(Word("holder"), lambda log: _serve(file, log))


async def _serve(file: Path, log: Log) -> None:
    settings = HolderSettings.load(file)
    address = PublicAddress(settings.host, settings.port, _tls(settings))
    trusted = _trusted(settings.index_ca_file)
    clock = SystemClock()
    with contextlib.ExitStack() as opened:
        writer = opened.enter_context(Writer(open_database(settings.folder.database, MIGRATIONS), log))
        reader = opened.enter_context(contextlib.closing(open_reader(settings.folder.database)))
        # One thread a core multiplies; one more, so that opening a share does not hold them up.
        pool = opened.enter_context(ThreadPoolExecutor((os.cpu_count() or 1) + 1, "evaluate"))
        store = HolderStore(writer, reader)
        holder = Holder.of(settings, store=store, clock=clock, randomness=system_randomness, log=log, pool=pool)
        fetching = fetch_for_ever(
            holder.revocations, store, index_url=settings.index_url, trusted=trusted, clock=clock, log=log
        )
        async with _meanwhile(fetching), _meanwhile(_sweep_for_ever(store, clock)):
            log.emit(HolderEvent.LOCKED)  # before `ready`: it answers, and nobody's questions
            await serve(
                public_app(holder), address, log=log, admin=LocalAdmin(custody_app(holder), settings.folder.socket)
            )


def _tls(settings: HolderSettings) -> Tls | None:
    certificate, key = settings.tls_certificate, settings.tls_key
    return None if certificate is None or key is None else Tls(certificate, key)


def _trusted(authority: Path | None) -> ssl.SSLContext | bool:
    """Whose certificate the index may show: the machine's authorities, or the one in the settings."""
    if authority is None:
        return True
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ValueError) as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=authority) from error


async def _sweep_for_ever(store: HolderStore, clock: Clock) -> None:
    while True:
        # A disk that takes nothing is logged by the writer; what is not swept is still never counted.
        with contextlib.suppress(WriteLost):
            await store.sweep(now=clock.now())
        await asyncio.sleep(_SWEEP_SECONDS)


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Runs work that never ends by itself for as long as the context lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


if __name__ == "__main__":
    sys.exit(main())
