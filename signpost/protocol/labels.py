"""Domain labels: one append-only table of every purpose a key, hash or signature serves.

A label is never reused or changed; a new purpose is a new line. Two uses of one key or hash function can then never
be taken for each other. The protocol step each serves stands beside it.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Label"]


class Label(StrEnum):
    """`signpost/v1/<role>/<purpose>`."""

    # A1-A3: key generation between holders
    CEREMONY_MESSAGE = "signpost/v1/holder/ceremony-message"
    CEREMONY_COMMITMENT = "signpost/v1/holder/ceremony-commitment"
    CEREMONY_TRANSCRIPT = "signpost/v1/holder/ceremony-transcript"
    CEREMONY_PROOF = "signpost/v1/holder/ceremony-proof-of-constant-term"
    CEREMONY_SHARE = "signpost/v1/holder/ceremony-sealed-share"
    CEREMONY_ROSTER = "signpost/v1/holder/ceremony-roster"
    MANIFEST = "signpost/v1/holder/manifest"
    MANIFEST_FINGERPRINT = "signpost/v1/holder/manifest-fingerprint"
    # A4: at rest, under a passphrase
    SEALED_FILE = "signpost/v1/custodian/sealed-file"
    SHARE_AT_REST = "signpost/v1/custodian/share-at-rest"
    CEREMONY_AT_REST = "signpost/v1/custodian/ceremony-at-rest"
    # B2, B3: match inputs and padding
    PADDING = "signpost/v1/edge/padding"
    SHUFFLE = "signpost/v1/edge/shuffle"
    # where one row of a feed is found again, within one run
    FEED_JOIN = "signpost/v1/edge/feed-join"
    # B5: evaluation
    BATCH = "signpost/v1/holder/batch"
    # C1: a council's own references, under its reference key
    REFERENCE = "signpost/v1/organisation/reference"
    CHILD_REFERENCE = "signpost/v1/organisation/child-reference"
    ROW_DIGEST = "signpost/v1/organisation/row-digest"
    CASE_REFERENCE = "signpost/v1/organisation/case-reference"
    # D2: whom a case-management system asks for
    USERS_KEY = "signpost/v1/organisation/users-key"
    NAMED_USER = "signpost/v1/organisation/named-user"
    # C2, C3, C7: at rest in the index
    TAG_AT_REST = "signpost/v1/index/tag-at-rest"
    ACCESS_TAG_AT_REST = "signpost/v1/index/access-tag-at-rest"
    LOOKUP_TAG_AT_REST = "signpost/v1/index/lookup-tag-at-rest"
    OWNED_ROW = "signpost/v1/index/owned-row"
    INBOX_ROW = "signpost/v1/index/inbox-row"
    HANDLE_ROW = "signpost/v1/index/handle-row"
    ORGANISATION_PSEUDONYM = "signpost/v1/index/organisation-pseudonym"
    OWNED_REFERENCE = "signpost/v1/index/owned-reference"
    AUDIT_LEAF = "signpost/v1/index/audit-leaf"
    AUDIT_ROW = "signpost/v1/index/audit-row"
    ORGANISATION_ROW = "signpost/v1/index/organisation-row"
    HANDLE_NUMBER = "signpost/v1/index/handle-number"
    REVOCATION_ROW = "signpost/v1/index/revocation-row"
    REVOCATION_NUMBER = "signpost/v1/index/revocation-number"
    REVOKED_ACCOUNT = "signpost/v1/index/revoked-account"
    SHIFT_NUMBER = "signpost/v1/index/shift-number"
    REQUEST_NONCE = "signpost/v1/index/request-nonce"
    REQUEST_BODY = "signpost/v1/index/request-body"
    SPENT_RECEIPT = "signpost/v1/index/spent-receipt"
    ACKNOWLEDGEMENT_ROW = "signpost/v1/index/acknowledgement-row"
    LOOKUP_NUMBER = "signpost/v1/index/lookup-number"
    LOOKUP_ROW = "signpost/v1/index/lookup-row"
    OUTCOME_ROW = "signpost/v1/index/outcome-row"
    KEY_FILE = "signpost/v1/index/key-file"
    # D1, D2: enrolment and signing in
    ENROLMENT_PROOF = "signpost/v1/edge/enrolment-proof"
    ENROLMENT_SEAL = "signpost/v1/edge/enrolment-seal"
    ENROLMENT_DEVICE = "signpost/v1/edge/enrolment-device"
    DEVICE_OPENING = "signpost/v1/edge/device-opening"
    ORGANISATION_SEALING_KEY = "signpost/v1/edge/organisation-sealing-key"
    ENROLMENT_TOKEN = "signpost/v1/index/enrolment-token"  # noqa: S105 - a label, not a token
    ACCOUNT_NUMBER = "signpost/v1/index/account-number"
    ACCOUNT_ROW = "signpost/v1/index/account-row"
    STATEMENT_NONCE = "signpost/v1/index/statement-nonce"
    GUESS_NUMBER = "signpost/v1/index/guess-number"
    # D3: where a desk's agent listens
    AGENT_SOCKET = "signpost/v1/edge/agent-socket"
    # C5, C6: call-backs and notices
    CALL_BACK_NUMBER = "signpost/v1/index/call-back-number"
    CALL_BACK_ROW = "signpost/v1/index/call-back-row"
    NOTICE_NUMBER = "signpost/v1/index/notice-number"
    NOTICE_ROW = "signpost/v1/index/notice-row"
    MAIL_ROW = "signpost/v1/index/mail-row"
    GLASS_NUMBER = "signpost/v1/index/glass-number"
    GLASS_ROW = "signpost/v1/index/glass-row"
    # C3, C4: what is hidden, and the desk
    CHILD_NUMBER = "signpost/v1/index/child-number"
    SEAL_NUMBER = "signpost/v1/index/seal-number"
    SEAL_ROW = "signpost/v1/index/seal-row"
    ITEM_NUMBER = "signpost/v1/index/desk-item-number"
    ITEM_SUBJECT = "signpost/v1/index/desk-item-subject"
    ITEM_ROW = "signpost/v1/index/desk-item-row"
    DESK_AUDIT_ROW = "signpost/v1/index/desk-audit-row"
    # C7, D6: meters
    METER_NUMBER = "signpost/v1/index/meter-number"
    REPEAT_NUMBER = "signpost/v1/index/repeat-number"
    ANSWERS_NUMBER = "signpost/v1/index/answers-number"
    ANSWERS_ROW = "signpost/v1/index/answers-row"
    EXCEPTION_NUMBER = "signpost/v1/index/exception-number"
    EXCEPTION_ROW = "signpost/v1/index/exception-row"
    # families' rights
    REPORT_NUMBER = "signpost/v1/index/report-number"
    REPORT_ROW = "signpost/v1/index/report-row"
    RIGHTS_NUMBER = "signpost/v1/index/rights-number"
    RIGHTS_ROW = "signpost/v1/index/rights-row"
    # D2: at an organisation's gateway, in its memory
    GATEWAY_SESSION = "signpost/v1/gateway/session"
    GATEWAY_REQUEST = "signpost/v1/gateway/request"
    GATEWAY_PROGRAM = "signpost/v1/gateway/program"
    CASE_SYSTEM = "signpost/v1/gateway/case-system"
    GATEWAY_PIN = "signpost/v1/gateway/pin"
    GATEWAY_FORM = "signpost/v1/gateway/form"
