"""Many at once: one writer, groups of requests in one commit, and each request as if it were alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace

import httpx2

from signpost.protocol.classes import Use
from signpost.protocol.receipts import batch_hash
from signpost.protocol.record import follows
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import record
from tests.support.world import body_of, whole_child

ADA = whole_child("ada")
AT_ONCE = 40


def all_at_once(scene: Scene, *asking: Awaitable[httpx2.Response]) -> list[httpx2.Response]:
    """The answers of requests that are all under way together."""

    async def gathered() -> list[httpx2.Response]:
        return list(await asyncio.gather(*asking))

    return scene.index.run(gathered())


def test_one_signed_request_sent_many_times_is_taken_once(scene: Scene) -> None:
    """All but one are replays."""
    body = body_of(scene.world.lookup(scene.nurse, ADA))
    headers = scene.world.signed_headers(scene.nurse, "/v1/lookups", body)

    answers = all_at_once(
        scene, *(scene.index.asking(scene.nurse, "/v1/lookups", body, headers=headers) for _ in range(AT_ONCE))
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    assert len(scene.index.tables()["lookup_rows"]) == 1


def test_one_question_signed_many_times_is_answered_once(scene: Scene) -> None:
    """The same body under many signatures: one charge, one answer."""
    request = scene.world.lookup(scene.nurse, ADA)

    answers = all_at_once(scene, *(scene.index.asking(scene.nurse, "/v1/lookups", request) for _ in range(AT_ONCE)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    tables = scene.index.tables()
    assert (len(tables["lookup_rows"]), len(tables["access_rows"]), len(tables["spent_receipts"])) == (1, 12, 2)


def test_receipts_are_spent_once_between_different_questions(scene: Scene) -> None:
    """Many questions with the receipts of one batch: one is answered."""
    receipts = scene.world.receipts(scene.nurse, Use.LOOKUP, 12, batch=batch_hash(b"one"))
    requests = [scene.world.lookup(scene.nurse, whole_child(f"{n}"), receipts=receipts) for n in range(AT_ONCE)]

    answers = all_at_once(scene, *(scene.index.asking(scene.nurse, "/v1/lookups", each) for each in requests))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}


def test_lookups_and_registrations_do_not_disturb_each_other(scene: Scene) -> None:
    """Refused and taken requests in one commit: each has its own end, and the record is whole."""
    lookups = [scene.world.lookup(scene.nurse, whole_child(f"{n}")) for n in range(AT_ONCE)]
    bad = [request.model_copy(update={"epoch": 9}) for request in lookups[::4]]
    registrations = [
        scene.world.registering(
            scene.feed, [scene.world.registration(whole_child(f"{n}"), scene.handle, reference=f"{n}")]
        )
        for n in range(AT_ONCE)
    ]
    before = len(record(scene.index))

    answers = all_at_once(
        scene,
        *(scene.index.asking(scene.nurse, "/v1/lookups", each) for each in (*lookups, *bad)),
        *(scene.index.asking(scene.feed, "/v1/registrations", each) for each in registrations),
        *(scene.index.asking(scene.feed, "/v1/registrations", each) for each in registrations),
    )

    assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE, 409: len(bad), 202: 2 * AT_ONCE}
    assert len(record(scene.index)) == before + 3 * AT_ONCE
    assert follows(record(scene.index))
    assert scene.index.settle() == 2 * AT_ONCE
    assert {scene.index.look_up(scene.nurse, whole_child(f"{n}")) for n in range(AT_ONCE)} == {"current"}


def test_settling_beside_lookups_shows_all_of_an_involvement_or_nothing(scene: Scene) -> None:
    """While batches settle, every answer is `none` or `current`, never something between."""
    child = whole_child("ada")
    registrations = [scene.world.registration(child, scene.handle, reference=f"{n}") for n in range(21)]
    scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, registrations))
    # One child asked about so often is what repeats are counted for: it is not what this is about.
    scene.index.index.lookup._budgets = replace(
        scene.index.settings.budgets, repeats_account=10_000, repeats_organisation=10_000
    )
    lookups = [scene.world.lookup(scene.nurse, child) for _ in range(AT_ONCE)]

    async def beside() -> list[httpx2.Response]:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(scene.index.asking(scene.nurse, "/v1/lookups", each)) for each in lookups[:20]]
            group.create_task(scene.index.index.settling.tick())
            asked += [group.create_task(scene.index.asking(scene.nurse, "/v1/lookups", each)) for each in lookups[20:]]
        return [each.result() for each in asked]

    words = {answer.json()["answer"] for answer in scene.index.run(beside())}

    assert words <= {"none", "current"}
    assert scene.index.look_up(scene.nurse, child) == "current"
