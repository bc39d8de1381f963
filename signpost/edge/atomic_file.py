"""Replacing a file whole: what stands there is the old file or the new one, never a part, whatever stops in between."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from signpost.service.clock import system_randomness

__all__ = ["PRIVATE", "PUBLIC", "replace_file"]

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


def replace_file(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file beside its place, make it durable, and move it there.

    Raises:
        OSError: the folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.{system_randomness(6).hex()}")
    # Made with its own mode from the start: there is no moment at which others could open a secret.
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
