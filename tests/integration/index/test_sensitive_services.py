"""Sensitive services (sexual and mental health, substance use) register by consent or for significant harm alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signpost.protocol.purposes import Basis
from tests.integration.index.conftest import Scene
from tests.support.world import whole_child

ADA = whole_child("ada")


def sensitive(scene: Scene) -> str:
    """A desk of such a service; its name."""
    desk = {"organisation": "northtown", "title": "Young people's clinic", "telephone": "01632 960003"}
    answer = scene.index.operate("/handles", {**desk, "consent_only": True})
    assert answer.status_code == 201
    return str(answer.json()["handle"])


@pytest.mark.parametrize(
    ("basis", "status"), [(Basis.STATUTORY, 422), (Basis.CONSENT, 202), (Basis.SIGNIFICANT_HARM, 202)]
)
def test_a_sensitive_service_registers_nobody_by_statute(scene: Scene, basis: Basis, status: int) -> None:
    """The index refuses it whatever program sends it, names the place, and has written nothing."""
    handle = sensitive(scene)
    plain = scene.world.registration(ADA, scene.handle, reference="plain")
    of_clinic = scene.world.registration(ADA, handle, reference="clinic").model_copy(update={"basis": basis})

    answer = scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [plain, of_clinic]))

    assert answer.status_code == status
    if status == 422:
        assert answer.json()["code"] == "basis-refused"
        assert answer.json()["errors"] == [{"pointer": "/registrations/1/basis"}]
        assert scene.index.tables()["owned_involvements"] == []


def test_an_organisation_is_told_which_of_its_desks_those_are_and_nobody_else_is(scene: Scene) -> None:
    """So that its feed can say so row by row, before anything is sent."""
    handle = sensitive(scene)

    own = scene.index.ask(scene.feed, "/v1/handles/list", b"{}").json()
    other = scene.index.ask(scene.other_feed, "/v1/handles/list", b"{}").json()

    assert (sorted(own["handles"]), own["consent_only"]) == (sorted([scene.handle, handle]), [handle])
    assert other["consent_only"] == []


def test_a_desk_may_become_one_and_what_was_registered_stays_until_its_next_feed(scene: Scene) -> None:
    """The operator says so on its organisation's word."""
    scene.index.register(scene.feed, ADA, scene.handle, reference="before")
    scene.index.operate("/handles/change", {"organisation": "northtown", "handle": scene.handle, "consent_only": True})

    assert len(scene.index.tables()["owned_involvements"]) == 1
    assert scene.index.register(scene.feed, ADA, scene.handle, reference="after").status_code == 422
    [kept] = scene.index.index.handles.of(scene.feed.organisation)
    assert replace(kept, confirmed_on=None).consent_only
