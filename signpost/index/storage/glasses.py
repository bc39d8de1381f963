"""Broken glasses on SQLite: evaluated, recorded and kept in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, final

from signpost.index.audit import AuditEvent
from signpost.index.handle_faults import lines_of
from signpost.index.lifetimes import GLASS_DAYS
from signpost.index.ports import ShownGlass
from signpost.index.records import CallBack, Glass, Handle, InvolvementNumber, OrganisationNumber
from signpost.index.requests import Signed
from signpost.index.storage.delivery import Delivery, Desk
from signpost.index.storage.handles import handles_of
from signpost.index.storage.layouts import unpack_involvement
from signpost.index.storage.record import record
from signpost.index.storage.spending import spend_nonce
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose, Role
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteGlasses", "forget_involvement"]

_BYTES: Final = 768
_DAY: Final = 24 * 60 * 60
_SHOWN_SECONDS: Final = 7 * _DAY
"""How long the owner's inbox shows that its line was shown."""
_MOST_SHOWN: Final = 200
_ONE_GLASS_SECONDS: Final = _DAY
"""What is broken again meanwhile by one receipt, before its review, is the same glass: its owner and its reviewer are
told of it once, and nobody can fill their lists with it."""


@final
class SqliteGlasses:
    """The `Glasses` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault, delivery: Delivery) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._delivery = delivery

    async def break_glass(
        self, question: CallBack, *, reference: Callable[[], str], review_by: int, keep_until: int, signed: Signed,
        audit: AuditEvent,
    ) -> Glass | None:  # fmt: skip
        """As the port says."""

        def work(connection: Connection) -> Glass | None:
            spend_nonce(connection, self._vault, signed)
            record(connection, self._vault, audit)
            desk = self._delivery.first_desk(connection, question, now=signed.at)
            if desk is None:
                return None
            broken = self._broken_already(connection, question, desk, since=keep_until - _ONE_GLASS_SECONDS)
            if broken is not None:
                return broken
            glass = Glass(
                reference=self._unused(connection, reference),
                organisation=question.organisation,
                account=question.account,
                role=question.role,
                kind=question.kind,
                receipt=question.receipt,
                purpose=question.purpose,
                at=signed.at,
                review_by=review_by,
                owner=desk.organisation,
                handle=desk.handle.identifier,
                involvement=desk.hit.involvement,
            )
            self._write(connection, glass, keep_until)
            self._delivery.mail(connection, desk.handle, glass.reference, now=signed.at)
            for own in handles_of(connection, self._vault, question.organisation):
                if own.privacy_office:
                    self._delivery.mail(connection, own, glass.reference, now=signed.at)
            return glass

        return await self._writer.submit(work)

    def lines(self, glass: Glass) -> list[Handle]:
        """As the port says."""
        handles = {each.identifier: each for each in handles_of(self._reader, self._vault, glass.owner)}
        return lines_of(glass.handle, handles)

    def broken_by(self, organisation: OrganisationId) -> list[Glass]:
        """As the port says."""
        return self._glasses("asker = ?", self._vault.organisation(organisation))

    def shown_to(self, organisation: OrganisationId, *, now: int) -> list[ShownGlass]:
        """As the port says."""
        number = self._vault.organisation(organisation)
        titles = {each.identifier: each.title for each in handles_of(self._reader, self._vault, organisation)}
        found = []
        # A glass is kept until so long after it was broken: by that, those of the last week are found unopened.
        since = now - _SHOWN_SECONDS + GLASS_DAYS * _DAY
        for glass in self._glasses(
            "owner = ? AND forget_at > ? ORDER BY forget_at DESC LIMIT ?", number, since, _MOST_SHOWN
        ):
            row = self._reader.execute(
                "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?",
                (number, glass.involvement),
            ).fetchone()
            if row is not None:
                owned = unpack_involvement(self._vault.open(row[0], Label.OWNED_ROW, place(number, glass.involvement)))
                found.append(ShownGlass(glass, titles.get(glass.handle, ""), owned.sealed_case_reference))
        return found

    def unreviewed(self) -> list[Glass]:
        """As the port says."""
        return [glass for glass in self._glasses("TRUE") if glass.reviewed_at is None]

    async def review(
        self, organisation: OrganisationId, reference: str, change: Callable[[Glass], Glass], *, signed: Signed,
        audit: AuditEvent,
    ) -> None:  # fmt: skip
        """As the port says."""
        name = self._vault.glass(reference)

        def work(connection: Connection) -> None:
            spend_nonce(connection, self._vault, signed)
            row = connection.execute(
                "SELECT sealed, forget_at FROM glasses WHERE glass = ? AND asker = ?",
                (name, self._vault.organisation(organisation)),
            ).fetchone()
            if row is None:
                raise Problem(ProblemCode.REVIEW_UNKNOWN)
            self._write(connection, change(_glass(self._vault.open(row[0], Label.GLASS_ROW, name))), row[1])
            record(connection, self._vault, audit)

        await self._writer.submit(work)

    def _unused(self, connection: Connection, reference: Callable[[], str]) -> str:
        """Two glasses of one reference would be one row: the earlier one's review would be gone."""
        while True:
            drawn = reference()
            row = connection.execute("SELECT 1 FROM glasses WHERE glass = ?", (self._vault.glass(drawn),)).fetchone()
            if row is None:
                return drawn

    def _broken_already(self, connection: Connection, question: CallBack, desk: Desk, *, since: int) -> Glass | None:
        rows = connection.execute(
            "SELECT glass, sealed FROM glasses WHERE asker = ? AND owner = ? AND forget_at > ?",
            (self._vault.organisation(question.organisation), desk.hit.organisation, since),
        ).fetchall()
        # By the receipt too: were it by the involvement alone, one reference behind two lookups, by a number and by a
        # name, would say that both are one child's.
        wanted = (question.account, question.receipt, question.purpose, desk.hit.involvement, desk.handle.identifier)
        for glass in (_glass(self._vault.open(sealed, Label.GLASS_ROW, name)) for name, sealed in rows):
            found = (glass.account, glass.receipt, glass.purpose, glass.involvement, glass.handle)
            if found == wanted and glass.reviewed_at is None:
                return glass
        return None

    def _write(self, connection: Connection, glass: Glass, keep_until: int) -> None:
        name = self._vault.glass(glass.reference)
        sealed = self._vault.seal(_packed(glass), Label.GLASS_ROW, name)
        connection.execute(
            "INSERT INTO glasses VALUES (?, ?, ?, ?, ?) ON CONFLICT (glass) DO UPDATE SET sealed = excluded.sealed",
            (
                name,
                self._vault.organisation(glass.organisation),
                self._vault.organisation(glass.owner),
                sealed,
                keep_until,
            ),
        )

    def _glasses(self, where: str, *values: object) -> list[Glass]:
        rows = self._reader.execute(
            f"SELECT glass, sealed FROM glasses WHERE {where}",  # noqa: S608 - conditions from above
            values,
        ).fetchall()
        opened = [_glass(self._vault.open(sealed, Label.GLASS_ROW, name)) for name, sealed in rows]
        return sorted(opened, key=lambda glass: (glass.at, glass.reference))


def forget_involvement(connection: Connection, vault: Vault, of: tuple[OrganisationNumber, InvolvementNumber]) -> None:
    """Have no glass say which involvement's line was shown, of this one."""
    rows = connection.execute("SELECT glass, sealed FROM glasses WHERE owner = ?", (of[0],)).fetchall()
    for name, sealed in rows:
        glass = _glass(vault.open(sealed, Label.GLASS_ROW, name))
        if glass.involvement == of[1]:
            changed = _packed(replace(glass, involvement=InvolvementNumber(0)))
            connection.execute(
                "UPDATE glasses SET sealed = ? WHERE glass = ?", (vault.seal(changed, Label.GLASS_ROW, name), name)
            )


def _packed(glass: Glass) -> bytes:
    document: dict[str, Any] = {
        "account": glass.account,
        "at": glass.at,
        "handle": glass.handle,
        "involvement": str(glass.involvement),
        "justified": glass.justified,
        "kind": glass.kind.value,
        "organisation": glass.organisation,
        "owner": glass.owner,
        "purpose": glass.purpose.value,
        "receipt": glass.receipt,
        "reference": glass.reference,
        "review_by": glass.review_by,
        "reviewed_at": glass.reviewed_at,
        "reviewed_by": glass.reviewed_by,
        "role": glass.role.value,
    }
    raw = canonical_json(document)
    assert len(raw) <= _BYTES
    return raw.ljust(_BYTES)


def _glass(raw: bytes) -> Glass:
    document = json.loads(raw)
    return Glass(
        reference=document["reference"],
        organisation=OrganisationId(document["organisation"]),
        account=AccountId(document["account"]),
        role=Role(document["role"]),
        kind=Kind(document["kind"]),
        receipt=document["receipt"],
        purpose=Purpose(document["purpose"]),
        at=document["at"],
        review_by=document["review_by"],
        owner=OrganisationId(document["owner"]),
        handle=document["handle"],
        involvement=InvolvementNumber(int(document["involvement"])),
        reviewed_at=document["reviewed_at"],
        reviewed_by=None if document["reviewed_by"] is None else AccountId(document["reviewed_by"]),
        justified=document["justified"],
    )
