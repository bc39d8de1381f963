"""The ceremony between running holders: the relay of keys_relay.py, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from signpost.edge.signed_sender import refusal
from signpost.edge.transport import NoReply, Reply, Transport
from signpost.protocol.manifest import SignedManifest
from signpost.protocol.messages import CeremonyAnswer, CeremonyRequest
from signpost.protocol.problems import ProblemCode
from signpost.protocol.roster import Roster
from signpost_cli.exit_codes import ExitCode
from signpost_cli.keys_relay import agreed_manifest, relay
from signpost_cli.local_service import stop_for
from signpost_cli.output import say
from signpost_cli.stops import Stop

__all__ = ["hold_ceremony", "trusting"]

_PATIENCE_SECONDS: Final = 30.0
"""For one exchange: a holder checks everybody's shares and writes its state to the disk, a fraction of a second."""
_AGAIN: Final = "Then run this command again: the ceremony goes on where the holders stand."


def trusting(ca_file: Path | None) -> Transport:
    """HTTP that trusts the system's authorities, or this one.

    Raises:
        Stop: the file holds no certificate.
    """
    try:
        return Transport(ca_file=ca_file)
    except OSError:
        raise Stop(ExitCode.USAGE, "The authority's file cannot be used.", hint="Name a PEM file: --ca-file") from None


async def hold_ceremony(roster: Roster, *, ca_file: Path | None) -> SignedManifest:
    """Relays until every holder has its share; the manifest they all publish.

    Raises:
        Stop: a holder cannot be reached, refuses, or names a dealer that cheated.
    """
    async with trusting(ca_file) as transport:

        async def ask(number: int, messages: Sequence[str]) -> CeremonyAnswer:
            body = CeremonyRequest(messages=list(messages)).model_dump_json().encode()
            headers = {"content-type": "application/json"}
            url = roster.holders[number - 1].url
            posting = transport.post(url, "/v1/ceremony", headers=headers, body=body, seconds=_PATIENCE_SECONDS)
            try:
                return CeremonyAnswer.model_validate_json(await _granted(posting, number))
            except ValidationError:
                raise Stop(
                    ExitCode.FAILED, f"Holder {number} answered in another form than this command knows."
                ) from None

        async def published(number: int) -> bytes:
            getting = transport.get(roster.holders[number - 1].url, "/v1/manifest", seconds=_PATIENCE_SECONDS)
            return await _granted(getting, number)

        await relay(roster, ask, heard=lambda number, round_: say(f"holder {number}: round {round_} of 5"))
        return agreed_manifest(roster, [await published(number) for number in range(1, len(roster.holders) + 1)])


async def _granted(asking: Coroutine[Any, Any, Reply], number: int) -> bytes:
    try:
        reply = await asking
    except NoReply as silence:
        raise Stop(
            ExitCode.FAILED,
            f"Holder {number} did not answer: {silence}.",
            hint=f"Have its custodian start and open it. {_AGAIN}",
        ) from None
    if reply.status == 200:
        return reply.body
    failure = refusal(reply)
    if failure.code is None:
        raise Stop(ExitCode.FAILED, f"Holder {number} refuses for a reason this version does not know.")
    stop = stop_for(failure.code, who=f" (holder {number} says so{_dealer(failure.code, failure.pointers)})")
    if failure.code in (ProblemCode.HOLDER_LOCKED, ProblemCode.CEREMONY_NOT_OPEN):
        stop.hint = f"{stop.hint}. {_AGAIN}"
    raise stop


def _dealer(code: ProblemCode, pointers: Sequence[str]) -> str:
    """Whom the holder names: the pointer is a place in the roster, counted from 0."""
    places = [re.fullmatch(r"/holders/([0-9]{1,2})", pointer) for pointer in pointers]
    if code is not ProblemCode.CEREMONY_FAILED or not places or places[0] is None:
        return ""
    return f", and names holder {int(places[0][1]) + 1}"
