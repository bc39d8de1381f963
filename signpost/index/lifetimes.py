"""How long everything is kept: in one table, which docs/data-held.md repeats and a test compares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "CALL_BACK_DAYS", "DESK_ITEM_DAYS", "GLASS_DAYS", "LIFETIMES", "LOOKUP_ROW_SECONDS", "OUTCOME_ROW_SECONDS",
    "REPORT_READ_DAYS", "RIGHTS_DONE_SECONDS", "whole_hour",
]  # fmt: skip

CALL_BACK_DAYS: Final = 28
"""A call-back waits as long as it may take another council to register a family that has moved."""
GLASS_DAYS: Final = 365
"""A broken glass is kept for a year, as that somebody looked is."""
DESK_ITEM_DAYS: Final = 365
"""What the independent desk looked at is kept for a year, as that somebody looked is."""
LOOKUP_ROW_SECONDS: Final = 24 * 60 * 60
"""A receipt can be followed up for a day."""
REPORT_READ_DAYS: Final = 28
"""A report can be read for as long as the family waited for it."""
RIGHTS_DONE_SECONDS: Final = 24 * 60 * 60
"""A correction or withdrawal whose answer was lost is not sent again the next day."""
OUTCOME_ROW_SECONDS: Final = 24 * 60 * 60
"""As a lookup row: neither outlives the other."""
LIFETIMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "involvement_tags": "as long as the involvement",
        "tag_bodies": "as the involvement",
        "owned_involvements": "until the organisation withdraws it, twelve months after its end, or the month that the "
        "organisation named; then within two days",
        "inbox": "until the next ticks of the settling worker, a fifth of a second apart",
        "outcomes": "24 hours, to the next whole hour",
        "organisations": "until removed; no command removes one yet",
        "handles": "until removed; no command removes one yet",
        "audit_leaves": "for ever, until a rule on retention is made",
        "access_rows": "twelve months, by the month",
        "lookup_rows": "24 hours, to the next whole hour",
        "call_backs": "28 days, to the next whole hour",
        "call_back_tags": "as long as it",
        "notices": "as long as the call-back, or until the involvement is withdrawn",
        "mails": "until the mail is sent, or a day",
        "glasses": "a year",
        "involvement_children": "as the involvement",
        "seals": "until it ends",
        "seal_tags": "as long as the seal",
        "seal_children": "as long as the seal, or until its child has another identity",
        "sealed_involvements": "as long as both",
        "sealed_tags": "as long as the involvement is hidden",
        "desk_items": "a year, or as long as its shield",
        "gathering": "one row, for ever",
        "desk_leaves": "for ever, until a rule on retention is made",
        "reports": "28 days after it is released, to the next whole hour",
        "rights_done": "24 hours, to the next whole hour",
        "feeds": "until the organisation's next feed",
        "retirement": "one row, for ever",
        "revocations": "of what an administrator did to an account, thirteen hours, since no shift from before lasts "
        "longer; of what the operator took back, until another device is approved",
        "ended_shifts": "thirteen hours",
        "spent_nonces": "65 seconds, then the next sweep (30 seconds)",
        "spent_receipts": "until five minutes after the receipt runs out",
        "accounts": "for ever: an account that is over stays suspended, so that its name is never somebody else's",
        "sign_in_guesses": "five minutes, or until the right one comes",
        "meters": "until then",
        "repeats": "an account's shift, an organisation's month",
        "exceptions": "until it ends: at most 12 hours for an account and a week for an organisation",
        "answers": "until the first sweep after the UTC day",
        "key_file": "for ever",
    }
)
"""Of each table, how long a row lives, as the page says it. What runs out is deleted by the sweep, every thirty
seconds, or by the walk of `retiring`.
"""
_HOUR: Final = 60 * 60


def whole_hour(moment: int) -> int:
    """The next whole hour: rows that are kept apart are not told apart by the second they run out."""
    return -(-moment // _HOUR) * _HOUR
