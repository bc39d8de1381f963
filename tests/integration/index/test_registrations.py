"""Registering (protocol.md C1, C3): taken whole or refused whole, always in the same words; it tells nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from signpost.index.storage.sealing import MOST_UNDER_ONE_TAG
from signpost.protocol.classes import MatchClass
from signpost.protocol.messages import Registration, WriteReceipt
from tests.integration.index.conftest import Scene
from tests.support.world import NOON, TODAY, Child, reference_of, whole_child

ADA = whole_child("ada")
BEN = whole_child("ben")


def refused(scene: Scene, *registrations: Registration) -> tuple[int, str, list[str]]:
    """What these registrations are refused with, and where; every table stays as it was."""
    request = scene.world.registering(scene.feed, registrations)
    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.feed, "/v1/registrations", request))
    document = answer.json()
    return answer.status_code, document["code"], [place["pointer"] for place in document.get("errors", [])]


def test_a_registration_is_acknowledged_when_durable(scene: Scene) -> None:
    """202, a receipt that can be said, how many were taken, and when: nothing else."""
    registrations = [
        scene.world.registration(ADA, scene.handle, reference="one"),
        scene.world.registration(BEN, scene.handle, reference="two"),
    ]

    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, registrations))

    assert answer.status_code == 202
    acknowledged = WriteReceipt.model_validate_json(answer.content)
    assert (acknowledged.accepted, acknowledged.at) == (2, NOON)
    tables = scene.index.tables()
    assert (len(tables["inbox"]), len(tables["owned_involvements"]), len(tables["involvement_tags"])) == (2, 2, 1)


def test_registering_tells_nothing(scene: Scene) -> None:
    """The same answer whether nobody, somebody else, or the organisation itself has registered the child before."""
    answers = [scene.index.register(scene.feed, ADA, scene.handle, reference="one")]
    scene.index.settle()
    answers.append(scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one"))
    scene.index.settle()
    answers.append(scene.index.register(scene.feed, ADA, scene.handle, reference="two"))
    answers.append(scene.index.register(scene.feed, ADA, scene.handle, reference="one"))

    told = [{**answer.json(), "receipt": ""} for answer in answers]
    assert all(each == told[0] for each in told)
    assert len({(answer.status_code, tuple(answer.headers.items()), len(answer.content)) for answer in answers}) == 1


def test_a_known_reference_is_replaced(scene: Scene) -> None:
    """The involvement is about another child now: the first child's tags are gone, the other's are there."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    scene.index.register(scene.feed, BEN, scene.handle, reference="one", row="second")
    assert scene.index.look_up(scene.nurse, ADA) == "current"
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, ADA) == "none"
    assert scene.index.look_up(scene.nurse, BEN) == "current"
    tables = scene.index.tables()
    assert (len(tables["owned_involvements"]), len(tables["tag_bodies"]), len(tables["involvement_tags"])) == (
        1,
        12,
        13,
    )


def test_another_organisations_reference_is_another_involvement(scene: Scene) -> None:
    """References are each organisation's own."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.register(scene.other_feed, BEN, scene.other_handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, ADA) == "current"
    assert scene.index.look_up(scene.nurse, BEN) == "current"


def test_two_involvements_of_one_child_can_come_together(scene: Scene) -> None:
    """Two teams work with one child: the same tags twice in one request."""
    registrations = [scene.world.registration(ADA, scene.handle, reference=name) for name in ("one", "two")]

    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, registrations))

    assert answer.status_code == 202
    assert scene.index.settle() == 2


def test_a_full_batch_is_taken(scene: Scene) -> None:
    """Twenty-one children, 252 points, one request."""
    registrations = [
        scene.world.registration(whole_child(f"child {n}"), scene.handle, reference=f"row {n}") for n in range(21)
    ]

    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, registrations))

    assert (answer.status_code, answer.json()["accepted"]) == (202, 21)


def test_only_feeds_register(scene: Scene) -> None:
    """A practitioner's account does not write a caseload."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    request = scene.world.registering(scene.worker, [registration])

    answer = scene.index.refused_on_record(lambda: scene.index.ask(scene.worker, "/v1/registrations", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")


def test_anothers_handle_is_refused(scene: Scene) -> None:
    """A handle is its organisation's own; each wrong one is named by its place."""
    good = scene.world.registration(ADA, scene.handle, reference="one")
    anothers = scene.world.registration(BEN, scene.other_handle, reference="two")
    nobodys = scene.world.registration(BEN, "ZZZZ-ZZZZ", reference="three")

    assert refused(scene, good, anothers, nobodys) == (
        422,
        "handle-unknown",
        ["/registrations/1/handle", "/registrations/2/handle"],
    )


@pytest.mark.parametrize(
    ("started_on", "ended_on", "field"),
    [
        (TODAY, TODAY - dt.timedelta(days=1), "ended_on"),
        (TODAY + dt.timedelta(days=2), None, "started_on"),
        (TODAY, TODAY + dt.timedelta(days=2), "ended_on"),
    ],
    ids=["backwards", "starts in the future", "ends in the future"],
)
def test_an_impossible_period_is_refused(
    scene: Scene, started_on: dt.date, ended_on: dt.date | None, field: str
) -> None:
    """It ends before it starts, or has not come yet."""
    registration = scene.world.registration(
        ADA, scene.handle, reference="one", started_on=started_on, ended_on=ended_on
    )

    assert refused(scene, registration) == (422, "period-invalid", [f"/registrations/0/{field}"])


def test_a_date_of_tomorrow_is_today_somewhere(scene: Scene) -> None:
    """Summer time begins its days an hour before the index's clock does."""
    answer = scene.index.register(
        scene.feed, ADA, scene.handle, reference="one", started_on=TODAY + dt.timedelta(days=1)
    )

    assert answer.status_code == 202


def test_a_reference_stands_once_in_a_request(scene: Scene) -> None:
    """Which of the two was meant to win nobody could tell."""
    registrations = [
        scene.world.registration(child, scene.handle, reference=reference)
        for child, reference in ((ADA, "one"), (BEN, "two"), (BEN, "one"))
    ]

    assert refused(scene, *registrations) == (
        422,
        "reference-repeated",
        ["/registrations/0/reference", "/registrations/2/reference"],
    )


def test_a_registration_holds_at_most_one_identity(scene: Scene) -> None:
    """Otherwise one could be made to hide behind another's shield."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    second = next(at for at, tag in enumerate(registration.tags) if tag.match_class is MatchClass.STRONG)
    tags = list(registration.tags)
    tags[second] = tags[second].model_copy(update={"match_class": MatchClass.IDENTITY})

    assert refused(scene, registration.model_copy(update={"tags": tags})) == (
        422,
        "tags-profile",
        ["/registrations/0/tags"],
    )


def test_a_tag_that_is_no_element_is_refused(scene: Scene) -> None:
    """And its place is named."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    tags = [*registration.tags[:11], registration.tags[11].model_copy(update={"tag": bytes(32)})]

    assert refused(scene, registration.model_copy(update={"tags": tags})) == (
        422,
        "tag-invalid",
        ["/registrations/0/tags/11/tag"],
    )


def test_receipts_must_be_for_as_many_points(scene: Scene) -> None:
    """Twelve a child: one child's receipts do not carry two."""
    registrations = [scene.world.registration(ADA, scene.handle, reference=name) for name in ("one", "two")]
    short = scene.world.registering(scene.feed, registrations[:1]).receipts
    request = scene.world.registering(scene.feed, registrations, receipts=short)

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.feed, "/v1/registrations", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "receipts-mismatch")


def test_tags_of_another_epoch_are_refused(scene: Scene) -> None:
    """The index knows one key at a time."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    request = scene.world.registering(scene.feed, [registration]).model_copy(update={"epoch": 2})

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.feed, "/v1/registrations", request))

    assert (answer.status_code, answer.json()["code"]) == (409, "epoch-unknown")


def test_what_was_registered_is_what_its_owner_keeps(scene: Scene) -> None:
    """References, digest, handle, period, basis, case reference and remove-after month rest in the owner's table."""
    registration = scene.world.registration(Child(), scene.handle, reference="one", ended_on=TODAY)
    scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [registration]))

    (owned,) = scene.index.index.involvements._involvements.after(scene.feed.organisation, None, 10)

    assert owned.reference == reference_of("one")
    assert not owned.changed_here
    for field in set(owned.__slots__) - {"handed_to", "ended_here"}:
        assert getattr(owned, field) == getattr(registration, field)


def test_one_feed_cannot_crowd_a_childs_tag_and_the_word_stays_what_it_was(scene: Scene) -> None:
    """More involvements than anybody has with one child: the open ones stay visible, and a lookup reads no more."""
    open_ones = {"open"}
    names = [f"{number}" for number in range(MOST_UNDER_ONE_TAG + 10)]
    for name in [*names, *open_ones]:
        ended = None if name in open_ones else dt.date(2025, 3, 1)
        assert scene.index.register(scene.feed, ADA, scene.handle, reference=name, ended_on=ended).status_code == 202
    scene.index.settle()

    tables = scene.index.tables()
    crowd = Counter(row[0] for row in tables["involvement_tags"])
    assert max(crowd.values()) == MOST_UNDER_ONE_TAG
    assert len(tables["owned_involvements"]) == len(names) + 1
    assert scene.index.look_up(scene.nurse, ADA) == "current"
