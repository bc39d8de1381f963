"""`signpost lookup` with details piped in: the words, the streams, the exit codes, and what is never shown."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signpost.edge.desk import default_folder
from signpost.protocol.messages import AnswerWord, LookupRequest
from signpost.protocol.purposes import DeepReason, Role
from signpost_cli.child_details import DATE_FORMS, checked, read_details
from signpost.edge.words import WORDS
from signpost_cli.main import run
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run

DETAILS = {"nhs_number": "999 000 0042", "date_of_birth": "3 April 2015"}
SECRETS = ("9990000042", "999 000 0042", "3 April 2015", "2015-04-03", "2015-03-04", "A950000178301", "000004")


@pytest.fixture
def pretence() -> Pretence:
    first = free_port_run(4)
    return Pretence(port=first, index_port=first + 3, clock=StillClock(int(time.time())))


@contextmanager
def desk(pretence: Pretence, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Services that listen, and a desk that is enrolled with them."""
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(folder / "desk")))
    with pretence.on_loopback():
        yield


def look_up(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str | None = None) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(DETAILS) if typed is None else typed))
    return run(["lookup", "--stdin", *arguments])


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("current", 0, "A colleague elsewhere is working with this child."),
        ("previous", 0, "A colleague elsewhere has worked with this child. No date is given."),
        (
            "possible",
            5,
            (
                "Somebody elsewhere may be working with this child, or with another of similar details. Another detail "
                "may settle it (NHS number, middle name, previous postcode). Confirm by telephone that it is the same "
                "child before saying anything about the child."
            ),
        ),
        (
            "none",
            0,
            (
                "No other organisation has registered work with a child matching these details. This is not proof of "
                "safety. Check the date of birth, and your own organisation's records. You can still leave a call-back."
            ),
        ),
    ],
)
def test_each_answer_has_its_own_words_and_code(
    pretence: Pretence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    word: AnswerWord,
    code: int,
    said: str,
) -> None:
    pretence.word = word

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch) == code

    first, whom, second = capsys.readouterr().out.splitlines()
    assert first == f"{word.upper()}  {said}"
    assert whom == "  (for the NHS number ending 0042)"
    assert re.fullmatch(
        r"  Receipt K7Q2-94KD · checked [0-2][0-9]:[0-5][0-9] · 147 of 153 authorities up to date", second
    )
    assert WORDS[word] == said


def test_nothing_but_the_last_four_digits_is_shown_again(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        look_up(monkeypatch)

    shown = capsys.readouterr()
    assert not any(secret in shown.out + shown.err for secret in SECRETS)


@pytest.mark.parametrize("word", ["current", "previous", "possible", "none"])
def test_what_to_do_next_is_said_beside_the_answer(
    word: AnswerWord, pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """On stderr: a call-back always; a duty line where an urgent role may have one."""
    pretence.word = word
    with desk(pretence, tmp_path, monkeypatch):
        look_up(monkeypatch)

    shown = capsys.readouterr()
    assert "contact" not in shown.out
    assert "signpost contact ask K7Q2-94KD --urgency now" in shown.err
    assert ("signpost break-glass K7Q2-94KD" in shown.err) is (word in ("current", "previous"))


def test_a_program_gets_one_line_with_a_schema(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretence.word = "none"

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, "--json", "--purpose", "vital-interests", "--urgency", "today") == 0

    (line,) = capsys.readouterr().out.splitlines()
    shown = json.loads(line)
    assert list(shown) == ["schema", "answer", "receipt", "checked_at", "coverage", "call_back"]
    assert shown["schema"] == "signpost.lookup/1"
    assert (shown["answer"], shown["coverage"]) == ("none", {"expected": 153, "up_to_date": 147})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["checked_at"])
    sent = json.loads(pretence.arrived[0][-1].body)
    assert (sent["purpose"], sent["urgency"]) == ("vital-interests", "today")


@pytest.mark.parametrize(("role", "urgency"), [(Role.URGENT, "now"), (Role.PRACTITIONER, "today")])
def test_how_soon_is_the_roles_own_when_it_is_not_said(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role, urgency: str
) -> None:
    asked = Pretence(role=role, port=pretence.port, index_port=pretence.index_port, clock=pretence.clock)

    with desk(asked, tmp_path, monkeypatch):
        assert look_up(monkeypatch) == 0

    assert json.loads(asked.arrived[0][-1].body)["urgency"] == urgency


@pytest.mark.parametrize(
    ("faults", "code", "why"),
    [
        ({1: Fault.SILENT, 2: Fault.SILENT}, 6, "it could not be reached"),
        ({1: Fault.LOCKED, 2: Fault.SILENT}, 6, "has not been opened by its custodian"),
        ({1: Fault.WRONG_SHARE, 2: Fault.SILENT}, 6, "its proof does not verify"),
        ({1: Fault.RECEIPT_OF_ANOTHER_BATCH, 2: Fault.RECEIPT_OF_ANOTHER_BATCH}, 6, "its receipt is not for what was"),
        ({0: Fault.SILENT}, 6, "The index gave no answer: it could not be reached"),
        ({0: Fault.NOT_JSON}, 6, "not of its form"),
        ({0: Fault.EPOCH_UNKNOWN}, 6, "a key that is not the one served here"),
        ({1: Fault.BUDGET_USED, 2: Fault.BUDGET_USED}, 7, "budget here is used up"),
        ({0: Fault.CREDENTIAL_EXPIRED}, 4, "has run out"),
        ({0: Fault.REVOKED}, 4, "revoked"),
        ({0: Fault.ROLE_REFUSED}, 3, "may not do that"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_could_not_be_checked_is_never_a_no(
    pretence: Pretence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    faults: dict[int, Fault],
    code: int,
    why: str,
    as_json: bool,
) -> None:
    """stdout stays empty, and stderr says that it is not a no, and whom to ring."""
    pretence.faults = faults

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, *(["--json"] if as_json else [])) == code

    shown = capsys.readouterr()
    assert shown.out == ""
    first, *rest = shown.err.splitlines()
    assert first == "COULD NOT CHECK  We could not check. This is not a no. Ring 0113 496 0000."
    assert why in "\n".join(rest)
    assert not any(secret in shown.err for secret in SECRETS)


def test_even_a_fault_of_ours_is_not_a_no(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("9990000042")

    monkeypatch.setattr("signpost.edge.client.match_inputs", broken)

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "This is not a no." in shown.err
    assert "9990000042" not in shown.err


def test_a_key_holder_that_answers_falsely_is_named_and_changes_nothing(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretence.faults = {2: Fault.FLIPPED_BYTE}

    with desk(pretence, tmp_path, monkeypatch):
        for _ in range(8):
            assert look_up(monkeypatch) == 0

    shown = capsys.readouterr()
    assert shown.out.count("CURRENT") == 8
    said = {line for line in shown.err.splitlines() if "K7Q2-94KD" not in line}
    assert said == {"Key holder 2: its proof does not verify. Tell the operator."}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"nhs_number": "999 000 0043", "date_of_birth": "3 April 2015"}', "the check digit does not match"),
        ("nhs_number=9876543210\ndate_of_birth=3 April 2015", "a well-known dummy"),
        ("nhs_number=9990000042\ndate_of_birth=31/02/2015", "there is no such day"),
        ("nhs_number=9990000042\ndate_of_birth=3/4/15", "two digits"),
        ("nhs_number=9990000042\ndate_of_birth=03.04.15", "two digits"),
        ("nhs_number=9990000042\ndate_of_birth=4th of July", "3 April 2015, 03/04/2015 (day first) or 2015-04-03."),
        ("nhs_number=9990000042\ndate_of_birth=3.4-2015", "not written in a form that is read here"),
        ("nhs_number=999-0000-042\ndate_of_birth=2015-04-03", "signpost: The NHS number has something other than"),
        ("upn=A95\ndate_of_birth=2015-04-03", "signpost: The UPN has not 13 characters."),
        ("nhs_number=9990000042\ndate_of_birth=2999-01-01", "in the future"),
        ("upn=A950000178302\ndate_of_birth=2015-04-03", "check letter"),
        ("nhs_number=9990000042", "It needs a date of birth"),
        ("date_of_birth=2015-04-03", "an NHS number or permanent UPN, or names and a postcode"),
        ('{"nhs_number": 9990000042, "date_of_birth": "2015-04-03"}', "is not text"),
        ('{"nhs_number": "9990000042", "name": "Amelia"}', "is none of"),
        ('{"nhs_number": "9990000042", "nhs_number": "9990000042"}', "stands twice"),
        ('{"nhs_number": ', "not one JSON object"),
        ("9990000042", "not of the form key=value"),
        ("", "nothing on stdin"),
        ("nhs_number=" + "9" * 70_000, "more on stdin"),
    ],
)
def test_what_is_not_of_its_form_is_refused_with_nothing_sent(
    pretence: Pretence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    said: str,
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=typed) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert "othing was sent" in shown.err
    assert not any(pretence.arrived.values())
    # The message may name the forms of a date.
    told = shown.err.replace(DATE_FORMS, "")
    for secret in (*SECRETS, "9990000043", "Amelia", "A950000178302", "999999", "July"):
        assert secret not in told


@pytest.mark.parametrize(
    "typed",
    [
        "nhs_number=999-000-0042\ndate_of_birth=03.04.2015",
        "nhs_number=9990000042\ndate_of_birth=3-4-2015",
        "nhs_number=9990000042\ndate_of_birth=3rd April 2015",
        "nhs_number=9990000042\ndate_of_birth=3RD apr 2015",
    ],
)
def test_what_people_type_is_read_day_first(typed: str) -> None:
    child = checked(read_details(io.StringIO(typed)), today=dt.date(2026, 1, 1))

    assert child.nhs_number is not None
    assert child.nhs_number.last_four == "0042"
    assert child.date_of_birth == dt.date(2015, 4, 3)


def test_a_upn_will_do(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed="upn = a950000178301 \n\ndate_of_birth = 2015-04-03\n") == 0

    assert "(for the UPN ending 8301)" in capsys.readouterr().out


def test_a_purpose_of_another_role_is_refused_before_anything_is_read(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, "--purpose", "s17") == 3

    assert "vital-interests, s47, s16la" in capsys.readouterr().err
    assert not any(pretence.arrived.values())


def test_without_a_terminal_nothing_is_asked(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 5, nothing sent, and the flag that would take the details is named."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with desk(pretence, tmp_path, monkeypatch):
        assert run(["lookup"]) == 5

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--stdin" in shown.err
    assert not any(pretence.arrived.values())


def test_a_device_that_is_not_enrolled_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGNPOST_HOME", str(tmp_path))

    assert look_up(monkeypatch) == 4
    assert default_folder() == tmp_path
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "This is not a no. Ring your local authority's out-of-hours duty team." in shown.err
    for next_step in ("--home FOLDER", "SIGNPOST_HOME", "signpost enrol"):
        assert next_step in shown.err


def test_an_authority_that_cannot_be_read_is_not_a_no(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        with (tmp_path / "desk" / "desk.toml").open("a") as settings:
            settings.write('ca_file = "nowhere.pem"\n')
        assert look_up(monkeypatch) == 6

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "This is not a no. Ring 0113 496 0000." in shown.err
    assert "ca_file is missing" in shown.err


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("signpost_cli.lookup_command.checked", ["signpost: Interrupted. Nothing was sent."]),
        (
            "signpost_cli.lookup_command._ask",
            [
                "COULD NOT CHECK  We could not check. This is not a no. Ring 0113 496 0000.",
                "signpost: Interrupted before the answer came.",
            ],
        ),
    ],
)
def test_an_interruption_says_what_had_happened(
    pretence: Pretence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
    said: list[str],
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch) == 130

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.split("\n\n")[0].splitlines() == said


def test_another_manifest_stops_the_lookup_before_anything_is_sent(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Pretence(port=9101)

    with desk(pretence, tmp_path, monkeypatch):
        (tmp_path / "desk" / "manifest.json").write_bytes(other.holders.signed.encoding())
        assert look_up(monkeypatch) == 9

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "This is not a no. Ring 0113 496 0000." in shown.err
    assert not any(pretence.arrived.values())


BY_NAME = {
    "forename": "Beatrice", "middle_name": "Rose", "surname": "Okonkwo-Hale", "date_of_birth": "3 April 2015",
    "postcode": "LS1 4AB", "previous_postcode": "bd3 8dd",
}  # fmt: skip


def test_a_child_may_be_asked_about_by_name(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=json.dumps(BY_NAME)) == 0

    shown = capsys.readouterr().out
    assert "(for the child B.O. born 2015)" in shown
    assert not any(value in shown for value in BY_NAME.values())


@pytest.mark.parametrize("numbers", [{}, {"nhs_number": "9990000042"}])
def test_of_a_year_alone_it_says_what_is_compared(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    numbers: dict[str, str],
) -> None:  # fmt: skip
    """And of which child: not the one of the number, which was not asked by."""
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=json.dumps({**BY_NAME, "date_of_birth": " 2015 ", **numbers})) == 0

    shown = capsys.readouterr()
    assert "(for the child B.O. born 2015)" in shown.out
    assert "With the year alone only both names together with a whole postcode are compared, and no number" in shown.err


@pytest.mark.parametrize(
    "details",
    [
        {"nhs_number": "9990000042", "date_of_birth": "2015"},
        {"forename": "Beatrice", "surname": "Okonkwo", "date_of_birth": "2015"},
        {"forename": "Beatrice", "date_of_birth": "2015", "postcode": "LS1 4AB"},
    ],
)
def test_a_year_without_both_names_and_a_home_asks_nothing(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    details: dict[str, str],
) -> None:  # fmt: skip
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=json.dumps(details)) == 2

    assert "the year alone, with both names and a postcode" in capsys.readouterr().err
    assert not any(pretence.arrived.values())


def test_a_deep_lookup_names_its_reason(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, "--deep", "name-unsure", typed=json.dumps(BY_NAME)) == 0
        assert look_up(monkeypatch, "--deep", "because", typed=json.dumps(BY_NAME)) == 2

    assert "name-unsure" in capsys.readouterr().err
    (sent,) = (LookupRequest.model_validate_json(each.body) for each in pretence.arrived[0] if "lookups" in each.path)
    assert (sent.deep, len(sent.tags)) == (DeepReason.NAME_UNSURE, 24)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("postcode", "LS1", "The postcode is not of a postcode's form."),
        ("previous_postcode", "somewhere", "The previous postcode is not valid"),
        ("forename", "x" * 201, "The forename is longer than 200 characters."),
        ("forename", "Jo\x1b[Dhn", "The forename holds something that is no letter"),
        ("surname", "Na\ufffdma", "The surname holds something that is no letter"),
        ("expected_date_of_birth", "9999-12-31", "more than a year from today"),
        ("date_of_birth", "0001", "The date of birth is before 1900"),
        ("date_of_birth", "1899", "The date of birth is before 1900"),
        ("date_of_birth", "2999", "The date of birth is in the future"),
        ("date_of_birth", "37", "The date of birth is not written in a form"),
        ("multiple_birth", "perhaps", "The multiple birth is neither yes nor no."),
        ("mother_nhs_number", "9990000043", "The mother's NHS number is not valid: the check digit does not match."),
        ("expected_date_of_birth", "soon", "The expected date of birth is not written in a form"),
    ],
)
def test_a_detail_that_is_not_of_its_form_is_refused_with_nothing_sent(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    field: str, value: str, said: str,
) -> None:  # fmt: skip
    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=json.dumps(BY_NAME | {field: value})) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert value not in shown.err
    assert not any(pretence.arrived.values())


def test_a_mothers_number_that_is_the_childs_is_refused(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"nhs_number": "9990000042", "mother_nhs_number": "999 000 0042", "date_of_birth": "2026-04-03"}

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch, typed=json.dumps(given)) == 2

    assert "the mother's are the same" in capsys.readouterr().err


def test_no_line_of_the_answer_hangs_over_on_a_narrow_terminal(
    pretence: Pretence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    with desk(pretence, tmp_path, monkeypatch):
        assert look_up(monkeypatch) == 0

    lines = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert all(len(line) < 44 for line in lines)
    assert lines[-1] == "  147 of 153 authorities up to date"
