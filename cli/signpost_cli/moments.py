"""Moments as programs read them."""

from __future__ import annotations

import datetime as dt

__all__ = ["iso"]


def iso(moment: int) -> str:
    """Epoch seconds in UTC, as RFC 3339 has it."""
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).isoformat().replace("+00:00", "Z")
