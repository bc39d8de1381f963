"""Moments as people and programs read them."""

from __future__ import annotations

import datetime as dt

__all__ = ["iso", "shown_moment", "shown_time"]


def iso(moment: int) -> str:
    """Epoch seconds in UTC, as RFC 3339 has it."""
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).isoformat().replace("+00:00", "Z")


def shown_time(moment: int) -> str:
    """The time here; with its day where that is not today."""
    then = dt.datetime.fromtimestamp(moment, tz=dt.UTC).astimezone()
    now = dt.datetime.now(tz=dt.UTC).astimezone()
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M on %-d %B}"


def shown_moment(moment: int) -> str:
    """The time here, with its day and year, for what is weeks away."""
    return f"{dt.datetime.fromtimestamp(moment, tz=dt.UTC).astimezone():%H:%M on %-d %B %Y}"
