"""One piece of an organisation's own work, for whoever answers for it: seen, ended and handed over, each by its number.

The feed's word stands again as soon as a row changes: that is shown where a feed runs (tests/end_to_end).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from signpost.index.own_work import EARLIEST_END
from signpost.index.records import OwnedInvolvement
from signpost.protocol.credentials import SHIFT_SECONDS
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.protocol.messages import (
    ContactRequest,
    InvolvementListRequest,
    Nothing,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
)
from signpost.protocol.purposes import ANSWERING_ROLES, Basis, Kind, Role, Urgency
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex
from tests.support.world import TODAY, Device, changing, device_purpose, reference_of, whole_child

ADA, BEN = whole_child("ada"), whole_child("ben")
YESTERDAY = TODAY - dt.timedelta(days=1)
SEEN, END, HAND_OVER = (f"/v1/involvements/own{rest}" for rest in ("", "/end", "/hand-over"))


def seeing(name: str = "one") -> OwnWorkRequest:
    """To see it."""
    return OwnWorkRequest(reference=reference_of(name))


def ending(name: str = "one", on: dt.date = YESTERDAY) -> OwnWorkEndRequest:
    """To end it."""
    return OwnWorkEndRequest(reference=reference_of(name), ended_on=on)


def handing(to: str, name: str = "one") -> OwnWorkHandOverRequest:
    """To hand it over."""
    return OwnWorkHandOverRequest(reference=reference_of(name), hand_over_to=to)


def see(scene: Scene, name: str = "one") -> dict[str, Any]:
    """What is told of it."""
    answer = scene.index.ask(scene.worker, SEEN, seeing(name))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code(answer: httpx2.Response) -> tuple[int, str, list[str]]:
    """What a refusal says, and of which field."""
    document = answer.json()
    return answer.status_code, document["code"], [each["pointer"] for each in document.get("errors", [])]


def owned(scene: Scene) -> OwnedInvolvement:
    """The only row of the owner's table."""
    (row,) = scene.index.index.involvements._involvements.after(scene.feed.organisation, None, 10)
    return row


def another_desk(scene: Scene, **rest: object) -> str:
    """A second desk of Northtown's."""
    desk = {"organisation": "northtown", "title": "Children's team", "telephone": "01632 960002", **rest}
    answer = scene.index.operate("/handles", desk)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["handle"])


@pytest.fixture
def registered(scene: Scene) -> Scene:
    """A scene in which Northtown works with Ada, under the reference `one`."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()
    return scene


# -- seeing


def test_it_says_which_desk_has_it_since_which_month_and_whether_it_ended(registered: Scene) -> None:
    """And which other desks there are. Nothing else: no day, no basis, no digest."""
    assert see(registered) == {
        "handle": registered.handle,
        "handle_title": "Duty desk",
        "started_in": "2025-01",
        "ended_on": None,
        "desks": [],
    }
    desk = another_desk(registered)
    assert see(registered)["desks"] == [{"handle": desk, "title": "Children's team"}]
    registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "end"))
    assert see(registered)["ended_on"] == TODAY.isoformat()


def test_what_is_not_there_is_charged_and_recorded_like_what_is(registered: Scene) -> None:
    """Whoever tries numbers out has sixty tries a shift, and a leaf of each that says so."""
    before = len(leaves(registered.index))

    for _ in range(60):
        answer = registered.index.ask(registered.worker, SEEN, seeing("two"))
        assert code(answer) == (404, "reference-unknown", ["/reference"])

    told = [(leaf["action"], leaf["refused"]) for leaf in leaves(registered.index)[before:]]
    assert told == [("refused", "reference-unknown")] * 60
    again = registered.index.refused_on_record(lambda: registered.index.ask(registered.worker, SEEN, seeing()))
    assert (code(again)[1], int(again.headers["retry-after"])) == ("budget-used", SHIFT_SECONDS)
    colleague = registered.index.enrol("northtown", Role.PRACTITIONER)
    assert registered.index.ask(colleague, SEEN, seeing()).status_code == 200
    registered.world.clock.advance(SHIFT_SECONDS)
    next_shift = registered.index.enrol("northtown", Role.PRACTITIONER, account=registered.worker.account)
    assert registered.index.ask(next_shift, SEEN, seeing()).status_code == 200


def test_anothers_is_unknown(registered: Scene) -> None:
    """The same reference, asked for elsewhere, is no involvement of theirs: to see, to end or to hand over."""
    policeman = registered.index.enrol("southtown", Role.PRACTITIONER)
    for path, message in ((SEEN, seeing()), (END, ending()), (HAND_OVER, handing(registered.other_handle))):
        assert code(registered.index.ask(policeman, path, message)) == (404, "reference-unknown", ["/reference"])
    assert see(registered)["ended_on"] is None


@pytest.mark.parametrize("role", Role)
def test_it_is_for_those_who_answer_for_the_work_and_for_no_machine(scene: Scene, role: Role) -> None:
    """A feed writes the whole caseload by its own road; officers, administrators and auditors touch no work."""
    device = scene.index.enrol("northtown", role)
    statuses = set()
    for path, message in ((SEEN, seeing()), (END, ending()), (HAND_OVER, handing(scene.handle))):
        answer = scene.index.ask(device, path, message)
        statuses.add((answer.status_code, answer.json()["code"]))

    expected = (404, "reference-unknown") if role in ANSWERING_ROLES else (403, "role-refused")
    assert statuses == {expected}


# -- ending


def test_work_that_is_ended_here_answers_previous_once_it_has_settled(registered: Scene) -> None:
    """As any other end; and its owner sees the day at once."""
    answer = registered.index.ask(registered.worker, END, ending())

    assert (answer.status_code, answer.json()) == (202, {})
    assert see(registered)["ended_on"] == YESTERDAY.isoformat()
    assert registered.index.look_up(registered.nurse, ADA) == "current"
    registered.index.settle()
    assert registered.index.look_up(registered.nurse, ADA) == "previous"


def test_an_end_keeps_the_rows_digest(registered: Scene) -> None:
    """So tonight's extract, which says what it said, changes nothing: the row is otherwise as it was."""
    before = owned(registered)

    registered.index.ask(registered.worker, END, ending())

    after = owned(registered)
    assert (after.ended_on, after.row_digest) == (YESTERDAY, digest(Label.ROW_DIGEST, "first")[:16])
    same = set(before.__slots__) - {"ended_on", "ended_here"}
    assert {name: getattr(after, name) for name in same} == {name: getattr(before, name) for name in same}


@pytest.mark.parametrize("days", [0, 1, 31])
def test_an_end_is_of_the_last_month(registered: Scene, days: int) -> None:
    """Today, or up to 31 days back: for whoever looks the child up it is `previous` for eleven months or more."""
    answer = registered.index.ask(registered.worker, END, ending(on=TODAY - dt.timedelta(days=days)))

    assert answer.status_code == 202
    registered.index.settle()
    assert registered.index.look_up(registered.nurse, ADA) == "previous"


@pytest.mark.parametrize("days", [-2, 32, 400, 4_000])
def test_no_end_lies_ahead_or_longer_back(registered: Scene, days: int) -> None:
    """Else one could make work vanish from the look-back at once; nothing is left of it."""
    on = TODAY - dt.timedelta(days=days)

    answer = registered.index.unchanged_by(lambda: registered.index.ask(registered.worker, END, ending(on=on)))

    assert code(answer) == (422, "period-invalid", ["/ended_on"])
    assert dt.timedelta(days=31) == EARLIEST_END


def test_no_end_lies_before_the_work_began(scene: Scene) -> None:
    """By the month that the index knows."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="one", started_on=dt.date(2025, 10, 1))

    answer = scene.index.ask(scene.worker, END, ending(on=dt.date(2025, 9, 30)))

    assert code(answer) == (422, "period-invalid", ["/ended_on"])
    assert see(scene)["ended_on"] is None
    assert scene.index.ask(scene.worker, END, ending(on=dt.date(2025, 10, 1))).status_code == 202


def test_work_that_has_ended_is_neither_ended_again_nor_handed_over(registered: Scene) -> None:
    """Whoever ended it, here or by the feed."""
    desk = another_desk(registered)
    registered.index.ask(registered.worker, END, ending())
    before = owned(registered)

    for path, message in ((END, ending(on=TODAY)), (HAND_OVER, handing(desk))):  # of another day, and another desk
        assert code(registered.index.ask(registered.worker, path, message)) == (409, "work-ended", [])

    assert owned(registered) == before
    registered.index.settle()
    assert registered.index.tables()["inbox"] == []


def test_an_end_of_tomorrow_is_taken_and_no_later_one(registered: Scene) -> None:
    """In summer it is tomorrow in England while it is today for the index."""
    tomorrow = TODAY + dt.timedelta(days=1)

    assert registered.index.ask(registered.worker, END, ending(on=tomorrow)).status_code == 202

    assert see(registered)["ended_on"] == tomorrow.isoformat()


def test_what_is_said_again_is_done_already(registered: Scene) -> None:
    """Whoever had no answer sends it again: the same day, or the same desk. It is charged and recorded as the first
    was, and changes nothing.
    """
    desk = another_desk(registered)
    asked: tuple[tuple[str, BaseModel, int, str], ...] = (
        (HAND_OVER, handing(desk), 200, "handed-over-own-work"),
        (END, ending(), 202, "ended-own-work"),
    )
    for path, message, status, action in asked:
        assert registered.index.ask(registered.worker, path, message).status_code == status
        registered.index.settle()
        before, of_before = registered.index.tables(), leaves(registered.index)

        assert registered.index.ask(registered.worker, path, message).status_code == status

        after = registered.index.tables()
        assert [after[table] for table in ("owned_involvements", "inbox")] == [before["owned_involvements"], []]
        assert [leaf["action"] for leaf in leaves(registered.index)[len(of_before) :]] == [action]
    for _ in range(16):
        assert registered.index.ask(registered.worker, END, ending()).status_code == 202
    assert code(registered.index.ask(registered.worker, END, ending()))[1] == "budget-used"


# -- handing over


def test_work_that_is_handed_over_is_told_to_the_other_desk_from_then_on(registered: Scene) -> None:
    """A notice of before stays with the desk that has it; the row is otherwise as it was, and nothing need settle."""
    desk, before = another_desk(registered), owned(registered)
    leave(registered, registered.nurse)

    answer = registered.index.ask(registered.worker, HAND_OVER, handing(desk))

    assert (answer.status_code, answer.json()) == (200, {})
    assert registered.index.tables()["inbox"] == []
    assert (see(registered)["handle"], see(registered)["handle_title"]) == (desk, "Children's team")
    same = set(before.__slots__) - {"handed_to"}
    assert {name: getattr(owned(registered), name) for name in same} == {name: getattr(before, name) for name in same}
    registered.world.clock.advance(60)
    leave(registered, registered.index.enrol("st-elsewhere", Role.PRACTITIONER, Kind.HOSPITAL))
    notices = registered.index.ask(registered.worker, "/v1/inbox", Nothing()).json()["notices"]
    told = sorted((each["told_at"], each["handle"]) for each in notices)
    assert [handle for _, handle in told] == [registered.handle, desk]
    assert registered.index.look_up(registered.nurse, ADA) == "current"


def leave(scene: Scene, device: Device) -> None:
    """Somebody elsewhere asks to be rung about Ada."""
    looked = scene.index.ask(device, "/v1/lookups", scene.world.lookup(device, ADA)).json()
    request = ContactRequest(receipt=looked["receipt"], purpose=device_purpose(device), urgency=Urgency.WEEK)
    assert scene.index.ask(device, "/v1/contact/asks", request).status_code == 200
    scene.index.settle()


def test_it_is_handed_to_another_of_the_organisations_own_desks(registered: Scene) -> None:
    """To nobody else's."""
    for to, expected in (
        (registered.other_handle, (422, "handle-unknown")),
        ("2222-2222", (422, "handle-unknown")),
    ):
        answer = registered.index.ask(registered.worker, HAND_OVER, handing(to))
        assert code(answer) == (*expected, ["/hand_over_to"])
    assert see(registered)["handle"] == registered.handle


@pytest.mark.parametrize("standing", ["itself", "by another"])
@pytest.mark.parametrize(("basis", "status"), [(Basis.STATUTORY, 422), (Basis.CONSENT, 200)])
def test_a_sensitive_service_is_handed_nothing_that_rests_on_statute(
    scene: Scene, basis: Basis, status: int, standing: str
) -> None:
    """As it registers nothing of the kind; nor is a desk that it answers for."""
    clinic = another_desk(scene, consent_only=True)
    if standing == "by another":
        clinic = answered_for_by(scene, clinic)
    scene.index.register(scene.feed, ADA, scene.handle, reference="one", basis=basis)

    answer = scene.index.ask(scene.worker, HAND_OVER, handing(clinic))

    assert answer.status_code == status
    if status == 422:
        assert code(answer)[1:] == ("basis-refused", ["/hand_over_to"])
        assert see(scene)["handle"] == scene.handle


def answered_for_by(scene: Scene, handle: str) -> str:
    """A desk of Northtown's that this one answers for."""
    desk = another_desk(scene)
    handed = {"organisation": "northtown", "handle": desk, "to": handle}
    assert scene.index.operate("/handles/hand-over", handed).status_code == 200
    return desk


def test_what_a_sensitive_service_answers_for_registers_nothing_that_rests_on_statute_either(scene: Scene) -> None:
    """And a feed is told so before it sends anything."""
    desk = answered_for_by(scene, another_desk(scene, consent_only=True))

    listed = scene.index.ask(scene.feed, "/v1/handles/list", Nothing()).json()
    registration = scene.world.registration(ADA, desk, reference="one")
    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [registration]))

    assert (desk in listed["consent_only"], scene.handle in listed["consent_only"]) == (True, False)
    assert code(answer) == (422, "basis-refused", ["/registrations/0/basis"])


# -- what bounds it, and what is left of it


def test_an_account_changes_twenty_pieces_a_shift(tmp_path: Path) -> None:
    """Ends and hand-overs together, whether they were done or refused: nobody quietly ends a caseload."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        desk = another_desk(scene)
        for number in range(11):
            index.register(scene.feed, whole_child(str(number)), scene.handle, reference=str(number))
        for number in range(10):
            assert index.ask(scene.worker, HAND_OVER, handing(desk, str(number))).status_code == 200
            answer = index.ask(scene.worker, END, ending(str(number) if number else "not there"))
            assert answer.status_code == (202 if number else 404)

        refused = index.refused_on_record(lambda: index.ask(scene.worker, END, ending("10")))

        assert code(refused)[:2] == (429, "budget-used")
        assert see(scene, "10")["ended_on"] is None


def test_a_feed_is_not_bounded_by_what_people_change(registered: Scene) -> None:
    """It has limits of its own."""
    for _ in range(20):
        registered.index.ask(registered.worker, END, ending("not there"))

    answer = registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "end"))

    assert answer.status_code == 202


def test_each_is_one_leaf_that_says_who_and_not_which(registered: Scene) -> None:
    """Of what was refused, too, once it was looked for: by its code."""
    desk, before = another_desk(registered), len(leaves(registered.index)) + 1
    asked: tuple[tuple[str, BaseModel], ...] = (
        (SEEN, seeing()),
        (HAND_OVER, handing(desk)),
        (END, ending()),
        (END, ending(on=TODAY)),
        (HAND_OVER, handing(desk, "two")),
        (SEEN, seeing("two")),
    )
    for path, message in asked:
        registered.index.ask(registered.worker, path, message)

    told = leaves(registered.index)[before - 1 :]
    assert [(leaf["action"], leaf["refused"]) for leaf in told] == [
        ("saw-own-work", None),
        ("handed-over-own-work", None),
        ("ended-own-work", None),
        ("refused", "work-ended"),
        ("refused", "reference-unknown"),
        ("refused", "reference-unknown"),
    ]
    assert {(leaf["organisation"], leaf["account"]) for leaf in told} == {("northtown", registered.worker.account)}
    assert {tuple(sorted(leaf)) for leaf in told} == {tuple(sorted(leaves(registered.index)[0]))}
    assert desk not in str(told)


def test_the_feeds_own_list_says_what_was_changed_here(scene: Scene) -> None:
    """By one bit: neither the end nor the desk; and no longer once the row is sent again."""
    desk = another_desk(scene)
    for name in ("as it was", "ended", "handed over"):
        scene.index.register(scene.feed, ADA, scene.handle, reference=name)
    scene.index.ask(scene.worker, END, ending("ended"))
    scene.index.ask(scene.worker, HAND_OVER, handing(desk, "handed over"))

    def changed() -> set[str]:
        asked = InvolvementListRequest(after=None, limit=10)
        found = scene.index.ask(scene.feed, "/v1/involvements/list", asked).json()["involvements"]
        assert {tuple(sorted(each)) for each in found} == {("changed_here", "reference", "row_digest")}
        return {each["reference"] for each in found if each["changed_here"]}

    assert changed() == {to_base64url(reference_of(name)) for name in ("ended", "handed over")}
    for name in ("ended", "handed over"):
        scene.index.register(scene.feed, ADA, scene.handle, reference=name)
    assert changed() == set()


def test_a_request_is_taken_once(registered: Scene) -> None:
    """The same signature again is a replay, whether the first was done or refused."""
    for name in ("one", "two"):
        body = ending(name).model_dump_json().encode()
        headers = registered.world.signed_headers(registered.worker, END, body)
        first = registered.index.ask(registered.worker, END, body, headers=headers)
        assert first.status_code == (202 if name == "one" else 404)

        again = registered.index.unchanged_by(
            lambda body=body, headers=headers: registered.index.ask(registered.worker, END, body, headers=headers)  # type: ignore[misc]
        )

        assert again.json()["code"] == "nonce-used"


def test_the_feeds_word_stands_again_when_it_registers_or_ends_or_withdraws(registered: Scene) -> None:
    """Registered again it is open, and at the row's desk; of two ends the earlier stands, as ever; withdrawn it is
    gone.
    """
    desk = another_desk(registered)
    registered.index.ask(registered.worker, HAND_OVER, handing(desk))
    registered.index.ask(registered.worker, END, ending())

    registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "end"))
    assert (see(registered)["ended_on"], see(registered)["handle"]) == (YESTERDAY.isoformat(), desk)
    registered.index.register(registered.feed, ADA, registered.handle, reference="one", row="second")
    registered.index.settle()
    assert (see(registered)["ended_on"], see(registered)["handle"]) == (None, registered.handle)
    assert registered.index.look_up(registered.nurse, ADA) == "current"
    registered.index.ask(registered.feed, "/v1/involvements/changes", changing("one", "withdraw"))
    assert code(registered.index.ask(registered.worker, SEEN, seeing()))[1] == "reference-unknown"


def test_what_a_request_is_acknowledged_for_is_there_after_a_restart(tmp_path: Path) -> None:
    """With its leaf, and not settled yet."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        index.register(scene.feed, ADA, scene.handle, reference="one")
        index.settle()
        assert index.ask(scene.worker, END, ending()).status_code == 202

    with RunningIndex(tmp_path / "data", keys=index.keys, world=index.world) as again:
        assert leaves(again)[-1]["action"] == "ended-own-work"
        again.settle()
        assert again.look_up(scene.nurse, ADA) == "previous"
