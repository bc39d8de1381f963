"""What a notice may be, and what may follow what: all of it in one table, from which docs/pictures/a-notice.svg is
drawn.

A notice is what one desk is told of one call-back. It goes out, is answered or falls due, goes to the desk out of
hours, falls due again, and can be answered all the same until the call-back runs out. What was answered stays answered.
A notice whose involvement is withdrawn, or whose call-back has run out, is not there any more: that is no state. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["ANSWERED", "TRANSITIONS", "WAITING", "NoticeEvent", "NoticeState", "after"]


class NoticeState(StrEnum):
    """What a notice is."""

    HELD = "held"
    """Found by one registration too many of a day: kept back until somebody has looked at it."""
    OPEN = "open"
    ESCALATED = "escalated"
    """It fell due, and the desk out of hours has it."""
    UNANSWERED = "unanswered"
    """It fell due there too, or there is no such desk."""
    SHARED = "shared"
    ENDED = "ended"
    DECLINED = "declined"


class NoticeEvent(StrEnum):
    """What happens to a notice."""

    RELEASED = "released"
    DUE = "due"
    DUE_WITHOUT_FALLBACK = "due-without-fallback"
    URGED = "urged"
    """The same asker needs it sooner."""
    SHARE = "share"
    HAND_OVER = "hand-over"
    END = "end"
    DECLINE = "decline"


_S, _E = NoticeState, NoticeEvent
WAITING: Final = (_S.OPEN, _S.ESCALATED, _S.UNANSWERED)
"""What a desk sees in its inbox and can answer."""
ANSWERED: Final = (_S.SHARED, _S.ENDED, _S.DECLINED)
_REPLIES: Final = {
    _E.URGED: _S.OPEN, _E.SHARE: _S.SHARED, _E.HAND_OVER: _S.OPEN, _E.END: _S.ENDED, _E.DECLINE: _S.DECLINED,
}  # fmt: skip
TRANSITIONS: Final[Mapping[tuple[NoticeState, NoticeEvent], NoticeState]] = MappingProxyType(
    {
        (_S.HELD, _E.RELEASED): _S.OPEN,
        (_S.OPEN, _E.DUE): _S.ESCALATED,
        (_S.OPEN, _E.DUE_WITHOUT_FALLBACK): _S.UNANSWERED,
        (_S.ESCALATED, _E.DUE): _S.UNANSWERED,
        (_S.ESCALATED, _E.DUE_WITHOUT_FALLBACK): _S.UNANSWERED,
        **{(state, event): then for state in WAITING for event, then in _REPLIES.items()},
    }
)


def after(state: NoticeState, event: NoticeEvent) -> NoticeState | None:
    """What a notice becomes; null where that cannot happen to it."""
    return TRANSITIONS.get((state, event))
