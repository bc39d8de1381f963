"""Why a service will not start, by name.

A service that is in doubt about its disk, its settings or its address stops before it answers anybody. A refusal may
name a path and our own field names; never what a file or a setting holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

__all__ = ["RefusalCode", "StartRefused"]


class RefusalCode(StrEnum):
    """The closed catalogue. A code is never reused for another meaning."""

    # files and folders
    FOLDER_OPEN_TO_OTHERS = "folder-open-to-others"
    FILE_OPEN_TO_OTHERS = "file-open-to-others"
    FILE_UNREADABLE = "file-unreadable"
    KEYS_MISSING = "keys-missing"
    KEYS_ALREADY_MADE = "keys-already-made"
    KEYS_OF_ANOTHER_DATABASE = "keys-of-another-database"
    DOCUMENT_REFUSED = "document-refused"
    MANIFEST_UNEXPECTED = "manifest-unexpected"
    # the database
    SQLITE_TOO_OLD = "sqlite-too-old"
    DATABASE_NOT_DURABLE = "database-not-durable"
    DATABASE_UNREADABLE = "database-unreadable"
    SCHEMA_UNKNOWN = "schema-unknown"
    # settings
    SETTINGS_MALFORMED = "settings-malformed"
    # where it listens
    ADDRESS_MALFORMED = "address-malformed"
    ADDRESS_UNAVAILABLE = "address-unavailable"
    CERTIFICATE_REQUIRED = "certificate-required"
    CERTIFICATE_REFUSED = "certificate-refused"
    SOCKET_PATH_TOO_LONG = "socket-path-too-long"
    ALREADY_RUNNING = "already-running"
    # whom it tells
    MAIL_UNPROTECTED = "mail-unprotected"


@dataclass(frozen=True, slots=True)
class _Words:
    what: str
    hint: str


_C = RefusalCode
_REFUSALS: Final[Mapping[RefusalCode, _Words]] = MappingProxyType(
    {
        _C.FOLDER_OPEN_TO_OTHERS: _Words("other users can enter this folder, or it is not ours",
            "Make it this user's own: chmod 700"),
        _C.FILE_OPEN_TO_OTHERS: _Words("other users can read this file, or it is not ours",
            "Make it this user's own: chmod 600"),
        _C.FILE_UNREADABLE: _Words("this file is missing or cannot be read",
            "Check the path and who owns it."),
        _C.KEYS_MISSING: _Words("this service's keys have not been made yet",
            "Make them first. The index: signpost admin index new. A key holder: signpost keys new"),
        _C.KEYS_ALREADY_MADE: _Words("this service has its keys already",
            "Move them away first, and know that what they sealed stays sealed without them."),
        _C.KEYS_OF_ANOTHER_DATABASE: _Words("the database was written with other keys than these",
            "Restore the keys that belong to it."),
        _C.DOCUMENT_REFUSED: _Words("this file is not of its form, or not signed by those who must have signed it",
            "Restore it from where it came from."),
        _C.MANIFEST_UNEXPECTED: _Words("this manifest is not the one whose fingerprint is in the settings",
            "Ask the custodians for the fingerprint, by telephone, and correct whichever of the two is wrong."),
        _C.SQLITE_TOO_OLD: _Words("this SQLite is older than 3.51.3, which can corrupt a database with two connections",
            "Install pysqlite3 as requirements/run.txt has it."),
        _C.DATABASE_NOT_DURABLE: _Words("the database would not take the settings that make a write durable",
            "Keep it on a local disk, not on a network share."),
        _C.DATABASE_UNREADABLE: _Words("the database cannot be opened, or is not one",
            "Restore the newest backup."),
        _C.SCHEMA_UNKNOWN: _Words("the database was written by a newer version of Signpost",
            "Start the newer version, or restore a backup from before it."),
        _C.SETTINGS_MALFORMED: _Words("the settings are not of their form", "Correct each field named."),
        _C.ADDRESS_MALFORMED: _Words("the host is not an IP address or localhost",
            "Name an IP address: a name can come to mean another machine."),
        _C.ADDRESS_UNAVAILABLE: _Words("the host and port cannot be listened on",
            "Check that nothing else listens there."),
        _C.CERTIFICATE_REQUIRED: _Words("without a certificate a service listens on loopback only",
            "Set tls_certificate and tls_key, or a loopback host."),
        _C.CERTIFICATE_REFUSED: _Words("the certificate and its key cannot be used",
            "Check that they are PEM, belong together, and that the key has no passphrase."),
        _C.SOCKET_PATH_TOO_LONG: _Words("the path of the admin socket is longer than a Unix socket's may be",
            "Choose a data folder with a shorter path."),
        _C.ALREADY_RUNNING: _Words("another process serves this data folder", "Stop it first."),
        _C.MAIL_UNPROTECTED: _Words("without STARTTLS a service sends mail to loopback only, and no password",
            "Set starttls, or a mail server on loopback that asks for no password."),
    }
)  # fmt: skip


class StartRefused(Exception):
    """The service does not start: what is wrong, where, and what to do next."""

    def __init__(self, code: RefusalCode, *, path: Path | None = None, details: tuple[str, ...] = ()) -> None:
        """`path` is the file or folder meant; `details` are our own field names with a reason code each."""
        super().__init__(code.value)
        self.code = code
        self.path = path
        self.details = details

    @property
    def hint(self) -> str:
        """One sentence: what to do next."""
        return _REFUSALS[self.code].hint

    def __str__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        listed = "" if not self.details else f" ({'; '.join(self.details)})"
        return f"{where}{_REFUSALS[self.code].what}{listed} [{self.code.value}]"
