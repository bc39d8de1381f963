"""A report to a family is the same for a child whose involvements are out of sight and for one nobody ever registered.

Two worlds are driven through the same requests, with the same clock and the same chance, from the day a report is asked
for to the day it is read. Everything that anybody outside can see is compared byte for byte; the index's own work,
statement for statement and step for step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.messages import Nothing
from signpost.protocol.purposes import Basis, Role
from signpost.protocol.rights import (
    Exemption,
    ObjectionGround,
    ObjectionRequest,
    ReportDecisionRequest,
    ReportReadRequest,
    ReportRequest,
)
from tests.integration.index.conftest import Scene, set_scene
from tests.support.running_index import RunningIndex
from tests.support.shielding import add_shield, officer
from tests.support.two_indexes import TwoIndexes, differences
from tests.support.world import Child, Device, changing, whole_child

ADA = whole_child("ada")
DAYS_28 = 28 * 24 * 60 * 60


def _never(scene: Scene) -> None:
    """Nobody works with her."""


def _withdrawn(scene: Scene) -> None:
    """Northtown did, and withdrew it."""
    _registered(scene)
    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "withdraw"))
    scene.index.settle()


def _registered(scene: Scene) -> None:
    """Northtown works with her, by consent, for everybody to find."""
    registration = scene.world.registration(ADA, scene.handle, reference="one", basis=Basis.CONSENT)
    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [registration]))
    assert answer.status_code == 202
    scene.index.settle()


def _shielded(scene: Scene) -> None:
    """Northtown does, and she is shielded."""
    _registered(scene)
    add_shield(scene.index, officer(scene.index, "southtown"), ADA)


def _shielded_first(scene: Scene) -> None:
    """She was shielded before anybody registered her."""
    add_shield(scene.index, officer(scene.index, "southtown"), ADA)
    _registered(scene)


def _objected(scene: Scene) -> None:
    """Northtown does by consent, and the family's objection is upheld."""
    _registered(scene)
    rights_officer = _officer(scene, "southtown", "carl")
    request = ObjectionRequest(
        **_asking(scene, rights_officer, ADA).model_dump(), balanced=ObjectionGround.NO_OVERRIDING_GROUND
    )
    assert scene.index.ask(rights_officer, "/v1/rights/objections", request).status_code == 201
    scene.index.settle()


OUT_OF_SIGHT: dict[str, Callable[[Scene], None]] = {
    "never registered": _never,
    "withdrawn": _withdrawn,
    "shielded": _shielded,
    "shielded first": _shielded_first,
    "objected to": _objected,
}


@dataclass(frozen=True)
class Seen:
    """What a family's question showed: to whoever asks, decides and reads, and inside."""

    answers: list[tuple[int, tuple[tuple[str, str], ...], bytes]]
    statements: list[str]
    steps: int
    left: dict[str, list[str]]


def seen(folder: Path, before: Callable[[Scene], None], organisation: str, **decision: Any) -> Seen:
    """A report from its first request to its last, in a world of its own."""
    with RunningIndex(folder) as index:
        scene = set_scene(index)
        index.look_up(scene.nurse, ADA)
        before(scene)
        # From here on chance is the same in every world, whatever was drawn before.
        scene.world.reseed(99)
        asker, decider = _officer(scene, organisation, "anna"), _officer(scene, organisation, "bela")
        tables = _sizes(scene)
        with _Watched(scene) as watched:
            watched.ask(asker, "/v1/rights/reports", _asking(scene, asker, ADA))
            report = watched.last.json()["report"]
            watched.ask(decider, "/v1/rights/reports/list", Nothing())
            watched.ask(asker, "/v1/rights/reports/read", ReportReadRequest(report=report))
            document = {"decision": "release", "safe_to_show": True, "exemption": None, **decision}
            watched.ask(decider, "/v1/rights/reports/decide", ReportDecisionRequest(report=report, **document))
            scene.world.clock.advance(DAYS_28)
            reader = _officer(scene, organisation, "anna")
            watched.ask(reader, "/v1/rights/reports/read", ReportReadRequest(report=report))
            watched.ask(reader, "/v1/rights/reports/read", ReportReadRequest(report="0000-0000"))
        assert [status for status, _, _ in watched.answers] == [201, 200, 409, 200, 200, 404]
        after = _sizes(scene)
        left = {name: sorted(_without(after[name], tables[name])) for name in after}
        return Seen(watched.answers, watched.statements, watched.steps, left)


class _Watched:
    """Asks, and keeps all that could be seen of it."""

    def __init__(self, scene: Scene) -> None:
        self.answers: list[tuple[int, tuple[tuple[str, str], ...], bytes]] = []
        self.statements: list[str] = []
        self.steps = 0
        self.last: httpx2.Response
        self._scene = scene
        self._connections: list[Any] = [scene.index.writer._connection, scene.index.reader]

    def __enter__(self) -> _Watched:
        for connection in self._connections:
            connection.set_trace_callback(self._ran)
            connection.set_progress_handler(self._stepped, 1)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.set_trace_callback(None)
            connection.set_progress_handler(None, 1)

    def ask(self, device: Device, path: str, message: BaseModel) -> None:
        """Ask once."""
        self.last = self._scene.index.ask(device, path, message)
        headers = tuple(sorted(self.last.headers.items()))
        self.answers.append((self.last.status_code, headers, self.last.content))

    def _ran(self, statement: str) -> None:
        self.statements.append(re.sub(r"x'[0-9a-f]*'|\b\d+\b|'[^']*'|NULL", "?", statement, flags=re.IGNORECASE))

    def _stepped(self) -> int:
        self.steps += 1
        return 0


def _officer(scene: Scene, organisation: str, account: str) -> Device:
    return scene.index.enrol(organisation, Role.RIGHTS_OFFICER, account=account)


def _asking(scene: Scene, device: Device, child: Child) -> ReportRequest:
    return ReportRequest(
        epoch=scene.world.manifest.epoch,
        tags=scene.world.tags(Use.OFFICER, child),
        receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def _sizes(scene: Scene) -> dict[str, list[str]]:
    """Every row by the sizes of what it holds."""
    return {
        name: [",".join(str(len(cell)) if isinstance(cell, bytes | str) else "." for cell in row) for row in rows]
        for name, rows in scene.index.tables().items()
    }


def _without(rows: list[str], earlier: list[str]) -> list[str]:
    left = list(rows)
    for row in earlier:
        if row in left:
            left.remove(row)
    return left


@pytest.mark.parametrize("world", sorted(set(OUT_OF_SIGHT) - {"never registered"}))
@pytest.mark.parametrize(
    "decision",
    [
        {},
        {"safe_to_show": False, "exemption": Exemption.SERIOUS_HARM},
        {"decision": "refuse", "safe_to_show": False, "exemption": Exemption.CHILD_ABUSE_DATA},
    ],
    ids=["all of it", "not who looked", "nothing"],
)
def test_a_report_of_what_is_out_of_sight_is_a_report_of_nobody(
    tmp_path: Path, world: str, decision: dict[str, Any]
) -> None:
    """In every byte of every answer, every statement and step, and in the size of all that is left behind."""
    absent = seen(tmp_path / "absent", _never, "southtown", **decision)
    hidden = seen(tmp_path / "hidden", OUT_OF_SIGHT[world], "southtown", **decision)

    assert hidden == absent
    assert len(absent.statements) > 30
    assert absent.steps > 300


@pytest.mark.parametrize("world", ["shielded", "objected to"])
def test_line_for_line_a_hidden_childs_report_is_an_absent_ones(tmp_path: Path, world: str) -> None:
    """Two indexes with the same keys are sent the same bytes: in answers, statements with their values, steps of both
    connections, chance, log, and every line of Python, nothing differs.
    """
    with TwoIndexes(tmp_path) as both:
        scene = both.set_scene()
        both.each(lambda index: index is both.one and OUT_OF_SIGHT[world](replace(scene, index=index)))
        asker, decider = _officer(scene, "southtown", "anna"), _officer(scene, "southtown", "bela")
        request = _asking(scene, asker, ADA)
        # Whatever is done for the first time only, as what a cache then knows, is done about somebody else.
        both.ask(scene.nurse, "/v1/lookups", scene.world.lookup(scene.nurse, whole_child("ben")))
        both.ask(asker, "/v1/rights/reports", _asking(scene, asker, whole_child("ben")))
        both.ask(asker, "/v1/rights/reports/read", ReportReadRequest(report="0000-0000"))

        def same(device: Device, path: str, message: BaseModel) -> bytes:
            one, other = both.watch(device, path, message, lines=True)
            assert differences(one, other) == [], path
            assert one.loop_lines
            return one.body

        report = json.loads(same(asker, "/v1/rights/reports", request))["report"]
        same(asker, "/v1/rights/reports", request)
        decision = ReportDecisionRequest(report=report, decision="release", safe_to_show=True, exemption=None)
        same(decider, "/v1/rights/reports/decide", decision)
        both.world.clock.advance(DAYS_28)
        reader = _officer(scene, "southtown", "anna")
        told = json.loads(same(reader, "/v1/rights/reports/read", ReportReadRequest(report=report)))
        assert told["involvements"] == []


def test_the_comparison_sees_a_report_that_does_tell_of_somebody(tmp_path: Path) -> None:
    """It has teeth: a child whom another council works with is told of, and so differs."""
    absent = seen(tmp_path / "absent", _never, "southtown")
    known = seen(tmp_path / "known", _registered, "southtown")

    assert known.answers[4] != absent.answers[4]
    assert b'"kind":"council"' in known.answers[4][2]


@pytest.mark.parametrize("world", sorted(OUT_OF_SIGHT))
def test_the_council_that_registers_her_cannot_tell_by_its_own_report(tmp_path: Path, world: str) -> None:
    """Its own rows are never visited (C5): what it registered shows as little as what has gone out of sight."""
    settled = seen(tmp_path / "settled", _registered, "northtown")
    gone = seen(tmp_path / "gone", OUT_OF_SIGHT[world], "northtown")

    assert gone == settled


def test_who_looked_is_told_the_same_of_a_child_nobody_works_with(tmp_path: Path) -> None:
    """An access is of the question, never of its answer."""
    for name, before in OUT_OF_SIGHT.items():
        told = seen(tmp_path / name, before, "southtown").answers[4][2]
        assert b'"accesses":[{"kind":"hospital","purpose":"vital-interests","month":"2025-10"}]' in told
