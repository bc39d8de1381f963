"""Objections, and consents that were withdrawn: what they hide, what stands, and how they are taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.messages import ContactStatusRequest, InvolvementListRequest
from signpost.protocol.purposes import Basis, Kind, Role, Urgency
from signpost.protocol.rights import ObjectionEndRequest, ObjectionGround, ObjectionRequest
from signpost.protocol.shielding import ShieldEndReason, ShieldEndRequest, ShieldRequest, ShieldStatusRequest
from tests.integration.index.conftest import Scene
from tests.integration.index.test_contact import ask, inbox, receipt_of
from tests.integration.index.test_record import leaves
from tests.integration.index.test_rights import DONE, correcting, officer_of, own, told, withdrawing
from tests.support.shielding import add_shield, admit_desk, desk_queue, identity_request, officer, shield_request
from tests.support.world import Child, Device, whole_child

ADA = whole_child("ada")
UNKNOWN = (404, "objection-unknown")


@pytest.fixture
def anna(scene: Scene) -> Device:
    """A rights officer of Southtown."""
    return officer_of(scene, "anna")


def objecting(
    scene: Scene, device: Device, child: Child = ADA, ground: ObjectionGround = ObjectionGround.NO_OVERRIDING_GROUND
) -> ObjectionRequest:
    """An objection as it was balanced."""
    return ObjectionRequest(
        epoch=scene.world.manifest.epoch,
        tags=scene.world.tags(Use.OFFICER, child),
        receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
        balanced=ground,
    )


def objected(scene: Scene, device: Device, child: Child = ADA, **rest: Any) -> dict[str, Any]:
    """The answer to it."""
    answer = scene.index.ask(device, "/v1/rights/objections", objecting(scene, device, child, **rest))
    assert answer.status_code == 201, answer.text
    scene.index.settle()
    document: dict[str, Any] = answer.json()
    return document


def end(scene: Scene, device: Device, reference: str) -> tuple[int, str | None]:
    """Take it back."""
    answer = scene.index.ask(device, "/v1/rights/objections/end", ObjectionEndRequest(objection=reference))
    scene.index.settle()
    return told(answer)


def registered(scene: Scene, child: Child = ADA, reference: str = "one", basis: Basis = Basis.CONSENT) -> None:
    """Northtown registers, on this ground, and it settles."""
    registration = scene.world.registration(child, scene.handle, reference=reference, basis=basis)
    request = scene.world.registering(scene.feed, [registration])
    assert scene.index.ask(scene.feed, "/v1/registrations", request).status_code == 202
    scene.index.settle()


def word(scene: Scene, child: Child = ADA) -> str:
    """What the hospital is answered."""
    return scene.index.look_up(scene.nurse, child)


# -- what an upheld objection hides


@pytest.mark.parametrize("first", ["registered", "objected"])
def test_what_rests_on_consent_is_seen_by_nobody_whichever_came_first(scene: Scene, anna: Device, first: str) -> None:
    """Of every organisation, the officer's own too."""
    if first == "registered":
        registered(scene)
        own(scene, basis=Basis.CONSENT)
        assert word(scene) == "current"
    assert objected(scene, anna)["upheld"] is True
    if first == "objected":
        registered(scene)
        own(scene, basis=Basis.CONSENT)

    assert word(scene) == "none"


@pytest.mark.parametrize("basis", [Basis.STATUTORY, Basis.SIGNIFICANT_HARM])
def test_what_the_law_asks_for_stands(scene: Scene, anna: Device, basis: Basis) -> None:
    """Beside what is hidden."""
    registered(scene, reference="by law", basis=basis)
    registered(scene, reference="by consent")
    objected(scene, anna)

    assert word(scene) == "current"


@pytest.mark.parametrize("ground", [ObjectionGround.SAFEGUARDING_OVERRIDES, ObjectionGround.LEGAL_CLAIMS])
def test_one_that_is_not_upheld_is_recorded_and_hides_nothing(
    scene: Scene, anna: Device, ground: ObjectionGround
) -> None:
    """By its ground, for oversight; there is nothing of it to take back."""
    registered(scene)

    answer = objected(scene, anna, ground=ground)

    assert answer["upheld"] is False
    assert word(scene) == "current"
    assert [leaf["ground"] for leaf in leaves(scene.index) if leaf["action"] == "recorded-objection"] == [ground.value]
    assert end(scene, anna, answer["objection"]) == UNKNOWN


def test_work_that_comes_to_rest_on_the_law_is_seen_and_hidden_again_where_it_does_not(
    scene: Scene, anna: Device
) -> None:
    """The ground is the one that was registered last."""
    objected(scene, anna)
    words = []
    for basis in (Basis.CONSENT, Basis.STATUTORY, Basis.CONSENT):
        registered(scene, basis=basis)
        words.append(word(scene))

    assert words == ["none", "current", "none"]


def test_a_correction_of_what_an_objection_hides_leaves_it_hidden(scene: Scene, anna: Device) -> None:
    """And what was hidden by it is counted."""
    own(scene, basis=Basis.CONSENT)
    objected(scene, anna)
    right = replace(ADA, name=("her right name",))

    answer = scene.index.ask(anna, "/v1/rights/corrections", correcting(scene, anna, ADA, right)).json()
    scene.index.settle()

    assert answer["changed"] == 1
    assert word(scene, right) == "none"


def test_a_twin_and_a_namesake_are_not_hidden(scene: Scene, anna: Device) -> None:
    """Neither by another number, nor by what many share: an objection speaks for one family."""
    registered(scene, replace(ADA, identity="twin"), "twin")
    registered(scene, Child(name=("ada name",), probable="ada probable", undated="ada undated"), "alike")
    objected(scene, anna)

    assert word(scene, replace(ADA, identity="twin")) == "current"
    assert word(scene, Child(probable="ada probable")) == "possible"


def test_the_answer_is_the_same_whatever_there_is(scene: Scene, anna: Device) -> None:
    """But for its reference."""
    registered(scene)
    there, absent = objected(scene, anna), objected(scene, anna, whole_child("nobody"))

    assert {**there, "objection": ""} == {**absent, "objection": ""}


def test_the_same_request_sent_again_is_the_same_objection(scene: Scene, anna: Device) -> None:
    """Upheld or not; nothing is there twice."""
    for ground in (ObjectionGround.NO_OVERRIDING_GROUND, ObjectionGround.LEGAL_CLAIMS):
        request = objecting(scene, anna, ground=ground)
        first, again = (scene.index.ask(anna, "/v1/rights/objections", request) for _ in range(2))
        assert (again.status_code, again.json()) == (201, first.json())
    assert len(scene.index.tables()["seals"]) == 1


def test_who_feeds_it_sees_no_difference(scene: Scene, anna: Device) -> None:
    """Its own list is what it was, and registering is acknowledged as ever."""
    registered(scene)
    request = InvolvementListRequest(after=None, limit=5)
    before = scene.index.ask(scene.feed, "/v1/involvements/list", request).json()
    objected(scene, anna)

    assert scene.index.ask(scene.feed, "/v1/involvements/list", request).json() == before
    registered(scene)  # the same row again
    assert word(scene) == "none"


def test_a_call_back_that_was_shared_is_shared_no_longer(scene: Scene, anna: Device) -> None:
    """As when it is withdrawn; and whoever asks from then on reaches nobody."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    assert len(inbox(scene, scene.worker)) == 1
    objected(scene, anna)
    other = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, other)

    assert len(inbox(scene, scene.worker)) == 1  # what its own organisation was told before stays
    status = scene.index.ask(scene.nurse, "/v1/contact/status", ContactStatusRequest(receipt=other)).json()
    assert (status["state"], status["urgency"]) == ("pending", Urgency.NOW.value)


def test_an_objection_is_no_matter_for_the_desk_nor_for_shielding_officers(scene: Scene, anna: Device) -> None:
    """It is in nobody's queue, in no list of shields, and ends by no shield's road."""
    desk = admit_desk(scene.index)
    registered(scene)
    reference = objected(scene, anna)["objection"]
    word(scene)
    shielding = officer(scene.index, "southtown")

    assert desk_queue(scene.index, desk) == []
    listed = scene.index.ask(shielding, "/v1/shields/status", ShieldStatusRequest(shield=None)).json()
    assert listed == {"shields": []}
    request = ShieldEndRequest(shield=reference, why=ShieldEndReason.MISTAKEN)
    assert told(scene.index.ask(shielding, "/v1/shields/end", request)) == (404, "shield-unknown")
    approver = officer(scene.index, "northtown")
    for ends in (True, False):
        approve = ShieldRequest(shield=reference, ends=ends)
        assert told(scene.index.ask(approver, "/v1/shields/approve", approve)) == (404, "shield-unknown")
    joining = shield_request(scene.world, shielding, whole_child("another child"), shield=reference)
    assert told(scene.index.ask(shielding, "/v1/shields", joining)) == (404, "shield-unknown")
    old_identity = identity_request(scene.world, shielding, reference, ADA)
    assert told(scene.index.ask(shielding, "/v1/shields/identity-ended", old_identity)) == (404, "shield-unknown")


# -- taking one back


def test_an_objection_is_taken_back_by_its_own_council(scene: Scene, anna: Device) -> None:
    """Once; what it hid is found again."""
    registered(scene)
    reference = objected(scene, anna)["objection"]

    assert end(scene, officer_of(scene, "carl", "northtown"), reference) == UNKNOWN
    assert word(scene) == "none"
    assert end(scene, officer_of(scene, "bela"), reference) == DONE
    assert word(scene) == "current"
    assert end(scene, anna, reference) == UNKNOWN


def test_a_shield_is_taken_back_by_no_rights_officer_nor_shown_to_be_there(scene: Scene, anna: Device) -> None:
    """The refusal is that of a reference that names nothing."""
    shield = add_shield(scene.index, officer(scene.index, "southtown"), ADA)

    refusals = [
        scene.index.ask(anna, "/v1/rights/objections/end", ObjectionEndRequest(objection=each))
        for each in (shield, "0000-0000")
    ]

    assert told(refusals[0]) == UNKNOWN
    assert refusals[0].content == refusals[1].content


def test_what_a_shield_hides_as_well_stays_hidden_when_the_objection_ends(scene: Scene, anna: Device) -> None:
    """Each hides for itself."""
    registered(scene)
    add_shield(scene.index, officer(scene.index, "northtown"), ADA)
    reference = objected(scene, anna)["objection"]

    assert end(scene, anna, reference) == DONE
    assert word(scene) == "none"


# -- a consent that was withdrawn


def withdrawn(scene: Scene, device: Device, child: Child = ADA) -> dict[str, Any]:
    """Southtown withdraws."""
    answer = scene.index.ask(device, "/v1/rights/withdrawals", withdrawing(scene, device, child))
    assert answer.status_code == 200, answer.text
    scene.index.settle()
    document: dict[str, Any] = answer.json()
    return document


def test_what_the_feed_sends_again_of_a_withdrawn_consent_stays_unseen(scene: Scene, anna: Device) -> None:
    """Under the same reference or another; and its own list holds it, so that the feed sends it once."""
    own(scene, basis=Basis.CONSENT)
    assert withdrawn(scene, anna)["changed"] == 1

    own(scene, basis=Basis.CONSENT)
    own(scene, reference="two", basis=Basis.CONSENT)

    assert word(scene) == "none"
    request = InvolvementListRequest(after=None, limit=5)
    listed = scene.index.ask(scene.other_feed, "/v1/involvements/list", request).json()["involvements"]
    assert len(listed) == 2


def test_a_withdrawn_consent_is_one_organisations_alone(scene: Scene, anna: Device) -> None:
    """What another holds by consent, and what this one holds by law, stands."""
    own(scene, basis=Basis.CONSENT)
    registered(scene)
    withdrawn(scene, anna)
    assert word(scene) == "current"

    other = whole_child("ben")
    withdrawn(scene, anna, other)
    own(scene, other, "by law", basis=Basis.STATUTORY)
    assert word(scene, other) == "current"


def test_a_family_may_consent_again(scene: Scene, anna: Device) -> None:
    """By the receipt of its withdrawal."""
    receipt = withdrawn(scene, anna)["receipt"]
    own(scene, basis=Basis.CONSENT)
    assert word(scene) == "none"

    assert end(scene, anna, receipt) == DONE
    assert word(scene) == "current"


@pytest.mark.parametrize("path", ["/v1/rights/corrections", "/v1/rights/withdrawals"])
def test_the_receipt_is_the_same_whether_the_child_is_shielded(scene: Scene, anna: Device, path: str) -> None:
    """What is hidden is counted as what is seen, and changed as well."""
    shown, hidden = whole_child("shown"), whole_child("hidden")
    for child in (shown, hidden):
        own(scene, child, repr(child), basis=Basis.CONSENT)
        own(scene, child, f"{child} by law")
    add_shield(scene.index, officer(scene.index, "northtown"), hidden)
    counts = []
    for child in (shown, hidden):
        request = (
            correcting(scene, anna, child, child) if path.endswith("corrections") else withdrawing(scene, anna, child)
        )
        answer = scene.index.ask(anna, path, request).json()
        counts.append((answer["changed"], answer["standing"]))
        scene.index.settle()

    assert counts[0] == counts[1]
    assert counts[0] in ((2, 0), (1, 1))


def test_a_corrected_child_that_is_shielded_stays_hidden(scene: Scene, anna: Device) -> None:
    """By the council's own reference of the child, though no tag is left that the shield knows."""
    own(scene)
    add_shield(scene.index, officer(scene.index, "northtown"), ADA)
    right = whole_child("ada under her right name")

    answer = scene.index.ask(anna, "/v1/rights/corrections", correcting(scene, anna, ADA, right)).json()
    scene.index.settle()

    assert answer["changed"] == 1
    assert word(scene, right) == "none"
    assert word(scene) == "none"


def test_objections_are_recorded_by_rights_officers_of_councils_alone(scene: Scene, anna: Device) -> None:
    """And ended by them."""
    bodies = {
        "/v1/rights/objections": objecting(scene, anna),
        "/v1/rights/objections/end": ObjectionEndRequest(objection="0000-0000"),
    }
    others = [
        scene.feed, scene.worker, scene.nurse, officer(scene.index, "southtown"),
        scene.index.enrol("st-elsewhere", Role.RIGHTS_OFFICER, Kind.HOSPITAL),
    ]  # fmt: skip
    for path, body in bodies.items():
        for other in others:
            refused = scene.index.refused_on_record(lambda: scene.index.ask(other, path, body))  # noqa: B023 - at once
            assert told(refused) == (403, "role-refused")


def test_the_answers_that_hide_show_or_change_anything_wait_whatever_there_was_to_do(
    scene: Scene, anna: Device
) -> None:
    """By the time of none of them is it told whether there was anything: an objection and its end, a correction, a
    withdrawal.
    """
    evenly, waited = scene.index.index.evenly, 0

    async def counting(work: Any) -> Any:
        nonlocal waited
        waited += 1
        return await evenly(work)

    scene.index.index.evenly = counting  # type: ignore[assignment]
    waits = []

    reference = objected(scene, anna)["objection"]
    waits.append(waited)
    assert end(scene, anna, reference) == DONE
    waits.append(waited)
    for path, request in (
        ("corrections", correcting(scene, anna, ADA, ADA)),
        ("withdrawals", withdrawing(scene, anna, ADA)),
    ):
        assert scene.index.ask(anna, f"/v1/rights/{path}", request).status_code == 200
        waits.append(waited)

    assert waits == [1, 2, 3, 4]
