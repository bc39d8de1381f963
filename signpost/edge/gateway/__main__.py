"""`python -m signpost.edge.gateway --settings FILE`: the gateway, until it is asked to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Final

from signpost.edge.agent import awake_and_asleep
from signpost.edge.client import transport_with
from signpost.edge.failures import DeskUnusable, Failure
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.doors import gateway_app
from signpost.edge.gateway.feeds.history import FeedHistory
from signpost.edge.gateway.feeds.uploads import Feeds
from signpost.edge.gateway.files import GatewayFiles
from signpost.edge.gateway.machine import Machine
from signpost.edge.gateway.program import Program, load_program_digest
from signpost.edge.gateway.settings import GatewaySettings
from signpost.edge.transport import Transport
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
        machine = _machine(settings, files, transport)
        program = None if machine is None else _program(settings, machine)
        history = None if machine is None else FeedHistory(settings.folder, clock=SystemClock())
    except Failure as failure:
        # Its words are ours, and name no file's content.
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=settings.folder, details=(failure.why,)) from None
    async with transport:
        feeds = None
        if machine is not None and history is not None:
            feeds = Feeds(
                machine, history, clock=SystemClock(), randomness=system_randomness, log=log,
                upload_bytes=settings.upload_megabytes << 20,
            )  # fmt: skip
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
        )
        sweeping = asyncio.create_task(_sweep(gateway))
        try:
            await serve(gateway_app(gateway), settings.address, log=log)
        finally:
            await gateway.stop()
            sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping


def _machine(settings: GatewaySettings, files: GatewayFiles, transport: Transport) -> Machine | None:
    """The machine account of a feed, where there is a desk of one."""
    if settings.program_desk is None:
        return None
    machine = Machine(settings.program_desk, transport=transport, clock=SystemClock(), randomness=system_randomness)
    if machine.keys.organisation.name != files.certified.organisation:
        raise DeskUnusable("The program's desk is of another organisation than the gateway.")
    return machine


def _program(settings: GatewaySettings, machine: Machine) -> Program | None:
    """The organisation's own program, where a token was made for it."""
    token_digest = load_program_digest(settings.folder)
    if token_digest is None:
        return None
    return Program(machine, token_digest, clock=SystemClock(), elapsed=awake_and_asleep, randomness=system_randomness)


async def _sweep(gateway: Gateway) -> None:
    """Nobody need ask again for a session that has ended to be forgotten."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        gateway.forget_old()


if __name__ == "__main__":
    sys.exit(main())
