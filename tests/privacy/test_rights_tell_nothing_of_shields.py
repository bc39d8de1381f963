"""A council that corrects or withdraws what it registered cannot tell by it whether that is hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signpost.protocol.purposes import Basis, Role
from signpost.protocol.rights import CorrectRequest, WithdrawRequest
from tests.integration.index.conftest import Scene
from tests.integration.index.test_rights import correcting, withdrawing
from tests.support.running_index import RunningIndex
from tests.support.shielding import add_shield, officer
from tests.support.two_indexes import TwoIndexes, differences
from tests.support.world import Device, whole_child

ADA, BEN = whole_child("ada"), whole_child("ben")


def _registered(scene: Scene, index: RunningIndex) -> None:
    """Southtown works with her by consent, and by law; with him as well."""
    for child in (ADA, BEN):
        for basis in (Basis.CONSENT, Basis.STATUTORY):
            reference = f"{child.identity} {basis.value}"
            registration = scene.world.registration(child, scene.other_handle, reference=reference, basis=basis)
            request = scene.world.registering(scene.other_feed, [registration])
            assert index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
    index.settle()


@pytest.mark.parametrize("what", ["corrections", "withdrawals"])
def test_what_is_hidden_is_corrected_and_withdrawn_as_what_is_seen(tmp_path: Path, what: str) -> None:
    """Two indexes with the same keys are sent the same bytes: in answers, statements with their values, steps of both
    connections, chance, log, and every line of Python, nothing differs.
    """
    with TwoIndexes(tmp_path) as both:
        scene = both.set_scene()
        both.each(lambda index: _registered(scene, index))
        shielding = officer(scene.index, "northtown")
        both.each(lambda index: index is both.one and add_shield(index, shielding, ADA))
        anna = scene.index.enrol("southtown", Role.RIGHTS_OFFICER, account="anna")

        def request(device: Device, *, of_ada: bool) -> CorrectRequest | WithdrawRequest:
            child = ADA if of_ada else BEN
            if what == "withdrawals":
                return withdrawing(scene, device, child)
            return correcting(scene, device, child, whole_child("right"))

        # Whatever is done for the first time only is done about somebody else.
        both.ask(anna, f"/v1/rights/{what}", request(anna, of_ada=False))
        hidden, seen = both.watch(anna, f"/v1/rights/{what}", request(anna, of_ada=True), lines=True)

        assert differences(hidden, seen) == []
        answer = json.loads(hidden.body)
        assert (answer["changed"], answer["standing"]) == ((1, 1) if what == "withdrawals" else (2, 0))
        both.each(lambda index: index.settle())
        [hidden_list, seen_list] = both.each(lambda index: index.tables()["owned_involvements"])
        assert hidden_list == seen_list
