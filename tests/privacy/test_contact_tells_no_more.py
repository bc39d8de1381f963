"""Brokered contact: asking runs the same statements whoever matches; what an asker sees until something is shared is
the same as for a child nobody knows; no desk's details nor any organisation that asks is where it should not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.schema import SENTINEL_KEY
from signpost.protocol.messages import ContactRequest, ContactStatusRequest, DeclineReason, GlassRequest, ReplyRequest
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from tests.integration.index.conftest import Scene, set_scene
from tests.integration.index.test_contact import ask, inbox, receipt_of, reply
from tests.integration.index.test_own_rows import steps
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex
from tests.support.world import Child, device_purpose, whole_child

KNOWN, TWICE, NEAR, ABSENT = whole_child("known"), whole_child("twice"), Child(probable="near"), whole_child("absent")
CHILDREN = {"known": KNOWN, "known twice": TWICE, "near": NEAR, "absent": ABSENT}
DESK = {"title": "Desk of the heron", "telephone": "01632 960777", "email": "heron@northtown.example"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Children whom one council works with, or two, or whom it may; and a desk with a name of its own."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        heron = index.operate("/handles", {"organisation": "northtown", **DESK}).json()["handle"]
        for at, child in enumerate((KNOWN, TWICE, NEAR)):
            index.register(scene.feed, child, heron, reference=f"north-{at}")
        index.register(scene.other_feed, TWICE, scene.other_handle, reference="south")
        index.settle()
        yield scene


def statements(scene: Scene, act: Callable[[], object]) -> list[str]:
    """Every statement that the index ran meanwhile, on either connection, without its values."""
    ran: list[str] = []
    connections: list[Any] = [scene.index.writer._connection, scene.index.reader]
    for connection in connections:
        connection.set_trace_callback(ran.append)
    try:
        act()
    finally:
        for connection in connections:
            connection.set_trace_callback(None)
    return [re.sub(r"x'[0-9a-f]*'|\b\d+\b|'[^']*'|NULL", "?", statement, flags=re.IGNORECASE) for statement in ran]


def test_asking_and_looking_run_the_same_statements_whoever_matches(scene: Scene) -> None:
    """Statement for statement, in order: on its response path nothing is asked of who is there."""
    asked, looked = {}, {}
    for name, child in CHILDREN.items():
        receipt = receipt_of(scene, scene.nurse, child)
        request = ContactRequest(receipt=receipt, purpose=device_purpose(scene.nurse), urgency=Urgency.NOW)
        asked[name] = statements(scene, lambda: scene.index.ask(scene.nurse, "/v1/contact/asks", request))  # noqa: B023
        status = ContactStatusRequest(receipt=receipt)
        looked[name] = statements(scene, lambda: scene.index.ask(scene.nurse, "/v1/contact/status", status))  # noqa: B023

    for name in CHILDREN:
        assert asked[name] == asked["absent"], name
        assert looked[name] == looked["absent"], name
    assert len(asked["absent"]) > 20


@pytest.mark.parametrize("how", ["end", "decline", "nothing"])
def test_until_something_is_shared_an_asker_sees_what_they_would_of_nobody(scene: Scene, how: str) -> None:
    """In every byte and header but the receipt, at every time, for one desk, two, or none."""
    receipts = {name: receipt_of(scene, scene.nurse, child) for name, child in CHILDREN.items()}
    answers = [ask(scene, scene.nurse, receipt) for receipt in receipts.values()]
    assert len({shape(answer) for answer in answers}) == 1
    if how != "nothing":
        for worker in (scene.worker, scene.index.enrol("southtown", Role.PRACTITIONER)):
            for notice in inbox(scene, worker):
                reason = DeclineReason.MORE_DETRIMENTAL if how == "decline" else None
                assert reply(scene, worker, notice["notice"], how, reason=reason) == (200, None)

    for minutes in (0, 14, 1, 14, 1, 120):
        scene.world.clock.advance(60 * minutes)
        scene.index.run(scene.index.index.escalating.tick())
        seen = {
            shape(scene.index.ask(scene.nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt)))
            for receipt in receipts.values()
        }
        assert len(seen) == 1


def shape(answer: httpx2.Response) -> tuple[object, ...]:
    """All of an answer but its receipt."""
    body = re.sub(rb'"receipt":"[^"]*"', b'"receipt"', answer.content)
    return answer.status_code, tuple(sorted(answer.headers.items())), body


def test_a_desk_that_is_asked_reads_nowhere_who_asks(scene: Scene) -> None:
    """Not in its inbox, in no refusal, and not when its line was shown behind the glass."""
    receipt = receipt_of(scene, scene.nurse, KNOWN)
    ask(scene, scene.nurse, receipt)
    glass = GlassRequest(receipt=receipt, purpose=Purpose.VITAL_INTERESTS)
    assert scene.index.ask(scene.nurse, "/v1/contact/break-glass", glass).status_code == 200
    told = [scene.index.ask(scene.worker, "/v1/inbox", b"{}")]
    [notice] = inbox(scene, scene.worker)
    for _ in range(2):
        request = ReplyRequest(notice=notice["notice"], reply="share", hand_over_to=None, reason=None)
        told.append(scene.index.ask(scene.worker, "/v1/inbox/replies", request))

    for answer in told:
        everything = answer.text + str(answer.headers)
        assert scene.nurse.organisation not in everything
        assert scene.nurse.account not in everything
        assert receipt not in everything


def test_no_desk_receipt_or_notice_is_in_a_log_or_on_the_record(scene: Scene) -> None:
    """Handles' details are in their sealed rows, and in what their owners share; nowhere else."""
    receipt = receipt_of(scene, scene.nurse, KNOWN)
    ask(scene, scene.nurse, receipt)
    [notice] = inbox(scene, scene.worker)
    scene.world.clock.advance(20 * 60)
    scene.index.run(scene.index.index.escalating.tick())
    reply(scene, scene.worker, notice["notice"], "share")
    shown = scene.index.ask(scene.nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
    assert DESK["telephone"] in shown.text

    kept = repr(scene.index.tables()) + scene.index.log_lines.getvalue() + repr(leaves(scene.index))
    for secret in (*DESK.values(), receipt, notice["notice"]):
        assert secret not in kept


def test_a_mailed_desk_is_told_a_reference_and_no_more(scene: Scene) -> None:
    """The mail that waits rests sealed, and holds the mailbox and the reference."""
    scene.index.index.settling._upkeep._delivery._rules = scene.index.settings.contact_rules.__class__(mails=True)  # type: ignore[attr-defined]
    officer = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
    ask(scene, officer, receipt_of(scene, officer, KNOWN))
    [notice] = inbox(scene, scene.worker)

    [mail] = scene.index.index.mails.due(10, now=scene.world.clock.now())
    assert (mail.to, mail.reference) == (DESK["email"], notice["notice"])
    assert DESK["email"] not in repr(scene.index.tables()["mails"])


def test_the_record_does_not_say_whose_desk_let_its_time_run_out(scene: Scene) -> None:
    """It does so a quarter of an hour after somebody asked, to the minute: whoever reads the record would read there
    whom they had asked, and how many.
    """
    for name in ("known", "known twice"):
        ask(scene, scene.nurse, receipt_of(scene, scene.nurse, CHILDREN[name]))
    scene.world.clock.advance(15 * 60)
    scene.index.run(scene.index.index.escalating.tick())

    [leaf] = [leaf for leaf in leaves(scene.index) if leaf["action"] == "escalated"]
    assert (leaf["organisation"], leaf["account"], leaf["subject"]) == (None, None, None)


@pytest.mark.parametrize("how", ["waits", "decline", "share"])
def test_of_a_child_nobody_is_seen_with_any_more_a_status_takes_the_steps_of_one_nobody_knows(
    scene: Scene, how: str
) -> None:
    """A shield takes an involvement from the hot table, and leaves the notices that went out before it: reading them
    would tell a shielded child from an absent one by the time it takes.
    """
    receipts = {name: receipt_of(scene, scene.nurse, CHILDREN[name]) for name in ("known twice", "absent")}
    for receipt in receipts.values():
        ask(scene, scene.nurse, receipt)
    for worker in (scene.worker, scene.index.enrol("southtown", Role.PRACTITIONER)):
        [notice] = inbox(scene, worker)
        reason = DeclineReason.MORE_DETRIMENTAL if how == "decline" else None
        assert how == "waits" or reply(scene, worker, notice["notice"], how, reason=reason) == (200, None)
    scene.index.writer.run(
        lambda connection: connection.execute("DELETE FROM involvement_tags WHERE key <> ?", (SENTINEL_KEY,))
    )
    now, rows, vault = scene.world.clock.now(), CallBackRows(scene.index.vault), scene.index.vault

    def taken(receipt: str) -> int:
        name = vault.call_back(scene.nurse.organisation, scene.nurse.account, receipt)
        call_back = rows.call_back(scene.index.reader, name, now=now)
        assert call_back is not None
        return steps(scene.index, lambda: scene.index.index.contact._call_backs.shared(call_back, now=now))

    assert len(scene.index.tables()["notices"]) == 2
    assert taken(receipts["known twice"]) == taken(receipts["absent"])


def test_a_desk_that_shared_is_not_shown_once_its_work_is_no_longer_where_an_asker_looks(scene: Scene) -> None:
    """What was shared is read anew at every look: a desk whose rows are moved away is gone, the other stays."""
    receipt = receipt_of(scene, scene.nurse, TWICE)
    ask(scene, scene.nurse, receipt)
    for worker in (scene.worker, scene.index.enrol("southtown", Role.PRACTITIONER)):
        [notice] = inbox(scene, worker)
        assert reply(scene, worker, notice["notice"], "share") == (200, None)
    assert titles(scene, receipt) == {DESK["title"], "Duty desk"}

    organisation = scene.index.vault.organisation(scene.feed.organisation)
    scene.index.writer.run(
        lambda connection: connection.execute("DELETE FROM involvement_tags WHERE organisation = ?", (organisation,))
    )

    assert titles(scene, receipt) == {"Duty desk"}


def titles(scene: Scene, receipt: str) -> set[str]:
    """Of the desks that an asker is shown."""
    status = scene.index.ask(scene.nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt)).json()
    return {handle["title"] for handle in status["handles"]}
