"""`signpost rights`: words that a family may read, streams, exit codes, the page, and bad inputs."""

from __future__ import annotations

import html.parser
import io
import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.edge.rights_words import KINDS, why
from signpost.protocol.classes import REGISTER_PROFILE, Use, fits_profile
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose, Role
from signpost.protocol.rights import (
    CorrectRequest,
    Exemption,
    ObjectionAnswer,
    ObjectionRequest,
    Report,
    ReportAsked,
    ReportDecisionRequest,
    ReportList,
    ReportRequest,
    RightsReceipt,
)
from signpost_cli.main import run
from tests.support.pretend_services import Pretence, StillClock, free_port_run

NOW = int(time.time())
DETAILS = {"nhs_number": "999 000 0042", "date_of_birth": "3 April 2015", "forename": "Zebedee", "surname": "Quill"}
RIGHT = {**DETAILS, "surname": "Quilliam"}
SECRETS = ("9990000042", "999 000 0042", "3 April 2015", "2015-04-03", "Zebedee", "Quill")
REPORT = "K7Q2-104D"
ASKED = ReportAsked(report=REPORT, asked_at=NOW, release_at=NOW + 28 * 86_400, decided=False)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretence]:
    """Services that listen, and a council's rights officer who is signed in with them."""
    first = free_port_run(4)
    pretence = Pretence(
        role=Role.RIGHTS_OFFICER,
        kind=Kind.COUNCIL,
        port=first,
        index_port=first + 3,
        clock=StillClock(int(time.time())),
    )
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))
    with pretence.on_loopback():
        yield pretence


def piped(monkeypatch: pytest.MonkeyPatch, document: object, *arguments: str) -> int:
    """Run it with this on stdin."""
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
    return run(["rights", *arguments, "--stdin"])


def report_of(**changed: Any) -> Report:
    """A released report."""
    document = {
        "report": REPORT, "asked_at": NOW, "released_at": NOW + 28 * 86_400,
        "involvements": [
            {"kind": "council", "started_on": "2024-03-01", "ended_on": "2025-09-05"},
            {"kind": "hospital", "started_on": "2025-01-01", "ended_on": None},
        ],
        "accesses": [{"kind": "police", "purpose": "s46", "month": "2025-10"}],
        "exemption": None, **changed,
    }  # fmt: skip
    return Report.model_validate_json(json.dumps(document))


# -- reports


def test_a_report_is_asked_for_with_the_childs_tags_and_nothing_else(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve of a lookup's classes; what was typed is on no stream."""
    index.says["/v1/rights/reports"] = ASKED

    assert piped(monkeypatch, DETAILS, "report") == 0

    [(_, body)] = index.heard
    sent = ReportRequest.model_validate_json(body)
    assert fits_profile(Use.OFFICER, [tag.place for tag in sent.tags])
    shown = capsys.readouterr()
    assert f"Its reference is {REPORT}." in shown.out
    assert "every report takes 28 days, whatever is in it" in shown.out
    assert f"signpost rights decide {REPORT}" in shown.err
    for secret in SECRETS:
        assert secret not in shown.out + shown.err + body.decode()


def test_the_list_says_what_waits(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """For people and for programs; no list is an answer too."""
    decided = ASKED.model_copy(update={"report": "M2XF-7RTA", "decided": True})
    index.says["/v1/rights/reports/list"] = ReportList(reports=[ASKED, decided])

    assert run(["rights", "report", "--list"]) == 0
    first, other = capsys.readouterr().out.splitlines()
    assert first.startswith(REPORT)
    assert "waits for a decision" in first
    assert "decided" in other
    assert run(["rights", "report", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert (listed["schema"], len(listed["reports"])) == ("signpost.reports/1", 2)
    index.says["/v1/rights/reports/list"] = ReportList(reports=[])
    assert run(["rights", "report", "--list"]) == 0
    assert "no report" in capsys.readouterr().out


def test_a_report_is_read_in_words_that_a_family_understands(
    index: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    """No code, no organisation, no account."""
    index.says["/v1/rights/reports/read"] = report_of()

    assert run(["rights", "report", "--read", REPORT.lower().replace("-", "")]) == 0

    told = capsys.readouterr().out
    assert "A council's services for children: since March 2024, until 5 September 2025" in told
    assert "A hospital: since January 2025, still" in told
    assert "October 2025: the police, to take a child to a safe place" in told
    for code in ("s46", "previous", "current"):
        assert code not in told


def test_what_is_kept_back_is_said_and_its_reason_in_law_is_not(
    index: Pretence, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On the screen and on the page: the reason may itself be what must not be known. A program is told."""
    index.says["/v1/rights/reports/read"] = report_of(accesses=None, exemption="child-abuse-data")

    assert run(["rights", "report", "--read", REPORT]) == 0
    assert run(["rights", "report", "--read", REPORT, "--html", str(tmp_path / "page.html")]) == 0
    for told in (capsys.readouterr().out, (tmp_path / "page.html").read_text()):
        assert "child-abuse" not in told
    assert "Information Commissioner" in (tmp_path / "page.html").read_text()
    assert run(["rights", "report", "--read", REPORT, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["exemption"]) == ("signpost.report/1", "child-abuse-data")
    assert document["accesses"] is None


def test_where_there_is_nobody_that_is_said(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is not the same as kept back."""
    index.says["/v1/rights/reports/read"] = report_of(involvements=[], accesses=[])

    assert run(["rights", "report", "--read", REPORT]) == 0

    told = capsys.readouterr().out
    assert "No other organisation has registered" in told
    assert "Nobody has asked" in told
    assert "not told" not in told


class _Outline(html.parser.HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_is_one_file_that_fetches_and_runs_nothing(index: Pretence, tmp_path: Path) -> None:
    """With a language, a title, headings in order, and tables that name their columns; its owner's alone."""
    index.says["/v1/rights/reports/read"] = report_of()
    page = tmp_path / "page.html"

    assert run(["rights", "report", "--read", REPORT, "--html", str(page)]) == 0

    outline = _Outline()
    outline.feed(page.read_text(encoding="utf-8"))
    names = [name for name, _ in outline.tags]
    assert not {"script", "img", "link", "iframe", "a", "form"} & set(names)
    assert not any(key in ("src", "href", "onclick") for _, attributes in outline.tags for key in attributes)
    assert dict(outline.tags)["html"] == {"lang": "en-GB"}
    assert [name for name in names if name in ("h1", "h2", "h3")] == ["h1", "h2", "h2", "h2"]
    assert names.count("table") == names.count("caption") == 2
    assert all(attributes == {"scope": "col"} for name, attributes in outline.tags if name == "th")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["file", "dangling link", "no folder"])
def test_a_page_is_written_over_nothing(
    index: Pretence, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Where something stands already nothing is asked; where it cannot be made, nothing is left."""
    index.says["/v1/rights/reports/read"] = report_of()
    page = tmp_path / "page.html" if kind != "no folder" else tmp_path / "none" / "page.html"
    if kind == "file":
        page.write_text("mine")
    elif kind == "dangling link":
        page.symlink_to(tmp_path / "elsewhere")

    assert run(["rights", "report", "--read", REPORT, "--html", str(page)]) == 2

    assert not (tmp_path / "elsewhere").exists()
    if kind == "file":
        assert page.read_text() == "mine"
    if kind != "no folder":
        assert index.heard == []
    assert "page.html" not in capsys.readouterr().out


def test_a_report_that_is_not_released_is_waited_for(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 8, as whatever waits for somebody else."""

    def refuse(path: str) -> None:
        raise Problem(ProblemCode.REPORT_NOT_RELEASED)

    index.before = refuse

    assert run(["rights", "report", "--read", REPORT]) == 8
    assert "28 days" in capsys.readouterr().err


@pytest.mark.parametrize(
    "typed",
    [
        ["report", "--list", "--read", REPORT],
        ["report", "--html", "page.html"],
        ["report", "--read", REPORT, "--html", "page.html", "--json"],
        ["report", "--list", "--stdin"],
        ["report", "--read", "not a reference"],
        ["decide", REPORT],
        ["decide", REPORT, "--release"],
        ["decide", REPORT, "--release", "--safe", "--exemption", "crime"],
        ["decide", REPORT, "--release", "--not-safe"],
        ["decide", REPORT, "--refuse"],
        ["decide", REPORT, "--refuse", "--safe", "--exemption", "crime"],
        ["decide", REPORT, "--refuse", "--exemption", "because"],
        ["object"],
        ["object", "--ground", "legal-claims", "--end", REPORT],
        ["object", "--end", REPORT, "--stdin"],
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_sent(index: Pretence, typed: list[str]) -> None:
    """With the exit code for what was typed."""
    assert run(["rights", *typed]) == 2
    assert index.heard == []


@pytest.mark.parametrize("command", [["report"], ["withdraw"], ["object", "--ground", "legal-claims"], ["correct"]])
def test_without_a_terminal_no_details_are_asked_for(
    index: Pretence, capsys: pytest.CaptureFixture[str], command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a script is told what to type."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert run(["rights", *command]) == 5
    assert f"signpost rights {' '.join(command)} --stdin" in capsys.readouterr().err


# -- deciding


@pytest.mark.parametrize(
    ("typed", "decision", "safe", "exemption"),
    [
        (["--release", "--safe"], "release", True, None),
        (["--release", "--not-safe", "--exemption", "serious-harm"], "release", False, Exemption.SERIOUS_HARM),
        (["--refuse", "--exemption", "crime"], "refuse", False, Exemption.CRIME),
    ],
)
def test_a_decision_is_what_may_be_told_and_why_not(
    index: Pretence, typed: list[str], decision: str, safe: bool, exemption: Exemption | None
) -> None:
    """In coded choices alone."""
    index.says["/v1/rights/reports/decide"] = Nothing()

    assert run(["rights", "decide", REPORT, *typed]) == 0

    sent = ReportDecisionRequest.model_validate_json(index.heard[0][1])
    assert (sent.report, sent.decision, sent.safe_to_show, sent.exemption) == (REPORT, decision, safe, exemption)


# -- objecting, correcting, withdrawing


@pytest.mark.parametrize(("ground", "upheld"), [("no-overriding-ground", True), ("safeguarding-overrides", False)])
def test_an_objection_is_recorded_with_how_it_was_balanced(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ground: str, upheld: bool
) -> None:
    """And the family is told what that means."""
    index.says["/v1/rights/objections"] = ObjectionAnswer(objection=REPORT, upheld=upheld, at=NOW)

    assert piped(monkeypatch, DETAILS, "object", "--ground", ground) == 0

    assert ObjectionRequest.model_validate_json(index.heard[0][1]).balanced == ground
    told = capsys.readouterr().out
    assert ("It is upheld" in told) is upheld
    assert ("It is not upheld" in told) is not upheld
    assert piped(monkeypatch, DETAILS, "object", "--ground", ground, "--json") == 0
    assert json.loads(capsys.readouterr().out)["upheld"] is upheld


def test_an_objection_is_taken_back_by_its_reference(index: Pretence) -> None:
    """No details are needed."""
    index.says["/v1/rights/objections/end"] = Nothing()

    assert run(["rights", "object", "--end", REPORT]) == 0
    assert json.loads(index.heard[0][1]) == {"objection": REPORT}


def test_a_correction_sends_the_wrong_details_and_the_right_ones(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right ones as a registration holds them; each with receipts of its own."""
    index.says["/v1/rights/corrections"] = RightsReceipt(receipt=REPORT, at=NOW, changed=1, standing=0)

    assert piped(monkeypatch, {"registered": DETAILS, "right": RIGHT}, "correct") == 0

    sent = CorrectRequest.model_validate_json(index.heard[0][1])
    assert fits_profile(Use.OFFICER, [tag.place for tag in sent.tags])
    assert fits_profile(Use.REGISTER, [tag.place for tag in sent.right])
    assert len(sent.right) == len(REGISTER_PROFILE)
    assert not set(sent.receipts) & set(sent.right_receipts)
    shown = capsys.readouterr()
    assert "Corrected: 1 entry" in shown.out
    for secret in SECRETS:
        assert secret not in shown.out + shown.err + index.heard[0][1].decode()


@pytest.mark.parametrize(
    "document",
    [
        {}, [], "text", DETAILS, {"registered": DETAILS}, {"registered": DETAILS, "right": "Quilliam"},
        {"registered": DETAILS, "right": RIGHT, "more": {}}, {"registered": DETAILS, "right": {}},
        {"registered": DETAILS, "right": {"name": "Zebedee"}}, {"registered": DETAILS, "right": {"forename": 1}},
        {"registered": DETAILS, "right": ["Zebedee"]},
    ],
)  # fmt: skip
def test_what_is_not_two_childrens_details_is_refused_and_not_repeated(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], document: object
) -> None:
    """Nothing is sent of it."""
    assert piped(monkeypatch, document, "correct") == 2

    assert index.arrived == {number: [] for number in range(4)}
    shown = capsys.readouterr()
    for secret in (*SECRETS, "Quilliam"):
        assert secret not in shown.out + shown.err


def test_a_withdrawal_says_what_was_withdrawn_and_what_stands(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people and for programs."""
    index.says["/v1/rights/withdrawals"] = RightsReceipt(receipt=REPORT, at=NOW, changed=2, standing=1)

    assert piped(monkeypatch, DETAILS, "withdraw") == 0
    told = capsys.readouterr().out
    assert "Withdrawn: 2 entries" in told
    assert "1 entry of this council stands" in told
    assert piped(monkeypatch, DETAILS, "withdraw", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["changed"], document["standing"]) == ("signpost.rights-receipt/1", 2, 1)


@pytest.mark.parametrize(
    ("changed", "standing", "said"),
    [(0, 0, "Nothing was found that is surely of this child"), (0, 2, "2 entries of this council stand: they rest")],
)
def test_a_withdrawal_that_withdrew_nothing_says_why(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changed: int, standing: int,
    said: str,
) -> None:  # fmt: skip
    """Else a family goes home and believes that something was withdrawn."""
    index.says["/v1/rights/withdrawals"] = RightsReceipt(receipt=REPORT, at=NOW, changed=changed, standing=standing)

    assert piped(monkeypatch, DETAILS, "withdraw") == 0
    told = capsys.readouterr().out
    assert said in told
    assert ("Nothing was found" in told) is (standing == 0)


def test_what_a_family_may_be_told_is_not_suggested(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Both words are named: an officer who forgot one must not be led to telling."""
    assert run(["rights", "decide", REPORT]) == 2
    assert "--release or --refuse" in capsys.readouterr().err


def test_what_may_have_been_recorded_is_said(
    index: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 6, nothing on stdout, and where to see it."""
    monkeypatch.setattr("signpost.edge.index_client._PAUSES", ())
    index.says["/v1/rights/reports"] = ASKED
    index.drop_replies = 1

    assert piped(monkeypatch, DETAILS, "report") == 6
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "See: signpost rights report --list" in shown.err


@pytest.mark.parametrize(
    "typed", [["report"], ["withdraw"], ["correct"], ["object", "--ground", "legal-claims"], ["report", "--list"]]
)
@pytest.mark.parametrize(
    ("role", "kind"), [(Role.URGENT, Kind.HOSPITAL), (Role.RIGHTS_OFFICER, Kind.POLICE), (Role.FEED, Kind.COUNCIL)]
)
def test_no_details_are_taken_at_anothers_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: list[str], role: Role,
    kind: Kind,
) -> None:  # fmt: skip
    """A family is not asked for them in vain."""
    pretence = Pretence(role=role, kind=kind, clock=StillClock(NOW))
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))

    assert run(["rights", *typed]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "rights officers of councils" in shown.err


def test_every_purpose_and_every_kind_that_can_be_told_has_words() -> None:
    """A report with a code nobody understands tells nothing."""
    assert all(why(purpose) for purpose in Purpose)
    assert set(KINDS) == set(Kind) - {Kind.OVERSIGHT, Kind.SHIELDING_DESK}
