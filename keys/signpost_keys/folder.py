"""A key holder's folder: what lies in it, and how a file of it is replaced.

| file | what | who can read it |
|---|---|---|
| `identity.json`   | the public keys | anybody |
| `identity.sealed` | the private keys, and the key that the next two are sealed under | who knows the passphrase |
| `share.sealed`    | the key share | as above |
| `ceremony.sealed` | a ceremony under way: its dealing and its messages | as above |
| `manifest.json`   | the manifest that every holder signed | anybody |
| `holder.db`       | meters, nonces, admitted organisations | this user |
| `custody.sock`    | where the custodian's commands reach a running holder | this user |

The folder is 0700 and every file 0600, the public ones too: nobody else has business there. A file is replaced in one
step: after a crash it is the old one or the new one, and once `replace` has returned it is the new one.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from signpost.service.files import private_folder

__all__ = ["HolderFolder"]


@dataclass(frozen=True, slots=True)
class HolderFolder:
    """Where one holder keeps what is its own."""

    path: Path

    @property
    def public_identity(self) -> Path:
        return self.path / "identity.json"

    @property
    def identity(self) -> Path:
        return self.path / "identity.sealed"

    @property
    def share(self) -> Path:
        return self.path / "share.sealed"

    @property
    def ceremony(self) -> Path:
        return self.path / "ceremony.sealed"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def database(self) -> Path:
        return self.path / "holder.db"

    @property
    def socket(self) -> Path:
        return self.path / "custody.sock"

    def replace(self, path: Path, content: bytes) -> None:
        """Writes one of the files anew, durably.

        Raises:
            StartRefused: the folder is open to others.
            OSError: the disk does not take it; the old file is then still there.
        """
        private_folder(self.path)
        draft = path.with_name(path.name + ".draft")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()  # left behind by a crash; it was never the file
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the name, too, is on the disk
        finally:
            os.close(folder)
