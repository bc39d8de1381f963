"""What the use cases need of a database, in small ports.

Whatever changes anything takes its audit event, and commits with it: an unaudited write does not type-check. Whatever
acts on a signed request spends its nonce in the same transaction. A method that raises has changed nothing. Reads are
quick and run in the event loop; writes wait for their commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from signpost.index.audit import AuditEvent
from signpost.index.budgets import Beyond, Charge, Costs, Extra
from signpost.index.records import (
    Account,
    CallBack,
    Glass,
    Handle,
    Hit,
    KeptNotice,
    Organisation,
    OwnedInvolvement,
    Seal,
    StoredTag,
)
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.rights_records import KeptReport, RightsDone
from signpost.index.unusual import UnusualShare
from signpost.protocol.budget_exceptions import BudgetException
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import AnswerWord
from signpost.protocol.messages import Change as InvolvementChange
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Kind, Purpose
from signpost.protocol.rights import ReportAccess, ReportInvolvement
from signpost.protocol.shielding import DeskDecision, DeskItem, DeskWork
from signpost.protocol.tags import TagKey, WrappedTag

__all__ = [
    "Accepted", "AccountChange", "Accounts", "CallBacks", "Change", "Deciding", "DeskQueues", "Feeds", "Glasses",
    "Guesser", "Handles", "Involvements", "KeptLookup", "Lookups", "Mails", "Once", "Organisations", "OwnRights",
    "OwnWorks", "Record", "Reports", "Retirement", "Revocations", "Revoked", "Seals", "ShownGlass", "Upkeep",
    "Waiting", "WaitingMail",
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

    def caseload(self, organisation: OrganisationId) -> int:
        """How many involvements stand in the organisation's own table."""

    async def keep(
        self, lookup: KeptLookup, *, spending: Spending, costs: Costs, audit: AuditEvent,
        beyond: Mapping[Beyond, AuditEvent],
    ) -> None:  # fmt: skip
        """Spend and charge, and keep the lookup; with a second leaf where it went past an ordinary budget.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT, BUDGET_USED, REPEATS_USED.
        """

    def kept(self, asker: Asker, receipt: str, *, now: int) -> Sequence[StoredTag] | None:
        """The tags that an account asked under a receipt, as they were wrapped for this; null when there is no such
        lookup of theirs any more, and no call-back that waits by it.
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

    async def change(self, changes: Sequence[InvolvementChange], *, signed: Signed, audit: AuditEvent) -> None:
        """End and withdraw involvements of the organisation that signed, all or none.

        Raises:
            Problem: NONCE_USED; REFERENCE_UNKNOWN or PERIOD_INVALID with the places.
        """

    def after(self, organisation: OrganisationId, reference: bytes | None, limit: int) -> list[OwnedInvolvement]:
        """The organisation's own involvements that follow a reference (null: from the first), in the table's fixed
        order. The reference need not be there.
        """


class OwnWorks(Protocol):
    """One involvement of the owner's table, for whoever answers for it. What is named and not there is charged and
    recorded like what is.
    """

    async def see(
        self, reference: bytes, *, charge: Charge, signed: Signed, audit: AuditEvent, unknown: AuditEvent
    ) -> OwnedInvolvement | None:
        """Charge, and what stands under that reference of the organisation that signed, with `audit`; null where
        nothing does, with `unknown`.

        Raises:
            Problem: NONCE_USED, BUDGET_USED; and nothing was done.
        """

    async def change(
        self, reference: bytes, change: Callable[[OwnedInvolvement], OwnedInvolvement], *, charge: Charge,
        signed: Signed, audit: AuditEvent, refused: Callable[[ProblemCode], AuditEvent],
    ) -> None:  # fmt: skip
        """Charge, and keep what `change` makes of an involvement, with `audit`; where it has an end then that it had
        not, that arrives. Of REFERENCE_UNKNOWN, and of what `change` raises, the charge and the leaf of `refused` are
        kept, and no more.

        Raises:
            Problem: REFERENCE_UNKNOWN, or what `change` raises; NONCE_USED, BUDGET_USED, and nothing was done.
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


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry: a certificate by its identifier, or an account of an organisation."""

    certificate: str | None = None
    account: tuple[OrganisationId, AccountId] | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What an account becomes, and what its old shape leaves on the revocation list or takes off it: `restored` what an
    account's own changes put there, `approved` also what the operator took back, since its device is another now.
    Where `over_through` is given, its shifts that began then or before are over.
    """

    account: Account
    revoked: Sequence[Revoked] = ()
    restored: Sequence[Revoked] = ()
    approved: Sequence[Revoked] = ()
    over_through: int | None = None


Change = Callable[[Account | None], AccountChange]
"""From an account as it stands (null: there is none) to what it becomes. Raises a `Problem` to leave it as it is."""

Guesser = tuple[str, ...]
"""Whose guesses are counted together: `("account", organisation, name)` or `("source", address)`."""


@dataclass(frozen=True, slots=True)
class Once:
    """What may be presented once: a signed request's nonce of a device, or an administrator's statement."""

    identifier: str
    remember_until: int
    device: VerifyKey | None = None


class Accounts(Protocol):
    """Who may sign in."""

    def account(self, organisation: OrganisationId, name: AccountId) -> Account | None:
        """One account."""

    def accounts(self, organisation: OrganisationId) -> list[Account]:
        """An organisation's accounts, by name."""

    async def change(
        self, organisation: OrganisationId, name: AccountId, change: Change, *, audit: AuditEvent,
        once: Once | None = None, forgiven: Sequence[Guesser] = (),
    ) -> Account:  # fmt: skip
        """Change an account, or make it: read, changed and written in one transaction, with its revocations, the end of
        its shifts, its leaf and the guesses that are forgiven because the right one came. What it is now.

        Raises:
            Problem: NONCE_USED, or what `change` raises; and nothing was done.
        """

    def over(self, asker: Asker) -> bool:
        """Whether the shift that somebody asks in was ended."""

    async def asked(self, organisation: OrganisationId, *, once: Once, audit: AuditEvent) -> None:
        """Take an administrator's question, once.

        Raises:
            Problem: NONCE_USED.
        """

    async def guess(self, guessers: Sequence[Guesser], *, now: int) -> None:
        """Count a try to sign in before it is looked at, so that tries at once are no way round it.

        Raises:
            Problem: SIGN_IN_TOO_OFTEN, and nothing is counted.
        """


@dataclass(frozen=True, slots=True)
class ApprovedException:
    """An exception to a budget that was approved, and when it ends."""

    asked: BudgetException
    until: int


class BudgetExceptions(Protocol):
    """The exceptions to budgets that were approved and have not ended; one at a time for anybody."""

    def open(self, *, now: int) -> list[ApprovedException]:
        """All of them, by organisation and account."""

    def added(self, organisation: OrganisationId, account: AccountId, *, now: int) -> Extra:
        """What they add to an account's lookups."""

    async def approve(self, approved: ApprovedException, *, once: Once, now: int, audit: AuditEvent) -> None:
        """Let it begin.

        Raises:
            Problem: NONCE_USED, EXCEPTION_OPEN.
        """

    async def refuse(self, organisation: OrganisationId, *, once: Once, audit: AuditEvent) -> None:
        """Note that it was turned down, for good.

        Raises:
            Problem: NONCE_USED.
        """

    async def end(
        self, organisation: OrganisationId, account: AccountId | None, *, now: int, audit: AuditEvent
    ) -> None:
        """End it before its time.

        Raises:
            Problem: EXCEPTION_UNKNOWN.
        """


class Handles(Protocol):
    """The contact points of organisations."""

    def handles(self, organisation: OrganisationId) -> list[Handle]:
        """An organisation's handles, by identifier."""

    def owns(self, organisation: OrganisationId, identifier: str) -> bool:
        """Whether a handle is of that organisation."""

    async def add(self, handle: Handle, *, audit: AuditEvent) -> bool:
        """Add a handle; false, and nothing done, when its identifier is taken."""

    async def change(
        self, organisation: OrganisationId, change: Callable[[Mapping[str, Handle]], Sequence[Handle]], *,
        audit: AuditEvent,
    ) -> None:  # fmt: skip
        """Keep what `change` makes of the organisation's handles, by identifier, in one step with its leaf. It returns
        those that are to be written; what it raises is raised, and nothing is done.
        """


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits for an answer: the title of its desk, and the case reference that its organisation sealed."""

    notice: KeptNotice
    handle_title: str
    sealed_case_reference: bytes


class CallBacks(Protocol):
    """Who waits to be rung, and which desks were told. Nothing here reads or writes on a lookup's response path."""

    async def ask(self, call_back: CallBack, *, signed: Signed, audit: AuditEvent) -> CallBack:
        """Keep a call-back, to be told to whoever matches when it settles; or what stands by that receipt already. Of
        two urgencies the greater stands.

        Raises:
            Problem: NONCE_USED.
        """

    def left(self, asker: Asker, receipt: str, *, now: int) -> CallBack | None:
        """The call-back that an account left by a receipt; null when there is none, or it has run out."""

    def shared(self, call_back: CallBack, *, now: int) -> list[Handle]:
        """The handles that were shared with its asker, of whoever still matches now (C6)."""

    async def tell_outcome(self, asker: Asker, receipt: str, *, reached: bool, new: bool, signed: Signed,
                           audit: AuditEvent) -> None:  # fmt: skip
        """Keep what came of a call-back; the last word stands.

        Raises:
            Problem: NONCE_USED, CALL_BACK_UNKNOWN.
        """

    def waiting(self, organisation: OrganisationId, most: int, *, now: int) -> list[Waiting]:
        """Up to so many notices of an organisation that wait for an answer: the soonest due first, then those that
        nobody answered in time.
        """

    async def reply(
        self, organisation: OrganisationId, reference: str, change: Callable[[KeptNotice], KeptNotice], *,
        signed: Signed, audit: AuditEvent,
    ) -> KeptNotice:  # fmt: skip
        """Answer a notice, read and written in one transaction. What it is now.

        Raises:
            Problem: NONCE_USED, NOTICE_UNKNOWN, or what `change` raises; and nothing was done.
        """

    async def escalate(self, most: int, *, now: int, audit: AuditEvent) -> int:
        """Have up to so many notices that are due go a step further, in one transaction, with one leaf. How many."""

    def with_outcomes(self) -> list[CallBack]:
        """The call-backs whose asker has said what came of them."""

    def held(self, *, now: int) -> list[KeptNotice]:
        """The notices that are kept back until somebody has looked at them."""

    async def release(self, organisation: OrganisationId, reference: str, *, now: int, audit: AuditEvent) -> None:
        """Let a held notice go out.

        Raises:
            Problem: NOTICE_UNKNOWN.
        """


@dataclass(frozen=True, slots=True)
class ShownGlass:
    """A glass as its owner sees it: the title of its desk, and its own sealed case reference."""

    glass: Glass
    handle_title: str
    sealed_case_reference: bytes


class Glasses(Protocol):
    """The glasses that were broken."""

    async def break_glass(
        self, question: CallBack, *, reference: Callable[[], str], review_by: int, keep_until: int, signed: Signed,
        audit: AuditEvent,
    ) -> Glass | None:  # fmt: skip
        """Evaluate the question now and, where it answers `current` or `previous` and there is a desk, break the glass;
        null else. By one receipt, within a day and not reviewed yet, it is the same one again. The leaf is committed
        either way.

        Raises:
            Problem: NONCE_USED.
        """

    def lines(self, glass: Glass) -> list[Handle]:
        """The desk that was shown, and the one out of hours behind it."""

    def broken_by(self, organisation: OrganisationId) -> list[Glass]:
        """Those that accounts of an organisation broke, the oldest first."""

    def shown_to(self, organisation: OrganisationId, *, now: int) -> list[ShownGlass]:
        """Those behind which a line of this organisation was shown in the last week: the newest two hundred, the oldest
        of them first.
        """

    def unreviewed(self) -> list[Glass]:
        """Those that nobody has reviewed."""

    async def review(
        self, organisation: OrganisationId, reference: str, change: Callable[[Glass], Glass], *, signed: Signed,
        audit: AuditEvent,
    ) -> None:  # fmt: skip
        """Review one that an account of this organisation broke.

        Raises:
            Problem: NONCE_USED, REVIEW_UNKNOWN, or what `change` raises; and nothing was done.
        """


class Reports(Protocol):
    """The reports that families asked for. What one says is made when it is read, and kept nowhere."""

    async def ask(self, report: KeptReport, *, keep_until: int, spending: Spending, audit: AuditEvent) -> KeptReport:
        """Spend, and keep that it was asked for; the report that is kept already when the same body was taken before.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """

    def of(self, organisation: OrganisationId, *, now: int) -> list[KeptReport]:
        """Those of an organisation that have not run out, the oldest first."""

    def report(self, organisation: OrganisationId, reference: str, *, now: int) -> KeptReport | None:
        """One of an organisation's; null when there is none, or it has run out."""

    async def decide(
        self, organisation: OrganisationId, reference: str, change: Callable[[KeptReport], KeptReport], *,
        signed: Signed, audit: AuditEvent,
    ) -> None:  # fmt: skip
        """Decide a report, read and written in one transaction.

        Raises:
            Problem: NONCE_USED, REPORT_UNKNOWN, or what `change` raises; and nothing was done.
        """

    def involvements(self, report: KeptReport, *, now: int) -> list[ReportInvolvement]:
        """The involvements elsewhere that are surely the child's, by their dates: of what everybody may find."""

    def accesses(self, report: KeptReport, *, now: int) -> list[ReportAccess]:
        """Who looked the child up in the last twelve months, by month."""


class OwnRights(Protocol):
    """What a family may have done to what an organisation registered. Only that organisation's own is touched."""

    async def note(self, *, spending: Spending, audit: AuditEvent) -> Acknowledgement:
        """Spend, and record what changes nothing; what was acknowledged before, when the same body was taken before.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """

    async def correct(
        self, tags: Sequence[StoredTag], right: Sequence[StoredTag], *, spending: Spending, audit: AuditEvent
    ) -> RightsDone:
        """Spend, and have the involvements that are surely the child's hold other tags. What was done before, when the
        same body was taken before.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """

    async def withdraw(self, tags: Sequence[StoredTag], *, spending: Spending, audit: AuditEvent) -> RightsDone:
        """The same for withdrawing those of them that rest on consent; what is registered of them again is hidden, by a
        seal whose reference is the receipt.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT.
        """


@dataclass(frozen=True, slots=True, repr=False)
class WaitingMail:
    """A mail that waits: its number, the mailbox, and the reference it carries."""

    number: int
    to: str
    reference: str


class Mails(Protocol):
    """Mails to desks that wait to be sent."""

    def due(self, most: int, *, now: int) -> list[WaitingMail]:
        """Up to so many that are due, the oldest first."""

    async def done(self, number: int) -> None:
        """It was taken, or never will be."""

    async def claim(self, number: int, *, now: int, due_at: int) -> bool:
        """Take it up, to be tried again then if nobody says what became of it; false where another worker has it."""


class Seals(Protocol):
    """Shields and objections: what hides involvements. An organisation reads its own requests and nothing else."""

    def own(self, organisation: OrganisationId) -> list[Seal]:
        """What an organisation's officers asked for, the oldest first."""

    def seal(self, reference: str) -> Seal | None:
        """One of them, by its reference."""

    async def add(
        self, seal: Seal, tags: Sequence[StoredTag], *, to_another: bool, spending: Spending, audit: AuditEvent
    ) -> Seal:
        """Spend, and hide what these tags match, from now on: what is visible, and whatever settles. With `to_another`
        the tags are added to the seal of that reference. What stands; the earlier one when the same body was taken
        before.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT, SHIELD_UNKNOWN, SHIELD_DECIDED, BUDGET_USED.
        """

    async def change(
        self, reference: str, change: Callable[[Seal], Seal | None], *, signed: Signed, audit: AuditEvent
    ) -> Seal:
        """Change one, read and written in one transaction; null ends it, and what nothing else hides is visible again.
        What it is now, or was.

        Raises:
            Problem: NONCE_USED, SHIELD_UNKNOWN, or what `change` raises; and nothing was done.
        """

    async def end_identity(
        self, organisation: OrganisationId, reference: str, tags: Sequence[StoredTag], *, spending: Spending,
        audit: AuditEvent,
    ) -> Seal:  # fmt: skip
        """Delete the organisation's own involvements that its shield hides, with every trace of their numbers, and have
        the shield hold these tags alone and lead to no organisation's reference of a child.

        Raises:
            Problem: NONCE_USED, RECEIPT_SPENT, SHIELD_UNKNOWN.
        """


class Deciding(Protocol):
    """A decision of the desk."""

    @property
    def decision(self) -> DeskDecision:
        """What it is."""

    @property
    def with_number(self) -> bool:
        """Whether the involvement's own number joins the shield."""

    def allowed(self, work: DeskWork) -> Collection[DeskDecision]:
        """Which decisions such an item takes."""

    def change(self, seal: Seal) -> Seal | None:
        """What becomes of a shield that is decided; null: it ends."""


class DeskQueues(Protocol):
    """What waits for the independent desk."""

    async def gather(self, *, audit: Callable[[], AuditEvent], now: int) -> None:
        """Take what shields touched out of what has settled since the last time; a leaf of the desk's where there was
        any.
        """

    def queue(self, most: int, *, now: int) -> list[DeskItem]:
        """Up to so many items, the most urgent first."""

    async def decide(self, reference: str, deciding: Deciding, *, signed: Signed, audit: AuditEvent) -> None:
        """Decide an item, or a shield that is due, with all that follows.

        Raises:
            Problem: NONCE_USED, ITEM_UNKNOWN, DECISION_REFUSED; and nothing was done.
        """


class Revocations(Protocol):
    """What has been taken back."""

    def revoked(self, *entries: Revoked) -> bool:
        """Whether any of these is on the list."""

    def entries(self) -> list[Revoked]:
        """The whole list."""

    def taken_back(self) -> int:
        """How many of them the operator put there."""

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

    def leaves(self, after: int, limit: int) -> tuple[bytes, list[tuple[int, bytes, bytes]]]:
        """The link of the leaf of that number (of 0: the start of the chain), and up to so many that follow it: number,
        leaf and link of each.
        """

    async def note(self, audit: AuditEvent, *, signed: Signed | None) -> None:
        """Record an event, and spend the nonce of the request that caused it, where there was one.

        Raises:
            Problem: NONCE_USED.
        """


class Retirement(Protocol):
    """The walk through what organisations own, for what is past its time."""

    async def retire(
        self, most: int, *, now: int, past: Callable[[OwnedInvolvement], bool], accesses_before: int,
        audit: Callable[[int], AuditEvent],
    ) -> int:  # fmt: skip
        """Look at up to so many involvements, on from where the last round stopped; withdraw those that are past their
        time, and delete some accesses of before a month (year and month, YYYYMM), in one transaction with a leaf that
        says how many. How many; no leaf when there were none.
        """

    async def tidy(self) -> None:
        """Have no byte of what was deleted left in a file."""

    def walked_at(self, now: int) -> int:
        """When the walk last came to its end; now, before the first round."""


class Upkeep(Protocol):
    """What the index does of itself, off every response path."""

    def waiting(self) -> bool:
        """Whether anything is in the inbox."""

    async def settle(self, most: int, *, now: int, keep_until: int, audit: AuditEvent) -> int:
        """Make up to so many arrivals visible, in order, and tell whoever matches of the call-backs among them and of
        those that one of them answers, in one transaction; one outcome row of one size for each, kept until then. How
        many there were.
        """

    async def sweep(self, now: int, *, unusual: Callable[[UnusualShare], AuditEvent], audit: AuditEvent) -> int:
        """Delete what has run out: nonces, spent receipts, lookup and outcome rows, and answers of days that are over,
        with a leaf for each share of them that is unusual. How many rows; none, and no leaf, when there was nothing.
        """
