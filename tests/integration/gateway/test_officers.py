"""Officers at a gateway, by its web API: shields, the independent desk, families' rights and reviews, before a whole
index and real key holders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.messages import ContactRequest
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.protocol.rights import REPORT_DAYS
from signpost.protocol.shielding import ShieldEndReason, ShieldEndRequest
from tests.support.elsewhere import client_of, register
from tests.support.hidden_elsewhere import approve_elsewhere, hide_elsewhere
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

NUMBER, OTHER = "9990000018", "9990000026"
BORN = "2018-03-04"
GIVEN = {"nhs_number": NUMBER, "date_of_birth": BORN}
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))
HIDE: dict[str, object] = {"child": GIVEN, "reason": "fleeing-abuse"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status and the code of the refusal."""
    return answer.status_code, answer.json().get("code")


def post(gateway: WholeGateway, token: str, path: str, document: object, status: int = 200) -> Any:
    """What the web API answers, which is this status."""
    answer = gateway.request("POST", f"/api/v1/{path}", document, token=token)
    assert answer.status_code == status, answer.text
    return answer.json()


def get(gateway: WholeGateway, token: str, path: str) -> Any:
    """The same of what is only asked."""
    answer = gateway.request("GET", f"/api/v1/{path}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def word(gateway: WholeGateway, number: str = NUMBER, organisation: str = "southtown") -> str:
    """What a practitioner of another organisation is answered about the child."""
    child = ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=dt.date(2018, 3, 4))
    asker = client_of(gateway, organisation, Role.PRACTITIONER)
    return gateway.index.run(asker.lookup(child, urgency=Urgency.TODAY)).word


# -- shields


def test_an_officer_hides_a_child_and_another_council_approves(gateway: WholeGateway) -> None:
    """At once, and told of their own request alone."""
    register(gateway, "northtown", CHILD)
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    assert word(gateway) == "current"

    hidden = post(gateway, officer, "shields", HIDE, 201)
    gateway.index.settle()

    assert word(gateway) == "none"
    assert (hidden["state"], hidden["reason"], hidden["review_on"]) == ("waiting", "fleeing-abuse", "2026-10-13")
    approve_elsewhere(gateway, hidden["shield"])
    found = post(gateway, officer, "shields/status", {"shield": None})["shields"]
    assert [(each["shield"], each["state"]) for each in found] == [(hidden["shield"], "approved")]


def test_what_an_officer_is_told_does_not_depend_on_whether_the_child_is_registered(gateway: WholeGateway) -> None:
    """Else their account would be a way to look children up."""
    register(gateway, "southtown", CHILD)
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))

    answers = []
    for number in (NUMBER, OTHER):
        answer = gateway.request(
            "POST", "/api/v1/shields", {**HIDE, "child": {**GIVEN, "nhs_number": number}}, token=officer
        )
        gateway.index.settle()
        name = answer.json()["shield"]
        status = gateway.request("POST", "/api/v1/shields/status", {"shield": name}, token=officer)
        answers.append([each.text.replace(name, "SHIELD") for each in (answer, status)])

    assert answers[0] == answers[1]


def test_a_shield_ends_when_another_council_has_approved_that(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    name = post(gateway, officer, "shields", HIDE, 201)["shield"]
    approve_elsewhere(gateway, name)

    ending = post(gateway, officer, "shields/end", {"shield": name, "why": "no-longer-in-danger"})
    gateway.index.settle()
    assert (ending["state"], word(gateway)) == ("ending", "none")
    approve_elsewhere(gateway, name, ends=True)

    assert word(gateway) == "current"


def test_an_officer_approves_another_councils_shield_and_its_end(gateway: WholeGateway) -> None:
    """And each where it is that which waits, so that none ends one unknowingly."""
    hidden = hide_elsewhere(gateway, CHILD)
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    approving = {"shield": hidden.shield, "ends": False}

    refused = gateway.request("POST", "/api/v1/shields/approve", {**approving, "ends": True}, token=officer)
    assert told(refused)[1] == "shield-decided"
    assert post(gateway, officer, "shields/approve", approving)["state"] == "approved"
    theirs = client_of(gateway, "southtown", Role.SHIELDING_OFFICER)
    end = ShieldEndRequest(shield=hidden.shield, why=ShieldEndReason.MISTAKEN)
    gateway.index.run(theirs.index.end_shield(end))
    assert post(gateway, officer, "shields/approve", {**approving, "ends": True})["end_why"] == "mistaken"


def test_of_an_identity_that_has_ended_the_own_registrations_go_and_it_stays_hidden(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    name = post(gateway, officer, "shields", {**HIDE, "reason": "adoption"}, 201)["shield"]
    gateway.index.settle()
    ended = {"shield": name, "child": GIVEN}

    other = gateway.request(
        "POST", "/api/v1/shields/identity-ended", {**ended, "child": {**GIVEN, "nhs_number": OTHER}}, token=officer
    )
    assert told(other) == (422, "tags-profile")
    assert post(gateway, officer, "shields/identity-ended", ended)["shield"] == name
    gateway.index.settle()

    assert gateway.index.tables()["owned_involvements"] == []


@pytest.mark.parametrize("field", ["postcode", "previous_postcode", "new_postcode"])
def test_a_shield_takes_no_postcode_by_the_name_that_a_lookup_gives_it(gateway: WholeGateway, field: str) -> None:
    """The new address would come along with a document that was made for a lookup."""
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    given = {**HIDE, "child": {**GIVEN, field: "LS1 4AB"}}

    answer = gateway.request("POST", "/api/v1/shields", given, token=officer)

    assert told(answer) == (422, "malformed")
    assert "LS1" not in answer.text


@pytest.mark.parametrize(
    ("changed", "code", "pointers"),
    [
        ({"child": {"surname": "Quill"}}, "nothing-to-ask", None),
        ({"child": {**GIVEN, "known_postcode": "nowhere"}}, "malformed", ["/child/known_postcode"]),
        ({"child": {**GIVEN, "date_of_birth": "soon"}}, "malformed", ["/child/date_of_birth"]),
        ({"review_on": "2035-01-01"}, "review-date", None),
        ({"shield": "5H1E-7RTA", "review_on": "2026-03-01"}, "malformed", ["/review_on"]),
        ({"shield": "5H1E-7RTA"}, "shield-unknown", None),
    ],
    ids=["nobody is hidden by it", "no postcode", "no date", "too late", "a day for what has one", "no such shield"],
)
def test_what_cannot_be_hidden_is_refused_by_name(
    gateway: WholeGateway, changed: dict[str, object], code: str, pointers: list[str] | None
) -> None:
    officer = gateway.token(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))

    answer = gateway.request("POST", "/api/v1/shields", {**HIDE, **changed}, token=officer)

    assert answer.json()["code"] == code
    assert [each["pointer"] for each in answer.json().get("errors", [])] == (pointers or [])


# -- the independent desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WholeGateway]:
    """The independent desk's own gateway."""
    with open_whole_gateway(tmp_path, organisation="shielding-desk", kind=Kind.SHIELDING_DESK) as whole:
        yield whole


def test_the_desk_sees_who_looked_and_decides_it_once(desk: WholeGateway) -> None:
    hidden = hide_elsewhere(desk, CHILD)
    assert word(desk) == "none"
    desk.index.settle()
    officer = desk.token(desk.enrol("desk-1", Role.SHIELDING_OFFICER))

    [item] = get(desk, officer, "desk/queue")["items"]
    assert (item["work"], item["shield"], item["by"]["organisation"]) == ("looked-up", hidden.shield, "southtown")
    decision = {"item": item["item"], "decision": "seen", "with_number": False}
    for wrong, code in (
        ({"decision": "hide"}, "decision-refused"),
        ({"with_number": True}, "malformed"),
        ({"item": "M2XF-7RTA"}, "item-unknown"),
    ):
        answer = desk.request("POST", "/api/v1/desk/resolve", {**decision, **wrong}, token=officer)
        assert told(answer)[1] == code
    assert post(desk, officer, "desk/resolve", decision) == {}

    assert get(desk, officer, "desk/queue")["items"] == []
    assert told(desk.request("POST", "/api/v1/desk/resolve", decision, token=officer)) == (404, "item-unknown")


def test_the_desk_says_whether_it_rang_who_asks_to_be_rung(desk: WholeGateway) -> None:
    hide_elsewhere(desk, CHILD)
    asker = client_of(desk, "southtown", Role.PRACTITIONER)
    receipt = desk.index.run(asker.lookup(CHILD, urgency=Urgency.NOW)).receipt
    asked = ContactRequest(receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.NOW)
    desk.index.run(asker.index.ask_for_call_back(asked))
    desk.index.settle()
    officer = desk.token(desk.enrol("desk-1", Role.SHIELDING_OFFICER))
    [item] = [each for each in get(desk, officer, "desk/queue")["items"] if each["work"] == "call-back"]

    assert post(desk, officer, "desk/call-backs", {"item": item["item"], "rang": True}) == {}

    assert [each["work"] for each in get(desk, officer, "desk/queue")["items"]] == ["looked-up"]


# -- families' rights


def _report(gateway: WholeGateway, officers: list[User], decision: dict[str, object]) -> str:
    """A report that one officer asked for and another decided, on the day when it is read; its reference."""
    asker = gateway.token(officers[0])
    report = post(gateway, asker, "rights/reports", {"child": GIVEN}, 201)["report"]
    document = {"report": report, **decision}
    own = gateway.request("POST", "/api/v1/rights/reports/decide", document, token=asker)
    assert told(own) == (404, "report-unknown")  # nobody decides their own
    assert post(gateway, gateway.token(officers[1]), "rights/reports/decide", document) == {}
    early = gateway.request("POST", "/api/v1/rights/reports/read", {"report": report}, token=asker)
    assert told(early)[1] == "report-not-released"
    gateway.index.world.clock.advance(REPORT_DAYS * 86_400)
    return str(report)


@pytest.mark.parametrize(
    ("decision", "works", "looked"),
    [
        ({"decision": "release", "safe_to_show": True, "exemption": None}, True, True),
        ({"decision": "release", "safe_to_show": False, "exemption": "serious-harm"}, True, False),
        ({"decision": "refuse", "safe_to_show": False, "exemption": "child-abuse-data"}, False, False),
    ],
    ids=["all of it", "not who looked", "nothing"],
)
def test_a_report_is_asked_for_decided_by_another_and_read_after_28_days(
    gateway: WholeGateway, decision: dict[str, object], works: bool, looked: bool
) -> None:
    register(gateway, "southtown", CHILD)
    assert word(gateway, organisation="northtown") == "current"
    officers = [gateway.enrol(name, Role.RIGHTS_OFFICER) for name in ("anna", "bert")]

    report = _report(gateway, officers, decision)
    reader = gateway.token(officers[0])
    read = post(gateway, reader, "rights/reports/read", {"report": report})

    assert (read["involvements"] is not None, read["accesses"] is not None) == (works, looked)
    assert read["exemption"] == decision["exemption"]
    if works:
        assert [each["kind"] for each in read["involvements"]] == ["council"]
    [listed] = get(gateway, reader, "rights/reports")["reports"]
    assert (listed["report"], listed["decided"]) == (report, True)


def test_something_is_kept_back_exactly_where_there_is_a_reason_in_law(gateway: WholeGateway) -> None:
    officers = [gateway.enrol(name, Role.RIGHTS_OFFICER) for name in ("anna", "bert")]
    report = post(gateway, gateway.token(officers[0]), "rights/reports", {"child": GIVEN}, 201)["report"]
    decider = gateway.token(officers[1])

    for decision in (
        {"decision": "release", "safe_to_show": True, "exemption": "crime"},
        {"decision": "release", "safe_to_show": False, "exemption": None},
        {"decision": "refuse", "safe_to_show": True, "exemption": None},
    ):
        answer = gateway.request("POST", "/api/v1/rights/reports/decide", {"report": report, **decision}, token=decider)
        assert told(answer) == (422, "malformed")


def test_an_objection_a_correction_and_a_withdrawal_are_done_and_counted(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    officer = gateway.token(gateway.enrol("anna", Role.RIGHTS_OFFICER))

    objection = post(gateway, officer, "rights/objections", {"child": GIVEN, "balanced": "no-overriding-ground"}, 201)
    assert objection["upheld"]
    assert post(gateway, officer, "rights/objections/end", {"objection": objection["objection"]}) == {}
    withdrawn = post(gateway, officer, "rights/withdrawals", {"child": GIVEN})
    assert (withdrawn["changed"], withdrawn["standing"]) == (0, 1)  # it rests on the law
    right = {**GIVEN, "nhs_number": OTHER}
    corrected = post(gateway, officer, "rights/corrections", {"registered": GIVEN, "right": right})
    gateway.index.settle()

    assert corrected["changed"] == 1
    assert (word(gateway), word(gateway, OTHER)) == ("none", "current")


def test_of_a_correction_it_is_said_which_of_the_two_is_not_of_its_form(gateway: WholeGateway) -> None:
    officer = gateway.token(gateway.enrol("anna", Role.RIGHTS_OFFICER))
    for wrong in ("registered", "right"):
        given = {"registered": GIVEN, "right": GIVEN, wrong: {**GIVEN, "date_of_birth": "never"}}
        answer = gateway.request("POST", "/api/v1/rights/corrections", given, token=officer)
        assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{wrong}/date_of_birth"]


# -- reviews


def test_a_broken_glass_waits_for_the_rights_officer_who_closes_it_once(gateway: WholeGateway) -> None:
    register(gateway, "southtown", CHILD)
    urgent = gateway.token(gateway.enrol("night-1", Role.URGENT))
    receipt = post(gateway, urgent, "lookups", {"child": GIVEN, "urgency": "now"})["receipt"]
    reference = post(gateway, urgent, "break-glass", {"receipt": receipt}, 201)["reference"]
    officer = gateway.token(gateway.enrol("anna", Role.RIGHTS_OFFICER))

    [review] = get(gateway, officer, "reviews")["reviews"]
    assert (review["reference"], review["account"]) == (reference, "night-1")
    closing = {"reference": reference, "justified": True}
    assert post(gateway, officer, "reviews/close", closing) == {}

    assert get(gateway, officer, "reviews")["reviews"] == []
    again = gateway.request("POST", "/api/v1/reviews/close", closing, token=officer)
    assert told(again) == (404, "review-unknown")


# -- whose it is not

_SHIELDS = ("shields", "shields/approve", "shields/status", "shields/end", "shields/identity-ended")
_DESKS = ("desk/resolve", "desk/call-backs")
_RIGHTS = (
    "rights/reports", "rights/reports/decide", "rights/reports/read", "rights/objections", "rights/objections/end",
    "rights/corrections", "rights/withdrawals",
)  # fmt: skip
_DOCUMENTS: dict[str, dict[str, object]] = {
    "shields": HIDE,
    "shields/approve": {"shield": "5H1E-7RTA", "ends": False},
    "shields/status": {"shield": None},
    "shields/end": {"shield": "5H1E-7RTA", "why": "mistaken"},
    "shields/identity-ended": {"shield": "5H1E-7RTA", "child": GIVEN},
    "desk/resolve": {"item": "M2XF-7RTA", "decision": "seen", "with_number": False},
    "desk/call-backs": {"item": "M2XF-7RTA", "rang": True},
    "rights/reports": {"child": GIVEN},
    "rights/reports/decide": {
        "report": "K7Q2-94KD", "decision": "release", "safe_to_show": True, "exemption": None,
    },
    "rights/reports/read": {"report": "K7Q2-94KD"},
    "rights/objections": {"child": GIVEN, "balanced": "legal-claims"},
    "rights/objections/end": {"objection": "K7Q2-94KD"},
    "rights/corrections": {"registered": GIVEN, "right": GIVEN},
    "rights/withdrawals": {"child": GIVEN},
    "reviews/close": {"reference": "K7Q2-94KD", "justified": True},
}  # fmt: skip
_ASKED = ("desk/queue", "rights/reports", "reviews")


@pytest.mark.parametrize(
    ("role", "kind", "allowed"),
    [
        (Role.PRACTITIONER, Kind.COUNCIL, ()),
        (Role.SHIELDING_OFFICER, Kind.COUNCIL, _SHIELDS),
        (Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK, (*_DESKS, "desk/queue")),
        (Role.RIGHTS_OFFICER, Kind.COUNCIL, (*_RIGHTS, "rights/reports", "reviews", "reviews/close")),
        (Role.RIGHTS_OFFICER, Kind.HOSPITAL, ("reviews", "reviews/close")),
    ],
    ids=["a practitioner", "a shielding officer", "the desk's officer", "a rights officer", "a hospital's"],
)
def test_an_officers_work_is_refused_to_everybody_else_before_anything_is_evaluated(
    tmp_path: Path, role: Role, kind: Kind, allowed: tuple[str, ...]
) -> None:
    with open_whole_gateway(tmp_path, kind=kind) as gateway:
        token = gateway.token(gateway.enrol("somebody", role))
        refused = set()
        for path, document in _DOCUMENTS.items():
            answer = gateway.request("POST", f"/api/v1/{path}", document, token=token)
            if told(answer) == (403, "role-refused"):
                refused.add(path)
        for path in _ASKED:
            answer = gateway.request("GET", f"/api/v1/{path}", token=token)
            if told(answer) == (403, "role-refused"):
                refused.add(path)

        assert refused == {*_DOCUMENTS, *_ASKED} - set(allowed)
        charged = any(holder.kept()["organisation_meters"] for holder in gateway.holders)
        assert charged == bool({"shields", "rights/objections"} & set(allowed))
