"""Which match inputs go into a shield (protocol.md C4).

* To hide a child: all that an officer's request holds. Its postcodes are those that the danger knows already; the
  caller takes no other, since a shield must not become a way to test guesses of the new address.
* Of an identity that has ended (adoption): its NHS number, and what holds its surname. Nothing that the child's life
  now also gives: no postcode, no pupil number, no mother.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from signpost.edge.match_inputs import ChildDetails, MatchInput, Template, match_inputs
from signpost.protocol.classes import Use

__all__ = ["inputs_of_old_identity", "inputs_to_hide"]

_OLD_IDENTITY: Final = frozenset({Template.NHS, Template.NAME, Template.NAME_MIDDLE})
"""Of what an officer's request asks, the number, and the templates with the surname and no part of a postcode."""


def inputs_to_hide(child: ChildDetails) -> Sequence[MatchInput]:
    """The inputs that hide a child; none where the details give none. The postcodes are ones the danger knows."""
    return match_inputs(child, Use.OFFICER)


def inputs_of_old_identity(child: ChildDetails) -> Sequence[MatchInput]:
    """The inputs that a shield keeps of an identity that has ended; none where the details give none. Whatever of the
    details could also be the new identity's is not used, though it was given.
    """
    # Without it from the start: what it would have filled could keep a surname's input out of its place.
    old = replace(child, postcodes=(), upns=(), mother_nhs_number=None, expected_on=None)
    return [found for found in match_inputs(old, Use.OFFICER) if found.template in _OLD_IDENTITY]
