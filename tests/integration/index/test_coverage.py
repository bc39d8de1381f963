"""Coverage: national, never about a child."""

from __future__ import annotations

from signpost.index.coverage import FRESH_SECONDS
from signpost.protocol.messages import FeedFinished
from signpost.protocol.purposes import Role
from tests.integration.index.conftest import Scene
from tests.support.world import Child, Device


def finish(scene: Scene, device: Device) -> int:
    """A feed says that it ended; the status of the answer."""
    return scene.index.ask(device, "/v1/feeds/finished", FeedFinished(format="csv")).status_code


def coverage(scene: Scene) -> tuple[int, int]:
    """Both figures, as the nurse is told them."""
    answer = scene.index.ask(scene.nurse, "/v1/lookups", scene.world.lookup(scene.nurse, Child()))
    told = answer.json()["coverage"]
    return told["expected"], told["up_to_date"]


def test_a_finished_feed_counts_for_seven_days(scene: Scene) -> None:
    """To the second; feeding again counts anew, and twice in a week counts once."""
    assert coverage(scene) == (2, 0)
    assert finish(scene, scene.feed) == 202
    assert coverage(scene) == (2, 1)
    assert finish(scene, scene.feed) == 202
    assert finish(scene, scene.other_feed) == 202
    assert coverage(scene) == (2, 2)

    since = scene.index.index.coverage.at
    assert since(scene.world.clock.now() + FRESH_SECONDS).up_to_date == 2
    assert since(scene.world.clock.now() + FRESH_SECONDS + 1).up_to_date == 0


def test_anybody_may_read_the_figures_that_every_answer_carries(scene: Scene) -> None:
    """So that a device can be examined without a question being asked."""
    finish(scene, scene.feed)

    assert scene.index.get("/v1/coverage").json() == {"expected": 2, "up_to_date": 1}


def test_an_organisation_that_nobody_expected_does_not_count(scene: Scene) -> None:
    """The operator's list says who should feed."""
    scene.index.admit("westtown")

    assert finish(scene, scene.index.enrol("westtown", Role.FEED)) == 202
    assert coverage(scene) == (2, 0)


def test_only_a_feed_says_that_a_feed_ended(scene: Scene) -> None:
    """A practitioner's account does not speak for it."""
    answer = scene.index.refused_on_record(
        lambda: scene.index.ask(scene.worker, "/v1/feeds/finished", FeedFinished(format="csv"))
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")
