"""The index's keys: one private file outside the database, read at start, never written twice.

| key | bytes | what it does |
|---|---|---|
| tag_at_rest | 64 | wraps the tags of involvements (C2) |
| access_tag | 64 | wraps the tags of access rows (C7) |
| lookup_tag | 64 | wraps the tags of lookup rows (C7) |
| row | 64 | seals names, references, handles, records |
| pseudonym | 32 | makes the numbers of organisations, involvements and handles |
| credential | 32 | Ed25519 seed: signs shift credentials and the revocation list |

The file is canonical JSON, each key in base64url, 0600 in a folder that is 0700. A database read with another file's
keys is refused: `fingerprint` rests in it. Whoever has both has everything the index knows, so they are backed up
apart.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from signpost.protocol.encoding import (
    EncodingError,
    canonical_json,
    from_base64url,
    parse_canonical_json,
    to_base64url,
)
from signpost.protocol.keys import SigningKey, keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret
from signpost.service.clock import Randomness
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["IndexKeys", "make_keys", "read_keys", "write_keys"]

_FORMAT: Final = "signpost.index-keys/1"
_LENGTHS: Final = {
    "tag_at_rest": 64, "access_tag": 64, "lookup_tag": 64, "row": 64, "pseudonym": 32, "credential": 32,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """Every key of the index. None of them is a share of the key that makes tags."""

    tag_at_rest: Secret
    access_tag: Secret
    lookup_tag: Secret
    row: Secret
    pseudonym: Secret
    credential: Secret

    def credential_key(self) -> SigningKey:
        """The key that signs shift credentials and the revocation list."""
        return SigningKey(self.credential)

    def fingerprint(self) -> bytes:
        """What a database written with these keys remembers of them: 16 bytes that give none of them away."""
        # The credential key may be replaced without touching a row; the others may not.
        at_rest = (self.tag_at_rest, self.access_tag, self.lookup_tag, self.row)
        return keyed_digest(self.pseudonym, Label.KEY_FILE, *(key.reveal() for key in at_rest))[:16]


def make_keys(randomness: Randomness) -> IndexKeys:
    """Fresh keys."""
    return IndexKeys(**{name: Secret(randomness(length)) for name, length in _LENGTHS.items()})


def write_keys(path: Path, keys: IndexKeys) -> None:
    """Writes a new key file and makes sure that it is on the disk.

    Raises:
        StartRefused: there is one already, or the folder is not private.
    """
    document = {field.name: to_base64url(getattr(keys, field.name).reveal()) for field in fields(keys)}
    private_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise StartRefused(RefusalCode.KEYS_ALREADY_MADE, path=path) from None
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=path) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(canonical_json({"format": _FORMAT, **document}))
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a new name is on the disk only once its folder is
    finally:
        os.close(folder)


def read_keys(path: Path) -> IndexKeys:
    """Reads a key file.

    Raises:
        StartRefused: it is missing, open to others, or not of its form.
    """
    if not path.exists():
        raise StartRefused(RefusalCode.KEYS_MISSING, path=path)
    try:
        document = parse_canonical_json(read_private_file(path))
        if not isinstance(document, dict) or document.pop("format", None) != _FORMAT or set(document) != set(_LENGTHS):
            raise EncodingError("not a key file")
        keys = {name: Secret(from_base64url(text)) for name, text in document.items()}
    except (EncodingError, AttributeError, TypeError):
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=path) from None
    if any(len(keys[name]) != length for name, length in _LENGTHS.items()):
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=path)
    return IndexKeys(**keys)
