"""Receipts and references as people say and type them: `k7q294kd` is `K7Q2-94KD`, and an O is a nought."""

from __future__ import annotations

import re
from typing import Final

from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["spoken"]

_SPOKEN: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}[- ]?[0-9A-HJKMNP-TV-Z]{4}")
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")


def spoken(text: str, what: str = "a receipt") -> str:
    """A receipt, a notice's or a handle's name as it is said or typed: without its hyphen too, or with a space for it,
    in any case, and with the letters that look like digits, which it never has, read as those digits (Crockford's
    base 32).

    Raises:
        Stop: it is none.
    """
    found = text.strip().upper().translate(_LOOK_ALIKES)
    if not _SPOKEN.fullmatch(found):
        raise Stop(ExitCode.USAGE, f"That is not {what}. Nothing was sent.", hint="As L7Q2-94KD.")
    return f"{found[:4]}-{found[-4:]}"
