"""Files and folders that are this user's own.

A folder is 0700 and a file 0600, or it is refused: a key file that others could read must be taken as read, and a
service that used it all the same would hide that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["alone_in", "make_private_file", "private_folder", "read_private_file", "refuse_unless_private"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST = 1 << 20
"""Bytes of a key or sealed file that are read at most: none of ours comes near."""


def _ours(status: os.stat_result) -> bool:
    # Root owns what an installer or a secrets mount lays down; it can read everything anyway.
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & _OTHERS


def _opened(path: Path) -> BinaryIO:
    try:
        # A symbolic link is followed (certificates are often kept so): what it leads to is what is judged.
        # A pipe is nobody's key file; NONBLOCK keeps one from holding us here.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=path) from error
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and _ours(status):
        return file
    file.close()
    code = RefusalCode.FILE_OPEN_TO_OTHERS if stat.S_ISREG(status.st_mode) else RefusalCode.FILE_UNREADABLE
    raise StartRefused(code, path=path)


def private_folder(folder: Path) -> Path:
    """Makes the folder 0700 where it is missing, and gives it back.

    Raises:
        StartRefused: it exists and others can enter it, or it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=folder) from error
    if not _ours(status):
        raise StartRefused(RefusalCode.FOLDER_OPEN_TO_OTHERS, path=folder)
    return folder


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps the folder for this process for as long as the context lasts; a running service keeps its own.

    The operating system drops the lock with the process, however that ends; there is no file to clear away.

    Raises:
        StartRefused: ALREADY_RUNNING; or the folder is open to others.
    """
    descriptor = os.open(private_folder(folder), os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartRefused(RefusalCode.ALREADY_RUNNING, path=folder) from error
        yield
    finally:
        os.close(descriptor)


def make_private_file(path: Path) -> None:
    """Makes an empty 0600 file where there is none; an existing one is only checked.

    Raises:
        StartRefused: as `refuse_unless_private`.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        refuse_unless_private(path)
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=path) from error


def refuse_unless_private(path: Path) -> None:
    """Checks that a file is a regular one, ours and closed to others.

    Raises:
        StartRefused: FILE_UNREADABLE or FILE_OPEN_TO_OTHERS.
    """
    with _opened(path):
        pass


def read_private_file(path: Path) -> bytes:
    """What a private file holds, checked and read through one descriptor, so that it cannot be swapped in between.

    Raises:
        StartRefused: FILE_UNREADABLE or FILE_OPEN_TO_OTHERS.
    """
    with _opened(path) as file:
        return file.read(_LARGEST)
