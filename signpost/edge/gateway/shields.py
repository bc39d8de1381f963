"""What a shielding officer, and the independent desk, do at a gateway (protocol.md C4).

Whose it is not is refused before anything is evaluated; the index refuses them as well. An officer is told what the
index tells: of their own request alone, and nothing of what a shield hides.
"""

from __future__ import annotations

import datetime as dt

from signpost.edge.failures import Failure
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.child import checked
from signpost.edge.gateway.officer_wire import KNOWN_POSTCODES, IdentityEndedGiven, KnownGiven, ShieldGiven
from signpost.edge.gateway.refusals import problem_of
from signpost.edge.gateway.sessions import Session
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.offices import Office
from signpost.edge.shielding import add_shield, keep_old_identity, review_day
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskQueue,
    DeskResolveRequest,
    ShieldAnswer,
    ShieldEndRequest,
    ShieldList,
    ShieldRequest,
    ShieldStatusRequest,
)

__all__ = [
    "approve_shield", "called_back", "desk_queue", "end_identity", "end_shield", "hide_child", "resolve_item",
    "shield_status",
]  # fmt: skip


async def hide_child(gateway: Gateway, session: Session, given: ShieldGiven) -> ShieldAnswer:
    """Hide a child at once, whoever has registered them and whoever will.

    Raises:
        Problem: ROLE_REFUSED; MALFORMED with the fields that are not of their form; REVIEW_DATE; NOTHING_TO_ASK: the
            details hide nobody; or as the index and the key holders refuse; COULD_NOT_CHECK: it may have been done.
    """
    session.require(Office.SHIELDS)
    if given.shield is not None and given.review_on is not None:
        raise Problem(ProblemCode.MALFORMED, pointers=("/review_on",))
    review_on = _review_day(given.review_on, today=gateway.today())
    child = _known(given.child, today=gateway.today())
    adding = add_shield(
        session.client, child, reason=given.reason, review_on=review_on, own=given.shield, on_fault=gateway.note_fault
    )
    return await gateway.acted(session, adding)


async def approve_shield(gateway: Gateway, session: Session, given: ShieldRequest) -> ShieldAnswer:
    """Approve another council's shield, or its end.

    Raises:
        Problem: ROLE_REFUSED, SHIELD_UNKNOWN, SHIELD_DECIDED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.SHIELDS, lambda: session.client.index.approve_shield(given))


async def shield_status(gateway: Gateway, session: Session, given: ShieldStatusRequest) -> ShieldList:
    """How one's own organisation's shields stand.

    Raises:
        Problem: ROLE_REFUSED, SHIELD_UNKNOWN; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.SHIELDS, lambda: session.client.index.shields(given))


async def end_shield(gateway: Gateway, session: Session, given: ShieldEndRequest) -> ShieldAnswer:
    """Ask that an own shield end. It hides until somebody elsewhere has approved that.

    Raises:
        Problem: ROLE_REFUSED, SHIELD_UNKNOWN, SHIELD_DECIDED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.SHIELDS, lambda: session.client.index.end_shield(given))


async def end_identity(gateway: Gateway, session: Session, given: IdentityEndedGiven) -> ShieldAnswer:
    """Have an own shield keep the identity that its child has left. The own organisation's registrations of it are
    deleted.

    Raises:
        Problem: ROLE_REFUSED; MALFORMED with the fields that are not of their form; NOTHING_TO_ASK; TAGS_PROFILE: the
            shield was made with another NHS number; SHIELD_UNKNOWN; or as the index and the key holders refuse;
            COULD_NOT_CHECK: it may have been done.
    """
    session.require(Office.SHIELDS)
    child = checked(given.child.details(), today=gateway.today())
    keeping = keep_old_identity(session.client, child, given.shield, on_fault=gateway.note_fault)
    return await gateway.acted(session, keeping)


async def desk_queue(gateway: Gateway, session: Session) -> DeskQueue:
    """What waits for the independent desk.

    Raises:
        Problem: ROLE_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    return await gateway.by_officer(session, Office.DESK, lambda: session.client.index.desk_queue())


async def resolve_item(gateway: Gateway, session: Session, given: DeskResolveRequest) -> Nothing:
    """Decide an item of the desk's queue, once.

    Raises:
        Problem: ROLE_REFUSED; MALFORMED: `with_number` goes with `hide` alone; ITEM_UNKNOWN, DECISION_REFUSED; or as
            the index refuses; COULD_NOT_CHECK.
    """
    await gateway.by_officer(session, Office.DESK, lambda: session.client.index.resolve(given))
    return Nothing()


async def called_back(gateway: Gateway, session: Session, given: DeskCallBackRequest) -> Nothing:
    """Say, once, whether the desk rang somebody who asks to be rung.

    Raises:
        Problem: ROLE_REFUSED, ITEM_UNKNOWN, DECISION_REFUSED; or as the index refuses; COULD_NOT_CHECK.
    """
    await gateway.by_officer(session, Office.DESK, lambda: session.client.index.desk_called_back(given))
    return Nothing()


def _known(given: KnownGiven, *, today: dt.date) -> ChildDetails:
    try:
        return checked(given.details(), today=today)
    except Problem as problem:
        # By the names that these fields have here.
        pointers = tuple(_renamed(pointer) for pointer in problem.pointers)
    raise Problem(ProblemCode.MALFORMED, pointers=pointers)


def _renamed(pointer: str) -> str:
    before, _, field = pointer.rpartition("/")
    return f"{before}/{KNOWN_POSTCODES.get(field, field)}"


def _review_day(named: dt.date | None, *, today: dt.date) -> dt.date:
    try:
        return review_day(named, today=today)
    except Failure as failure:
        raise problem_of(failure) from None
