"""What is left of a text in a process's memory: copies that nobody holds any more, and that were not written over yet.

Python frees a text without wiping it. No live object has it, which `tests/privacy` shows of a gateway; here is counted
what somebody could still find who reads the whole memory of the process, as only its machine's administrator can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["copies_in"]

_WRITABLE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw")
_AT_ONCE = 16 << 20


def copies_in(process: int, texts: Sequence[str]) -> int | None:
    """How often any of the texts stands in the writable memory of a process, in capitals or not; null where nobody but
    the machine's administrator may read that, and they are not who asks.

    A text that lies across two reads is not found: of so few copies, one in some ten thousand.
    """
    needles = re.compile(b"|".join(re.escape(text.encode()) for text in texts), re.IGNORECASE)
    found = 0
    try:
        with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{process}/maps").read_text().splitlines():
                area = _WRITABLE.match(line)
                if area is None:
                    continue
                start, end = (int(each, 16) for each in area.groups())
                for at in range(start, end, _AT_ONCE):
                    try:
                        memory.seek(at)
                        found += len(needles.findall(memory.read(min(_AT_ONCE, end - at))))
                    except OSError:  # it was given back meanwhile
                        continue
    except PermissionError:
        return None
    return found
