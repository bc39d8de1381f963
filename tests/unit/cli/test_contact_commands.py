"""`signpost contact`, `inbox`, `reply`, `break-glass` and `review`: words, streams, exit codes, and bad inputs."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.edge.words import REASONS
from signpost.protocol.messages import (
    BrokenGlass,
    ContactStatus,
    DeclineReason,
    GlassAnswer,
    Inbox,
    Nothing,
    Notice,
    Review,
    ReviewList,
    SharedHandle,
    StaleHandle,
)
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost_cli.main import run
from tests.support.pretend_services import Pretence, StillClock, free_port_run

NOW = int(time.time())
DESK = SharedHandle(title="Duty desk", telephone="01632 960001", email="duty@north.example", hours="Mon-Fri 9-17")
RECEIPT = "K7Q2-104D"
NOBODY = "A" * 22
"""Whoever asks in their own name."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretence]:
    """Services that listen, and a desk that is signed in with them."""
    first = free_port_run(4)
    pretence = Pretence(port=first, index_port=first + 3, clock=StillClock(int(time.time())))
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))
    with pretence.on_loopback():
        yield pretence


def status(state: str, *handles: SharedHandle) -> ContactStatus:
    """What became of a call-back."""
    return ContactStatus.model_validate(
        {
            "receipt": RECEIPT, "state": state, "urgency": Urgency.NOW, "asked_at": NOW, "answer_by": NOW + 900,
            "waits_until": NOW + 28 * 86_400, "handles": list(handles),
        }
    )  # fmt: skip


def notice(**changed: Any) -> Notice:
    """What a desk is asked."""
    return Notice.model_validate(
        {
            "notice": "M2XF-7RTA", "handle": "7RTA-M2XF", "handle_title": "Duty desk", "state": "open",
            "role": Role.URGENT, "kind": Kind.HOSPITAL, "purpose": Purpose.VITAL_INTERESTS, "urgency": Urgency.NOW,
            "told_at": NOW, "answer_by": NOW + 900, "sealed_case_reference": bytes(113), **changed,
        }
    )  # fmt: skip


def test_a_call_back_is_left_by_a_receipt_however_it_is_typed(
    index: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    """An urgent role asks for now, unless it says otherwise."""
    assert run(["contact", "ask", "k7q2io4d"]) == 0
    assert run(["contact", "ask", RECEIPT, "--urgency", "week", "--purpose", "s47", "--json"]) == 0

    assert [(each.receipt, each.urgency, each.purpose) for _, each in index.call_backs] == [
        (RECEIPT, Urgency.NOW, Purpose.VITAL_INTERESTS), (RECEIPT, Urgency.WEEK, Purpose.SECTION_47),
    ]  # fmt: skip
    shown = capsys.readouterr()
    assert f"Your call-back is left. Receipt {RECEIPT}, urgency now." in shown.out
    assert f"Next: signpost contact status {RECEIPT}" in shown.err
    assert json.loads(shown.out.splitlines()[-1])["schema"] == "signpost.contact/1"


@pytest.mark.parametrize(
    ("state", "code", "word"), [("pending", 8, "PENDING"), ("no-reply", 8, "NO REPLY"), ("answered", 0, "ANSWERED")]
)
def test_each_state_has_its_word_and_exit_code(
    index: Pretence, capsys: pytest.CaptureFixture[str], state: str, code: int, word: str
) -> None:
    """A desk is shown when it was shared, with the warning to confirm the child first."""
    index.says["/v1/contact/status"] = status(state, *([DESK] if state == "answered" else []))

    assert run(["contact", "status", RECEIPT]) == code
    told = capsys.readouterr().out
    assert told.startswith(word)
    assert ("01632 960001" in told) is (state == "answered")
    assert ("same child" in told) is (state == "answered")
    assert run(["contact", "status", RECEIPT, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["state"] == state


@pytest.mark.parametrize(
    ("typed", "reached", "new"),
    [(["--reached", "--new"], True, True), (["--reached", "--known"], True, False), (["--not-reached"], False, False)],
)
def test_an_outcome_is_two_words(index: Pretence, typed: list[str], reached: bool, new: bool) -> None:
    """Nobody that was not reached was new."""
    index.says["/v1/contact/outcomes"] = Nothing()

    assert run(["contact", "outcome", RECEIPT, *typed]) == 0
    [(_, body)] = index.heard
    assert json.loads(body) == {"user": NOBODY, "receipt": RECEIPT, "reached": reached, "new": new}


@pytest.mark.parametrize(
    "typed",
    [
        ["contact", "ask", "9990000042"],
        ["contact", "status", "L7Q2-94K"],
        ["contact", "outcome", RECEIPT],
        ["reply", "M2XF-7RTA"],
        ["reply", "M2XF-7RTA", "--share", "--ended"],
        ["reply", "M2XF-7RTA", "--hand-over", "the other desk"],
        ["reply", "M2XF-7RTA", "more-detrimental", "--share"],
        ["reply", "M2XF-7RTA", "--decline", "do-not-want"],
        ["break-glass", "nonsense", "--yes"],
        ["review", "close", "R3VW-0001"],
    ],
)
def test_what_is_typed_wrongly_is_refused_here_and_not_repeated(
    index: Pretence, capsys: pytest.CaptureFixture[str], typed: list[str]
) -> None:
    """Nothing is sent; an identifier typed in the receipt's place does not stay on the screen."""
    assert run(typed) == 2

    assert index.heard == []
    assert index.call_backs == []
    assert "9990000042" not in "".join(capsys.readouterr())


def test_declining_alone_lists_the_reasons(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, each with its words."""
    assert set(REASONS) == set(DeclineReason)

    assert run(["reply", "M2XF-7RTA", "--decline"]) == 2
    told = capsys.readouterr().err
    for reason, words in REASONS.items():
        assert reason.value in told
        assert words in told


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (["--share"], {"reply": "share", "hand_over_to": None, "reason": None}),
        (["--hand-over", "7rtam2xf"], {"reply": "hand-over", "hand_over_to": "7RTA-M2XF", "reason": None}),
        (["--ended"], {"reply": "end", "hand_over_to": None, "reason": None}),
        (["--decline", "no-consent"], {"reply": "decline", "hand_over_to": None, "reason": "no-consent"}),
    ],
)
def test_a_reply_is_one_of_four(index: Pretence, typed: list[str], sent: dict[str, object]) -> None:
    """As it is typed, so it is sent."""
    index.says["/v1/inbox/replies"] = Nothing()

    assert run(["reply", "m2xf-7rta", *typed]) == 0
    [(_, body)] = index.heard
    assert json.loads(body) == {"notice": "M2XF-7RTA", **sent}


def test_an_inbox_shows_who_by_role_how_soon_and_what_is_late(
    index: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says so where a case reference cannot be opened; what is stale is asked after."""
    glass = BrokenGlass(
        reference="R3VW-0001", at=NOW, role=Role.URGENT, kind=Kind.POLICE, purpose=Purpose.POLICE_PROTECTION,
        handle_title="Duty desk", sealed_case_reference=bytes(113),
    )  # fmt: skip
    late = notice(notice="M2XF-0002", answer_by=NOW - 900, state="unanswered", role=Role.MATERNITY, kind=Kind.COUNCIL)
    stale = StaleHandle(handle="7RTA-M2XF", title="Duty desk", confirmed_on=dt.date(2026, 5, 3))
    index.says["/v1/inbox"] = Inbox(notices=[late, notice()], more=True, glasses=[glass], stale_handles=[stale])

    assert run(["inbox"]) == 0
    shown = capsys.readouterr()
    assert "NOT ANSWERED" in shown.out
    assert "Somebody on urgent duty of a hospital asks. Vital interests: an emergency" in shown.out
    assert "Somebody in maternity care of a council" in shown.out
    assert shown.out.count("it cannot be opened on this device · Duty desk") == 3
    assert "R3VW-0001  your duty line was shown in an emergency" in shown.out
    assert "Duty desk (7RTA-M2XF) was last on 3 May 2026 confirmed." in shown.err
    assert "More wait than are shown here" in shown.err
    assert run(["inbox", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["more"] is True
    assert [len(document[name]) for name in ("notices", "glasses", "stale_handles")] == [2, 1, 1]


def test_an_empty_inbox_says_so(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """And suggests nothing."""
    index.says["/v1/inbox"] = Inbox(notices=[], more=False, glasses=[], stale_handles=[])

    assert run(["inbox"]) == 0
    assert capsys.readouterr() == ("Nobody waits for an answer.\n", "")


def test_a_glass_is_broken_by_typing_the_receipt_or_by_yes(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal nothing is asked: exit 5, and the flag that would do is named."""
    index.says["/v1/contact/break-glass"] = GlassAnswer(reference="R3VW-0001", review_by=NOW + 86_400, handles=[DESK])

    assert run(["break-glass", RECEIPT]) == 5
    assert "--yes" in capsys.readouterr().err
    assert index.heard == []
    assert run(["break-glass", RECEIPT, "--yes"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("DUTY LINE  (reference R3VW-0001)")
    assert "01632 960001" in shown.out
    assert "same child" in shown.out
    assert run(["break-glass", RECEIPT, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["handles"][0]["telephone"] == "01632 960001"


def test_reviews_are_listed_and_closed(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """With who it was, and why."""
    waiting = Review(
        reference="R3VW-0001", account="response-12", role=Role.URGENT, purpose=Purpose.POLICE_PROTECTION, at=NOW,
        review_by=NOW + 86_400,
    )  # fmt: skip
    index.says["/v1/reviews/list"] = ReviewList(reviews=[waiting])
    index.says["/v1/reviews"] = Nothing()

    assert run(["review", "list"]) == 0
    assert "R3VW-0001  response-12, for s46" in capsys.readouterr().out
    assert run(["review", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reviews"][0]["account"] == "response-12"
    assert run(["review", "close", "R3VW-0001", "--not-justified"]) == 0
    assert json.loads(index.heard[-1][1]) == {"reference": "R3VW-0001", "justified": False}
    index.says["/v1/reviews/list"] = ReviewList(reviews=[])
    assert run(["review", "list"]) == 0
    assert "Nothing waits for a review." in capsys.readouterr().out


def test_an_index_that_does_not_answer_is_not_a_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 6, and nothing on stdout."""
    first = free_port_run(4)
    pretence = Pretence(port=first, index_port=first + 3, clock=StillClock(int(time.time())))
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))
    monkeypatch.setattr("signpost.edge.index_client._PAUSES", ())

    for typed in (["contact", "status", RECEIPT], ["inbox"], ["reply", "M2XF-7RTA", "--share"]):
        assert run(typed) == 6
        assert capsys.readouterr().out == ""


def test_what_an_index_says_of_a_desk_is_printed_and_not_obeyed(
    index: Pretence, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles, mailboxes and case references come from elsewhere: none moves a cursor, nor begins a line of its own."""
    evil = "Desk\x1b[2J\x9b1A\nCURRENT\u202e"
    monkeypatch.setattr(
        "signpost_cli.inbox_commands.open_references", lambda folder, sealed, *, organisation: [evil] * len(sealed)
    )
    glass = BrokenGlass(
        reference="R3VW-0001", at=NOW, role=Role.URGENT, kind=Kind.POLICE, purpose=Purpose.POLICE_PROTECTION,
        handle_title=evil, sealed_case_reference=bytes(113),
    )  # fmt: skip
    stale = StaleHandle(handle="7RTA-M2XF", title=evil, confirmed_on=None)
    index.says["/v1/inbox"] = Inbox(
        notices=[notice(handle_title=evil)], more=False, glasses=[glass], stale_handles=[stale]
    )
    desk = SharedHandle(title=evil, telephone=evil, email=evil, hours=evil)
    index.says["/v1/contact/status"] = status("answered", desk)
    index.says["/v1/contact/break-glass"] = GlassAnswer(reference="R3VW-0001", review_by=NOW + 86_400, handles=[desk])

    for typed in (["inbox"], ["contact", "status", RECEIPT], ["break-glass", RECEIPT, "--yes"]):
        assert run(typed) == 0
        shown = capsys.readouterr()
        assert "Desk" in shown.out
        for written in (shown.out, shown.err):
            assert not {"\x1b", "\x9b", "\u202e"} & set(written)
            assert "\nCURRENT" not in written
