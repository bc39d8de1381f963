"""Outcomes on SQLite: one row of one size for each arrival that settled, whatever became of it (protocol.md C3).

An outcome of what no shield touched says nothing. One that a shield did touch says what the independent desk is to look
at; the rows look alike, and are gathered afterwards, so that the worker does the same for every lookup. What has been
gathered says nothing any more either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, final

from signpost.index.arrivals import Arrival, Asked, Looked
from signpost.index.records import InvolvementNumber, OrganisationNumber
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.layouts import OUTCOME_BYTES, OUTCOME_SETTLED, unpack_lookup
from signpost.index.storage.sealing import NOT_TOUCHED, Sealing, Touched
from signpost.index.storage.vault import Vault, place
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.shielding import DeskWork
from signpost.service.database import Connection

__all__ = ["Outcomes", "ToLookAt", "involvement_of"]

_MOST_SHIELDS: Final = 4
"""Of one arrival: more do not fit into a row, and nobody is hidden by more than a few."""


@dataclass(frozen=True, slots=True, repr=False)
class ToLookAt:
    """What a shield touched: what it was, the shield by its name, and what it is about, as JSON."""

    work: DeskWork
    shield: bytes
    about: Mapping[str, Any]


@final
class Outcomes:
    """Writes outcomes, and finds in them what the desk is to look at."""

    def __init__(self, *, vault: Vault, sealing: Sealing, delivery: Delivery) -> None:
        self._vault = vault
        self._sealing = sealing
        self._delivery = delivery
        self._call_backs = CallBackRows(vault)

    def write(
        self, connection: Connection, settled: Sequence[tuple[int, Arrival | Asked | Looked]],
        touched: Mapping[tuple[OrganisationNumber, InvolvementNumber], Touched], *, now: int, keep_until: int,
    ) -> None:  # fmt: skip
        """One row for each arrival, by its number."""
        connection.executemany(
            "INSERT INTO outcomes VALUES (?, ?, ?)",
            [
                (number, self._sealed(number, self._outcome(connection, arrival, touched, now=now)), keep_until)
                for number, arrival in settled
            ],
        )

    def after(self, connection: Connection, arrival: int, most: int) -> tuple[int, list[ToLookAt]]:
        """Up to so many outcomes that follow an arrival: the number of the last, and what is to be looked at."""
        rows = connection.execute(
            "SELECT arrival, sealed FROM outcomes WHERE arrival > ? ORDER BY arrival LIMIT ?", (arrival, most)
        ).fetchall()
        found: list[ToLookAt] = []
        for number, sealed in rows:
            document = json.loads(self._vault.open(sealed, Label.OUTCOME_ROW, place(number)))
            if not document:
                continue
            about = document["about"]
            for word, names in document["shields"].items():
                found += [ToLookAt(DeskWork(word), bytes.fromhex(name), about) for name in names]
        return (rows[-1][0] if rows else arrival), found

    def forget(self, connection: Connection, first: int, last: int) -> None:
        """Have the outcomes of these arrivals, after the first and up to the last, say nothing any more."""
        numbers = connection.execute(
            "SELECT arrival FROM outcomes WHERE arrival > ? AND arrival <= ?", (first, last)
        ).fetchall()
        connection.executemany(
            "UPDATE outcomes SET sealed = ? WHERE arrival = ?",
            [(self._sealed(number, OUTCOME_SETTLED), number) for (number,) in numbers],
        )

    def forget_about(self, connection: Connection, involvements: Set[tuple[int, int]]) -> None:
        """Have none that has not been gathered say anything of these involvements."""
        rows = connection.execute(
            "SELECT arrival, sealed FROM outcomes WHERE arrival > ?", (self.gathered(connection),)
        ).fetchall()
        for number, sealed in rows:
            document = json.loads(self._vault.open(sealed, Label.OUTCOME_ROW, place(number)))
            if document and involvement_of(document["about"]) in involvements:
                connection.execute(
                    "UPDATE outcomes SET sealed = ? WHERE arrival = ?",
                    (self._sealed(number, OUTCOME_SETTLED), number),
                )

    def gathered(self, connection: Connection) -> int:
        """Up to which arrival they have been gathered."""
        (arrival,) = connection.execute("SELECT arrival FROM gathering").fetchone()
        return int(arrival)

    def set_gathered(self, connection: Connection, arrival: int) -> None:
        """They have been gathered up to this one."""
        connection.execute("UPDATE gathering SET arrival = ?", (arrival,))

    def sweep(self, connection: Connection, *, now: int, most: int) -> int:
        """Delete those that have run out, but none that has not been gathered. How many."""
        return connection.execute(
            "DELETE FROM outcomes WHERE arrival IN (SELECT arrival FROM outcomes WHERE forget_at <= ?"
            " AND arrival <= (SELECT arrival FROM gathering) LIMIT ?)",
            (now, most),
        ).rowcount

    def _outcome(
        self, connection: Connection, arrival: Arrival | Asked | Looked,
        touched: Mapping[tuple[OrganisationNumber, InvolvementNumber], Touched], *, now: int,
    ) -> bytes:  # fmt: skip
        match arrival:
            case Arrival(organisation, involvement):
                of = touched.get((organisation, involvement), NOT_TOUCHED)
                about: dict[str, Any] = {"involvement": str(involvement), "organisation": str(organisation)}
                return _packed({DeskWork.REGISTERED: of.hiding, DeskWork.UNSURE: of.unsure}, about, now)
            case Asked(name):
                call_back = self._call_backs.call_back(connection, name, now=now)
                held = {} if call_back is None else self._delivery.held_tags(call_back.tags)
                shields = self._sealing.shields_hiding(connection, held)
                return _packed({DeskWork.CALL_BACK: shields}, {"call_back": name.hex()}, now)
            case Looked():
                row = connection.execute(
                    "SELECT sealed FROM lookup_rows WHERE lookup = ?", (arrival.lookup,)
                ).fetchone()
                tags = () if row is None else unpack_lookup(self._vault.open(row[0], Label.LOOKUP_ROW, arrival.lookup))
                shields = self._sealing.shields_hiding(connection, self._delivery.held_tags(tags))
                who = {
                    "account": arrival.account,
                    "kind": arrival.kind.value,
                    "lookup": arrival.lookup[:8].hex(),
                    "organisation": arrival.organisation,
                    "purpose": arrival.purpose.value,
                    "role": arrival.role.value,
                }
                return _packed({DeskWork.LOOKED_UP: shields}, who, arrival.at)

    def _sealed(self, number: int, outcome: bytes) -> bytes:
        return self._vault.seal(outcome, Label.OUTCOME_ROW, place(number))


def involvement_of(about: Mapping[str, Any]) -> tuple[int, int] | None:
    """Which involvement something is about, by its organisation's number and its own; null: about none."""
    return (int(about["organisation"]), int(about["involvement"])) if "involvement" in about else None


def _packed(shields: Mapping[DeskWork, Sequence[bytes]], about: Mapping[str, Any], at: int) -> bytes:
    named = {work.value: [name.hex() for name in names[:_MOST_SHIELDS]] for work, names in shields.items() if names}
    if not named:
        return OUTCOME_SETTLED
    raw = canonical_json({"about": {**about, "at": at}, "shields": named})
    assert len(raw) <= OUTCOME_BYTES
    return raw.ljust(OUTCOME_BYTES)
