"""Whom one rings about work that was handed over here: colleagues the desk that has it, an independent desk the one
that the feed named, and whoever breaks the glass somebody who has a telephone.
"""

from __future__ import annotations

from typing import Any

import pytest

from signpost.protocol.messages import GlassRequest, OwnWorkEndRequest
from signpost.protocol.purposes import Purpose, Role
from tests.integration.index.conftest import Scene
from tests.integration.index.test_own_work import (
    ADA,
    END,
    HAND_OVER,
    YESTERDAY,
    another_desk,
    code,
    handing,
    leave,
    see,
)
from tests.integration.index.test_shielding import ANOTHER_NUMBER
from tests.support.shielding import add_shield, admit_desk, desk_queue, officer
from tests.support.world import TODAY, changing, reference_of

FEEDS = ("Duty desk", "01632 960001")


@pytest.fixture
def registered(scene: Scene) -> Scene:
    """A scene in which Northtown works with Ada, under the reference `one`."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    return scene


def hand_over(scene: Scene, to: str) -> None:
    """By Northtown's practitioner."""
    answer = scene.index.ask(scene.worker, HAND_OVER, handing(to))
    assert answer.status_code == 200, answer.text


def rings(desk: dict[str, Any]) -> tuple[str, str]:
    """Whom, and where."""
    return desk["title"], desk["telephone"]


def broken(scene: Scene) -> list[tuple[str, str | None]]:
    """The lines that whoever breaks the glass about Ada is shown."""
    receipt = scene.index.ask(scene.nurse, "/v1/lookups", scene.world.lookup(scene.nurse, ADA)).json()["receipt"]
    request = GlassRequest(receipt=receipt, purpose=Purpose.VITAL_INTERESTS)
    answer = scene.index.ask(scene.nurse, "/v1/contact/break-glass", request)
    assert answer.status_code == 200, answer.text
    return [(each["title"], each["telephone"]) for each in answer.json()["handles"]]


# -- an independent desk


@pytest.mark.parametrize("first", ["handed over", "shielded"])
def test_an_independent_desk_rings_the_one_that_the_feed_named(scene: Scene, first: str) -> None:
    """Of what a shield is unsure about: a practitioner has it ring nowhere of their choice, before the shield or after
    it, and is not made known as one who tried.
    """
    desk = admit_desk(scene.index)
    scene.index.register(scene.feed, ANOTHER_NUMBER, scene.handle, reference="one")
    scene.index.settle()
    mine = another_desk(scene, title="Mine", telephone="01632 960666")
    if first == "handed over":
        hand_over(scene, mine)
    add_shield(scene.index, officer(scene.index), ADA)
    if first == "shielded":
        hand_over(scene, mine)

    [item] = [each for each in desk_queue(scene.index, desk) if each["work"] == "unsure"]

    assert see(scene)["handle"] == mine
    assert rings(item["owner"]["desk"]) == FEEDS
    assert "Mine" not in str(item)


def test_it_rings_the_feeds_desk_of_who_was_told_before_a_seal_too(registered: Scene) -> None:
    """Though the notice went to the desk that had the work."""
    desk = admit_desk(registered.index)
    hand_over(registered, another_desk(registered, title="Mine", telephone="01632 960666"))
    leave(registered, registered.nurse)
    add_shield(registered.index, officer(registered.index), ADA)

    [item] = [each for each in desk_queue(registered.index, desk) if each["work"] == "call-back"]

    [answer] = item["answers"]
    assert (answer["organisation"], rings(answer["desk"])) == ("northtown", FEEDS)


# -- whoever breaks the glass


def test_who_breaks_the_glass_rings_the_desk_that_has_it(registered: Scene) -> None:
    hand_over(registered, another_desk(registered))

    assert broken(registered) == [("Children's team", "01632 960002")]


def test_nothing_is_handed_to_a_desk_that_nobody_can_ring(registered: Scene) -> None:
    """With neither a telephone of its own nor one behind it, whoever breaks the glass would have none to ring."""
    by_mail = {"telephone": None, "email": "desk@northtown.example"}
    mute = another_desk(registered, title="By mail", **by_mail)
    also = another_desk(registered, out_of_hours=mute, **by_mail)

    for to in (mute, also):
        answer = registered.index.ask(registered.worker, HAND_OVER, handing(to))
        assert code(answer) == (422, "handle-unreachable", ["/hand_over_to"])

    assert see(registered)["handle"] == registered.handle
    night = another_desk(registered, title="Night", telephone="01632 960009")
    hand_over(registered, another_desk(registered, out_of_hours=night, **by_mail))
    assert broken(registered) == [("Children's team", None), ("Night", "01632 960009")]


def test_where_the_desk_that_has_it_lost_its_telephone_the_feeds_is_rung(registered: Scene) -> None:
    """As long as that one has one: else it is shown who has the work."""
    desk = another_desk(registered)
    hand_over(registered, desk)
    lose_telephone(registered, desk)

    assert broken(registered) == [FEEDS]

    lose_telephone(registered, registered.handle)
    assert broken(registered) == [("Children's team", None)]


def lose_telephone(scene: Scene, handle: str) -> None:
    """It has a mailbox from now on."""
    said = {"organisation": "northtown", "handle": handle, "telephone": None, "email": "desk@northtown.example"}
    assert scene.index.operate("/handles/change", said).status_code == 200


# -- how long


def test_handed_back_it_stands_as_the_feed_said(registered: Scene) -> None:
    desk = another_desk(registered)
    [before] = owned(registered)

    hand_over(registered, desk)
    [between] = owned(registered)
    hand_over(registered, registered.handle)

    assert (between.handle, between.handed_to, between.changed_here) == (registered.handle, desk, True)
    assert owned(registered) == [before]


def test_what_was_done_here_goes_with_the_next_row(registered: Scene) -> None:
    """Registered anew it is as the feed says; an end in the row leaves the desk, and the earlier of two ends."""
    desk = another_desk(registered)
    hand_over(registered, desk)
    registered.index.ask(registered.worker, END, OwnWorkEndRequest(reference=reference_of("one"), ended_on=YESTERDAY))
    registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "end"))
    [ended] = owned(registered)
    assert (ended.handed_to, ended.ended_on, ended.ended_here) == (desk, YESTERDAY, True)

    registered.index.register(registered.feed, ADA, registered.handle, reference="one", row="second")

    [anew] = owned(registered)
    assert (anew.desk, anew.handed_to, anew.ended_on, anew.changed_here) == (registered.handle, None, None, False)


def test_an_end_that_the_feed_says_as_well_is_none_of_here(registered: Scene) -> None:
    """The extract has it as it is: nothing need be sent again."""
    registered.index.ask(registered.worker, END, OwnWorkEndRequest(reference=reference_of("one"), ended_on=TODAY))
    [here] = owned(registered)

    registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "end"))

    [said] = owned(registered)
    assert (here.ended_here, said.ended_on, said.changed_here) == (True, TODAY, False)


def owned(scene: Scene) -> list[Any]:
    """The rows of the owner's table."""
    return scene.index.index.involvements._involvements.after(scene.feed.organisation, None, 10)


def test_all_rows_of_the_owners_table_are_of_one_size(registered: Scene) -> None:
    """Whatever was done with them."""
    for name in ("two", "three"):
        registered.index.register(registered.feed, ADA, registered.handle, reference=name)
    hand_over(registered, another_desk(registered))
    ending = OwnWorkEndRequest(reference=reference_of("two"), ended_on=YESTERDAY)
    assert registered.index.ask(registered.index.enrol("northtown", Role.PRACTITIONER), END, ending).status_code == 202

    sizes = registered.index.reader.execute("SELECT length(sealed) FROM owned_involvements").fetchall()

    assert len(sizes) == 3
    assert len(set(sizes)) == 1
