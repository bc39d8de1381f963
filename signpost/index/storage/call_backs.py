"""Call-backs and notices on SQLite. Asking only keeps the call-back and puts it in the inbox: the same statements
whoever matches. Desks are told when it settles (`delivery`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, final

from signpost.index.arrivals import Asked
from signpost.index.audit import AuditEvent
from signpost.index.contact_rules import ContactRules
from signpost.index.contact_states import WAITING, NoticeEvent, NoticeState, after
from signpost.index.handle_faults import standing_for
from signpost.index.lifetimes import CALL_BACK_DAYS
from signpost.index.ports import Waiting
from signpost.index.records import CallBack, Handle, KeptNotice, StoredTag
from signpost.index.requests import Signed
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.handles import handles_of
from signpost.index.storage.layouts import pack_arrival, unpack_involvement
from signpost.index.storage.record import EVERYBODYS, THE_DESKS, Chain, record
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault, place
from signpost.index.working_time import due_at, read_hours
from signpost.protocol.credentials import Asker, OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Urgency
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["MOST_WAITING_BY_ONE_TAG", "SqliteCallBacks"]

MOST_WAITING_BY_ONE_TAG: Final = 16
"""Call-backs that one organisation leaves in four weeks to be found by one tag. Lookups that share a tag are bounded
already, but not by what siblings or twins share: every registration that holds such a tag has all of its call-backs
evaluated in the transaction that settles it, and one organisation could leave so many that nothing else is written."""
_PERIOD_SECONDS: Final = CALL_BACK_DAYS * 24 * 60 * 60
_NO_CALL_BACK: Final = bytes(16)
_MOST_URGENT_FIRST: Final = (Urgency.NOW, Urgency.TODAY, Urgency.WEEK)


@final
class SqliteCallBacks:
    """The `CallBacks` port. `reader` belongs to the event loop's thread."""

    def __init__(
        self, *, reader: Connection, writer: Writer, vault: Vault, delivery: Delivery, rules: ContactRules
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._delivery = delivery
        self._rules = rules
        self._rows = CallBackRows(vault)

    async def ask(self, call_back: CallBack, *, signed: Signed, audit: AuditEvent) -> CallBack:
        """As the port says."""
        name = _name_of(self._vault, call_back)

        def ask(connection: Connection) -> CallBack:
            spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)
            kept = self._rows.call_back(connection, name, now=signed.at)
            if kept is None:
                kept = call_back
                self._rows.write_tags(connection, name, kept, by=self._waits_by(connection, kept))
            else:
                # Sooner than it was asked before is asked now: its time does not begin in the past.
                if _MOST_URGENT_FIRST.index(call_back.urgency) < _MOST_URGENT_FIRST.index(kept.urgency):
                    kept = replace(kept, urgency=call_back.urgency, asked_at=call_back.asked_at)
            self._rows.write_call_back(connection, name, kept)
            connection.execute(
                "INSERT INTO inbox (sealed) VALUES (?)",
                (self._vault.seal(pack_arrival(Asked(name)), Label.INBOX_ROW),),
            )
            return kept

        return await self._writer.submit(ask)

    def left(self, asker: Asker, receipt: str, *, now: int) -> CallBack | None:
        """As the port says."""
        name = self._vault.call_back(asker.organisation, asker.account, receipt, user=asker.user)
        return self._rows.call_back(self._reader, name, now=now)

    def shared(self, call_back: CallBack, *, now: int) -> list[Handle]:
        """As the port says."""
        matching = {
            (hit.organisation, hit.involvement) for hit in self._delivery.matches(self._reader, call_back, now=now).all
        }
        # Of a child whom nobody is to be seen with, nothing that was told before is read: one that has been shielded
        # since takes the steps of one that nobody knows.
        name = _name_of(self._vault, call_back)
        name = name if matching else _NO_CALL_BACK
        handles: dict[str, Handle] = {}
        for notice in self._rows.notices_of(self._reader, name):
            of = (self._vault.organisation(notice.organisation), notice.involvement)
            if notice.state is NoticeState.SHARED and of in matching:
                known = self._handles(self._reader, notice.organisation)
                handle = standing_for(notice.handle, known)
                handles[handle.identifier] = handle
        return sorted(handles.values(), key=lambda handle: handle.identifier)

    async def tell_outcome(
        self, asker: Asker, receipt: str, *, reached: bool, new: bool, signed: Signed, audit: AuditEvent
    ) -> None:
        """As the port says."""
        name = self._vault.call_back(asker.organisation, asker.account, receipt, user=asker.user)

        def tell(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)
            call_back = self._rows.call_back(connection, name, now=signed.at)
            if call_back is None:
                raise Problem(ProblemCode.CALL_BACK_UNKNOWN)
            self._rows.write_call_back(connection, name, replace(call_back, reached=reached, new=new))

        await self._writer.submit(tell)

    def waiting(self, organisation: OrganisationId, most: int, *, now: int) -> list[Waiting]:
        """As the port says."""
        number = self._vault.organisation(organisation)
        handles = self._handles(self._reader, organisation)
        notices = self._rows.still_due(self._reader, organisation, most, now=now)
        if len(notices) < most:
            late = self._rows.no_longer_due(self._reader, organisation, now=now)
            notices += sorted((notice for notice in late if notice.state in WAITING), key=_soonest_first)
        found = []
        for notice in notices[:most]:
            row = self._reader.execute(
                "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                (number, notice.involvement),
            ).fetchone()
            # Withdrawn, and about to settle: as if it had never been there.
            if row is None:
                continue
            owned = unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(number, notice.involvement)))
            title = standing_for(notice.handle, handles).title
            found.append(Waiting(notice, title, owned.sealed_case_reference))
        return sorted(found, key=lambda each: _soonest_first(each.notice))

    async def reply(
        self, organisation: OrganisationId, reference: str, change: Callable[[KeptNotice], KeptNotice], *,
        signed: Signed, audit: AuditEvent,
    ) -> KeptNotice:  # fmt: skip
        """As the port says."""

        def reply(connection: Connection) -> KeptNotice:
            spend_nonce(connection, self._vault, signed)
            notice = self._rows.notice(connection, organisation, reference)
            if notice is None or notice.waits_until <= signed.at:
                raise Problem(ProblemCode.NOTICE_UNKNOWN)
            changed = change(notice)
            self._rows.write_notice(connection, changed)
            if changed.handle != notice.handle:
                handle = standing_for(changed.handle, self._handles(connection, organisation))
                self._delivery.mail(connection, handle, reference, now=signed.at)
            record(connection, self._vault, audit)
            return changed

        return await self._writer.submit(reply)

    async def escalate(self, most: int, *, now: int, audit: AuditEvent) -> int:
        """As the port says."""
        if not self._rows.any_due(self._reader, now):
            return 0

        def escalate(connection: Connection) -> int:
            due = self._rows.notices_due(connection, now, most)
            chains: set[Chain] = set()
            for notice in due:
                self._step(connection, notice, now)
                chains.add(self._chain(connection, notice))
            # None where another worker has been here first.
            for chain in chains:
                record(connection, self._vault, audit, of=chain)
            return len(due)

        return await self._writer.submit(escalate)

    def _chain(self, connection: Connection, notice: KeptNotice) -> Chain:
        """Where it is recorded that a notice fell due: of a hidden involvement, which for everybody else is as if
        withdrawn, no auditor but the desk's is to see that there still was one.
        """
        hidden = connection.execute(
            "SELECT 1 FROM sealed_involvements WHERE organisation = ? AND involvement = ? LIMIT 1",
            (self._vault.organisation(notice.organisation), notice.involvement),
        ).fetchone()
        return EVERYBODYS if hidden is None else THE_DESKS

    def with_outcomes(self) -> list[CallBack]:
        """As the port says."""
        return [each for each in self._rows.all_call_backs(self._reader) if each.reached is not None]

    def held(self, *, now: int) -> list[KeptNotice]:
        """As the port says."""
        notices = self._rows.all_notices(self._reader)
        held = [notice for notice in notices if notice.state is NoticeState.HELD and now < notice.waits_until]
        return sorted(held, key=lambda notice: (notice.told_at, notice.reference))

    async def release(self, organisation: OrganisationId, reference: str, *, now: int, audit: AuditEvent) -> None:
        """As the port says."""

        def release(connection: Connection) -> None:
            notice = self._rows.notice(connection, organisation, reference)
            state = None if notice is None else after(notice.state, NoticeEvent.RELEASED)
            if notice is None or state is None or notice.waits_until <= now:
                raise Problem(ProblemCode.NOTICE_UNKNOWN)
            handle = standing_for(notice.handle, self._handles(connection, organisation))
            due = due_at(now, notice.urgency, read_hours(handle.hours), self._rules.patience)
            self._rows.write_notice(connection, replace(notice, state=state, told_at=now, due_at=due))
            self._delivery.mail(connection, handle, reference, now=now)
            record(connection, self._vault, audit)

        await self._writer.submit(release)

    def _waits_by(self, connection: Connection, call_back: CallBack) -> list[StoredTag]:
        """Its tags, but for those by which so many call-backs of its organisation wait already. Every tag is counted,
        whatever was there, and by its class: a tag that claims another takes no true one's place.
        """
        until = call_back.asked_at - call_back.asked_at % _PERIOD_SECONDS + _PERIOD_SECONDS
        by = []
        for tag in call_back.tags:
            whom = ("call-backs", call_back.organisation, tag.place.match_class.value)
            (waiting,) = connection.execute(
                "INSERT INTO repeats VALUES (?1, 1, ?2) ON CONFLICT (name) DO UPDATE SET lookups = lookups + 1"
                " RETURNING lookups",
                (self._vault.repeat(tag.wrapped.key, until, *whom), until),
            ).fetchone()
            if waiting <= MOST_WAITING_BY_ONE_TAG:
                by.append(tag)
        return by

    def _step(self, connection: Connection, notice: KeptNotice, now: int) -> None:
        """A notice is due: on to the desk out of hours, or there is nobody left to turn to."""
        handles = self._handles(connection, notice.organisation)
        handle = standing_for(notice.handle, handles)
        fallback = None if handle.out_of_hours is None else standing_for(handle.out_of_hours, handles)
        onward = notice.state is NoticeState.OPEN and fallback is not None and fallback != handle
        state = after(notice.state, NoticeEvent.DUE if onward else NoticeEvent.DUE_WITHOUT_FALLBACK)
        assert state is not None
        if not onward or fallback is None:
            self._rows.write_notice(connection, replace(notice, state=state, due_at=None))
            return
        due = due_at(now, notice.urgency, read_hours(fallback.hours), self._rules.patience)
        self._rows.write_notice(connection, replace(notice, state=state, handle=fallback.identifier, due_at=due))
        self._delivery.mail(connection, fallback, notice.reference, now=now)

    def _is_hidden(self, connection: Connection, notice: KeptNotice) -> bool:
        of = (self._vault.organisation(notice.organisation), notice.involvement)
        row = connection.execute(
            "SELECT 1 FROM sealed_involvements WHERE organisation = ? AND involvement = ? LIMIT 1", of
        ).fetchone()
        return row is not None

    def _handles(self, connection: Connection, organisation: OrganisationId) -> Mapping[str, Handle]:
        return {handle.identifier: handle for handle in handles_of(connection, self._vault, organisation)}


def _soonest_first(notice: KeptNotice) -> tuple[bool, int, str]:
    return notice.due_at is None, notice.due_at or notice.told_at, notice.reference


def _name_of(vault: Vault, call_back: CallBack) -> bytes:
    return vault.call_back(call_back.organisation, call_back.account, call_back.receipt, user=call_back.user)
