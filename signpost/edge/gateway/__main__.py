"""`python -m signpost.edge.gateway --settings FILE`: the gateway, until it is asked to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
from pathlib import Path
from typing import Final

from signpost.edge.agent import awake_and_asleep
from signpost.edge.client import transport_with
from signpost.edge.failures import DeskUnusable, Failure
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.case_system import CASE_SYSTEM_TOKEN, CaseSystem
from signpost.edge.gateway.doors import gateway_app
from signpost.edge.gateway.feeds.history import FeedHistory
from signpost.edge.gateway.feeds.uploads import Feeds
from signpost.edge.gateway.files import GatewayFiles
from signpost.edge.gateway.machine import Machine
from signpost.edge.gateway.program import Program, load_program_digest
from signpost.edge.gateway.settings import GatewaySettings
from signpost.edge.organisation_keys import FeedKeys, load_feed_keys
from signpost.edge.transport import Transport
from signpost.protocol.purposes import Role
from signpost.service.clock import SystemClock, system_randomness
from signpost.service.log import Log, Word
from signpost.service.process import run_service
from signpost.service.refusals import RefusalCode, StartRefused
from signpost.service.serving import serve

__all__ = ["main"]

_SWEEP_SECONDS: Final = 30.0


def main() -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="signpost.edge.gateway", description="An organisation's gateway.")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the settings, as TOML")
    asked = parser.parse_args()
    return run_service(Word("gateway"), lambda log: _serve(asked.settings, log))


async def _serve(file: Path, log: Log) -> None:
    settings = GatewaySettings.load(file)
    try:
        files, transport = GatewayFiles.load(settings.folder), transport_with(settings.ca_file)
        keys = _feed_keys(settings, files)
        program, feeds = _registering(settings, keys, transport, log)
        case_system = _case_system(settings, transport)
    except Failure as failure:
        # Its words are ours, and name no file's content.
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=settings.folder, details=(failure.why,)) from None
    async with transport:
        gateway = Gateway(
            files,
            transport=transport,
            idle_seconds=settings.idle_minutes * 60,
            clock=SystemClock(),
            elapsed=awake_and_asleep,
            randomness=system_randomness,
            log=log,
            program=program,
            feeds=feeds,
            case_system=case_system,
            reference_key=None if keys is None else keys.reference_key,
            lock_seconds=settings.lock_seconds,
        )
        sweeping = asyncio.create_task(_sweep(gateway))
        # What was loaded stays for good: nobody waits while the collector looks through it, 60 ms each time.
        gc.freeze()
        try:
            await serve(gateway_app(gateway), settings.address, log=log)
        finally:
            await gateway.stop()
            sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping


def _feed_keys(settings: GatewaySettings, files: GatewayFiles) -> FeedKeys | None:
    """What is in the desk of the feed, where there is one."""
    if settings.program_desk is None:
        return None
    keys = load_feed_keys(settings.program_desk)
    if keys.organisation.name != files.certified.organisation:
        raise DeskUnusable("The program's desk is of another organisation than the gateway.")
    return keys


def _registering(
    settings: GatewaySettings, keys: FeedKeys | None, transport: Transport, log: Log
) -> tuple[Program | None, Feeds | None]:
    """The organisation's own program, where a token was made for it, and feeds by upload; where there is a feed's desk,
    by whose one account both register.
    """
    desk = settings.program_desk
    if desk is None or keys is None:
        return None, None
    clock, token_digest = SystemClock(), load_program_digest(settings.folder)
    machine = Machine(desk, Role.FEED, transport=transport, clock=clock, randomness=system_randomness)
    program = None
    if token_digest is not None:
        program = Program(
            machine, keys, token_digest, clock=clock, elapsed=awake_and_asleep, randomness=system_randomness
        )
    history = FeedHistory(settings.folder, clock=clock)
    most = settings.upload_megabytes << 20
    return program, Feeds(machine, keys, history, clock=clock, randomness=system_randomness, log=log, upload_bytes=most)


def _case_system(settings: GatewaySettings, transport: Transport) -> CaseSystem | None:
    """The organisation's case-management system, where there is a desk for it and a token was made."""
    token_digest = CASE_SYSTEM_TOKEN.kept(settings.folder)
    if settings.case_system_desk is None or token_digest is None:
        return None
    return CaseSystem(
        settings.case_system_desk,
        token_digest,
        transport=transport,
        clock=SystemClock(),
        elapsed=awake_and_asleep,
        randomness=system_randomness,
    )


async def _sweep(gateway: Gateway) -> None:
    """Nobody need ask again for a session that has ended to be forgotten."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        gateway.forget_old()


if __name__ == "__main__":
    sys.exit(main())
