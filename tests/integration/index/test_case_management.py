"""A case-management system at the index (protocol.md D2): it asks in the name of a user whom it names, within budgets
of its own, and for nothing urgent.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    GlassRequest,
    LookupAgainRequest,
    Nothing,
    OutcomeRequest,
)
from signpost.protocol.named_users import NOBODY
from signpost.protocol.purposes import Purpose, Role, Urgency
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.integration.index.test_signing_in import told
from tests.support.world import Device, whole_child

ADA = whole_child("ada")
JO, SAM = b"jo" * 8, b"sam-" * 4


@pytest.fixture
def machine(scene: Scene) -> Device:
    """Northtown's."""
    return scene.index.enrol("northtown", Role.CASE_MANAGEMENT, account="case-lookups")


def look_up(scene: Scene, who: Device, *, child: Any = ADA, user: bytes = JO, **changed: Any) -> httpx2.Response:
    """A lookup in a user's name."""
    request = scene.world.lookup(who, child, purpose=Purpose.SECTION_47)
    changed = {"urgency": Urgency.TODAY, "user": user, **changed}
    return scene.index.ask(who, "/v1/lookups", request.model_copy(update=changed))


def receipt_of(answer: httpx2.Response) -> str:
    """The receipt of an answer."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["receipt"])


def test_it_is_answered_as_a_practitioner_is(scene: Scene, machine: Device) -> None:
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
    scene.index.settle()

    assert look_up(scene, machine).json()["answer"] == "current"
    assert look_up(scene, machine, child=whole_child("nobody")).json()["answer"] == "none"


def test_the_record_names_the_machine_and_its_user(scene: Scene, machine: Device) -> None:
    """By the organisation's pseudonym; of whoever asks in their own name the field is all zeros."""
    before = len(leaves(scene.index))
    receipt = receipt_of(look_up(scene, machine))
    scene.index.ask(machine, "/v1/lookups/again", LookupAgainRequest(user=JO, receipt=receipt))
    scene.index.ask(
        machine, "/v1/contact/asks",
        ContactRequest(user=JO, receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.WEEK),
    )  # fmt: skip
    scene.index.look_up(scene.worker, ADA)

    told_of = [(leaf["action"], leaf["account"], leaf["user"]) for leaf in leaves(scene.index)[before:]]

    jo, nobody = to_base64url(JO), to_base64url(NOBODY)
    assert [each for each in told_of if each[0] != "settled"] == [
        ("looked-up", "case-lookups", jo),
        ("looked-again", "case-lookups", jo),
        ("asked-for-call-back", "case-lookups", jo),
        ("looked-up", str(scene.worker.account), nobody),
    ]


def test_it_names_somebody_each_time_and_a_person_never_does(scene: Scene, machine: Device) -> None:
    """Refused, and nothing is charged or left."""
    for who, user in ((machine, NOBODY), (scene.worker, JO)):
        answer = scene.index.unchanged_by(lambda: look_up(scene, who, user=user))  # noqa: B023 - called at once
        assert told(answer) == (422, "malformed")
        assert answer.json()["errors"][0]["pointer"] == "/user"


@pytest.mark.parametrize("changed", [{"urgency": Urgency.NOW}, {"purpose": Purpose.VITAL_INTERESTS}])
def test_nothing_urgent_is_asked_in_anybodys_name(scene: Scene, machine: Device, changed: dict[str, Any]) -> None:
    answer = look_up(scene, machine, **changed)

    assert answer.status_code == 403
    assert leaves(scene.index)[-1]["user"] == to_base64url(JO), "what was refused is on the record in their name"


def test_a_call_back_is_not_urgent_either(scene: Scene, machine: Device) -> None:
    receipt = receipt_of(look_up(scene, machine))

    def asked(urgency: Urgency) -> tuple[int, str | None]:
        request = ContactRequest(user=JO, receipt=receipt, purpose=Purpose.SECTION_47, urgency=urgency)
        return told(scene.index.ask(machine, "/v1/contact/asks", request))

    assert asked(Urgency.NOW) == (403, "role-refused")
    assert asked(Urgency.TODAY) == (200, None)


def test_it_breaks_no_glass_answers_nobody_and_registers_nothing(scene: Scene, machine: Device) -> None:
    """Whatever it may look up."""
    receipt = receipt_of(look_up(scene, machine))
    glass = GlassRequest(receipt=receipt, purpose=Purpose.SECTION_47)

    assert told(scene.index.ask(machine, "/v1/contact/break-glass", glass)) == (403, "role-refused")
    assert told(scene.index.ask(machine, "/v1/inbox", Nothing())) == (403, "role-refused")
    registering = scene.index.register(machine, ADA, scene.handle, reference="one")
    assert told(registering) == (403, "role-refused")


def test_a_receipt_is_good_for_the_user_it_was_given_for(scene: Scene, machine: Device) -> None:
    """A colleague in the same system has neither the answer nor the call-back by it."""
    receipt = receipt_of(look_up(scene, machine))

    def by(user: bytes) -> list[tuple[int, str | None]]:
        asked = ContactRequest(user=user, receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.WEEK)
        return [
            told(scene.index.ask(machine, path, message))
            for path, message in (
                ("/v1/lookups/again", LookupAgainRequest(user=user, receipt=receipt)),
                ("/v1/contact/asks", asked),
                ("/v1/contact/status", ContactStatusRequest(user=user, receipt=receipt)),
                ("/v1/contact/outcomes", OutcomeRequest(user=user, receipt=receipt, reached=True, new=False)),
            )
        ]

    unknown = [(404, "lookup-unknown"), (404, "lookup-unknown"), (404, "call-back-unknown"), (404, "call-back-unknown")]
    assert by(SAM) == unknown
    assert by(JO) == [(200, None)] * 4
    assert by(SAM) == unknown


def test_a_desk_is_told_of_a_call_back_as_of_a_practitioners(scene: Scene, machine: Device) -> None:
    """That its organisation has such a system would narrow down which it is."""
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="one")
    scene.index.settle()
    desk = scene.index.enrol("southtown", Role.PRACTITIONER)
    receipt = receipt_of(look_up(scene, machine))
    asked = ContactRequest(user=JO, receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.TODAY)
    assert told(scene.index.ask(machine, "/v1/contact/asks", asked)) == (200, None)
    scene.index.settle()

    [notice] = scene.index.ask(desk, "/v1/inbox", Nothing()).json()["notices"]

    assert (notice["role"], notice["kind"]) == ("practitioner", "council")


def test_each_user_has_a_practitioners_budget_and_the_machine_its_own(scene: Scene, machine: Device) -> None:
    """Sixty for one; the next goes on. Ten such, and the machine has asked what it may, whomever it names."""
    answered = 0
    for user in range(11):
        for number in range(61):
            answer = look_up(scene, machine, child=whole_child(f"{user} {number}"), user=bytes([1 + user]) * 16)
            if answer.status_code != 200:
                assert told(answer) == (429, "budget-used")
                break
            answered += 1

    assert answered == 600
    colleague = scene.index.enrol("northtown", Role.PRACTITIONER)
    assert scene.index.look_up(colleague, ADA) == "none"


def test_repeats_are_counted_by_the_user(scene: Scene, machine: Device) -> None:
    """The sixth time in a shift is refused to one, and answered to another until their organisation has asked as often
    as it may.
    """
    asked = [look_up(scene, machine, user=JO).status_code for _ in range(6)]
    others = [look_up(scene, machine, user=SAM).status_code for _ in range(6)]

    assert asked == [200] * 5 + [429]
    assert others == [200] * 5 + [429]
    assert told(look_up(scene, machine, user=b"x" * 16)) == (429, "repeats-used")
