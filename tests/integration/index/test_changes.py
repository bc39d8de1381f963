"""Ends and withdrawals: the owner's own, all or none, visible when they have settled."""

from __future__ import annotations

import datetime as dt

import pytest

from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.protocol.messages import Change, ChangeRequest
from tests.integration.index.conftest import Scene
from tests.support.world import TODAY, Device, reference_of, whole_child

ADA = whole_child("ada")
LATELY = TODAY - dt.timedelta(days=30)
NEW_ROW = digest(Label.ROW_DIGEST, "ended")[:16]


def end(reference: str, on: dt.date | None = LATELY, row: bytes | None = NEW_ROW) -> Change:
    """An end."""
    return Change(reference=reference_of(reference), action="end", ended_on=on, row_digest=row)


def withdraw(reference: str, on: dt.date | None = None, row: bytes | None = None) -> Change:
    """A withdrawal."""
    return Change(reference=reference_of(reference), action="withdraw", ended_on=on, row_digest=row)


def refused(scene: Scene, *changes: Change, by: Device | None = None) -> tuple[int, str, list[str]]:
    """What these changes are refused with, and where; every table stays as it was."""
    request = ChangeRequest(changes=list(changes))
    answer = scene.index.unchanged_by(lambda: scene.index.ask(by or scene.feed, "/v1/involvements/changes", request))
    document = answer.json()
    return answer.status_code, document["code"], [place["pointer"] for place in document.get("errors", [])]


@pytest.fixture
def registered(scene: Scene) -> Scene:
    """A scene in which Northtown works with Ada, under the reference `one`."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    return scene


def test_an_ended_involvement_answers_previous(registered: Scene) -> None:
    """Once the end has settled, and not before."""
    answer = registered.index.ask(registered.feed, "/v1/involvements/changes", ChangeRequest(changes=[end("one")]))

    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert registered.index.look_up(registered.nurse, ADA) == "current"
    registered.index.settle()
    assert registered.index.look_up(registered.nurse, ADA) == "previous"


def test_a_withdrawn_involvement_is_gone(registered: Scene) -> None:
    """No tag, no body and no row of its owner's is left."""
    registered.index.ask(registered.feed, "/v1/involvements/changes", ChangeRequest(changes=[withdraw("one")]))
    registered.index.settle()

    assert registered.index.look_up(registered.nurse, ADA) == "none"
    tables = registered.index.tables()
    assert (tables["tag_bodies"], tables["owned_involvements"], len(tables["involvement_tags"])) == ([], [], 1)


def test_an_end_keeps_the_rest_and_takes_the_new_digest(registered: Scene) -> None:
    """The owner's row has its day and its new digest, and is otherwise as it was."""
    own = registered.index.index.involvements._involvements
    (before,) = own.after(registered.feed.organisation, None, 10)

    registered.index.ask(registered.feed, "/v1/involvements/changes", ChangeRequest(changes=[end("one")]))

    (after,) = own.after(registered.feed.organisation, None, 10)
    assert (after.ended_on, after.row_digest) == (LATELY, NEW_ROW)
    same = set(before.__slots__) - {"ended_on", "row_digest"}
    assert {name: getattr(after, name) for name in same} == {name: getattr(before, name) for name in same}


def test_an_end_never_moves_to_a_later_day(registered: Scene) -> None:
    """Work that ended long ago, and then leaves the extract, is not news: else `previous` would last too long."""
    own = registered.index.index.involvements._involvements
    for day in (dt.date(2025, 2, 1), LATELY):
        registered.index.ask(registered.feed, "/v1/involvements/changes", ChangeRequest(changes=[end("one", day)]))
        registered.index.settle()

    (after,) = own.after(registered.feed.organisation, None, 10)
    assert (after.ended_on, after.row_digest) == (dt.date(2025, 2, 1), NEW_ROW)
    ends = {row[5] for row in registered.index.tables()["involvement_tags"] if row[5] is not None}
    assert ends == {dt.date(2025, 2, 1).toordinal()}


def test_an_end_can_be_moved_earlier_and_opened_again(registered: Scene) -> None:
    """Registering again without an end opens the involvement."""
    for day, word in ((LATELY, "previous"), (dt.date(2025, 2, 1), "previous")):
        registered.index.ask(registered.feed, "/v1/involvements/changes", ChangeRequest(changes=[end("one", day)]))
        registered.index.settle()
        assert registered.index.look_up(registered.nurse, ADA) == word

    registered.index.register(registered.feed, ADA, registered.handle, reference="one")
    registered.index.settle()
    assert registered.index.look_up(registered.nurse, ADA) == "current"


def test_what_was_registered_and_withdrawn_in_one_breath_never_shows(scene: Scene) -> None:
    """Both settle in one batch."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=[withdraw("one")]))
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, ADA) == "none"
    assert scene.index.tables()["tag_bodies"] == []


def test_an_unknown_reference_refuses_all_of_it(registered: Scene) -> None:
    """The one that is known stays as it was; the place of each that is not is named."""
    assert refused(registered, end("one"), end("two"), withdraw("three")) == (
        404,
        "reference-unknown",
        ["/changes/1/reference", "/changes/2/reference"],
    )


def test_anothers_involvement_is_unknown(registered: Scene) -> None:
    """The same reference of another organisation is not this one's to end."""
    assert refused(registered, withdraw("one"), by=registered.other_feed) == (
        404,
        "reference-unknown",
        ["/changes/0/reference"],
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (end("one", dt.date(2025, 1, 5)), "period-invalid"),
        (end("one", TODAY + dt.timedelta(days=2)), "period-invalid"),
        (end("one", None), "malformed"),
        (end("one", row=None), "malformed"),
        (withdraw("one", on=LATELY), "malformed"),
        (withdraw("one", row=NEW_ROW), "malformed"),
    ],
    ids=["before its start", "in the future", "no day", "no digest", "withdrawn on a day", "withdrawn with a digest"],
)
def test_a_change_that_makes_no_sense_is_refused(registered: Scene, change: Change, code: str) -> None:
    """By name, with its place."""
    status, found, places = refused(registered, change)

    assert (status, found) == (422, code)
    assert places[0].startswith("/changes/0")


def test_a_reference_stands_once_in_a_request(registered: Scene) -> None:
    """End and withdraw at once is not taken."""
    assert refused(registered, end("one"), withdraw("one"))[:2] == (422, "reference-repeated")


def test_only_feeds_change(registered: Scene) -> None:
    """A practitioner's account does not end involvements."""
    request = ChangeRequest(changes=[end("one")])

    answer = registered.index.refused_on_record(
        lambda: registered.index.ask(registered.worker, "/v1/involvements/changes", request)
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")
