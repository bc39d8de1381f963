"""Whether an open file is still the one that was opened: its size and the time it was last written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from signpost.edge.feeds.errors import FeedError, FileCode

__all__ = ["Stamp"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size in bytes and when it was last written, in nanoseconds."""

    size: int
    written: int

    @classmethod
    def of(cls, file: BinaryIO) -> Stamp:
        """The file's stamp now."""
        stat = os.fstat(file.fileno())
        return cls(stat.st_size, stat.st_mtime_ns)

    def must_be_of(self, file: BinaryIO, name: str) -> None:
        """Places in the file mean nothing once it was changed.

        Raises:
            FeedError: FILE_CHANGED.
        """
        if Stamp.of(file) != self:
            raise FeedError(FileCode.FILE_CHANGED, name)
