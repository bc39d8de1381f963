"""How long what lookups and settling leave behind is kept (docs/data-held.md)."""

from __future__ import annotations

from typing import Final

__all__ = ["CALL_BACK_DAYS", "GLASS_DAYS", "LOOKUP_ROW_SECONDS", "OUTCOME_ROW_SECONDS", "whole_hour"]

CALL_BACK_DAYS: Final = 28
"""A call-back waits as long as it may take another council to register a family that has moved."""
GLASS_DAYS: Final = 365
"""A broken glass is kept for a year, as that somebody looked is."""
LOOKUP_ROW_SECONDS: Final = 24 * 60 * 60
"""A receipt can be followed up for a day."""
OUTCOME_ROW_SECONDS: Final = 24 * 60 * 60
"""As a lookup row: neither outlives the other."""
_HOUR: Final = 60 * 60


def whole_hour(moment: int) -> int:
    """The next whole hour: rows that are kept apart are not told apart by the second they run out."""
    return -(-moment // _HOUR) * _HOUR
