"""What a seal hides, by tags alone (protocol.md C4)."""

from __future__ import annotations

import pytest

from signpost.index.hiding import Grip, grip
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.tags import TagKey

NUMBER = TagKey(bytes([1] * 16))
OTHER_NUMBER = TagKey(bytes([2] * 16))
NAME = TagKey(bytes([3] * 16))
ADDRESS = TagKey(bytes([4] * 16))
IDENTITY = Place(MatchClass.IDENTITY, Tier.T1)
STRONG = Place(MatchClass.STRONG, Tier.T1)
SEAL = {NUMBER: IDENTITY, NAME: Place(MatchClass.NAME, Tier.T2), ADDRESS: Place(MatchClass.POSSIBLE, Tier.T3)}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({NUMBER: IDENTITY}, Grip.BY_NUMBER),
        ({NUMBER: STRONG}, Grip.BY_NUMBER),
        ({NUMBER: STRONG, OTHER_NUMBER: IDENTITY}, Grip.BY_NUMBER),
        ({NAME: STRONG}, Grip.MATCHES),
        ({NAME: STRONG, OTHER_NUMBER: IDENTITY}, Grip.UNSURE),
        ({ADDRESS: STRONG}, Grip.UNSURE),
        ({NAME: Place(MatchClass.POSSIBLE, Tier.T3)}, Grip.UNSURE),
        ({OTHER_NUMBER: IDENTITY}, Grip.NONE),
        ({}, Grip.NONE),
    ],
)
def test_a_seal_hides_by_its_number_whatever_it_is_called_and_by_a_good_match_of_no_other_number(
    held: dict[TagKey, Place], expected: Grip
) -> None:
    """To call the number something else, beside a made-up one, is no way round."""
    assert grip(SEAL, held) is expected
