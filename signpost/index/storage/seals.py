"""Shields and objections on SQLite: each act is one transaction, with all that it hides or shows, and its leaf.

To add an objection: a `Seal` of the kind OBJECTION (or WITHDRAWAL, of its organisation alone) and its tags, wrapped for
involvements, to `add`, with the chain that its leaf belongs to. To end it: `change` to null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, final

from signpost.index.arrivals import Arrival, Registered
from signpost.index.audit import AuditEvent
from signpost.index.hiding import identities
from signpost.index.records import ChildNumber, OrganisationNumber, Seal, SealKind, StoredTag
from signpost.index.requests import Signed, Spending
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.covering import Covering
from signpost.index.storage.desk_items import DeskItems
from signpost.index.storage.glasses import forget_involvement
from signpost.index.storage.layouts import unpack_arrival
from signpost.index.storage.outcomes import Outcomes
from signpost.index.storage.record import EVERYBODYS, THE_DESKS, Chain, record
from signpost.index.storage.sealing import Of, Sealing
from signpost.index.storage.spending import spend_nonce, spend_receipts
from signpost.index.storage.vault import Vault
from signpost.protocol.classes import MatchClass
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.shielding import ShieldState
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["MOST_A_DAY", "SqliteSeals", "desk_looks_at"]

MOST_A_DAY: Final = 50
"""Shields that one organisation's officers ask for in a UTC day: whoever could ask for any number could hide a nation's
children before anybody had looked at one."""
_MOST_TAGS: Final = 120
"""Of one shield: ten names, numbers and known homes."""
_DAY: Final = 24 * 60 * 60


def desk_looks_at(seal: Seal) -> int | None:
    """When the independent desk is to look at a seal, in epoch seconds; null: never."""
    if seal.kind is not SealKind.SHIELD:
        return None
    if seal.state is not ShieldState.APPROVED:
        return seal.approve_by
    assert seal.review_on is not None
    return (seal.review_on.toordinal() - _EPOCH) * _DAY


_EPOCH: Final = 719_163
"""The ordinal of 1 January 1970."""


@final
class SqliteSeals:
    """The `Seals` port. `reader` belongs to the event loop's thread."""

    def __init__(
        self, *, reader: Connection, writer: Writer, vault: Vault, sealing: Sealing, covering: Covering,
        items: DeskItems, outcomes: Outcomes,
    ) -> None:  # fmt: skip
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._sealing = sealing
        self._covering = covering
        self._items = items
        self._outcomes = outcomes
        self._call_backs = CallBackRows(vault)

    def own(self, organisation: OrganisationId) -> list[Seal]:
        """As the port says."""
        return self._sealing.seals_of(self._reader, organisation)

    def seal(self, reference: str) -> Seal | None:
        """As the port says."""
        return self._sealing.seal(self._reader, self._vault.seal_name(reference))

    async def add(
        self, seal: Seal, tags: Sequence[StoredTag], *, to_another: bool, spending: Spending, audit: AuditEvent
    ) -> Seal:
        """As the port says."""

        def add(connection: Connection) -> Seal:
            signed = spending.signed
            spend_nonce(connection, self._vault, signed)
            earlier = spend_receipts(connection, self._vault, spending)
            record(connection, self._vault, audit, of=_chain(seal))
            name = self._vault.seal_name(seal.reference if earlier is None else earlier.receipt)
            kept = self._sealing.seal(connection, name)
            if earlier is not None:
                return _owned(kept, seal.organisation, seal.kind)
            if to_another:
                kept = _owned(kept, seal.organisation, seal.kind)
                if kept.old_identity or len(self._sealing.tags_of(connection, name)) + len(tags) > _MOST_TAGS:
                    raise Problem(ProblemCode.SHIELD_DECIDED)
                if kept.state is ShieldState.APPROVED:
                    # They may be any child's, and nobody has looked at them.
                    kept = replace(kept, state=seal.state, approve_by=seal.approve_by)
                kept = self._with_number(connection, name, kept, tags)
            else:
                kept = seal
            self._count(connection, seal, now=signed.at)
            self._sealing.write(connection, kept, desk_at=desk_looks_at(kept))
            self._sealing.add_tags(connection, name, tags)
            self._covering.cover(connection, name, now=signed.at)
            return kept

        return await self._writer.submit(add)

    async def change(
        self, reference: str, change: Callable[[Seal], Seal | None], *, signed: Signed, audit: AuditEvent
    ) -> Seal:
        """As the port says."""
        name = self._vault.seal_name(reference)

        def work(connection: Connection) -> Seal:
            spend_nonce(connection, self._vault, signed)
            seal = self._sealing.seal(connection, name)
            if seal is None:
                raise Problem(ProblemCode.SHIELD_UNKNOWN)
            changed = change(seal)
            record(connection, self._vault, audit, of=_chain(seal))
            if changed is None:
                self._covering.uncover(connection, name, now=signed.at)
                return seal
            self._sealing.write(connection, changed, desk_at=desk_looks_at(changed))
            if seal.number_waits and not changed.number_waits:
                self._covering.cover(connection, name, now=signed.at)
            return changed

        return await self._writer.submit(work)

    async def end_identity(
        self, organisation: OrganisationId, reference: str, tags: Sequence[StoredTag], *, spending: Spending,
        audit: AuditEvent,
    ) -> Seal:  # fmt: skip
        """As the port says."""
        name = self._vault.seal_name(reference)
        own = self._vault.organisation(organisation)

        def work(connection: Connection) -> Seal:
            spend_nonce(connection, self._vault, spending.signed)
            earlier = spend_receipts(connection, self._vault, spending)
            record(connection, self._vault, audit, of=THE_DESKS)
            seal = _owned(self._sealing.seal(connection, name), organisation, SealKind.SHIELD)
            if earlier is not None:
                return seal
            self._refuse_another_child(connection, name, tags)
            ended = replace(self._with_number(connection, name, seal, tags), old_identity=True)
            if ended.number_waits and ended.state is ShieldState.APPROVED:
                ended = replace(ended, state=ShieldState.WAITING)
            children = self._sealing.children_hidden_by(connection, name, own)
            mine = self._drop_arrivals(connection, name, own, children)
            for of in sorted(mine):
                self._erase(connection, of)
            self._outcomes.forget_about(connection, mine)
            self._sealing.lead_no_more(connection, own, children)
            self._sealing.take_tags(connection, name)
            self._sealing.add_tags(connection, name, tags)
            self._sealing.write(connection, ended, desk_at=desk_looks_at(ended))
            self._covering.cover(connection, name, now=spending.signed.at)
            return ended

        return await self._writer.submit(work)

    def _with_number(self, connection: Connection, name: bytes, seal: Seal, tags: Sequence[StoredTag]) -> Seal:
        """A seal that these tags join: a first number is approved before anybody is told from its child by it."""
        has = any(tag.place.match_class is MatchClass.IDENTITY for tag in self._sealing.tags_of(connection, name))
        joins = any(tag.place.match_class is MatchClass.IDENTITY for tag in tags)
        return replace(seal, number_waits=seal.number_waits or (joins and not has))

    def _refuse_another_child(self, connection: Connection, name: bytes, tags: Sequence[StoredTag]) -> None:
        """Of the old identity the number stays: else an officer alone would end a shield by giving it another child's.

        Raises:
            Problem: TAGS_PROFILE.
        """
        kept = {tag.wrapped.key: tag.place for tag in self._sealing.tags_of(connection, name)}
        given = {tag.wrapped.key: tag.place for tag in tags}
        if not (identities(kept) & identities(given) if identities(kept) else kept.keys() & given.keys()):
            raise Problem(ProblemCode.TAGS_PROFILE, pointers=("/tags",))

    def _erase(self, connection: Connection, of: Of) -> None:
        """Leave nothing that holds the number of an involvement, or leads to it: its organisation may register another
        under the same references, and nothing may join the two.
        """
        self._sealing.forget(connection, of)
        connection.execute("DELETE FROM owned_involvements WHERE organisation = ? AND involvement = ?", of)
        for notice in self._call_backs.notices_about(connection, *of):
            self._call_backs.forget_notice(connection, notice)
        forget_involvement(connection, self._vault, of)
        self._items.forget_about(connection, *of)

    def _drop_arrivals(
        self, connection: Connection, name: bytes, own: OrganisationNumber, children: set[ChildNumber]
    ) -> set[Of]:
        """What waits to settle of these children, or of whom the shield would hide, never does. The children of whom
        nothing had settled join the others; which involvements there are of all of them.
        """
        waiting = [
            (number, arrival)
            for number, sealed in connection.execute("SELECT arrival, sealed FROM inbox ORDER BY arrival").fetchall()
            if isinstance(arrival := unpack_arrival(self._vault.open(sealed, Label.INBOX_ROW)), Arrival)
            and arrival.organisation == own
        ]
        registered = [
            ((own, arrival.involvement), arrival.what) for _, arrival in waiting if isinstance(arrival.what, Registered)
        ]
        for of, what in registered:
            touched = self._sealing.touched(connection, of, what.tags, what.child, by_consent=what.by_consent)
            if name in touched.hiding:
                children.add(what.child)
        dropped = {of for of, what in registered if what.child in children}
        dropped |= self._sealing.with_children(connection, own, children)
        connection.executemany(
            "DELETE FROM inbox WHERE arrival = ?",
            [(number,) for number, arrival in waiting if (own, arrival.involvement) in dropped],
        )
        return dropped

    def _count(self, connection: Connection, seal: Seal, *, now: int) -> None:
        until = now - now % _DAY + _DAY
        (count,) = connection.execute(
            "INSERT INTO meters VALUES (?1, 1, ?2) ON CONFLICT (name) DO UPDATE SET lookups = lookups + 1"
            " RETURNING lookups",
            (self._vault.meter(f"seals-{seal.kind.value}", seal.organisation, str(until)), until),
        ).fetchone()
        if count > MOST_A_DAY:
            raise Problem(ProblemCode.BUDGET_USED, retry_after=until - now)


def _owned(seal: Seal | None, organisation: OrganisationId, kind: SealKind) -> Seal:
    """What one's own organisation asked for, of this kind: a shield is no objection.

    Raises:
        Problem: SHIELD_UNKNOWN.
    """
    if seal is None or (seal.organisation, seal.kind) != (organisation, kind):
        raise Problem(ProblemCode.SHIELD_UNKNOWN)
    return seal


def _chain(seal: Seal) -> Chain:
    return THE_DESKS if seal.kind is SealKind.SHIELD else EVERYBODYS
