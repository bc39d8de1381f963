"""The rows of call-backs and notices, sealed to one size each, read and written on any connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, final

from signpost.index.contact_states import NoticeState
from signpost.index.records import CallBack, InvolvementNumber, KeptNotice, OrganisationNumber, StoredTag
from signpost.index.storage.layouts import pack_tags, unpack_tags
from signpost.index.storage.vault import Vault
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json, from_base64url, to_base64url
from signpost.protocol.labels import Label
from signpost.protocol.messages import DeclineReason
from signpost.protocol.named_users import NOBODY
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.service.database import Connection

__all__ = ["CallBackRows"]

_CALL_BACK_BYTES: Final = 512
_NOTICE_BYTES: Final = 768


@final
class CallBackRows:
    """Reads and writes them; decides nothing."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    # -- call-backs

    def call_back(self, connection: Connection, name: bytes, *, now: int) -> CallBack | None:
        """A call-back by its name; null when there is none, or it has run out."""
        row = connection.execute(
            "SELECT sealed FROM call_backs WHERE call_back = ? AND forget_at > ?", (name, now)
        ).fetchone()
        return None if row is None else _call_back(self._vault.open(row[0], Label.CALL_BACK_ROW, name))

    def all_call_backs(self, connection: Connection) -> list[CallBack]:
        """All of them."""
        rows = connection.execute("SELECT call_back, sealed FROM call_backs").fetchall()
        return [_call_back(self._vault.open(sealed, Label.CALL_BACK_ROW, name)) for name, sealed in rows]

    def write_call_back(self, connection: Connection, name: bytes, call_back: CallBack) -> None:
        """Write one, new or changed."""
        sealed = self._vault.seal(_packed_call_back(call_back), Label.CALL_BACK_ROW, name)
        connection.execute(
            "INSERT INTO call_backs VALUES (?, ?, ?) ON CONFLICT (call_back) DO UPDATE SET sealed = excluded.sealed",
            (name, sealed, call_back.waits_until),
        )

    def write_tags(
        self, connection: Connection, name: bytes, call_back: CallBack, *, by: Iterable[StoredTag]
    ) -> None:  # fmt: skip
        """Have it found by these of its tags."""
        connection.executemany(
            "INSERT INTO call_back_tags (key, call_back, forget_at) VALUES (?, ?, ?)",
            sorted((tag.wrapped.key, name, call_back.waits_until) for tag in by),
        )

    def holding(self, connection: Connection, keys: Sequence[bytes], *, now: int) -> list[bytes]:
        """The names of the call-backs that hold one of these keys."""
        marks = ", ".join("?" * len(keys))
        rows = connection.execute(
            f"SELECT DISTINCT call_back FROM call_back_tags WHERE key IN ({marks}) AND forget_at > ?"  # noqa: S608 - marks only
            " ORDER BY call_back",
            (*keys, now),
        ).fetchall()
        return [name for (name,) in rows]

    # -- notices

    def notices_of(self, connection: Connection, call_back: bytes) -> list[KeptNotice]:
        """What was told of one call-back."""
        return self._notices(connection, "call_back = ?", call_back)

    def notices_about(
        self, connection: Connection, organisation: OrganisationNumber, involvement: InvolvementNumber
    ) -> list[KeptNotice]:
        """What was told about one involvement."""
        return self._notices(connection, "organisation = ? AND involvement = ?", organisation, involvement)

    def still_due(
        self, connection: Connection, organisation: OrganisationId, most: int, *, now: int
    ) -> list[KeptNotice]:  # fmt: skip
        """What one organisation was told and has time to answer, the soonest due first."""
        number = self._vault.organisation(organisation)
        # The rows are wide: their names alone are put in order.
        soonest = "SELECT notice FROM notices WHERE organisation = ? AND due_at IS NOT NULL AND forget_at > ?"
        of = f"notice IN ({soonest} ORDER BY due_at LIMIT ?)"
        return self._notices(connection, f"{of} ORDER BY due_at", number, now, most)

    def no_longer_due(self, connection: Connection, organisation: OrganisationId, *, now: int) -> list[KeptNotice]:
        """What it was told and has answered, or has not in time; and what is held."""
        number = self._vault.organisation(organisation)
        return self._notices(connection, "organisation = ? AND due_at IS NULL AND forget_at > ?", number, now)

    def notices_due(self, connection: Connection, now: int, most: int) -> list[KeptNotice]:
        """What is due and has not run out, the longest first."""
        return self._notices(connection, "due_at <= ? AND forget_at > ? ORDER BY due_at LIMIT ?", now, now, most)

    def any_due(self, connection: Connection, now: int) -> bool:
        """Whether there is any of it."""
        found = connection.execute("SELECT 1 FROM notices WHERE due_at <= ?1 AND forget_at > ?1 LIMIT 1", (now,))
        return found.fetchone() is not None

    def all_notices(self, connection: Connection) -> list[KeptNotice]:
        """All of them."""
        return self._notices(connection, "TRUE")

    def notice(self, connection: Connection, organisation: OrganisationId, reference: str) -> KeptNotice | None:
        """A notice of an organisation, by its reference."""
        number = self._vault.organisation(organisation)
        return next(iter(self._notices(connection, "notice = ?", self._vault.notice(number, reference))), None)

    def write_notice(self, connection: Connection, notice: KeptNotice) -> None:
        """Write one, new or changed."""
        organisation = self._vault.organisation(notice.organisation)
        name = self._vault.notice(organisation, notice.reference)
        connection.execute(
            "INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (notice) DO UPDATE SET sealed = excluded.sealed, due_at = excluded.due_at",
            (
                name,
                organisation,
                notice.involvement,
                notice.call_back,
                self._vault.seal(_packed_notice(notice), Label.NOTICE_ROW, name),
                notice.due_at,
                notice.waits_until,
            ),
        )

    def forget_notice(self, connection: Connection, notice: KeptNotice) -> None:
        """Delete one."""
        name = self._vault.notice(self._vault.organisation(notice.organisation), notice.reference)
        connection.execute("DELETE FROM notices WHERE notice = ?", (name,))

    def _notices(self, connection: Connection, where: str, *values: object) -> list[KeptNotice]:
        rows = connection.execute(
            "SELECT notice, organisation, involvement, call_back, sealed, due_at, forget_at"  # noqa: S608 - our conditions
            f" FROM notices WHERE {where}",
            values,
        ).fetchall()
        return [self._notice(*row) for row in rows]

    def _notice(
        self, name: bytes, organisation: int, involvement: int, call_back: bytes, sealed: bytes, due_at: int | None,
        waits_until: int,
    ) -> KeptNotice:  # fmt: skip
        document = json.loads(self._vault.open(sealed, Label.NOTICE_ROW, name))
        return KeptNotice(
            reference=document["reference"],
            organisation=OrganisationId(document["organisation"]),
            handle=document["handle"],
            desk=document["desk"],
            involvement=InvolvementNumber(involvement),
            call_back=call_back,
            role=Role(document["role"]),
            kind=Kind(document["kind"]),
            purpose=Purpose(document["purpose"]),
            urgency=Urgency(document["urgency"]),
            told_at=document["told_at"],
            due_at=due_at,
            waits_until=waits_until,
            state=NoticeState(document["state"]),
            answered_by=None if document["answered_by"] is None else AccountId(document["answered_by"]),
            answered_at=document["answered_at"],
            reason=None if document["reason"] is None else DeclineReason(document["reason"]),
        )


def _packed_call_back(call_back: CallBack) -> bytes:
    document: dict[str, Any] = {
        "account": call_back.account,
        "asked_at": call_back.asked_at,
        "kind": call_back.kind.value,
        "new": call_back.new,
        "organisation": call_back.organisation,
        "purpose": call_back.purpose.value,
        "reached": call_back.reached,
        "receipt": call_back.receipt,
        "role": call_back.role.value,
        "urgency": call_back.urgency.value,
        "user": to_base64url(call_back.user),
        "waits_until": call_back.waits_until,
    }
    return _padded(canonical_json(document), _CALL_BACK_BYTES) + pack_tags(call_back.tags)


def _call_back(raw: bytes) -> CallBack:
    document = json.loads(raw[:_CALL_BACK_BYTES])
    tags: tuple[StoredTag, ...] = unpack_tags(raw[_CALL_BACK_BYTES:])
    return CallBack(
        organisation=OrganisationId(document["organisation"]),
        account=AccountId(document["account"]),
        role=Role(document["role"]),
        kind=Kind(document["kind"]),
        receipt=document["receipt"],
        purpose=Purpose(document["purpose"]),
        urgency=Urgency(document["urgency"]),
        asked_at=document["asked_at"],
        waits_until=document["waits_until"],
        tags=tags,
        # Rows of before machines looked anybody up name none.
        user=from_base64url(document["user"]) if "user" in document else NOBODY,
        reached=document["reached"],
        new=document["new"],
    )


def _packed_notice(notice: KeptNotice) -> bytes:
    document: dict[str, Any] = {
        "answered_at": notice.answered_at,
        "answered_by": notice.answered_by,
        "desk": notice.desk,
        "handle": notice.handle,
        "kind": notice.kind.value,
        "organisation": notice.organisation,
        "purpose": notice.purpose.value,
        "reason": None if notice.reason is None else notice.reason.value,
        "reference": notice.reference,
        "role": notice.role.value,
        "state": notice.state.value,
        "told_at": notice.told_at,
        "urgency": notice.urgency.value,
    }
    return _padded(canonical_json(document), _NOTICE_BYTES)


def _padded(document: bytes, to: int) -> bytes:
    """One size for all: names are of 64 characters at most, so that there is always room."""
    assert len(document) <= to
    return document.ljust(to)
