"""Opening the index's database with the keys it was written with."""

from __future__ import annotations

from pathlib import Path

from signpost.index.storage.filling import fill
from signpost.index.storage.schema import MIGRATIONS
from signpost.index.storage.vault import Vault
from signpost.service.database import Connection, open_database
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["open_index_database"]


def open_index_database(path: Path, vault: Vault) -> Connection:
    """The writing connection: durable, migrated, and of these keys.

    Raises:
        StartRefused: as `open_database`; KEYS_OF_ANOTHER_DATABASE.
    """
    connection = open_database(path, [MIGRATIONS])
    connection.execute("INSERT INTO key_file SELECT ? WHERE NOT EXISTS (SELECT 1 FROM key_file)", (vault.fingerprint,))
    if connection.execute("SELECT fingerprint FROM key_file").fetchall() != [(vault.fingerprint,)]:
        connection.close()
        raise StartRefused(RefusalCode.KEYS_OF_ANOTHER_DATABASE, path=path)
    try:
        fill(connection, vault)
    except BaseException:
        connection.close()
        raise
    return connection
