"""Brokered contact (protocol.md C5, C6): who is told, what each side sees, and what neither learns."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from signpost.index.lifetimes import CALL_BACK_DAYS
from signpost.index.storage.call_backs import MOST_WAITING_BY_ONE_TAG
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    DeclineReason,
    LookupAgainRequest,
    OutcomeRequest,
    ReplyRequest,
)
from signpost.protocol.purposes import DeepReason, Kind, Purpose, Role, Urgency
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.support.world import Child, Device, changing, device_purpose, whole_child

ADA, BEN = whole_child("ada"), whole_child("ben")
LIKE_ADA = Child(probable="ada probable")
DAY = 24 * 60 * 60
QUARTER = 15 * 60


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and, of a refusal, the code."""
    return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None


def receipt_of(scene: Scene, device: Device, child: Any = ADA) -> str:
    """The receipt of a lookup."""
    request = scene.world.lookup(device, child, purpose=device_purpose(device))
    answer = scene.index.ask(device, "/v1/lookups", request)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["receipt"])


def ask(
    scene: Scene, device: Device, receipt: str, urgency: Urgency = Urgency.NOW, purpose: Purpose | None = None
) -> httpx2.Response:
    """Ask to be rung, and let it settle."""
    request = ContactRequest(receipt=receipt, purpose=purpose or device_purpose(device), urgency=urgency)
    answer = scene.index.ask(device, "/v1/contact/asks", request)
    scene.index.settle()
    return answer


def status(scene: Scene, device: Device, receipt: str) -> dict[str, Any]:
    """What became of a call-back."""
    answer = scene.index.ask(device, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def inbox(scene: Scene, device: Device) -> list[dict[str, Any]]:
    """What waits for an organisation."""
    answer = scene.index.ask(device, "/v1/inbox", b"{}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["notices"]
    return found


def reply(scene: Scene, device: Device, notice: str, how: str, **rest: Any) -> tuple[int, str | None]:
    """Answer a notice."""
    request = ReplyRequest.model_validate(
        {"notice": notice, "reply": how, "hand_over_to": None, "reason": None, **rest}
    )
    return told(scene.index.ask(device, "/v1/inbox/replies", request))


def registered(
    scene: Scene, device: Device | None = None, handle: str | None = None, child: Any = ADA, **rest: Any
) -> None:
    """A registration that is visible."""
    answer = scene.index.register(device or scene.feed, child, handle or scene.handle, **{"reference": "one", **rest})
    assert answer.status_code == 202, answer.text
    scene.index.settle()


DONE = (200, None)


def test_a_hospital_asks_the_council_shares_and_the_hospital_sees_one_desk(scene: Scene) -> None:
    """The whole of it. The council sees a role, a kind, a purpose and how soon; the hospital one desk it may ring."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    assert told(ask(scene, scene.nurse, receipt)) == DONE
    assert (status(scene, scene.nurse, receipt)["state"], status(scene, scene.nurse, receipt)["handles"]) == (
        "pending", [],
    )  # fmt: skip

    [notice] = inbox(scene, scene.worker)
    assert (notice["role"], notice["kind"], notice["purpose"], notice["urgency"], notice["state"]) == (
        "urgent", "hospital", device_purpose(scene.nurse).value, "now", "open",
    )  # fmt: skip
    assert "st-elsewhere" not in str(notice)
    assert scene.nurse.account not in str(notice)
    assert notice["answer_by"] == scene.world.clock.now() + QUARTER
    assert reply(scene, scene.worker, notice["notice"], "share") == DONE

    answered = status(scene, scene.nurse, receipt)
    assert answered["state"] == "answered"
    assert [each["telephone"] for each in answered["handles"]] == ["01632 960001"]
    assert inbox(scene, scene.worker) == []
    assert [leaf["action"] for leaf in leaves(scene.index)[-4:]] == [
        "read-inbox", "replied", "read-call-back", "read-inbox",
    ]  # fmt: skip


def test_a_notice_is_of_its_organisation_and_a_call_back_of_its_account(scene: Scene) -> None:
    """Spoken elsewhere, neither names anything."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    colleague = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
    elsewhere = scene.index.enrol("southtown", Role.PRACTITIONER)
    [notice] = inbox(scene, scene.worker)

    assert inbox(scene, elsewhere) == []
    assert reply(scene, elsewhere, notice["notice"], "share") == (404, "notice-unknown")
    for path, request in (
        ("/v1/contact/status", ContactStatusRequest(receipt=receipt)),
        ("/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=True, new=True)),
    ):
        assert told(scene.index.ask(colleague, path, request)) == (404, "call-back-unknown")
    assert told(ask(scene, colleague, receipt)) == (404, "lookup-unknown")


@pytest.mark.parametrize("how", ["end", "decline", None])
def test_who_declines_and_who_says_nothing_looks_like_nobody(scene: Scene, how: str | None) -> None:
    """Time goes by alike, to the word and the byte."""
    registered(scene)
    found, nobody = receipt_of(scene, scene.nurse), receipt_of(scene, scene.nurse, BEN)
    answers = [ask(scene, scene.nurse, each).json() for each in (found, nobody)]
    assert {**answers[0], "receipt": ""} == {**answers[1], "receipt": ""}
    if how is not None:
        [notice] = inbox(scene, scene.worker)
        reason = DeclineReason.MORE_DETRIMENTAL if how == "decline" else None
        assert reply(scene, scene.worker, notice["notice"], how, reason=reason) == DONE

    nurse = scene.nurse
    for seconds, state in ((0, "pending"), (QUARTER, "pending"), (QUARTER, "no-reply"), (20 * DAY, "no-reply")):
        scene.world.clock.advance(seconds)
        nurse = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account=nurse.account)
        scene.index.run(scene.index.index.escalating.tick())
        one, other = (status(scene, nurse, each) for each in (found, nobody))
        assert {**one, "receipt": ""} == {**other, "receipt": ""}
        assert one["state"] == state


def test_a_none_is_asked_about_registered_later_elsewhere_and_answered(scene: Scene) -> None:
    """The call-back waits for four weeks; the registration that answers it learns nothing from registering."""
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt, Urgency.WEEK)
    scene.world.clock.advance(9 * DAY)
    feed = scene.index.enrol("northtown", Role.FEED)
    worker = scene.index.enrol("northtown", Role.PRACTITIONER)
    nurse = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account=scene.nurse.account)

    plain = scene.index.register(feed, BEN, scene.handle, reference="two").json()
    found = scene.index.register(feed, ADA, scene.handle, reference="one").json()
    assert set(plain) == set(found)
    scene.index.settle()

    [notice] = inbox(scene, worker)
    assert reply(scene, worker, notice["notice"], "share") == DONE
    assert status(scene, nurse, receipt)["state"] == "answered"
    again = scene.index.ask(nurse, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
    assert again.json()["answer"] == "current", "the tags wait as long as the call-back"


def test_ones_own_organisation_never_answers(scene: Scene) -> None:
    """Neither at once nor by registering later (C5): else a council could see its own registration vanish."""
    registered(scene)
    receipt = receipt_of(scene, scene.worker)
    ask(scene, scene.worker, receipt, Urgency.WEEK)
    registered(scene, reference="again")

    assert inbox(scene, scene.worker) == []


def test_an_unanswered_notice_goes_to_the_desk_out_of_hours_then_nobody(scene: Scene) -> None:
    """Each step once, on the record; it can be answered all the same."""
    night = scene.index.operate(
        "/handles", {"organisation": "northtown", "title": "Emergency duty team", "telephone": "01632 960009"}
    ).json()["handle"]
    day = scene.index.operate(
        "/handles",
        {"organisation": "northtown", "title": "MASH", "telephone": "01632 960002", "out_of_hours": night},
    ).json()["handle"]
    registered(scene, handle=day)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)

    def after(seconds: int) -> tuple[str, str]:
        scene.world.clock.advance(seconds)
        for _ in range(2):
            scene.index.run(scene.index.index.escalating.tick())
        [notice] = inbox(scene, scene.worker)
        return notice["state"], notice["handle_title"]

    assert after(QUARTER - 1) == ("open", "MASH")
    assert after(1) == ("escalated", "Emergency duty team")
    assert after(QUARTER) == ("unanswered", "Emergency duty team")
    assert after(DAY // 4) == ("unanswered", "Emergency duty team")
    assert [leaf["action"] for leaf in leaves(scene.index)].count("escalated") == 2
    [notice] = inbox(scene, scene.worker)
    assert reply(scene, scene.worker, notice["notice"], "share") == DONE
    assert [each["title"] for each in status(scene, scene.nurse, receipt)["handles"]] == ["Emergency duty team"]


def test_a_notice_is_answered_once(scene: Scene) -> None:
    """Two colleagues at one desk: the second is told, and what the first said stands."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    [notice] = inbox(scene, scene.worker)

    assert reply(scene, scene.worker, notice["notice"], "end") == DONE
    assert reply(scene, scene.worker, notice["notice"], "share") == (409, "notice-answered")
    assert status(scene, scene.nurse, receipt)["state"] == "pending"


def test_a_notice_is_handed_over_within_its_organisation(scene: Scene) -> None:
    """To another desk, which has its time anew; not to somebody else's, nor to itself."""
    other = scene.index.handle("northtown")
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    [notice] = inbox(scene, scene.worker)
    name = notice["notice"]
    scene.world.clock.advance(60)

    assert reply(scene, scene.worker, name, "hand-over", hand_over_to=scene.other_handle) == (422, "handle-unknown")
    assert reply(scene, scene.worker, name, "hand-over", hand_over_to=notice["handle"]) == (409, "handle-circular")
    assert reply(scene, scene.worker, name, "hand-over") == (422, "malformed")
    assert reply(scene, scene.worker, name, "share", hand_over_to=other) == (422, "malformed")
    assert reply(scene, scene.worker, name, "decline") == (422, "malformed")
    assert reply(scene, scene.worker, name, "hand-over", hand_over_to=other) == DONE
    [handed] = inbox(scene, scene.worker)
    assert (handed["handle"], handed["answer_by"]) == (other, scene.world.clock.now() + QUARTER)


def test_a_withdrawn_involvement_was_never_there(scene: Scene) -> None:
    """Its notice is gone, and what it shared is shown no longer."""
    registered(scene)
    shared, waiting = receipt_of(scene, scene.nurse), receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, shared)
    [notice] = inbox(scene, scene.worker)
    reply(scene, scene.worker, notice["notice"], "share")
    ask(scene, scene.nurse, waiting)
    assert len(inbox(scene, scene.worker)) == 1

    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "withdraw"))
    assert inbox(scene, scene.worker) == [], "not even before it has settled"
    scene.index.settle()

    assert scene.index.tables()["notices"] == []
    for receipt in (shared, waiting):
        assert (status(scene, scene.nurse, receipt)["state"], status(scene, scene.nurse, receipt)["handles"]) == (
            "pending", [],
        )  # fmt: skip


def test_another_involvement_of_the_same_child_takes_a_withdrawn_ones_place(scene: Scene) -> None:
    """The same desk, told once; withdrawn by a clerk, it is told again: no call-back is lost."""
    registered(scene, reference="one")
    registered(scene, reference="two")
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    assert len(inbox(scene, scene.worker)) == 1

    for reference in ("one", "two"):
        scene.index.ask(scene.feed, "/v1/involvements/changes", changing(reference, "withdraw"))
        scene.index.settle()
        assert len(inbox(scene, scene.worker)) == (1 if reference == "one" else 0)


def test_a_pair_in_touch_is_not_told_again_unless_it_is_urgent(scene: Scene) -> None:
    """The wording of a new ask is the same; the earlier receipt still shows the desk; a colleague is another pair."""
    registered(scene)
    first, second, third = (receipt_of(scene, scene.nurse) for _ in range(3))
    ask(scene, scene.nurse, first, Urgency.TODAY)
    [notice] = inbox(scene, scene.worker)
    reply(scene, scene.worker, notice["notice"], "share")

    again = ask(scene, scene.nurse, second, Urgency.TODAY)
    assert told(again) == DONE
    assert inbox(scene, scene.worker) == []
    assert status(scene, scene.nurse, second)["state"] == "pending"
    assert status(scene, scene.nurse, first)["state"] == "answered"
    ask(scene, scene.nurse, third, Urgency.NOW)
    assert len(inbox(scene, scene.worker)) == 1
    colleague = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
    colleagues = receipt_of(scene, colleague)
    ask(scene, colleague, colleagues, Urgency.TODAY)
    assert len(inbox(scene, scene.worker)) == 2


def test_the_link_of_a_pair_ends_with_the_involvement(scene: Scene) -> None:
    """Its work is over: a new ask tells the desk again."""
    registered(scene)
    first, second = receipt_of(scene, scene.nurse), receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, first, Urgency.TODAY)
    [notice] = inbox(scene, scene.worker)
    reply(scene, scene.worker, notice["notice"], "share")
    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "end"))
    scene.index.settle()

    ask(scene, scene.nurse, second, Urgency.TODAY)

    assert len(inbox(scene, scene.worker)) == 1


def test_asking_again_more_urgently_brings_the_time_forward_and_tells_nobody_twice(scene: Scene) -> None:
    """By one receipt one call-back; less urgently changes nothing."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt, Urgency.TODAY)
    [before] = inbox(scene, scene.worker)

    assert ask(scene, scene.nurse, receipt, Urgency.NOW).json()["urgency"] == "now"
    [urged] = inbox(scene, scene.worker)
    assert (urged["notice"], urged["urgency"]) == (before["notice"], "now")
    assert urged["answer_by"] == scene.world.clock.now() + QUARTER
    assert ask(scene, scene.nurse, receipt, Urgency.WEEK).json()["urgency"] == "now"
    assert inbox(scene, scene.worker) == [urged]


def test_a_call_back_runs_out_with_everything_of_it(scene: Scene) -> None:
    """After four weeks nobody can tell that it was there."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    scene.world.clock.advance(CALL_BACK_DAYS * DAY + 3_600)
    nurse = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account=scene.nurse.account)
    worker = scene.index.enrol("northtown", Role.PRACTITIONER)

    assert inbox(scene, worker) == []
    answer = scene.index.ask(nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
    assert told(answer) == (404, "call-back-unknown")
    scene.index.sweep()
    for table in ("call_backs", "call_back_tags", "notices", "lookup_rows"):
        assert scene.index.tables()[table] == [], table


def test_found_by_registering_is_limited_and_held_for_somebody_to_look(scene: Scene) -> None:
    """Whoever registers invented children does not learn who is asked about. A lookup's own matches are not counted."""
    children = [whole_child(name) for name in ("cat", "dan", "eve")]
    for child in children:
        ask(scene, scene.nurse, receipt_of(scene, scene.nurse, child), Urgency.WEEK)
    scene.index.index.settling._upkeep._delivery._rules = scene.index.settings.contact_rules.__class__(found_a_day=2)  # type: ignore[attr-defined]

    for at, child in enumerate(children):
        registered(scene, child=child, reference=f"child-{at}")

    assert len(inbox(scene, scene.worker)) == 2
    [held] = scene.index.operate("/contact/held").json()["held"]
    assert held["organisation"] == "northtown"
    released = scene.index.operate("/contact/release", {"organisation": "northtown", "notice": held["notice"]})
    assert released.status_code == 200
    assert len(inbox(scene, scene.worker)) == 3
    assert leaves(scene.index)[-2]["action"] == "released-notice"
    again = scene.index.operate("/contact/release", {"organisation": "northtown", "notice": held["notice"]})
    assert told(again) == (404, "notice-unknown")


def test_who_may_ask_and_who_may_answer(scene: Scene) -> None:
    """Not a feed; and only for a purpose of one's role."""
    registered(scene)
    receipt = receipt_of(scene, scene.nurse)
    assert told(ask(scene, scene.nurse, receipt, purpose=Purpose.SECTION_17)) == (403, "purpose-refused")
    request = ContactRequest(receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.NOW)
    assert told(scene.index.ask(scene.feed, "/v1/contact/asks", request)) == (403, "role-refused")
    assert told(scene.index.ask(scene.feed, "/v1/inbox", b"{}")) == (403, "role-refused")
    assert reply(scene, scene.feed, "0000-0000", "share") == (403, "role-refused")


def test_what_an_ask_writes_does_not_depend_on_who_matches(scene: Scene) -> None:
    """On its response path the same rows of the same sizes, whoever is found and whether anybody is."""
    registered(scene)
    found, nobody = receipt_of(scene, scene.nurse), receipt_of(scene, scene.nurse, BEN)
    gained = []
    for receipt in (found, nobody):
        before = scene.index.tables()
        request = ContactRequest(receipt=receipt, purpose=device_purpose(scene.nurse), urgency=Urgency.NOW)
        assert scene.index.ask(scene.nurse, "/v1/contact/asks", request).status_code == 200
        after = scene.index.tables()
        gained.append(
            {
                name: [[len(v) if isinstance(v, bytes) else None for v in row] for row in set(rows) - set(before[name])]
                for name, rows in after.items()
            }
        )

    assert gained[0] == gained[1]
    assert gained[0]["notices"] == []


def test_an_outcome_is_kept_by_whoever_asked(scene: Scene) -> None:
    """Its last word stands; and it says nothing of whether anybody was there."""
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)

    for reached in (False, True):
        request = OutcomeRequest(receipt=receipt, reached=reached, new=True)
        assert told(scene.index.ask(scene.nurse, "/v1/contact/outcomes", request)) == DONE
    assert leaves(scene.index)[-1]["action"] == "told-outcome"


def test_an_escalation_by_working_hours_waits_for_the_morning(scene: Scene) -> None:
    """Four working hours from noon of a weekday are its end."""
    registered(scene)
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse), Urgency.TODAY)
    [notice] = inbox(scene, scene.worker)

    noon = dt.datetime.fromtimestamp(scene.world.clock.now(), tz=dt.UTC)
    due = dt.datetime.fromtimestamp(notice["answer_by"], tz=dt.UTC)
    assert (due - noon) == dt.timedelta(hours=4)


def test_a_desk_that_nobody_has_confirmed_for_ninety_days_is_asked_after_in_its_inbox(scene: Scene) -> None:
    """By its name and title; one's own alone."""

    def stale() -> list[str]:
        worker = scene.index.enrol("northtown", Role.PRACTITIONER)
        found: list[dict[str, str]] = scene.index.ask(worker, "/v1/inbox", b"{}").json()["stale_handles"]
        return [each["handle"] for each in found]

    scene.world.clock.advance(89 * DAY)
    assert stale() == []
    scene.world.clock.advance(DAY)
    assert stale() == [scene.handle]
    scene.index.operate("/handles/confirm", {"organisation": "northtown", "handles": [scene.handle]})
    assert stale() == []


def test_a_call_back_that_was_not_told_because_they_were_in_touch_is_told_when_that_is_withdrawn(scene: Scene) -> None:
    """What the pair was in touch about was never there, and another involvement of the child stands behind it."""
    registered(scene, reference="one")
    first, second = receipt_of(scene, scene.nurse), receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, first, Urgency.TODAY)
    [notice] = inbox(scene, scene.worker)
    reply(scene, scene.worker, notice["notice"], "share")
    ask(scene, scene.nurse, second, Urgency.TODAY)
    registered(scene, scene.other_feed, scene.other_handle, child=LIKE_ADA, reference="weaker")
    elsewhere = scene.index.enrol("southtown", Role.PRACTITIONER)
    assert inbox(scene, elsewhere) == []

    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "withdraw"))
    scene.index.settle()

    assert len(inbox(scene, elsewhere)) == 2


def test_a_registration_that_is_corrected_to_another_child_takes_its_notices_with_it(scene: Scene) -> None:
    """Else the desk would open the wrong child's case, and nobody else would be told in its place."""
    registered(scene, reference="one")
    registered(scene, reference="two")
    receipt = receipt_of(scene, scene.nurse)
    ask(scene, scene.nurse, receipt)
    [before] = inbox(scene, scene.worker)

    for reference in ("one", "two"):
        registered(scene, child=BEN, reference=reference)
        told_now = inbox(scene, scene.worker)
        assert len(told_now) == (1 if reference == "one" else 0)
    assert reply(scene, scene.worker, before["notice"], "share") == (404, "notice-unknown")


def test_what_is_held_is_not_let_out_by_withdrawing_another_involvement_of_the_child(scene: Scene) -> None:
    """Else whoever invents children registers each twice, and withdraws one of the two."""
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse), Urgency.WEEK)
    scene.index.index.settling._upkeep._delivery._rules = scene.index.settings.contact_rules.__class__(found_a_day=0)  # type: ignore[attr-defined]
    registered(scene, reference="one")
    registered(scene, reference="two")

    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("one", "withdraw"))
    scene.index.settle()

    assert inbox(scene, scene.worker) == []
    assert len(scene.index.operate("/contact/held").json()["held"]) == 1


def two_desks(scene: Scene) -> tuple[str, str]:
    """A day desk, and the night desk that it falls back to."""
    night = scene.index.handle("northtown")
    point = {"organisation": "northtown", "title": "MASH", "telephone": "01632 960002", "out_of_hours": night}
    return str(scene.index.operate("/handles", point).json()["handle"]), night


@pytest.mark.parametrize("how", ["escalated", "handed over", "closed"])
def test_a_desk_is_told_once_wherever_its_notice_has_gone(scene: Scene, how: str) -> None:
    """Another involvement of the child is registered for it afterwards."""
    day, night = two_desks(scene)
    registered(scene, handle=day, reference="one")
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse))
    [notice] = inbox(scene, scene.worker)
    if how == "escalated":
        scene.world.clock.advance(QUARTER)
        scene.index.run(scene.index.index.escalating.tick())
    elif how == "handed over":
        assert reply(scene, scene.worker, notice["notice"], "hand-over", hand_over_to=night) == DONE
    else:
        scene.index.operate("/handles/hand-over", {"organisation": "northtown", "handle": day, "to": night})

    registered(scene, handle=day, reference="two")

    assert [each["notice"] for each in inbox(scene, scene.worker)] == [notice["notice"]]


def test_who_is_in_touch_stays_so_when_the_desk_closes(scene: Scene) -> None:
    """Another desk answers for it."""
    day, night = two_desks(scene)
    registered(scene, handle=day)
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse), Urgency.TODAY)
    [notice] = inbox(scene, scene.worker)
    reply(scene, scene.worker, notice["notice"], "share")

    scene.index.operate("/handles/hand-over", {"organisation": "northtown", "handle": day, "to": night})
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse), Urgency.TODAY)

    assert inbox(scene, scene.worker) == []


def test_what_is_needed_sooner_is_so_at_every_desk_that_was_told(scene: Scene) -> None:
    """One that a surer match has come before since, too, and one that is held."""
    receipt = receipt_of(scene, scene.nurse)
    registered(scene, child=LIKE_ADA)
    ask(scene, scene.nurse, receipt, Urgency.WEEK)
    assert len(inbox(scene, scene.worker)) == 1
    scene.index.index.settling._upkeep._delivery._rules = scene.index.settings.contact_rules.__class__(found_a_day=0)  # type: ignore[attr-defined]
    registered(scene, scene.other_feed, scene.other_handle)

    ask(scene, scene.nurse, receipt, Urgency.NOW)
    [held] = scene.index.operate("/contact/held").json()["held"]
    scene.index.operate("/contact/release", {"organisation": "southtown", "notice": held["notice"]})

    for worker in (scene.worker, scene.index.enrol("southtown", Role.PRACTITIONER)):
        [notice] = inbox(scene, worker)
        assert (notice["urgency"], notice["answer_by"]) == ("now", scene.world.clock.now() + QUARTER)


def test_asked_sooner_its_time_begins_anew(scene: Scene) -> None:
    """Else the asker is told that nobody answers before any desk had its quarter of an hour."""
    receipt = receipt_of(scene, scene.nurse)
    first = ask(scene, scene.nurse, receipt, Urgency.WEEK).json()
    scene.world.clock.advance(60 * 60)

    again = ask(scene, scene.nurse, receipt, Urgency.NOW).json()

    assert again["answer_by"] == scene.world.clock.now() + QUARTER
    assert again["waits_until"] == first["waits_until"]
    assert status(scene, scene.nurse, receipt)["state"] == "pending"


def test_a_notice_that_has_run_out_takes_no_step_and_is_not_released(scene: Scene) -> None:
    """Before it is swept, too."""
    registered(scene)
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse))
    scene.index.index.settling._upkeep._delivery._rules = scene.index.settings.contact_rules.__class__(found_a_day=0)  # type: ignore[attr-defined]
    registered(scene, scene.other_feed, scene.other_handle)
    [held] = scene.index.operate("/contact/held").json()["held"]
    scene.world.clock.advance(CALL_BACK_DAYS * DAY + 3_600)

    assert scene.index.run(scene.index.index.escalating.tick()) == 0
    assert scene.index.operate("/contact/held").json()["held"] == []
    released = scene.index.operate("/contact/release", {"organisation": "southtown", "notice": held["notice"]})
    assert told(released) == (404, "notice-unknown")


def test_one_organisation_cannot_have_thousands_of_call_backs_wait_by_one_tag(scene: Scene) -> None:
    """What twins share is not counted as repeating, and each that waits is evaluated when a registration holds it. One
    past the bound is found by its other tags, and told at once to whoever matches already.
    """
    alike = [replace(whole_child(f"child {at}"), possible=("alike",)) for at in range(MOST_WAITING_BY_ONE_TAG + 4)]
    for child in alike:
        request = scene.world.lookup(
            scene.nurse, child, purpose=device_purpose(scene.nurse), deep=DeepReason.NAME_UNSURE
        )
        receipt = scene.index.ask(scene.nurse, "/v1/lookups", request).json()["receipt"]
        assert told(ask(scene, scene.nurse, receipt, Urgency.WEEK)) == DONE

    by_key = Counter(row[1] for row in scene.index.tables()["call_back_tags"])
    assert by_key.most_common(1)[0][1] == MOST_WAITING_BY_ONE_TAG

    for at in (0, len(alike) - 1):
        registered(scene, child=replace(alike[at], possible=()), reference=f"child {at}")
    assert len(inbox(scene, scene.worker)) == 2
    registered(scene, scene.other_feed, scene.other_handle, child=Child(possible=("alike",)), reference="alike")
    elsewhere = scene.index.enrol("southtown", Role.PRACTITIONER)
    told_after = len(inbox(scene, elsewhere))
    assert told_after == MOST_WAITING_BY_ONE_TAG - 1, "but for the one that a surer match has come before"
    other = scene.index.enrol("eastminster", Role.URGENT, Kind.HOSPITAL)
    scene.index.admit("eastminster", Kind.HOSPITAL)
    request = scene.world.lookup(other, alike[1], purpose=device_purpose(other), deep=DeepReason.NAME_UNSURE)
    receipt = scene.index.ask(other, "/v1/lookups", request).json()["receipt"]
    ask(scene, other, receipt, Urgency.WEEK)
    assert len(inbox(scene, elsewhere)) == told_after + 1, "each organisation has its own"


def test_an_inbox_shows_so_many_the_soonest_due_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask: a client reads no more than so much, and one organisation that asks every day must not keep
    a desk from reading what is urgent. What nobody answered in time stands behind what is not late.
    """
    monkeypatch.setattr("signpost.index.contact.MOST_SHOWN", 3)
    registered(scene)
    for urgency in (Urgency.NOW, Urgency.NOW, Urgency.WEEK, Urgency.NOW, Urgency.TODAY):
        ask(scene, scene.nurse, receipt_of(scene, scene.nurse), urgency)
        scene.world.clock.advance(QUARTER)
        scene.index.run(scene.index.index.escalating.tick())

    def shown() -> tuple[list[str], bool]:
        found = scene.index.ask(scene.worker, "/v1/inbox", b"{}").json()
        return [f"{each['urgency']} {each['state']}" for each in found["notices"]], found["more"]

    assert shown() == (["today open", "week open", "now unanswered"], True)
    for _ in range(2):
        assert reply(scene, scene.worker, inbox(scene, scene.worker)[0]["notice"], "end") == DONE
    assert shown() == (["now unanswered"] * 3, False)
