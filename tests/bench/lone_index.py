"""One index alone, without key holders: their receipts are signed here, by a manifest's keys made for the purpose.

The index is the real service in a process of its own, and checks every receipt as it always does. Its hot table can be
filled straight from here while it is stopped, in bulk and in the order of its keys: registering ten million tags
through the front door would take days of group arithmetic that has nothing to do with what a lookup costs.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils.utils import sqlite3

from signpost.index.keyfile import IndexKeys, make_keys, write_keys
from signpost.index.settings import IndexSettings
from signpost.index.storage.layouts import CLASS_CODES
from signpost.index.storage.opening import open_index_database
from signpost.index.storage.schema import SENTINEL_KEY, SENTINEL_ORGANISATION
from signpost.index.storage.vault import Vault
from signpost.index.wrapping import Wrappers
from signpost.protocol.classes import LOOKUP_PROFILE, POINTS, MatchClass, Tier, Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import JSON, to_base64url
from signpost.protocol.messages import LookupRequest, TaggedPoint
from signpost.protocol.purposes import Purpose, Urgency
from signpost.protocol.receipts import EvaluationReceipt
from signpost.protocol.tags import Tag
from signpost.service.files import private_folder
from tests.bench.enrolment import Enrolled, tell
from tests.bench.processes import free_port, running
from tests.support.ceremony import Holders

__all__ = ["LOOKUPS", "LoneIndex"]

LOOKUPS = "/v1/lookups"
_ELSEWHERE = OrganisationId("north-council")


@dataclass(frozen=True)
class LoneIndex:
    """An index's files, and the keys of the holders it believes."""

    folder: Path
    settings: IndexSettings
    keys: IndexKeys
    holders: Holders

    @classmethod
    def make(cls, folder: Path, holders: Holders) -> LoneIndex:
        """The files of a new index of the holders' manifest, with all tables and nobody in them."""
        folder.mkdir(mode=0o700, parents=True)
        port = free_port()
        (folder / "manifest.json").write_bytes(holders.signed.encoding())
        (folder / "settings.toml").write_text(
            f'port = {port}\npublic_url = "http://127.0.0.1:{port}"\ndata_dir = "data"\nmanifest = "manifest.json"\n'
            f'manifest_fingerprint = "{holders.manifest.fingerprint()}"\n'
            # What is measured asks about the same few children for as long as it takes: everything is counted as ever.
            "urgent_lookups = 2000\norganisation_lookups = 1000000\n"
            "repeats_of_an_account = 1000000\nrepeats_of_an_organisation = 1000000\n"
        )
        settings = IndexSettings.load(folder / "settings.toml")
        keys = make_keys(os.urandom)
        private_folder(settings.data_dir)
        write_keys(settings.key_file, keys)
        open_index_database(settings.database, Vault(keys)).close()
        return cls(folder, settings, keys, holders)

    @property
    def url(self) -> str:
        """Its address."""
        return self.settings.public_url

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        """The service, for as long as the context lasts; its process id."""
        arguments = ["signpost.index", "--settings", str(self.folder / "settings.toml")]
        with running(arguments, port=self.settings.port, log=self.folder / "log") as process_id:
            yield process_id

    def fill(self, rows: int, known: Sequence[Tag]) -> None:
        """Fills the hot table of the stopped index with so many tags' keys; `known` are among them, and current."""
        keys = [self._wrappers().involvements.wrap(tag).key for tag in known]
        with contextlib.closing(sqlite3.connect(self.settings.database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            # Without the row that ends the table, each new one is the last, and SQLite fills its pages to the brim.
            connection.execute("DELETE FROM involvement_tags")
            connection.execute(_BULK, {"rows": rows - len(keys), "step": 2**56 // (rows + 1)})
            elsewhere = Vault(self.keys).organisation(_ELSEWHERE)
            strong = CLASS_CODES[MatchClass.STRONG]
            connection.executemany(
                "INSERT INTO involvement_tags VALUES (?, ?, ?, ?, ?, NULL, NULL)",
                [(key, elsewhere, at, strong, int(Tier.T1)) for at, key in enumerate(keys)],
            )
            connection.execute(
                "INSERT INTO involvement_tags VALUES (?, ?, 0, 0, 0, NULL, NULL)",
                (SENTINEL_KEY, SENTINEL_ORGANISATION),
            )
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")

    def question(self, asker: Enrolled, tags: Sequence[Tag]) -> bytes:
        """The body of a lookup of 12 tags, with the receipts of as many holders as it takes."""
        now = int(time.time())
        batch = os.urandom(32)
        receipts = [
            EvaluationReceipt(
                holder=number,
                organisation=asker.organisation.name,
                account=asker.account,
                use=Use.LOOKUP,
                points=POINTS[Use.LOOKUP],
                batch=batch,
                epoch=self.holders.manifest.epoch,
                issued_at=now,
                expires_at=now + 600,
                identifier=to_base64url(os.urandom(16)),
            ).sign(self.holders.signing_keys[number - 1])
            for number in range(1, self.holders.manifest.threshold + 1)
        ]
        request = LookupRequest(
            epoch=self.holders.manifest.epoch,
            purpose=Purpose.VITAL_INTERESTS,
            urgency=Urgency.NOW,
            deep=None,
            tags=[TaggedPoint.of(place, tag.encoding) for place, tag in zip(LOOKUP_PROFILE, tags, strict=True)],
            receipts=receipts,
        )
        return request.model_dump_json().encode()

    def _wrappers(self) -> Wrappers:
        return Wrappers.of(self.keys, self.holders.manifest.epoch)

    def admit(self, asker: Enrolled) -> None:
        """The running index takes the asker's organisation."""
        self.tell(
            "/organisations",
            organisation=asker.organisation.name,
            kind=asker.organisation.kind.value,
            signing_key=asker.organisation.signing_key.verify_key.text,
        )

    def tell(self, path: str, **fields: JSON) -> dict[str, str]:
        """What its operator sends; its answer."""
        return tell(self.settings.operator_socket, path, **fields)


# Keys evenly spaced in their first seven bytes and random in the rest: in order, and to a lookup as good as random. The
# rows belong to 150 pseudonyms, about as many as there are councils, and are as long as real ones.
_BULK = """
    INSERT INTO involvement_tags
    WITH RECURSIVE numbers (number) AS (
        SELECT 1 WHERE :rows > 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < :rows
    )
    SELECT
        CAST(unhex(printf('%014X', number * :step)) || randomblob(9) AS BLOB),
        (number % 150 + 1) * 61489146912365172,
        random() & 9223372036854775807,
        3, 1, NULL, randomblob(16)
    FROM numbers
"""
