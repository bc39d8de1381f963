"""Moments as people in England read them, wherever the gateway's machine thinks it is."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["shown_day", "shown_time"]

_LONDON: Final = ZoneInfo("Europe/London")


def shown_time(moment: int, *, now: int) -> str:
    """The time; with its day where that is not today. Both in epoch seconds."""
    then, today = _here(moment), _here(now)
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%H:%M on %-d %B %Y}"


def shown_day(moment: int) -> str:
    """The day."""
    return f"{_here(moment):%-d %B %Y}"


def _here(moment: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, tz=_LONDON)
