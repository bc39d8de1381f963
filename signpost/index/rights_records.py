"""What the index keeps and tells of a family's rights, as values (protocol.md C7). Nothing here names a child."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.index.records import StoredTag
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.rights import Exemption

__all__ = ["Decision", "KeptReport", "ReportDecision", "RightsDone", "is_of_the_child"]

_OF_THE_CHILD: Final = frozenset({MatchClass.IDENTITY, MatchClass.PUPIL, MatchClass.STRONG})
_NAME_AND_MIDDLE: Final = Place(MatchClass.NAME, Tier.T1)


def is_of_the_child(place: Place) -> bool:
    """Whether what holds a tag of this class and tier is about this child, and not about one who is like them."""
    return place.match_class in _OF_THE_CHILD or place == _NAME_AND_MIDDLE


class Decision(StrEnum):
    """What a person decided about a report."""

    RELEASE = "release"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDecision:
    """A person's decision, never a machine's: what may be told, and why something may not."""

    by: AccountId
    decision: Decision
    safe_to_show: bool
    exemption: Exemption | None

    @property
    def tells_involvements(self) -> bool:
        """Whether the family is told who works with the child, by kind."""
        return self.decision is Decision.RELEASE

    @property
    def tells_accesses(self) -> bool:
        """Whether it is told who looked: only where nobody can be found or harmed by it."""
        return self.decision is Decision.RELEASE and self.safe_to_show


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptReport:
    """That a family asked for a report. Moments are epoch seconds. What it will say is nowhere until it is read."""

    organisation: OrganisationId
    account: AccountId
    """Who asked for the family: somebody else decides."""
    reference: str
    asked_at: int
    release_at: int
    tags: tuple[StoredTag, ...]
    """As a lookup row keeps them."""
    decided: ReportDecision | None = None


@dataclass(frozen=True, slots=True)
class RightsDone:
    """What was done about an organisation's own involvements."""

    receipt: str
    at: int
    changed: int
    standing: int
