"""What an acknowledged write will do once it settles, and what several of them together come to.

A registration replaces whatever tags the involvement had; an end dates them; a withdrawal removes them. Later arrivals
win over earlier ones: an end of what was withdrawn does nothing, and a registration after a withdrawal stands. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber, StoredTag
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.purposes import Kind, Purpose, Role

__all__ = ["Arrival", "Asked", "Ended", "Looked", "Registered", "Withdrawn", "together"]


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """The involvement holds exactly these tags, and ended on that day, or is open. `child` is the number of its
    organisation's own reference of the child; `by_consent` says that nothing but consent is its ground.
    """

    tags: tuple[StoredTag, ...]
    ended_on: dt.date | None
    child: ChildNumber
    by_consent: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The tags it already holds end on that day."""

    on: dt.date


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It holds no tags."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call-back was left: whoever matches it is told. Named by 16 bytes."""

    call_back: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Looked:
    """A lookup was answered: its tags are those of the lookup row of that name, 16 bytes; who asked, and when."""

    lookup: bytes
    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    purpose: Purpose
    at: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One row of the inbox about an involvement."""

    organisation: OrganisationNumber
    involvement: InvolvementNumber
    what: Registered | Ended | Withdrawn


def together(
    arrivals: Iterable[Arrival],
) -> dict[tuple[OrganisationNumber, InvolvementNumber], Registered | Ended | Withdrawn]:
    """What arrivals in their order come to, for each involvement."""
    effects: dict[tuple[OrganisationNumber, InvolvementNumber], Registered | Ended | Withdrawn] = {}
    for arrival in arrivals:
        of = (arrival.organisation, arrival.involvement)
        earlier = effects.get(of)
        match arrival.what, earlier:
            case Ended(on=day), Registered():
                effects[of] = replace(earlier, ended_on=day)
            case Ended(), Withdrawn():
                pass
            case what, _:
                effects[of] = what
    return effects
