"""By which rules call-backs are told to desks: settings of the index, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from signpost.index.working_time import Patience

__all__ = ["ContactRules"]


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How matches are judged, when a notice falls due, and how many of a day's registrations may find call-backs."""

    look_back_months: int = 12
    strict_t1: bool = True
    patience: Patience = field(default_factory=Patience)
    found_a_day: int = 20
    """Notices that one organisation's registrations of a day bring it before the rest are held for review: whoever
    registers invented children must not learn who is asked about."""
    mails: bool = False
    """Whether desks with a mailbox are written to."""
