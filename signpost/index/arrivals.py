"""What an acknowledged write will do once it settles, and what several of them together come to.

A registration replaces whatever tags the involvement had; an end dates them; a withdrawal removes them. Later arrivals
win over earlier ones: an end of what was withdrawn does nothing, and a registration after a withdrawal stands. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from signpost.index.records import InvolvementNumber, OrganisationNumber, StoredTag

__all__ = ["Arrival", "Asked", "Ended", "Registered", "Withdrawn", "together"]


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """The involvement holds exactly these tags, and ended on that day, or is open."""

    tags: tuple[StoredTag, ...]
    ended_on: dt.date | None


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
