"""`explain` shows what a child's details give, in each use, and nothing that was made up to fill the rest."""

from __future__ import annotations

import json
from datetime import date

from signpost.edge.explain import explain, shown
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import Absent, ChildDetails, Reason, Template
from signpost.protocol.classes import Use

CHILD = ChildDetails(
    date_of_birth=date(2015, 4, 3), nhs_number=NHSNumber.parse("9990000042"), upns=(UPN.parse("A950000178301"),)
)


def test_each_use_shows_template_value_class_and_tier() -> None:
    """As JSON, with padding left out."""
    inputs = [
        {"template": "nhs", "value": "9990000042|2015-03-04", "class": "identity", "tier": 1},
        {"template": "upn", "value": "A950000178301|2015-03-04", "class": "pupil", "tier": 1},
    ]

    assert json.loads(json.dumps(shown(CHILD))) == {"register": inputs, "lookup": inputs, "deep": inputs}


def test_a_child_of_whom_nothing_is_known_shows_nothing() -> None:
    """Three empty lists, and why."""
    assert shown(ChildDetails()) == {"register": [], "lookup": [], "deep": []}
    assert [one.reason for one in explain(ChildDetails())[Use.LOOKUP].absent] == [
        Reason.NO_NHS_NUMBER,
        Reason.NO_UPN,
        Reason.NO_MOTHER,
        *[Reason.NO_DATE_OF_BIRTH] * 5,
        Reason.NO_YEAR_OF_BIRTH,
        *[Reason.NO_DATE_OF_BIRTH] * 6,
    ]


def test_what_is_absent_says_why() -> None:
    """In words for the person who asks."""
    child = ChildDetails(date_of_birth=CHILD.date_of_birth, nhs_number=CHILD.nhs_number)

    explained = explain(child)

    assert set(explained) == {Use.REGISTER, Use.LOOKUP, Use.DEEP}
    for one in explained.values():
        assert [found.template for found in one.inputs] == [Template.NHS]
        assert {
            Absent(Template.UPN, Reason.NO_UPN),
            Absent(Template.NAME, Reason.NO_FORENAME),
            Absent(Template.NAME_AREA, Reason.NO_FORENAME),
        } < set(one.absent)
        assert {found.template for found in one.absent} == set(Template) - {Template.NHS}
