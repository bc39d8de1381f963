"""How much may be asked at the index: by account and organisation, over restarts and sessions; and repeated asking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.credentials import SHIFT_SECONDS
from signpost.protocol.purposes import DeepReason, Kind, Role
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex
from tests.support.world import Child, Device, whole_child

ADA, BEN = whole_child("ada"), whole_child("ben")
DAY = 86_400


def ask(scene: Scene, device: Device, child: Child, *, deep: DeepReason | None = None) -> httpx2.Response:
    """A lookup."""
    return scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, child, deep=deep))


def another(number: int) -> Child:
    """A child who shares nothing with any other."""
    return whole_child(f"child {number}")


def used(answer: httpx2.Response) -> str | None:
    """The code of a refusal; null where there was an answer."""
    return None if answer.status_code == 200 else str(answer.json()["code"])


def test_a_practitioner_asks_sixty_times_a_shift(scene: Scene) -> None:
    """The sixty-first is refused, says when to come back, charges nothing and is on the record; a shift later again."""
    for number in range(60):
        assert used(ask(scene, scene.worker, another(number))) is None
    request = scene.world.lookup(scene.worker, another(60))

    refused = scene.index.refused_on_record(lambda: scene.index.ask(scene.worker, "/v1/lookups", request))

    assert used(refused) == "budget-used"
    assert 0 < int(refused.headers["retry-after"]) <= SHIFT_SECONDS
    assert leaves(scene.index)[-1]["refused"] == "budget-used"
    scene.world.clock.advance(SHIFT_SECONDS)
    again = scene.index.enrol("northtown", Role.PRACTITIONER, account=scene.worker.account)
    assert used(ask(scene, again, another(60))) is None


def test_a_deep_lookup_counts_twice(scene: Scene) -> None:
    """Twice the points, twice the guesses."""
    for number in range(30):
        assert used(ask(scene, scene.worker, another(number), deep=DeepReason.NAME_UNSURE)) is None

    assert used(ask(scene, scene.worker, another(30))) == "budget-used"


def test_neither_another_device_nor_another_session_nor_a_restart_gives_more(tmp_path: Path) -> None:
    """The meter is the account's, and in the database."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        for number in range(40):
            assert used(ask(scene, scene.worker, another(number))) is None
        keys, world = index.keys, index.world
    with RunningIndex(tmp_path / "data", keys=keys, world=world) as index:
        scene = replace(scene, index=index)
        other_device = index.enrol("northtown", Role.PRACTITIONER, account=scene.worker.account)
        for number in range(40, 60):
            assert used(ask(scene, other_device, another(number))) is None

        assert used(ask(scene, other_device, another(60))) == "budget-used"
        assert used(ask(scene, scene.worker, another(61))) == "budget-used"
        colleague = index.enrol("northtown", Role.PRACTITIONER)
        assert used(ask(scene, colleague, another(60))) is None


def test_an_urgent_account_is_answered_past_its_budget_and_each_use_is_on_the_record(scene: Scene) -> None:
    """Nobody is turned away from A&E for a count; somebody sees that it was used."""
    scene.index.index.lookup._budgets = replace(scene.index.settings.budgets, urgent=3, urgent_overdraft=5)
    answers = [used(ask(scene, scene.nurse, another(number))) for number in range(6)]

    assert answers == [None] * 5 + ["budget-used"]
    overdrawn = [leaf["account"] for leaf in leaves(scene.index) if leaf["action"] == "used-overdraft"]
    assert overdrawn == [scene.nurse.account] * 2


def test_an_organisations_accounts_together_have_a_budget_that_grows_with_its_caseload(scene: Scene) -> None:
    """By its own table alone."""
    scene.index.index.lookup._budgets = replace(
        scene.index.settings.budgets, organisation_least=3, organisation_share=0.5
    )
    staff = [scene.index.enrol("southtown", Role.PRACTITIONER) for _ in range(5)]
    assert [used(ask(scene, one, another(n))) for n, one in enumerate(staff)] == [None] * 3 + ["budget-used"] * 2

    for number in range(10):
        scene.index.register(scene.other_feed, another(100 + number), scene.other_handle, reference=f"r{number}")
    scene.world.clock.advance(DAY)
    staff = [scene.index.enrol("southtown", Role.PRACTITIONER) for _ in range(6)]
    assert [used(ask(scene, one, another(n))) for n, one in enumerate(staff)] == [None] * 5 + ["budget-used"]


@pytest.mark.parametrize("registered", [False, True])
def test_a_child_is_asked_about_five_times_a_shift_whatever_the_answer(scene: Scene, registered: bool) -> None:
    """A guess at an address looks like this: one tag the same, the others not. Found or not, it is counted alike."""
    if registered:
        scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
        scene.index.settle()
    guesses = [Child(strong=(f"a guess {number}",), name=ADA.name) for number in range(6)]

    answers = [used(ask(scene, scene.worker, guess)) for guess in guesses]

    assert answers == [None] * 5 + ["repeats-used"]
    assert used(ask(scene, scene.worker, BEN)) is None


def test_ten_times_a_month_by_all_of_an_organisation(scene: Scene) -> None:
    """Colleagues who take turns are no way round it; another organisation is not touched, and next month is another."""
    staff = [scene.index.enrol("northtown", Role.PRACTITIONER) for _ in range(4)]
    answers = [used(ask(scene, staff[number // 3], ADA)) for number in range(11)]

    assert answers == [None] * 10 + ["repeats-used"]
    assert used(ask(scene, scene.nurse, ADA)) is None
    scene.world.clock.advance(31 * DAY)
    assert used(ask(scene, scene.index.enrol("northtown", Role.PRACTITIONER), ADA)) is None


def test_keys_that_twins_and_siblings_share_are_not_counted(scene: Scene) -> None:
    """Six children of one home and one mother are six children."""
    siblings = [Child(possible=("the home",), name=(f"sibling {number}",)) for number in range(6)]

    answers = [used(ask(scene, scene.nurse, child, deep=DeepReason.NAME_UNSURE)) for child in siblings]

    assert answers == [None] * 6


def test_what_is_counted_says_neither_which_child_nor_who_asked(scene: Scene) -> None:
    """A digest and a number; no key of any other table."""
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
    scene.index.settle()
    ask(scene, scene.worker, ADA)

    tables = scene.index.tables()
    counted = {row[0] for name in ("repeats", "meters") for row in tables[name]}

    assert len(tables["repeats"]) == 24
    others = repr({name: rows for name, rows in tables.items() if name not in ("repeats", "meters")})
    assert not any(repr(name)[2:-1] in others for name in counted)


def test_the_same_child_again_is_free_and_tells_what_is_so_now(scene: Scene) -> None:
    """By one's own receipt, for a day: no details, no charge."""
    first = ask(scene, scene.worker, ADA).json()
    meters = scene.index.tables()["meters"]
    again = {"receipt": first["receipt"]}

    def once_more(device: Device) -> httpx2.Response:
        import json

        return scene.index.ask(device, "/v1/lookups/again", json.dumps(again).encode())

    assert once_more(scene.worker).json()["answer"] == "none"
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
    scene.index.settle()
    answer = once_more(scene.worker)
    assert (answer.json()["answer"], answer.json()["receipt"]) == ("current", first["receipt"])
    assert len(answer.content) == 256
    assert scene.index.tables()["meters"] == meters
    assert used(once_more(scene.nurse)) == "lookup-unknown"
    colleague = scene.index.enrol("northtown", Role.PRACTITIONER)
    assert used(once_more(colleague)) == "lookup-unknown"
    scene.world.clock.advance(DAY + 3600)
    later = scene.index.enrol("northtown", Role.PRACTITIONER, account=scene.worker.account)
    assert used(once_more(later)) == "lookup-unknown"


def test_only_auditors_of_an_oversight_body_read_the_record(scene: Scene) -> None:
    """Whole and in order, with the links that show it; that they read is a leaf too. Nobody else reads it."""
    from signpost.protocol.messages import RecordPage, RecordRequest
    from signpost.protocol.record import follows

    scene.index.admit("national-oversight", Kind.OVERSIGHT)
    auditor = scene.index.enrol("national-oversight", Role.AUDITOR, Kind.OVERSIGHT)
    own = scene.index.enrol("northtown", Role.AUDITOR)
    ask(scene, scene.worker, ADA)
    request = RecordRequest(after=0, limit=1000)

    page = RecordPage.model_validate_json(scene.index.ask(auditor, "/v1/record", request).content)

    assert follows([(leaf.leaf.encode(), leaf.link) for leaf in page.leaves])
    assert [leaf.number for leaf in page.leaves] == list(range(1, len(page.leaves) + 1))
    rest = RecordPage.model_validate_json(
        scene.index.ask(auditor, "/v1/record", RecordRequest(after=len(page.leaves), limit=5)).content
    )
    assert follows([(leaf.leaf.encode(), leaf.link) for leaf in rest.leaves], after=page.leaves[-1].link)
    assert '"action":"read-record"' in rest.leaves[0].leaf
    for device in (scene.worker, scene.nurse, scene.feed, own):
        refused = scene.index.refused_on_record(lambda who=device: scene.index.ask(who, "/v1/record", request))  # type: ignore[misc]
        assert used(refused) == "role-refused"
    assert used(ask(scene, auditor, ADA)) == "role-refused"
