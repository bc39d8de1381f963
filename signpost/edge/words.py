"""The words in which answers and notices are told to people, wherever they sit: at a terminal or in a browser.

They are the same whatever lies behind them: the words of a `none` are those of a shielded child too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.messages import AnswerWord, DeclineReason, SharedHandle
from signpost.protocol.own_organisation import HandleFault
from signpost.protocol.purposes import GATEWAYS, Kind, Purpose, Role

__all__ = [
    "BY_YEAR", "CONFIRM", "FAULTS", "NOT_A_NO", "REASONS", "WHERE", "WHO", "WORDS", "desk_words", "law", "which_child",
]  # fmt: skip

WORDS: Final[Mapping[AnswerWord, str]] = {
    "current": "A colleague elsewhere is working with this child.",
    "previous": "A colleague elsewhere has worked with this child. No date is given.",
    "possible": (
        "Somebody elsewhere may be working with this child, or with another of similar details. Another detail may "
        "settle it (NHS number, middle name, previous postcode). Confirm by telephone that it is the same child before "
        "saying anything about the child."
    ),
    "none": (
        "No other organisation has registered work with a child matching these details. This is not proof of safety. "
        "Check the date of birth, and your own organisation's records. You can still leave a call-back."
    ),
}
"""The words of each answer: the same whatever lies behind it."""

NOT_A_NO: Final = "We could not check. This is not a no."

BY_YEAR: Final = (
    "With the year alone only both names together with a whole postcode are compared, and no number. "
    "The whole date of birth finds more."
)

CONFIRM: Final = "Confirm by telephone that it is the same child before saying anything about the child."

REASONS: Final = {
    DeclineReason.MORE_DETRIMENTAL: (
        "sharing would be more detrimental to the child than not sharing (Children Act 2004, section 16LA(3))"
    ),
    DeclineReason.ANOTHER_CHILD: "it is another child",
    DeclineReason.NO_CONSENT: "we work by consent, and it does not cover this",
    DeclineReason.CANNOT_ANSWER: "we have nothing to say that would help",
}
WHO: Final[Mapping[Role, str]] = {
    Role.PRACTITIONER: "A practitioner",
    Role.URGENT: "Somebody on urgent duty",
    Role.MATERNITY: "Somebody in maternity care",
}
WHERE: Final[Mapping[Kind, str]] = {
    Kind.COUNCIL: "of a council",
    Kind.HOSPITAL: "of a hospital",
    Kind.POLICE: "of a police force",
}


FAULTS: Final[Mapping[HandleFault, str]] = {
    HandleFault.TO_CONFIRM: "to be confirmed: nobody has for 90 days",
    HandleFault.UNCONFIRMED: "may be wrong: nobody has confirmed it for 104 days or more",
    HandleFault.NO_TELEPHONE: "cannot be rung",
    HandleFault.UNREACHABLE: "nobody who answers for it can be rung",
    HandleFault.NO_FALLBACK: "has no handle for out of hours",
    HandleFault.CIRCULAR_FALLBACK: "its handles for out of hours lead back to it",
}
"""What is wrong with a desk."""


def law(purpose: Purpose) -> str:
    """The law that a purpose rests on, as a sentence begins."""
    words = GATEWAYS[purpose].law
    return words[0].upper() + words[1:]


def desk_words(desk: SharedHandle) -> str:
    """A desk, as it is rung or written to."""
    parts = [desk.title, desk.telephone, desk.email, None if desk.hours is None else f"({desk.hours})"]
    return "  ".join(part for part in parts if part)


def which_child(child: ChildDetails) -> str:
    """Which child the answer is about, in as little as tells the asker: four characters of a number, else initials and
    the year of birth.
    """
    whole = child.date_of_birth is not None  # of a year alone no number is compared
    if child.nhs_number is not None and whole:
        return f"NHS number ending {child.nhs_number.last_four}"
    if child.upns and whole:
        return f"UPN ending {child.upns[0].reveal()[-4:]}"
    initials = "".join(f"{name[:1].upper()}." for name in (child.forename, child.surname) if name)
    year = child.year_of_birth if child.date_of_birth is None else child.date_of_birth.year
    born = "not yet born" if year is None else f"born {year}"
    return f"child {initials} {born}" if initials else f"child {born}"
