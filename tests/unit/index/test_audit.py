"""The record's leaves and their chain."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from signpost.index.audit import AuditAction, AuditEvent
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.purposes import DeepReason, Purpose
from signpost.protocol.record import CHAIN_START, chain, follows


def event(access: int) -> AuditEvent:
    """A lookup."""
    return AuditEvent(
        action=AuditAction.LOOKED_UP,
        at=1_760_356_800,
        access=bytes([access]) * 16,
        organisation=OrganisationId("northtown"),
        account=AccountId("someone"),
        purpose=Purpose.SECTION_47,
    )


def linked(*events: AuditEvent) -> list[tuple[bytes, bytes]]:
    """The record of these events."""
    record = []
    previous = CHAIN_START
    for each in events:
        previous = chain(previous, each.leaf())
        record.append((each.leaf(), previous))
    return record


def test_a_leaf_says_who_what_why_and_when() -> None:
    """And has no other field."""
    assert json.loads(event(1).leaf()) == {
        "access": "AQEBAQEBAQEBAQEBAQEBAQ",
        "account": "someone",
        "action": "looked-up",
        "at": 1_760_356_800,
        "deep": None,
        "exception": None,
        "ground": None,
        "organisation": "northtown",
        "purpose": "s47",
        "refused": None,
        "rows": None,
        "subject": None,
        "user": "AAAAAAAAAAAAAAAAAAAAAA",
    }


@pytest.mark.parametrize("reason", DeepReason)
def test_a_deep_lookups_leaf_says_why(reason: DeepReason) -> None:
    """By its code, in the one form that every leaf has."""
    ordinary, deep = (json.loads(each.leaf()) for each in (event(1), replace(event(1), deep=reason)))

    assert deep == ordinary | {"deep": reason.value}


def test_a_leaf_in_a_named_users_name_is_as_long_as_any() -> None:
    """Whether a machine asked, or a person, does not show in its size."""
    own, named = event(1).leaf(), replace(event(1), user=bytes(range(16))).leaf()

    assert json.loads(named) == json.loads(own) | {"user": "AAECAwQFBgcICQoLDA0ODw"}
    assert len(named) == len(own)


def test_a_record_follows_from_its_start() -> None:
    """Each link from the one before."""
    assert follows(linked(event(1), event(2), event(3)))
    assert follows([])


def test_a_changed_leaf_breaks_the_chain() -> None:
    """Whatever is changed, dropped, added or moved shows."""
    first, second, third = linked(event(1), event(2), event(3))

    assert not follows([first, (event(9).leaf(), second[1]), third])
    assert not follows([first, third])
    assert not follows([second, third])
    assert not follows([first, third, second])
    assert not follows([first, second, second, third])
