"""`python -m signpost.index --settings FILE`: the index, until it is asked to stop.

`python -m signpost.index new-keys --settings FILE` makes its keys, once, and prints the public one: key holders pin it.
`show-keys` prints it again.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from signpost.index.app import Index, read_manifest
from signpost.index.escalating import ESCALATING_SECONDS
from signpost.index.events import IndexEvent
from signpost.index.keyfile import IndexKeys, make_keys, read_keys, write_keys
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
        choices=("serve", "new-keys", "show-keys"),
        default="serve",
        help="serve, or make or show its keys",
    )
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the settings, as TOML")
    asked = parser.parse_args()
    run = {"serve": _serve, "new-keys": _new_keys, "show-keys": _show_keys}[asked.what]
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


async def _serve(file: Path, log: Log) -> None:
    settings = IndexSettings.load(file)
    manifest = read_manifest(settings, file=file)
    keys = read_keys(settings.key_file)
    vault = Vault(keys)
    clock = SystemClock()
    with contextlib.ExitStack() as opened:
        writer = opened.enter_context(Writer(open_index_database(settings.database, vault), log))
        reader = opened.enter_context(contextlib.closing(open_reader(settings.database)))
        index = Index(
            settings=settings,
            keys=keys,
            manifest=manifest,
            vault=vault,
            reader=reader,
            writer=writer,
            clock=clock,
            randomness=system_randomness,
        )
        async with (
            meanwhile(
                index.settling.tick,
                seconds=settings.settling_tick_ms / 1000,
                failed=IndexEvent.SETTLING_FAILED,
                log=log,
            ),
            meanwhile(index.sweeping.tick, seconds=SWEEP_SECONDS, failed=IndexEvent.SWEEPING_FAILED, log=log),
            meanwhile(index.escalating.tick, seconds=ESCALATING_SECONDS, failed=IndexEvent.ESCALATING_FAILED, log=log),
        ):
            await serve(
                public_app(index, log, manifest=_document(settings)),
                settings.address,
                log=log,
                admin=LocalAdmin(operator_app(index, log), settings.operator_socket),
            )


def _document(settings: IndexSettings) -> str:
    """The manifest as its holders signed it; it was read before."""
    assert settings.manifest is not None
    return settings.manifest.read_text("ascii")


if __name__ == "__main__":
    sys.exit(main())
