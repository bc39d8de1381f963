"""The record (protocol.md C7): one leaf for all that was taken, chained, with no tag, no reference, no result."""

from __future__ import annotations

import json
from typing import Any

from signpost.protocol.encoding import to_base64url
from signpost.protocol.labels import Label
from signpost.protocol.messages import (
    Change,
    ChangeRequest,
    FeedFinished,
    InvolvementListRequest,
    Nothing,
)
from signpost.protocol.record import follows
from tests.integration.index.conftest import Scene
from tests.support.running_index import RunningIndex
from tests.support.world import NOON, reference_of, whole_child

ADA = whole_child("ada")


def record(index: RunningIndex) -> list[tuple[bytes, bytes]]:
    """Every leaf, opened, with its link."""
    rows = index.reader.execute("SELECT sealed, link FROM audit_leaves ORDER BY sequence").fetchall()
    return [(index.vault.open(sealed, Label.AUDIT_ROW), link) for sealed, link in rows]


def leaves(index: RunningIndex) -> list[dict[str, Any]]:
    """What the leaves say."""
    return [json.loads(leaf) for leaf, _ in record(index)]


def play(scene: Scene) -> None:
    """One of everything."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    scene.index.look_up(scene.nurse, ADA)
    change = Change(reference=reference_of("one"), action="withdraw", ended_on=None, row_digest=None)
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=[change]))
    scene.index.ask(scene.feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=1))
    scene.index.ask(scene.worker, "/v1/handles/list", Nothing())
    scene.index.ask(scene.feed, "/v1/feeds/finished", FeedFinished(format="csv"))
    scene.index.operate("/revocations", {"organisation": "northtown", "account": scene.worker.account})
    scene.world.clock.advance(100)
    scene.index.sweep()


def test_everything_that_was_taken_has_one_leaf(scene: Scene) -> None:
    """In order, with who did it; the index's own work has nobody."""
    before = len(leaves(scene.index))
    play(scene)

    told = [(leaf["action"], leaf["organisation"], leaf["account"]) for leaf in leaves(scene.index)[before:]]

    assert told == [
        ("registered", "northtown", scene.feed.account),
        ("settled", None, None),
        ("looked-up", "st-elsewhere", scene.nurse.account),
        ("changed", "northtown", scene.feed.account),
        ("listed-involvements", "northtown", scene.feed.account),
        ("listed-handles", "northtown", scene.worker.account),
        ("finished-feed", "northtown", scene.feed.account),
        ("revoked", "northtown", None),
        ("swept", None, None),
    ]


def test_the_operators_acts_are_on_the_record(scene: Scene) -> None:
    """Admitting and adding handles."""
    told = {leaf["action"] for leaf in leaves(scene.index)}

    assert told == {"admitted-organisation", "added-handle"}
    assert len(leaves(scene.index)) == 3 + 2


def test_the_chain_follows(scene: Scene) -> None:
    """From the first leaf to the last; a leaf that is changed, left out or moved breaks it."""
    play(scene)
    links = record(scene.index)

    assert follows(links)
    assert not follows(links[:3] + links[4:])
    assert not follows([links[1], links[0], *links[2:]])
    assert not follows([(b"{}", links[0][1]), *links[1:]])


def test_a_leaf_holds_no_tag_no_reference_and_no_result(scene: Scene) -> None:
    """Thirteen fields, and nothing of what was asked or found in any of them."""
    play(scene)
    told = leaves(scene.index)

    fields = {
        "access", "account", "action", "at", "deep", "exception", "ground", "organisation", "purpose", "refused",
        "rows", "subject", "user",
    }  # fmt: skip
    assert all(set(leaf) == fields for leaf in told)
    text = json.dumps(told)
    assert to_base64url(reference_of("one")) not in text
    assert not any(word in text for word in ("current", "previous", "possible", "none", scene.handle))
    assert {leaf["purpose"] for leaf in told} == {None, "vital-interests"}
    assert {leaf["at"] for leaf in told} == {NOON, NOON + 100}


def test_access_identifiers_are_never_the_same_nor_anybody_elses(scene: Scene) -> None:
    """Each leaf has a random one, and no other store holds it."""
    play(scene)
    identifiers = [leaf["access"] for leaf in leaves(scene.index)]

    assert len(set(identifiers)) == len(identifiers)
    others = repr({name: rows for name, rows in scene.index.tables().items() if name != "audit_leaves"})
    assert not any(identifier in others for identifier in identifiers)


def test_a_refused_request_leaves_no_leaf(scene: Scene) -> None:
    """Nothing was taken, so nothing is told."""
    before = record(scene.index)
    wrong = scene.world.lookup(scene.nurse, ADA).model_copy(update={"epoch": 3})
    scene.index.ask(scene.nurse, "/v1/lookups", wrong)

    assert record(scene.index) == before
