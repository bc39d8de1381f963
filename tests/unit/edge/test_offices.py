"""Whose an office is: every role, in every kind of organisation."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from signpost.edge.offices import Office, holds
from signpost.index.permissions import Act, Allowed, may
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.keys import SigningKey
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.secret import Secret

_ACTS: Final = {
    Office.SHIELDS: Act.SHIELD,
    Office.DESK: Act.DECIDE_SHIELDED,
    Office.RIGHTS: Act.UPHOLD_RIGHTS,
    Office.REVIEWS: Act.REVIEW_GLASS,
}
_DEVICE: Final = SigningKey(Secret(bytes(32))).verify_key


@pytest.mark.parametrize("office", Office)
def test_what_the_edge_refuses_beforehand_is_what_the_index_refuses(office: Office) -> None:
    """And nothing else, of any role in any kind of organisation."""
    for role, kind in product(Role, Kind):
        asker = Asker(
            OrganisationId("northtown"), AccountId("someone"), role, kind, purposes_of(role, kind), _DEVICE, "c", "s",
            9, 9, 0, 0,
        )  # fmt: skip
        assert holds(role, kind, office) == isinstance(may(asker, _ACTS[office]), Allowed), (role, kind)
