"""`signpost doctor`: what is wrong with this device's set-up, before somebody needs it.

Exit 0, or 1 when a lookup could not be answered now.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import typer

from signpost.edge.client import transport_for
from signpost.edge.desk import Desk, default_folder
from signpost.edge.examination import Condition, Finding, examine
from signpost.edge.failures import Failure
from signpost.service.clock import SystemClock
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say

__all__ = ["doctor"]

_ONE_OF_MANY: Final = "key holder "
"""One key holder may be ill while the others are enough: what counts is the quorum."""


def doctor(home: Home = None, as_json: JsonFlag = False) -> None:
    """Say what is wrong with this device's set-up: enrolment, clock, index, key holders, manifest.

    It signs nothing and is charged nothing. Exit code 0, or 1 when a lookup could not be answered now.

    Example:
      signpost doctor
    """
    findings = _findings(home or default_folder())
    healthy = not any(
        finding.condition is Condition.ILL for finding in findings if not finding.what.startswith(_ONE_OF_MANY)
    )
    if as_json:
        checks = [{"what": f.what, "condition": f.condition.value, "says": f.says, "next": f.hint} for f in findings]
        answer_json("signpost.doctor/1", {"healthy": healthy, "checks": checks})
    else:
        for finding in findings:
            answer(f"{finding.condition:<5}  {finding.what}: {finding.says}")
            if finding.hint and finding.condition is not Condition.WELL:
                answer(f"       Next: {finding.hint}")
        say("Not tested: whether this device has been revoked. Nothing was signed, and only a signed request tells.")
    if not healthy:
        raise typer.Exit(ExitCode.FAILED)


def _findings(folder: Path) -> list[Finding]:
    async def look(desk: Desk) -> list[Finding]:
        async with transport_for(desk) as transport:
            return await examine(desk, transport, clock=SystemClock())

    try:
        desk = Desk.load(folder)
        found = asyncio.run(look(desk))
    except Failure as failure:
        return [Finding("desk", Condition.ILL, f"{failure.what} {failure.why}", failure.hint)]
    return [Finding("desk", Condition.WELL, f"{desk.organisation}/{desk.account}, {desk.role}, in {folder}"), *found]
