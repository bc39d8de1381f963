"""Handles are changed, confirmed, handed over and checked on the operator's word, and only ever whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx2
import pytest

from tests.integration.index.conftest import Scene
from tests.integration.index.test_operator import TODAY, code
from tests.integration.index.test_record import leaves
from tests.support.world import whole_child

DAY = 86_400


def listed(scene: Scene) -> dict[str, dict[str, Any]]:
    """The council's handles, whole, by name."""
    answer = scene.index.operate("/handles/list", {"organisation": "northtown"})
    return {each["handle"]: each for each in answer.json()["handles"]}


def operate(scene: Scene, what: str, **said: object) -> httpx2.Response:
    """About the council's handles."""
    return scene.index.operate(f"/handles/{what}", {"organisation": "northtown", **said})


def night_desk(scene: Scene) -> str:
    """Another handle of the council."""
    desk = {"organisation": "northtown", "title": "Night desk", "telephone": "01632 960009"}
    handle: str = scene.index.operate("/handles", desk).json()["handle"]
    return handle


def actions(scene: Scene) -> list[str]:
    """What the record says was done."""
    return [leaf["action"] for leaf in leaves(scene.index)]


def test_what_is_said_anew_is_changed_and_the_rest_stays(scene: Scene) -> None:
    """And it is confirmed."""
    night = night_desk(scene)
    scene.world.clock.advance(100 * DAY)
    before = listed(scene)[scene.handle]

    answer = operate(scene, "change", handle=scene.handle, telephone="01632 960111", out_of_hours=night)

    assert answer.status_code == 200
    confirmed = (dt.date.fromisoformat(TODAY) + dt.timedelta(days=100)).isoformat()
    changed = {"telephone": "01632 960111", "out_of_hours": night, "confirmed_on": confirmed}
    assert listed(scene)[scene.handle] == before | changed
    assert operate(scene, "change", handle=scene.handle, out_of_hours=None, email="d@n.example").status_code == 200
    assert listed(scene)[scene.handle] == before | changed | {"out_of_hours": None, "email": "d@n.example"}


def test_confirming_and_handing_over_change_nothing_else(scene: Scene) -> None:
    """Each with its leaf; taking a hand-over back too."""
    night = night_desk(scene)
    scene.world.clock.advance(100 * DAY)
    before = listed(scene)

    assert operate(scene, "confirm", handles=[scene.handle, night]).status_code == 200
    confirmed = (dt.date.fromisoformat(TODAY) + dt.timedelta(days=100)).isoformat()
    now = {name: each | {"confirmed_on": confirmed} for name, each in before.items()}
    assert listed(scene) == now

    assert operate(scene, "hand-over", handle=scene.handle, to=night).status_code == 200
    assert listed(scene)[scene.handle] == now[scene.handle] | {"handed_over_to": night}
    assert operate(scene, "hand-over", handle=scene.handle, to=None).status_code == 200
    assert listed(scene) == now
    assert actions(scene)[-3:] == ["confirmed-handle", "handed-over-handle", "handed-over-handle"]


def test_a_handle_that_was_handed_over_may_still_be_named_by_a_feed(scene: Scene) -> None:
    """So that closing a team needs nothing from the council's system."""
    operate(scene, "hand-over", handle=scene.handle, to=night_desk(scene))

    assert scene.index.register(scene.feed, whole_child("ada"), scene.handle, reference="one").status_code == 202


@pytest.mark.parametrize(
    ("what", "said", "refusal"),
    [
        ("change", {"handle": "0000-0000", "title": "Desk"}, (422, "handle-unknown")),
        ("change", {"handle": "OTHER", "title": "Desk"}, (422, "handle-unknown")),
        ("change", {"handle": "HANDLE", "out_of_hours": "OTHER"}, (422, "handle-unknown")),
        ("change", {"handle": "HANDLE", "out_of_hours": "HANDLE"}, (409, "handle-circular")),
        ("change", {"handle": "HANDLE", "telephone": None}, (422, "malformed")),
        ("change", {"handle": "HANDLE", "title": None}, (422, "malformed")),
        ("change", {"handle": "HANDLE", "identifier": "0000-0000"}, (422, "malformed")),
        ("confirm", {"handles": ["NIGHT", "OTHER"]}, (422, "handle-unknown")),
        ("confirm", {"handles": []}, (422, "malformed")),
        ("hand-over", {"handle": "HANDLE", "to": "OTHER"}, (422, "handle-unknown")),
        ("hand-over", {"handle": "HANDLE", "to": "HANDLE"}, (409, "handle-circular")),
        ("hand-over", {"handle": "NIGHT", "to": "HANDLE"}, (409, "handle-circular")),
        ("check", {"organisation": "westtown"}, (403, "organisation-unknown")),
        ("confirm", {"organisation": "westtown", "handles": ["NIGHT"]}, (403, "organisation-unknown")),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    scene: Scene, what: str, said: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """By name; of several, none."""
    night = night_desk(scene)
    operate(scene, "hand-over", handle=scene.handle, to=night)
    names = {"HANDLE": scene.handle, "NIGHT": night, "OTHER": scene.other_handle}
    meant = {
        field: [names.get(each, each) for each in value] if isinstance(value, list) else names.get(value, value)
        for field, value in said.items()
    }

    answer = scene.index.unchanged_by(lambda: operate(scene, what, **meant))

    assert code(answer) == refusal


def test_the_check_names_what_is_wrong_of_one_organisation_and_of_all(scene: Scene) -> None:
    """And a handle that is right is not in it."""
    night = night_desk(scene)
    operate(scene, "change", handle=scene.handle, out_of_hours=night)
    operate(scene, "change", handle=night, out_of_hours=scene.handle)
    circle = ["circular-fallback"]
    assert _found(operate(scene, "check")) == {scene.handle: circle, night: circle}

    operate(scene, "change", handle=night, out_of_hours=None)
    assert _found(operate(scene, "check")) == {night: ["no-fallback"]}

    scene.world.clock.advance(90 * DAY)
    chased = {scene.handle: ["to-confirm"], night: ["to-confirm", "no-fallback"]}
    assert _found(operate(scene, "check")) == chased
    of_all = _found(scene.index.operate("/handles/check", {}))
    assert of_all == chased | {scene.other_handle: ["to-confirm", "no-fallback"]}


def _found(answer: httpx2.Response) -> dict[str, list[str]]:
    return {each["handle"]: each["faults"] for each in answer.json()["handles"]}
