"""What a family may have: a report of who works with their child and who looked, a correction, a withdrawal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx2
import pytest

from signpost.protocol.classes import POINTS, Use
from signpost.protocol.messages import Nothing
from signpost.protocol.purposes import Basis, Kind, Purpose, Role
from signpost.protocol.rights import (
    CorrectRequest,
    Exemption,
    ReportDecisionRequest,
    ReportReadRequest,
    ReportRequest,
    WithdrawRequest,
)
from signpost.service.database import Connection
from tests.integration.index.conftest import Scene
from tests.integration.index.test_record import leaves
from tests.support.world import Child, Device, changing, whole_child

ADA = whole_child("ada")
DAY = 24 * 60 * 60
DAYS_28 = 28 * DAY
DONE = (200, None)


@pytest.fixture
def officer(scene: Scene) -> Device:
    """Of Southtown: who asks with the family there."""
    return officer_of(scene, "anna")


@pytest.fixture
def second(scene: Scene) -> Device:
    """A colleague of the same council, who decides."""
    return officer_of(scene, "bela")


def officer_of(scene: Scene, account: str, organisation: str = "southtown") -> Device:
    """A rights officer, signed in for this shift."""
    return scene.index.enrol(organisation, Role.RIGHTS_OFFICER, account=account)


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """Its status, and its code where it is a refusal."""
    return answer.status_code, answer.json().get("code")


def places(answer: httpx2.Response) -> list[str]:
    """Where a refusal says that it is."""
    return [place["pointer"] for place in answer.json().get("errors", [])]


def asking(scene: Scene, device: Device, child: Child = ADA) -> ReportRequest:
    """A question, evaluated and paid for."""
    return ReportRequest(
        epoch=scene.world.manifest.epoch,
        tags=scene.world.tags(Use.OFFICER, child),
        receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def asked(scene: Scene, device: Device, child: Child = ADA) -> str:
    """The reference of a new report."""
    answer = scene.index.ask(device, "/v1/rights/reports", asking(scene, device, child))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["report"])


def decide(scene: Scene, device: Device, report: str, **rest: Any) -> httpx2.Response:
    """Decide it: as a release of everything, where nothing else is said."""
    document: dict[str, Any] = {"decision": "release", "safe_to_show": True, "exemption": None, **rest}
    return scene.index.ask(device, "/v1/rights/reports/decide", ReportDecisionRequest(report=report, **document))


def read(scene: Scene, device: Device, report: str) -> httpx2.Response:
    """Read it."""
    return scene.index.ask(device, "/v1/rights/reports/read", ReportReadRequest(report=report))


def released(scene: Scene, child: Child = ADA, **decision: Any) -> dict[str, Any]:
    """A report as it is read on the day of its release."""
    report = asked(scene, officer_of(scene, "anna"), child)
    assert told(decide(scene, officer_of(scene, "bela"), report, **decision)) == DONE
    scene.world.clock.advance(DAYS_28)
    answer = read(scene, officer_of(scene, "anna"), report)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def register(scene: Scene, child: Child = ADA, reference: str = "one", **rest: Any) -> None:
    """Northtown registers an involvement, and it settles."""
    answer = scene.index.register(scene.feed, child, scene.handle, reference=reference, **rest)
    assert answer.status_code == 202, answer.text
    scene.index.settle()


# -- what a report says


def test_a_report_says_which_kinds_of_organisation_work_with_the_child_and_which_looked(scene: Scene) -> None:
    """Kinds, dates, purposes and months, in an order that says nothing; no name, no desk, no account."""
    register(scene, reference="ended", started_on=dt.date(2024, 3, 1), ended_on=dt.date(2025, 9, 5))
    register(scene, reference="open", started_on=dt.date(2025, 1, 1))
    scene.index.look_up(scene.nurse, ADA)
    scene.index.look_up(scene.worker, ADA, purpose=Purpose.SECTION_47)

    report = released(scene)

    assert report["involvements"] == [
        {"kind": "council", "started_on": "2024-03-01", "ended_on": "2025-09-05"},
        {"kind": "council", "started_on": "2025-01-01", "ended_on": None},
    ]
    assert report["accesses"] == [
        {"kind": "council", "purpose": "s47", "month": "2025-10"},
        {"kind": "hospital", "purpose": "vital-interests", "month": "2025-10"},
    ]
    assert report["exemption"] is None
    for name in ("northtown", "st-elsewhere", scene.handle, scene.nurse.account):
        assert name not in str(report)


def test_one_look_is_told_once_however_many_details_it_shared(scene: Scene) -> None:
    """A lookup leaves twelve rows; two lookups are two accesses."""
    for _ in range(2):
        scene.index.look_up(scene.nurse, ADA)

    assert len(released(scene)["accesses"]) == 2


def test_an_access_that_shares_only_what_many_share_is_not_about_this_child(scene: Scene) -> None:
    """Neither a name that sounds alike, nor a date and a district."""
    scene.index.look_up(scene.nurse, Child(name=("ada name",), undated="ada undated", probable="ada probable"))

    assert released(scene)["accesses"] == []


def test_accesses_of_more_than_twelve_months_ago_are_not_told(scene: Scene) -> None:
    """By the month, as they are deleted."""
    scene.index.look_up(scene.nurse, ADA)
    report = asked(scene, officer_of(scene, "anna"))
    assert told(decide(scene, officer_of(scene, "bela"), report)) == DONE

    scene.index.run(_aged(scene, months=202409))
    scene.world.clock.advance(DAYS_28)

    assert read(scene, officer_of(scene, "anna"), report).json()["accesses"] == []


async def _aged(scene: Scene, months: int) -> None:
    def age(connection: Connection) -> None:
        connection.execute("UPDATE access_rows SET month = ?", (months,))

    await scene.index.writer.submit(age)


def test_what_only_may_be_the_child_is_not_told(scene: Scene) -> None:
    """A report tells of this child, not of one who resembles them; nor of a twin with another number."""
    register(scene, Child(probable="ada probable", name=("ada name",)), reference="alike")
    register(scene, Child(identity="another number", strong=("ada strong",), name=("ada name",)), reference="twin")

    assert released(scene)["involvements"] == []


def test_where_two_children_cannot_be_told_apart_neither_is_told_of_or_touched(scene: Scene) -> None:
    """Twins of one name's sound, or a namesake with the same birthday and home: without a number it is neither's."""
    asked_by = Child(strong=("same strong",), name=("same name",))
    for at in range(2):
        child = Child(identity=f"number {at}", strong=asked_by.strong, name=asked_by.name)
        register(scene, child, f"one-{at}")
        own(scene, child, reference=f"own-{at}", basis=Basis.CONSENT)

    assert released(scene, asked_by)["involvements"] == []
    officer = officer_of(scene, "anna")
    withdrawn = scene.index.ask(officer, "/v1/rights/withdrawals", withdrawing(scene, officer, asked_by)).json()
    assert (withdrawn["changed"], withdrawn["standing"]) == (0, 0)


def test_the_councils_own_involvements_are_not_in_its_report(scene: Scene) -> None:
    """It answers for them from its own files: else it could watch its own registration vanish behind a shield (C5)."""
    scene.index.register(scene.other_feed, ADA, scene.other_handle, reference="own")
    register(scene, reference="other")

    assert len(released(scene)["involvements"]) == 1


def test_a_report_says_what_is_there_when_it_is_read(scene: Scene) -> None:
    """Not when it was asked for: what was withdrawn meanwhile is not told, and what is new is."""
    register(scene, reference="first")
    report = asked(scene, officer_of(scene, "anna"))
    assert told(decide(scene, officer_of(scene, "bela"), report)) == DONE
    scene.index.ask(scene.feed, "/v1/involvements/changes", changing("first", "withdraw"))
    register(scene, reference="second", started_on=dt.date(2025, 5, 1))
    scene.world.clock.advance(DAYS_28)

    told_now = read(scene, officer_of(scene, "anna"), report).json()["involvements"]

    assert [each["started_on"] for each in told_now] == ["2025-05-01"]


# -- when, and by whom


def test_a_report_is_read_28_days_after_it_was_asked_for_and_not_a_second_sooner(
    scene: Scene, officer: Device, second: Device
) -> None:
    """To the second, whatever is in it and whenever it was decided."""
    answer = scene.index.ask(officer, "/v1/rights/reports", asking(scene, officer)).json()
    assert answer["release_at"] - answer["asked_at"] == DAYS_28
    assert told(decide(scene, second, answer["report"])) == DONE

    scene.world.clock.advance(DAYS_28 - 1)
    late = officer_of(scene, "anna")
    assert told(read(scene, late, answer["report"])) == (409, "report-not-released")
    scene.world.clock.advance(1)
    document = read(scene, late, answer["report"]).json()
    assert (document["asked_at"], document["released_at"]) == (answer["asked_at"], answer["release_at"])


def test_an_undecided_report_is_never_read(scene: Scene, officer: Device) -> None:
    """No machine decides, however long it takes; and the refusal is the same whatever would be in it."""
    register(scene)
    there, absent = asked(scene, officer), asked(scene, officer, whole_child("nobody"))
    scene.world.clock.advance(DAYS_28 + DAY)
    reader = officer_of(scene, "anna")

    first, other = read(scene, reader, there), read(scene, reader, absent)

    assert told(first) == (409, "report-not-released")
    assert first.content == other.content


def test_nobody_decides_their_own_report(scene: Scene, officer: Device, second: Device) -> None:
    """Nor another council's, nor one that is decided, nor one that is not there; all in the same words."""
    report = asked(scene, officer)
    elsewhere = officer_of(scene, "carl", "northtown")

    refused = [decide(scene, officer, report), decide(scene, elsewhere, report), decide(scene, second, "0000-0000")]
    assert told(decide(scene, second, report)) == DONE
    refused.append(decide(scene, second, report, decision="refuse", exemption=Exemption.CRIME))

    assert {told(each) for each in refused} == {(404, "report-unknown")}
    assert len({each.content for each in refused}) == 1


def test_a_report_is_its_own_councils_alone(scene: Scene, officer: Device, second: Device) -> None:
    """Any rights officer of it may read it; one of another is told that there is none."""
    report = asked(scene, officer)
    decide(scene, second, report)
    scene.world.clock.advance(DAYS_28)

    assert read(scene, officer_of(scene, "dora"), report).status_code == 200
    assert told(read(scene, officer_of(scene, "carl", "northtown"), report)) == (404, "report-unknown")
    elsewhere = scene.index.ask(officer_of(scene, "carl", "northtown"), "/v1/rights/reports/list", Nothing())
    assert elsewhere.json() == {"reports": []}


def test_the_list_says_what_waits_and_not_whose_child_it_is(scene: Scene, officer: Device, second: Device) -> None:
    """The oldest first, with when it is released and whether it is decided."""
    first = asked(scene, officer)
    scene.world.clock.advance(60)
    other = asked(scene, officer)
    decide(scene, second, first)

    listed = scene.index.ask(second, "/v1/rights/reports/list", Nothing()).json()["reports"]

    assert [(each["report"], each["decided"]) for each in listed] == [(first, True), (other, False)]
    assert all(set(each) == {"report", "asked_at", "release_at", "decided"} for each in listed)


def test_a_report_is_gone_28_days_after_it_was_released(scene: Scene, officer: Device, second: Device) -> None:
    """With its tags."""
    report = asked(scene, officer)
    decide(scene, second, report)
    scene.world.clock.advance(2 * DAYS_28 + 60 * 60)

    assert told(read(scene, officer_of(scene, "anna"), report)) == (404, "report-unknown")
    scene.index.sweep()
    assert scene.index.tables()["reports"] == []


# -- what is kept back


@pytest.mark.parametrize("exemption", Exemption)
def test_a_refusal_tells_nothing_but_why(scene: Scene, exemption: Exemption) -> None:
    """By its code in law."""
    register(scene)
    scene.index.look_up(scene.nurse, ADA)

    report = released(scene, decision="refuse", safe_to_show=False, exemption=exemption)

    assert (report["involvements"], report["accesses"], report["exemption"]) == (None, None, exemption.value)


def test_where_it_is_not_safe_to_show_who_looked_only_that_is_kept_back(scene: Scene) -> None:
    """An access log can lead to a refuge."""
    register(scene)
    scene.index.look_up(scene.nurse, ADA)

    report = released(scene, safe_to_show=False, exemption=Exemption.SERIOUS_HARM)

    assert len(report["involvements"]) == 1
    assert (report["accesses"], report["exemption"]) == (None, "serious-harm")


@pytest.mark.parametrize(
    "decision",
    [
        {"decision": "refuse", "exemption": None},
        {"decision": "refuse", "safe_to_show": False, "exemption": None},
        {"decision": "release", "safe_to_show": False, "exemption": None},
        {"decision": "release", "safe_to_show": True, "exemption": Exemption.CRIME},
    ],
)
def test_something_is_kept_back_exactly_where_a_reason_is_given(
    scene: Scene, officer: Device, second: Device, decision: dict[str, Any]
) -> None:
    """Anything else is not of its form, and decides nothing."""
    report = asked(scene, officer)

    refused = scene.index.unchanged_by(lambda: decide(scene, second, report, **decision))

    assert (told(refused), places(refused)) == ((422, "malformed"), ["/exemption"])


# -- what it costs and leaves


def test_the_same_request_sent_again_is_the_same_report(scene: Scene, officer: Device) -> None:
    """Under a new signature, where the answer was lost; the receipts pay for nothing else."""
    request = asking(scene, officer)
    first = scene.index.ask(officer, "/v1/rights/reports", request)
    scene.world.clock.advance(5)

    again = scene.index.ask(officer, "/v1/rights/reports", request)
    other = request.model_copy(update={"tags": scene.world.tags(Use.OFFICER, whole_child("ben"))})

    assert (again.status_code, again.json()) == (201, first.json())
    assert len(scene.index.tables()["reports"]) == 1
    spent = scene.index.unchanged_by(lambda: scene.index.ask(officer, "/v1/rights/reports", other))
    assert told(spent) == (409, "receipt-spent")


def test_under_which_exemption_something_is_kept_back_is_on_the_record(
    scene: Scene, officer: Device, second: Device
) -> None:
    """For oversight; of what is told, none."""
    for exemption in (None, Exemption.SERIOUS_HARM):
        report = asked(scene, officer)
        assert told(decide(scene, second, report, safe_to_show=exemption is None, exemption=exemption)) == DONE

    decided = [leaf["ground"] for leaf in leaves(scene.index) if leaf["action"] == "decided-report"]
    assert decided == [None, "serious-harm"]


def test_each_step_is_on_the_record_without_a_reference(scene: Scene, officer: Device, second: Device) -> None:
    """Who and when; not which report."""
    report = asked(scene, officer)
    scene.index.ask(second, "/v1/rights/reports/list", Nothing())
    decide(scene, second, report)
    scene.world.clock.advance(DAYS_28)
    read(scene, officer_of(scene, "anna"), report)

    found = [(leaf["action"], leaf["account"]) for leaf in leaves(scene.index)][-4:]

    assert found == [
        ("asked-for-report", "anna"), ("listed-reports", "bela"), ("decided-report", "bela"), ("read-report", "anna"),
    ]  # fmt: skip
    assert report not in str(leaves(scene.index))


def test_reports_are_of_one_size_at_rest_whatever_was_decided(scene: Scene, officer: Device, second: Device) -> None:
    """And hold no name or reference in clear."""
    undecided, decided = asked(scene, officer), asked(scene, officer, Child(name=("only",)))
    decide(scene, second, decided, decision="refuse", exemption=Exemption.CHILD_ABUSE_DATA)

    rows = scene.index.tables()["reports"]

    assert len({len(row[2]) for row in rows}) == 1
    for name in (undecided, decided, "anna", "southtown"):
        assert name.encode() not in b"".join(row[2] for row in rows)


def test_rights_are_upheld_by_rights_officers_of_councils_alone(scene: Scene, officer: Device) -> None:
    """Everybody else is refused, and it is on record."""
    bodies = {
        "/v1/rights/reports": asking(scene, officer),
        "/v1/rights/reports/list": Nothing(),
        "/v1/rights/reports/decide": ReportDecisionRequest(
            report="0000-0000", decision="release", safe_to_show=True, exemption=None
        ),
        "/v1/rights/reports/read": ReportReadRequest(report="0000-0000"),
        "/v1/rights/corrections": correcting(scene, officer, ADA, ADA),
        "/v1/rights/withdrawals": withdrawing(scene, officer, ADA),
    }
    others = [
        scene.feed, scene.worker, scene.nurse, scene.index.enrol("southtown", Role.SHIELDING_OFFICER),
        scene.index.enrol("st-elsewhere", Role.RIGHTS_OFFICER, Kind.HOSPITAL),
    ]  # fmt: skip
    for path, body in bodies.items():
        for other in others:
            refused = scene.index.refused_on_record(lambda: scene.index.ask(other, path, body))  # noqa: B023 - at once
            assert told(refused) == (403, "role-refused")


@pytest.mark.parametrize("use", [Use.LOOKUP, Use.REGISTER, Use.DEEP])
def test_only_an_officers_receipts_pay_for_it(scene: Scene, officer: Device, use: Use) -> None:
    """Not a lookup's, though its points are as many."""
    request = asking(scene, officer).model_copy(update={"receipts": scene.world.receipts(officer, use, POINTS[use])})

    refused = scene.index.unchanged_by(lambda: scene.index.ask(officer, "/v1/rights/reports", request))

    assert told(refused) == (403, "receipts-mismatch")


# -- correcting and withdrawing


def correcting(scene: Scene, device: Device, child: Child, right: Child) -> CorrectRequest:
    """What is registered of `child` is to be `right`."""
    return CorrectRequest(
        epoch=scene.world.manifest.epoch,
        tags=scene.world.tags(Use.OFFICER, child),
        receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
        right=scene.world.tags(Use.REGISTER, right),
        right_receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def withdrawing(scene: Scene, device: Device, child: Child) -> WithdrawRequest:
    """Consent for `child` is withdrawn."""
    return WithdrawRequest(
        epoch=scene.world.manifest.epoch,
        tags=scene.world.tags(Use.OFFICER, child),
        receipts=scene.world.receipts(device, Use.OFFICER, POINTS[Use.OFFICER]),
    )


def own(scene: Scene, child: Child = ADA, reference: str = "one", **rest: Any) -> None:
    """Southtown, whose officers these are, registers an involvement, and it settles."""
    basis = rest.pop("basis", Basis.STATUTORY)
    registration = scene.world.registration(child, scene.other_handle, reference=reference, basis=basis, **rest)
    request = scene.world.registering(scene.other_feed, [registration])
    assert scene.index.ask(scene.other_feed, "/v1/registrations", request).status_code == 202
    scene.index.settle()


def test_a_correction_is_found_by_the_right_details_from_then_on(scene: Scene, officer: Device) -> None:
    """And no more by the wrong ones; with a receipt that says how many were changed."""
    wrong = Child(identity="ada number", name=("eda name",), strong=("eda strong",))
    own(scene, wrong, ended_on=dt.date(2025, 9, 1))

    answer = scene.index.ask(officer, "/v1/rights/corrections", correcting(scene, officer, wrong, ADA))
    scene.index.settle()

    assert (answer.status_code, answer.json()["changed"], answer.json()["standing"]) == (200, 1, 0)
    assert scene.index.look_up(scene.nurse, Child(strong=("ada strong",), name=("ada name",))) == "previous"
    assert scene.index.look_up(scene.nurse, Child(strong=("eda strong",), name=("eda name",))) == "none"


def test_a_correction_stands_until_the_row_changes_at_its_source(scene: Scene, officer: Device) -> None:
    """The owner's row, its digest among it, is what it was: the next feed finds nothing to send."""
    own(scene, whole_child("eda"))
    before = scene.index.tables()["owned_involvements"]

    scene.index.ask(officer, "/v1/rights/corrections", correcting(scene, officer, whole_child("eda"), ADA))
    scene.index.settle()

    assert scene.index.tables()["owned_involvements"] == before


def test_only_the_own_organisations_involvements_are_corrected_or_withdrawn(scene: Scene, officer: Device) -> None:
    """Another's stand as they are, and are not counted."""
    register(scene, reference="theirs")

    for path, body in (
        ("/v1/rights/corrections", correcting(scene, officer, ADA, whole_child("ben"))),
        ("/v1/rights/withdrawals", withdrawing(scene, officer, ADA)),
    ):
        answer = scene.index.ask(officer, path, body).json()
        scene.index.settle()
        assert (answer["changed"], answer["standing"]) == (0, 0)
    assert scene.index.look_up(scene.nurse, ADA) == "current"


def test_a_namesake_and_a_twin_are_left_alone(scene: Scene, officer: Device) -> None:
    """What only may be the child, and what has another number."""
    own(scene, Child(name=("ada name",), probable="ada probable"), "alike", basis=Basis.CONSENT)
    own(scene, Child(identity="twin", strong=("ada strong",), name=("ada name",)), "twin", basis=Basis.CONSENT)

    answer = scene.index.ask(officer, "/v1/rights/withdrawals", withdrawing(scene, officer, ADA)).json()

    assert (answer["changed"], answer["standing"]) == (0, 0)


def test_what_rests_on_consent_is_withdrawn_and_what_the_law_asks_for_stands(scene: Scene, officer: Device) -> None:
    """Ended ones too; each counted."""
    own(scene, reference="consent", basis=Basis.CONSENT)
    own(scene, reference="ended", basis=Basis.CONSENT, ended_on=dt.date(2025, 2, 3))
    own(scene, reference="statutory")
    own(scene, reference="harm", basis=Basis.SIGNIFICANT_HARM)

    answer = scene.index.ask(officer, "/v1/rights/withdrawals", withdrawing(scene, officer, ADA)).json()
    scene.index.settle()

    assert (answer["changed"], answer["standing"]) == (2, 2)
    assert len(scene.index.tables()["owned_involvements"]) == 2
    assert scene.index.look_up(scene.nurse, ADA) == "current"


def test_the_same_request_sent_again_is_told_the_same(scene: Scene, officer: Device) -> None:
    """And does nothing more."""
    own(scene, basis=Basis.CONSENT)
    request = withdrawing(scene, officer, ADA)
    first = scene.index.ask(officer, "/v1/rights/withdrawals", request)
    scene.index.settle()

    again = scene.index.ask(officer, "/v1/rights/withdrawals", request)

    assert again.json() == first.json()
    assert first.json()["changed"] == 1
    scene.world.clock.advance(25 * 60 * 60)
    scene.index.sweep()
    assert scene.index.tables()["rights_done"] == []


def test_one_batchs_receipts_do_not_pay_twice_in_a_correction(scene: Scene, officer: Device) -> None:
    """Each twelve points have their own."""
    request = correcting(scene, officer, ADA, whole_child("ben"))
    twice = request.model_copy(update={"right_receipts": request.receipts})

    refused = scene.index.unchanged_by(lambda: scene.index.ask(officer, "/v1/rights/corrections", twice))

    assert told(refused) == (409, "receipt-spent")


def test_right_details_are_of_a_registrations_profile(scene: Scene, officer: Device) -> None:
    """What is asked by is a lookup's; neither stands for the other."""
    request = correcting(scene, officer, ADA, ADA)
    for spoilt, pointer in (({"right": request.tags}, "/right"), ({"tags": request.right}, "/tags")):
        body = request.model_copy(update=spoilt)
        refused = scene.index.unchanged_by(lambda: scene.index.ask(officer, "/v1/rights/corrections", body))  # noqa: B023 - at once
        assert (told(refused), places(refused)) == ((422, "tags-profile"), [pointer])
