"""A shield from an officer's desk: its day of review, and what is not sent."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import InvalidRequest, NothingToAsk
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.shielding import add_shield, keep_old_identity, review_day
from signpost.edge.transport import Transport
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.shielding import ShieldReason
from tests.support.pretend_services import Pretence

TODAY = dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (None, dt.date(2025, 2, 28)),
        (dt.date(2024, 3, 1), dt.date(2024, 3, 1)),
        (dt.date(2026, 2, 28), dt.date(2026, 2, 28)),
    ],
)
def test_a_shield_is_looked_at_again_in_a_year_or_on_the_day_that_was_named(
    named: dt.date | None, kept: dt.date
) -> None:
    assert review_day(named, today=TODAY) == kept


@pytest.mark.parametrize("named", [TODAY, dt.date(2024, 2, 28), dt.date(2026, 3, 1)])
def test_a_day_that_the_index_would_refuse_is_refused_here(named: dt.date) -> None:
    with pytest.raises(InvalidRequest) as refused:
        review_day(named, today=TODAY)
    assert refused.value.code is ProblemCode.REVIEW_DATE


def test_of_details_that_hide_nobody_nothing_is_sent(tmp_path: Path) -> None:
    """Neither for a new shield nor for an identity that has ended."""
    pretence = Pretence(role=Role.SHIELDING_OFFICER, kind=Kind.COUNCIL)
    nobody = ChildDetails(surname="Quill")

    async def both() -> None:
        desk = Desk.load(pretence.make_desk(tmp_path / "desk"))
        transport = Transport(transport=pretence.transport())
        async with Client(desk, clock=pretence.clock, transport=transport) as client:
            with pytest.raises(NothingToAsk):
                await add_shield(
                    client, nobody, reason=ShieldReason.ADOPTION, review_on=TODAY, own=None, on_fault=lambda _: None
                )
            with pytest.raises(NothingToAsk):
                await keep_old_identity(client, nobody, "5H1E-7RTA", on_fault=lambda _: None)

    asyncio.run(both())

    assert not any(each.body for arrived in pretence.arrived.values() for each in arrived)
