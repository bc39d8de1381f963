"""Months before a day, as both sides count them."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final

__all__ = ["KEPT_MONTHS", "months_before"]

KEPT_MONTHS: Final = 12
"""How long an involvement is kept after its end, and an access after it was made: an index answers `previous` for no
longer, a feed sends none that ended earlier, and what is there is deleted."""


def months_before(day: dt.date, months: int) -> dt.date:
    """So many calendar months before a day (31 May less 3 months is the last of February)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
