"""Shields: what they hide, what they do not, who is told what, and how they end (protocol.md C3, C4)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signpost.index.storage import desk_items
from signpost.index.storage.sealing import MOST_UNDER_ONE_TAG
from signpost.protocol.messages import (
    Change,
    ChangeRequest,
    ContactStatusRequest,
    GlassRequest,
    Nothing,
    RecordRequest,
)
from signpost.protocol.purposes import Basis, Kind, Role, Urgency
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskDecision,
    DeskResolveRequest,
    DeskWork,
    ShieldEndReason,
    ShieldEndRequest,
    ShieldRequest,
    ShieldStatusRequest,
)
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_contact import ask, inbox, receipt_of, reply
from tests.support.running_index import RunningIndex
from tests.support.shielding import (
    add_shield,
    admit_desk,
    approve_shield,
    desk_queue,
    end_identity,
    end_shield,
    identity_request,
    officer,
    resolve,
    shield_request,
)
from tests.support.world import TODAY, Child, Device, device_purpose, reference_of, whole_child

ADA = whole_child("ada")
WITHOUT_NUMBER = replace(ADA, identity=None)
ANOTHER_NUMBER = replace(ADA, identity="another number")
WORKING_DAY = 3 * 24 * 60 * 60


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Two councils and a hospital, and the independent desk."""
    with RunningIndex(tmp_path / "data") as index:
        yield set_scene(index)


@pytest.fixture
def ours(scene: Scene) -> Device:
    """Northtown's shielding officer."""
    return officer(scene.index)


@pytest.fixture
def theirs(scene: Scene) -> Device:
    """Southtown's."""
    return officer(scene.index, "southtown")


@pytest.fixture
def desk(scene: Scene) -> Device:
    """An officer of the independent desk."""
    return admit_desk(scene.index)


def known(scene: Scene, child: Child = ADA, *, reference: str = "one", of: str = "southtown") -> None:
    """A council registered the child, and it has settled."""
    feed, handle = (scene.other_feed, scene.other_handle) if of == "southtown" else (scene.feed, scene.handle)
    assert scene.index.register(feed, child, handle, reference=reference).status_code == 202
    scene.index.settle()


def word(scene: Scene, child: Child = ADA) -> str:
    """What the hospital is answered."""
    return scene.index.look_up(scene.nurse, child)


def works(scene: Scene, desk: Device) -> list[str]:
    """What waits for the desk."""
    return [item["work"] for item in desk_queue(scene.index, desk)]


# -- what is hidden


@pytest.mark.parametrize("first", ["registered", "shielded"])
def test_a_shielded_child_is_found_by_nobody_whichever_came_first(scene: Scene, ours: Device, first: str) -> None:
    if first == "registered":
        known(scene)
        assert word(scene) == "current"
    add_shield(scene.index, ours, ADA)
    if first == "shielded":
        known(scene)

    assert word(scene) == "none"
    assert scene.index.look_up(scene.worker, WITHOUT_NUMBER) == "none"


def test_a_row_that_is_fed_again_is_no_second_one(scene: Scene, ours: Device) -> None:
    """Under another surname, without its number, with another one: the council's own reference of the child holds."""
    known(scene)
    add_shield(scene.index, ours, ADA)
    other = whole_child("ada under another name")
    registration = scene.world.registration(other, scene.other_handle, reference="two")
    same_child = registration.model_copy(
        update={"child_reference": scene.world.registration(ADA, scene.other_handle, reference="x").child_reference}
    )

    request = scene.world.registering(scene.other_feed, [same_child])
    assert scene.index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
    scene.index.settle()

    assert word(scene, other) == "none"


def test_a_twin_is_not_hidden_when_both_numbers_are_known(scene: Scene, ours: Device, desk: Device) -> None:
    """Whatever else they share; the desk is asked, and may decide otherwise."""
    twin = replace(ADA, identity="the twin's number")
    known(scene, twin)

    add_shield(scene.index, ours, ADA)
    known(scene, twin, reference="one of northtown", of="northtown")

    assert word(scene, twin) == "current"
    assert works(scene, desk).count("unsure") == 2


@pytest.mark.parametrize("learned", ["of the twin", "of the shield"])
def test_a_twin_is_shown_once_both_numbers_are_known(
    scene: Scene, ours: Device, theirs: Device, desk: Device, learned: str
) -> None:
    """Registered without a number, or behind a shield without one, she was hidden for want of it; the council's own
    reference of the child does not keep her hidden either. A number that joins a shield is approved first.
    """
    twin = replace(ADA, identity="the twin's number")
    reference = scene.world.registration(WITHOUT_NUMBER, scene.other_handle, reference="x").child_reference
    if learned == "of the twin":
        known(scene, WITHOUT_NUMBER)
        add_shield(scene.index, ours, ADA)
        assert word(scene, twin) == "none"
        registration = scene.world.registration(twin, scene.other_handle, reference="one")
        same_child = registration.model_copy(update={"child_reference": reference})
        request = scene.world.registering(scene.other_feed, [same_child])
        assert scene.index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
        scene.index.settle()
    else:
        known(scene, twin)
        shield = add_shield(scene.index, ours, WITHOUT_NUMBER)
        assert word(scene, twin) == "none"
        add_shield(scene.index, ours, ADA, shield=shield)
        assert word(scene, twin) == "none"
        approve_shield(scene.index, theirs, shield)

    assert word(scene, twin) == "current"
    assert "unsure" in works(scene, desk)


def test_who_is_shown_again_is_told_of_who_waits(scene: Scene, ours: Device, theirs: Device) -> None:
    """A call-back about the twin, left while she was hidden, reaches her council as she is shown."""
    twin = replace(ADA, identity="the twin's number")
    known(scene, twin)
    shield = add_shield(scene.index, ours, WITHOUT_NUMBER)
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse, Child(identity=twin.identity)))
    scene.index.settle()
    worker = scene.index.enrol("southtown", Role.PRACTITIONER)
    assert inbox(scene, worker) == []

    add_shield(scene.index, ours, ADA, shield=shield)
    approve_shield(scene.index, theirs, shield)

    assert len(inbox(scene, worker)) == 1


def test_the_desk_learns_who_knew_the_child_before(scene: Scene, ours: Device, desk: Device) -> None:
    """And a number that was registered of them can join the shield, so that it hides whatever else has it."""
    known(scene, ADA)
    known(scene, Child(identity=ADA.identity), reference="elsewhere", of="northtown")
    add_shield(scene.index, ours, WITHOUT_NUMBER)
    assert scene.index.look_up(scene.nurse, Child(identity=ADA.identity)) == "current"

    [item] = [each for each in desk_queue(scene.index, desk) if each["work"] == "registered"]
    assert item["owner"]["organisation"] == "southtown"
    resolve(scene.index, desk, DeskWork.REGISTERED, DeskDecision.HIDE, with_number=True)

    assert scene.index.look_up(scene.nurse, Child(identity=ADA.identity)) == "none"


def test_what_has_no_number_is_hidden_by_what_matches(scene: Scene, ours: Device) -> None:
    """At a new address the name and the date may be all that matches: T2 is enough."""
    known(scene, Child(name=ADA.name))
    assert word(scene, Child(name=ADA.name)) == "possible"

    add_shield(scene.index, ours, ADA)

    assert word(scene, Child(name=ADA.name)) == "none"


def test_what_matches_too_weakly_stays_and_the_desk_is_asked(scene: Scene, ours: Device, desk: Device) -> None:
    """A T1 match with another number, at once; it can then be hidden, with that number wherever else it is."""
    known(scene, ANOTHER_NUMBER)
    known(scene, Child(identity="another number"), reference="northern", of="northtown")
    add_shield(scene.index, ours, ADA)
    assert word(scene, ANOTHER_NUMBER) == "current"

    [item] = [each for each in desk_queue(scene.index, desk) if each["work"] == "unsure"]
    assert item["owner"]["organisation"] == "southtown"
    assert item["owner"]["desk"]["title"] == "Duty desk"
    resolve(scene.index, desk, DeskWork.UNSURE, DeskDecision.HIDE, with_number=True)

    assert word(scene, ANOTHER_NUMBER) == "none"
    assert "unsure" not in works(scene, desk)


def test_the_desk_can_leave_what_is_another_child(scene: Scene, ours: Device, desk: Device) -> None:
    known(scene, ANOTHER_NUMBER)
    add_shield(scene.index, ours, ADA)

    resolve(scene.index, desk, DeskWork.UNSURE, DeskDecision.LEAVE)
    known(scene, ANOTHER_NUMBER)

    assert word(scene, ANOTHER_NUMBER) == "current"
    assert "unsure" not in works(scene, desk)


def test_a_registration_that_mixes_two_children_hides_nobody_else(scene: Scene, ours: Device) -> None:
    """It holds one identity tag: of the shielded child it is hidden alone; of the other it is not hidden."""
    victim = whole_child("victim")
    known(scene, victim, reference="victim", of="northtown")
    mixed = replace(ADA, strong=victim.strong, name=victim.name, pupil=victim.pupil)
    known(scene, mixed, reference="mixed")
    known(scene, replace(ADA, identity=victim.identity), reference="mixed the other way")

    add_shield(scene.index, ours, ADA)

    assert word(scene, victim) == "current"
    assert word(scene, Child(identity=ADA.identity)) == "none"


def test_a_second_name_joins_the_same_shield(scene: Scene, ours: Device) -> None:
    """An own shield takes more tags; another organisation's does not."""
    maiden = whole_child("ada under her mother's name")
    known(scene, maiden)
    shield = add_shield(scene.index, ours, ADA)
    assert word(scene, maiden) == "current"

    assert add_shield(scene.index, ours, maiden, shield=shield) == shield

    assert word(scene, maiden) == "none"
    stranger = officer(scene.index, "southtown")
    answer = scene.index.ask(stranger, "/v1/shields", shield_request(scene.world, stranger, maiden, shield=shield))
    assert (answer.status_code, answer.json()["code"]) == (404, "shield-unknown")


# -- what an organisation sees of its own


def test_the_owner_sees_its_own_as_before(scene: Scene, ours: Device) -> None:
    """Its list, its counts, its inbox, and what it answers."""
    known(scene)
    receipt = receipt_of(scene, scene.nurse, ADA)
    ask(scene, scene.nurse, receipt)
    worker = scene.index.enrol("southtown", Role.PRACTITIONER)
    before = inbox(scene, worker)
    listed = own_list(scene)

    add_shield(scene.index, ours, ADA)

    assert own_list(scene) == listed
    assert inbox(scene, worker) == before
    assert reply(scene, worker, before[0]["notice"], "share") == (200, None)
    status = scene.index.ask(scene.nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt)).json()
    assert (status["state"], status["handles"]) == ("pending", [])


def own_list(scene: Scene) -> list[Any]:
    """Southtown's own list."""
    answer = scene.index.ask(scene.other_feed, "/v1/involvements/list", b'{"after":null,"limit":100}')
    involvements: list[Any] = answer.json()["involvements"]
    return involvements


def test_who_stood_behind_is_told_as_a_shield_falls(scene: Scene, ours: Device) -> None:
    """As if whom it hides had been withdrawn: another, whom the same call-back found too weakly before, is told."""
    known(scene)
    known(scene, Child(identity="another number", probable=ADA.probable), reference="northern", of="northtown")
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse, WITHOUT_NUMBER))
    assert inbox(scene, scene.worker) == []

    add_shield(scene.index, ours, ADA)

    assert len(inbox(scene, scene.worker)) == 1


def test_a_notice_that_is_held_is_never_let_out_after_the_seal(tmp_path: Path) -> None:
    """Nobody had been told of it; the call-back is the desk's now."""
    with RunningIndex(tmp_path / "held", found_a_day=0) as index:
        scene = set_scene(index)
        ask(scene, scene.nurse, receipt_of(scene, scene.nurse, ADA))
        known(scene)
        [held] = index.operate("/contact/held").json()["held"]

        add_shield(index, officer(index), ADA)

        assert index.operate("/contact/held").json()["held"] == []
        document = {"organisation": "southtown", "notice": held["notice"]}
        assert index.operate("/contact/release", document).status_code == 404
        assert "call-back" in works(scene, admit_desk(index))


# -- the desk


def test_the_desk_is_told_who_looks_who_asks_and_who_registers(scene: Scene, ours: Device, desk: Device) -> None:
    """And what an organisation answered before the seal, which the asker does not see."""
    known(scene)
    receipt = receipt_of(scene, scene.nurse, ADA)
    ask(scene, scene.nurse, receipt, urgency=Urgency.NOW)
    worker = scene.index.enrol("southtown", Role.PRACTITIONER)
    [notice] = inbox(scene, worker)
    add_shield(scene.index, ours, ADA)
    assert reply(scene, worker, notice["notice"], "share") == (200, None)
    known(scene, reference="northern", of="northtown")
    word(scene)
    scene.index.settle()

    waiting = desk_queue(scene.index, desk)
    queue = {item["work"]: item for item in waiting}

    assert set(queue) == {"call-back", "registered", "looked-up"}
    by = queue["call-back"]["by"]
    assert (by["organisation"], by["role"], by["urgency"]) == ("st-elsewhere", "urgent", "now")
    assert [(each["organisation"], each["state"]) for each in queue["call-back"]["answers"]] == [
        ("southtown", "shared")
    ]
    registered = {each["owner"]["organisation"] for each in waiting if each["work"] == "registered"}
    assert registered == {"northtown", "southtown"}
    assert queue["looked-up"]["by"]["account"] == scene.nurse.account
    in_passing = DeskResolveRequest(item=queue["call-back"]["item"], decision=DeskDecision.SEEN, with_number=False)
    assert scene.index.ask(desk, "/v1/desk/resolve", in_passing).json()["code"] == "decision-refused"
    request = DeskCallBackRequest(item=queue["call-back"]["item"], rang=True)
    assert scene.index.ask(desk, "/v1/desk/call-backs", request).status_code == 200
    request = DeskCallBackRequest(item=queue["registered"]["item"], rang=True)
    assert scene.index.ask(desk, "/v1/desk/call-backs", request).json()["code"] == "decision-refused"
    assert "call-back" not in works(scene, desk)


def test_a_call_back_that_waits_goes_to_the_desk_and_not_to_who_registers_later(
    scene: Scene, ours: Device, desk: Device
) -> None:
    receipt = receipt_of(scene, scene.nurse, ADA)
    add_shield(scene.index, ours, ADA)
    ask(scene, scene.nurse, receipt)
    known(scene)

    assert inbox(scene, scene.index.enrol("southtown", Role.PRACTITIONER)) == []
    assert "call-back" in works(scene, desk)


def test_nobody_but_the_desk_reads_the_queue(scene: Scene, ours: Device, desk: Device) -> None:
    """A council's officer has the same role; the desk's asks for no shield, and looks nobody up."""
    for device in (ours, scene.nurse, scene.worker, scene.feed):
        answer = scene.index.ask(device, "/v1/desk/queue", Nothing())
        assert (answer.status_code, answer.json()["code"]) == (403, "role-refused")
    answer = scene.index.ask(desk, "/v1/shields", shield_request(scene.world, desk, ADA))
    assert answer.json()["code"] == "role-refused"


def test_leaves_of_shields_are_in_a_chain_of_the_desks_own(scene: Scene, ours: Device, desk: Device) -> None:
    """Nothing of them is in the record that every auditor reads."""
    scene.index.admit("oversight", Kind.OVERSIGHT)
    everybodys = scene.index.enrol("oversight", Role.AUDITOR, Kind.OVERSIGHT)
    the_desks = scene.index.enrol("shielding-desk", Role.AUDITOR, Kind.SHIELDING_DESK)
    known(scene)
    add_shield(scene.index, ours, ADA)
    desk_queue(scene.index, desk)
    page = RecordRequest(after=0, limit=100)

    record = scene.index.ask(everybodys, "/v1/record", page).text
    own = scene.index.ask(the_desks, "/v1/desk/record", page).text

    for action in ("shielded", "read-desk-queue"):
        assert action in own
        assert action not in record
    assert scene.index.ask(everybodys, "/v1/desk/record", page).json()["code"] == "role-refused"
    assert scene.index.ask(the_desks, "/v1/record", page).json()["code"] == "role-refused"


# -- approval, review, end


def test_somebody_of_another_council_approves(scene: Scene, ours: Device, theirs: Device) -> None:
    """Not of one's own, not twice; what is told is one's own request."""
    shield = add_shield(scene.index, ours, ADA)

    own = scene.index.ask(officer(scene.index), "/v1/shields/approve", ShieldRequest(shield=shield, ends=False))
    assert own.json()["code"] == "shield-unknown"
    approve_shield(scene.index, theirs, shield)
    again = scene.index.ask(theirs, "/v1/shields/approve", ShieldRequest(shield=shield, ends=False))
    assert (again.status_code, again.json()["code"]) == (409, "shield-decided")

    [status] = scene.index.ask(ours, "/v1/shields/status", ShieldStatusRequest(shield=None)).json()["shields"]
    assert (status["shield"], status["state"]) == (shield, "approved")
    assert scene.index.ask(theirs, "/v1/shields/status", ShieldStatusRequest(shield=None)).json() == {"shields": []}
    answer = scene.index.ask(theirs, "/v1/shields/status", ShieldStatusRequest(shield=shield))
    assert answer.json()["code"] == "shield-unknown"


@pytest.mark.parametrize("decision", [DeskDecision.APPROVE, DeskDecision.REFUSE])
def test_what_nobody_approves_the_desk_decides(scene: Scene, ours: Device, decision: DeskDecision) -> None:
    """It hides until then, however long that is; refused, it is as if it had never been."""
    known(scene)
    shield = add_shield(scene.index, ours, ADA)
    desk = admit_desk(scene.index)
    early = DeskResolveRequest(item=shield, decision=decision, with_number=False)
    assert scene.index.ask(desk, "/v1/desk/resolve", early).json()["code"] == "item-unknown"
    scene.world.clock.advance(WORKING_DAY)
    desk, nurse = renewed(scene, desk), renewed(scene, scene.nurse)
    assert scene.index.look_up(nurse, ADA) == "none"

    assert "approval" in works(scene, desk)
    resolve(scene.index, desk, DeskWork.APPROVAL, decision)

    assert scene.index.look_up(nurse, ADA) == ("none" if decision is DeskDecision.APPROVE else "current")


def renewed(scene: Scene, device: Device) -> Device:
    """The same account in a new shift."""
    return scene.world.device(device.organisation, device.role, device.kind, account=device.account)


def test_a_shield_ends_when_somebody_else_has_approved_that(scene: Scene, ours: Device, theirs: Device) -> None:
    """Until then it hides; then everything that nothing else hides is there again, as if just registered."""
    known(scene)
    shield = add_shield(scene.index, ours, ADA)
    receipt = receipt_of(scene, scene.nurse, ADA)
    ask(scene, scene.nurse, receipt)
    approve_shield(scene.index, theirs, shield)
    request = ShieldEndRequest(shield=shield, why=ShieldEndReason.NO_LONGER_IN_DANGER)
    ending = scene.index.ask(ours, "/v1/shields/end", request).json()
    assert (ending["state"], ending["end_why"]) == ("ending", "no-longer-in-danger")
    assert word(scene) == "none"
    mistaken = scene.index.ask(theirs, "/v1/shields/approve", ShieldRequest(shield=shield, ends=False))
    assert mistaken.json()["code"] == "shield-decided"

    approve_shield(scene.index, theirs, shield, ends=True)

    assert word(scene) == "current"
    assert len(inbox(scene, scene.index.enrol("southtown", Role.PRACTITIONER))) == 1
    assert scene.index.ask(ours, "/v1/shields/status", ShieldStatusRequest(shield=None)).json() == {"shields": []}


def test_what_two_shields_hide_stays_hidden_when_one_ends(scene: Scene, ours: Device, theirs: Device) -> None:
    known(scene)
    first = add_shield(scene.index, ours, ADA)
    second = add_shield(scene.index, theirs, WITHOUT_NUMBER)

    end_shield(scene.index, ours, first, theirs)
    assert word(scene) == "none"
    end_shield(scene.index, theirs, second, ours)
    assert word(scene) == "current"


@pytest.mark.parametrize("decision", [DeskDecision.END, DeskDecision.STAND])
def test_an_end_that_nobody_approves_the_desk_decides(
    scene: Scene, ours: Device, theirs: Device, decision: DeskDecision
) -> None:
    """In words of its own: what was approved of a shield is not approved of its end."""
    known(scene)
    shield = add_shield(scene.index, ours, ADA)
    approve_shield(scene.index, theirs, shield)
    request = ShieldEndRequest(shield=shield, why=ShieldEndReason.MISTAKEN)
    scene.index.ask(ours, "/v1/shields/end", request)
    scene.world.clock.advance(WORKING_DAY)
    desk, nurse = admit_desk(scene.index), renewed(scene, scene.nurse)
    assert works(scene, desk) == ["end", "registered"]
    assert desk_queue(scene.index, desk)[0]["end_why"] == "mistaken"
    old = DeskResolveRequest(item=shield, decision=DeskDecision.APPROVE, with_number=False)
    assert scene.index.ask(desk, "/v1/desk/resolve", old).json()["code"] == "decision-refused"

    resolve(scene.index, desk, DeskWork.END, decision)

    assert scene.index.look_up(nurse, ADA) == ("current" if decision is DeskDecision.END else "none")


def test_a_shield_is_reviewed(scene: Scene, ours: Device, theirs: Device) -> None:
    """On its day, by the desk; it hides all the same."""
    known(scene)
    approve_shield(scene.index, theirs, add_shield(scene.index, ours, ADA))
    scene.world.clock.advance(181 * 24 * 60 * 60)
    desk = admit_desk(scene.index)

    assert works(scene, desk) == ["registered", "review"]
    resolve(scene.index, desk, DeskWork.REVIEW, DeskDecision.KEEP)

    assert works(scene, desk) == ["registered"]
    assert scene.index.look_up(renewed(scene, scene.nurse), ADA) == "none"


@pytest.mark.parametrize("days", [0, -1, 732])
def test_a_review_is_on_a_day_to_come_and_within_two_years(scene: Scene, ours: Device, days: int) -> None:
    today = dt.datetime.fromtimestamp(scene.world.clock.now(), tz=dt.UTC).date()
    request = shield_request(scene.world, ours, ADA).model_copy(update={"review_on": today + dt.timedelta(days=days)})

    answer = scene.index.ask(ours, "/v1/shields", request)

    assert (answer.status_code, answer.json()["code"]) == (422, "review-date")


def test_an_answer_that_was_lost_is_given_again(scene: Scene, ours: Device) -> None:
    """The same body, signed anew: one shield, and the same words."""
    request = shield_request(scene.world, ours, ADA)

    first, second = (scene.index.ask(ours, "/v1/shields", request) for _ in range(2))

    assert first.content == second.content
    assert len(scene.index.tables()["seals"]) == 1


def test_an_officer_is_told_the_same_whether_anybody_knows_the_child(scene: Scene, ours: Device) -> None:
    known(scene)
    answers = [
        scene.index.ask(ours, "/v1/shields", shield_request(scene.world, ours, child)).json()
        for child in (ADA, whole_child("nobody"))
    ]

    assert {**answers[0], "shield": ""} == {**answers[1], "shield": ""}


def test_no_more_shields_a_day_than_a_person_asks_for(scene: Scene, ours: Device) -> None:
    for number in range(50):
        add_shield(scene.index, ours, whole_child(f"{number}"))

    answer = scene.index.ask(ours, "/v1/shields", shield_request(scene.world, ours, ADA))

    assert (answer.status_code, answer.json()["code"]) == (429, "budget-used")


# -- settled work of every kind


def test_an_end_and_a_withdrawal_reach_what_is_hidden(scene: Scene, ours: Device, theirs: Device) -> None:
    """When the shield has ended, the involvement is as its owner left it."""
    known(scene)
    known(scene, reference="two", of="northtown")
    shield = add_shield(scene.index, ours, ADA)
    end = Change(reference=reference_of("one"), action="end", ended_on=TODAY, row_digest=bytes(16))
    withdraw = Change(reference=reference_of("two"), action="withdraw", ended_on=None, row_digest=None)
    for feed, change in ((scene.other_feed, end), (scene.feed, withdraw)):
        request = ChangeRequest(changes=[change])
        assert scene.index.ask(feed, "/v1/involvements/changes", request).status_code == 202
    scene.index.settle()

    end_shield(scene.index, ours, shield, theirs)

    assert word(scene) == "previous"


def test_only_a_shield_hides_what_the_law_asks_for(scene: Scene, ours: Device) -> None:
    """Consent or not: a shield asks for no ground."""
    registration = scene.world.registration(ADA, scene.other_handle, reference="one")
    by_consent = registration.model_copy(update={"basis": Basis.CONSENT})
    scene.index.ask(scene.other_feed, "/v1/registrations", scene.world.registering(scene.other_feed, [by_consent]))
    scene.index.settle()

    add_shield(scene.index, ours, ADA)

    assert word(scene) == "none"


# -- a new identity


def test_nothing_leads_from_an_old_identity_to_a_new_one(
    scene: Scene, ours: Device, theirs: Device, desk: Device
) -> None:
    """Not a row, not a number, not what is sealed in one: the child registered again under the same reference is found
    by everybody, and no table joins the two.
    """
    new = whole_child("a new identity")
    known(scene, ADA, reference="child one", of="northtown")
    receipt = receipt_of(scene, scene.nurse, ADA)
    ask(scene, scene.nurse, receipt)
    shield = add_shield(scene.index, ours, ADA)
    add_shield(scene.index, theirs, ADA)
    word(scene)
    registration = scene.world.registration(ADA, scene.handle, reference="child one")
    known(scene, ADA, reference="child one", of="northtown")
    assert works(scene, desk)

    end_identity(scene.index, ours, shield, Child(identity=ADA.identity, name=ADA.name))

    number = scene.index.vault.involvement(scene.feed.organisation, registration.reference)
    child = scene.index.vault.child(scene.feed.organisation, registration.child_reference)
    for table, rows in scene.index.tables().items():
        if table != "feeds":
            assert not [row for row in rows if number in row or child in row], table
    opened = scene.index.opened_rows()
    for each in (number, child):
        assert str(each).encode() not in opened
        assert each.to_bytes(8, "big") not in opened

    fresh = registration.model_copy(
        update={"tags": scene.world.registration(new, scene.handle, reference="child one").tags}
    )
    scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [fresh]))
    scene.index.settle()
    assert word(scene, new) == "current"
    known(scene, ADA, reference="another council's")
    assert word(scene, ADA) == "none"
    assert not [row for row in scene.index.tables()["seal_children"] if scene.index.vault.seal_name(shield) in row]


# -- what an adversary tries


def batch(scene: Scene, *rows: tuple[Child, str], child: Child = ADA) -> None:
    """Southtown registers several involvements with one child of its own, in one request; settled together."""
    of = scene.world.registration(child, scene.other_handle, reference="x").child_reference
    registrations = [
        scene.world.registration(of_row, scene.other_handle, reference=reference).model_copy(
            update={"child_reference": of}
        )
        for of_row, reference in rows
    ]
    request = scene.world.registering(scene.other_feed, registrations)
    assert scene.index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
    scene.index.settle()


@pytest.mark.parametrize("reference", [f"sibling {number}" for number in range(4)])
def test_a_row_fed_in_the_same_batch_as_the_one_that_is_hidden_is_hidden_with_it(
    scene: Scene, ours: Device, theirs: Device, reference: str
) -> None:
    """Whichever of the two settles first: by the council's own reference of the child they are one child's."""
    shield = add_shield(scene.index, ours, ADA)
    other = whole_child("ada under another name")

    for _ in range(2):
        batch(scene, (ADA, "one"), (other, reference))
        assert word(scene, other) == "none"
        assert word(scene) == "none"

    end_shield(scene.index, ours, shield, theirs)
    assert word(scene, other) == "current"
    assert word(scene) == "current"


def test_who_has_one_child_in_thousands_of_rows_slows_nobody(scene: Scene, ours: Device) -> None:
    """A row that is hidden is not compared with every other of its child: the work of a batch stays the same."""
    add_shield(scene.index, ours, ADA)
    steps = []
    for number in range(3):
        rows = [(ADA, f"row {number} {row}") for row in range(20)]
        count = 0

        def step(_: str) -> None:
            nonlocal count
            count += 1

        scene.index.writer.run(lambda connection: connection.set_trace_callback(step))
        batch(scene, *rows)
        scene.index.writer.run(lambda connection: connection.set_trace_callback(None))
        steps.append(count)

    assert steps[2] <= steps[1] + 10


# -- what an officer cannot do alone


def test_who_approves_a_shield_does_not_end_it_unknowingly(scene: Scene, ours: Device, theirs: Device) -> None:
    """Its own council asks for the end while somebody elsewhere is asked to approve it: an approval names which."""
    known(scene)
    shield = add_shield(scene.index, ours, ADA)
    early = scene.index.ask(theirs, "/v1/shields/approve", ShieldRequest(shield=shield, ends=True))
    assert (early.status_code, early.json()["code"]) == (409, "shield-decided")
    request = ShieldEndRequest(shield=shield, why=ShieldEndReason.NO_LONGER_IN_DANGER)
    assert scene.index.ask(ours, "/v1/shields/end", request).status_code == 200

    answer = scene.index.ask(theirs, "/v1/shields/approve", ShieldRequest(shield=shield, ends=False))

    assert (answer.status_code, answer.json()["code"]) == (409, "shield-decided")
    assert word(scene) == "none"


def test_tags_that_join_an_approved_shield_are_approved_too(scene: Scene, ours: Device, theirs: Device) -> None:
    """They may be any child's: somebody elsewhere has to look, as at a new shield."""
    shield = add_shield(scene.index, ours, ADA)
    approve_shield(scene.index, theirs, shield)

    add_shield(scene.index, ours, whole_child("another child"), shield=shield)

    [status] = scene.index.ask(ours, "/v1/shields/status", ShieldStatusRequest(shield=shield)).json()["shields"]
    assert status["state"] == "waiting"
    approve_shield(scene.index, theirs, shield)


def test_ending_an_identity_is_no_way_to_end_a_shield_alone(scene: Scene, ours: Device) -> None:
    """What the shield keeps has the number that it hides by."""
    known(scene)
    shield = add_shield(scene.index, ours, ADA)

    request = identity_request(scene.world, ours, shield, Child(identity="made up"))
    answer = scene.index.ask(ours, "/v1/shields/identity-ended", request)

    assert (answer.status_code, answer.json()["code"]) == (422, "tags-profile")
    known(scene)
    assert word(scene) == "none"


@pytest.mark.parametrize("old_identity", [False, True])
def test_a_made_up_number_shows_nobody_whom_a_shield_hides(
    scene: Scene, ours: Device, desk: Device, old_identity: bool
) -> None:
    """Not what it hid, nor what is registered: that the child is another one by it, somebody else has to say. The
    number that is made up hides all the same.
    """
    known(scene)
    shield = add_shield(scene.index, ours, WITHOUT_NUMBER)
    approve_shield(scene.index, officer(scene.index, "southtown"), shield)
    made_up = replace(ADA, identity="made up")

    if old_identity:
        end_identity(scene.index, ours, shield, made_up)
    else:
        add_shield(scene.index, ours, made_up, shield=shield)

    assert word(scene) == "none"
    known(scene)
    known(scene, reference="northern", of="northtown")
    assert word(scene) == "none"
    scene.world.clock.advance(WORKING_DAY)
    desk, feed = renewed(scene, desk), renewed(scene, scene.other_feed)
    assert "approval" in works(scene, desk)
    assert scene.index.register(feed, ADA, scene.other_handle, reference="one").status_code == 202
    scene.index.settle()
    assert scene.index.look_up(renewed(scene, scene.nurse), ADA) == "none"


# -- what could lead from an old identity to a new one


def of_northtown(scene: Scene, child: Child, reference: str, *, settled: bool = True) -> None:
    """Northtown registers whatever is now known of a child whom it has always called the same."""
    called = scene.world.registration(ADA, scene.handle, reference="x").child_reference
    registration = scene.world.registration(child, scene.handle, reference=reference)
    request = scene.world.registering(scene.feed, [registration.model_copy(update={"child_reference": called})])
    assert scene.index.ask(scene.feed, "/v1/registrations", request).status_code == 202
    if settled:
        scene.index.settle()


def leads_to(scene: Scene, *references: str) -> None:
    """Nothing that rests there, sealed or not, holds these involvements' numbers, or the child's."""
    vault, organisation = scene.index.vault, scene.feed.organisation
    called = scene.world.registration(ADA, scene.handle, reference="x").child_reference
    numbers = [vault.child(organisation, called)]
    numbers += [vault.involvement(organisation, reference_of(each)) for each in references]  # type: ignore[misc]
    opened = scene.index.opened_rows()
    for number in numbers:
        for table, rows in scene.index.tables().items():
            assert not [row for row in rows if number in row], table
        assert str(number).encode() not in opened
        assert number.to_bytes(8, "big") not in opened


def test_another_councils_shield_leads_no_further_than_ones_own(
    scene: Scene, ours: Device, theirs: Device, desk: Device
) -> None:
    """It hides the same old identity: nor does it follow the child into the new one, by row or by queue."""
    of_northtown(scene, ADA, "one")
    shield = add_shield(scene.index, ours, ADA)
    add_shield(scene.index, theirs, replace(ADA, identity="another number"))
    of_northtown(scene, ADA, "one")
    assert {"registered", "unsure"} <= set(works(scene, desk))

    end_identity(scene.index, ours, shield, Child(identity=ADA.identity))

    leads_to(scene, "one")
    new = whole_child("a new identity")
    of_northtown(scene, new, "one")
    assert word(scene, new) == "current"


def test_another_shield_that_hides_the_same_child_does_not_follow_it(
    scene: Scene, ours: Device, theirs: Device
) -> None:
    of_northtown(scene, ADA, "one")
    shield = add_shield(scene.index, ours, ADA)
    add_shield(scene.index, theirs, ADA)

    end_identity(scene.index, ours, shield, Child(identity=ADA.identity))

    leads_to(scene, "one")
    new = whole_child("a new identity")
    of_northtown(scene, new, "one")
    assert word(scene, new) == "current"


@pytest.mark.parametrize("settled", [0, 1, 2])
def test_what_waits_to_settle_of_an_old_identity_goes_with_it(
    scene: Scene, ours: Device, desk: Device, settled: int
) -> None:
    """None, one or both of its rows had settled; nothing of them is left, nor of what was not gathered yet."""
    shield = add_shield(scene.index, ours, ADA)
    of_northtown(scene, ADA, "one", settled=settled > 0)
    of_northtown(scene, replace(whole_child("other tags"), identity=None), "two", settled=settled > 1)

    end_identity(scene.index, ours, shield, Child(identity=ADA.identity))
    scene.index.settle()

    leads_to(scene, "one", "two")
    assert works(scene, desk) == []


def test_what_the_desk_had_hidden_by_an_old_identity_is_hidden_when_it_is_fed_again(
    scene: Scene, ours: Device, desk: Device
) -> None:
    """By no reference of a child any more; but what somebody decided of this row stands."""
    known(scene, ANOTHER_NUMBER)
    shield = add_shield(scene.index, ours, ADA)
    end_identity(scene.index, ours, shield, ADA)
    resolve(scene.index, desk, DeskWork.UNSURE, DeskDecision.HIDE)
    assert word(scene, ANOTHER_NUMBER) == "none"

    known(scene, ANOTHER_NUMBER)

    assert word(scene, ANOTHER_NUMBER) == "none"


# -- what somebody could flood


def test_a_flood_of_lookups_buries_no_call_back(
    scene: Scene, ours: Device, desk: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many items there are, those that somebody waits for are looked at first."""
    monkeypatch.setattr(desk_items, "_MOST_OPENED", 3)
    known(scene, ANOTHER_NUMBER, of="northtown")
    add_shield(scene.index, ours, ADA)
    receipt = receipt_of(scene, scene.nurse, ADA)
    ask(scene, scene.nurse, receipt, urgency=Urgency.NOW)
    for number in range(8):
        nurse = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account=f"nurse.{number}")
        scene.index.look_up(nurse, Child(identity=ADA.identity))
    scene.index.settle()

    found = works(scene, desk)

    assert found[:2] == ["call-back", "unsure"]
    assert len(found) == 3


def test_a_crowd_behind_a_shield_is_no_larger_than_one_before_it(scene: Scene, ours: Device) -> None:
    """One organisation's involvements under one tag: neither settling nor ending reads more than so many."""
    add_shield(scene.index, ours, ADA)
    for number in range(4):
        rows = [(replace(ADA, name=(f"{number} {row}",)), f"{number} {row}") for row in range(20)]
        batch(scene, *rows)

    key = max(Counter(row[0] for row in scene.index.tables()["sealed_tags"]).values())

    assert key == MOST_UNDER_ONE_TAG


def test_another_councils_row_that_takes_the_new_identity_leaves_the_old_one_behind(
    scene: Scene, ours: Device, desk: Device
) -> None:
    """Fed again under the same references: no item of the old identity's shield, and no broken glass, leads to it."""
    known(scene)
    receipt = receipt_of(scene, scene.nurse, ADA)
    request = GlassRequest(receipt=receipt, purpose=device_purpose(scene.nurse))
    assert scene.index.ask(scene.nurse, "/v1/contact/break-glass", request).status_code == 200
    shield = add_shield(scene.index, ours, ADA)
    known(scene)
    assert "registered" in works(scene, desk)
    end_identity(scene.index, ours, shield, Child(identity=ADA.identity))

    new = whole_child("a new identity")
    known(scene, new)

    assert word(scene, new) == "current"
    number = scene.index.vault.involvement(scene.other_feed.organisation, reference_of("one"))
    assert str(number).encode() not in scene.index.opened_rows()


def test_what_an_officer_is_refused_is_on_the_desks_record_alone(scene: Scene, ours: Device, desk: Device) -> None:
    scene.index.admit("oversight", Kind.OVERSIGHT)
    everybodys = scene.index.enrol("oversight", Role.AUDITOR, Kind.OVERSIGHT)
    the_desks = scene.index.enrol("shielding-desk", Role.AUDITOR, Kind.SHIELDING_DESK)
    for device, path, message in (
        (ours, "/v1/desk/queue", Nothing()),
        (desk, "/v1/shields", shield_request(scene.world, desk, ADA)),
    ):
        assert scene.index.ask(device, path, message).json()["code"] == "role-refused"
    page = RecordRequest(after=0, limit=100)

    assert "role-refused" not in scene.index.ask(everybodys, "/v1/record", page).text
    assert scene.index.ask(the_desks, "/v1/desk/record", page).text.count("role-refused") == 2


@pytest.mark.parametrize("settled", ["before the shield", "after it"])
def test_a_call_back_that_was_answered_for_a_row_that_is_hidden_with_another_is_the_desks(
    scene: Scene, ours: Device, desk: Device, settled: str
) -> None:
    """It was asked under another name, which is not in the shield; nobody else would ever see the answer. Looked at
    once, it is not there again whenever the row is fed.
    """
    other = replace(whole_child("ada under another name"), identity=None)
    batch(scene, (other, "two"))
    receipt = receipt_of(scene, scene.nurse, other)
    ask(scene, scene.nurse, receipt, urgency=Urgency.NOW)
    if settled == "before the shield":
        batch(scene, (ADA, "one"))
    add_shield(scene.index, ours, Child(identity=ADA.identity))
    batch(scene, (ADA, "one"))
    assert word(scene, other) == "none"

    [item] = [each for each in desk_queue(scene.index, desk) if each["work"] == "call-back"]

    assert [(each["organisation"], each["state"]) for each in item["answers"]] == [("southtown", "open")]
    request = DeskCallBackRequest(item=item["item"], rang=True)
    assert scene.index.ask(desk, "/v1/desk/call-backs", request).status_code == 200
    batch(scene, (other, "two"))
    assert "call-back" not in works(scene, desk)


def test_the_desk_is_told_of_who_asks_by_another_name_that_is_hidden_too(
    scene: Scene, ours: Device, desk: Device
) -> None:
    """The name is not in the shield, but in a row that the shield hides; not so of another number."""
    other = replace(whole_child("ada under another name"), identity="second number")
    batch(scene, (ADA, "one"), (other, "two"))
    add_shield(scene.index, ours, Child(identity=ADA.identity))

    word(scene, replace(other, identity="another child's number"))
    scene.index.settle()
    assert "looked-up" not in works(scene, desk)
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse, replace(other, identity=None)))

    assert {"call-back", "looked-up"} <= set(works(scene, desk))


def test_an_officers_answer_waits_whatever_it_had_to_do(scene: Scene, ours: Device, theirs: Device) -> None:
    """Who asks, who approves, who ends an identity: by none of their answers' times is it told whether the child is
    known.
    """
    evenly, waited = scene.index.index.evenly, 0

    async def counting(work: Any) -> Any:
        nonlocal waited
        waited += 1
        return await evenly(work)

    scene.index.index.evenly = counting  # type: ignore[assignment]

    shield = add_shield(scene.index, ours, ADA)
    approve_shield(scene.index, theirs, shield)
    end_identity(scene.index, ours, shield, Child(identity=ADA.identity))
    end_shield(scene.index, ours, shield, theirs)

    assert waited == 4


def test_what_waits_longest_is_not_buried_by_what_comes_after(
    scene: Scene, ours: Device, desk: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoys that resemble the child come later, and stand behind."""
    known(scene, ANOTHER_NUMBER, of="northtown")
    add_shield(scene.index, ours, ADA)
    scene.world.clock.advance(2 * 60 * 60)
    for number in range(6):
        known(scene, replace(ADA, identity=f"decoy {number}"), reference=f"decoy {number}")
    monkeypatch.setattr(desk_items, "_MOST_OPENED", 1)

    [item] = desk_queue(scene.index, desk)

    assert item["owner"]["organisation"] == "northtown"


def test_what_another_shield_hides_as_well_is_the_desks_when_the_first_one_ends(
    scene: Scene, ours: Device, theirs: Device, desk: Device
) -> None:
    """Who knows the child, and what was answered before: the items of the shield that ended are gone with it."""
    other = whole_child("ada under another name")
    batch(scene, (ADA, "one"), (other, "two"))
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse, other), urgency=Urgency.NOW)
    first = add_shield(scene.index, ours, other)
    add_shield(scene.index, theirs, ADA)

    end_shield(scene.index, ours, first, theirs)

    assert word(scene, other) == "none"
    assert {"call-back", "registered"} <= set(works(scene, desk))
