"""Telling desks of call-backs, inside the transaction that settles what brought them together (protocol.md C3, C6).

Who is told is who matches now: a call-back's stored tags are evaluated against the hot table, as a lookup's are, when
it settles, and again when a registration settles that holds one of its tags. An organisation is told once of one
call-back for one desk; a pair that is in touch about the same involvement is not told again, unless it is urgent.

Only rows of the hot table count. What a shield has moved from there is told of nothing here, and a withdrawn
involvement takes its notices with it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final, final

from signpost.index.answer import Matches, matches_of
from signpost.index.contact_rules import ContactRules
from signpost.index.contact_states import NoticeEvent, NoticeState, after
from signpost.index.handle_faults import can_be_rung, standing_for
from signpost.index.records import (
    CallBack,
    Handle,
    Hit,
    InvolvementNumber,
    KeptNotice,
    OrganisationNumber,
    OwnedInvolvement,
    StoredTag,
)
from signpost.index.speakable import speakable
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.handles import handles_of
from signpost.index.storage.layouts import unpack_involvement
from signpost.index.storage.lookups import read_hits
from signpost.index.storage.organisations import organisation_named
from signpost.index.storage.vault import Vault, place
from signpost.index.working_time import due_at, read_hours
from signpost.index.wrapping import Wrappers
from signpost.protocol.calendar import months_before
from signpost.protocol.classes import MatchClass, Place
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.purposes import Urgency
from signpost.protocol.tags import TagKey, WrappedTag
from signpost.service.clock import Randomness
from signpost.service.database import Connection

__all__ = ["HOT", "SEALED", "Delivery", "Desk", "opened_mail"]

HOT: Final = "involvement_tags"
"""What everybody may find."""
SEALED: Final = "sealed_tags"
"""What is hidden: looked at here for its own organisation's notices alone."""

_DAY: Final = 24 * 60 * 60
_SOONER: Final = {Urgency.NOW: 0, Urgency.TODAY: 1, Urgency.WEEK: 2}


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk that matches: whose it is, and by which of its involvements."""

    hit: Hit
    organisation: OrganisationId
    handle: Handle


@final
class Delivery:
    """Brings call-backs to desks. Works in the writer's thread, on its connection."""

    def __init__(self, *, vault: Vault, wrappers: Wrappers, rules: ContactRules, randomness: Randomness) -> None:
        self._vault = vault
        self._wrappers = wrappers
        self._rules = rules
        self._randomness = randomness
        self._rows = CallBackRows(vault)

    def matches(self, connection: Connection, call_back: CallBack, *, now: int, table: str = HOT) -> Matches:
        """What a call-back's tags come to now."""
        return self.evaluated(
            connection, call_back.tags, asking=call_back.organisation, strict=self._rules.strict_t1, now=now,
            table=table,
        )  # fmt: skip

    def evaluated(
        self, connection: Connection, tags: Sequence[StoredTag], *, asking: OrganisationId, strict: bool, now: int,
        table: str = HOT,
    ) -> Matches:  # fmt: skip
        """What tags, as the lookup row keeps them, come to now: the one evaluation that every follow-up is (C6)."""
        keys = [self._wrappers.involvements.wrap(self._wrappers.lookups.unwrap(tag.wrapped)).key for tag in tags]
        places = [tag.place for tag in tags]
        identity = next(
            (key for key, of in zip(keys, places, strict=True) if of.match_class is MatchClass.IDENTITY), None
        )
        today = dt.datetime.fromtimestamp(now, tz=dt.UTC).date()
        return matches_of(
            read_hits(connection, self._vault, keys, asking=asking, table=table),
            asked=places,
            identity_key=identity,
            since=months_before(today, self._rules.look_back_months),
            strict=strict,
        )

    def first_desk(self, connection: Connection, question: CallBack, *, now: int) -> Desk | None:
        """The desk that answers best, where the question is answered `current` or `previous` now, to be rung: where its
        work was handed over to one that nobody can ring any more, the one that the feed named.
        """
        matches = self.matches(connection, question, now=now)
        if matches.word not in ("current", "previous"):
            return None
        return next(self._desks(connection, matches.strongest, to_ring=True), None)

    def asked(self, connection: Connection, name: bytes, *, now: int) -> None:
        """A call-back was left, or is needed sooner: tell whoever matches."""
        call_back = self._rows.call_back(connection, name, now=now)
        if call_back is not None:
            for notice in self._rows.notices_of(connection, name):
                self._urge(connection, notice, call_back, now=now)
            self._tell(connection, name, call_back, self.matches(connection, call_back, now=now).strongest, now=now)

    def registered(
        self, connection: Connection, organisation: OrganisationNumber, involvement: InvolvementNumber,
        tags: Sequence[StoredTag], *, now: int,
    ) -> None:  # fmt: skip
        """An involvement is visible: tell its desk of every call-back that it answers."""
        for name in self._holding(connection, [tag.wrapped for tag in tags], now=now):
            call_back = self._rows.call_back(connection, name, now=now)
            if call_back is None or self._vault.organisation(call_back.organisation) == organisation:
                continue
            found = [
                hit
                for hit in self.matches(connection, call_back, now=now).strongest
                if (hit.organisation, hit.involvement) == (organisation, involvement)
            ]
            self._tell(connection, name, call_back, found, now=now, writers={organisation})

    def withdrawn(
        self, connection: Connection, organisation: OrganisationNumber, involvement: InvolvementNumber,
        gone: Sequence[WrappedTag], *, now: int, writers: Set[OrganisationNumber],
    ) -> list[bytes]:  # fmt: skip
        """An involvement holds these tags no longer: of whom it does not match any more, its notices are gone. Where it
        is hidden, of which call-backs it keeps notices all the same.

        Others may have stood behind it, with a notice or without: weaker ones, another of the same desk, or whom the
        pair was in touch about. What is then told to one of this batch's writers counts as found by registering: else
        what is held is let out by withdrawing another involvement of the same child.
        """
        names = set(self._holding(connection, gone, now=now))
        kept: set[bytes] = set()
        for notice in self._rows.notices_about(connection, organisation, involvement):
            call_back = self._rows.call_back(connection, notice.call_back, now=now)
            seen = call_back is not None and self._answers(connection, call_back, organisation, involvement, now=now)
            # What is hidden keeps its notices, for its own organisation must see what it would have seen; but for those
            # that were held, which nobody has been told of: none is let out after the seal.
            hidden = call_back is not None and self._answers(
                connection, call_back, organisation, involvement, now=now, table=SEALED
            )
            if not seen and not (hidden and notice.state is not NoticeState.HELD):
                self._rows.forget_notice(connection, notice)
                names.add(notice.call_back)
            elif not seen:
                kept.add(notice.call_back)
        for name in sorted(names):
            call_back = self._rows.call_back(connection, name, now=now)
            if call_back is not None:
                strongest = self.matches(connection, call_back, now=now).strongest
                self._tell(connection, name, call_back, strongest, now=now, writers=writers)
        return sorted(kept)

    def hidden(self, connection: Connection, of: tuple[OrganisationNumber, InvolvementNumber],
               tags: Sequence[WrappedTag], *, now: int) -> list[bytes]:  # fmt: skip
        """A seal hides an involvement from now on: for everybody else it is as if it had been withdrawn. Of which
        call-backs it keeps notices.
        """
        return self.withdrawn(connection, *of, tags, now=now, writers=set())

    def told_of(self, connection: Connection, of: tuple[OrganisationNumber, InvolvementNumber]) -> list[bytes]:
        """The call-backs that an involvement's desks were told of."""
        return sorted({notice.call_back for notice in self._rows.notices_about(connection, *of)})

    def call_backs_about(
        self, connection: Connection, tags: Sequence[StoredTag], *, now: int
    ) -> list[tuple[bytes, CallBack]]:
        """The call-backs that wait by one of these tags."""
        found = []
        for name in self._holding(connection, [tag.wrapped for tag in tags], now=now):
            call_back = self._rows.call_back(connection, name, now=now)
            if call_back is not None:
                found.append((name, call_back))
        return found

    def held_tags(self, tags: Sequence[StoredTag]) -> dict[TagKey, Place]:
        """The keys that a question's tags have in the hot table, with what the asker said they are."""
        return {
            self._wrappers.involvements.wrap(self._wrappers.lookups.unwrap(tag.wrapped)).key: tag.place for tag in tags
        }

    def _answers(
        self, connection: Connection, call_back: CallBack, organisation: OrganisationNumber,
        involvement: InvolvementNumber, *, now: int, table: str = HOT,
    ) -> bool:  # fmt: skip
        """Whether an involvement is among what a call-back's tags come to."""
        return any(
            (hit.organisation, hit.involvement) == (organisation, involvement)
            for hit in self.matches(connection, call_back, now=now, table=table).all
        )

    def mail(self, connection: Connection, handle: Handle, reference: str, *, now: int) -> None:
        """Have a desk written to, where it has a mailbox and mails are sent: a reference, and no content."""
        if self._rules.mails and handle.email is not None:
            sealed = self._vault.seal(
                canonical_json({"reference": reference, "to": handle.email}).ljust(_MAIL_BYTES), Label.MAIL_ROW
            )
            connection.execute(
                "INSERT INTO mails (sealed, due_at, forget_at) VALUES (?, ?, ?)", (sealed, now, now + _DAY)
            )

    def _holding(self, connection: Connection, tags: Sequence[WrappedTag], *, now: int) -> list[bytes]:
        """The call-backs that wait by one of an involvement's tags."""
        keys = [self._wrappers.lookups.wrap(self._wrappers.involvements.unwrap(tag)).key for tag in tags]
        return self._rows.holding(connection, keys, now=now) if keys else []

    def _tell(
        self, connection: Connection, name: bytes, call_back: CallBack, hits: Sequence[Hit], *, now: int,
        writers: Set[OrganisationNumber] = frozenset(),
    ) -> None:  # fmt: skip
        """`writers` are told by what they wrote themselves, which is limited."""
        told = self._rows.notices_of(connection, name)
        for desk in self._desks(connection, hits):
            if any(self._is_told(connection, notice, desk) for notice in told):
                continue
            if call_back.urgency is Urgency.NOW or not self._in_touch(connection, call_back, desk, now=now):
                by_registering = desk.hit.organisation in writers
                told.append(self._notice(connection, name, call_back, desk, now=now, by_registering=by_registering))

    def _is_told(self, connection: Connection, notice: KeptNotice, desk: Desk) -> bool:
        """Whether the notice is about this involvement, or this desk has it, or had it first."""
        if notice.organisation != desk.organisation:
            return False
        handles = self._handles(connection, notice.organisation)
        had = (standing_for(each, handles) for each in (notice.handle, notice.desk))
        return notice.involvement == desk.hit.involvement or desk.handle in had

    def _desks(self, connection: Connection, hits: Sequence[Hit], *, to_ring: bool = False) -> Iterator[Desk]:
        """One for each desk: by its open involvement before an ended one, and the one that ended last."""
        found: set[tuple[OrganisationId, str]] = set()
        for hit in sorted(hits, key=_best_first):
            owned = self._owned(connection, hit)
            organisation = organisation_named(connection, self._vault, hit.organisation)
            if owned is None or organisation is None:
                continue  # withdrawn, and about to settle
            handles = self._handles(connection, organisation.name)
            has_it = owned.desk
            if has_it not in handles:
                continue
            if to_ring and not can_be_rung(has_it, handles) and can_be_rung(owned.handle, handles):
                has_it = owned.handle
            handle = standing_for(has_it, handles)
            if (organisation.name, handle.identifier) not in found:
                found.add((organisation.name, handle.identifier))
                yield Desk(hit, organisation.name, handle)

    def _owned(self, connection: Connection, hit: Hit) -> OwnedInvolvement | None:
        row = connection.execute(
            "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
            (hit.organisation, hit.involvement),
        ).fetchone()
        if row is None:
            return None
        return unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(hit.organisation, hit.involvement)))

    def _handles(self, connection: Connection, organisation: OrganisationId) -> dict[str, Handle]:
        return {each.identifier: each for each in handles_of(connection, self._vault, organisation)}

    def _urge(self, connection: Connection, notice: KeptNotice, call_back: CallBack, *, now: int) -> None:
        """The same asker needs it sooner than the desk was told that has the notice now."""
        if _SOONER[call_back.urgency] >= _SOONER[notice.urgency]:
            return
        if notice.state is NoticeState.HELD:
            self._rows.write_notice(connection, replace(notice, urgency=call_back.urgency))
            return
        state = after(notice.state, NoticeEvent.URGED)
        if state is None:
            return  # answered
        handle = standing_for(notice.handle, self._handles(connection, notice.organisation))
        due = self._due(handle, call_back, now)
        self._rows.write_notice(connection, replace(notice, urgency=call_back.urgency, state=state, due_at=due))
        self.mail(connection, handle, notice.reference, now=now)

    def _notice(
        self, connection: Connection, name: bytes, call_back: CallBack, desk: Desk, *, now: int, by_registering: bool
    ) -> KeptNotice:
        held = by_registering and self._found_today(connection, desk.organisation, now) > self._rules.found_a_day
        reference = speakable(self._randomness)
        while self._rows.notice(connection, desk.organisation, reference) is not None:
            reference = speakable(self._randomness)  # or one notice would be written over another, of another child
        notice = KeptNotice(
            reference=reference,
            organisation=desk.organisation,
            handle=desk.handle.identifier,
            desk=desk.handle.identifier,
            involvement=desk.hit.involvement,
            call_back=name,
            role=call_back.role,
            kind=call_back.kind,
            purpose=call_back.purpose,
            urgency=call_back.urgency,
            told_at=now,
            due_at=None if held else self._due(desk.handle, call_back, now),
            waits_until=call_back.waits_until,
            state=NoticeState.HELD if held else NoticeState.OPEN,
        )
        self._rows.write_notice(connection, notice)
        if not held:
            self.mail(connection, desk.handle, notice.reference, now=now)
        return notice

    def _due(self, handle: Handle, call_back: CallBack, now: int) -> int:
        return due_at(now, call_back.urgency, read_hours(handle.hours), self._rules.patience)

    def _found_today(self, connection: Connection, organisation: OrganisationId, now: int) -> int:
        """How many call-backs the organisation's registrations have found today, this one included."""
        until = now - now % _DAY + _DAY
        name = self._vault.meter("found-by-registering", organisation, str(until))
        (count,) = connection.execute(
            "INSERT INTO meters VALUES (?1, 1, ?2) ON CONFLICT (name) DO UPDATE SET lookups = lookups + 1"
            " RETURNING lookups",
            (name, until),
        ).fetchone()
        return int(count)

    def _in_touch(self, connection: Connection, call_back: CallBack, desk: Desk, *, now: int) -> bool:
        """Whether this asker and this desk are in touch about this involvement already, by an earlier call-back that
        stands; the link ends with the involvement's work.
        """
        if desk.hit.ended_on is not None:
            return False
        handles = self._handles(connection, desk.organisation)
        for notice in self._rows.notices_about(connection, desk.hit.organisation, desk.hit.involvement):
            if notice.state is not NoticeState.SHARED or standing_for(notice.handle, handles) != desk.handle:
                continue
            earlier = self._rows.call_back(connection, notice.call_back, now=now)
            if earlier is not None and (earlier.organisation, earlier.account) == (
                call_back.organisation, call_back.account,
            ):  # fmt: skip
                return True
        return False


_MAIL_BYTES: Final = 512


def _best_first(hit: Hit) -> tuple[bool, int, int, int]:
    ended = 0 if hit.ended_on is None else -hit.ended_on.toordinal()
    return hit.ended_on is not None, ended, hit.organisation, hit.involvement


def opened_mail(raw: bytes) -> tuple[str, str]:
    """To which mailbox, and which reference."""
    document = json.loads(raw)
    return str(document["to"]), str(document["reference"])
