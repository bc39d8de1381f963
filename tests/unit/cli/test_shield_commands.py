"""`signpost shield`: words, streams, exit codes, what is sent and what never is, and bad inputs."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.postcodes import Postcode
from signpost.edge.shield_inputs import inputs_of_old_identity, inputs_to_hide
from signpost.edge.shield_words import DECISIONS, REASONS
from signpost.protocol.group import multiply
from signpost.protocol.messages import Nothing, SharedHandle
from signpost.protocol.oprf import SUITE
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.protocol.shielding import (
    DeskAnswer,
    DeskAsker,
    DeskDecision,
    DeskItem,
    DeskOwner,
    DeskQueue,
    DeskWork,
    ShieldReason,
    ShieldState,
)
from signpost_cli import shield_commands
from signpost_cli.main import run
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run

NOW = int(time.time())
SHIELD = "5H1E-0000"
CHILD = {
    "nhs_number": "9990000042", "forename": "Beatrice", "surname": "Okonkwo", "date_of_birth": "2015-04-03",
}  # fmt: skip
DESK = SharedHandle(title="Duty desk", telephone="01632 960001", email="duty@west.example", hours="Mon-Fri 9-17")

Made = Callable[..., Pretence]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Makes services that listen, and a desk of this role and kind that is signed in with them."""
    listening = []

    def make(role: Role = Role.SHIELDING_OFFICER, kind: Kind = Kind.COUNCIL) -> Pretence:
        first = free_port_run(4)
        pretence = Pretence(role=role, kind=kind, port=first, index_port=first + 3, clock=StillClock(int(time.time())))
        monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))
        listening.append(pretence.on_loopback())
        listening[-1].__enter__()
        return pretence

    yield make
    for each in listening:
        each.__exit__(None, None, None)


@pytest.fixture
def council(made: Made) -> Pretence:
    """A council's shielding officer's."""
    return made()


@pytest.fixture
def desk(made: Made) -> Pretence:
    """The independent desk's officer's."""
    return made(kind=Kind.SHIELDING_DESK)


def piped(monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    """What stands on stdin."""
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(fields)))


def shielded(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """A shield that waits for its approval."""
    piped(monkeypatch, **CHILD)
    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin", *more]) == 0


def tags_of(pretence: Pretence, child: ChildDetails, chosen: Callable[[ChildDetails], Any]) -> set[bytes]:
    """What the index is sent of a child, by the whole key that no machine has."""
    key = pretence.whole_key()
    return {multiply(key, SUITE.hash_to_group(found.encoded())).encoding for found in chosen(child)}


def known(**changed: Any) -> ChildDetails:
    """The child that is piped in."""
    details: dict[str, Any] = {
        "nhs_number": NHSNumber.parse("9990000042"), "forename": "Beatrice", "surname": "Okonkwo",
        "date_of_birth": dt.date(2015, 4, 3),
    }  # fmt: skip
    return ChildDetails(**details | changed)


def test_a_child_is_shielded_and_the_reference_is_what_is_told(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With who must approve it by when; and nothing of whether anybody had registered the child."""
    shielded(monkeypatch)

    shown = capsys.readouterr()
    assert shown.out.startswith(f"SHIELDED  Shield {SHIELD} hides this child from now on")
    assert "(for the NHS number ending 0042)" in shown.out
    assert "an officer of another council must approve it" in shown.out
    assert f"signpost shield approve {SHIELD}" in shown.out
    assert "is told to nobody but the independent desk" in shown.out
    assert "Okonkwo" not in shown.out + shown.err
    [sent] = council.shielded
    assert (sent.shield, sent.reason) == (None, ShieldReason.FLEEING_ABUSE)  # type: ignore[union-attr]


def test_a_shield_without_a_number_says_what_may_stay_visible(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An officer who believes a child hidden who is not would be worse off than without a shield."""
    shielded(monkeypatch)
    assert "No NHS number is in it" not in capsys.readouterr().err
    piped(monkeypatch, **{**CHILD, "nhs_number": ""})

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == 0
    shown = capsys.readouterr()
    assert "No NHS number is in it" in shown.err
    assert "(for the child B.O. born 2015)" in shown.out


def test_what_is_sent_is_the_known_postcode_and_never_more(council: Pretence, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve tags, those of what was typed are there, and the others are padding."""
    home = Postcode.parse("LS1 4AB")
    assert home is not None
    piped(monkeypatch, **CHILD, known_postcode="LS1 4AB")

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == 0

    [sent] = council.shielded
    real = tags_of(council, known(postcodes=(home,)), inputs_to_hide)
    assert real <= {point.tag for point in sent.tags}
    assert len(sent.tags) == 12


@pytest.mark.parametrize("field", ["postcode", "previous_postcode"])
def test_details_that_a_lookup_takes_are_refused_where_they_could_bring_the_new_address(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    """A file that was made for a lookup holds where the child lives now."""
    piped(monkeypatch, **CHILD, **{field: "LS1 4AB"})

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == 2
    assert council.arrived == {number: [] for number in range(4)}
    told = capsys.readouterr().err
    assert "known_postcode" in told
    assert "LS1" not in told


def test_another_name_is_added_to_an_own_shield(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its reference, however it is typed."""
    shielded(monkeypatch)
    shielded(monkeypatch, "--to", "5hie-oooo")
    shielded(monkeypatch, "--to", "5h1e 0000")

    assert [sent.shield for sent in council.shielded] == [None, SHIELD, SHIELD]
    assert "\nADDED  Shield" in capsys.readouterr().out


def test_another_reason_beside_to_is_said_to_change_nothing(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shield keeps the one it was asked for with."""
    shielded(monkeypatch)
    council.shields[SHIELD] = council.shields[SHIELD].model_copy(update={"reason": ShieldReason.TRAFFICKING})
    shielded(monkeypatch, "--to", SHIELD)

    assert "because of trafficking; that stays its reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("today", "typed", "sent"),
    [
        (dt.date(2026, 11, 28), [], "2027-11-28"),
        (dt.date(2028, 2, 29), [], "2029-02-28"),
        (dt.date(2026, 11, 28), ["--review-on", "29 November 2026"], "2026-11-29"),
        (dt.date(2026, 11, 28), ["--review-on", "28/11/2028"], "2028-11-28"),
    ],
)
def test_a_shield_is_reviewed_in_a_year_unless_another_day_is_named(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, today: dt.date, typed: list[str], sent: str
) -> None:
    """Within two years."""
    monkeypatch.setattr(shield_commands, "today_here", lambda: today)

    shielded(monkeypatch, *typed)

    assert [str(each.review_on) for each in council.shields.values()] == [sent]


@pytest.mark.parametrize(
    "typed",
    [
        ["add"],
        ["add", "--reason", "because"],
        ["add", "--reason", "adoption", "--review-on", "soon"],
        ["add", "--reason", "adoption", "--review-on", "2020-01-01"],
        ["add", "--reason", "adoption", "--review-on", "2099-01-01"],
        ["add", "--reason", "adoption", "--to", "9990000042"],
        ["add", "--reason", "adoption", "--to", SHIELD, "--review-on", "2027-06-01"],
        ["add", "--reason", "adoption", "9990000042"],
        ["approve"],
        ["approve", "9990000042"],
        ["approve", "9990000042", "--end", "--yes"],
        ["status", "9990000042"],
        ["end", SHIELD],
        ["end", SHIELD, "--why", "bored"],
        ["end", SHIELD, "--why", "mistaken", "--identity-ended"],
        ["end", SHIELD, "--why", "mistaken", "--stdin"],
        ["end", "9990000042", "--why", "mistaken"],
    ],
)
def test_what_is_typed_wrongly_is_refused_here_and_not_repeated(
    council: Pretence, capsys: pytest.CaptureFixture[str], typed: list[str]
) -> None:
    """Nothing is sent; an identifier typed in a reference's place does not stay on the screen."""
    assert run(["shield", *typed]) == 2

    assert council.arrived == {number: [] for number in range(4)}
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "9990000042" not in shown.err


@pytest.mark.parametrize(
    "details",
    [
        {"nhs_number": "9990000043"},
        {"date_of_birth": "2015-04-03"},
        {"surname": "Okonkwo", "known_postcode": "LS1 4AB"},
    ],
)
def test_details_that_hide_nobody_are_refused(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], details: dict[str, str]
) -> None:
    """Else an officer would believe a child hidden who is not."""
    piped(monkeypatch, **details)

    assert run(["shield", "add", "--reason", "adoption", "--stdin"]) == 2
    assert council.shielded == []
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "look up" not in shown.err


def test_without_a_terminal_nothing_is_asked(council: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5, and what a script would type is named."""
    assert run(["shield", "add", "--reason", "adoption"]) == 5
    assert "--stdin" in capsys.readouterr().err
    assert run(["shield", "end", SHIELD, "--identity-ended"]) == 5
    assert "--yes --stdin" in capsys.readouterr().err
    assert run(["shield", "approve", SHIELD, "--end"]) == 5
    assert "--end --yes" in capsys.readouterr().err
    assert council.arrived == {number: [] for number in range(4)}


def test_a_shield_is_approved_ends_and_each_is_named(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is asked to approve a shield does not approve its end by that, nor the other way round."""
    shielded(monkeypatch)

    assert run(["shield", "approve", SHIELD, "--end", "--yes"]) == 2
    assert "without --end" in capsys.readouterr().err
    assert run(["shield", "approve", SHIELD]) == 0
    assert f"Shield {SHIELD} is approved." in capsys.readouterr().out
    assert run(["shield", "end", SHIELD, "--why", "no-longer-in-danger"]) == 0
    told = capsys.readouterr().out
    assert "Until that is approved it hides as before." in told
    assert f"signpost shield approve {SHIELD} --end" in told
    assert run(["shield", "approve", SHIELD]) == 2
    assert "with --end" in capsys.readouterr().err
    assert run(["shield", "approve", SHIELD, "--end", "--yes"]) == 0
    assert "It hides nothing any more." in capsys.readouterr().out
    assert council.shields == {}


@pytest.mark.parametrize(
    ("state", "late", "code", "words"),
    [
        (ShieldState.WAITING, False, 8, "It is to be approved by an officer of another council by"),
        (ShieldState.WAITING, True, 8, "It was not approved in time: the independent desk decides."),
        (ShieldState.APPROVED, True, 0, "An officer elsewhere has approved it."),
        (ShieldState.ENDING, False, 8, "Its end is to be approved"),
        (ShieldState.ENDING, True, 8, "Its end was not approved in time"),
    ],
)
def test_a_state_has_its_words_and_its_exit_code(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: ShieldState,
    late: bool, code: int, words: str,
) -> None:  # fmt: skip
    """Of one that is named; a list is an answer."""
    shielded(monkeypatch)
    by = NOW - 60 if late else NOW + 3600
    council.shields[SHIELD] = council.shields[SHIELD].model_copy(update={"state": state, "approve_by": by})
    capsys.readouterr()

    assert run(["shield", "status", SHIELD]) == code
    told = capsys.readouterr().out
    assert f"{SHIELD}  {state.name}  fleeing abuse; review on" in told
    assert words in told
    assert run(["shield", "status", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "signpost.shields/1"
    assert [each["state"] for each in document["shields"]] == [state.value]


def test_an_organisation_without_a_shield_is_told_so(council: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """And of one that is not its own, that there is none."""
    assert run(["shield", "status"]) == 0
    assert capsys.readouterr().out == "Your organisation has no shield.\n"
    assert run(["shield", "status", SHIELD]) == 2
    assert "There is no shield of that reference" in capsys.readouterr().err


def test_of_an_ended_identity_the_number_and_the_old_surname_alone_are_sent(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that the new life has too."""
    shielded(monkeypatch)
    piped(monkeypatch, **CHILD)

    assert run(["shield", "end", SHIELD, "--identity-ended", "--yes", "--stdin"]) == 0

    kept = council.shielded[-1]
    assert kept.shield == SHIELD
    assert tags_of(council, known(), inputs_of_old_identity) <= {point.tag for point in kept.tags}
    told = capsys.readouterr()
    assert f"Shield {SHIELD} hides the old identity alone." in told.out
    assert "shield it by itself" in told.err


@pytest.mark.parametrize("field", ["upn", "known_postcode", "postcode", "mother_nhs_number"])
def test_of_an_ended_identity_nothing_is_taken_that_could_lead_to_the_new_one(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """An address, a pupil number and a mother may be the child's in both."""
    piped(monkeypatch, **CHILD, **{field: "anything"})

    assert run(["shield", "end", SHIELD, "--identity-ended", "--yes", "--stdin"]) == 2
    assert council.arrived == {number: [] for number in range(4)}


def test_an_ended_identity_needs_a_number_or_a_name(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that many share tells nobody apart."""
    piped(monkeypatch, forename="Oliver", surname="Smith", date_of_birth="2015-04-03")

    assert run(["shield", "end", SHIELD, "--identity-ended", "--yes", "--stdin"]) == 2
    assert "the old NHS number is needed" in capsys.readouterr().err


def test_another_number_than_the_shields_is_said_in_an_officers_words(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index only says that the tags are not what it takes."""

    def refuse(path: str) -> None:
        if path == "/v1/shields/identity-ended":
            raise Problem(ProblemCode.TAGS_PROFILE)

    council.before = refuse
    piped(monkeypatch, **CHILD)

    assert run(["shield", "end", SHIELD, "--identity-ended", "--yes", "--stdin"]) == 2
    told = capsys.readouterr().err
    assert "Type the old NHS number" in told
    assert "tags" not in told
    assert "9990000042" not in told


@pytest.mark.parametrize(
    "typed",
    [
        ["shield", "add", "--reason", "adoption"],
        ["shield", "approve", SHIELD],
        ["shield", "status"],
        ["shield", "end", SHIELD, "--why", "mistaken"],
        ["shield", "end", SHIELD, "--identity-ended", "--yes"],
    ],
)
@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK),
        (Role.SHIELDING_OFFICER, Kind.HOSPITAL),
        (Role.PRACTITIONER, Kind.COUNCIL),
    ],
)
def test_shields_are_for_the_shielding_officers_of_councils(
    made: Made, capsys: pytest.CaptureFixture[str], role: Role, kind: Kind, typed: list[str]
) -> None:
    """Before anything is asked or sent; the desk is told what it is for."""
    pretence = made(role, kind)

    assert run(typed) == 3
    assert pretence.arrived == {number: [] for number in range(4)}
    assert ("signpost shield queue" in capsys.readouterr().err) is (kind is Kind.SHIELDING_DESK)


@pytest.mark.parametrize(
    "typed",
    [
        ["shield", "queue"],
        ["shield", "resolve", "M2XF-7RTA", "seen"],
        ["shield", "call-back", "M2XF-7RTA", "--rang"],
    ],
)
@pytest.mark.parametrize("role", [Role.SHIELDING_OFFICER, Role.RIGHTS_OFFICER])
def test_what_waits_for_the_desk_is_the_desks_alone(
    made: Made, capsys: pytest.CaptureFixture[str], role: Role, typed: list[str]
) -> None:
    """A council's officer has the same role, and is refused."""
    pretence = made(role)

    assert run(typed) == 3
    assert "independent shielding desk alone" in capsys.readouterr().err
    assert pretence.arrived[0] == []


def item(work: DeskWork, **changed: Any) -> DeskItem:
    """One thing for the desk to look at."""
    fields: dict[str, Any] = {
        "item": "M2XF-7RTA", "work": work, "shield": SHIELD, "reason": ShieldReason.FLEEING_ABUSE,
        "asked_by": "north-council", "at": NOW, "end_why": None, "by": None, "owner": None, "answers": [],
    }  # fmt: skip
    return DeskItem(**fields | changed)


ASKER = DeskAsker(
    organisation="aldate-hospital", account="nurse-1", role=Role.URGENT, kind=Kind.HOSPITAL,
    purpose=Purpose.VITAL_INTERESTS, urgency=Urgency.NOW, desks=[DESK],
)  # fmt: skip


def test_the_queue_says_who_asks_why_how_soon_where_they_are_rung_and_whose_it_is(
    desk: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the index's order; with what each item can be decided by."""
    answered = DeskAnswer(organisation="west-council", desk=None, state="no-longer-involved")
    desk.says["/v1/desk/queue"] = DeskQueue(
        items=[
            item(DeskWork.CALL_BACK, by=ASKER, answers=[answered]),
            item(DeskWork.UNSURE, owner=DeskOwner(organisation="west-council", desk=DESK)),
            item(DeskWork.LOOKED_UP, by=ASKER.model_copy(update={"urgency": None, "desks": []})),
        ],
        more=True,
    )

    assert run(["shield", "queue"]) == 0
    shown = capsys.readouterr()
    asked, unsure, looked = (f"M2XF-7RTA{part}" for part in shown.out.split("\nM2XF-7RTA"))
    assert asked.removeprefix("M2XF-7RTA").startswith("M2XF-7RTA  ASKS TO BE RUNG  now, at ")
    assert "Somebody on urgent duty of a hospital: nurse-1 of aldate-hospital. Vital interests: an emergency" in asked
    assert "Ring: Duty desk  01632 960001" in asked
    assert "Answered by west-council: no longer involved" in asked
    assert f"Shield {SHIELD}: fleeing abuse, asked for by north-council" in asked
    assert "signpost shield call-back M2XF-7RTA --rang " in asked
    assert "signpost shield call-back M2XF-7RTA --not-rung " in asked
    assert "signpost shield resolve" not in asked
    assert "Registered by west-council: Duty desk  01632 960001" in unsure
    assert "IT CAN BE FOUND until you decide" in unsure
    assert "signpost shield resolve M2XF-7RTA hide" in unsure
    assert "signpost shield resolve M2XF-7RTA hide --with-number\n" in unsure
    assert "signpost shield resolve M2XF-7RTA leave" in unsure
    assert "ring their switchboard" in looked
    assert "More wait than are shown here" in shown.err


@pytest.mark.parametrize("work", DeskWork)
def test_every_kind_of_item_is_shown_with_its_decisions(
    desk: Pretence, capsys: pytest.CaptureFixture[str], work: DeskWork
) -> None:
    """None is without one, and no decision stands nowhere."""
    desk.says["/v1/desk/queue"] = DeskQueue(items=[item(work)], more=False)

    assert run(["shield", "queue"]) == 0
    told = capsys.readouterr().out
    for decision in DECISIONS[work]:
        assert f"signpost shield resolve M2XF-7RTA {decision.value}" in told
    assert run(["shield", "queue", "--json"]) == 0
    [document] = json.loads(capsys.readouterr().out)["items"]
    assert document["work"] == work.value
    assert document["at"].endswith("Z")


def test_every_reason_and_decision_has_its_words() -> None:
    """Catalogues are closed: a new member needs its sentence here."""
    assert set(REASONS) == set(ShieldReason)
    assert {decision for each in DECISIONS.values() for decision in each} == set(DeskDecision)


def test_the_commands_of_an_item_fit_a_terminal(desk: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """They are copied from the screen: none is broken over two lines."""
    desk.says["/v1/desk/queue"] = DeskQueue(items=[item(work) for work in DeskWork], more=False)

    assert run(["shield", "queue"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "signpost shield" in line]
    assert told
    assert [line for line in told if len(line) > 80] == []


def test_whether_they_were_rung_is_not_suggested(desk: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """Both words are named: an officer who forgot one must not be led to the wrong one."""
    assert run(["shield", "call-back", "M2XF-7RTA"]) == 2
    assert "--rang or --not-rung" in capsys.readouterr().err


def test_an_empty_queue_says_so(desk: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """And suggests nothing."""
    desk.says["/v1/desk/queue"] = DeskQueue(items=[], more=False)

    assert run(["shield", "queue"]) == 0
    assert capsys.readouterr() == ("Nothing waits.\n", "")


def test_what_an_organisation_calls_its_desk_is_printed_and_not_obeyed(
    desk: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    """Titles come from elsewhere: none moves a cursor, nor begins a line of its own."""
    evil = "Desk\x1b[2J\x9b1A\nSHIELDED\u202e"
    handle = SharedHandle(title=evil, telephone=evil, email=evil, hours=evil)
    desk.says["/v1/desk/queue"] = DeskQueue(
        items=[
            item(
                DeskWork.CALL_BACK,
                by=ASKER.model_copy(update={"desks": [handle]}),
                owner=DeskOwner(organisation="west-council", desk=handle),
                answers=[DeskAnswer(organisation="west-council", desk=handle, state="shared")],
            )
        ],
        more=False,
    )

    assert run(["shield", "queue"]) == 0
    shown = capsys.readouterr()
    assert "Desk" in shown.out
    assert not {"\x1b", "\x9b", "\u202e"} & set(shown.out + shown.err)
    assert "\nSHIELDED" not in shown.out


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (["hide", "--with-number"], {"decision": "hide", "with_number": True}),
        (["leave"], {"decision": "leave", "with_number": False}),
        (["refuse", "--yes"], {"decision": "refuse", "with_number": False}),
        (["keep"], {"decision": "keep", "with_number": False}),
    ],
)
def test_an_item_is_decided_as_it_is_typed(desk: Pretence, typed: list[str], sent: dict[str, object]) -> None:
    """By its reference, however that is typed."""
    desk.says["/v1/desk/resolve"] = Nothing()

    assert run(["shield", "resolve", "m2xf7rta", *typed]) == 0
    [(_, body)] = desk.heard
    assert json.loads(body) == {"item": "M2XF-7RTA", **sent}


@pytest.mark.parametrize("decision", ["end", "refuse"])
def test_what_can_end_a_shield_is_confirmed(desk: Pretence, capsys: pytest.CaptureFixture[str], decision: str) -> None:
    """Without a terminal nothing is asked: exit 5, and the flag that would do is named."""
    assert run(["shield", "resolve", "M2XF-7RTA", decision]) == 5
    assert f"signpost shield resolve M2XF-7RTA {decision} --yes" in capsys.readouterr().err
    assert desk.heard == []


@pytest.mark.parametrize(("typed", "rang"), [("--rang", True), ("--not-rung", False)])
def test_whether_the_desk_rang_is_one_word(desk: Pretence, typed: str, rang: bool) -> None:
    """Neither is taken for granted."""
    desk.says["/v1/desk/call-backs"] = Nothing()

    assert run(["shield", "call-back", "M2XF-7RTA", typed]) == 0
    assert json.loads(desk.heard[0][1]) == {"item": "M2XF-7RTA", "rang": rang}


@pytest.mark.parametrize(
    "typed",
    [
        ["resolve", "9990000042", "seen"],
        ["resolve", "M2XF-7RTA"],
        ["resolve", "M2XF-7RTA", "burn"],
        ["resolve", "M2XF-7RTA", "leave", "--with-number"],
        ["call-back", "M2XF-7RTA"],
        ["call-back", "9990000042", "--rang"],
    ],
)
def test_what_the_desk_types_wrongly_is_refused_here(
    desk: Pretence, capsys: pytest.CaptureFixture[str], typed: list[str]
) -> None:
    """Nothing is sent, and nothing repeated."""
    assert run(["shield", *typed]) == 2
    assert desk.heard == []
    assert "9990000042" not in "".join(capsys.readouterr())


def test_a_shield_whose_answer_does_not_come_may_stand_all_the_same(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 6, nothing on stdout, and where to see it."""
    monkeypatch.setattr("signpost.edge.index_client._PAUSES", ())
    council.drop_replies = 1
    piped(monkeypatch, **CHILD)

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == 6
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Whether it was done: signpost shield status" in shown.err
    assert list(council.shields) == [SHIELD]


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(ProblemCode.SHIELD_UNKNOWN, 2), (ProblemCode.REVIEW_DATE, 2), (ProblemCode.ROLE_REFUSED, 3)],
)
def test_what_the_index_refuses_is_not_taken_for_a_shield(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: ProblemCode,
    exit_code: int,
) -> None:  # fmt: skip
    """Its own words, and nothing on stdout."""

    def refuse(path: str) -> None:
        raise Problem(code)

    council.before = refuse
    piped(monkeypatch, **CHILD)

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == exit_code
    assert capsys.readouterr().out == ""


def test_a_shield_takes_true_answers_of_enough_holders(
    council: Pretence, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it would hide nobody, and be believed."""
    council.faults = {1: Fault.WRONG_SHARE, 2: Fault.WRONG_SHARE}
    piped(monkeypatch, **CHILD)

    assert run(["shield", "add", "--reason", "fleeing-abuse", "--stdin"]) == 6
    assert council.shielded == []
    assert capsys.readouterr().out == ""
