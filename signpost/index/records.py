"""What the index keeps, as values: organisations, handles, involvements, their tags, and what a lookup hits.

Nothing here says who a child is. Organisations and involvements have numbers that only the index's own key can make
again; the names and references behind them are sealed at rest (`storage/vault.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from signpost.index.account_state import AccountState
from signpost.index.contact_states import NoticeState
from signpost.protocol.administration import AccountTerms
from signpost.protocol.classes import Place
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import DeclineReason
from signpost.protocol.named_users import NOBODY
from signpost.protocol.purposes import Basis, Kind, Purpose, Role, Urgency
from signpost.protocol.secret import Secret
from signpost.protocol.shielding import ShieldEndReason, ShieldReason, ShieldState
from signpost.protocol.tags import TagKey, WrappedTag

__all__ = [
    "Account", "CallBack", "ChildNumber", "Glass", "Handle", "Hit", "InvolvementNumber", "KeptNotice", "Organisation",
    "OrganisationNumber", "OwnedInvolvement", "Seal", "SealKind", "StoredTag",
]  # fmt: skip

OrganisationNumber = NewType("OrganisationNumber", int)
"""An organisation's pseudonym: 0 to 2^63 - 2, a keyed digest of its name."""
InvolvementNumber = NewType("InvolvementNumber", int)
"""An involvement's: the same of the organisation's name and its own reference."""


ChildNumber = NewType("ChildNumber", int)
"""The same of the organisation's name and its own reference of a child."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation the operator has admitted, with the key that signs its certificates."""

    name: OrganisationId
    kind: Kind
    signing_key: VerifyKey


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account:
    """Somebody, or some machine, that an organisation enrolled. The name is a pseudonym; no person's name is kept."""

    organisation: OrganisationId
    name: AccountId
    role: Role
    terms: AccountTerms
    state: AccountState
    token_digest: bytes | None = None
    """Of the enrolment token that waits to be used; null once it was."""
    token_until: int = 0
    """Epoch seconds."""
    password: str | None = None
    """Argon2id, as a PHC string; null for a machine and before the enrolment."""
    code_secret: Secret | None = None
    last_code: int = 0
    """The step of the last one-time code that was taken."""
    device: VerifyKey | None = None
    opening: bytes | None = None
    """The public half of what the device opens with: 32 bytes; null of a machine's."""
    device_seal: bytes | None = None
    certificate: str | None = None
    """The organisation's word on the device, once its administrator gave it."""
    sealing_key: bytes | None = None
    """The organisation's own sealing key, sealed to the device, where its administrator gave it. Opens there alone."""
    last_shift: int = 0
    """The moment that every later shift of the account must begin after: when its last one did, or was ended."""
    shift_until: int = 0
    """Until when a person's last shift is open; 0 where it was ended."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A contact point of an organisation: a desk, never a person. It has a telephone, a mailbox, or both."""

    identifier: str
    organisation: OrganisationId
    title: str
    telephone: str | None
    email: str | None
    hours: str | None
    out_of_hours: str | None
    """Another of its organisation's handles, which answers when this one does not."""
    confirmed_on: dt.date | None = None
    """When somebody last said that all of it is right; null where nobody has."""
    handed_over_to: str | None = None
    """Another of its organisation's handles, which answers for all of this one's work from now on."""
    consent_only: bool = False
    """A sensitive service's: its work is registered by consent or for significant harm alone."""
    privacy_office: bool = False
    """The desk of whoever reviews the glasses that its own organisation's accounts break."""


@dataclass(frozen=True, slots=True, repr=False)
class OwnedInvolvement:
    """What its owner registered, as it stands in the owner's table. The index can open no case reference.

    Beside it what was done with it here since: whom it was handed over to, and whether the end is one of here. The desk
    that the feed named stays, so that whoever must not be told where to ring by a hand-over is not.
    """

    reference: bytes
    child_reference: bytes
    row_digest: bytes
    handle: str
    started_on: dt.date
    ended_on: dt.date | None
    basis: Basis
    sealed_case_reference: bytes
    remove_after: str
    handed_to: str | None = None
    ended_here: bool = False

    @property
    def desk(self) -> str:
        """The desk that has it."""
        return self.handle if self.handed_to is None else self.handed_to

    @property
    def changed_here(self) -> bool:
        """Whether its desk or its end is not what the feed said."""
        return self.handed_to is not None or self.ended_here


class SealKind(StrEnum):
    """Why something is hidden."""

    SHIELD = "shield"
    """A child must not be found: everything that matches, of every organisation."""
    OBJECTION = "objection"
    """A family objected: what rests on consent alone, of every organisation."""
    WITHDRAWAL = "withdrawal"
    """Consent was withdrawn from one organisation: what rests on it alone, of that organisation."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Seal:
    """What hides involvements, without its tags. Moments are epoch seconds."""

    reference: str
    kind: SealKind
    organisation: OrganisationId
    """Whose officer asked for it."""
    account: AccountId
    asked_at: int
    state: ShieldState = ShieldState.APPROVED
    """Of a shield; whatever else hides is approved by who records it."""
    reason: ShieldReason | None = None
    approve_by: int = 0
    review_on: dt.date | None = None
    end_why: ShieldEndReason | None = None
    """Why it is to end, while that waits."""
    old_identity: bool = False
    """Its child has another identity now: no reference of an organisation's may lead to it."""
    number_waits: bool = False
    """It was given a first number later, and nobody else has approved that: it hides by it, but shows nobody by it."""


@dataclass(frozen=True, slots=True, repr=False)
class StoredTag:
    """A tag at rest with the class and tier that are known of it."""

    place: Place
    wrapped: WrappedTag


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """An involvement elsewhere that holds one of the tags asked about.

    `asked_at` is the tag's position in the request; `stored` is the class and tier it was registered under;
    `identity_key` is the key of the involvement's own identity tag, where it has one.
    """

    asked_at: int
    stored: Place
    organisation: OrganisationNumber
    involvement: InvolvementNumber
    ended_on: dt.date | None
    identity_key: TagKey | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CallBack:
    """That an account waits to be rung about the child of a lookup of theirs. Moments are epoch seconds."""

    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    receipt: str
    purpose: Purpose
    urgency: Urgency
    asked_at: int
    waits_until: int
    tags: tuple[StoredTag, ...]
    """As the lookup row kept them."""
    user: bytes = NOBODY
    """Whom a machine asks for: the call-back is theirs alone."""
    reached: bool | None = None
    """Whether anybody was reached in the end; null until the asker says so."""
    new: bool | None = None
    """And whether the asker learned of somebody they did not know."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptNotice:
    """What one desk was told of one call-back."""

    reference: str
    organisation: OrganisationId
    handle: str
    """The desk that has it now."""
    desk: str
    """The desk that was told first."""
    involvement: InvolvementNumber
    call_back: bytes
    role: Role
    kind: Kind
    purpose: Purpose
    urgency: Urgency
    told_at: int
    due_at: int | None
    """When it is escalated; null once nobody is left to turn to, and once it is answered."""
    waits_until: int
    state: NoticeState
    answered_by: AccountId | None = None
    answered_at: int | None = None
    reason: DeclineReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Glass:
    """A broken glass: who broke it and why, and whose duty line was shown. Moments are epoch seconds."""

    reference: str
    organisation: OrganisationId
    account: AccountId
    role: Role
    kind: Kind
    receipt: str
    purpose: Purpose
    at: int
    review_by: int
    owner: OrganisationId
    handle: str
    involvement: InvolvementNumber
    reviewed_at: int | None = None
    reviewed_by: AccountId | None = None
    justified: bool | None = None
