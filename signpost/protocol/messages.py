"""What the three speak: the bodies of every request and answer, version 1.

Only the wire is described here; nothing is decided. Every model refuses unknown fields and other types, and is frozen.
Binary travels as unpadded base64url; a list of group elements is one string of their concatenated 32-byte encodings.
Limits stand here so that both sides, and the published schema, share them.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from signpost.protocol.classes import MatchClass, Place, Tier, Use
from signpost.protocol.device_opening import SEALED_KEY_BYTES
from signpost.protocol.encoding import EncodingError, from_base64url, to_base64url
from signpost.protocol.named_users import NOBODY, USER_BYTES
from signpost.protocol.purposes import Basis, DeepReason, Kind, Purpose, Role, Urgency
from signpost.protocol.threshold import MAX_HOLDERS
from signpost.protocol.tokens import LAST_MOMENT

__all__ = [
    "BULK_CHILDREN",
    "CASE_REFERENCE_BYTES",
    "MAX_CHANGES",
    "MAX_LEAVES",
    "MAX_PAGE",
    "MAX_POINTS",
    "AnswerWord",
    "BrokenGlass",
    "CallBackOffer",
    "CeremonyAnswer",
    "CeremonyRequest",
    "Change",
    "ChangeRequest",
    "ContactAnswer",
    "ContactRequest",
    "ContactStatus",
    "ContactStatusRequest",
    "Coverage",
    "DeclineReason",
    "EnrolmentRequest",
    "EvaluationRequest",
    "EvaluationResponse",
    "FeedFinished",
    "GatewaySession",
    "GlassAnswer",
    "GlassRequest",
    "HandleList",
    "Health",
    "HolderIdentity",
    "HolderState",
    "HolderStatus",
    "Inbox",
    "IndexHealth",
    "InvolvementList",
    "InvolvementListRequest",
    "InvolvementSummary",
    "LookupAgainRequest",
    "LookupAnswer",
    "LookupRequest",
    "ManifestAnswer",
    "Nothing",
    "Notice",
    "OutcomeRequest",
    "OwnAccount",
    "OwnDesk",
    "OwnWork",
    "OwnWorkEndRequest",
    "OwnWorkHandOverRequest",
    "OwnWorkRequest",
    "PasswordRequest",
    "PendingDevice",
    "RecordPage",
    "RecordRequest",
    "RecordedLeaf",
    "RegisterRequest",
    "Registration",
    "ReplyRequest",
    "Review",
    "ReviewList",
    "ReviewRequest",
    "RevocationAnswer",
    "SharedHandle",
    "SignInAnswer",
    "SignInRequest",
    "StaleHandle",
    "StatementAnswer",
    "StatementRequest",
    "TaggedPoint",
    "WriteReceipt",
]  # fmt: skip

BULK_CHILDREN: Final = 21
"""Children in one bulk batch: 252 points (B4)."""
MAX_POINTS: Final = 12 * BULK_CHILDREN
MAX_CHANGES: Final = 500
MAX_PAGE: Final = 5_000
MAX_LEAVES: Final = 1_000
CASE_REFERENCE_BYTES: Final = 113
"""A sealed case reference is always this long: a byte of length, 64 of padded text and HPKE's 48."""


def _decode(value: object) -> bytes:
    if isinstance(value, bytes):  # only ever from our own code: JSON has no bytes
        return value
    if not isinstance(value, str):
        raise ValueError("must be base64url text")
    try:
        return from_base64url(value)
    except EncodingError:
        raise ValueError("must be unpadded base64url") from None


def _binary(least: int, most: int) -> tuple[object, ...]:
    def of_length(value: bytes) -> bytes:
        if not least <= len(value) <= most:
            raise ValueError("is not of its length")
        return value

    shortest, longest = -(-least * 8 // 6), -(-most * 8 // 6)
    schema = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{shortest},{longest}}}$"}
    return (BeforeValidator(_decode), AfterValidator(of_length), PlainSerializer(to_base64url), WithJsonSchema(schema))


def _whole(value: object) -> object:
    # Else 1.0 and true would pass for 1, and not read back to the same bytes.
    if type(value) not in (int, Tier):
        raise ValueError("must be a whole number")
    return value


Reference = Annotated[bytes, *_binary(16, 16)]
"""An organisation's own HMAC: of an involvement, a child or a row."""
PointBytes = Annotated[bytes, *_binary(32, 32)]
PointsBytes = Annotated[bytes, *_binary(32, 32 * MAX_POINTS)]
ProofBytes = Annotated[bytes, *_binary(64, 64)]
SealedCaseReference = Annotated[bytes, *_binary(CASE_REFERENCE_BYTES, CASE_REFERENCE_BYTES)]
Token = Annotated[str, Field(min_length=16, max_length=4096, pattern=r"^[A-Za-z0-9_.-]+$")]
NamedUser = Annotated[bytes, *_binary(USER_BYTES, USER_BYTES)]
"""D2: whom a machine asks for; `NOBODY` of whoever asks in their own name. It is in every such request, of one size."""
HandleId = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""A handle's opaque name, made by the index: two groups of four Crockford characters."""
SpokenReceipt = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")]
Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Counter = Annotated[int, Field(ge=1, lt=2**31)]
Moment = Annotated[int, Field(ge=0, lt=LAST_MOMENT)]
"""Epoch seconds."""


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Nothing(Wire):
    """An empty body: the request's signature says who asks."""


# -- a key holder ------------------------------------------------------------


class EvaluationRequest(Wire):
    """B4: blinded points for one use, 12 a child (24 deep)."""

    epoch: Counter
    generation: Counter
    kind: Annotated[Use, Field(strict=False)]
    points: PointsBytes


class EvaluationResponse(Wire):
    """B5: the points multiplied by the holder's share, in order; one proof for all; one signed receipt."""

    holder: Counter
    epoch: Counter
    generation: Counter
    evaluations: PointsBytes
    proof: ProofBytes
    receipt: Token


class HolderIdentity(Wire):
    """What a holder is known by before it has a key; a roster is made of these. The keys are base64url."""

    sealing_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    signing_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    url: Annotated[str, Field(max_length=256)]


CeremonyMessage = Annotated[str, Field(min_length=2, max_length=16_384)]
"""Canonical JSON of `signpost.protocol.key_generation`, as text. The longest, a dealer's 31 sealed shares, is 4 KiB."""


class CeremonyRequest(Wire):
    """A1: messages of other holders, relayed by anybody."""

    messages: Annotated[list[CeremonyMessage], Field(max_length=5 * MAX_HOLDERS)]


class CeremonyAnswer(Wire):
    """A1: all this holder has said so far, or only its last message once it is `finished` and has its share."""

    messages: list[CeremonyMessage]
    finished: bool


HolderState = Literal["locked", "no-key", "serving"]


class HolderStatus(Wire):
    """What anybody may know of a holder. Never a secret."""

    state: HolderState
    holder: Counter | None
    epoch: Counter | None
    generation: Counter | None
    manifest_fingerprint: str | None
    revocations_age_seconds: int | None


class Health(Wire):
    """Whether a service is up; a holder also says whether it is open."""

    state: Literal["locked", "no-key", "serving"]


class IndexHealth(Wire):
    """That the index is up, and whether it is late with deleting what is past its time."""

    state: Literal["serving"]
    deleting_overdue: bool


# -- the index ------------------------------------------------------------

AnswerWord = Literal["current", "previous", "possible", "none"]


class TaggedPoint(Wire):
    """A tag with the class and tier that the index is told of it."""

    match_class: Annotated[MatchClass, Field(alias="class", strict=False)]
    tier: Annotated[Tier, BeforeValidator(_whole)]
    tag: PointBytes

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @classmethod
    def of(cls, place: Place, tag: bytes) -> Self:
        """The tag that fills a place."""
        return cls(match_class=place.match_class, tier=place.tier, tag=tag)

    @property
    def place(self) -> Place:
        """Its class and tier together."""
        return Place(self.match_class, self.tier)


Receipts = Annotated[list[Token], Field(min_length=1, max_length=32)]


class LookupRequest(Wire):
    """C1: is anybody elsewhere working with this child? 12 tags; 24 where a reason makes it a deep lookup."""

    user: NamedUser = NOBODY
    epoch: Counter
    purpose: Annotated[Purpose, Field(strict=False)]
    urgency: Annotated[Urgency, Field(strict=False)]
    deep: Annotated[DeepReason, Field(strict=False)] | None
    tags: Annotated[list[TaggedPoint], Field(min_length=12, max_length=24)]
    receipts: Receipts


class LookupAgainRequest(Wire):
    """C6: the same child again, by one's own receipt. No new details, no points, no charge."""

    user: NamedUser = NOBODY
    receipt: SpokenReceipt


class Coverage(Wire):
    """National, never about a child: how many organisations are expected to feed, and how many did so lately."""

    expected: Annotated[int, Field(ge=0)]
    up_to_date: Annotated[int, Field(ge=0)]


class CallBackOffer(Wire):
    """The offer that every answer makes: a call-back may be left, and waits this long."""

    waits_days: Annotated[int, Field(ge=1)]


class LookupAnswer(Wire):
    """One word and always the same shape: no count, agency, service or date."""

    answer: AnswerWord
    receipt: SpokenReceipt
    checked_at: Moment
    coverage: Coverage
    call_back: CallBackOffer


class DeclineReason(StrEnum):
    """Why a desk does not share its handle. A code, never free text; the asker is not told."""

    MORE_DETRIMENTAL = "more-detrimental"
    ANOTHER_CHILD = "another-child"
    NO_CONSENT = "no-consent"
    CANNOT_ANSWER = "cannot-answer"


class ContactRequest(Wire):
    """To be rung about the child of one's own lookup, whatever it was answered."""

    user: NamedUser = NOBODY
    receipt: SpokenReceipt
    purpose: Annotated[Purpose, Field(strict=False)]
    urgency: Annotated[Urgency, Field(strict=False)]


class ContactAnswer(Wire):
    """It is kept: the same words whoever is told of it, and whether anybody is."""

    receipt: SpokenReceipt
    urgency: Annotated[Urgency, Field(strict=False)]
    answer_by: Moment
    waits_until: Moment


class ContactStatusRequest(Wire):
    """What became of one's own call-back."""

    user: NamedUser = NOBODY
    receipt: SpokenReceipt


class SharedHandle(Wire):
    """A desk that has said that it may be rung."""

    title: str
    telephone: str | None
    email: str | None
    hours: str | None


class ContactStatus(Wire):
    """What became of a call-back: `pending`; `no-reply` when its time has gone by, in the same words whoever was asked;
    or `answered`, with the handles that their owners shared.
    """

    receipt: SpokenReceipt
    state: Literal["pending", "no-reply", "answered"]
    urgency: Annotated[Urgency, Field(strict=False)]
    asked_at: Moment
    answer_by: Moment
    waits_until: Moment
    handles: list[SharedHandle]


class OutcomeRequest(Wire):
    """What came of a call-back: whether anybody was reached, and whether that was news."""

    user: NamedUser = NOBODY
    receipt: SpokenReceipt
    reached: bool
    new: bool


class Notice(Wire):
    """That somebody asks to be rung about a child that this organisation registered. Who asks is said by role and kind
    of organisation, never which. The case reference is the organisation's own, and opens for it alone.
    """

    notice: SpokenReceipt
    handle: HandleId
    handle_title: str
    state: Literal["open", "escalated", "unanswered"]
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    urgency: Annotated[Urgency, Field(strict=False)]
    told_at: Moment
    answer_by: Moment
    sealed_case_reference: SealedCaseReference


class BrokenGlass(Wire):
    """That a duty line of this organisation was shown in an emergency: by whom only in role and kind."""

    reference: SpokenReceipt
    at: Moment
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    handle_title: str
    sealed_case_reference: SealedCaseReference


class StaleHandle(Wire):
    """A desk of the organisation's that nobody has confirmed for ninety days; null where nobody ever has."""

    handle: HandleId
    title: str
    confirmed_on: dt.date | None


class Inbox(Wire):
    """What waits for an answer of the asker's organisation, the soonest first; and what it is only told. `more`: more
    notices wait than one inbox shows.
    """

    notices: list[Notice]
    more: bool
    glasses: list[BrokenGlass]
    stale_handles: list[StaleHandle]


class GlassRequest(Wire):
    """The duty line at once, by one's own receipt."""

    receipt: SpokenReceipt
    purpose: Annotated[Purpose, Field(strict=False)]


class GlassAnswer(Wire):
    """One organisation's duty line, and the desk out of hours behind it. It is reviewed by then."""

    reference: SpokenReceipt
    review_by: Moment
    handles: list[SharedHandle]


class Review(Wire):
    """A broken glass that waits for its review."""

    reference: SpokenReceipt
    account: str
    role: Annotated[Role, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    at: Moment
    review_by: Moment


class ReviewList(Wire):
    """Those of the asker's organisation, the oldest first."""

    reviews: list[Review]


class ReviewRequest(Wire):
    """Whether a glass was rightly broken."""

    reference: SpokenReceipt
    justified: bool


class ReplyRequest(Wire):
    """An answer to a notice. `hand_over_to` and `reason` go with their own replies and are null with others."""

    notice: SpokenReceipt
    reply: Literal["share", "hand-over", "end", "decline"]
    hand_over_to: HandleId | None
    reason: Annotated[DeclineReason, Field(strict=False)] | None


class Registration(Wire):
    """C1: one involvement of the organisation's, with the tags of its child."""

    reference: Reference
    child_reference: Reference
    row_digest: Reference
    handle: HandleId
    started_on: dt.date
    ended_on: dt.date | None
    basis: Annotated[Basis, Field(strict=False)]
    sealed_case_reference: SealedCaseReference
    remove_after: Month
    tags: Annotated[list[TaggedPoint], Field(min_length=12, max_length=12)]


class RegisterRequest(Wire):
    """Up to 21 involvements, with the receipts of the batch that made their tags. A known reference is replaced."""

    epoch: Counter
    registrations: Annotated[list[Registration], Field(min_length=1, max_length=BULK_CHILDREN)]
    receipts: Receipts


class Change(Wire):
    """An end (with its date and the row's new digest) or a withdrawal of an involvement the organisation registered."""

    reference: Reference
    action: Literal["end", "withdraw"]
    ended_on: dt.date | None
    row_digest: Reference | None


class ChangeRequest(Wire):
    """Ends and withdrawals, which need no tags."""

    changes: Annotated[list[Change], Field(min_length=1, max_length=MAX_CHANGES)]


class WriteReceipt(Wire):
    """C3: durable, and nothing more is said."""

    receipt: SpokenReceipt
    accepted: Annotated[int, Field(ge=0)]
    at: Moment


class InvolvementListRequest(Wire):
    """A page of the organisation's own list, after a reference, in the index's own fixed order."""

    after: Reference | None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)]


class InvolvementSummary(Wire):
    """What reconciliation needs of an involvement, and all that it is told. `changed_here`: whoever answers for it
    ended it or handed it over since the row was sent. An index from before does not say.
    """

    reference: Reference
    row_digest: Reference
    changed_here: bool = False


class InvolvementList(Wire):
    """A page; `next` is where the following one starts, or null at the end."""

    involvements: list[InvolvementSummary]
    next: Reference | None


class OwnWorkRequest(Wire):
    """One involvement of the organisation's own, by the reference that only its reference key gives."""

    reference: Reference


class OwnDesk(Wire):
    """A desk of the organisation's own, by its title."""

    handle: HandleId
    title: str


class OwnWork(Wire):
    """What the owner's table says of it: its desk, the month in which it began, and its end; null while it goes on.
    `desks`: the others of the organisation, one of which it may be handed over to.
    """

    handle: HandleId
    handle_title: str
    started_in: Month
    ended_on: dt.date | None
    desks: list[OwnDesk]


class OwnWorkEndRequest(Wire):
    """That it ended, on a day of the last month."""

    reference: Reference
    ended_on: dt.date


class OwnWorkHandOverRequest(Wire):
    """That another of the organisation's desks has it from now on."""

    reference: Reference
    hand_over_to: HandleId


class HandleList(Wire):
    """The organisation's own handles, and those of sensitive services, whose work is registered by consent or for
    significant harm alone.
    """

    handles: list[HandleId]
    consent_only: list[HandleId]


class RecordRequest(Wire):
    """C7: a page of the record, after a leaf's number (0: from the first)."""

    after: Annotated[int, Field(ge=0, lt=2**53)]
    limit: Annotated[int, Field(ge=1, le=MAX_LEAVES)]


class RecordedLeaf(Wire):
    """A leaf as it stands: its number, its bytes (canonical JSON) and its link of the chain."""

    number: Annotated[int, Field(ge=1)]
    leaf: Annotated[str, Field(max_length=2048)]
    link: Annotated[bytes, *_binary(32, 32)]


class RecordPage(Wire):
    """A page of the record. `before` is the link that its first leaf follows from."""

    before: Annotated[bytes, *_binary(32, 32)]
    leaves: list[RecordedLeaf]


class FeedFinished(Wire):
    """A feed ran to its end: for coverage. No count of anything registered."""

    format: Annotated[str, Field(pattern=r"^[a-z0-9]{2,8}$")]


class RevocationAnswer(Wire):
    """The signed revocation list."""

    list: str


class ManifestAnswer(Wire):
    """The holders' signed manifest, as they signed it. An edge believes it by its fingerprint alone."""

    manifest: str


AccountName = Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[a-z][a-z0-9.-]*$")]
Password = Annotated[str, Field(min_length=1, max_length=256)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Key = Annotated[bytes, *_binary(32, 32)]


class StatementRequest(Wire):
    """D1: an administrator's statement about an account, signed by the organisation's signing key."""

    statement: Token


class PendingDevice(Wire):
    """The device key that was offered for an account, its opening key (a machine has none), and the seal by which the
    administrator knows both.
    """

    device: Key
    opening: Key | None
    device_seal: Key


class OwnAccount(Wire):
    """An account as its organisation's administrator sees it."""

    account: AccountName
    role: Annotated[Role, Field(strict=False)]
    state: Annotated[str, Field(pattern=r"^[a-z-]{1,32}$")]
    vetting_until: dt.date
    training_until: dt.date


class StatementAnswer(Wire):
    """What a statement brought: the device that waits, or the organisation's accounts, or neither."""

    pending: PendingDevice | None
    accounts: list[OwnAccount]


class EnrolmentRequest(Wire):
    """D1: the one use of an enrolment token. A machine's account has no password, no codes and no opening key: null."""

    organisation: AccountName
    account: AccountName
    proof: Key
    device: Key
    opening: Key | None
    device_seal: Key
    password: Password | None
    code_secret: Annotated[bytes, *_binary(20, 20)] | None
    code: Code | None


class GatewaySession(Wire):
    """D2: a gateway's certificate, and the session's that it signed. The shift is the session's key's."""

    gateway: Token
    session: Token


class SignInRequest(Wire):
    """D2: signed by the device's key, which is the gateway's for an account that is used at one; password and code are
    null for a machine's account, and the session is null but at a gateway.
    """

    organisation: AccountName
    account: AccountName
    password: Password | None
    code: Code | None
    session: GatewaySession | None = None


class PasswordRequest(Wire):
    """D2: a person's new password, on every factor of the present ones; signed by the device's key like a sign-in, and
    null but at a gateway the gateway's certificate with it.
    """

    organisation: AccountName
    account: AccountName
    password: Password
    code: Code
    new_password: Password
    gateway: Token | None = None


class SignInAnswer(Wire):
    """One shift: the index's word on the account, and the organisation's word on the device, which it kept; so too the
    organisation's sealed key, where the administrator gave it. Where an earlier shift of the account was open still,
    when it began: it is over now.
    """

    certificate: Token
    credential: Token
    expires_at: Moment
    ended_shift_of: Moment | None
    sealing_key: Annotated[bytes, *_binary(SEALED_KEY_BYTES, SEALED_KEY_BYTES)] | None
