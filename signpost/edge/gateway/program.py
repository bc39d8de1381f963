"""The organisation's own program at its gateway: a case-management system that registers involvements as they change.

* It is known by a token (`program.digest`). By it one registers and withdraws for the organisation: nobody is looked up
  by it.
* What it sends is registered by the machine account of a feed whose desk is on the gateway's machine (`machine`).
* Rows are those of our own CSV format, read by the same rules and named at the index in the same way: the same row sent
  again is the same involvement, whether by a file or from here. Each has its own fate; a bad one stops no other.
* Of a row nothing is kept once it is answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.csv_feed import read_ids, read_row
from signpost.edge.feeds.errors import RowError
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import GoodRow, PassedRow, Row
from signpost.edge.gateway.cursors import Cursors
from signpost.edge.gateway.machine import Machine, MachineToken
from signpost.edge.gateway.remembered import Remembered
from signpost.edge.gateway.wire import (
    InvolvementGiven,
    InvolvementNamed,
    InvolvementShown,
    InvolvementsShown,
    OwnInvolvement,
    OwnInvolvements,
    RowFault,
)
from signpost.edge.organisation_keys import FeedKeys
from signpost.edge.references import reference, row_digest
from signpost.edge.registering import registration_of, slots_of
from signpost.protocol.classes import Use
from signpost.protocol.encoding import to_base64url
from signpost.protocol.labels import Label
from signpost.protocol.messages import Change, ChangeRequest, RegisterRequest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.clock import Clock, Randomness

__all__ = ["Program", "load_program_digest", "make_program_token"]

_TOKEN: Final = MachineToken("program.digest", Label.GATEWAY_PROGRAM)
_FEED_FORMAT: Final = "gateway"
_PAGE: Final = 500
"""Involvements in one answer: 20 kB."""


def make_program_token(folder: Path, *, randomness: Randomness) -> str:
    """A new token for the organisation's program; one from before is none any more.

    Raises:
        DeskUnusable: the gateway's folder is open to others or cannot be written.
    """
    return _TOKEN.make(folder, randomness=randomness)


def load_program_digest(folder: Path) -> bytes | None:
    """By what the program's token is known; null where none was made.

    Raises:
        DeskUnusable: others can write it.
    """
    return _TOKEN.kept(folder)


@final
class Program:
    """Registers in the organisation's name. Belongs to one event loop."""

    def __init__(
        self,
        machine: Machine,
        keys: FeedKeys,
        token_digest: bytes,
        *,
        clock: Clock,
        elapsed: Callable[[], float],
        randomness: Randomness,
    ) -> None:
        """`machine`: of a feed's account. Uploads are registered by the same one: an account has one shift at a time.
        `keys`: what is in its desk.
        """
        self._machine = machine
        self._keys = keys
        self._digest = token_digest
        self._clock = clock
        self.remembered = Remembered(elapsed=elapsed, randomness=randomness)
        self._cursors = Cursors(elapsed=elapsed, randomness=randomness)

    def admit(self, token: str) -> None:
        """Refuse any token but the program's.

        Raises:
            Problem: NOT_SIGNED_IN.
        """
        _TOKEN.admit(token, self._digest)

    async def register(self, given: list[InvolvementGiven]) -> InvolvementsShown:
        """Register involvements, or register them again as they are now.

        Raises:
            Problem: REFERENCE_REPEATED: two are the same involvement; nothing was sent.
            Failure: the index or the key holders refused or did not answer.
        """
        client = await self._machine.client()
        listed = await client.index.handles()
        handles = Handles(None, listed.handles, listed.consent_only)
        today = self._today()
        rows = [
            read_row(_cells(number, each), place=number, today=today, handles=handles, by_team=False)
            for number, each in enumerate(given)
        ]
        good = [row.involvement for row, _ in rows if isinstance(row, GoodRow)]
        if len({reference(self._keys.reference_key, each.ids) for each in good}) != len(good):
            raise Problem(ProblemCode.REFERENCE_REPEATED)
        if good:
            evaluated = await client.evaluate_batch(Use.REGISTER, [slots_of(each, keys=self._keys) for each in good])
            registrations = [
                registration_of(
                    each, row_digest(self._keys.reference_key, each), evaluated.tags(place), keys=self._keys
                )
                for place, each in enumerate(good)
            ]
            await client.index.register(
                RegisterRequest(epoch=evaluated.epoch, registrations=registrations, receipts=list(evaluated.receipts))
            )
        return InvolvementsShown(involvements=[self._shown(*row) for row in rows])

    async def own(self, cursor: str | None) -> OwnInvolvements:
        """A page of what the organisation has registered, by the names that registering told: for the program to
        compare with what it has.

        Raises:
            Problem: MALFORMED: no such cursor, or it is older than ten minutes.
            Failure: the index refused or did not answer.
        """
        after = None if cursor is None else self._cursors.place(cursor)
        client = await self._machine.client()
        listed = await client.index.involvements_after(after, _PAGE)
        return OwnInvolvements(
            involvements=[OwnInvolvement(reference=to_base64url(each.reference)) for each in listed.involvements],
            next=None if listed.next is None else self._cursors.made(listed.next),
        )

    async def withdraw(self, named: list[InvolvementNamed]) -> None:
        """Withdraw involvements, all or none.

        Raises:
            Problem: MALFORMED, with a pointer to each id that is not of its form.
            Failure: REFERENCE_UNKNOWN: one was not registered; or the index refused or did not answer.
        """
        today, wrong, changes = self._today(), list[str](), list[Change]()
        for number, each in enumerate(named):
            cells = _cells(number, each)
            ids = read_ids(cells, today=today)
            wrong += [f"/involvements/{number}/{error.field}" for error in cells.errors]
            if ids is not None:
                name = reference(self._keys.reference_key, ids)
                changes.append(Change(reference=name, action="withdraw", ended_on=None, row_digest=None))
        if wrong:
            raise Problem(ProblemCode.MALFORMED, pointers=tuple(wrong))
        client = await self._machine.client()
        await client.index.change(ChangeRequest(changes=changes))

    async def complete(self) -> None:
        """Say that whatever has changed until now was sent: the organisation counts as up to date for seven days.

        Raises:
            Failure: the index refused or did not answer.
        """
        client = await self._machine.client()
        await client.index.feed_finished(_FEED_FORMAT)

    def ended(self) -> None:
        """The machine's shift is over: the next request signs it in again."""
        self._machine.ended()

    def _shown(self, row: Row, left_out: list[RowError]) -> InvolvementShown:
        match row:
            case GoodRow():
                name = to_base64url(reference(self._keys.reference_key, row.involvement.ids))
                return InvolvementShown(outcome="registered", reference=name, errors=[], left_out=_faults(left_out))
            case PassedRow():
                return InvolvementShown(outcome="passed-over", reference=None, errors=[], left_out=[])
            case _:
                return InvolvementShown(outcome="refused", reference=None, errors=_faults(row.errors), left_out=[])

    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self._clock.now(), tz=dt.UTC).date()


def _cells(number: int, given: InvolvementGiven | InvolvementNamed) -> Cells:
    return Cells(number, lambda column: str(getattr(given, column, "")))


def _faults(errors: list[RowError] | tuple[RowError, ...]) -> list[RowFault]:
    return [RowFault(field=error.field, code=error.code.value) for error in errors]
