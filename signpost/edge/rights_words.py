"""The words that a family reads, or hears read out: no code, no name of an organisation, nothing that only an officer
would understand; and at their end the choices that an officer makes for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from signpost.protocol.purposes import Kind, Purpose
from signpost.protocol.rights import Exemption, ObjectionGround, ReportAccess, ReportInvolvement

__all__ = [
    "ABOUT", "EXEMPTIONS", "GROUNDS", "KEPT_BACK", "KINDS", "MORE_RIGHTS", "NOBODY_LOOKED", "NOBODY_WORKS",
    "NOTHING_FOUND", "NOT_UPHELD", "UPHELD", "WHO_LOOKED", "WHO_WORKS", "access_line", "day", "involvement_line",
    "month", "why",
]  # fmt: skip

KINDS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.COUNCIL: "A council's services for children",
        Kind.HOSPITAL: "A hospital",
        Kind.POLICE: "The police",
    }
)
"""Of those that can work with a child or look one up."""
_WHY: Final[Mapping[Purpose, str]] = MappingProxyType(
    {
        Purpose.SECTION_17: "to find out whether a child needs help (Children Act 1989, section 17)",
        Purpose.SECTION_47: "because somebody was worried that a child might be harmed (Children Act 1989, section 47)",
        Purpose.POLICE_PROTECTION: "to take a child to a safe place (Children Act 1989, section 46)",
        Purpose.VITAL_INTERESTS: "because it was an emergency, where waiting could have cost life or health",
        Purpose.SECTION_11: "to keep children safe and well (Children Act 2004, section 11)",
        Purpose.SECTION_16LA: "to share information that keeps children safe and well (Children Act 2004, "
        "section 16LA)",
    }
)

ABOUT: Final = (
    "Signpost helps people who work with children find out that a colleague elsewhere works with the same child. It "
    "holds no names, addresses or case files: only that some organisation works with a child, and since when."
)
WHO_WORKS: Final = "Who works, or worked, with the child"
WHO_LOOKED: Final = "Who looked in the last twelve months"
NOBODY_WORKS: Final = "No other organisation has registered that it works with a child of these details."
NOBODY_LOOKED: Final = "Nobody has asked about a child of these details in the last twelve months."
KEPT_BACK: Final = (
    "This is not told. The law lets it be kept back in some cases (Data Protection Act 2018, Schedules 2 and 3). "
    "A person decided this, not a computer. You can ask the council's data protection officer to look at it again, "
    "and you can complain to the Information Commissioner (ico.org.uk)."
)
MORE_RIGHTS: Final = (
    "The council that gave you this report answers for its own work from its own files: that is not in here. Ask it "
    "where something is wrong, where you no longer consent to something that rests on your consent, or where you "
    "object to how the child's details are used."
)
UPHELD: Final = (
    "It is upheld: what rests on your consent is seen by nobody from now on. Work that the law asks for, or that"
    " protects a child from significant harm, stands."
)
NOT_UPHELD: Final = (
    "It is not upheld. You can ask the council's data protection officer to look at it again, and you can complain to"
    " the Information Commissioner (ico.org.uk)."
)
NOTHING_FOUND: Final = "Nothing was found that is surely of this child."
GROUNDS: Final[Mapping[ObjectionGround, str]] = MappingProxyType(
    {
        ObjectionGround.NO_OVERRIDING_GROUND: "Nothing outweighs it: it is upheld",
        ObjectionGround.SAFEGUARDING_OVERRIDES: "Keeping a child safe outweighs it: it is not upheld",
        ObjectionGround.LEGAL_CLAIMS: "It is needed for a claim in law: it is not upheld",
    }
)
"""How an objection was balanced."""
EXEMPTIONS: Final[Mapping[Exemption, str]] = MappingProxyType(
    {
        Exemption.SERIOUS_HARM: (
            "Telling would prejudice social work, or cause somebody serious harm (Data Protection Act 2018, Schedule "
            "3, paragraphs 5, 11 and 19)"
        ),
        Exemption.CHILD_ABUSE_DATA: "Telling is not in the child's best interests (Schedule 3, paragraph 21)",
        Exemption.EXPECTED_CONFIDENCE: (
            "It was given in the expectation that whoever asks would not be told (Schedule 3, paragraphs 4 and 10)"
        ),
        Exemption.CRIME: "Telling would prejudice preventing or detecting crime (Schedule 2, paragraph 2)",
    }
)
"""Why something is kept back: for the officer who decides, and never for the family."""


def why(purpose: Purpose) -> str:
    """Why somebody looked."""
    return _WHY[purpose]


def month(text: str) -> str:
    """`2025-10` as October 2025."""
    return f"{dt.date.fromisoformat(f'{text}-01'):%B %Y}"


def day(date: dt.date) -> str:
    """A day with its year."""
    return f"{date:%-d %B %Y}"


def involvement_line(told: ReportInvolvement) -> tuple[str, str, str]:
    """Who, since when (by the month: the day of a beginning is registered of nobody), and until when."""
    until = "still" if told.ended_on is None else day(told.ended_on)
    return KINDS[told.kind], f"{told.started_on:%B %Y}", until


def access_line(told: ReportAccess) -> tuple[str, str, str]:
    """When, who, and why."""
    return month(told.month), KINDS[told.kind], why(told.purpose)
