"""A file that is in memory alone: anonymous, on no disk, and gone with its last descriptor.

What a feed's readers need is a file that can be opened more than once, each with a position of its own. An anonymous
file of the kernel's (memfd_create(2)) is one: it has no name, its pages are this process's, and when it is closed, or
the process ends in whatever way, they are the kernel's again, which gives no page on without clearing it.

Once it is whole it is sealed: from then on nobody, this process included, can change it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final, final

__all__ = ["MemoryFile"]

_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@final
class MemoryFile:
    """Written once, then sealed, then read by its path."""

    def __init__(self) -> None:
        # The name is for /proc alone: it is the same for every file.
        self._descriptor = os.memfd_create("feed", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.size = 0
        """Bytes."""
        self._open = True

    @property
    def path(self) -> Path:
        """Where this process, and no other user's, opens it again."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    def write(self, piece: memoryview) -> None:
        """Add a piece at the end."""
        while piece:
            written = os.write(self._descriptor, piece)
            self.size += written
            piece = piece[written:]

    def seal(self) -> None:
        """It is whole."""
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, _SEALS)

    def close(self) -> None:
        """Let go of it, once."""
        if self._open:
            self._open = False
            os.close(self._descriptor)
