"""Receipts and references as people say and type them: `k7q294kd` is `K7Q2-94KD`, and an O is a nought."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["spoken_name"]

_SPOKEN: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}[- ]?[0-9A-HJKMNP-TV-Z]{4}")
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")


def spoken_name(text: str) -> str | None:
    """A receipt, a notice's or a handle's name as it is said or typed: without its hyphen too, or with a space for it,
    in any case, and with the letters that look like digits, which it never has, read as those digits (Crockford's
    base 32). None where it is none.
    """
    found = text.strip().upper().translate(_LOOK_ALIKES)
    if not _SPOKEN.fullmatch(found):
        return None
    return f"{found[:4]}-{found[-4:]}"
