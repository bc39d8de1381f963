"""What the use cases need of a database, in small ports.

Whatever changes anything takes its audit event, and commits with it: an unaudited write does not type-check. Whatever
acts on a signed request spends its nonce in the same transaction. A method that raises has changed nothing. Reads are
quick and run in the event loop; writes wait for their commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from signpost.index.audit import AuditEvent
from signpost.index.records import Handle, Hit, Organisation, OwnedInvolvement, StoredTag
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.messages import AnswerWord, Change
from signpost.protocol.purposes import Kind, Purpose
from signpost.protocol.tags import TagKey, WrappedTag

__all__ = [
    "Accepted", "Feeds", "Handles", "Involvements", "KeptLookup", "Lookups", "Organisations", "Record", "Revocations",
    "Revoked", "Upkeep",
]  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class KeptLookup:
    """What a lookup leaves behind, in two stores of their own (C7): the access row and the lookup row.

    `access_tags` and `lookup_tags` are the same tags, wrapped under two different keys.
    """

    kind: Kind
    purpose: Purpose
    month: int
    access: int
    access_tags: Sequence[WrappedTag]
    lookup_tags: Sequence[StoredTag]
    answer: AnswerWord
    keep_until: int


class Lookups(Protocol):
    """What a lookup reads and leaves."""

    def refuse_spent(self, spending: Spending) -> None:
        """Refuse what was spent before, so that nothing is looked at for it: else a receipt that is good for one lookup
        would be good for timing any number of them.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """

    def hits(self, keys: Sequence[TagKey], *, asking: OrganisationId) -> list[Hit]:
        """The involvements of every *other* organisation that hold one of the keys. `asking`'s own rows are not
        visited.
        """

    async def keep(self, lookup: KeptLookup, *, spending: Spending, audit: AuditEvent) -> None:
        """Spend, and keep the lookup.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """


@dataclass(frozen=True, slots=True, repr=False)
class Accepted:
    """A registration that was found good: the owner's row, and its child's tags at rest."""

    owned: OwnedInvolvement
    tags: Sequence[StoredTag]


class Involvements(Protocol):
    """The owner's table and the inbox. Nothing here is visible to a lookup before it has settled."""

    async def register(self, accepted: Sequence[Accepted], *, spending: Spending, audit: AuditEvent) -> Acknowledgement:
        """Spend, and take the registrations in; a known reference is replaced. The earlier acknowledgement when the
        same body was taken before.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """

    async def change(self, changes: Sequence[Change], *, signed: Signed, audit: AuditEvent) -> None:
        """End and withdraw involvements of the organisation that signed, all or none.

        Raises:
            Problem: NONCE_USED; REFERENCE_UNKNOWN or PERIOD_INVALID with the places.
        """

    def after(self, organisation: OrganisationId, reference: bytes | None, limit: int) -> list[OwnedInvolvement]:
        """The organisation's own involvements that follow a reference (null: from the first), in the table's fixed
        order. The reference need not be there.
        """


class Organisations(Protocol):
    """Who may have accounts here."""

    def organisation(self, name: OrganisationId) -> Organisation | None:
        """An organisation that was admitted."""

    def organisations(self) -> list[Organisation]:
        """All of them, by name."""

    async def admit(self, organisation: Organisation, *, audit: AuditEvent) -> None:
        """Admit an organisation.

        Raises:
            Problem: ALREADY_EXISTS.
        """


class Handles(Protocol):
    """The contact points of organisations."""

    def handles(self, organisation: OrganisationId) -> list[Handle]:
        """An organisation's handles, by identifier."""

    def owns(self, organisation: OrganisationId, identifier: str) -> bool:
        """Whether a handle is of that organisation."""

    async def add(self, handle: Handle, *, audit: AuditEvent) -> bool:
        """Add a handle; false, and nothing done, when its identifier is taken."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry: a certificate by its identifier, or an account of an organisation."""

    certificate: str | None = None
    account: tuple[OrganisationId, AccountId] | None = None


class Revocations(Protocol):
    """What has been taken back."""

    def revoked(self, *entries: Revoked) -> bool:
        """Whether any of these is on the list."""

    def entries(self) -> list[Revoked]:
        """The whole list."""

    async def revoke(self, entry: Revoked, *, audit: AuditEvent) -> None:
        """Add an entry. Adding one again changes nothing."""


class Feeds(Protocol):
    """When each organisation's feed last ran to its end."""

    async def finished(self, *, signed: Signed, audit: AuditEvent) -> None:
        """A feed of the organisation that signed ended well, at the request's time.

        Raises:
            Problem: NONCE_USED.
        """

    def up_to_date(self, organisations: Collection[OrganisationId], *, since: int) -> int:
        """How many of these organisations finished a feed since."""


class Record(Protocol):
    """The record of who did what, for requests that change nothing else."""

    async def note(self, audit: AuditEvent, *, signed: Signed | None) -> None:
        """Record an event, and spend the nonce of the request that caused it, where there was one.

        Raises:
            Problem: NONCE_USED.
        """


class Upkeep(Protocol):
    """What the index does of itself, off every response path."""

    def waiting(self) -> bool:
        """Whether anything is in the inbox."""

    async def settle(self, most: int, *, keep_until: int, audit: AuditEvent) -> int:
        """Make up to so many arrivals visible, in order, in one transaction; one outcome row of one size for each, kept
        until then. How many there were.
        """

    async def sweep(self, now: int, *, audit: AuditEvent) -> int:
        """Delete what has run out: nonces, spent receipts, lookup and outcome rows. How many rows; none, and no leaf,
        when there was nothing.
        """
