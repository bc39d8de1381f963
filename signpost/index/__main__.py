"""`python -m signpost.index --settings FILE`: the index, until it is asked to stop.

`python -m signpost.index new-keys --settings FILE` makes its keys, once, and prints the public one: key holders pin it.
`show-keys` prints it again. `work` is the worker apart from it, on the same database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from signpost.index.app import Index, read_manifest
from signpost.index.desk import GATHER_SECONDS
from signpost.index.events import IndexEvent
from signpost.index.keyfile import IndexKeys, make_keys, read_keys, write_keys
from signpost.index.mailing import Mailing
from signpost.index.retiring import RETIRING_SECONDS
from signpost.index.settings import IndexSettings
from signpost.index.storage.opening import open_index_database
from signpost.index.storage.vault import Vault
from signpost.index.sweep import SWEEP_SECONDS
from signpost.index.ticking import meanwhile
from signpost.index.web.operator import operator_app
from signpost.index.web.public import public_app
from signpost.protocol.encoding import canonical_json
from signpost.service.clock import SystemClock, system_randomness
from signpost.service.database import open_reader
from signpost.service.files import private_folder
from signpost.service.log import Log, Word
from signpost.service.process import run_service
from signpost.service.serving import LocalAdmin, serve
from signpost.service.writer import Writer

__all__ = ["main"]


def main() -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="signpost.index", description="The national index.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=("serve", "work", "new-keys", "show-keys"),
        default="serve",
        help="serve, work beside it, or make or show its keys",
    )
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the settings, as TOML")
    asked = parser.parse_args()
    run = {"serve": _serve, "work": _work, "new-keys": _new_keys, "show-keys": _show_keys}[asked.what]
    return run_service(Word("index"), lambda log: run(asked.settings, log))


async def _new_keys(file: Path, log: Log) -> None:
    settings = IndexSettings.load(file)
    keys = make_keys(system_randomness)
    private_folder(settings.data_dir)
    write_keys(settings.key_file, keys)
    _tell(keys)


async def _show_keys(file: Path, log: Log) -> None:
    _tell(read_keys(IndexSettings.load(file).key_file))


def _tell(keys: IndexKeys) -> None:
    """The public key, which key holders pin, as one line of JSON."""
    sys.stdout.write(canonical_json({"credential_key": keys.credential_key().verify_key.text}).decode() + "\n")


@contextlib.contextmanager
def _opened(file: Path, settings: IndexSettings, log: Log) -> Iterator[Index]:
    manifest = read_manifest(settings, file=file)
    keys = read_keys(settings.key_file)
    vault = Vault(keys)
    with contextlib.ExitStack() as opened:
        writer = opened.enter_context(Writer(open_index_database(settings.database, vault), log))
        reader = opened.enter_context(contextlib.closing(open_reader(settings.database)))
        yield Index(
            settings=settings,
            keys=keys,
            manifest=manifest,
            vault=vault,
            reader=reader,
            writer=writer,
            clock=SystemClock(),
            randomness=system_randomness,
        )


async def _serve(file: Path, log: Log) -> None:
    settings = IndexSettings.load(file)
    with _opened(file, settings, log) as index:
        async with contextlib.AsyncExitStack() as working:
            await working.enter_async_context(
                meanwhile(
                    index.settling.tick,
                    seconds=settings.settling_tick_ms / 1000,
                    failed=IndexEvent.SETTLING_FAILED,
                    log=log,
                )
            )
            await working.enter_async_context(
                meanwhile(index.sweeping.tick, seconds=SWEEP_SECONDS, failed=IndexEvent.SWEEPING_FAILED, log=log)
            )
            await working.enter_async_context(
                meanwhile(index.retiring.tick, seconds=RETIRING_SECONDS, failed=IndexEvent.RETIRING_FAILED, log=log)
            )
            await working.enter_async_context(
                meanwhile(index.gathering.tick, seconds=GATHER_SECONDS, failed=IndexEvent.GATHERING_FAILED, log=log)
            )
            if settings.worker == "inside":
                await working.enter_async_context(_working(index, settings, log))
            await serve(
                public_app(index, log, manifest=_document(settings)),
                settings.address,
                log=log,
                admin=LocalAdmin(operator_app(index, log), settings.operator_socket),
            )


async def _work(file: Path, log: Log) -> None:
    """The worker apart: beside an index whose settings say so, on the same database."""
    settings = IndexSettings.load(file)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with _opened(file, settings, log) as index:
        async with _working(index, settings, log):
            await stop.wait()


@contextlib.asynccontextmanager
async def _working(index: Index, settings: IndexSettings, log: Log) -> AsyncIterator[None]:
    """Escalates, and sends mails where there is somewhere to hand them in."""
    seconds = settings.worker_tick_ms / 1000
    async with contextlib.AsyncExitStack() as working:
        await working.enter_async_context(
            meanwhile(index.escalating.tick, seconds=seconds, failed=IndexEvent.ESCALATING_FAILED, log=log)
        )
        if (mail := settings.mail()) is not None:
            mailing = Mailing(mails=index.mails, settings=mail, clock=index.clock, log=log)
            await working.enter_async_context(
                meanwhile(mailing.tick, seconds=seconds, failed=IndexEvent.MAILING_FAILED, log=log)
            )
        yield


def _document(settings: IndexSettings) -> str:
    """The manifest as its holders signed it; it was read before."""
    assert settings.manifest is not None
    return settings.manifest.read_text("ascii")


if __name__ == "__main__":
    sys.exit(main())
