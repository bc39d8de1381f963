"""What a rights officer does at a gateway: a family's rights, with the family there (UK GDPR Art. 7, 15, 16, 21), and
the reviews of the emergencies in which a duty line was shown.

Whose it is not is refused before anything is evaluated; the index refuses them as well. Nothing that is answered here
says whether a child is hidden.
"""

from __future__ import annotations

from signpost.edge import rights
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.child import checked
from signpost.edge.gateway.officer_wire import CorrectionGiven, FamilyGiven, ObjectionGiven
from signpost.edge.gateway.sessions import Session
from signpost.edge.gateway.wire import ChildGiven
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.offices import Office
from signpost.protocol.messages import Nothing, ReviewList, ReviewRequest
from signpost.protocol.rights import (
    ObjectionAnswer,
    ObjectionEndRequest,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportReadRequest,
    RightsReceipt,
)

__all__ = [
    "ask_for_report", "close_review", "correct", "decide_report", "end_objection", "read_report", "record_objection",
    "reports", "reviews", "withdraw_consent",
]  # fmt: skip


async def ask_for_report(gateway: Gateway, session: Session, given: FamilyGiven) -> ReportAsked:
    """Ask, for a family, who works with their child and who looked.

    Raises:
        Problem: ROLE_REFUSED; MALFORMED with the fields that are not of their form; NOTHING_TO_ASK; or as the index and
            the key holders refuse; COULD_NOT_CHECK: it may have been recorded.
    """
    child = _child(gateway, session, given.child)
    return await gateway.acted(session, rights.ask_for_report(session.client, child, on_fault=gateway.note_fault))


async def reports(gateway: Gateway, session: Session) -> ReportList:
    """The reports that one's organisation asked for.

    Raises:
        Problem: ROLE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.RIGHTS, lambda: session.client.index.reports())


async def decide_report(gateway: Gateway, session: Session, given: ReportDecisionRequest) -> Nothing:
    """Say what may be told of a report that a colleague asked for: once, and never of one's own.

    Raises:
        Problem: ROLE_REFUSED; MALFORMED: an exemption goes with what is kept back, and only then; REPORT_UNKNOWN; or as
            the index refuses; COULD_NOT_CHECK.
    """
    await gateway.by_officer(session, Office.RIGHTS, lambda: session.client.index.decide_report(given))
    return Nothing()


async def read_report(gateway: Gateway, session: Session, given: ReportReadRequest) -> Report:
    """A report that is released.

    Raises:
        Problem: ROLE_REFUSED, REPORT_UNKNOWN, REPORT_NOT_RELEASED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.RIGHTS, lambda: session.client.index.read_report(given))


async def record_objection(gateway: Gateway, session: Session, given: ObjectionGiven) -> ObjectionAnswer:
    """Record that a family objects, and how that was balanced.

    Raises:
        Problem: as `ask_for_report`.
    """
    child = _child(gateway, session, given.child)
    recording = rights.record_objection(session.client, child, given.balanced, on_fault=gateway.note_fault)
    return await gateway.acted(session, recording)


async def end_objection(gateway: Gateway, session: Session, given: ObjectionEndRequest) -> Nothing:
    """Take an objection, or a withdrawn consent, of the own organisation's back.

    Raises:
        Problem: ROLE_REFUSED, OBJECTION_UNKNOWN; or as the index refuses; COULD_NOT_CHECK.
    """
    await gateway.by_officer(session, Office.RIGHTS, lambda: session.client.index.end_objection(given))
    return Nothing()


async def correct(gateway: Gateway, session: Session, given: CorrectionGiven) -> RightsReceipt:
    """Have what the own organisation registered under wrong details hold the right ones.

    Raises:
        Problem: as `ask_for_report`, of either of the two.
    """
    registered = _child(gateway, session, given.registered, at="/registered")
    right = _child(gateway, session, given.right, at="/right")
    correcting = rights.correct(session.client, registered, right, on_fault=gateway.note_fault)
    return await gateway.acted(session, correcting)


async def withdraw_consent(gateway: Gateway, session: Session, given: FamilyGiven) -> RightsReceipt:
    """Withdraw what the own organisation registered of a child by consent.

    Raises:
        Problem: as `ask_for_report`.
    """
    child = _child(gateway, session, given.child)
    return await gateway.acted(session, rights.withdraw_consent(session.client, child, on_fault=gateway.note_fault))


async def reviews(gateway: Gateway, session: Session) -> ReviewList:
    """The emergencies of one's organisation that nobody has reviewed.

    Raises:
        Problem: ROLE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.REVIEWS, lambda: session.client.index.reviews())


async def close_review(gateway: Gateway, session: Session, given: ReviewRequest) -> Nothing:
    """Say, once, whether a glass was rightly broken.

    Raises:
        Problem: ROLE_REFUSED, REVIEW_UNKNOWN; or as the index refuses; COULD_NOT_CHECK.
    """
    await gateway.by_officer(session, Office.REVIEWS, lambda: session.client.index.close_review(given))
    return Nothing()


def _child(gateway: Gateway, session: Session, given: ChildGiven, *, at: str = "/child") -> ChildDetails:
    session.require(Office.RIGHTS)
    return checked(given, today=gateway.today(), at=at)
