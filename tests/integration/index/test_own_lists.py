"""An organisation's own lists: its involvements, for reconciliation, and its handles."""

from __future__ import annotations

from signpost.protocol.messages import (
    Change,
    ChangeRequest,
    InvolvementList,
    InvolvementListRequest,
    Nothing,
)
from tests.integration.index.conftest import Scene
from tests.support.world import Device, reference_of, whole_child

NAMES = [f"row {n}" for n in range(45)]


def page(scene: Scene, after: bytes | None, limit: int, *, by: Device | None = None) -> InvolvementList:
    """One page of a list."""
    request = InvolvementListRequest(after=after, limit=limit)
    answer = scene.index.ask(by or scene.feed, "/v1/involvements/list", request)
    assert answer.status_code == 200, answer.text
    return InvolvementList.model_validate_json(answer.content)


def whole_list(scene: Scene, limit: int) -> list[bytes]:
    """All references, in the order of the pages."""
    found: list[bytes] = []
    after: bytes | None = None
    while True:
        got = page(scene, after, limit)
        found += [each.reference for each in got.involvements]
        if got.next is None:
            return found
        assert got.next == found[-1]
        after = got.next


def register_all(scene: Scene) -> None:
    """Northtown registers every name; Southtown one of them."""
    for start in range(0, len(NAMES), 21):
        batch = [
            scene.world.registration(whole_child(name), scene.handle, reference=name)
            for name in NAMES[start : start + 21]
        ]
        scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, batch))
    scene.index.register(scene.other_feed, whole_child("other"), scene.other_handle, reference=NAMES[0])


def test_pages_of_any_size_give_the_whole_list_once(scene: Scene) -> None:
    """Each own involvement once, in one order, whatever the page's size; nobody else's."""
    register_all(scene)

    whole = whole_list(scene, 5_000)

    assert sorted(whole) == sorted(map(reference_of, NAMES))
    for limit in (1, 7, 44, 45, 46):
        assert whole_list(scene, limit) == whole
    assert [each.reference for each in page(scene, None, 9, by=scene.other_feed).involvements] == [
        reference_of(NAMES[0])
    ]


def test_an_exact_page_says_that_nothing_follows(scene: Scene) -> None:
    """A list of 45 in a page of 45 is at its end."""
    register_all(scene)

    assert page(scene, None, 45).next is None
    assert page(scene, None, 44).next is not None


def test_a_page_longer_than_a_piece_is_whole(scene: Scene) -> None:
    """Pages are read in pieces of a hundred; that does not show."""
    for start in range(0, 231, 21):
        batch = [
            scene.world.registration(whole_child("one"), scene.handle, reference=f"{start + n}") for n in range(21)
        ]
        scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, batch))

    for limit in (99, 100, 101, 199, 200, 201, 230, 231, 5_000):
        assert len(set(whole_list(scene, limit))) == 231


def test_the_list_goes_on_after_what_is_no_longer_there(scene: Scene) -> None:
    """Where a page ended still says where the next begins, though that involvement was withdrawn meanwhile."""
    register_all(scene)
    whole = whole_list(scene, 5_000)
    withdrawal = Change(reference=whole[9], action="withdraw", ended_on=None, row_digest=None)
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=[withdrawal]))

    assert [each.reference for each in page(scene, whole[9], 5_000).involvements] == whole[10:]


def test_the_list_is_of_what_was_acknowledged(scene: Scene) -> None:
    """It does not wait for anything to settle, and settling changes nothing of it (protocol.md C3)."""
    register_all(scene)
    before = page(scene, None, 5_000)
    scene.index.settle()

    assert len(before.involvements) == 45
    assert page(scene, None, 5_000) == before


def test_only_feeds_list_a_caseload(scene: Scene) -> None:
    """Not even one's own."""
    request = InvolvementListRequest(after=None, limit=1)

    answer = scene.index.refused_on_record(lambda: scene.index.ask(scene.worker, "/v1/involvements/list", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")


def test_each_account_lists_its_own_organisations_handles(scene: Scene) -> None:
    """By name alone: no telephone, no title."""
    second = scene.index.handle("northtown")

    for device in (scene.feed, scene.worker):
        answer = scene.index.ask(device, "/v1/handles/list", Nothing())
        assert answer.json() == {"handles": sorted([scene.handle, second]), "consent_only": []}
    assert scene.index.ask(scene.nurse, "/v1/handles/list", Nothing()).json() == {"handles": [], "consent_only": []}


def test_a_list_is_recorded_and_not_replayed(scene: Scene) -> None:
    """Reading leaves a leaf and spends its nonce."""
    before = scene.index.tables()
    body = Nothing().model_dump_json().encode()
    headers = scene.world.signed_headers(scene.feed, "/v1/handles/list", body)
    scene.index.ask(scene.feed, "/v1/handles/list", body, headers=headers)
    after = scene.index.tables()

    assert len(after["audit_leaves"]) == len(before["audit_leaves"]) + 1
    replayed = scene.index.unchanged_by(lambda: scene.index.ask(scene.feed, "/v1/handles/list", body, headers=headers))
    assert (replayed.status_code, replayed.json()["code"]) == (409, "nonce-used")
