"""Shields as tests want them: asked for, approved, ended and looked after over the real endpoints."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx2

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.messages import Nothing
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.shielding import (
    DeskDecision,
    DeskResolveRequest,
    DeskWork,
    ShieldAddRequest,
    ShieldEndReason,
    ShieldEndRequest,
    ShieldIdentityRequest,
    ShieldReason,
    ShieldRequest,
)
from tests.support.running_index import RunningIndex
from tests.support.world import Child, Device, World

__all__ = [
    "DESK", "add_shield", "admit_desk", "approve_shield", "desk_queue", "end_identity", "end_shield",
    "identity_request", "officer", "resolve", "shield_request",
]  # fmt: skip

DESK = "shielding-desk"


def officer(index: RunningIndex, organisation: str = "northtown") -> Device:
    """A council's shielding officer, signed in."""
    return index.enrol(organisation, Role.SHIELDING_OFFICER)


def admit_desk(index: RunningIndex) -> Device:
    """The independent desk, and one of its officers."""
    index.admit(DESK, Kind.SHIELDING_DESK)
    return index.enrol(DESK, Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK)


def shield_request(
    world: World, device: Device, child: Child, *, shield: str | None = None,
    reason: ShieldReason = ShieldReason.FLEEING_ABUSE,
) -> ShieldAddRequest:  # fmt: skip
    """What an officer sends to have a child hidden: whatever is given of the child stands in the shield."""
    today = dt.datetime.fromtimestamp(world.clock.now(), tz=dt.UTC).date()
    return ShieldAddRequest(
        epoch=world.manifest.epoch,
        reason=reason,
        review_on=today + dt.timedelta(days=180),
        shield=shield,
        tags=world.tags(Use.OFFICER, child),
        receipts=world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def add_shield(index: RunningIndex, device: Device, child: Child, **rest: Any) -> str:
    """Hide a child, settled; the shield's reference."""
    answer = index.ask(device, "/v1/shields", shield_request(index.world, device, child, **rest))
    assert answer.status_code == 201, answer.text
    index.settle()
    return str(answer.json()["shield"])


def approve_shield(index: RunningIndex, device: Device, shield: str, *, ends: bool = False) -> None:
    """By an officer of another council: a new shield, or the end of one."""
    _done(index.ask(device, "/v1/shields/approve", ShieldRequest(shield=shield, ends=ends)))
    index.settle()


def end_shield(index: RunningIndex, device: Device, shield: str, approver: Device) -> None:
    """Have an own shield end, with the approval that this takes."""
    request = ShieldEndRequest(shield=shield, why=ShieldEndReason.NO_LONGER_IN_DANGER)
    _done(index.ask(device, "/v1/shields/end", request))
    approve_shield(index, approver, shield, ends=True)


def identity_request(world: World, device: Device, shield: str, child: Child) -> ShieldIdentityRequest:
    """What an officer sends when the child has a new identity: `child` is what the shield keeps of the old one."""
    return ShieldIdentityRequest(
        shield=shield,
        epoch=world.manifest.epoch,
        tags=world.tags(Use.OFFICER, child),
        receipts=world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def end_identity(index: RunningIndex, device: Device, shield: str, child: Child) -> None:
    """The old identity ends, settled."""
    request = identity_request(index.world, device, shield, child)
    _done(index.ask(device, "/v1/shields/identity-ended", request))
    index.settle()


def desk_queue(index: RunningIndex, desk: Device) -> list[dict[str, Any]]:
    """What waits for the independent desk."""
    items: list[dict[str, Any]] = _done(index.ask(desk, "/v1/desk/queue", Nothing())).json()["items"]
    return items


def resolve(
    index: RunningIndex, desk: Device, work: DeskWork, decision: DeskDecision, *, with_number: bool = False
) -> None:
    """Decide every item of one kind that waits, settled."""
    for item in desk_queue(index, desk):
        if item["work"] == work:
            request = DeskResolveRequest(item=item["item"], decision=decision, with_number=with_number)
            _done(index.ask(desk, "/v1/desk/resolve", request))
    index.settle()


def _done(answer: httpx2.Response) -> httpx2.Response:
    assert answer.status_code == 200, answer.text
    return answer
