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
from signpost.edge.failures import Failure
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.case_system import CASE_SYSTEM_TOKEN, CaseSystem
from signpost.edge.gateway.doors import gateway_app
from signpost.edge.gateway.files import GatewayFiles
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
        program, case_system = _program(settings, transport), _case_system(settings, transport)
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
            case_system=case_system,
        )
        sweeping = asyncio.create_task(_sweep(gateway))
        try:
            await serve(gateway_app(gateway), settings.address, log=log)
        finally:
            sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping


def _program(settings: GatewaySettings, transport: Transport) -> Program | None:
    """The organisation's own program, where there is a desk for it and a token was made."""
    token_digest = load_program_digest(settings.folder)
    if settings.program_desk is None or token_digest is None:
        return None
    return Program(
        settings.program_desk,
        token_digest,
        transport=transport,
        clock=SystemClock(),
        elapsed=awake_and_asleep,
        randomness=system_randomness,
    )


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
        gateway.sessions.forget_ended()


if __name__ == "__main__":
    sys.exit(main())
