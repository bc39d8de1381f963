"""The files of one folder, by their names: as they lie on a disk, or as an upload is held in memory.

A name is whatever somebody called the file: it is compared with the formats' own names, and shown nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

__all__ = ["Folder", "folder_of"]


@dataclass(frozen=True, slots=True)
class Folder:
    """Names, each with where the file can be opened. In the order of their names."""

    files: tuple[tuple[str, Path], ...] = field(repr=False)

    @classmethod
    def at(cls, path: Path) -> Self:
        """A folder on a disk."""
        return cls(tuple((each.name, each) for each in sorted(path.iterdir())))


def folder_of(source: Path | Folder) -> Folder | None:
    """The folder that an extract is; null where it is one file."""
    if isinstance(source, Folder):
        return source
    return Folder.at(source) if source.is_dir() else None
