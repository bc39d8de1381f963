"""Corrections and withdrawals on SQLite: found among the own organisation's rows, and done in one transaction.

The rows are found where lookups read and where what is hidden stands, both each time: what is done, and what is
counted, does not depend on which of the two it was.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, final

from signpost.index.answer import matches_of
from signpost.index.arrivals import Arrival, Registered, Withdrawn
from signpost.index.audit import AuditEvent
from signpost.index.lifetimes import RIGHTS_DONE_SECONDS, whole_hour
from signpost.index.records import (
    Hit,
    InvolvementNumber,
    OrganisationNumber,
    OwnedInvolvement,
    Seal,
    SealKind,
    StoredTag,
)
from signpost.index.requests import Acknowledgement, Spending
from signpost.index.rights_records import RightsDone, is_of_the_child
from signpost.index.storage.delivery import HOT, SEALED
from signpost.index.storage.layouts import CLASSES, from_day_number, pack_arrival, unpack_involvement
from signpost.index.storage.record import record
from signpost.index.storage.sealing import Sealing
from signpost.index.storage.spending import spend_nonce, spend_receipts
from signpost.index.storage.vault import Vault, place
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.purposes import Basis
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteRights"]

_COUNTS: Final = struct.Struct(">II")


@final
class SqliteRights:
    """The `OwnRights` port."""

    def __init__(self, *, writer: Writer, vault: Vault, sealing: Sealing) -> None:
        self._writer = writer
        self._vault = vault
        self._sealing = sealing

    async def note(self, *, spending: Spending, audit: AuditEvent) -> Acknowledgement:
        """As the port says."""

        def note(connection: Connection) -> Acknowledgement:
            spend_nonce(connection, self._vault, spending.signed)
            earlier = spend_receipts(connection, self._vault, spending)
            record(connection, self._vault, audit)
            return earlier or spending.acknowledgement

        return await self._writer.submit(note)

    async def correct(
        self, tags: Sequence[StoredTag], right: Sequence[StoredTag], *, spending: Spending, audit: AuditEvent
    ) -> RightsDone:
        """As the port says."""
        name = spending.signed.asker.organisation

        def correct(connection: Connection) -> RightsDone:
            if (earlier := self._begin(connection, spending, audit)) is not None:
                return earlier
            changed = 0
            for organisation, involvement, owned in self._own(connection, name, tags):
                child = self._vault.child(name, owned.child_reference)
                what = Registered(tuple(right), owned.ended_on, child, owned.basis is Basis.CONSENT)
                self._arrive(connection, Arrival(organisation, involvement, what))
                changed += 1
            return self._done(connection, spending, changed=changed, standing=0)

        return await self._writer.submit(correct)

    async def withdraw(self, tags: Sequence[StoredTag], *, spending: Spending, audit: AuditEvent) -> RightsDone:
        """As the port says."""
        name = spending.signed.asker.organisation

        def withdraw(connection: Connection) -> RightsDone:
            if (earlier := self._begin(connection, spending, audit)) is not None:
                return earlier
            changed = standing = 0
            for organisation, involvement, owned in self._own(connection, name, tags):
                if owned.basis is not Basis.CONSENT:
                    standing += 1
                    continue
                changed += 1
                connection.execute(
                    "DELETE FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                    (organisation, involvement),
                )
                self._arrive(connection, Arrival(organisation, involvement, Withdrawn()))
            self._keep_withdrawn(connection, tags, spending)
            return self._done(connection, spending, changed=changed, standing=standing)

        return await self._writer.submit(withdraw)

    def _keep_withdrawn(self, connection: Connection, tags: Sequence[StoredTag], spending: Spending) -> None:
        """Hide what the organisation registers of this child by consent, whenever that settles. What is there already
        is withdrawn: it is not looked through again here, where that could tell what is hidden already.
        """
        asker, acknowledgement = spending.signed.asker, spending.acknowledgement
        name = self._vault.seal_name(acknowledgement.receipt)
        seal = Seal(
            reference=acknowledgement.receipt,
            kind=SealKind.WITHDRAWAL,
            organisation=asker.organisation,
            account=asker.account,
            asked_at=acknowledgement.at,
        )
        self._sealing.write(connection, seal, desk_at=None)
        self._sealing.add_tags(connection, name, [tag for tag in tags if is_of_the_child(tag.place)])

    def _begin(self, connection: Connection, spending: Spending, audit: AuditEvent) -> RightsDone | None:
        """Spend and record. What was done, when this account sent this body before."""
        spend_nonce(connection, self._vault, spending.signed)
        earlier = spend_receipts(connection, self._vault, spending)
        record(connection, self._vault, audit)
        if earlier is None:
            return None
        name = self._vault.rights(spending.signed.asker.organisation, earlier.receipt)
        (sealed,) = connection.execute("SELECT sealed FROM rights_done WHERE done = ?", (name,)).fetchone()
        changed, standing = _COUNTS.unpack(self._vault.open(sealed, Label.RIGHTS_ROW, name))
        return RightsDone(earlier.receipt, earlier.at, changed, standing)

    def _done(self, connection: Connection, spending: Spending, *, changed: int, standing: int) -> RightsDone:
        receipt, at = spending.acknowledgement.receipt, spending.acknowledgement.at
        name = self._vault.rights(spending.signed.asker.organisation, receipt)
        sealed = self._vault.seal(_COUNTS.pack(changed, standing), Label.RIGHTS_ROW, name)
        connection.execute(
            "INSERT INTO rights_done VALUES (?, ?, ?)", (name, sealed, whole_hour(at + RIGHTS_DONE_SECONDS))
        )
        return RightsDone(receipt, at, changed, standing)

    def _arrive(self, connection: Connection, arrival: Arrival) -> None:
        sealed = self._vault.seal(pack_arrival(arrival), Label.INBOX_ROW)
        connection.execute("INSERT INTO inbox (sealed) VALUES (?)", (sealed,))

    def _own(
        self, connection: Connection, name: OrganisationId, tags: Sequence[StoredTag]
    ) -> Iterator[tuple[OrganisationNumber, InvolvementNumber, OwnedInvolvement]]:
        """The organisation's own involvements with the child of these tags: for sure, and not withdrawn already."""
        organisation = self._vault.organisation(name)
        matches = matches_of(
            _own_hits(connection, organisation, tags),
            asked=[tag.place for tag in tags],
            identity_key=next((t.wrapped.key for t in tags if t.place.match_class is MatchClass.IDENTITY), None),
            since=dt.date.min,
            strict=True,
        )
        # Where two children cannot be told apart, nothing is done to either.
        sure = matches.strongest if matches.word in ("current", "previous") else ()
        for involvement in sorted(hit.involvement for hit in sure):
            row = connection.execute(
                "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                (organisation, involvement),
            ).fetchone()
            if row is not None:
                raw = self._vault.open(row[0], Label.OWNED_ROW, place(organisation, involvement))
                yield organisation, involvement, unpack_involvement(raw)


@cache
def _own_statement(tags: int) -> str:
    """The statement for so many tags: parameter 1 is the organisation's pseudonym, the keys follow. Seen and hidden are
    read as one, tag by tag, so that it makes no difference which of the two an involvement is.
    """
    return " UNION ALL ".join(
        f"SELECT {at}, class, tier, involvement, ended_on, identity_key FROM {table}"  # noqa: S608 - numbers and names
        f" WHERE key = ?{at + 2} AND organisation = ?1"
        for at in range(tags)
        for table in (HOT, SEALED)
    )


def _own_hits(connection: Connection, organisation: OrganisationNumber, tags: Sequence[StoredTag]) -> list[Hit]:
    """What an organisation holds of these tags, seen or hidden."""
    keys = [tag.wrapped.key for tag in tags]
    rows = connection.execute(_own_statement(len(keys)), (organisation, *keys)).fetchall()
    return [
        Hit(
            asked_at=at,
            stored=Place(CLASSES[code], Tier(tier)),
            organisation=organisation,
            involvement=InvolvementNumber(involvement),
            ended_on=from_day_number(ended_on),
            identity_key=identity_key,
        )
        for at, code, tier, involvement, ended_on, identity_key in rows
    ]
