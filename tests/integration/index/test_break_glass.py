"""Breaking the glass: who may, what it shows, and who looks at it afterwards."""

from __future__ import annotations

import datetime as dt

import httpx2
import pytest

from signpost.index.contact_rules import ContactRules
from signpost.protocol.messages import GlassRequest, ReviewRequest
from signpost.protocol.purposes import Kind, Purpose, Role
from tests.integration.index.conftest import Scene
from tests.integration.index.test_contact import DONE, ask, inbox, receipt_of, registered, told
from tests.integration.index.test_record import leaves
from tests.support.world import Child, Device, changing, whole_child

BEN = whole_child("ben")
REFUSED = (403, "glass-refused")


def glass(scene: Scene, device: Device, receipt: str, purpose: Purpose = Purpose.VITAL_INTERESTS) -> httpx2.Response:
    """Break it."""
    return scene.index.ask(device, "/v1/contact/break-glass", GlassRequest(receipt=receipt, purpose=purpose))


def officer_of(scene: Scene, organisation: str = "st-elsewhere", kind: Kind = Kind.HOSPITAL) -> Device:
    """A rights officer."""
    return scene.index.enrol(organisation, Role.RIGHTS_OFFICER, kind)


def test_a_duty_line_is_shown_at_once_and_its_owner_and_a_reviewer_are_told(scene: Scene) -> None:
    """One desk and the one behind it; the owner learns a role and a kind; the asker's rights officer who it was."""
    night = scene.index.operate(
        "/handles", {"organisation": "northtown", "title": "Emergency duty team", "telephone": "01632 960009"}
    ).json()["handle"]
    day = scene.index.operate(
        "/handles", {"organisation": "northtown", "title": "MASH", "telephone": "01632 960002", "out_of_hours": night}
    ).json()["handle"]
    registered(scene, handle=day)
    receipt = receipt_of(scene, scene.nurse)

    broken = glass(scene, scene.nurse, receipt)

    assert told(broken) == DONE
    assert [(each["title"], each["telephone"]) for each in broken.json()["handles"]] == [
        ("MASH", "01632 960002"), ("Emergency duty team", "01632 960009"),
    ]  # fmt: skip
    answer = scene.index.ask(scene.worker, "/v1/inbox", b"{}")
    [seen] = answer.json()["glasses"]
    assert (seen["reference"], seen["role"], seen["kind"]) == (broken.json()["reference"], "urgent", "hospital")
    assert "st-elsewhere" not in answer.text
    assert scene.nurse.account not in answer.text

    officer = officer_of(scene)
    [review] = scene.index.ask(officer, "/v1/reviews/list", b"{}").json()["reviews"]
    assert (review["account"], review["reference"]) == (scene.nurse.account, broken.json()["reference"])
    due = dt.datetime.fromtimestamp(review["review_by"], tz=dt.UTC) - dt.datetime.fromtimestamp(review["at"], tz=dt.UTC)
    assert due == dt.timedelta(days=1)


def test_a_review_is_closed_once_by_an_officer_of_the_askers_organisation(scene: Scene) -> None:
    """Not by another organisation's, nor by whoever broke it; until then it is counted, and late after a day."""
    registered(scene)
    reference = glass(scene, scene.nurse, receipt_of(scene, scene.nurse)).json()["reference"]
    request = ReviewRequest(reference=reference, justified=True)

    def close(device: Device) -> tuple[int, str | None]:
        return told(scene.index.ask(device, "/v1/reviews", request))

    assert close(officer_of(scene, "northtown", Kind.COUNCIL)) == (404, "review-unknown")
    assert close(scene.nurse) == (403, "role-refused")
    assert scene.index.operate("/contact/reviews").json() == {
        "reviews": [{"organisation": "st-elsewhere", "open": 1, "late": 0}]
    }
    scene.world.clock.advance(2 * 24 * 60 * 60)
    assert scene.index.operate("/contact/reviews").json()["reviews"][0]["late"] == 1
    officer = officer_of(scene)
    assert close(officer) == DONE
    assert close(officer) == (404, "review-unknown")
    assert scene.index.ask(officer, "/v1/reviews/list", b"{}").json() == {"reviews": []}
    assert scene.index.operate("/contact/reviews").json() == {"reviews": []}


@pytest.mark.parametrize("why", ["none", "possible", "ended long ago", "withdrawn meanwhile"])
def test_where_the_answer_does_not_stand_it_is_refused_in_the_same_words(scene: Scene, why: str) -> None:
    """And leaves the same: its leaf says that it was tried, not what was found."""
    if why == "ended long ago":
        registered(scene, ended_on=dt.date(2024, 1, 5), started_on=dt.date(2023, 1, 5))
    elif why != "none":
        registered(scene)
    asked = {"none": BEN, "possible": Child(name=("ada name",))}
    receipt = receipt_of(scene, scene.nurse, asked.get(why, whole_child("ada")))
    if why == "withdrawn meanwhile":
        scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "withdraw"))
        scene.index.settle()
    before = scene.index.tables()

    refused = glass(scene, scene.nurse, receipt)

    assert told(refused) == REFUSED
    assert "ring the local duty line" in refused.json()["hint"]
    assert leaves(scene.index)[-1]["action"] == "broke-glass"
    assert leaves(scene.index)[-1]["refused"] is None
    assert scene.index.tables()["glasses"] == before["glasses"] == []
    assert inbox(scene, scene.worker) == []


def test_only_urgent_roles_for_a_purpose_of_theirs_by_their_own_receipt(scene: Scene) -> None:
    """Everybody else is told why, and nothing of the child."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    elsewhere = scene.index.enrol("southtown", Role.PRACTITIONER)
    colleague = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)

    own = receipt_of(scene, elsewhere)
    assert told(glass(scene, elsewhere, own, Purpose.SECTION_47)) == (403, "role-refused")
    assert told(glass(scene, scene.nurse, receipt, Purpose.SECTION_17)) == (403, "purpose-refused")
    assert told(glass(scene, colleague, receipt)) == (404, "lookup-unknown")


def test_ones_own_organisations_line_is_not_behind_the_glass(scene: Scene) -> None:
    """Elsewhere is meant (C5)."""
    registered(scene)
    urgent = scene.index.enrol("northtown", Role.URGENT)

    assert told(glass(scene, urgent, receipt_of(scene, urgent))) == REFUSED


def test_who_breaks_the_same_glass_again_tells_nobody_again(scene: Scene) -> None:
    """By one receipt, until its review, or for a day: else it fills an owner's inbox, its mailbox and a reviewer's
    list. Each time is on the record. By another receipt it is another glass: that both are of one child is not told.
    """
    scene.index.index.break_glass._glasses._delivery._rules = ContactRules(mails=True)  # type: ignore[attr-defined]
    desk = {"organisation": "northtown", "title": "MASH", "email": "mash@northtown.example"}
    registered(scene, handle=scene.index.operate("/handles", desk).json()["handle"])
    receipt = receipt_of(scene, scene.nurse)
    first = glass(scene, scene.nurse, receipt).json()

    for _ in range(3):
        assert glass(scene, scene.nurse, receipt).json() == first
    assert len(scene.index.tables()["glasses"]) == len(scene.index.tables()["mails"]) == 1
    assert [leaf["action"] for leaf in leaves(scene.index)].count("broke-glass") == 4

    others = glass(scene, scene.nurse, receipt_of(scene, scene.nurse)).json()
    assert others["reference"] != first["reference"]
    officer, reviewed = officer_of(scene), ReviewRequest(reference=first["reference"], justified=True)
    assert told(scene.index.ask(officer, "/v1/reviews", reviewed)) == DONE
    anew = glass(scene, scene.nurse, receipt).json()
    assert anew["reference"] not in (first["reference"], others["reference"])
    ask(scene, scene.nurse, receipt)
    scene.world.clock.advance(24 * 60 * 60)
    nurse = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account=scene.nurse.account)
    assert glass(scene, nurse, receipt).json()["reference"] != anew["reference"]


def test_a_reference_that_is_taken_is_drawn_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight characters meet once in a while: an earlier review, or another child's notice, is not written over."""
    drawn = iter(["AAAA-AAAA", "AAAA-AAAA", "BBBB-BBBB"])
    monkeypatch.setattr("signpost.index.break_glass.speakable", lambda randomness: next(drawn))
    registered(scene)
    references = [glass(scene, scene.nurse, receipt_of(scene, scene.nurse)).json()["reference"] for _ in range(2)]
    assert references == ["AAAA-AAAA", "BBBB-BBBB"]

    notices = iter(["CCCC-CCCC", "CCCC-CCCC", "DDDD-DDDD"])
    monkeypatch.setattr("signpost.index.storage.delivery.speakable", lambda randomness: next(notices))
    registered(scene, child=BEN, reference="ben")
    for child in (whole_child("ada"), BEN):
        ask(scene, scene.nurse, receipt_of(scene, scene.nurse, child))
    assert {each["notice"] for each in inbox(scene, scene.worker)} == {"CCCC-CCCC", "DDDD-DDDD"}
