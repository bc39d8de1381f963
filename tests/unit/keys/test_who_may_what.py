"""Which role may have which kind of request evaluated, and how many points each kind takes (B4, B5)."""

from __future__ import annotations

import pytest

from signpost.protocol.classes import Use
from signpost.protocol.purposes import Role
from signpost_keys.evaluate import may_have_evaluated, points_fit

MAY = {
    (Role.PRACTITIONER, Use.LOOKUP): True,
    (Role.PRACTITIONER, Use.DEEP): True,
    (Role.PRACTITIONER, Use.REGISTER): False,
    (Role.PRACTITIONER, Use.OFFICER): False,
    (Role.URGENT, Use.LOOKUP): True,
    (Role.URGENT, Use.DEEP): True,
    (Role.URGENT, Use.REGISTER): False,
    (Role.URGENT, Use.OFFICER): False,
    (Role.FEED, Use.LOOKUP): False,
    (Role.FEED, Use.DEEP): False,
    (Role.FEED, Use.REGISTER): True,
    (Role.FEED, Use.OFFICER): False,
}


def test_every_role_and_use_is_decided() -> None:
    assert set(MAY) == {(role, use) for role in Role for use in Use}


@pytest.mark.parametrize(("role", "use"), MAY)
def test_a_feed_registers_and_people_look_up(role: Role, use: Use) -> None:
    """A stolen feed key looks nobody up; a practitioner registers nobody; there is no officer yet."""
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
