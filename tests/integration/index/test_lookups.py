"""Looking up (protocol.md C1, C5): one word, always in the same form, about everybody else's involvements."""

from __future__ import annotations

import datetime as dt

import pytest

from signpost.protocol.classes import MatchClass, Place, Tier, Use
from signpost.protocol.messages import LookupAnswer
from signpost.protocol.purposes import DeepReason, Purpose
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.support.running_index import Tables
from tests.support.world import NOON, TODAY, Child, Device, whole_child

ADA = whole_child("ada")


def rows_added(before: Tables, after: Tables) -> dict[str, int]:
    """How many rows each table gained."""
    gained = {name: len(after[name]) - len(before[name]) for name in after}
    return {name: count for name, count in gained.items() if count}


def test_a_colleague_elsewhere_is_found(scene: Scene) -> None:
    """A council registers a child, and a nurse elsewhere learns that a colleague is working with it."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, ADA) == "current"


def test_a_child_nobody_registered_is_not_found(scene: Scene) -> None:
    """Nothing but padding and unknown tags: none."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, whole_child("ben")) == "none"


def test_registering_is_not_visible_before_it_settles(scene: Scene) -> None:
    """An acknowledgement says that it is durable, not that it is visible."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")

    assert scene.index.look_up(scene.nurse, ADA) == "none"


@pytest.mark.parametrize(
    ("ended_on", "word"),
    [
        (TODAY, "previous"),
        (TODAY - dt.timedelta(days=100), "previous"),
        (dt.date(2024, 10, 13), "previous"),
        (dt.date(2024, 10, 12), "none"),
    ],
)
def test_an_ended_involvement_answers_for_the_look_back_window(scene: Scene, ended_on: dt.date, word: str) -> None:
    """Twelve months to the day, then nothing."""
    scene.index.register(
        scene.feed, ADA, scene.handle, reference="one", started_on=dt.date(2020, 1, 1), ended_on=ended_on
    )
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, ADA) == word


def test_an_organisation_does_not_find_itself(scene: Scene) -> None:
    """Its own involvements never count in its own lookups; another's beside them do."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.worker, ADA) == "none"

    scene.index.register(
        scene.other_feed, ADA, scene.other_handle, reference="two", ended_on=TODAY - dt.timedelta(days=9)
    )
    scene.index.settle()

    assert scene.index.look_up(scene.worker, ADA) == "previous"
    assert scene.index.look_up(scene.nurse, ADA) == "current"


def test_a_weaker_tag_only_makes_it_possible(scene: Scene) -> None:
    """A name without more: another child may be meant."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, Child(name=("ada name",))) == "possible"


def test_another_identity_vetoes_a_strong_tag(scene: Scene) -> None:
    """A twin with a number of her own is not taken for her sister, but for a child whose number nobody has."""
    twin = Child(identity="twin number", strong=("ada strong",), name=("ada name",))
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, twin) == "none"
    assert scene.index.look_up(scene.nurse, Child(strong=("ada strong",), name=("ada name",))) == "current"


def test_two_identities_under_one_strong_tag_are_ambiguous(scene: Scene) -> None:
    """Twins who share a strong tag: without a number it is only possible."""
    for number, council, handle in ((1, scene.feed, scene.handle), (2, scene.other_feed, scene.other_handle)):
        twin = Child(identity=f"twin {number}", strong=("both",))
        scene.index.register(council, twin, handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, Child(strong=("both",))) == "possible"
    assert scene.index.look_up(scene.nurse, Child(identity="twin 1", strong=("both",))) == "current"


def test_every_answer_has_the_same_form(scene: Scene) -> None:
    """Status, headers and length are the same for each of the four words, and the shape is the published one."""
    for reference, child, ended_on in (("a", ADA, None), ("b", whole_child("ben"), TODAY - dt.timedelta(days=1))):
        scene.index.register(scene.feed, child, scene.handle, reference=reference, ended_on=ended_on)
    scene.index.settle()

    answers = [
        scene.index.ask(scene.nurse, "/v1/lookups", scene.world.lookup(scene.nurse, child))
        for child in (ADA, whole_child("ben"), Child(name=("ada name",)), whole_child("cat"))
    ]

    assert [answer.json()["answer"] for answer in answers] == ["current", "previous", "possible", "none"]
    assert {(answer.status_code, tuple(answer.headers.items()), len(answer.content)) for answer in answers} == {
        (200, tuple(answers[0].headers.items()), 256)
    }
    for answer in answers:
        told = LookupAnswer.model_validate_json(answer.content)
        assert (told.checked_at, told.call_back.waits_days) == (NOON, 28)
    assert len({answer.json()["receipt"] for answer in answers}) == 4


def test_what_a_lookup_leaves_is_the_same_whatever_it_finds(scene: Scene) -> None:
    """One leaf, twelve access rows, one lookup row, one of the inbox, its nonce and its receipts, and what is counted:
    found, or not.
    """
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    scene.index.look_up(scene.nurse, Child())  # the windows of account and organisation are open
    # Each tag is counted for the account and the organisation: a new row, but for the one that was asked before. A
    # mother's are not counted.
    for child, word, counted in (
        (ADA, "current", 24),
        (whole_child("ben"), "none", 24),
        (Child(), "none", 24),
        (Child(strong=("ada strong",)), "possible", 22),
        (Child(maternal=("a mother",)), "none", 18),
    ):
        before = scene.index.tables()
        assert scene.index.look_up(scene.nurse, child) == word
        after = scene.index.tables()

        assert rows_added(before, after) == {
            "access_rows": 12, "audit_leaves": 1, "inbox": 1, "lookup_rows": 1, "repeats": counted, "spent_nonces": 1,
            "spent_receipts": 2,
        }  # fmt: skip
        new = set(after["lookup_rows"]) - set(before["lookup_rows"])
        assert {(len(sealed), forget_at % 3600) for _, sealed, forget_at in new} == {(1217, 0)}


def test_strictly_a_strong_tag_confirms_only_beside_a_name(scene: Scene) -> None:
    """By itself it only makes it possible."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    assert scene.index.look_up(scene.nurse, Child(strong=("ada strong",), name=("ada name",))) == "current"
    assert scene.index.look_up(scene.nurse, Child(strong=("ada strong",))) == "possible"


def test_a_deep_lookup_finds_what_an_ordinary_one_does_not_ask_for(scene: Scene) -> None:
    """And its leaf says that it was deep, and why; what it leaves is otherwise of the same size."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    vague = Child(possible=("ada possible",))
    before = scene.index.tables()

    request = scene.world.lookup(scene.nurse, vague, deep=DeepReason.NAME_UNSURE)
    answer = scene.index.ask(scene.nurse, "/v1/lookups", request)

    assert (answer.status_code, answer.json()["answer"], len(answer.content)) == (200, "possible", 256)
    assert scene.index.look_up(scene.nurse, vague) == "none"
    told = leaves(scene.index)[-2:]
    assert [(leaf["action"], leaf["deep"]) for leaf in told] == [("looked-up", "name-unsure"), ("looked-up", None)]
    added = set(scene.index.tables()["lookup_rows"]) - set(before["lookup_rows"])
    assert {len(sealed) for _, sealed, _ in added} == {1217}


@pytest.mark.parametrize(
    ("asked", "paid", "points"),
    [
        (None, Use.DEEP, 24),
        (None, Use.DEEP, 12),
        (None, Use.LOOKUP, 24),
        (DeepReason.NO_NUMBER, Use.LOOKUP, 12),
        (DeepReason.NO_NUMBER, Use.LOOKUP, 24),
        (DeepReason.NO_NUMBER, Use.DEEP, 12),
    ],
)
def test_a_deep_lookup_and_an_ordinary_one_are_paid_for_apart(
    scene: Scene, asked: DeepReason | None, paid: Use, points: int
) -> None:
    """Receipts of the one kind buy nothing of the other, whatever their points, and are not spent by trying."""
    receipts = scene.world.receipts(scene.nurse, paid, points)
    request = scene.world.lookup(scene.nurse, ADA, deep=asked, receipts=receipts)
    before = scene.index.tables()

    answer = scene.index.ask(scene.nurse, "/v1/lookups", request)

    assert (answer.status_code, answer.json()["code"]) == (403, "receipts-mismatch")
    assert scene.index.tables() == before


def test_tags_of_another_depth_or_tier_are_refused_and_nothing_is_spent(scene: Scene) -> None:
    """Twelve where 24 are asked, 24 where twelve are, and a place of another tier, registering too."""
    ordinary = scene.world.lookup(scene.nurse, ADA)
    deep = scene.world.lookup(scene.nurse, ADA, deep=DeepReason.DATE_UNSURE)
    at = next(n for n, tag in enumerate(ordinary.tags) if tag.place == Place(MatchClass.NAME, Tier.T2))
    promoted = [*ordinary.tags]
    promoted[at] = promoted[at].model_copy(update={"tier": Tier.T1})
    before = scene.index.tables()

    for request in (
        ordinary.model_copy(update={"deep": DeepReason.DATE_UNSURE}),
        deep.model_copy(update={"deep": None}),
        ordinary.model_copy(update={"tags": promoted}),
    ):
        answer = scene.index.ask(scene.nurse, "/v1/lookups", request)
        assert (answer.status_code, answer.json()["code"]) == (422, "tags-profile")
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    at = next(n for n, tag in enumerate(registration.tags) if tag.place == Place(MatchClass.NAME, Tier.T2))
    registration.tags[at] = registration.tags[at].model_copy(update={"tier": Tier.T1})
    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [registration]))
    assert (answer.status_code, answer.json()["code"]) == (422, "tags-profile")

    assert scene.index.tables() == before


@pytest.mark.parametrize("role", ["worker", "nurse"])
def test_practitioners_and_urgent_roles_may_ask_deep(scene: Scene, role: str) -> None:
    """Both, for the purposes they have."""
    device: Device = getattr(scene, role)

    request = scene.world.lookup(device, ADA, deep=DeepReason.SERIOUS_CONCERN)

    assert scene.index.ask(device, "/v1/lookups", request).status_code == 200


@pytest.mark.parametrize("deep", [None, DeepReason.DATE_UNSURE])
def test_only_urgent_roles_ask_by_the_mothers_number(scene: Scene, deep: DeepReason | None) -> None:
    """A guess of the month and an ex-partner's number would otherwise confirm a birth. What it finds is possible."""
    scene.index.register(scene.feed, Child(maternal=("a mother, May",)), scene.handle, reference="one")
    scene.index.settle()
    unborn = Child(maternal=("a mother, April", "a mother, May", "a mother, June"))
    asked = scene.world.lookup(scene.worker, unborn, deep=deep)

    refused = scene.index.refused_on_record(lambda: scene.index.ask(scene.worker, "/v1/lookups", asked))
    taken = scene.index.ask(scene.nurse, "/v1/lookups", scene.world.lookup(scene.nurse, unborn, deep=deep))

    assert (refused.status_code, refused.json()["code"]) == (403, "role-refused")
    assert (taken.status_code, taken.json()["answer"]) == (200, "possible")


def test_the_three_stores_share_no_value(scene: Scene) -> None:
    """The access row, the lookup row and the hot table hold the same tag under three keys that nobody can join."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    scene.index.look_up(scene.nurse, ADA)

    tables = scene.index.tables()

    keys = {row[0] for row in tables["involvement_tags"]}
    access_keys = {row[0] for row in tables["access_rows"]}
    lookup = b"".join(sealed for _, sealed, _ in tables["lookup_rows"])
    assert not keys & access_keys
    assert not any(key in lookup for key in keys | access_keys)


def test_a_purpose_that_the_role_has_not_is_refused(scene: Scene) -> None:
    """By name, and nothing is left behind but that it was refused."""
    request = scene.world.lookup(scene.nurse, ADA, purpose=Purpose.SECTION_17)

    answer = scene.index.refused_on_record(lambda: scene.index.ask(scene.nurse, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "purpose-refused")


def test_a_feed_looks_nobody_up(scene: Scene) -> None:
    """A machine that registers never asks."""
    request = scene.world.lookup(scene.feed, ADA)

    answer = scene.index.refused_on_record(lambda: scene.index.ask(scene.feed, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")


def test_tags_of_another_epoch_are_refused(scene: Scene) -> None:
    """The index knows one key at a time."""
    request = scene.world.lookup(scene.nurse, ADA).model_copy(update={"epoch": 2})

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.nurse, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (409, "epoch-unknown")


def test_other_counts_of_classes_are_refused(scene: Scene) -> None:
    """Twelve tags are not enough: they must be of the fixed profile."""
    tags = scene.world.tags(Use.LOOKUP, ADA)
    request = scene.world.lookup(scene.nurse, ADA).model_copy(
        update={"tags": [tags[0].model_copy(update={"match_class": MatchClass.POSSIBLE}), *tags[1:]]}
    )

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.nurse, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (422, "tags-profile")


@pytest.mark.parametrize("spoilt", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)], ids=["identity", "high", "odd"])
def test_a_tag_that_is_no_element_is_refused(scene: Scene, spoilt: bytes) -> None:
    """The identity and non-canonical encodings are refused, and the place is named."""
    tags = scene.world.tags(Use.LOOKUP, ADA)
    request = scene.world.lookup(scene.nurse, ADA).model_copy(
        update={"tags": [*tags[:3], tags[3].model_copy(update={"tag": spoilt}), *tags[4:]]}
    )

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.nurse, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (422, "tag-invalid")
    assert answer.json()["errors"] == [{"pointer": "/tags/3/tag"}]


def test_a_tag_that_stands_twice_is_refused(scene: Scene) -> None:
    """Twelve different tags, or none."""
    tags = scene.world.tags(Use.LOOKUP, ADA)
    request = scene.world.lookup(scene.nurse, ADA).model_copy(
        update={"tags": [*tags[:3], tags[3].model_copy(update={"tag": tags[2].tag}), *tags[4:]]}
    )

    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.nurse, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (422, "tag-invalid")
