"""The independent desk's items on SQLite: each about one thing, sealed to one size, written by the writer alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from signpost.index.lifetimes import DESK_ITEM_DAYS, whole_hour
from signpost.index.speakable import speakable
from signpost.index.storage.outcomes import ToLookAt
from signpost.index.storage.vault import Vault
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.shielding import DeskWork
from signpost.service.clock import Randomness
from signpost.service.database import Connection

__all__ = ["DeskItems", "KeptItem"]

_BYTES: Final = 768
_DAY: Final = 24 * 60 * 60
_MOST_OPENED: Final = 2_000
"""Items that are opened to put the most urgent first; more do not wait unless nobody looks, or somebody registers or
looks up thousands, lest anybody look at what somebody waits for.
"""
_SOONER: Final = {DeskWork.CALL_BACK: 3, DeskWork.UNSURE: 2}
_SOME_TIME: Final = 1


@dataclass(frozen=True, slots=True, repr=False)
class KeptItem:
    """An item. `about` is what it is about, as it was found; `at`: epoch seconds."""

    reference: str
    work: DeskWork
    shield: bytes
    at: int
    about: Mapping[str, Any]


@final
class DeskItems:
    """Reads and writes them; decides nothing."""

    def __init__(self, vault: Vault, *, randomness: Randomness) -> None:
        self._vault = vault
        self._randomness = randomness

    def add_answered(
        self, connection: Connection, call_backs: Iterable[bytes], shields: Sequence[bytes], *, at: int
    ) -> None:
        """Have the desk look at call-backs that what these shields hide was told of before: the answers are its alone,
        whatever they asked by.
        """
        for name, shield in itertools.product(call_backs, shields):
            about = {"call_back": name.hex()}
            self.add(connection, ToLookAt(DeskWork.CALL_BACK, shield, about), at=at, again=False)

    def add(self, connection: Connection, found: ToLookAt, *, at: int, again: bool = True) -> None:
        """Have the desk look at something. The same thing stands once; a call-back that is asked for again is open
        again.
        """
        about = {name: value for name, value in found.about.items() if name != "at"}
        subject = self._vault.item_subject(found.work.value.encode(), found.shield, canonical_json(about))
        reference = speakable(self._randomness)
        while self.item(connection, reference) is not None:
            reference = speakable(self._randomness)  # or an item would be written over another
        name = self._vault.item(reference)
        document = {
            "about": about,
            "at": found.about.get("at", at),
            "reference": reference,
            "work": found.work.value,
        }
        raw = canonical_json(document)
        assert len(raw) <= _BYTES
        connection.execute(
            "INSERT INTO desk_items VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (subject) DO UPDATE SET open = excluded.open WHERE ?",
            (
                name,
                found.shield,
                subject,
                self._of(str(about.get("organisation")), str(about.get("involvement"))),
                _SOONER.get(found.work, _SOME_TIME),
                self._vault.seal(raw.ljust(_BYTES), Label.ITEM_ROW, name),
                whole_hour(at + DESK_ITEM_DAYS * _DAY),
                again and found.work is DeskWork.CALL_BACK,
            ),
        )

    def open(self, connection: Connection) -> list[KeptItem]:
        """What waits; of more than are opened, those to look at first, and of these those that wait longest."""
        rows = connection.execute(
            "SELECT item, seal, sealed FROM desk_items WHERE open > 0 ORDER BY open DESC, forget_at LIMIT ?",
            (_MOST_OPENED,),
        ).fetchall()
        return [self._opened(*row) for row in rows]

    def item(self, connection: Connection, reference: str) -> KeptItem | None:
        """An item by its reference, open or not."""
        row = connection.execute(
            "SELECT item, seal, sealed FROM desk_items WHERE item = ?", (self._vault.item(reference),)
        ).fetchone()
        return None if row is None else self._opened(*row)

    def waiting(self, connection: Connection, reference: str) -> KeptItem | None:
        """An item that is open."""
        row = connection.execute(
            "SELECT item, seal, sealed FROM desk_items WHERE item = ? AND open > 0", (self._vault.item(reference),)
        ).fetchone()
        return None if row is None else self._opened(*row)

    def close(self, connection: Connection, reference: str) -> None:
        """It was looked at."""
        connection.execute("UPDATE desk_items SET open = 0 WHERE item = ?", (self._vault.item(reference),))

    def forget_about(
        self, connection: Connection, organisation: int, involvement: int, *, shield: bytes | None = None
    ) -> None:
        """Delete a shield's items about one involvement; null: every shield's."""
        of = self._of(str(organisation), str(involvement))
        connection.execute("DELETE FROM desk_items WHERE involvement = ?1 AND (?2 IS NULL OR seal = ?2)", (of, shield))

    def _of(self, organisation: str, involvement: str) -> bytes:
        return self._vault.item_subject(b"involvement", organisation.encode(), involvement.encode())

    def _opened(self, name: bytes, shield: bytes, sealed: bytes) -> KeptItem:
        document = json.loads(self._vault.open(sealed, Label.ITEM_ROW, name))
        return KeptItem(document["reference"], DeskWork(document["work"]), shield, document["at"], document["about"])
