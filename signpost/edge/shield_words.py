"""The words of shields and of the independent desk, as both the command line and a gateway's pages say them.

Nothing in them says whether anybody had registered a child, or whom a shield hides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from signpost.protocol.shielding import DeskDecision, DeskWork, ShieldEndReason, ShieldReason

__all__ = [
    "ANOTHERS_NUMBER", "DECISIONS", "ENDS_A_SHIELD", "END_REASONS", "MEANINGS", "OLD_IDENTITY_WARNING", "OLD_NUMBER",
    "REASONS", "TITLES", "WITH_ITS_NUMBER",
]  # fmt: skip

REASONS: Final[Mapping[ShieldReason, str]] = {
    ShieldReason.FLEEING_ABUSE: "fleeing abuse",
    ShieldReason.THREAT_TO_LIFE: "a threat to life",
    ShieldReason.FORCED_MARRIAGE: "forced marriage",
    ShieldReason.TRAFFICKING: "trafficking",
    ShieldReason.PROTECTED_PERSON: "a protected person",
    ShieldReason.ADOPTION: "adoption",
}
END_REASONS: Final[Mapping[ShieldEndReason, str]] = {
    ShieldEndReason.NO_LONGER_IN_DANGER: "no longer in danger",
    ShieldEndReason.MISTAKEN: "it was a mistake",
}
TITLES: Final[Mapping[DeskWork, str]] = {
    DeskWork.CALL_BACK: "ASKS TO BE RUNG",
    DeskWork.LOOKED_UP: "LOOKED UP",
    DeskWork.REGISTERED: "REGISTERED",
    DeskWork.UNSURE: "UNSURE",
    DeskWork.APPROVAL: "NOT APPROVED IN TIME",
    DeskWork.END: "END NOT APPROVED IN TIME",
    DeskWork.REVIEW: "DUE FOR REVIEW",
}
MEANINGS: Final[Mapping[DeskWork, str]] = {
    DeskWork.CALL_BACK: "Somebody asks to be rung about a shielded child. They are told nothing before you ring.",
    DeskWork.LOOKED_UP: "Somebody looked a shielded child up, and was answered as if nobody had registered them.",
    DeskWork.REGISTERED: "An organisation registered a shielded child. It is hidden already; they do not see that.",
    DeskWork.UNSURE: "A registration resembles a shielded child, but may be another. IT CAN BE FOUND until you decide.",
    DeskWork.APPROVAL: "A shield hides, and no officer of another council approved it in time.",
    DeskWork.END: "A shield is to end, and no officer of another council approved that in time. It still hides.",
    DeskWork.REVIEW: "Is the shield still needed? Ask the officer who asked for it.",
}
DECISIONS: Final[Mapping[DeskWork, Mapping[DeskDecision, str]]] = {
    DeskWork.CALL_BACK: {},
    DeskWork.LOOKED_UP: {DeskDecision.SEEN: "nothing more is to be done"},
    DeskWork.REGISTERED: {
        DeskDecision.SEEN: "nothing more is to be done",
        DeskDecision.HIDE: "the shield is to have the NHS number that it carries",
    },
    DeskWork.UNSURE: {
        DeskDecision.HIDE: "it is the shielded child",
        DeskDecision.LEAVE: "it is another child",
    },
    DeskWork.APPROVAL: {DeskDecision.APPROVE: "the shield stands", DeskDecision.REFUSE: "the shield ends"},
    DeskWork.END: {DeskDecision.END: "the shield ends", DeskDecision.STAND: "the shield stands"},
    DeskWork.REVIEW: {DeskDecision.KEEP: "still needed, for another year"},
}
"""Which decisions an item takes, and what each means there. Who asks to be rung is rung or not: `call-back` says it."""
WITH_ITS_NUMBER: Final = "it is, and the shield is to have its NHS number too"
ENDS_A_SHIELD: Final = frozenset({DeskDecision.REFUSE, DeskDecision.END})
"""They end a shield: from that moment it hides nothing."""

OLD_IDENTITY_WARNING: Final = (
    "This deletes your own organisation's registrations of the old identity, and cannot be taken back.\n"
    "The shield then hides the old identity alone; a new one is shielded separately, if at all."
)
ANOTHERS_NUMBER: Final = "The shield was made with an NHS number, and what you typed has not that number."
OLD_NUMBER: Final = "Type the old NHS number, as it was typed when the child was shielded."
