"""Everything that can be refused over HTTP, by name (RFC 9457 problem details).

A problem says what happened, why, and what to do next, in words fixed here. No value from a request is ever in one:
there is no place to put it. Whose fault it is shows in the status: 4xx the caller's, 5xx ours or another party's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["PROBLEMS", "Problem", "ProblemCode"]


class ProblemCode(StrEnum):
    """The closed catalogue. A code is never reused for another meaning."""

    # the request itself
    MALFORMED = "malformed"
    BODY_TOO_LARGE = "body-too-large"
    REQUEST_TIMEOUT = "request-timeout"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    # who asks (protocol.md D2, D4)
    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_INVALID = "signature-invalid"
    SIGNATURE_STALE = "signature-stale"
    NONCE_USED = "nonce-used"
    CERTIFICATE_INVALID = "certificate-invalid"
    CERTIFICATE_EXPIRED = "certificate-expired"
    GATEWAY_INVALID = "gateway-invalid"
    SESSION_INVALID = "session-invalid"
    CREDENTIAL_INVALID = "credential-invalid"
    CREDENTIAL_EXPIRED = "credential-expired"
    CREDENTIAL_MISMATCH = "credential-mismatch"
    SHIFT_ENDED = "shift-ended"
    ORGANISATION_UNKNOWN = "organisation-unknown"
    REVOKED = "revoked"
    REVOCATIONS_STALE = "revocations-stale"
    PURPOSE_REFUSED = "purpose-refused"
    ROLE_REFUSED = "role-refused"
    # signing in (D1, D2)
    SIGN_IN_REFUSED = "sign-in-refused"
    SIGN_IN_TOO_OFTEN = "sign-in-too-often"
    ACCOUNT_NOT_APPROVED = "account-not-approved"
    ACCOUNT_SUSPENDED = "account-suspended"
    VETTING_LAPSED = "vetting-lapsed"
    TRAINING_LAPSED = "training-lapsed"
    ENROLMENT_REFUSED = "enrolment-refused"
    PASSWORD_TOO_WEAK = "password-too-weak"  # noqa: S105 - the name of a refusal, not a password
    STATEMENT_INVALID = "statement-invalid"
    ACCOUNT_UNKNOWN = "account-unknown"
    REPEATS_USED = "repeats-used"
    LOOKUP_UNKNOWN = "lookup-unknown"
    CALL_BACK_UNKNOWN = "call-back-unknown"
    NOTICE_UNKNOWN = "notice-unknown"
    NOTICE_ANSWERED = "notice-answered"
    GLASS_REFUSED = "glass-refused"
    REVIEW_UNKNOWN = "review-unknown"
    # shields and rights (C4)
    SHIELD_UNKNOWN = "shield-unknown"
    SHIELD_DECIDED = "shield-decided"
    REVIEW_DATE = "review-date"
    ITEM_UNKNOWN = "item-unknown"
    DECISION_REFUSED = "decision-refused"
    REPORT_UNKNOWN = "report-unknown"
    REPORT_NOT_RELEASED = "report-not-released"
    OBJECTION_UNKNOWN = "objection-unknown"
    # evaluation (B4, B5)
    HOLDER_LOCKED = "holder-locked"
    HOLDER_WITHOUT_KEY = "holder-without-key"
    EPOCH_UNKNOWN = "epoch-unknown"
    POINT_INVALID = "point-invalid"
    POINTS_COUNT = "points-count"
    BUDGET_USED = "budget-used"
    # the ceremony (A1-A3)
    ROSTER_REFUSED = "roster-refused"
    CEREMONY_NOT_OPEN = "ceremony-not-open"
    CEREMONY_MESSAGE_REFUSED = "ceremony-message-refused"
    CEREMONY_FAILED = "ceremony-failed"
    # the index (C1, C2)
    RECEIPT_INVALID = "receipt-invalid"
    RECEIPT_EXPIRED = "receipt-expired"
    RECEIPT_SPENT = "receipt-spent"
    RECEIPTS_MISMATCH = "receipts-mismatch"
    TAGS_PROFILE = "tags-profile"
    TAG_INVALID = "tag-invalid"
    HANDLE_UNKNOWN = "handle-unknown"
    BASIS_REFUSED = "basis-refused"
    HANDLE_CIRCULAR = "handle-circular"
    HANDLE_UNREACHABLE = "handle-unreachable"
    EXCEPTION_INVALID = "exception-invalid"
    EXCEPTION_OPEN = "exception-open"
    EXCEPTION_UNKNOWN = "exception-unknown"
    PERIOD_INVALID = "period-invalid"
    REFERENCE_UNKNOWN = "reference-unknown"
    REFERENCE_REPEATED = "reference-repeated"
    WORK_ENDED = "work-ended"
    # an organisation's gateway
    NOT_SIGNED_IN = "not-signed-in"
    NOTHING_TO_ASK = "nothing-to-ask"
    COULD_NOT_CHECK = "could-not-check"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    FEED_RUNNING = "feed-running"
    FEED_UNKNOWN = "feed-unknown"
    FEED_CANCELLED = "feed-cancelled"
    FORM_REFUSED = "form-refused"
    FEEDS_NOT_TAKEN = "feeds-not-taken"
    WORK_NOT_NAMED = "work-not-named"
    # the local admin socket
    ALREADY_EXISTS = "already-exists"
    PASSPHRASE_WRONG = "passphrase-wrong"  # noqa: S105 - the name of a refusal, not a passphrase
    KEY_INVALID = "key-invalid"
    REVOCATIONS_FULL = "revocations-full"
    KEY_MISMATCH = "key-mismatch"
    # ours
    OVERLOADED = "overloaded"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class _Words:
    status: int
    title: str
    detail: str
    hint: str


_C = ProblemCode
PROBLEMS: Final[Mapping[ProblemCode, _Words]] = MappingProxyType(
    {
        _C.MALFORMED: _Words(422, "Malformed request", "A field is missing, unknown or not of its form.",
            "Check the request against the published schema."),
        _C.BODY_TOO_LARGE: _Words(413, "Request too large", "The body is larger than this endpoint accepts.",
            "Send fewer records in one request."),
        _C.REQUEST_TIMEOUT: _Words(408, "Request too slow", "The body did not arrive whole in the time it has.",
            "Send it again; if it stays, check the line to this service."),
        _C.UNSUPPORTED_MEDIA_TYPE: _Words(415, "Unsupported media type",
            "The body must be application/json, or multipart/form-data where files are uploaded.",
            "Set Content-Type as the published schema has it."),
        _C.NOT_FOUND: _Words(404, "Not found", "There is nothing at this address.", "Check the address."),
        _C.METHOD_NOT_ALLOWED: _Words(405, "Method not allowed", "This address does not take that method.",
            "Check the method."),
        _C.SIGNATURE_MISSING: _Words(401, "Signature missing", "The request carries no signature of its device.",
            "Sign the request (RFC 9421) and send both credentials with it."),
        _C.SIGNATURE_INVALID: _Words(401, "Signature invalid",
            "The signature does not match the request, its device or this address.", "Sign the request again."),
        _C.SIGNATURE_STALE: _Words(401, "Signature stale", "The request was signed too long ago, or in the future.",
            "Check this machine's clock, then sign the request again."),
        _C.NONCE_USED: _Words(409, "Request replayed", "This signed request was already received.",
            "Sign the request again with a new nonce."),
        _C.CERTIFICATE_INVALID: _Words(401, "Enrolment certificate invalid",
            "The enrolment certificate was not signed by the organisation it names.",
            "Enrol the device again with the organisation's administrator."),
        _C.CERTIFICATE_EXPIRED: _Words(401, "Enrolment certificate expired",
            "The enrolment certificate has run out.", "Enrol the device again with the organisation's administrator."),
        _C.GATEWAY_INVALID: _Words(401, "Gateway not certified",
            "The organisation certified no such gateway for this account and role, or the account is not used at one.",
            "Speak to the organisation's administrator, who certifies it: signpost admin gateway certify"),
        _C.SESSION_INVALID: _Words(401, "Session not the gateway's",
            "The gateway did not sign this session for this account, or for longer than it may.", "Sign in again."),
        _C.CREDENTIAL_INVALID: _Words(401, "Credential invalid", "The credential was not issued by this index.",
            "Sign in again."),
        _C.CREDENTIAL_EXPIRED: _Words(401, "Credential expired", "The shift's credential has run out.",
            "Sign in again."),
        _C.SHIFT_ENDED: _Words(401, "Shift ended",
            "This shift was ended: by signing out, by signing in again, or by a change of its account.",
            "Sign in again."),
        _C.CREDENTIAL_MISMATCH: _Words(401, "Credentials do not belong together",
            "The certificate, the credential and the signature are not of one account and device.", "Sign in again."),
        _C.ORGANISATION_UNKNOWN: _Words(403, "Organisation not admitted",
            "This organisation has not been admitted here.", "Ask the operator or custodian to admit it."),
        _C.REVOKED: _Words(403, "Revoked", "This account or device has been revoked.",
            "Speak to the organisation's administrator."),
        _C.REVOCATIONS_STALE: _Words(503, "Revocation list too old",
            "This service has not had a fresh revocation list and answers nobody until it has one.",
            "Try another key holder, or try again shortly."),
        _C.PURPOSE_REFUSED: _Words(403, "Purpose refused", "This role may not ask for that purpose.",
            "Choose a purpose that the role allows."),
        _C.ROLE_REFUSED: _Words(403, "Role refused", "This role may not do that.",
            "Use an account whose role allows it."),
        _C.SIGN_IN_REFUSED: _Words(401, "Not signed in",
            "The username, the password, the code and the device do not belong together.",
            "Try again. A code is good once; if the device is new, have the administrator approve it."),
        _C.SIGN_IN_TOO_OFTEN: _Words(429, "Too many tries", "There were too many tries to sign in.",
            "Wait five minutes, then try again."),
        _C.ACCOUNT_NOT_APPROVED: _Words(403, "Account not approved",
            "The administrator has not approved this account's device yet.",
            "Ask them to: signpost admin account approve NAME"),
        _C.ACCOUNT_SUSPENDED: _Words(403, "Account suspended", "This account has been suspended.",
            "Speak to the organisation's administrator."),
        _C.VETTING_LAPSED: _Words(403, "Vetting lapsed", "The vetting recorded for this account has run out.",
            "When it is renewed, the administrator records it: signpost admin account dates NAME"),
        _C.TRAINING_LAPSED: _Words(403, "Training lapsed", "The training recorded for this account has run out.",
            "When it is renewed, the administrator records it: signpost admin account dates NAME"),
        _C.ENROLMENT_REFUSED: _Words(403, "Enrolment refused",
            "The enrolment token is not one that is waiting to be used: it is spent, older than a day, or not ours.",
            "Ask the administrator for a new one: signpost admin account enrol NAME"),
        _C.PASSWORD_TOO_WEAK: _Words(422, "Password too weak", "The password is too short, too long or easily guessed.",
            "Take three or four unrelated words, at least 12 characters in all."),
        _C.STATEMENT_INVALID: _Words(401, "Statement invalid",
            "The statement was not signed by the organisation's key lately, was used before, or does not fit.",
            "Check this machine's clock, then try again."),
        _C.ACCOUNT_UNKNOWN: _Words(404, "Account unknown",
            "The organisation has no account of that name, or none that this fits.",
            "List them: signpost admin account list"),
        _C.REPEATS_USED: _Words(429, "Asked too often",
            "Lookups that share details with this one have been asked as often as they may be.",
            "To see the same answer again: signpost lookup --again RECEIPT. Otherwise speak to the administrator."),
        _C.LOOKUP_UNKNOWN: _Words(404, "Receipt unknown",
            "This account has no lookup of that receipt, or it is older than a day.", "Ask anew: signpost lookup"),
        _C.CALL_BACK_UNKNOWN: _Words(404, "Call-back unknown",
            "This account left no call-back by that receipt, or it has run out.",
            "Leave one: signpost contact ask RECEIPT"),
        _C.NOTICE_UNKNOWN: _Words(404, "Notice unknown",
            "This organisation has no notice of that reference, or it is over.", "See what waits: signpost inbox"),
        _C.NOTICE_ANSWERED: _Words(409, "Notice answered", "This notice was answered already, perhaps by a colleague.",
            "See what waits: signpost inbox"),
        _C.GLASS_REFUSED: _Words(403, "Glass not broken",
            "No duty line is shown for this receipt.",
            "Leave an urgent call-back (signpost contact ask RECEIPT --urgency now), or ring the local duty line."),
        _C.REVIEW_UNKNOWN: _Words(404, "Review unknown",
            "This organisation has no open review of that reference, or it is of your own doing.",
            "See what waits: signpost review list"),
        _C.SHIELD_UNKNOWN: _Words(404, "Shield unknown",
            "There is no shield of that reference that this account may see or decide.",
            "Check the reference; one that ended is gone. Who approves is of another organisation than who asked."),
        _C.SHIELD_DECIDED: _Words(409, "Shield decided", "Nothing of this shield waits to be decided.",
            "See how it stands: signpost shield status"),
        _C.REVIEW_DATE: _Words(422, "Review date refused",
            "A shield is looked at again on a day from tomorrow to two years from today.",
            "Name another day: --review-on"),
        _C.ITEM_UNKNOWN: _Words(404, "Item unknown", "The desk has no open item of that reference.",
            "See what waits: signpost shield queue"),
        _C.DECISION_REFUSED: _Words(422, "Decision refused", "An item of this kind is not decided in that way.",
            "The queue says how each item can be decided: signpost shield queue"),
        _C.REPORT_UNKNOWN: _Words(404, "Report unknown",
            "There is no report of that reference to read or to decide here. It is decided once, and not by who asked.",
            "See what there is: signpost rights report --list"),
        _C.REPORT_NOT_RELEASED: _Words(409, "Report not released",
            "A report is read 28 days after it was asked for, once another officer has decided what may be told.",
            "See when: signpost rights report --list"),
        _C.OBJECTION_UNKNOWN: _Words(404, "Objection unknown",
            "This organisation recorded no upheld objection of that reference.", "Check the reference."),
        _C.HOLDER_LOCKED: _Words(503, "Key holder locked", "This key holder has not been opened by its custodian.",
            "The custodian opens it with: signpost keys unlock"),
        _C.HOLDER_WITHOUT_KEY: _Words(503, "Key holder without a key", "This key holder has taken part in no ceremony.",
            "Run the ceremony: signpost keys ceremony"),
        _C.EPOCH_UNKNOWN: _Words(409, "Epoch or generation unknown",
            "The request names a key that is not the one served here.", "Fetch the current manifest."),
        _C.POINT_INVALID: _Words(422, "Point invalid",
            "A point is not a canonical ristretto255 element, or is the identity.", "Blind the inputs again."),
        _C.POINTS_COUNT: _Words(422, "Wrong number of points", "The use does not take that many points.",
            "Pad each child to the fixed number of points."),
        _C.BUDGET_USED: _Words(429, "Budget used", "The account's or the organisation's budget here is used up.",
            "Wait for the next period, or ask the custodian."),
        _C.ROSTER_REFUSED: _Words(422, "Roster refused",
            "The roster is not of its form, or does not name this key holder by its keys and address.",
            "Make the roster again from every holder's identity file."),
        _C.CEREMONY_NOT_OPEN: _Words(409, "No ceremony open", "This key holder's custodian has approved no roster.",
            "The custodian approves one with: signpost keys approve ROSTER"),
        _C.CEREMONY_MESSAGE_REFUSED: _Words(409, "Ceremony message refused",
            "A ceremony message is not signed by its sender, is out of turn, or contradicts an earlier one.",
            "Stop, and find out who sent it."),
        _C.CEREMONY_FAILED: _Words(409, "Ceremony stopped", "A dealer's share or proof did not check.",
            "Start a new ceremony without the named dealer."),
        _C.RECEIPT_INVALID: _Words(403, "Evaluation receipt invalid",
            "A receipt was not signed by a key holder of the manifest, or is not of its form.",
            "Have the batch evaluated again."),
        _C.RECEIPT_EXPIRED: _Words(403, "Evaluation receipt expired", "A receipt of this batch has run out.",
            "Have the batch evaluated again."),
        _C.RECEIPT_SPENT: _Words(409, "Evaluation receipt spent", "A receipt of this batch was used before.",
            "Have the batch evaluated again."),
        _C.RECEIPTS_MISMATCH: _Words(403, "Receipts do not belong together",
            "The receipts are not of enough different holders, one batch, this account, this use and this many points.",
            "Have the batch evaluated again."),
        _C.TAGS_PROFILE: _Words(422, "Wrong classes of tags", "The tags are not of the fixed number and classes.",
            "Pad each child to the fixed profile."),
        _C.TAG_INVALID: _Words(422, "Tag invalid",
            "A tag is not a canonical ristretto255 element, is the identity, or stands twice.",
            "Have the batch evaluated again."),
        _C.HANDLE_UNKNOWN: _Words(422, "Handle unknown", "A registration names a handle not of its organisation.",
            "Add the handle, or correct the handles file."),
        _C.BASIS_REFUSED: _Words(422, "Basis refused",
            "A sensitive service registers by consent or for significant harm alone.",
            "Record the consent or the ground, or leave the involvement out."),
        _C.HANDLE_CIRCULAR: _Words(409, "Handle circular",
            "A handle would stand for itself, by itself or by way of others.",
            "Name another handle, or take the hand-over back first."),
        _C.HANDLE_UNREACHABLE: _Words(422, "Handle unreachable",
            "Neither this handle nor the one that answers for it out of hours has a telephone.",
            "Choose another handle, or have the organisation's administrator give this one a telephone."),
        _C.EXCEPTION_INVALID: _Words(422, "Exception invalid",
            "It is no request for an exception that the organisation signed within the last day, or asks for too much.",
            "Have its administrator make another: signpost admin exception ask"),
        _C.EXCEPTION_OPEN: _Words(409, "Exception open", "An exception for the same account or organisation runs.",
            "Wait for its end, or end it: signpost admin exception end"),
        _C.EXCEPTION_UNKNOWN: _Words(404, "Exception unknown", "No exception runs for that account or organisation.",
            "See which do: signpost admin exception list"),
        _C.PERIOD_INVALID: _Words(422, "Period invalid",
            "An involvement ends before it starts, lies in the future, or ended longer ago than is taken here.",
            "Correct the dates."),
        _C.REFERENCE_UNKNOWN: _Words(404, "Reference unknown", "The organisation has no involvement of that reference.",
            "Fetch the organisation's own list again."),
        _C.REFERENCE_REPEATED: _Words(422, "Reference repeated", "One request names the same involvement twice.",
            "Send each involvement once."),
        _C.WORK_ENDED: _Words(409, "Work ended", "This involvement has ended already.",
            "Nothing more is done with it here. See what it is, and correct it in the system that it is kept in."),
        _C.NOT_SIGNED_IN: _Words(401, "Not signed in",
            "Nobody is signed in by this session: it is none of this gateway's, was left too long, or is over.",
            "Sign in again."),
        _C.NOTHING_TO_ASK: _Words(422, "Nothing to ask", "The details give nothing to look up, and nothing was sent.",
            "Give a date of birth, and an NHS number or permanent UPN, or names and a postcode."),
        _C.COULD_NOT_CHECK: _Words(503, "Could not check",
            "No verified, definite answer could be had. This is not a no.",
            "Try again; if it cannot wait, ring the local authority's out-of-hours duty team."),
        _C.IDEMPOTENCY_KEY_REUSED: _Words(422, "Idempotency key reused",
            "This session has used that key for another request.", "Use a new key for each request."),
        _C.FEED_RUNNING: _Words(409, "A feed is under way",
            "A feed of this organisation is being taken in or run; there is one at a time.",
            "Wait until it has ended, or cancel it."),
        _C.FEED_UNKNOWN: _Words(404, "Feed unknown",
            "This gateway has no feed of that name, or no list of its errors; the history goes back 35 days.",
            "See what there is: the list of feeds."),
        _C.FEED_CANCELLED: _Words(409, "Feed cancelled", "The upload was cancelled. Nothing of it was read or kept.",
            "Upload it again."),
        _C.FORM_REFUSED: _Words(403, "Not a form of this page's",
            "The form did not come from a page that was shown here.",
            "Open the page again, and send it from there."),
        _C.FEEDS_NOT_TAKEN: _Words(409, "No feeds here",
            "This gateway has no desk of a feed, by which files could be registered.",
            "Whoever runs the gateway names one: program_desk in its settings."),
        _C.WORK_NOT_NAMED: _Words(409, "Work cannot be named here",
            "This gateway has no desk of a feed, by whose key the organisation's own numbers are told to the index.",
            "Whoever runs the gateway names one: program_desk in its settings."),
        _C.ALREADY_EXISTS: _Words(409, "Already exists", "There is one of that name already.", "Choose another name."),
        _C.PASSPHRASE_WRONG: _Words(403, "Wrong passphrase", "The passphrase does not open the sealed file.",
            "Try again; the sealed file is unchanged."),
        _C.REVOCATIONS_FULL: _Words(409, "Revocation list full",
            "The list holds as many entries as a key holder reads; this one was not added.",
            "Have the organisation's own key admitted anew instead, at every holder."),
        _C.KEY_INVALID: _Words(422, "Key invalid", "A public key is not of its form.", "Export the key again."),
        _C.KEY_MISMATCH: _Words(409, "Sealed files do not belong together",
            "The sealed files and the manifest of this key holder are not of one identity and one key.",
            "Restore all of them from the same backup."),
        _C.OVERLOADED: _Words(503, "Overloaded", "More requests are waiting than this service takes.",
            "Try again shortly."),
        _C.INTERNAL: _Words(500, "Internal error", "Something went wrong here; nothing was changed.",
            "Try again; if it stays, tell the operator the time."),
    }
)  # fmt: skip


class Problem(Exception):
    """A refusal with a name. It carries a code and, where waiting helps, for how many seconds; never a value."""

    def __init__(self, code: ProblemCode, *, retry_after: int | None = None, pointers: tuple[str, ...] = ()) -> None:
        super().__init__(code.value)
        self.code = code
        self.retry_after = retry_after
        self.pointers = pointers
        """JSON pointers of *our own* field names and list positions (`/registrations/3/handle`), never values."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.code].status

    @property
    def title(self) -> str:
        """A few words, the same every time."""
        return PROBLEMS[self.code].title

    @property
    def detail(self) -> str:
        """One sentence: what and why."""
        return PROBLEMS[self.code].detail

    @property
    def hint(self) -> str:
        """One sentence: what to do next."""
        return PROBLEMS[self.code].hint

    def document(self) -> dict[str, object]:
        """The RFC 9457 body. `errors` lists the places in the request, when they are known."""
        body: dict[str, object] = {
            "type": f"urn:signpost:problem:{self.code.value}",
            "title": self.title,
            "status": self.status,
            "code": self.code.value,
            "detail": self.detail,
            "hint": self.hint,
        }
        if self.pointers:
            body["errors"] = [{"pointer": pointer} for pointer in self.pointers]
        return body
