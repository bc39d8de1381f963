"""Examining a desk's set-up before somebody needs it: enrolment, clock, index, key holders, manifest.

Only what anybody may ask is asked: no request is signed, and nothing is charged. What a service says of itself is not
proof, and is not taken for one: a lookup checks every proof, whatever was found here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from signpost.edge.desk import Desk
from signpost.edge.transport import NoReply, NoReplyReason, Transport
from signpost.protocol.manifest import HolderEntry
from signpost.protocol.messages import Coverage, HolderStatus, IndexHealth
from signpost.protocol.revocation import MAX_AGE_SECONDS
from signpost.protocol.signatures import MAX_SKEW_SECONDS, WINDOW_SECONDS
from signpost.service.clock import Clock

__all__ = ["Condition", "Finding", "examine"]

_Model = TypeVar("_Model", bound=BaseModel)

_SECONDS: Final = 5.0
_SOON_DAYS: Final = 30
_LOOK: Final = "Look at it, or tell who runs it."
_NEXT: Final[Mapping[str, str]] = {
    NoReplyReason.NOT_REACHED: "Check this machine's network; else it is not running: tell who runs it.",
    NoReplyReason.NOT_TRUSTED: "Check ca_file in desk.toml: it names the authority of this service's certificate. "
    "If it does, tell who runs the service.",
    NoReplyReason.NOT_ALLOWED: "Correct index_url in desk.toml, or have the manifest made with https addresses.",
}
"""What to do about a silence, where it can be said more closely."""


class Condition(StrEnum):
    """How something is: `watch` when it works now, but will not for long or not if one more thing fails."""

    WELL = "well"
    WATCH = "watch"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it is, and what to do about it."""

    what: str
    condition: Condition
    says: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a service said when it was asked: its answer where it was of the right form, and its clock."""

    answer: BaseModel | None
    silence: str
    clock: int | None


async def examine(desk: Desk, transport: Transport, *, clock: Clock) -> list[Finding]:
    """Everything a lookup from this desk would need, each found well, to be watched, or ill."""
    index, coverage, *holders = await asyncio.gather(
        _hear(transport, desk.settings.index_url, "/health", IndexHealth),
        _hear(transport, desk.settings.index_url, "/v1/coverage", Coverage),
        *(_hear(transport, holder.url, "/v1/status", HolderStatus) for holder in desk.manifest.holders),
    )
    now = clock.now()
    named = list(zip(desk.manifest.holders, holders, strict=True))
    reports = [_holder(holder, heard, desk) for holder, heard in named]
    return [
        *_enrolment(desk, now),
        _clock([heard.clock for heard in (index, *holders) if heard.clock is not None], now),
        _index(index, coverage),
        *reports,
        _quorum(reports, desk),
        _manifest(named, desk),
    ]


async def _hear(transport: Transport, url: str, path: str, model: type[_Model]) -> _Heard:
    try:
        reply = await transport.get(url, path, seconds=_SECONDS)
    except NoReply as silence:
        return _Heard(None, silence.reason.value, None)
    try:
        return _Heard(model.model_validate_json(reply.body) if reply.status == 200 else None, "", reply.date)
    except ValidationError:
        return _Heard(None, "", reply.date)


def _enrolment(desk: Desk, now: int) -> Iterable[Finding]:
    yield _lasting(
        "enrolment",
        desk.identity.certificate_expires_at,
        now,
        soon=_SOON_DAYS * 24 * 60 * 60,
        hint="Have the account enrolled again: signpost admin account enrol NAME",
    )
    yield _lasting(
        "shift",
        desk.identity.credential_expires_at,
        now,
        soon=60 * 60,
        hint="Sign in again: signpost login",
    )


def _lasting(what: str, expires_at: int | None, now: int, *, soon: int, hint: str) -> Finding:
    if expires_at is None:
        return Finding(what, Condition.ILL, "what is in the desk's folder is not of its form", hint)
    until = dt.datetime.fromtimestamp(expires_at, tz=dt.UTC).astimezone().strftime("%-d %B %Y, %H:%M")
    if expires_at <= now:
        return Finding(what, Condition.ILL, f"ran out on {until}", hint)
    return Finding(what, Condition.WATCH if expires_at - now < soon else Condition.WELL, f"until {until}", hint)


def _clock(others: Sequence[int], now: int) -> Finding:
    """A signature is refused when it seems to be of the future, or a minute old (D4)."""
    if not others:
        return Finding("clock", Condition.WATCH, "there was nobody to compare it with")
    ahead = now - sorted(others)[len(others) // 2]
    if -WINDOW_SECONDS < ahead <= MAX_SKEW_SECONDS:
        return Finding("clock", Condition.WELL, "agrees with the services'")
    way = "fast" if ahead > 0 else "slow"
    return Finding(
        "clock", Condition.ILL, f"is {abs(ahead)} seconds {way}", "Set this machine's clock from the network."
    )


def _index(heard: _Heard, coverage: _Heard) -> Finding:
    if not isinstance(heard.answer, IndexHealth):
        return Finding(
            "index", Condition.ILL, heard.silence or "did not answer as an index does", _NEXT.get(heard.silence, _LOOK)
        )
    says = "answers"
    if isinstance(coverage.answer, Coverage):
        says += f"; {coverage.answer.up_to_date} of {coverage.answer.expected} authorities are up to date"
    if heard.answer.deleting_overdue:
        return Finding("index", Condition.WATCH, f"{says}; it is late with deleting what is past its time", _LOOK)
    return Finding("index", Condition.WELL, says)


def _holder(holder: HolderEntry, heard: _Heard, desk: Desk) -> Finding:
    what = f"key holder {holder.number}"
    status = heard.answer
    if not isinstance(status, HolderStatus):
        return Finding(
            what, Condition.ILL, heard.silence or "did not answer as a key holder does", _NEXT.get(heard.silence, _LOOK)
        )
    if status.state == "locked":
        return Finding(what, Condition.ILL, "is locked", "Its custodian opens it with: signpost keys unlock")
    if status.state == "no-key":
        return Finding(what, Condition.ILL, "has no key", "It has taken part in no ceremony: signpost keys ceremony")
    if status.holder != holder.number or status.manifest_fingerprint != desk.settings.manifest_fingerprint:
        return Finding(what, Condition.ILL, "serves another manifest than this device was enrolled with", _LOOK)
    if status.revocations_age_seconds is None or status.revocations_age_seconds > MAX_AGE_SECONDS:
        return Finding(what, Condition.ILL, "has no fresh revocation list, and answers nobody until it has", _LOOK)
    return Finding(what, Condition.WELL, "serves")


def _quorum(reports: Sequence[Finding], desk: Desk) -> Finding:
    serving = sum(report.condition is Condition.WELL for report in reports)
    needed, count = desk.manifest.threshold, len(reports)
    says = f"{serving} of {count} key holders serve, and {needed} are needed"
    if serving < needed:
        return Finding("quorum", Condition.ILL, says, "Have the key holders named above opened or started.")
    return Finding("quorum", Condition.WELL if serving > needed else Condition.WATCH, says)


def _manifest(named: Sequence[tuple[HolderEntry, _Heard]], desk: Desk) -> Finding:
    fingerprints = [
        status.manifest_fingerprint for _, heard in named if isinstance(status := heard.answer, HolderStatus)
    ]
    served = [fingerprint for fingerprint in fingerprints if fingerprint is not None]
    alike = sum(fingerprint == desk.settings.manifest_fingerprint for fingerprint in served)
    if not served:
        return Finding("manifest", Condition.WATCH, "is the pinned one; no key holder says which it serves")
    if alike == len(served):
        who = (
            "the one key holder that says which it serves, serves it"
            if alike == 1
            else f"all {alike} key holders that say which they serve, serve it"
        )
        return Finding("manifest", Condition.WELL, f"is the pinned one, and {who}")
    return Finding(
        "manifest",
        Condition.ILL if alike < desk.manifest.threshold else Condition.WATCH,
        f"{len(served) - alike} of {len(served)} key holders serve another than the pinned one",
        "Ask your administrator for the manifest and its fingerprint, by another road than the index.",
    )
