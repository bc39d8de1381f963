"""Which match inputs a child's details give, and why one is absent. Offline, for the asker's own screen only.

Padding is left out: it stands for nothing. This is the one place whose result shows the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

from signpost.edge.match_inputs import Absent, ChildDetails, MatchInput, absent_inputs, match_inputs
from signpost.protocol.classes import Use

__all__ = ["USES", "Explanation", "InputShown", "explain", "shown"]

USES: Final = (Use.REGISTER, Use.LOOKUP, Use.DEEP)


# A call and not a class, since `class` is a word of Python's.
InputShown = TypedDict("InputShown", {"template": str, "value": str, "class": str, "tier": int})
"""One input as `explain --json` prints it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """For one use: the inputs in template order, and the templates that give none."""

    inputs: tuple[MatchInput, ...]
    absent: tuple[Absent, ...]


def explain(child: ChildDetails) -> dict[Use, Explanation]:
    """For registering, looking up and looking up deep."""
    return {use: Explanation(tuple(match_inputs(child, use)), tuple(absent_inputs(child, use))) for use in USES}


def shown(child: ChildDetails) -> dict[str, list[InputShown]]:
    """`{"register": [{"template", "value", "class", "tier"}…], "lookup": […], "deep": […]}`."""
    return {
        use.value: [
            {
                "template": found.template.value,
                "value": found.value,
                "class": found.match_class.value,
                "tier": int(found.tier),
            }
            for found in match_inputs(child, use)
        ]
        for use in USES
    }
