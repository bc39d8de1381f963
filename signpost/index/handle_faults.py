"""What is wrong with an organisation's handles, so that somebody mends it before a colleague rings in vain. Pure.

A handle is right as long as its organisation says so: after ninety days it is asked again, a fortnight later marked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from signpost.index.records import Handle
from signpost.protocol.own_organisation import HandleFault

__all__ = ["CONFIRMED_DAYS", "MARKED_DAYS", "can_be_rung", "faults_of", "lines_of", "sensitive", "standing_for"]

CONFIRMED_DAYS: Final = 90
"""A handle that nobody has confirmed for so long is to be confirmed."""
MARKED_DAYS: Final = CONFIRMED_DAYS + 14
"""And after so many it is marked as one that may be wrong."""


def faults_of(handle: Handle, handles: Mapping[str, Handle], *, today: dt.date) -> list[HandleFault]:
    """What is wrong with one of an organisation's handles. Of one that was handed over nothing is: another answers."""
    return [] if handle.handed_over_to is not None else list(_faults(handle, handles, today))


def _faults(handle: Handle, handles: Mapping[str, Handle], today: dt.date) -> Iterator[HandleFault]:
    unconfirmed = None if handle.confirmed_on is None else (today - handle.confirmed_on).days
    if unconfirmed is None or unconfirmed >= MARKED_DAYS:
        yield HandleFault.UNCONFIRMED
    elif unconfirmed >= CONFIRMED_DAYS:
        yield HandleFault.TO_CONFIRM
    chain = _fallbacks(handle, handles)
    if handle.telephone is None:
        yield HandleFault.NO_TELEPHONE
        if not any(each.telephone for each in chain):
            yield HandleFault.UNREACHABLE
    if not chain:
        yield HandleFault.NO_FALLBACK
    elif chain[-1] == handle:
        yield HandleFault.CIRCULAR_FALLBACK


def _fallbacks(handle: Handle, handles: Mapping[str, Handle]) -> list[Handle]:
    """Who answers when this one does not, in order; the handle itself is last where it comes round to it."""
    chain: list[Handle] = []
    while (then := (chain[-1] if chain else handle).out_of_hours) is not None:
        following = standing_for(then, handles)
        if following in chain:
            break
        chain.append(following)
        if following == handle:
            break
    return chain


def standing_for(identifier: str, handles: Mapping[str, Handle]) -> Handle:
    """The handle that answers for this one: itself, or the last it was handed over to."""
    handle = handles[identifier]
    while handle.handed_over_to is not None:
        handle = handles[handle.handed_over_to]
    return handle


def lines_of(identifier: str, handles: Mapping[str, Handle]) -> list[Handle]:
    """Whom one rings about a handle's work now: the handle that answers for it, and the one that does out of hours."""
    desk = standing_for(identifier, handles)
    behind = None if desk.out_of_hours is None else standing_for(desk.out_of_hours, handles)
    return [desk] if behind is None or behind == desk else [desk, behind]


def can_be_rung(identifier: str, handles: Mapping[str, Handle]) -> bool:
    """Whether any of them has a telephone."""
    return any(each.telephone is not None for each in lines_of(identifier, handles))


def sensitive(handles: Mapping[str, Handle]) -> frozenset[str]:
    """The handles of sensitive services, and those that one of these answers for."""
    return frozenset(
        each for each, handle in handles.items() if handle.consent_only or standing_for(each, handles).consent_only
    )
