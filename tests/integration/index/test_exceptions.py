"""An exception to a budget: asked for by an organisation, reviewed by the operator, over by itself (protocol.md D6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.budget_exceptions import APPROVABLE_SECONDS, BudgetException, ExceptionReason
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.purposes import Role
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_budgets import ADA, another, ask, used
from tests.integration.index.test_operator import code
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex

HOUR = 3_600


def request(
    scene: Scene, number: int = 1, *, lookups: int = 3, repeats: int = 0, whole: bool = False
) -> BudgetException:
    """What Northtown's administrator asks for its worker, or for all its accounts."""
    return BudgetException(
        organisation=OrganisationId("northtown"),
        account=None if whole else AccountId(scene.worker.account),
        reason=ExceptionReason.SIBLING_GROUP,
        lookups=lookups,
        repeats=repeats,
        hours=8,
        issued_at=scene.world.clock.now(),
        identifier=to_base64url(number.to_bytes(16, "big")),
    )


def decide(scene: Scene, asked: BudgetException, *, how: str = "", by: str = "northtown") -> httpx2.Response:
    """The operator's word on it; `by`: whose key signed it."""
    token = asked.sign(scene.world.organisation_key(by))
    return scene.index.operate(f"/exceptions{how}", {"exception": token})


def use_up(scene: Scene, first: int = 0) -> int:
    """How many lookups the worker is answered until the budget is used."""
    count = 0
    while used(ask(scene, scene.worker, another(first + count))) is None:
        count += 1
    return count


def running(scene: Scene) -> list[dict[str, object]]:
    """What the operator is shown."""
    found: list[dict[str, object]] = scene.index.operate("/exceptions").json()["exceptions"]
    return found


def test_it_adds_what_was_asked_for_and_each_use_is_on_the_record(scene: Scene) -> None:
    """Beginning with its approval, and no lookup more."""
    assert use_up(scene) == 60

    assert decide(scene, request(scene)).status_code == 201

    assert use_up(scene, 100) == 3
    told = [(leaf["action"], leaf["exception"]) for leaf in leaves(scene.index)[-8:]]
    assert told[0] == ("approved-exception", "sibling-group")
    assert [action for action, _ in told[1:7]] == ["used-exception", "looked-up"] * 3
    assert leaves(scene.index)[-1]["refused"] == "budget-used"


def test_it_ends_by_itself_and_before_its_time_on_the_operators_word(scene: Scene) -> None:
    """What was asked by it stays charged: nothing is left of the ordinary budget."""
    decide(scene, request(scene))
    assert running(scene) == [
        {
            "organisation": "northtown", "account": scene.worker.account, "reason": "sibling-group", "lookups": 3,
            "repeats": 0, "until": scene.world.clock.now() + 8 * HOUR,
        }
    ]  # fmt: skip
    assert use_up(scene) == 63
    end = {"organisation": "northtown", "account": scene.worker.account}

    assert scene.index.operate("/exceptions/end", end).status_code == 200
    assert running(scene) == []
    assert leaves(scene.index)[-1]["action"] == "ended-exception"
    assert code(scene.index.operate("/exceptions/end", end)) == (404, "exception-unknown")

    decide(scene, request(scene, 2))
    scene.world.clock.advance(8 * HOUR - 1)
    assert use_up(scene, 200) == 0
    assert len(running(scene)) == 1
    scene.world.clock.advance(1)
    assert running(scene) == []
    scene.index.sweep()
    assert scene.index.tables()["exceptions"] == []


def test_it_outlasts_a_restart_and_helps_nobody_else(tmp_path: Path) -> None:
    """Not a colleague, and not in another organisation."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        decide(scene, request(scene))
        world = index.world
    with RunningIndex(tmp_path / "data", world=world) as index:
        scene = replace(scene, index=index)
        assert use_up(scene) == 63
        assert len(running(scene)) == 1


def test_an_organisations_adds_to_its_day_and_to_no_account(scene: Scene) -> None:
    decide(scene, request(scene, whole=True, lookups=20_000))

    assert use_up(scene) == 60


def test_it_adds_to_each_window_that_runs_meanwhile(scene: Scene) -> None:
    """As the budget itself: so many more a shift. What is asked for is said so."""
    assert used(ask(scene, scene.worker, another(1_000))) is None
    scene.world.clock.advance(6 * HOUR)
    decide(scene, request(scene))

    assert use_up(scene) == 62
    scene.world.clock.advance(6 * HOUR)
    scene = replace(scene, worker=scene.index.enrol("northtown", Role.PRACTITIONER, account=scene.worker.account))
    assert use_up(scene, 200) == 63


def test_repeats_are_lifted_only_where_they_were_asked_for(scene: Scene) -> None:
    """Lookups alone let nobody guess more at one child."""
    decide(scene, request(scene, lookups=100))
    for _ in range(5):
        assert used(ask(scene, scene.worker, ADA)) is None
    assert used(ask(scene, scene.worker, ADA)) == "repeats-used"
    scene.index.operate("/exceptions/end", {"organisation": "northtown", "account": scene.worker.account})

    decide(scene, request(scene, 2, lookups=0, repeats=2))

    assert [used(ask(scene, scene.worker, ADA)) for _ in range(3)] == [None, None, "repeats-used"]
    assert [leaf["action"] for leaf in leaves(scene.index)[-5:-1]] == ["used-exception", "looked-up"] * 2


def test_a_request_is_decided_once_within_a_day(scene: Scene) -> None:
    """Approved twice, after it was turned down, too late, or while another runs: refused, and nothing changes."""
    first, second = request(scene), request(scene, 2)
    decide(scene, first)

    assert code(scene.index.unchanged_by(lambda: decide(scene, first))) == (409, "nonce-used")
    assert code(scene.index.unchanged_by(lambda: decide(scene, second))) == (409, "exception-open")
    assert decide(scene, second, how="/refuse").status_code == 200
    assert (leaves(scene.index)[-1]["action"], leaves(scene.index)[-1]["subject"]) == (
        "refused-exception",
        scene.worker.account,
    )
    scene.index.operate("/exceptions/end", {"organisation": "northtown", "account": scene.worker.account})
    assert code(decide(scene, second)) == (409, "nonce-used")
    late = request(scene, 3)
    scene.world.clock.advance(APPROVABLE_SECONDS + 1)
    assert code(decide(scene, late)) == (422, "exception-invalid")
    assert code(decide(scene, replace(late, issued_at=scene.world.clock.now() + 60))) == (422, "exception-invalid")


@pytest.mark.parametrize("how", ["", "/refuse"])
def test_only_its_own_organisation_can_ask(scene: Scene, how: str) -> None:
    """Another's signature, or an organisation that is none."""
    stranger = replace(request(scene), organisation=OrganisationId("westtown"))

    assert code(decide(scene, request(scene), how=how, by="southtown")) == (422, "exception-invalid")
    assert code(decide(scene, stranger, how=how, by="southtown")) == (403, "organisation-unknown")
    assert running(scene) == []


def test_no_request_over_the_network_decides_one(scene: Scene) -> None:
    """Nobody approves what they ask for: the paths are on the operator's socket alone."""
    token = request(scene).sign(scene.world.organisation_key("northtown"))

    for path in ("/exceptions", "/v1/exceptions", "/exceptions/end", "/exceptions/refuse"):
        assert scene.index.public("POST", path, json={"exception": token}).status_code == 404
