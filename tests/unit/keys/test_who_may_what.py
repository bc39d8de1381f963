"""Which role may have which kind of request evaluated, and how many points each kind takes (B4, B5)."""

from __future__ import annotations

import pytest

from signpost.protocol.classes import Use
from signpost.protocol.purposes import Role
from signpost_keys.evaluate import may_have_evaluated, points_fit

LOOKING = (True, True, False, False)
OFFICER = (False, False, False, True)
NOTHING = (False, False, False, False)
TABLE = {
    # lookup, deep, register, officer
    Role.PRACTITIONER: LOOKING,
    Role.URGENT: LOOKING,
    Role.MATERNITY: LOOKING,
    Role.CASE_MANAGEMENT: (True, False, False, False),
    Role.FEED: (False, False, True, False),
    Role.SHIELDING_OFFICER: OFFICER,
    Role.RIGHTS_OFFICER: OFFICER,
    Role.DATA_OFFICER: NOTHING,
    Role.AUDITOR: NOTHING,
    Role.CUSTODIAN: NOTHING,
    Role.ADMINISTRATOR: NOTHING,
    Role.OPERATOR: NOTHING,
}
MAY = {
    (role, use): may
    for role, row in TABLE.items()
    for use, may in zip((Use.LOOKUP, Use.DEEP, Use.REGISTER, Use.OFFICER), row, strict=True)
}


def test_every_role_and_use_is_decided() -> None:
    assert set(MAY) == {(role, use) for role in Role for use in Use}


@pytest.mark.parametrize(("role", "use"), MAY)
def test_a_feed_registers_and_people_look_up(role: Role, use: Use) -> None:
    """A stolen feed key looks nobody up; a practitioner registers nobody; who watches or runs it does neither."""
    assert may_have_evaluated(role, use) is MAY[role, use]


@pytest.mark.parametrize(
    ("use", "fitting"),
    [
        (Use.LOOKUP, {12}),
        (Use.DEEP, {24}),
        (Use.OFFICER, {12}),
        (Use.REGISTER, set(range(12, 253, 12))),
    ],
)
def test_a_request_has_as_many_points_as_its_use_takes(use: Use, fitting: set[int]) -> None:
    """One child's points, or for a feed those of 1 to 21 children."""
    assert {count for count in range(300) if points_fit(use, count)} == fitting
