"""What is said of a family's rights, version 1: by a rights officer, with the family present (UK GDPR Art. 15, 16, 21).

Nothing here says whether a child is shielded, to anybody: a report is made from what everybody may find, and from who
looked; what is shielded is the desk's to answer.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from signpost.protocol.messages import Counter, Moment, Receipts, SpokenReceipt, TaggedPoint, Wire
from signpost.protocol.purposes import Kind, Purpose

__all__ = [
    "REPORT_DAYS", "CorrectRequest", "Exemption", "ObjectionAnswer", "ObjectionEndRequest", "ObjectionGround",
    "ObjectionRequest", "Report", "ReportAccess", "ReportAsked", "ReportDecisionRequest", "ReportInvolvement",
    "ReportList", "ReportReadRequest", "ReportRequest", "RightsReceipt", "WithdrawRequest",
]  # fmt: skip

REPORT_DAYS: Final = 28
"""A report is decided within, and released exactly, so many days after it is asked for."""

Tags = Annotated[list[TaggedPoint], Field(min_length=12, max_length=12)]


class Exemption(StrEnum):
    """Why something is kept back: Data Protection Act 2018, Schedule 3 (and paragraph 5 of Schedule 2)."""

    SERIOUS_HARM = "serious-harm"
    """Sch. 3 para. 5 (health), 11 (social work), 19 (education): likely to prejudice carrying out social work, or to
    cause serious harm to anybody's physical or mental health."""
    CHILD_ABUSE_DATA = "child-abuse-data"
    """Sch. 3 para. 21: not in the best interests of the child."""
    EXPECTED_CONFIDENCE = "expected-confidence"
    """Sch. 3 para. 4, 10: given in the expectation that the asker would not be told, or they may not be."""
    CRIME = "crime"
    """Sch. 2 para. 2: the prevention or detection of crime."""


class ReportRequest(Wire):
    """Ask for a report about one child."""

    epoch: Counter
    tags: Tags
    receipts: Receipts


class ReportAsked(Wire):
    """A report that was asked for. `release_at`: asked_at and 28 days, to the second, whatever is in it."""

    report: SpokenReceipt
    asked_at: Moment
    release_at: Moment
    decided: bool


class ReportList(Wire):
    """An organisation's reports that have not run out, the oldest first."""

    reports: list[ReportAsked]


class ReportDecisionRequest(Wire):
    """What may be told, decided by another rights officer than who asked. `safe_to_show` answers the harm screen: that
    nobody could be found or harmed by seeing who looked; without it no accesses are told.
    """

    report: SpokenReceipt
    decision: Literal["release", "refuse"]
    safe_to_show: bool
    exemption: Annotated[Exemption, Field(strict=False)] | None
    """With `refuse`, and where it is not safe to show who looked; null otherwise."""


class ReportReadRequest(Wire):
    """Read one's own organisation's report, once it is released."""

    report: SpokenReceipt


class ReportInvolvement(Wire):
    """That an organisation of a kind works, or worked, with the child; never which."""

    kind: Annotated[Kind, Field(strict=False)]
    started_on: dt.date
    ended_on: dt.date | None


class ReportAccess(Wire):
    """That somebody looked."""

    kind: Annotated[Kind, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class Report(Wire):
    """A released report. What is kept back is null, beside its exemption."""

    report: SpokenReceipt
    asked_at: Moment
    released_at: Moment
    involvements: list[ReportInvolvement] | None
    accesses: list[ReportAccess] | None
    exemption: Annotated[Exemption, Field(strict=False)] | None


class ObjectionGround(StrEnum):
    """How an objection was balanced (Art. 21(1)). The first is an upheld one."""

    NO_OVERRIDING_GROUND = "no-overriding-ground"
    SAFEGUARDING_OVERRIDES = "safeguarding-overrides"
    LEGAL_CLAIMS = "legal-claims"


class ObjectionRequest(Wire):
    """An objection, with the balancing decision that was taken. Upheld, it hides consent-based involvements from now
    on; statutory ones stand, and the answer says so.
    """

    epoch: Counter
    tags: Tags
    receipts: Receipts
    balanced: Annotated[ObjectionGround, Field(strict=False)]


class ObjectionAnswer(Wire):
    """What was recorded. The same whatever is there."""

    objection: SpokenReceipt
    upheld: bool
    at: Moment


class ObjectionEndRequest(Wire):
    """An objection of the own organisation's is taken back."""

    objection: SpokenReceipt


class CorrectRequest(Wire):
    """The own organisation's involvements that match `tags` are to hold `right` instead."""

    epoch: Counter
    tags: Tags
    receipts: Receipts
    right: Tags
    right_receipts: Receipts


class WithdrawRequest(Wire):
    """Consent is withdrawn: the own organisation's consent-based involvements that match are withdrawn, and what its
    feed sends of them again stays unseen. Statutory ones stand.
    """

    epoch: Counter
    tags: Tags
    receipts: Receipts


class RightsReceipt(Wire):
    """What was done about the own organisation's involvements: how many were changed, and how many stand because the
    law asks for them. Sealed ones are among them: the same whether a child is shielded or not.
    """

    receipt: SpokenReceipt
    at: Moment
    changed: Annotated[int, Field(ge=0)]
    standing: Annotated[int, Field(ge=0)]
