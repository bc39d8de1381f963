"""Settling and sweeping on SQLite: each one transaction, so that a crash leaves all of a batch or nothing of it.

Tags are written in the order of their keys, and removed by the list of keys that an involvement's bodies keep. A batch
is whatever came first; what it did and its leaving the inbox commit together, so nothing settles twice or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, final

from signpost.index.arrivals import Arrival, Asked, Ended, Looked, Registered, Withdrawn, together
from signpost.index.audit import AuditEvent
from signpost.index.records import InvolvementNumber, OrganisationNumber
from signpost.index.storage.answers import judged
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.desk_items import DeskItems
from signpost.index.storage.glasses import forget_involvement
from signpost.index.storage.layouts import CLASS_CODES, day_number, unpack_arrival
from signpost.index.storage.outcomes import Outcomes
from signpost.index.storage.record import record
from signpost.index.storage.sealing import NOT_TOUCHED, Of, Sealing, Touched, thin_out
from signpost.index.storage.vault import Vault
from signpost.index.unusual import UnusualShare, unusual_shares
from signpost.protocol.classes import MatchClass
from signpost.protocol.labels import Label
from signpost.protocol.tags import WrappedTag
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteUpkeep"]

_SWEPT: Final = (
    ("spent_nonces", "nonce"), ("spent_receipts", "receipt"), ("lookup_rows", "lookup"),
    ("sign_in_guesses", "name"), ("meters", "name"), ("repeats", "name"), ("exceptions", "whom"),
    ("revocations", "revocation"), ("ended_shifts", "shift"), ("call_back_tags", "tag"), ("call_backs", "call_back"),
    ("notices", "notice"), ("mails", "mail"), ("glasses", "glass"), ("desk_items", "item"), ("reports", "report"),
    ("rights_done", "done"),
)  # fmt: skip
_Effects = dict[tuple[OrganisationNumber, InvolvementNumber], Registered | Ended | Withdrawn]
_Gone = dict[tuple[OrganisationNumber, InvolvementNumber], list[WrappedTag]]
_Touched = dict[tuple[OrganisationNumber, InvolvementNumber], Touched]
_TagRow = tuple[bytes, int, int, int, int, int | None, bytes | None]
_MOST_SWEPT: Final = 2_000
"""Rows of one table in one sweep: a few milliseconds of the writer's time."""


@final
class SqliteUpkeep:
    """The `Upkeep` port. `reader` belongs to the event loop's thread."""

    def __init__(
        self, *, reader: Connection, writer: Writer, vault: Vault, delivery: Delivery, sealing: Sealing,
        outcomes: Outcomes, items: DeskItems,
    ) -> None:  # fmt: skip
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._delivery = delivery
        self._sealing = sealing
        self._outcomes = outcomes
        self._items = items

    def waiting(self) -> bool:
        """As the port says."""
        return self._reader.execute("SELECT 1 FROM inbox LIMIT 1").fetchone() is not None

    async def settle(self, most: int, *, now: int, keep_until: int, audit: AuditEvent) -> int:
        """As the port says."""

        def settle(connection: Connection) -> int:
            rows = connection.execute("SELECT arrival, sealed FROM inbox ORDER BY arrival LIMIT ?", (most,)).fetchall()
            if not rows:
                return 0
            arrivals = [unpack_arrival(self._vault.open(sealed, Label.INBOX_ROW)) for _, sealed in rows]
            effects = together(arrival for arrival in arrivals if isinstance(arrival, Arrival))
            touched, hidden_with = self._touched(connection, effects)
            gone = _make_visible(connection, effects, touched)
            self._seal(connection, effects, touched)
            for of in hidden_with:
                gone.setdefault(of, [tag.wrapped for tag in self._sealing.held(connection, of)])
            self._tell_desks(connection, arrivals, effects, touched, gone, now)
            connection.executemany("DELETE FROM inbox WHERE arrival = ?", [(arrival,) for arrival, _ in rows])
            numbered = list(zip((arrival for arrival, _ in rows), arrivals, strict=True))
            self._outcomes.write(connection, numbered, touched, now=now, keep_until=keep_until)
            record(connection, self._vault, audit)
            return len(rows)

        return await self._writer.submit(settle)

    def _touched(self, connection: Connection, effects: _Effects) -> tuple[_Touched, list[Of]]:
        """Of every registration of the batch, which seals hide it: asked alike of each, and twice, since one of them
        may have a seal hide another of the same child. And which others, settled before, are seen no longer by that.
        """
        hidden_with: list[Of] = []

        def ask() -> _Touched:
            return {
                of: self._sealing.touched(connection, of, effect.tags, effect.child, by_consent=effect.by_consent)
                for of, effect in sorted(effects.items())
                if isinstance(effect, Registered)
            }

        for of, each in ask().items():
            effect = effects[of]
            assert isinstance(effect, Registered)
            for name in each.hiding:
                hidden_with += self._sealing.hide_siblings(
                    connection, of[0], effect.child, name, surely=name in each.surely
                )
        return ask(), hidden_with

    def _seal(self, connection: Connection, effects: _Effects, touched: _Touched) -> None:
        """Note what hides what was registered. Where it is of a new identity now, nothing leads there from the old."""
        for of, effect in sorted(effects.items()):
            if isinstance(effect, Registered):
                for old in self._sealing.settled(connection, of, effect, touched[of]):
                    self._outcomes.forget_about(connection, {of})
                    self._items.forget_about(connection, *of, shield=old)
                    forget_involvement(connection, self._vault, of)
            elif isinstance(effect, Withdrawn):
                self._sealing.gone(connection, of)

    def _tell_desks(
        self,
        connection: Connection,
        arrivals: Iterable[Arrival | Asked | Looked],
        effects: _Effects,
        touched: _Touched,
        gone: _Gone,
        now: int,
    ) -> None:
        """After all of the batch is visible: what was withdrawn, or holds other tags now, is told of no longer, what
        was asked is told to whoever matches, and what was registered of what waits for it.
        """
        writers = {organisation for organisation, _ in effects}
        for (organisation, involvement), tags in sorted(gone.items()):
            of = (organisation, involvement)
            kept = self._delivery.withdrawn(connection, *of, tags, now=now, writers=writers)
            self._items.add_answered(connection, kept, self._sealing.shields_over(connection, of), at=now)
        for name in sorted({arrival.call_back for arrival in arrivals if isinstance(arrival, Asked)}):
            self._delivery.asked(connection, name, now=now)
        for (organisation, involvement), effect in sorted(effects.items()):
            if isinstance(effect, Registered) and not touched[organisation, involvement].hiding:
                self._delivery.registered(connection, organisation, involvement, effect.tags, now=now)

    async def sweep(self, now: int, *, unusual: Callable[[UnusualShare], AuditEvent], audit: AuditEvent) -> int:
        """As the port says."""

        def sweep(connection: Connection) -> int:
            gone, shares = judged(connection, self._vault, unusual_shares, now=now)
            for share in shares:
                record(connection, self._vault, unusual(share))
            for table, key in _SWEPT:
                gone += connection.execute(
                    f"DELETE FROM {table} WHERE {key} IN "  # noqa: S608 - names from the list above
                    f"(SELECT {key} FROM {table} WHERE forget_at <= ? LIMIT {_MOST_SWEPT})",
                    (now,),
                ).rowcount
            gone += self._outcomes.sweep(connection, now=now, most=_MOST_SWEPT)
            if gone:
                record(connection, self._vault, audit)
            return gone

        return await self._writer.submit(sweep)


def _make_visible(connection: Connection, effects: _Effects, touched: _Touched) -> _Gone:
    """Put every tag where it belongs, into the hot table or, of what is hidden, the other one: as many rows either way.
    Which involvements others see no longer under tags that they saw before, and which.
    """
    no_longer: _Gone = {}
    gone: list[tuple[bytes, OrganisationNumber, InvolvementNumber]] = []
    dated: list[tuple[int | None, bytes, OrganisationNumber, InvolvementNumber]] = []
    tags: dict[str, list[_TagRow]] = {"involvement_tags": [], "sealed_tags": []}
    bodies: list[tuple[int, int, bytes, bytes]] = []
    for (organisation, involvement), effect in sorted(effects.items()):
        held = connection.execute(
            "SELECT key, body FROM tag_bodies WHERE organisation = ? AND involvement = ?", (organisation, involvement)
        ).fetchall()
        if isinstance(effect, Ended):
            dated.extend((day_number(effect.on), key, organisation, involvement) for key, _ in held)
            continue
        hidden = bool(touched.get((organisation, involvement), NOT_TOUCHED).hiding)
        kept = {tag.wrapped.key for tag in effect.tags} if isinstance(effect, Registered) and not hidden else set()
        lost = [WrappedTag(key, body) for key, body in held if key not in kept]
        if lost or isinstance(effect, Withdrawn):
            no_longer[organisation, involvement] = lost
        if held:
            gone.extend((key, organisation, involvement) for key, _ in held)
            connection.execute(
                "DELETE FROM tag_bodies WHERE organisation = ? AND involvement = ?", (organisation, involvement)
            )
        if isinstance(effect, Registered):
            identity = next((t.wrapped.key for t in effect.tags if t.place.match_class is MatchClass.IDENTITY), None)
            ended_on = day_number(effect.ended_on)
            for tag in effect.tags:
                key, code, tier = tag.wrapped.key, CLASS_CODES[tag.place.match_class], int(tag.place.tier)
                bodies.append((organisation, involvement, key, tag.wrapped.body))
                table = "sealed_tags" if hidden else "involvement_tags"
                tags[table].append((key, organisation, involvement, code, tier, ended_on, identity))
    for table in tags:
        where = "WHERE key = ? AND organisation = ? AND involvement = ?"
        connection.executemany(f"DELETE FROM {table} {where}", sorted(gone))  # noqa: S608 - the two names above
        connection.executemany(f"UPDATE {table} SET ended_on = ? {where}", dated)  # noqa: S608
    connection.executemany("INSERT INTO tag_bodies VALUES (?, ?, ?, ?)", bodies)
    for table, rows in tags.items():
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(rows))  # noqa: S608
    for table, rows in tags.items():
        for tag_key, owner in sorted({(tag[0], tag[1]) for tag in rows}):
            thin_out(connection, tag_key, owner, table=table)
    return no_longer
