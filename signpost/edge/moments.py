"""Moments as people read them, by this machine's own calendar."""

from __future__ import annotations

import datetime as dt

__all__ = ["shown_moment", "shown_time"]


def shown_time(moment: int) -> str:
    """The time here, of epoch seconds; with its day where that is not today."""
    then = dt.datetime.fromtimestamp(moment, tz=dt.UTC).astimezone()
    now = dt.datetime.now(tz=dt.UTC).astimezone()
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M on %-d %B}"


def shown_moment(moment: int) -> str:
    """The time here, of epoch seconds, with its day and year, for what is weeks away."""
    return f"{dt.datetime.fromtimestamp(moment, tz=dt.UTC).astimezone():%H:%M on %-d %B %Y}"
