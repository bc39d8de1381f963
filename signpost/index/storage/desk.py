"""The independent desk's queue on SQLite: what shields touched is gathered from outcomes, looked at, and decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, final

from signpost.index.audit import AuditEvent
from signpost.index.handle_faults import standing_for
from signpost.index.ports import Deciding
from signpost.index.records import Handle, InvolvementNumber, OrganisationNumber, Seal, SealKind, StoredTag
from signpost.index.requests import Signed
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.covering import Covering
from signpost.index.storage.desk_items import DeskItems, KeptItem
from signpost.index.storage.handles import handles_of
from signpost.index.storage.layouts import unpack_involvement
from signpost.index.storage.organisations import organisation_named
from signpost.index.storage.outcomes import Outcomes
from signpost.index.storage.record import THE_DESKS, record
from signpost.index.storage.sealing import Of, Sealing
from signpost.index.storage.seals import desk_looks_at
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault, place
from signpost.protocol.classes import MatchClass
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.messages import SharedHandle
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.protocol.shielding import (
    DeskAnswer,
    DeskAsker,
    DeskDecision,
    DeskItem,
    DeskOwner,
    DeskWork,
    ShieldReason,
    ShieldState,
)
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteDesk"]

_AT_ONCE: Final = 100
"""Outcomes that are gathered in one transaction: a few milliseconds of the writer's time."""
_MOST_DESKS: Final = 5
"""Of one organisation that are shown to be rung."""
_URGENCY: Final = {Urgency.NOW: 0, Urgency.TODAY: 1, Urgency.WEEK: 2}
_FIRST: Final = (
    DeskWork.CALL_BACK, DeskWork.APPROVAL, DeskWork.END, DeskWork.UNSURE, DeskWork.LOOKED_UP, DeskWork.REGISTERED,
    DeskWork.REVIEW,
)  # fmt: skip


@final
class SqliteDesk:
    """The `DeskItems` port of the index. `reader` belongs to the event loop's thread."""

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

    async def gather(self, *, audit: Callable[[], AuditEvent], now: int) -> None:
        """As the port says."""
        while self._waits():
            await self._writer.submit(lambda connection: self._gather(connection, audit, now))

    def queue(self, most: int, *, now: int) -> list[DeskItem]:
        """As the port says."""
        found = [item for kept in self._items.open(self._reader) if (item := self._item(kept, now=now)) is not None]
        found += [self._due(seal) for seal in self._sealing.seals_for_desk(self._reader, now=now, most=most)]
        return sorted(found, key=_most_urgent_first)[:most]

    async def decide(
        self, reference: str, deciding: Deciding, *, signed: Signed, audit: AuditEvent
    ) -> None:  # fmt: skip
        """As the port says."""

        def work(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit, of=THE_DESKS)
            item = self._items.waiting(connection, reference)
            if item is not None:
                self._decide_item(connection, item, deciding, now=signed.at)
            else:
                self._decide_seal(connection, reference, deciding, now=signed.at)

        await self._writer.submit(work)

    def _waits(self) -> bool:
        gathered = self._outcomes.gathered(self._reader)
        row = self._reader.execute("SELECT 1 FROM outcomes WHERE arrival > ? LIMIT 1", (gathered,)).fetchone()
        return row is not None

    def _gather(self, connection: Connection, audit: Callable[[], AuditEvent], now: int) -> None:
        first = self._outcomes.gathered(connection)
        last, found = self._outcomes.after(connection, first, _AT_ONCE)
        shields = [each for each in found if self._is_shield(self._sealing.seal(connection, each.shield))]
        for each in shields:
            self._items.add(connection, each, at=now)
        if found:
            self._outcomes.forget(connection, first, last)
        self._outcomes.set_gathered(connection, last)
        if shields:
            record(connection, self._vault, audit(), of=THE_DESKS)

    @staticmethod
    def _is_shield(seal: Seal | None) -> bool:
        return seal is not None and seal.kind is SealKind.SHIELD

    # -- deciding

    def _decide_item(self, connection: Connection, item: KeptItem, deciding: Deciding, *, now: int) -> None:
        if deciding.decision not in deciding.allowed(item.work):
            raise Problem(ProblemCode.DECISION_REFUSED)
        if deciding.decision is DeskDecision.HIDE:
            of = _of(item)
            hidden = self._sealing.hide_child(connection, of, item.shield)
            if deciding.with_number:
                held = self._sealing.held(connection, of)
                self._sealing.add_tags(connection, item.shield, _identity_of(held))
                self._covering.told(connection, hidden, now=now)
                self._covering.cover(connection, item.shield, now=now)
            else:
                self._covering.told(connection, hidden, now=now)
        self._items.close(connection, item.reference)

    def _decide_seal(self, connection: Connection, reference: str, deciding: Deciding, *, now: int) -> None:
        name = self._vault.seal_name(reference)
        seal = self._sealing.seal(connection, name)
        due = None if seal is None else desk_looks_at(seal)
        if seal is None or due is None or due > now:
            raise Problem(ProblemCode.ITEM_UNKNOWN)
        if deciding.decision not in deciding.allowed(_work_of(seal)):
            raise Problem(ProblemCode.DECISION_REFUSED)
        changed = deciding.change(seal)
        if changed is None:
            self._covering.uncover(connection, name, now=now)
        else:
            self._sealing.write(connection, changed, desk_at=desk_looks_at(changed))
            if seal.number_waits and not changed.number_waits:
                self._covering.cover(connection, name, now=now)

    # -- what the desk sees

    def _due(self, seal: Seal) -> DeskItem:
        return DeskItem(
            item=seal.reference, work=_work_of(seal), shield=seal.reference, reason=_reason(seal),
            asked_by=seal.organisation, at=desk_looks_at(seal) or 0, end_why=seal.end_why, by=None,
            owner=None, answers=[],
        )  # fmt: skip

    def _item(self, kept: KeptItem, *, now: int) -> DeskItem | None:
        """Null where what it is about has gone."""
        seal = self._sealing.seal(self._reader, kept.shield)
        if seal is None:
            return None
        by: DeskAsker | None = None
        owner: DeskOwner | None = None
        answers: list[DeskAnswer] = []
        match kept.work:
            case DeskWork.CALL_BACK:
                name = bytes.fromhex(kept.about["call_back"])
                call_back = self._call_backs.call_back(self._reader, name, now=now)
                if call_back is None:
                    return None
                by = self._asker(
                    call_back.organisation, call_back.account, call_back.role, call_back.kind, call_back.purpose,
                    call_back.urgency,
                )  # fmt: skip
                answers = list(self._answers(kept.shield, name))
            case DeskWork.LOOKED_UP:
                about = kept.about
                by = self._asker(
                    OrganisationId(about["organisation"]), about["account"], Role(about["role"]), Kind(about["kind"]),
                    Purpose(about["purpose"]), None,
                )  # fmt: skip
            case _:
                owner = self._owner(_of(kept))
        return DeskItem(
            item=kept.reference, work=kept.work, shield=seal.reference, reason=_reason(seal),
            asked_by=seal.organisation, at=kept.at, end_why=None, by=by, owner=owner, answers=answers,
        )  # fmt: skip

    def _asker(
        self, organisation: OrganisationId, account: str, role: Role, kind: Kind, purpose: Purpose,
        urgency: Urgency | None,
    ) -> DeskAsker:  # fmt: skip
        desks = handles_of(self._reader, self._vault, organisation)[:_MOST_DESKS]
        return DeskAsker(
            organisation=organisation, account=account, role=role, kind=kind, purpose=purpose, urgency=urgency,
            desks=[_shared(desk) for desk in desks],
        )  # fmt: skip

    def _owner(self, of: Of) -> DeskOwner | None:
        organisation = organisation_named(self._reader, self._vault, of[0])
        if organisation is None:
            return None
        return DeskOwner(organisation=organisation.name, desk=self._desk_of(organisation.name, of))

    def _answers(self, shield: bytes, call_back: bytes) -> Iterable[DeskAnswer]:
        """What organisations whose involvement is hidden were told before, and answered."""
        hidden = set(self._sealing.hidden_by(self._reader, shield))
        for notice in self._call_backs.notices_of(self._reader, call_back):
            of = self._vault.organisation(notice.organisation), notice.involvement
            if of in hidden:
                yield DeskAnswer(
                    organisation=notice.organisation,
                    desk=self._desk_of(notice.organisation, of),
                    state=notice.state.value,
                )

    def _desk_of(self, organisation: OrganisationId, of: Of) -> SharedHandle | None:
        """The one to ring about an involvement: as the feed named it, and never one that a hand-over chose, of the work
        or of a notice. Else a practitioner would have the desk ring where they sit.
        """
        row = self._reader.execute(
            "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?", of
        ).fetchone()
        if row is None:
            return None
        owned = unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(*of)))
        handles = {each.identifier: each for each in handles_of(self._reader, self._vault, organisation)}
        return _shared(standing_for(owned.handle, handles)) if owned.handle in handles else None


def _shared(handle: Handle) -> SharedHandle:
    return SharedHandle(title=handle.title, telephone=handle.telephone, email=handle.email, hours=handle.hours)


def _of(item: KeptItem) -> Of:
    return OrganisationNumber(int(item.about["organisation"])), InvolvementNumber(int(item.about["involvement"]))


def _identity_of(held: Iterable[StoredTag]) -> list[StoredTag]:
    return [tag for tag in held if tag.place.match_class is MatchClass.IDENTITY]


def _reason(seal: Seal) -> ShieldReason:
    assert seal.reason is not None  # every shield has one
    return seal.reason


def _work_of(seal: Seal) -> DeskWork:
    return {
        ShieldState.WAITING: DeskWork.APPROVAL, ShieldState.ENDING: DeskWork.END, ShieldState.APPROVED: DeskWork.REVIEW,
    }[seal.state]  # fmt: skip


def _most_urgent_first(item: DeskItem) -> tuple[int, int, int, str]:
    urgency = 0 if item.by is None or item.by.urgency is None else _URGENCY[item.by.urgency]
    return _FIRST.index(item.work), urgency, item.at, item.item
